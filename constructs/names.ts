import { createHash } from "node:crypto";
import type { Component } from "../config/components";
import type { Environment, Neighbour } from "../config/environment";

/** What a resource is, as far as its name goes: how long it may be, and what form AWS forces on it. */
interface NameKind {
  /** Longest name that AWS takes, characters. */
  readonly limit: number;
  /** What the name must start with before the pattern begins. */
  readonly prefix?: string;
  /** Bucket names are global: they carry the account id at their end. */
  readonly withAccountId?: true;
}

/** All kinds of names (PLAT-16). Limits: the API reference of the call that creates the thing. */
export const nameKinds = {
  alarm: { limit: 255 },
  /** API key of a REST API: its name, not its value. */
  apiKey: { limit: 255 },
  backupPlan: { limit: 50 },
  backupVault: { limit: 50 },
  bucket: { limit: 63, withAccountId: true },
  dashboard: { limit: 255 },
  /** Kinesis data stream. */
  dataStream: { limit: 128 },
  function: { limit: 64 },
  functionLogGroup: { limit: 512, prefix: "/aws/lambda/" },
  keyAlias: { limit: 256, prefix: "alias/" },
  logGroup: { limit: 512 },
  /** Managed policy. */
  policy: { limit: 128 },
  /** Saved query of CloudWatch Logs Insights. */
  queryDefinition: { limit: 255 },
  queue: { limit: 80 },
  restApi: { limit: 255 },
  role: { limit: 64 },
  /** EventBridge rule. */
  rule: { limit: 64 },
  /** Secrets Manager; AWS adds a hyphen and six characters to the ARN. */
  secret: { limit: 512 },
  securityGroup: { limit: 255 },
  table: { limit: 255 },
  /** The tag `Name`, which EC2's resources, certificates and health checks have in place of a name. */
  tag: { limit: 256 },
  topic: { limit: 256 },
  /** CloudTrail trail. */
  trail: { limit: 128 },
  usagePlan: { limit: 255 },
  /** Cognito authorizer of a REST API. */
  userPoolAuthorizer: { limit: 128 },
  webAcl: { limit: 128 },
  /** WAF writes to log groups of this prefix only. */
  webAclLogGroup: { limit: 512, prefix: "aws-waf-logs-" },
} as const satisfies Record<string, NameKind>;

export type NameKindName = keyof typeof nameKinds;

/** Whose name it is: the parts of the pattern that a resource takes from its stack. */
export interface NameScope {
  readonly component: Component;
  readonly environmentSuffix: string;
  readonly region: string;
  readonly accountId: string;
}

/**
 * `tap-{component}[-{resource}]-{environment}-{region}`, buckets with `-{account}` behind it. A name that
 * would be longer than AWS allows keeps its end and as much of its start as fits, with a hash of the whole
 * between them: the same name each time, and never that of another resource.
 *
 * @param resource kebab-case, e.g. `flow-logs`; left out for the one thing that a component is named after
 * @throws RangeError where `resource` is not kebab-case
 * @example resourceName(scope, "role", "flow-logs") // tap-network-flow-logs-dev-us-east-1
 */
export function resourceName(scope: NameScope, kind: NameKindName, resource?: string): string {
  if (resource !== undefined && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(resource)) {
    throw new RangeError(
      `A resource's name is lower-case words joined by hyphens, e.g. "flow-logs" (given ${JSON.stringify(resource)})`,
    );
  }
  const { limit, prefix = "", withAccountId }: NameKind = nameKinds[kind];
  const head = ["tap", scope.component, ...(resource ? [resource] : [])].join("-");
  const tail = [scope.environmentSuffix, scope.region, ...(withAccountId ? [scope.accountId] : [])].join("-");
  return prefix + shorten(head, tail, limit - prefix.length);
}

function shorten(head: string, tail: string, limit: number): string {
  const whole = `${head}-${tail}`;
  if (whole.length <= limit) return whole;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  const end = `-${hash}-${tail}`;
  return head.slice(0, limit - end.length).replace(/-$/, "") + end;
}

/** Where API Gateway writes a stage's execution logs: it takes no other name, so that the pattern isn't in it (API Gateway developer guide, CloudWatch log formats). */
export function executionLogGroupName(restApiId: string, stageName: string): string {
  return `API-Gateway-Execution-Logs_${restApiId}/${stageName}`;
}

/** Path of an output's SSM parameter (PLAT-17); it carries the suffix, as an export's name would (API-13). */
export function parameterPath(environmentSuffix: string, component: Component, key: string): string {
  return `/tap/${environmentSuffix}/${component}/${key}`;
}

/** What bootstrap made for the account that an environment lives in; computed, so that stacks plan independently. */
export function accountNames(environment: Pick<Neighbour, "account" | "accountId">) {
  const { environmentSuffix, region } = environment.account;
  const scope: NameScope = { component: "bootstrap", environmentSuffix, region, accountId: environment.accountId };
  const arn = (type: "role" | "policy", resource: string) =>
    `arn:aws:iam::${environment.accountId}:${type}/${resourceName(scope, type, resource)}`;
  return {
    deployRoleArn: arn("role", "deploy"),
    planRoleArn: arn("role", "plan"),
    deployBoundaryArn: arn("policy", "deploy-boundary"),
    workloadBoundaryArn: arn("policy", "workload-boundary"),
  };
}

/** What the security stack of an environment makes in each region, for the other stacks there. */
export function securityNames(environment: Environment, region: string) {
  const { environmentSuffix, accountId } = environment;
  const scope: NameScope = { component: "security", environmentSuffix, region, accountId };
  return {
    alarmTopicArn: `arn:aws:sns:${region}:${accountId}:${resourceName(scope, "topic", "alarms")}`,
    accessLogBucketName: resourceName(scope, "bucket", "access-logs"),
  };
}
