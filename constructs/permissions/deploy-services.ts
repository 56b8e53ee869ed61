import { componentNames } from "../../config/components";
import type { Statement } from "../policy";
import { anyRegionArn, iamArn } from "./scope";

/** Services that encrypt with a customer key in the name of whoever sets them up. */
const encryptingServices = ["dynamodb", "lambda"];

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
    // Their ids are AWS's; what they are for is a function of this project, which the condition says.
    {
      sid: "ManageEventSources",
      actions: [
        "lambda:CreateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
      ],
      resources: [anyRegionArn(accountId, "lambda", "event-source-mapping:*")],
      conditions: { ArnLike: { "lambda:FunctionArn": anyRegionArn(accountId, "lambda", "function:tap-*") } },
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

/** Buckets of the systems: by name, so that the states' is none of them. */
const bucketArns = componentNames
  .filter((component) => component !== "bootstrap")
  .map((component) => `arn:aws:s3:::tap-${component}-*`);

/**
 * Tables and buckets.
 * @param emptiesBuckets whether a bucket goes with what is in it, as the environment's `deletionProtection` says
 */
export function deployData(accountId: string, emptiesBuckets: boolean): Statement[] {
  const scaling = "dynamodb.application-autoscaling.amazonaws.com";
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
    // Application Auto Scaling works under a role of its own, which an account gets with its first scaled table.
    {
      sid: "FirstScaledTable",
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [
        iamArn(accountId, `role/aws-service-role/${scaling}/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable`),
      ],
      conditions: { StringEquals: { "iam:AWSServiceName": scaling } },
    },
    // There is no bucket yet whose account could be asked for.
    { sid: "CreateBuckets", actions: ["s3:CreateBucket"], resources: bucketArns },
    {
      sid: "ManageBuckets",
      actions: [
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketLogging",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ],
      resources: bucketArns,
      conditions: { StringEquals: { "aws:ResourceAccount": accountId } },
    },
    ...(emptiesBuckets ? emptyBuckets(accountId) : []),
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
