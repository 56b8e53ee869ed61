import type { Environment } from "../../../config/environment";
import { nodesOfEnvironment } from "../../graph/groups";
import type { GraphNode } from "../../graph/model";
import { placesOf } from "../functions";
import type { Subject } from "../requirement";

/** What AWS Backup does with each, as whoever starts the backup (AWS managed policy reference, AWSBackupServiceRolePolicyForBackup and …ForS3Backup). */
export const needed: Readonly<Record<string, readonly string[]>> = {
  aws_dynamodb_table: ["dynamodb:DescribeTable", "dynamodb:StartAwsBackupJob"],
  aws_s3_bucket: ["s3:GetBucketVersioning", "s3:ListBucketVersions", "s3:PutBucketNotification"],
};

/** A table or a bucket, and who has it: what makes it, or what works on it. */
export interface Data {
  readonly node: GraphNode;
  readonly type: string;
  readonly arn: string;
}

/** Tables and buckets in a region, also replicas of buckets; states are versioned and replicated, and denied to all workloads. */
export function dataIn(subject: Subject, environment: Environment, region: string): Data[] {
  const made = Object.keys(needed)
    .flatMap((type) => nodesOfEnvironment(subject.graph, environment.environmentSuffix, type))
    .filter(
      ({ stack, region: own }) => stack.component !== "bootstrap" && stack.component !== "security" && own === region,
    );
  return [
    ...made.map((node) => ({ node, type: node.type, arn: String(node.arn) })),
    ...leftIn(subject, environment, region),
  ];
}

/** After a failover, what the functions of the region work on, which no stack makes there. */
function leftIn({ graph }: Subject, { recovery, environmentSuffix }: Environment, region: string): Data[] {
  if (recovery.failedOverFrom === undefined) return [];
  return nodesOfEnvironment(graph, environmentSuffix, "aws_lambda_function")
    .filter(({ stack }) => stack.region === region)
    .flatMap((node) => placesOf(graph, node).map(({ type, arn }) => ({ node, type, arn })));
}

/** Buckets of access logs and of the audit trail: no system's data. */
export function logsIn({ graph }: Subject, { environmentSuffix }: Environment): GraphNode[] {
  return nodesOfEnvironment(graph, environmentSuffix, "aws_s3_bucket").filter(
    ({ stack, physicalName = "" }) =>
      (stack.component === "security" || stack.component === "bootstrap") && !physicalName.startsWith("tap-state-"),
  );
}

/** What AWS Backup calls to back up buckets, as AWS's own policy for it has it (AWSBackupServiceRolePolicyForS3Backup). */
export const forBuckets: readonly string[] = [
  "cloudwatch:GetMetricData",
  ...["DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "ListRules", "ListTargetsByRule", "PutRule"].map(
    (name) => `events:${name}`,
  ),
  "events:PutTargets",
  "events:RemoveTargets",
  ...["Acl", "Location", "Notification", "Tagging", "Versioning"].map((name) => `s3:GetBucket${name}`),
  "s3:GetInventoryConfiguration",
  "s3:PutInventoryConfiguration",
  "s3:PutBucketNotification",
  "s3:ListAllMyBuckets",
  "s3:ListBucket",
  "s3:ListBucketVersions",
  ...["", "Acl", "Tagging", "Version", "VersionAcl", "VersionTagging"].map((name) => `s3:GetObject${name}`),
  "tag:GetResources",
];
