import { componentNames } from "../../config/components";
import type { Statement } from "../policy";
import { anyRegionArn, iamArn } from "./scope";

/** Services that encrypt with a customer key in the name of whoever sets them up. */
const encryptingServices = ["backup", "dynamodb", "kinesis", "lambda", "secretsmanager"];

/** Functions, and the queues and topics between them. */
export function deployFunctions(accountId: string): Statement[] {
  return [
    {
      sid: "ManageFunctions",
      actions: [
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "lambda:CreateFunction",
        "lambda:DeleteAlias",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:DeleteFunctionEventInvokeConfig",
        "lambda:PublishVersion",
        "lambda:PutFunctionConcurrency",
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:RemovePermission",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:UpdateFunctionEventInvokeConfig",
      ],
      resources: [anyRegionArn(accountId, "lambda", "function:tap-*")],
    },
    // Their ids are AWS's; what they are for is a function of this project, which the condition says. Making one takes no resource (service authorization reference, Lambda).
    {
      sid: "CreateEventSources",
      actions: ["lambda:CreateEventSourceMapping"],
      resources: ["*"],
      conditions: forOwnFunctions(accountId),
    },
    {
      sid: "ManageEventSources",
      actions: ["lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"],
      resources: [anyRegionArn(accountId, "lambda", "event-source-mapping:*")],
      conditions: forOwnFunctions(accountId),
    },
    {
      sid: "TagEventSources",
      actions: ["lambda:TagResource", "lambda:UntagResource"],
      resources: [anyRegionArn(accountId, "lambda", "event-source-mapping:*")],
    },
    {
      sid: "ManageSchedules",
      actions: [
        "events:DeleteRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
        "events:TagResource",
        "events:UntagResource",
      ],
      resources: [anyRegionArn(accountId, "events", "rule/tap-*")],
    },
    // Keys that were made a moment ago: their tags may not count yet. Through a service alone, which names its own.
    {
      sid: "EncryptThroughServices",
      // All that DynamoDB asks of whoever chooses a table's key (DynamoDB developer guide, authorizing use of your key).
      actions: [
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
      ],
      resources: [anyRegionArn(accountId, "kms", "key/*")],
      conditions: {
        StringEquals: { "kms:CallerAccount": accountId },
        StringLike: { "kms:ViaService": encryptingServices.map((service) => `${service}.*.amazonaws.com`) },
      },
    },
    {
      sid: "ManageQueues",
      actions: ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"],
      resources: [anyRegionArn(accountId, "sqs", "tap-*")],
    },
    {
      sid: "ManageTopics",
      actions: [
        "sns:CreateTopic",
        "sns:DeleteTopic",
        "sns:SetSubscriptionAttributes",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
        "sns:TagResource",
        "sns:Unsubscribe",
        "sns:UntagResource",
      ],
      resources: [anyRegionArn(accountId, "sns", "tap-*")],
    },
  ];
}

function forOwnFunctions(accountId: string) {
  return { ArnLike: { "lambda:FunctionArn": anyRegionArn(accountId, "lambda", "function:tap-*") } };
}

/** Buckets of the systems: by name, so that the states' is none of them. */
const bucketArns = componentNames
  .filter((component) => component !== "bootstrap")
  .map((component) => `arn:aws:s3:::tap-${component}-*`);

export interface DeployDataProps {
  readonly accountId: string;
  /** Whether a bucket or vault goes with what is in it, as the environment's `deletionProtection` says. */
  readonly empties: boolean;
  /** Where tables are replicated to. @see Environment.replicaRegion */
  readonly replicaRegion: string | undefined;
}

/** Services that work under a role of their own, which an account gets when it first uses them. */
const scalingRole = {
  service: "dynamodb.application-autoscaling.amazonaws.com",
  name: "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
};
const replicationRole = { service: "replication.dynamodb.amazonaws.com", name: "AWSServiceRoleForDynamoDBReplication" };

/** Tables and buckets. */
export function deployData({ accountId, empties, replicaRegion }: DeployDataProps): Statement[] {
  return [
    {
      sid: "ManageTables",
      actions: [
        "dynamodb:CreateTable",
        "dynamodb:DeleteTable",
        "dynamodb:TagResource",
        "dynamodb:UntagResource",
        "dynamodb:UpdateContinuousBackups",
        "dynamodb:UpdateTable",
        "dynamodb:UpdateTimeToLive",
      ],
      resources: [anyRegionArn(accountId, "dynamodb", "table/tap-*")],
    },
    {
      sid: "ScaleTables",
      actions: [
        "application-autoscaling:DeleteScalingPolicy",
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:TagResource",
        "application-autoscaling:UntagResource",
      ],
      resources: [anyRegionArn(accountId, "application-autoscaling", "scalable-target/*")],
      conditions: { StringEqualsIfExists: { "application-autoscaling:service-namespace": "dynamodb" } },
    },
    serviceLinkedRole("FirstScaledTable", accountId, scalingRole),
    // There is no bucket yet whose account could be asked for.
    { sid: "CreateBuckets", actions: ["s3:CreateBucket"], resources: bucketArns },
    // Who creates a bucket with locks is asked for these as well (S3, CreateBucket).
    {
      sid: "CreateLockedBuckets",
      actions: ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"],
      resources: ["arn:aws:s3:::tap-delivery-releases-*"],
      conditions: { StringEqualsIfExists: { "aws:ResourceAccount": accountId } },
    },
    {
      sid: "ManageBuckets",
      actions: [
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketCORS",
        "s3:PutBucketLogging",
        "s3:PutBucketNotification",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
      ],
      resources: bucketArns,
      conditions: { StringEquals: { "aws:ResourceAccount": accountId } },
    },
    ...(empties ? emptyBuckets(accountId) : []),
    ...(replicaRegion === undefined ? [] : replicateTables(accountId, replicaRegion)),
  ];
}

/** Who makes a replica is asked for the rights to what DynamoDB will write there (DynamoDB developer guide, global tables security). */
function replicateTables(accountId: string, region: string): Statement[] {
  return [
    {
      sid: "ReplicateTables",
      actions: [
        "dynamodb:BatchWriteItem",
        "dynamodb:CreateTableReplica",
        "dynamodb:DeleteItem",
        "dynamodb:DeleteTableReplica",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
      ],
      resources: [`arn:aws:dynamodb:${region}:${accountId}:table/tap-*`],
    },
    serviceLinkedRole("FirstReplicatedTable", accountId, replicationRole),
  ];
}

function serviceLinkedRole(sid: string, accountId: string, { service, name }: typeof scalingRole): Statement {
  return {
    sid,
    actions: ["iam:CreateServiceLinkedRole"],
    resources: [iamArn(accountId, `role/aws-service-role/${service}/${name}`)],
    conditions: { StringEquals: { "iam:AWSServiceName": service } },
  };
}

/** Data streams, and secrets. Terraform gives no secret a value; the calls that it makes them by could (SEC-04 holds the JSON to that). */
export function deployStreams(accountId: string): Statement[] {
  return [
    {
      sid: "ManageStreams",
      actions: [
        "kinesis:AddTagsToStream",
        "kinesis:CreateStream",
        "kinesis:DecreaseStreamRetentionPeriod",
        "kinesis:DeleteStream",
        "kinesis:IncreaseStreamRetentionPeriod",
        "kinesis:RemoveTagsFromStream",
        "kinesis:StartStreamEncryption",
        "kinesis:StopStreamEncryption",
        "kinesis:TagResource",
        "kinesis:UntagResource",
      ],
      resources: [anyRegionArn(accountId, "kinesis", "stream/tap-*")],
    },
    // It takes no resource (service authorization reference, Kinesis Data Streams).
    { sid: "ScaleStreams", actions: ["kinesis:UpdateShardCount"], resources: ["*"] },
    {
      sid: "ManageSecrets",
      actions: [
        "secretsmanager:CancelRotateSecret",
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:RotateSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:UpdateSecret",
      ],
      resources: [anyRegionArn(accountId, "secretsmanager", "secret:tap-*")],
    },
    // Secrets Manager asks whoever has it rotated by a function for the right to invoke it (Secrets Manager user guide, rotation function permissions).
    {
      sid: "InvokeRotation",
      actions: ["lambda:InvokeFunction"],
      resources: [anyRegionArn(accountId, "lambda", "function:tap-*-rotate-*")],
    },
  ];
}

/** Vaults, plans and what they select. @param empties whether a vault goes with what is in it */
export function deployBackups(accountId: string, empties: boolean): Statement[] {
  const recoveryPoints = anyRegionArn(accountId, "backup", "recovery-point:*");
  return [
    {
      sid: "ManageVaults",
      actions: [
        "backup:CreateBackupVault",
        "backup:PutBackupVaultLockConfiguration",
        "backup:TagResource",
        "backup:UntagResource",
        ...(empties ? ["backup:DeleteBackupVault", "backup:ListRecoveryPointsByBackupVault"] : []),
      ],
      resources: [anyRegionArn(accountId, "backup", "backup-vault:tap-*")],
    },
    // Their ids are AWS's.
    {
      sid: "ManagePlans",
      actions: [
        "backup:CreateBackupPlan",
        "backup:CreateBackupSelection",
        "backup:DeleteBackupPlan",
        "backup:DeleteBackupSelection",
        "backup:TagResource",
        "backup:UntagResource",
        "backup:UpdateBackupPlan",
      ],
      resources: [anyRegionArn(accountId, "backup", "backup-plan:*")],
    },
    // What a vault is made in; it takes no resource (AWS Backup developer guide, access control).
    { sid: "MakeVaults", actions: ["backup-storage:MountCapsule"], resources: ["*"] },
    ...(empties
      ? [
          {
            sid: "EmptyVaults",
            // Terraform waits until each is gone.
            actions: ["backup:DeleteRecoveryPoint", "backup:DescribeRecoveryPoint"],
            resources: [recoveryPoints],
          },
        ]
      : []),
  ];
}

function emptyBuckets(accountId: string): Statement[] {
  const conditions = { StringEquals: { "aws:ResourceAccount": accountId } };
  return [
    {
      sid: "ListVersions",
      actions: ["s3:ListBucketVersions"],
      resources: bucketArns,
      conditions,
    },
    {
      sid: "EmptyBuckets",
      actions: ["s3:DeleteObject", "s3:DeleteObjectVersion"],
      resources: bucketArns.map((arn) => `${arn}/*`),
      conditions,
    },
  ];
}

/**
 * Alarms, dashboards, saved queries and trails.
 * @param removesTrails whether it may end what watches it, as the environment's `deletionProtection` says
 */
export function deployMonitoring(accountId: string, removesTrails: boolean): Statement[] {
  return [
    {
      sid: "ManageAlarmsAndDashboards",
      actions: [
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DeleteDashboards",
        "cloudwatch:PutDashboard",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
      ],
      resources: [
        anyRegionArn(accountId, "cloudwatch", "alarm:tap-*"),
        // Auto scaling's own, by target tracking.
        anyRegionArn(accountId, "cloudwatch", "alarm:TargetTracking-table/tap-*"),
        `arn:aws:cloudwatch::${accountId}:dashboard/tap-*`,
      ],
    },
    // They take no resource (service authorization reference, CloudWatch Logs).
    {
      sid: "ManageSavedQueries",
      actions: ["logs:DeleteQueryDefinition", "logs:PutQueryDefinition"],
      resources: ["*"],
    },
    {
      sid: "ManageTrails",
      actions: [
        "cloudtrail:AddTags",
        "cloudtrail:CreateTrail",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:RemoveTags",
        "cloudtrail:StartLogging",
        "cloudtrail:UpdateTrail",
        ...(removesTrails ? ["cloudtrail:DeleteTrail", "cloudtrail:StopLogging"] : []),
      ],
      resources: [anyRegionArn(accountId, "cloudtrail", "trail/tap-*")],
    },
  ];
}
