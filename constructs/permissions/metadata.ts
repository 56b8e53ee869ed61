import type { Statement } from "../policy";
import { anyRegionArn, iamArn } from "./scope";

/**
 * What a refresh reads: how things are set up, never what is in them (no object, item, message or secret).
 * `*` stands only where an action takes no resource (service authorization reference).
 */
export function readMetadata(accountId: string): Statement[] {
  return [
    {
      sid: "DescribeNetwork",
      actions: [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribePrefixLists",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcs",
      ],
      resources: ["*"],
    },
    {
      sid: "DescribeVpcAttributes",
      actions: ["ec2:DescribeVpcAttribute"],
      resources: [anyRegionArn(accountId, "ec2", "vpc/*")],
    },
    {
      sid: "DescribeKeys",
      actions: ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
      resources: [anyRegionArn(accountId, "kms", "key/*")],
    },
    { sid: "ListKeyAliases", actions: ["kms:ListAliases"], resources: ["*"] },
    {
      sid: "DescribeLogGroups",
      actions: ["logs:DescribeLogGroups", "logs:ListTagsForResource"],
      resources: [anyRegionArn(accountId, "logs", "log-group:*")],
    },
    {
      sid: "DescribeRoles",
      actions: [
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
      ],
      resources: [iamArn(accountId, "role/tap-*")],
    },
    {
      sid: "ReadOutputs",
      actions: ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"],
      resources: [anyRegionArn(accountId, "ssm", "parameter/tap/*")],
    },
    { sid: "ListParameters", actions: ["ssm:DescribeParameters"], resources: [anyRegionArn(accountId, "ssm", "*")] },
  ];
}

/** The same of the services that the systems are made of. */
export function readServiceMetadata(accountId: string): Statement[] {
  const arn = (service: string, resource: string) => anyRegionArn(accountId, service, resource);
  return [
    {
      sid: "DescribeFunctions",
      actions: [
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionEventInvokeConfig",
        "lambda:GetPolicy",
        "lambda:ListTags",
        "lambda:ListVersionsByFunction",
      ],
      resources: [arn("lambda", "function:tap-*")],
    },
    {
      sid: "DescribeEventSources",
      actions: ["lambda:GetEventSourceMapping", "lambda:ListTags"],
      resources: [arn("lambda", "event-source-mapping:*")],
    },
    {
      sid: "DescribeSchedules",
      actions: ["events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"],
      resources: [arn("events", "rule/tap-*")],
    },
    // Without it a function's settings, which hold no secret, come back empty: a plan would put them in anew.
    {
      sid: "ReadFunctionSettings",
      actions: ["kms:Decrypt"],
      resources: [arn("kms", "key/*")],
      conditions: {
        StringEquals: { "kms:CallerAccount": accountId },
        StringLike: { "kms:ViaService": "lambda.*.amazonaws.com" },
      },
    },
    {
      sid: "DescribeQueuesAndTopics",
      actions: [
        "sns:GetSubscriptionAttributes",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:ListTagsForResource",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ListQueueTags",
      ],
      resources: [arn("sns", "tap-*"), arn("sqs", "tap-*")],
    },
    {
      sid: "DescribeTables",
      actions: [
        "dynamodb:DescribeContinuousBackups",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:ListTagsOfResource",
      ],
      resources: [arn("dynamodb", "table/tap-*")],
    },
    {
      sid: "DescribeBuckets",
      actions: [
        "s3:GetAccelerateConfiguration",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLocation",
        "s3:GetBucketLogging",
        "s3:GetBucketNotification",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
      ],
      resources: ["arn:aws:s3:::tap-*"],
      conditions: { StringEquals: { "aws:ResourceAccount": accountId } },
    },
    {
      sid: "DescribeStreams",
      actions: ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListTagsForStream"],
      resources: [arn("kinesis", "stream/tap-*")],
    },
    {
      sid: "DescribeSecrets",
      actions: ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"],
      resources: [arn("secretsmanager", "secret:tap-*")],
    },
    {
      sid: "DescribeTrails",
      actions: [
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetInsightSelectors",
        "cloudtrail:GetTrail",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:ListTags",
      ],
      resources: [arn("cloudtrail", "trail/tap-*")],
    },
    {
      sid: "DescribeAlarmsAndDashboards",
      actions: ["cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource"],
      resources: [arn("cloudwatch", "alarm:*"), `arn:aws:cloudwatch::${accountId}:dashboard/tap-*`],
    },
    {
      sid: "DescribeBackups",
      actions: ["backup:DescribeBackupVault", "backup:GetBackupPlan", "backup:GetBackupSelection", "backup:ListTags"],
      resources: [arn("backup", "backup-vault:tap-*"), arn("backup", "backup-plan:*")],
    },
    {
      sid: "DescribeScaling",
      actions: ["application-autoscaling:ListTagsForResource"],
      resources: [arn("application-autoscaling", "scalable-target/*")],
    },
    {
      sid: "DescribeWithoutResources",
      actions: [
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "cloudtrail:DescribeTrails",
        "logs:DescribeQueryDefinitions",
      ],
      resources: ["*"],
    },
  ];
}
