import type { BackendSettings } from "../../../config/backend";
import type { Environment } from "../../../config/environment";
import { accountArns, releaseRoles, stateNames } from "../account-arns";
import { type Denial, denies, sameInPolicy, serviceOf, withArns } from "../policies";
import { expectThat, type Finding } from "../requirement";
import { type PolicyStatement, resourcesOf, type StackJson, statementsOf } from "../stack-json";

/** The most that roles can have: neither boundary may open up, and none of what they deny may go. */
export function boundaries(stack: StackJson, environment: Environment, backend: BackendSettings): Finding[] {
  const { deployBoundary, workloadBoundary } = accountArns(environment);
  return [
    ...judgeBoundary(stack, environment, deployBoundary, deploymentsMay, deployDenials(environment, backend)),
    ...judgeBoundary(
      stack,
      environment,
      workloadBoundary,
      workloadsMay(environment),
      workloadDenials(environment, backend),
    ),
  ];
}

function judgeBoundary(
  stack: StackJson,
  environment: Environment,
  arn: string,
  may: (action: string, statement: PolicyStatement) => boolean,
  denials: readonly Denial[],
): Finding[] {
  const found = resourcesOf(stack, "aws_iam_policy").filter(({ attributes }) =>
    arn.endsWith(`:policy/${attributes.name}`),
  );
  const [policy] = found;
  if (policy === undefined || found.length > 1) return [{ stack: stack.id, message: `must have one policy ${arn}` }];
  const { address } = policy;
  const statements = statementsOf(withArns(stack, environment.accountId, policy.attributes.policy));
  return [
    ...statements
      .filter(({ Effect }) => Effect !== "Deny")
      .flatMap((statement) => [
        ...expectThat(
          statement.NotAction === undefined && statement.NotResource === undefined,
          stack,
          `allows all but something by its statement ${statement.Sid}`,
          address,
        ),
        ...statement.Action.filter((action) => !may(action, statement)).map((action) => ({
          stack: stack.id,
          address,
          message: `allows ${action} by its statement ${statement.Sid}`,
        })),
        ...expectThat(
          isInOwnRegions(statement, environment),
          stack,
          `allows something on everything in other regions than the account's, by its statement ${statement.Sid}`,
          address,
        ),
      ]),
    ...denials.flatMap((denial) =>
      expectThat(
        denies(statements, denial),
        stack,
        `must deny ${denial.actions.join(", ")} as ${denial.sid}: ${JSON.stringify(denial)}`,
        address,
      ),
    ),
  ];
}

/** What is asked of AWS in us-east-1 wherever it is for: of services with one endpoint, and the names of all buckets. */
const globalActions = /^(iam|route53|sts):|^s3:ListAllMyBuckets$/;

/** What is allowed on everything is allowed where the account's environments are. */
function isInOwnRegions({ Action, Resource = [], Condition }: PolicyStatement, { account }: Environment): boolean {
  const isIn = (regions: readonly string[]) =>
    sameInPolicy(Condition, { StringEquals: { "aws:RequestedRegion": regions } });
  return (
    !Resource.includes("*") ||
    isIn(account.regionNames) ||
    (isIn(["us-east-1"]) && Action.every((action) => globalActions.test(action)))
  );
}

/** Whole services, but of IAM only roles, and of STS only entering them: users, groups and policies are people's. */
function deploymentsMay(action: string): boolean {
  const service = serviceOf(action);
  if (service === "iam") return /^iam:[\w*]*Role[\w*]*$/.test(action);
  if (service === "sts") return action === "sts:AssumeRole";
  return service !== undefined && service !== "organizations";
}

/** What code may do at most: no service that gives rights, keys to use and not to give away, the project's own buckets. */
function workloadsMay({ accountId }: Environment) {
  // A bucket's ARN names no account: the condition does.
  const ownAccount = { StringEquals: { "aws:ResourceAccount": accountId } };
  // What a backup's vault is given a key by, and nobody else.
  const forVaults = {
    Bool: { "kms:GrantIsForAWSResource": "true" },
    StringLike: { "kms:ViaService": "backup.*.amazonaws.com" },
  };
  return (action: string, { Resource = [], Condition }: PolicyStatement): boolean => {
    const service = serviceOf(action);
    if (service === undefined || ["iam", "sts", "organizations"].includes(service)) return false;
    if (action === "kms:CreateGrant") return sameInPolicy(Condition, forVaults);
    if (service === "kms")
      return /^kms:(Decrypt|DescribeKey|Encrypt|Generate(DataKey\*?|Mac)|ReEncrypt\w*\*?|VerifyMac)$/.test(action);
    if (service === "bedrock") return action === "bedrock:InvokeModel";
    if (action === "s3:ListAllMyBuckets") return true;
    if (service === "s3")
      // Not the buckets themselves: their policies and their removal are the deploy role's.
      return (
        action !== "s3:*" &&
        Resource.every((arn) => arn.startsWith("arn:aws:s3:::tap-")) &&
        sameInPolicy(Condition, ownAccount)
      );
    return true;
  };
}

function workloadDenials(environment: Environment, backend: BackendSettings): Denial[] {
  const { buckets, lockTables } = stateNames(environment, backend);
  const objects = buckets.map((bucket) => `${bucket}/*`);
  return [{ sid: "NoState", actions: ["dynamodb:*", "s3:*"], resources: [...buckets, ...objects, ...lockTables] }];
}

/** What the deploy role can't do however wide its rights become, written out: the judge doesn't ask the judged. */
function deployDenials(environment: Environment, backend: BackendSettings): Denial[] {
  return [
    ...roleDenials(environment),
    ...stateDenials(environment, backend),
    ...keyDenials(environment),
    ...settingDenials(environment),
  ];
}

function roleDenials(environment: Environment): Denial[] {
  const ownRoles = [`arn:aws:iam::${environment.accountId}:role/tap-bootstrap-*`];
  return [
    {
      sid: "RolesOnlyUnderTheBoundary",
      actions: ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
      resources: ["*"],
      conditions: { StringNotEquals: { "iam:PermissionsBoundary": accountArns(environment).workloadBoundary } },
    },
    { sid: "BoundariesStay", actions: ["iam:DeleteRolePermissionsBoundary"], resources: ["*"] },
    {
      sid: "BootstrapRolesStay",
      actions: [
        "iam:AttachRolePolicy",
        "iam:DeleteRole*",
        "iam:DetachRolePolicy",
        "iam:PassRole",
        "iam:PutRole*",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:Update*",
      ],
      resources: ownRoles,
    },
    {
      sid: "NoForeignRoles",
      actions: ["sts:AssumeRole"],
      notResources: [...ownRoles, ...releaseRoles(environment).sources],
    },
  ];
}

function stateDenials(environment: Environment, backend: BackendSettings): Denial[] {
  const { bucketNames, buckets, lockTables } = stateNames(environment, backend);
  return [
    {
      sid: "BootstrapStateStays",
      actions: ["s3:DeleteObject*", "s3:PutObject*"],
      resources: buckets.map((bucket) => `${bucket}/tap-bootstrap-*`),
    },
    { sid: "StateBucketStays", actions: ["s3:DeleteBucket*", "s3:Put*"], resources: buckets },
    {
      sid: "VersionsOfStateStay",
      actions: ["s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration"],
      resources: buckets.flatMap((bucket) => [bucket, `${bucket}/*`]),
    },
    {
      sid: "LockTableStays",
      actions: [
        "dynamodb:DeleteTable",
        "dynamodb:PutResourcePolicy",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
      ],
      resources: lockTables,
    },
    {
      sid: "BootstrapLocksStay",
      actions: ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      resources: lockTables,
      conditions: {
        "ForAnyValue:StringLike": { "dynamodb:LeadingKeys": bucketNames.map((name) => `${name}/tap-bootstrap-*`) },
      },
    },
    { sid: "BootstrapBucketsStay", actions: ["s3:Delete*", "s3:Put*"], resources: ["arn:aws:s3:::tap-bootstrap-*"] },
  ];
}

function keyDenials({ accountId }: Environment): Denial[] {
  const keys = [`arn:aws:kms:*:${accountId}:key/*`];
  return [
    {
      sid: "BootstrapKeysStay",
      actions: [
        "kms:CreateGrant",
        "kms:Delete*",
        "kms:Disable*",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:Update*",
      ],
      resources: keys,
      conditions: { StringEquals: { "aws:ResourceTag/Component": "bootstrap" } },
    },
    {
      sid: "ForeignKeysStay",
      actions: ["kms:TagResource"],
      resources: keys,
      conditions: { "ForAnyValue:StringNotLike": { "kms:ResourceAliases": ["alias/tap-*"] } },
    },
  ];
}

/** What an account has once, of which bootstrap is the owner. */
function settingDenials({ accountId }: Environment): Denial[] {
  return [
    {
      sid: "BootstrapOutputsStay",
      actions: ["ssm:AddTagsToResource", "ssm:Delete*", "ssm:Put*", "ssm:RemoveTagsFromResource"],
      resources: [`arn:aws:ssm:*:${accountId}:parameter/tap/*/bootstrap/*`],
    },
    {
      sid: "ApiGatewayLogRoleStays",
      actions: ["apigateway:PATCH"],
      resources: ["arn:aws:apigateway:*::/account"],
    },
    {
      sid: "BackupSettingsStay",
      actions: ["backup:UpdateGlobalSettings", "backup:UpdateRegionSettings"],
      resources: ["*"],
    },
  ];
}
