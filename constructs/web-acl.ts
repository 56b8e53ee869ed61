import { Wafv2WebAcl } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { Wafv2WebAclAssociation } from "@cdktf/provider-aws/lib/wafv2-web-acl-association";
import {
  Wafv2WebAclLoggingConfiguration,
  type Wafv2WebAclLoggingConfigurationLoggingFilter,
} from "@cdktf/provider-aws/lib/wafv2-web-acl-logging-configuration";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import { LogGroup } from "./log-group";
import { TapStack } from "./tap-stack";
import { managedGroup, type PlacelessRule, rateLimit } from "./web-acl/rules";

/** What a web ACL lets in and writes down: what differs between APIs. */
export interface WebAclSettings {
  /** Requests that one address may make in five minutes: 10 to 2,000,000,000 (RateBasedStatement). @default 2000 (API-04) */
  readonly requestsPerAddress?: number;
  /** Bodies over 8,192 bytes, which AWS's common rules refuse: `count` lets them pass, up to what the API itself takes. @default "block" */
  readonly largeBodies?: "block" | "count";
  /** Requests that its log has, each with its caller's address: all, or those that it refused. @default "all" */
  readonly logged?: "all" | "refused";
}

export interface WebAclProps extends WebAclSettings {
  /** What it stands before: the ARN of a stage of a REST API, or of another regional resource that WAF takes (AssociateWebACL). */
  readonly resourceArn: string;
  /** Encrypts its logs. */
  readonly key: CustomerKey;
  /** Its part of the name pattern. @default none: the one web ACL of its component */
  readonly resource?: string;
  /** Days that its logs are kept. @default logs.retentionDays of the environment */
  readonly logRetentionDays?: number;
}

/** What a rule that only counts lets through isn't refused, and not in the log. */
const refusedAlone: Wafv2WebAclLoggingConfigurationLoggingFilter = {
  defaultBehavior: "DROP",
  filter: [{ behavior: "KEEP", requirement: "MEETS_ANY", condition: [{ actionCondition: { action: "BLOCK" } }] }],
};

/** Headers with a secret in them: in no log, and in no sample of requests. */
const secretHeaders = ["authorization", "x-api-key"];

/**
 * A regional web ACL before an API (API-04): so many requests per address, AWS's managed rules, and a log of what it
 * did. The log has the callers' addresses, which WAF can't leave out, and which whoever reads it is after. `RestApi` brings
 * its own.
 *
 * @example
 * new WebAcl(this, "WebAcl", { resourceArn: stage.arn, key });
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

  private createWebAcl({ largeBodies = "block", requestsPerAddress }: WebAclProps): Wafv2WebAcl {
    const rules: PlacelessRule[] = [
      rateLimit("rate-per-address", requestsPerAddress),
      managedGroup("AWSManagedRulesAmazonIpReputationList"),
      // Whoever hides is kept out. Servers are not: they call APIs, from other clouds too (AWS's own aren't in that list).
      managedGroup("AWSManagedRulesAnonymousIpList", ["HostingProviderIPList"]),
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

  private log(webAclArn: string, { key, resource, logRetentionDays, logged = "all" }: WebAclProps): LogGroup {
    const logGroup = new LogGroup(this, "Logs", {
      name: TapStack.of(this).nameOf("webAclLogGroup", resource),
      key,
      ...(logRetentionDays === undefined ? {} : { retentionDays: logRetentionDays }),
    });
    new Wafv2WebAclLoggingConfiguration(this, "Logging", {
      resourceArn: webAclArn,
      logDestinationConfigs: [logGroup.resource.arn],
      redactedFields: secretHeaders.map((name) => ({ singleHeader: { name } })),
      ...(logged === "all" ? {} : { loggingFilter: refusedAlone }),
    });
    return logGroup;
  }
}
