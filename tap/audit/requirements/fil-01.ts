import type { Environment } from "../../../config/environment";
import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { settingsOf } from "../buckets";
import { dataBucketProblems } from "../data-bucket";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { filesData } from "../files";
import { type Finding, judgeEach, nodesIn, ownNodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

/** Seconds that a browser may keep what it was told, at the latest: a day. */
const maximumAgeSeconds = 86_400;

/** Beside a bucket, what sets it up; replication is PLAT-14's, logging SEC-05's. */
const settingTypes = new RegExp(
  `^aws_s3_bucket_(${[
    "cors_configuration",
    "lifecycle_configuration",
    "logging",
    "notification",
    "ownership_controls",
    "policy",
    "public_access_block",
    "replication_configuration",
    "server_side_encryption_configuration",
    "versioning",
  ].join("|")})$`,
);

export const fil01: Requirement = {
  id: "FIL-01",
  checks:
    "One bucket of uploads: versions, of which old ones are removed after 30 days, and unfinished uploads after a week; the stack's key, nothing public, TLS alone; browsers of the configured origins put and get with what a presigned upload is bound to; one resource for all notifications, with EventBridge on.",
  why: "What is uploaded is people's own: a version that stays, a page that reads it or a plain connection gives it away.",
  judge: (subject) =>
    judgeEach(subject, "files", (stack, environment) => {
      const { graph } = subject;
      const [bucket, ...others] = ownNodesIn(graph, stack, "aws_s3_bucket");
      if (bucket === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one bucket" }];
      return [
        ...itself(graph, stack, environment, bucket),
        ...dataBucketProblems(graph, bucket, environment.files.bucket.expirationDays),
        ...browsers(graph, environment, bucket),
        ...notification(graph, bucket),
        ...unknownSettings(graph, stack),
      ];
    }),
};

function itself(graph: Graph, stack: StackJson, environment: Environment, bucket: GraphNode): Finding[] {
  const { deletionProtection } = environment;
  return findingsOn(
    bucket,
    differences(graph, bucket, {
      bucket: filesData(graph, stack, environment).bucketName,
      ...(deletionProtection ? { lifecycle: { prevent_destroy: true } } : { force_destroy: true }),
    }),
  );
}

/** Of the API's origins, with what uploadHeaders of routes/files.ts has a page send: its length a browser sends itself. */
function browsers(graph: Graph, { files: { allowedOrigins } }: Environment, bucket: GraphNode): Finding[] {
  const settings = settingsOf(graph, bucket, "aws_s3_bucket_cors_configuration");
  if (allowedOrigins.length === 0)
    return settings.flatMap((each) => findingsOn(each, ["lets pages in, and no origin may"]));
  const [setting, ...others] = settings;
  if (setting === undefined || others.length > 0)
    return findingsOn(bucket, ["must let pages of the API's origins in, once"]);
  const [rule = {}] = blocksOf(setting.attributes, "cors_rule");
  const seconds = Number(rule.max_age_seconds ?? 0);
  return findingsOn(
    setting,
    differences(graph, setting, {
      bucket: referenceTo(bucket, "id"),
      cors_rule: {
        allowed_origins: allowedOrigins,
        allowed_methods: ["GET", "PUT"],
        allowed_headers: ["content-type", "x-amz-checksum-sha256"],
        expose_headers: ["etag", "x-amz-version-id"],
        max_age_seconds: seconds <= maximumAgeSeconds ? rule.max_age_seconds : maximumAgeSeconds,
      },
    }),
  );
}

/** One: a second one overwrites the first. Which queues it tells is FIL-02's; AWS Backup asks for EventBridge. */
function notification(graph: Graph, bucket: GraphNode): Finding[] {
  const [only, ...others] = nodesNaming(graph, "aws_s3_bucket_notification", "bucket", bucket, [bucket.type]);
  if (only === undefined || others.length > 0) return findingsOn(bucket, ["must have one notification resource"]);
  return findingsOn(
    only,
    differences(graph, only, { ...kept(only, "queue"), bucket: referenceTo(bucket, "id"), eventbridge: true }),
  );
}

/** Access points, ACLs, websites and whatever else opens a bucket in a way that nobody looked at. */
function unknownSettings(graph: Graph, stack: StackJson): Finding[] {
  return nodesIn(graph, stack)
    .filter(({ type }) => /^aws_s3/.test(type) && type !== "aws_s3_bucket" && !settingTypes.test(type))
    .flatMap((node) => findingsOn(node, ["does something to the bucket that no rule looks at"]));
}
