import type { BackendSettings } from "../../../config/backend";
import type { Environment } from "../../../config/environment";
import { accountArns, releaseRoles, stateNames, stateRegions } from "../account-arns";
import { sameInPolicy, serviceOf } from "../policies";
import { expectThat, type Finding } from "../requirement";
import { type PolicyStatement, type Resource, reference, type StackJson, statementsOf } from "../stack-json";
import { stateKeyOf } from "../state-key";
import { unconditional } from "./plat-13-conditions";
import { domainRights, isApiArn } from "./plat-13-domains";
import { accountRoles, policiesOf } from "./plat-13-entrances";

/** What reads how things are set up; anything else is a right that the plan role must not have. */
const readingActions =
  /^(acm|ec2|kms|logs|iam|ssm|route53|apigateway|lambda|dynamodb|s3|sqs|sns|kinesis|secretsmanager|wafv2|cloudwatch|events|backup|cloudtrail|cognito-idp|application-autoscaling|xray):(Describe|List|Get)\w+$/;

/** Of these, what reads what is in a store: objects, items, messages, log lines, secrets. IAM ignores the case. */
const dataActions = new RegExp(
  [
    "s3:GetObject\\w*",
    "dynamodb:Get(Item|Records)",
    "secretsmanager:GetSecretValue",
    "kinesis:GetRecords",
    "logs:Get(LogEvents|LogRecord|LogObject|QueryResults)",
    "ec2:Get(PasswordData|Console\\w+|LaunchTemplateData)",
    "ec2:DescribeInstanceAttribute",
    "cloudtrail:GetQueryResults",
    "cognito-idp:(ListUsers\\w*|Get(User|Device))",
    "wafv2:GetSampledRequests",
    "xray:GetTrace\\w*",
  ]
    .map((action) => `^${action}$`)
    .join("|"),
  "i",
);

/** Roles that services have in an account, which they alone can enter: Application Auto Scaling, replicas of tables where there are any, and API Gateway where it has names. */
const serviceRoles = ({ account }: Environment) => [
  { service: "dynamodb.application-autoscaling.amazonaws.com", role: "ApplicationAutoScaling_DynamoDBTable" },
  ...(account.stateReplicaRegion === undefined
    ? []
    : [{ service: "replication.dynamodb.amazonaws.com", role: "DynamoDBReplication" }]),
  ...(account.apiDomains.length === 0 ? [] : [{ service: "ops.apigateway.amazonaws.com", role: "APIGateway" }]),
];

/** Whether a statement may have an action that only some resources, or some conditions, make harmless. */
type Limits = Readonly<Record<string, (statement: PolicyStatement) => boolean>>;

/** What the deploy and plan roles may do. */
export function rights(stack: StackJson, environment: Environment, backend: BackendSettings): Finding[] {
  const { deploy, plan } = accountRoles(stack, environment);
  return [
    ...(plan ? judgeRole(stack, plan, planMay(stack, environment, backend)) : []),
    ...(deploy ? judgeRole(stack, deploy, deployMay(environment, backend)) : []),
  ];
}

function judgeRole(
  stack: StackJson,
  role: Resource,
  may: (action: string, statement: PolicyStatement) => boolean,
): Finding[] {
  const policies = policiesOf(stack, role);
  return [
    ...expectThat(policies.length > 0, stack, "has no rights at all", role.address),
    ...policies.flatMap(({ attributes, address }) => {
      const statements = statementsOf(attributes.policy);
      return [
        ...expectThat(statements.length > 0, stack, "is not literal JSON, and can't be judged", address),
        ...statements.flatMap((statement) => judgeStatement(stack, address, statement, may)),
        ...statements.flatMap((statement) =>
          unconditional(statement).map((message) => ({ stack: stack.id, address, message })),
        ),
      ];
    }),
  ];
}

function judgeStatement(
  stack: StackJson,
  address: string,
  statement: PolicyStatement,
  may: (action: string, statement: PolicyStatement) => boolean,
): Finding[] {
  if (statement.Effect === "Deny") return [];
  const { Sid, Action, NotAction, Resource = [], NotResource } = statement;
  return [
    ...expectThat(
      NotAction === undefined && NotResource === undefined && Action.length > 0 && Resource.length > 0,
      stack,
      `must say what it may do, not what it may not, in its statement ${Sid}`,
      address,
    ),
    ...Action.filter((action) => /[*?]/.test(action) || !may(action, statement)).map((action) => ({
      stack: stack.id,
      address,
      message: `may ${action} by its statement ${Sid}, which is too much`,
    })),
  ];
}

function planMay(stack: StackJson, environment: Environment, backend: BackendSettings) {
  const limits = planLimits(stack, environment, backend);
  const outputs = `arn:aws:ssm:*:${environment.accountId}:parameter/tap/`;
  return (action: string, statement: PolicyStatement): boolean => {
    const limit = limits[action];
    if (limit) return limit(statement);
    // A parameter can be a secret, and SSM decrypts it for whoever may read it.
    if (/^ssm:GetParameter/i.test(action)) return within(statement, outputs);
    return readingActions.test(action) && !dataActions.test(action);
  };
}

/** The plan role reads states, and of the lock table their digests: nothing else that is data. It says what has drifted. */
function planLimits(stack: StackJson, environment: Environment, backend: BackendSettings): Limits {
  const { bucketNames, buckets, lockTables } = stateNames(environment, backend);
  const keys = stateRegions(environment.account).map((region) => stateKeyOf(stack, backend, region)?.address);
  // Settings hold no secret (SEC-04), and a plan without them would put them in anew.
  const settingsOfFunctions = {
    StringEquals: { "kms:CallerAccount": environment.accountId },
    StringLike: { "kms:ViaService": "lambda.*.amazonaws.com" },
  };
  const alarmTopics = `arn:aws:sns:*:${environment.accountId}:tap-security-alarms-*`;
  const messages = {
    StringEquals: { "kms:CallerAccount": environment.accountId },
    StringLike: { "kms:ViaService": "sns.*.amazonaws.com", "kms:EncryptionContext:aws:sns:topicArn": alarmTopics },
  };
  const digests = {
    "ForAllValues:StringLike": { "dynamodb:LeadingKeys": bucketNames.map((name) => `${name}/tap-*-md5`) },
  };
  return {
    "s3:GetObject": ({ Resource = [] }) =>
      Resource.every((arn) => buckets.some((bucket) => arn.startsWith(`${bucket}/`))),
    "s3:ListBucket": ({ Resource = [], Condition = {} }) =>
      Resource.every((arn) => buckets.includes(arn)) ||
      Object.values(Condition).some((each) => "aws:ResourceAccount" in each),
    "dynamodb:GetItem": ({ Resource, Condition }) =>
      sameInPolicy(Resource, lockTables) && sameInPolicy(Condition, digests),
    "kms:Decrypt": ({ Resource, Condition }) =>
      (!keys.includes(undefined) &&
        sameInPolicy(
          Resource,
          keys.map((address) => reference(`${address}.arn`)),
        )) ||
      sameInPolicy(Condition, settingsOfFunctions) ||
      sameInPolicy(Condition, messages),
    // What it found out about drift, and nothing else.
    "kms:GenerateDataKey": ({ Condition }) => sameInPolicy(Condition, messages),
    "sns:Publish": ({ Resource }) => sameInPolicy(Resource, [alarmTopics]),
    "cloudwatch:PutMetricData": ({ Condition }) =>
      sameInPolicy(Condition, { StringEquals: { "cloudwatch:namespace": "Tap/Drift" } }),
    // Values of API keys among them, which are in the states anyhow (SEC-04).
    "apigateway:GET": ({ Resource = [] }) => Resource.every((arn) => isApiArn(arn, environment)),
    "sts:AssumeRole": ({ Resource }) => sameInPolicy(Resource, [accountArns(environment).planRole]),
  };
}

/** Of IAM and STS, whose rights are rights to any right, the deploy role has what is listed; of the rest, its boundary. */
function deployMay(environment: Environment, backend: BackendSettings) {
  const limits = deployLimits(environment);
  return (action: string, statement: PolicyStatement): boolean => {
    const service = serviceOf(action);
    if (/^dynamodb:(Get|Put|Delete|Update)Item$/i.test(action)) return ofItems(environment, backend)(statement);
    if (/^s3:Delete/i.test(action)) return deletes(environment, backend)(statement);
    if (service === "acm" || service === "route53" || service === "apigateway")
      return domainRights(environment, action, statement);
    if (/^lambda:(Create|Delete|Update)EventSourceMapping$/i.test(action))
      return isForOwnFunctions(environment, statement);
    if (service !== "iam" && service !== "sts") return service !== undefined && service !== "organizations";
    return limits[action]?.(statement) ?? /^iam:(Get|List)\w+$/.test(action);
  };
}

function deployLimits(environment: Environment): Limits {
  const { deployRole, workloadBoundary } = accountArns(environment);
  const underTheBoundary = { StringEquals: { "iam:PermissionsBoundary": workloadBoundary } };
  const ownRoles = (statement: PolicyStatement) => within(statement, `arn:aws:iam::${environment.accountId}:role/tap-`);
  const each = (actions: readonly string[], limit: Limits[string]): Limits =>
    Object.fromEntries(actions.map((action) => [`iam:${action}`, limit]));
  return {
    ...each(
      [
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
      ],
      (statement) => ownRoles(statement) && sameInPolicy(statement.Condition, underTheBoundary),
    ),
    ...each(
      ["DeleteRole", "TagRole", "UntagRole", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription"],
      ownRoles,
    ),
    "iam:PassRole": (statement) => ownRoles(statement) && isPassedToNamedServices(statement),
    "iam:CreateServiceLinkedRole": ({ Resource, Condition }) =>
      serviceRoles(environment).some(
        ({ service, role }) =>
          sameInPolicy(Resource, [
            `arn:aws:iam::${environment.accountId}:role/aws-service-role/${service}/AWSServiceRoleFor${role}`,
          ]) && sameInPolicy(Condition, { StringEquals: { "iam:AWSServiceName": service } }),
      ),
    "sts:AssumeRole": ({ Resource }) =>
      sameInPolicy(Resource, [deployRole]) || sameInPolicy(Resource, releaseRoles(environment).sources),
  };
}

/** Ids of event source mappings are AWS's: the function that one is for says whose it is. */
function isForOwnFunctions({ accountId }: Environment, { Condition }: PolicyStatement): boolean {
  return sameInPolicy(Condition, {
    ArnLike: { "lambda:FunctionArn": `arn:aws:lambda:*:${accountId}:function:tap-*` },
  });
}

/** Items are locks; those of the systems' tables are written when a replica is filled. */
function ofItems(environment: Environment, backend: BackendSettings): Limits[string] {
  const { lockTables } = stateNames(environment, backend);
  const ofSystems = /:table\/tap-(?!state-|bootstrap-)[a-z*][^/]*$/;
  return ({ Resource = [] }) => Resource.every((arn) => lockTables.includes(arn) || ofSystems.test(arn));
}

/** Nothing of the states but their lock files; of buckets, those of the systems, by name. */
function deletes(environment: Environment, backend: BackendSettings): Limits[string] {
  const lockFiles = stateNames(environment, backend).buckets.map((bucket) => `${bucket}/tap-*.tflock`);
  const ofSystems = /^arn:aws:s3:::tap-(?!state-|bootstrap-)[a-z]+-\*(\/\*)?$/;
  return ({ Resource = [] }) => Resource.every((arn) => lockFiles.includes(arn) || ofSystems.test(arn));
}

function isPassedToNamedServices({ Condition = {} }: PolicyStatement): boolean {
  const services = [Condition.StringEquals?.["iam:PassedToService"] ?? []].flat();
  return services.length > 0 && services.every((name) => /^[a-z0-9.-]+\.amazonaws\.com$/.test(name));
}

function within({ Resource = [] }: PolicyStatement, prefix: string): boolean {
  return Resource.every((arn) => arn.startsWith(prefix));
}
