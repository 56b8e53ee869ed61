import { Wafv2WebAcl } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { Wafv2WebAclAssociation } from "@cdktf/provider-aws/lib/wafv2-web-acl-association";
import { Wafv2WebAclLoggingConfiguration } from "@cdktf/provider-aws/lib/wafv2-web-acl-logging-configuration";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import { LogGroup } from "./log-group";
import { TapStack } from "./tap-stack";
import { managedGroup, type PlacelessRule, rateLimit } from "./web-acl/rules";

export interface WebAclProps {
  /** What it stands before: the ARN of a stage of a REST API, or of another regional resource that WAF takes (AssociateWebACL). */
  readonly resourceArn: string;
  /** Encrypts its logs. */
  readonly key: CustomerKey;
  /** Its part of the name pattern. @default none: the one web ACL of its component */
  readonly resource?: string;
  /** Bodies over 8,192 bytes, which AWS's common rules refuse: `count` lets them pass, up to what the API itself takes. @default "block" */
  readonly largeBodies?: "block" | "count";
  /** Days that its logs are kept. @default logs.retentionDays of the environment */
  readonly logRetentionDays?: number;
}

/** Headers with a secret in them: in no log, and in no sample of requests. */
const secretHeaders = ["authorization", "x-api-key"];

/**
 * A regional web ACL before an API (API-04): so many requests per address, AWS's managed rules, and a log of what it
 * did. The log has the callers' addresses, which WAF can't leave out, and which whoever reads it is after.
 *
 * @example
 * new WebAcl(this, "WebAcl", { resourceArn: api.stageArn, key });
 */
export class WebAcl extends Construct {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: WebAclProps) {
    super(scope, id);
    this.name = TapStack.of(this).nameOf("webAcl", props.resource);
    const webAcl = this.createWebAcl(props);
    this.id = webAcl.id;
    this.arn = webAcl.arn;
    new Wafv2WebAclAssociation(this, "Association", { resourceArn: props.resourceArn, webAclArn: webAcl.arn });
    this.logGroup = this.log(webAcl.arn, props);
  }

  private createWebAcl({ largeBodies = "block" }: WebAclProps): Wafv2WebAcl {
    const rules: PlacelessRule[] = [
      rateLimit("rate-per-address"),
      managedGroup("AWSManagedRulesAmazonIpReputationList"),
      managedGroup("AWSManagedRulesKnownBadInputsRuleSet"),
      managedGroup("AWSManagedRulesCommonRuleSet", largeBodies === "count" ? ["SizeRestrictions_BODY"] : []),
    ];
    return new Wafv2WebAcl(this, "WebAcl", {
      name: this.name,
      scope: "REGIONAL",
      defaultAction: { allow: {} },
      rule: rules.map((rule, priority) => ({ ...rule, priority })),
      visibilityConfig: { cloudwatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName: this.name },
      // In samples too, which logging knows nothing of.
      dataProtectionConfig: {
        dataProtection: [
          { action: "SUBSTITUTION", field: { fieldType: "SINGLE_HEADER", fieldKeys: [...secretHeaders] } },
        ],
      },
    });
  }

  private log(webAclArn: string, { key, resource, logRetentionDays }: WebAclProps): LogGroup {
    const logGroup = new LogGroup(this, "Logs", {
      name: TapStack.of(this).nameOf("webAclLogGroup", resource),
      key,
      ...(logRetentionDays === undefined ? {} : { retentionDays: logRetentionDays }),
    });
    new Wafv2WebAclLoggingConfiguration(this, "Logging", {
      resourceArn: webAclArn,
      logDestinationConfigs: [logGroup.resource.arn],
      redactedFields: secretHeaders.map((name) => ({ singleHeader: { name } })),
    });
    return logGroup;
  }
}
