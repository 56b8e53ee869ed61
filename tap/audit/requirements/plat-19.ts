import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { conditionsOn, coversAction } from "../../graph/statement";
import { accountArns, releaseRoles } from "../account-arns";
import { type Finding, judgeNodes, type Requirement, type Subject } from "../requirement";

/**
 * Actions that take no resource, or none before it is there, and so may have `*` (service authorization reference);
 * each with the reason, or the condition that stands in for the resource.
 */
const withoutResources: Readonly<Record<string, string>> = {
  "acm:RequestCertificate":
    "there is no certificate yet; limited by its name, its proof and the tag that it must be given",
  "application-autoscaling:DescribeScalableTargets": "a list",
  "application-autoscaling:DescribeScalingPolicies": "a list",
  "backup:CopyFromBackupVault": "takes no resource; limited by the vaults that it may copy to",
  "backup-storage:MountCapsule": "what a vault is made in has no ARN",
  "cloudtrail:DescribeTrails": "a list",
  "cloudwatch:GetMetricData": "metrics have no ARN",
  "cloudwatch:PutMetricData": "metrics have no ARN; limited by their namespace",
  "dynamodb:ListStreams": "a list",
  "ec2:DescribeAvailabilityZones": "a list",
  "ec2:DescribeFlowLogs": "a list",
  "ec2:DescribeNetworkAcls": "a list",
  "ec2:DescribeNetworkInterfaces": "a list",
  "ec2:DescribePrefixLists": "a list",
  "ec2:DescribeRouteTables": "a list",
  "ec2:DescribeSecurityGroupRules": "a list",
  "ec2:DescribeSecurityGroups": "a list",
  "ec2:DescribeSubnets": "a list",
  "ec2:DescribeTags": "a list",
  "ec2:DescribeVpcEndpoints": "a list",
  "ec2:DescribeVpcs": "a list",
  "events:ListRules": "a list",
  "kinesis:UpdateShardCount": "takes no resource; the boundary limits it to the account's regions",
  "kms:CreateKey": "there is no key yet; limited by the tag that it must be given",
  "kms:ListAliases": "a list",
  "lambda:CreateEventSourceMapping": "there is no mapping yet; limited by the function that it is for",
  "logs:CreateLogDelivery": "deliveries have no ARN",
  "logs:DeleteLogDelivery": "deliveries have no ARN",
  "logs:DescribeResourcePolicies": "policies of the account",
  "logs:GetLogDelivery": "deliveries have no ARN",
  "logs:ListLogDeliveries": "a list",
  "logs:PutResourcePolicy": "policies of the account",
  "logs:UpdateLogDelivery": "deliveries have no ARN",
  "logs:DeleteQueryDefinition": "saved queries have no ARN",
  "logs:DescribeQueryDefinitions": "a list",
  "logs:PutQueryDefinition": "saved queries have no ARN",
  "route53:CreateHealthCheck": "there is no health check yet",
  "s3:ListAllMyBuckets": "a list",
  "tag:GetResources": "a list",
  "xray:PutTelemetryRecords": "traces belong to no resource",
  "xray:PutTraceSegments": "traces belong to no resource",
};

/** What a function's role needs to be put into a VPC, and what its code must not do with it. */
const networkInterfaceActions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DetachNetworkInterface",
  "ec2:UnassignPrivateIpAddresses",
];

export const plat19: Requirement = {
  id: "PLAT-19",
  checks:
    "Identity policies name whole actions, and resources wherever an action takes one; every role is under its boundary and has no policy of AWS's; a function in a VPC denies its own code the network interfaces.",
  why: "A wildcard grows with every action that AWS adds, and a role outside the boundary can be given anything.",
  judge: (subject) => [
    ...identities(subject),
    ...workloads(subject),
    ...unreadable(subject),
    ...roles(subject),
    ...otherIdentities(subject),
    ...resourcePolicies(subject),
    ...functionsInVpc(subject),
  ],
};

function identities({ graph }: Subject): Finding[] {
  return graph.policies
    .filter(({ kind }) => kind === "identity")
    .flatMap(({ node, statements }) =>
      statements
        .filter(({ effect }) => effect === "Allow")
        .flatMap((statement) => tooWide(statement))
        .map((message) => ({ stack: node.stack.id, address: node.address, message })),
    );
}

function tooWide({ sid, path, actions, notActions, resources, notResources }: Statement): string[] {
  const where = `by its statement ${sid ?? path}`;
  const everywhere = resources.some((resource) => /^(\*+|arn:(\*|aws):(\*|[a-z0-9-]+):\*:\*:\*+)$/.test(resource));
  return [
    ...(notActions.length > 0 || notResources.length > 0 ? [`allows all but something ${where}`] : []),
    ...actions.filter((action) => /[*?]/.test(action)).map((action) => `allows ${action}, a wildcard, ${where}`),
    ...(everywhere ? actions : [])
      .filter((action) => !(action in withoutResources))
      .map((action) => `allows ${action} on everything ${where}`),
  ];
}

/**
 * Resources that a workload's role may name though they are not of one thing of this project; each with the reason.
 * Of everything else a statement names the thing: `tap-…` in the account, or a key of the stack.
 */
const wideResources: readonly {
  readonly actions: RegExp;
  readonly resource: (scope: Scope) => string | RegExp;
  /** What stands in for the thing's name. */
  readonly condition?: (scope: Scope) => Condition;
}[] = [
  // Network interfaces have no names, and Lambda wants to delete any (Lambda developer guide).
  { actions: /^ec2:\w+NetworkInterface$|^ec2:\w+PrivateIpAddresses$/, resource: arnOf("ec2", "*/*") },
  // VPC Flow Logs looks its group up in the list of all.
  { actions: /^logs:DescribeLogGroups$/, resource: arnOf("logs", "log-group:*") },
  // Backups are of all that the environment has, by the end of its name.
  {
    actions: /^dynamodb:(DescribeTable|ListTagsOfResource|StartAwsBackupJob)$/,
    resource: ({ accountId, region, environmentSuffix }) =>
      new RegExp(`^arn:aws:dynamodb:${region}:${accountId}:table/tap-\\*-${environmentSuffix}-[a-z0-9-]+$`),
  },
  {
    actions:
      /^s3:(Get(Bucket|Object)\w+|GetObject|(Get|Put)InventoryConfiguration|ListBucket(Versions)?|PutBucketNotification)$/,
    resource: ({ accountId, region, environmentSuffix }) =>
      new RegExp(`^arn:aws:s3:::tap-\\*-${environmentSuffix}-${region}-${accountId}(/\\*)?$`),
  },
  { actions: /^events:\w+$/, resource: arnOf("events", "rule/AwsBackupManagedRule*") },
  {
    actions: /^backup:TagResource$/,
    resource: ({ accountId }) => new RegExp(`^arn:aws:backup:[a-z0-9-]+:${accountId}:recovery-point:\\*$`),
  },
  {
    actions: /^kms:(CreateGrant|Decrypt|DescribeKey|GenerateDataKey)$/,
    resource: ({ accountId }) => new RegExp(`^arn:aws:kms:[a-z0-9-]+:${accountId}:key/\\*$`),
    condition: ({ environmentSuffix }) => ({
      key: "kms:ResourceAliases",
      values: new RegExp(`^alias/tap-(\\*|[a-z-]+)-${environmentSuffix}-[a-z0-9-]+$`),
    }),
  },
  // Models are AWS's; FIL-04 says which, and that they are asked through an inference profile of the account.
  {
    actions: /^bedrock:InvokeModel$/,
    resource: ({ accountId, region }) =>
      new RegExp(`^arn:aws:bedrock:${region}:${accountId}:inference-profile/[a-z0-9.:-]+$`),
  },
  {
    actions: /^bedrock:InvokeModel$/,
    resource: () => /^arn:aws:bedrock:[a-z0-9-]+::foundation-model\/[a-z0-9.:-]+$/,
    condition: ({ accountId, region }) => ({
      key: "bedrock:InferenceProfileArn",
      values: new RegExp(`^arn:aws:bedrock:${region}:${accountId}:inference-profile/[a-z0-9.:-]+$`),
      isSingle: true,
    }),
  },
  // API Gateway's one role of the account writes execution logs of any API, whose groups AWS names.
  { actions: /^logs:\w+$/, resource: ({ accountId }) => `arn:aws:logs:*:${accountId}:log-group:*` },
];

interface Condition {
  readonly key: string;
  readonly values: RegExp;
  /** Whether a request has one value of the key. @default false: a set of them */
  readonly isSingle?: boolean;
}

interface Scope {
  readonly accountId: string;
  readonly region: string;
  readonly environmentSuffix: string;
}

function arnOf(service: string, resource: string): (scope: Scope) => string {
  return ({ accountId, region }) => `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

/** Roles of workloads reach this project's things in their own account alone; deploy and plan roles are PLAT-13's. */
function workloads(subject: Subject): Finding[] {
  return judgeNodes(subject, ["aws_iam_role"], (role, environment) => {
    const { deployRole, planRole } = accountArns(environment);
    if (role.arn === deployRole || role.arn === planRole) return [];
    const { accountId, environmentSuffix } = environment;
    const scope = { accountId, environmentSuffix, region: String(role.stack.region) };
    return subject.graph
      .policiesOf(role)
      .filter(({ kind }) => kind === "identity")
      .flatMap(({ statements }) => statements)
      .filter(({ effect }) => effect === "Allow")
      .flatMap((statement) => foreignResources(statement, scope));
  });
}

function foreignResources(statement: Statement, scope: Scope): string[] {
  const { sid, path, actions, resources } = statement;
  const isKnown = (resource: string) =>
    isOwn(resource, scope) ||
    (resource === "*" && actions.every((action) => action in withoutResources)) ||
    wideResources.some((wide) => {
      const named = wide.resource(scope);
      const condition = wide.condition?.(scope);
      return (
        (typeof named === "string" ? named === resource : named.test(resource)) &&
        actions.every((action) => wide.actions.test(action)) &&
        (condition === undefined || limitsTo(statement, condition))
      );
    });
  return resources
    .filter((resource) => !isKnown(resource))
    .map((resource) => `reaches ${resource}, which isn't a thing of this project's, by its statement ${sid ?? path}`);
}

function limitsTo(statement: Statement, { key, values, isSingle = false }: Condition): boolean {
  const operator = isSingle ? /^String(Equals|Like)$/ : /^ForAnyValue:String(Equals|Like)$/;
  return conditionsOn(statement, key).some(
    (condition) =>
      operator.test(condition.operator) &&
      condition.values.length > 0 &&
      condition.values.every((value) => values.test(value)),
  );
}

/** A thing of this project in this account, by its whole name; a key by reference; parts of a thing behind it. */
function isOwn(resource: string, { accountId }: Scope): boolean {
  if (/^\$\{(aws_kms_key\.[\w-]+\.arn|data\.aws_kms_alias\.[\w-]+\.target_key_arn)\}$/.test(resource)) return true;
  const [, , service = "", region = "", account = "", ...rest] = resource.split(":");
  const name = /(^|[:/])tap[-/][a-z0-9-]+/.exec(rest.join(":"));
  if (name === null || /[*?]/.test(service + region)) return false;
  return service === "s3" ? account === "" : account === accountId;
}

/** Other ways to give rights than a role's own policies: nobody here has a use for them. */
const otherWays = [
  "aws_iam_access_key",
  "aws_iam_group",
  "aws_iam_group_policy",
  "aws_iam_group_policy_attachment",
  "aws_iam_instance_profile",
  "aws_iam_policy_attachment",
  "aws_iam_role_policies_exclusive",
  "aws_iam_role_policy_attachments_exclusive",
  "aws_iam_user",
  "aws_iam_user_policy",
  "aws_iam_user_policy_attachment",
];

function otherIdentities(subject: Subject): Finding[] {
  return judgeNodes(subject, otherWays, () => ["gives rights in a way that nobody here looks at"]);
}

/** Who is let in from outside: services for this account, and this account; nobody else, and never everyone. */
function resourcePolicies({ graph, environments }: Subject): Finding[] {
  const bySuffix = new Map(environments.map((environment) => [environment.environmentSuffix, environment]));
  return graph.policies
    .filter(({ kind, node }) => (kind === "resource" || kind === "trust") && node.stack.component !== "bootstrap")
    .flatMap(({ node, kind, statements }) =>
      statements
        .filter(
          (statement) =>
            statement.effect === "Allow" &&
            !isForOwn(statement, bySuffix.get(node.stack.environmentSuffix ?? "")?.accountId, kind === "trust") &&
            !(kind === "trust" && isForNextEnvironment(node, statement, bySuffix)),
        )
        .map(({ sid, path }) => ({
          stack: node.stack.id,
          address: node.address,
          message: `lets in others than services for this account, and this account, by its statement ${sid ?? path}`,
        })),
    );
}

/** Whether a statement is for principals of the account, or for services that name the account or a thing of it. */
function isForOwn(statement: Statement, accountId: string | undefined, isTrust: boolean): boolean {
  const { principals, notPrincipals, conditions } = statement;
  // S3 names no source when it replicates; whose buckets, the role's rights say (S3 user guide, live replication).
  if (isTrust && principals.length === 1 && principals[0]?.value === "s3.amazonaws.com") return true;
  // Nobody says that CloudTrail names the trail when it enters its log group's role; where it does, it must be of the account (docs/decisions/0005).
  const isTrail = isTrust && principals.every(({ value }) => value === "cloudtrail.amazonaws.com");
  if (accountId === undefined || notPrincipals.length > 0 || principals.length === 0) return false;
  if (principals.every(({ type, value }) => type === "AWS" && value.startsWith(`arn:aws:iam::${accountId}:`)))
    return true;
  const limits = conditions.filter(
    ({ operator, key }) =>
      (isTrail ? /^(String|Arn)(Equals|Like)(IfExists)?$/ : /^(String|Arn)(Equals|Like)$/).test(operator) &&
      /^aws:Source(Account|Arn)$/i.test(key),
  );
  return (
    principals.every(({ type }) => type === "Service") &&
    limits.some(({ values }) => values.every((value) => value === accountId || isThing(value, accountId)))
  );
}

/** Releases are copied out by the deploy role of the environment that comes next, by one role. */
function isForNextEnvironment(
  role: GraphNode,
  { principals, notPrincipals, conditions }: Statement,
  environments: ReadonlyMap<string, Environment>,
): boolean {
  const environment = environments.get(role.stack.environmentSuffix ?? "");
  if (environment === undefined || role.stack.component !== "delivery") return false;
  const { accountId } = environment.releaseTarget;
  return (
    notPrincipals.length === 0 &&
    principals.every(({ type, value }) => type === "AWS" && value === `arn:aws:iam::${accountId}:root`) &&
    conditions.some(
      ({ operator, key, values }) =>
        operator === "ArnEquals" &&
        key === "aws:PrincipalArn" &&
        values.length === 1 &&
        values[0] === releaseRoles(environment).reader,
    )
  );
}

/** An ARN with the account in it, or one that a thing of the same stack will have. */
function isThing(value: string, accountId: string): boolean {
  return value.split(":")[4] === accountId || /^\$\{aws_\w+\.[\w-]+\.(execution_)?arn\}/.test(value);
}

/** What can't be read can't be judged. */
function unreadable({ graph }: Subject): Finding[] {
  return graph.unreadablePolicies.map(({ node, path, why }) => ({
    stack: node.stack.id,
    address: node.address,
    message: `has a policy in ${path} that can't be judged: ${why}`,
  }));
}

function roles(subject: Subject): Finding[] {
  return judgeNodes(subject, ["aws_iam_role"], (role, environment) => {
    const { deployBoundary, workloadBoundary, ...named } = accountArns(environment);
    const ownBoundary = [named.deployRole, named.planRole, named.stateReplicationRole].includes(String(role.arn));
    const wanted = ownBoundary ? deployBoundary : workloadBoundary;
    const boundary = subject.graph.resolve(role.attributes.permissions_boundary, role.stack);
    return [
      ...((boundary?.arn ?? role.attributes.permissions_boundary) === wanted ? [] : [`must be under ${wanted}`]),
      ...foreignPolicies(subject.graph, role),
      ...(role.attributes.inline_policy === undefined && role.attributes.managed_policy_arns === undefined
        ? []
        : ["has policies among its attributes, where they take others' away"]),
    ];
  });
}

/** Managed policies that aren't of this project grow without anybody here deciding it. */
function foreignPolicies(graph: Graph, role: GraphNode): string[] {
  return graph
    .referencesTo(role)
    .filter(({ from }) => from.type === "aws_iam_role_policy_attachment")
    .filter(({ from }) => graph.resolve(from.attributes.policy_arn, from.stack)?.type !== "aws_iam_policy")
    .map(
      ({ from }) =>
        `has the policy ${String(from.attributes.policy_arn)} by ${from.address}, which isn't of this project`,
    );
}

function functionsInVpc(subject: Subject): Finding[] {
  return judgeNodes(subject, ["aws_lambda_function"], (lambda) => {
    if (lambda.attributes.vpc_config === undefined) return [];
    const role = subject.graph.resolve(lambda.attributes.role, lambda.stack);
    const statements = role === undefined ? [] : subject.graph.policiesOf(role).flatMap((each) => each.statements);
    return networkInterfaceActions
      .filter((action) => !statements.some((statement) => deniesCode(statement, action, lambda)))
      .map((action) => `must deny ${action} to its own code (lambda:SourceFunctionArn)`);
  });
}

function deniesCode(statement: Statement, action: string, { arn = "" }: GraphNode): boolean {
  const [condition] = conditionsOn(statement, "lambda:SourceFunctionArn");
  return (
    statement.effect === "Deny" &&
    coversAction(statement, action) &&
    statement.resources.includes("*") &&
    statement.conditions.length === 1 &&
    /^Arn(Equals|Like)$/.test(condition?.operator ?? "") &&
    condition?.values.join() === arn
  );
}
