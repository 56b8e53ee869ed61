import { releaseReaderRoleArn } from "../../config/delivery";
import type { Environment } from "../../config/environment";
import type { Statement } from "../policy";
import { anyRegionArn, iamArn, lockIds, stateArns } from "./scope";

/** Where services are called that are in no region (IAM user guide, aws:RequestedRegion). */
const globalServicesRegion = "us-east-1";

/**
 * The most that any role of a workload can have, whatever its policies say (PLAT-13, PLAT-19): the data side
 * of the services that the systems use, on this project's resources of this account.
 */
export function workloadBoundary(environment: Environment, lockTable: string): Statement[] {
  const { accountId } = environment;
  const arn = (service: string, resource: string) => anyRegionArn(accountId, service, resource);
  const regions = regionsOf(environment);
  const state = stateArns(environment, lockTable);
  const objects = state.buckets.map((bucket) => `${bucket}/*`);
  return [
    {
      sid: "OwnResources",
      actions: [
        "backup:CopyIntoBackupVault",
        "backup:DescribeBackupVault",
        "backup:TagResource",
        "dynamodb:*Item",
        "dynamodb:DescribeStream",
        "dynamodb:DescribeTable",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListTagsOfResource",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:StartAwsBackupJob",
        "execute-api:Invoke",
        "kinesis:Describe*",
        "kinesis:Get*",
        "kinesis:List*",
        "kinesis:PutRecord*",
        "lambda:InvokeFunction",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:Describe*",
        "logs:PutLogEvents",
        "secretsmanager:*SecretValue",
        "secretsmanager:DescribeSecret",
        "secretsmanager:UpdateSecretVersionStage",
        "sns:Publish",
        "sqs:*Message*",
        "sqs:GetQueue*",
        "ssm:GetParameter*",
      ],
      resources: [
        arn("backup", "backup-vault:tap-*"),
        arn("backup", "recovery-point:*"),
        arn("dynamodb", "table/tap-*"),
        arn("execute-api", "*"),
        arn("kinesis", "stream/tap-*"),
        arn("lambda", "function:tap-*"),
        arn("logs", "log-group:*"),
        arn("secretsmanager", "secret:tap-*"),
        arn("sns", "tap-*"),
        arn("sqs", "tap-*"),
        arn("ssm", "parameter/tap/*"),
      ],
    },
    // A bucket's ARN names no account: somebody else's may be called tap-… too.
    {
      sid: "OwnObjects",
      actions: [
        "s3:*Object*",
        "s3:GetBucket*",
        "s3:GetInventoryConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket*",
        "s3:PutBucketNotification",
        "s3:PutInventoryConfiguration",
        "s3:ReplicateDelete",
        "s3:ReplicateTags",
      ],
      resources: ["arn:aws:s3:::tap-*"],
      conditions: { StringEquals: { "aws:ResourceAccount": accountId } },
    },
    {
      sid: "OwnKeys",
      actions: ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:GenerateMac"],
      resources: [arn("kms", "key/*")],
    },
    // AWS Backup goes on using a vault's key after the role has gone.
    {
      sid: "VaultsUseKeys",
      actions: ["kms:CreateGrant"],
      resources: [arn("kms", "key/*")],
      conditions: {
        Bool: { "kms:GrantIsForAWSResource": "true" },
        StringLike: { "kms:ViaService": "backup.*.amazonaws.com" },
      },
    },
    // AWS Backup learns of changed objects by a rule of its own.
    { sid: "BackupRules", actions: ["events:*"], resources: [arn("events", "rule/AwsBackupManagedRule*")] },
    {
      sid: "AllowedModels",
      actions: ["bedrock:InvokeModel"],
      resources: ["arn:aws:bedrock:*::foundation-model/*", arn("bedrock", "inference-profile/*")],
    },
    // These take no resource, or one that nobody knows before; a role's own policy names the actions that it needs.
    {
      sid: "WithoutResources",
      actions: [
        "backup:CopyFromBackupVault",
        "cloudwatch:GetMetricData",
        "cloudwatch:PutMetricData",
        "dynamodb:ListStreams",
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
        "events:ListRules",
        "s3:ListAllMyBuckets",
        "secretsmanager:GetRandomPassword",
        "tag:GetResources",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
      ],
      resources: ["*"],
      conditions: calledIn(regions),
    },
    // S3 lists all buckets of an account at each of its endpoints, the one without a region among them.
    {
      sid: "NamesOfBuckets",
      actions: ["s3:ListAllMyBuckets"],
      resources: ["*"],
      conditions: calledIn([globalServicesRegion]),
    },
    {
      sid: "NoState",
      effect: "Deny",
      actions: ["dynamodb:*", "s3:*"],
      resources: [...state.buckets, ...objects, ...state.lockTables],
    },
  ];
}

/**
 * The most that the deploy and plan roles can have: the services of this project, roles only under the
 * workload boundary, and nothing of what bootstrap owns.
 */
export function deployBoundary(environment: Environment, lockTable: string, workloadBoundaryArn: string): Statement[] {
  const { accountId } = environment;
  const regions = regionsOf(environment);
  const state = stateArns(environment, lockTable);
  const objects = state.buckets.map((bucket) => `${bucket}/*`);
  const ownRoles = [iamArn(accountId, "role/tap-bootstrap-*")];
  return [
    {
      sid: "ProjectServices",
      actions: [
        "acm:*",
        "apigateway:*",
        "application-autoscaling:*",
        "backup-storage:*",
        "backup:*",
        "cloudtrail:*",
        "cloudwatch:*",
        "cognito-idp:*",
        "dynamodb:*",
        "ec2:*",
        "events:*",
        "iam:*Role*",
        "kinesis:*",
        "kms:*",
        "lambda:*",
        "logs:*",
        "route53:*",
        "s3:*",
        "secretsmanager:*",
        "sns:*",
        "sqs:*",
        "ssm:*",
        "sts:AssumeRole",
        "wafv2:*",
        "xray:*",
      ],
      resources: ["*"],
      conditions: calledIn(regions),
    },
    // IAM and Route 53 are called there wherever what they are for is, and STS may be. Roles are passed where they are used.
    {
      sid: "GlobalServices",
      actions: ["iam:*Role*", "route53:*", "sts:AssumeRole"],
      resources: ["*"],
      conditions: calledIn([globalServicesRegion]),
    },
    {
      sid: "RolesOnlyUnderTheBoundary",
      effect: "Deny",
      actions: ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
      resources: ["*"],
      conditions: { StringNotEquals: { "iam:PermissionsBoundary": workloadBoundaryArn } },
    },
    { sid: "BoundariesStay", effect: "Deny", actions: ["iam:DeleteRolePermissionsBoundary"], resources: ["*"] },
    {
      sid: "BootstrapRolesStay",
      effect: "Deny",
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
      effect: "Deny",
      actions: ["sts:AssumeRole"],
      // But for what hands releases over.
      notResources: [...ownRoles, ...environment.account.releaseSources.map(releaseReaderRoleArn)],
    },
    {
      sid: "BootstrapStateStays",
      effect: "Deny",
      actions: ["s3:DeleteObject*", "s3:PutObject*"],
      resources: state.bootstrapStates,
    },
    // Of the bucket itself only the list of objects is read; all else about it is bootstrap's.
    { sid: "StateBucketStays", effect: "Deny", actions: ["s3:DeleteBucket*", "s3:Put*"], resources: state.buckets },
    {
      sid: "VersionsOfStateStay",
      effect: "Deny",
      actions: ["s3:DeleteObjectVersion", "s3:PutLifecycleConfiguration"],
      resources: [...objects, ...state.buckets],
    },
    {
      sid: "LockTableStays",
      effect: "Deny",
      actions: [
        "dynamodb:DeleteTable",
        "dynamodb:PutResourcePolicy",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
      ],
      resources: state.lockTables,
    },
    {
      sid: "BootstrapKeysStay",
      effect: "Deny",
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
      resources: [anyRegionArn(accountId, "kms", "key/*")],
      conditions: { StringEquals: { "aws:ResourceTag/Component": "bootstrap" } },
    },
    // Who could tag any key as the project's could then change it.
    {
      sid: "ForeignKeysStay",
      effect: "Deny",
      actions: ["kms:TagResource"],
      resources: [anyRegionArn(accountId, "kms", "key/*")],
      conditions: { "ForAnyValue:StringNotLike": { "kms:ResourceAliases": ["alias/tap-*"] } },
    },
    {
      sid: "BootstrapOutputsStay",
      effect: "Deny",
      actions: ["ssm:AddTagsToResource", "ssm:Delete*", "ssm:Put*", "ssm:RemoveTagsFromResource"],
      resources: [anyRegionArn(accountId, "ssm", "parameter/tap/*/bootstrap/*")],
    },
    {
      sid: "BootstrapBucketsStay",
      effect: "Deny",
      actions: ["s3:Delete*", "s3:Put*"],
      resources: ["arn:aws:s3:::tap-bootstrap-*"],
    },
    {
      sid: "BootstrapLocksStay",
      effect: "Deny",
      actions: ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      resources: state.lockTables,
      conditions: {
        "ForAnyValue:StringLike": { "dynamodb:LeadingKeys": lockIds(environment, "tap-bootstrap-*") },
      },
    },
    {
      sid: "ApiGatewayLogRoleStays",
      effect: "Deny",
      actions: ["apigateway:PATCH"],
      resources: ["arn:aws:apigateway:*::/account"],
    },
    {
      sid: "BackupSettingsStay",
      effect: "Deny",
      actions: ["backup:UpdateGlobalSettings", "backup:UpdateRegionSettings"],
      resources: ["*"],
    },
  ];
}

/** The account's regions, of all its environments: states, replicas and copies of backups are in these as well. In one order, whichever of them is the primary one. */
function regionsOf({ account }: Environment): string[] {
  return [...account.regionNames].sort();
}

/** That it is one of these regions where a service is called; what it then does in others, it doesn't say. */
function calledIn(regions: readonly string[]) {
  return { StringEquals: { "aws:RequestedRegion": regions } };
}
