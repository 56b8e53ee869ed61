import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { conditionsOn, isForEveryone } from "../../graph/statement";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { settingsOf } from "../buckets";
import { differences, findingsOn, kept, referenceTo, sameInTerraform } from "../exact";
import { filesData } from "../files";
import { ownKey } from "../own-key";
import { type Finding, judgeEach, nodesIn, ownNodesIn, type Requirement, wanted } from "../requirement";
import type { StackJson } from "../stack-json";

/** Days after which old versions are removed, and files cost less. */
const oldVersionDays = 30;
/** Days after which an upload that nobody ended is removed, at the latest. */
const unfinishedDays = 7;
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
        ...encryption(graph, bucket),
        ...privacy(graph, bucket),
        ...transit(graph, bucket),
        ...set(graph, bucket, "versioning", { versioning_configuration: { status: "Enabled" } }),
        ...lifecycle(graph, environment, bucket),
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

/** What one resource says of a bucket: once, and exactly this. */
function set(graph: Graph, bucket: GraphNode, name: string, expected: Attributes): Finding[] {
  const [setting, ...others] = settingsOf(graph, bucket, `aws_s3_bucket_${name}`);
  if (setting === undefined || others.length > 0) return findingsOn(bucket, [`must have its ${name} set once`]);
  return findingsOn(setting, differences(graph, setting, { bucket: referenceTo(bucket, "id"), ...expected }));
}

function encryption(graph: Graph, bucket: GraphNode): Finding[] {
  const name = "server_side_encryption_configuration";
  const [setting] = settingsOf(graph, bucket, `aws_s3_bucket_${name}`);
  const [rule] = setting === undefined ? [] : blocksOf(setting.attributes, "rule");
  const [byDefault] = blocksOf(rule ?? {}, "apply_server_side_encryption_by_default");
  const key = ownKey(graph, bucket, byDefault?.kms_master_key_id, {
    service: "s3",
    by: "caller",
    context: "aws:s3:arn",
    // With a bucket key, S3 sends the bucket and not the object (S3 user guide, bucket keys).
    value: String(bucket.arn),
  });
  if (key === undefined) return findingsOn(bucket, ["must be under the key of its stack, which S3 may use for it"]);
  return set(graph, bucket, name, {
    rule: {
      apply_server_side_encryption_by_default: {
        sse_algorithm: "aws:kms",
        kms_master_key_id: referenceTo(key, "arn"),
      },
      bucket_key_enabled: true,
    },
  });
}

function privacy(graph: Graph, bucket: GraphNode): Finding[] {
  return [
    ...set(graph, bucket, "public_access_block", {
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    }),
    ...set(graph, bucket, "ownership_controls", { rule: { object_ownership: "BucketOwnerEnforced" } }),
  ];
}

/** Its policy denies plain HTTP to everyone, and says nothing else: who may do what, roles say. */
function transit(graph: Graph, bucket: GraphNode): Finding[] {
  const [statement, ...others] = graph.policiesOf(bucket).flatMap(({ statements }) => statements);
  const [condition] = statement === undefined ? [] : conditionsOn(statement, "aws:SecureTransport");
  const denies =
    statement?.effect === "Deny" &&
    isForEveryone(statement) &&
    statement.actions.join() === "s3:*" &&
    statement.resources.join() === [bucket.arn, `${bucket.arn}/*`].join() &&
    statement.conditions.length === 1 &&
    condition?.operator === "Bool" &&
    condition.values.join() === "false";
  return findingsOn(
    bucket,
    wanted(denies && others.length === 0, "must have a policy that denies plain HTTP, and says nothing else"),
  );
}

function lifecycle(graph: Graph, { files }: Environment, bucket: GraphNode): Finding[] {
  const { expirationDays } = files.bucket;
  const [setting] = settingsOf(graph, bucket, "aws_s3_bucket_lifecycle_configuration");
  const [rule = {}] = setting === undefined ? [] : blocksOf(setting.attributes, "rule");
  const [unfinished] = blocksOf(rule, "abort_incomplete_multipart_upload");
  const days = Number(unfinished?.days_after_initiation);
  const tiers = expirationDays === "never" || expirationDays > oldVersionDays;
  // A delete marker that has no version left is all that stays of a deleted file.
  const markers = sameInTerraform(rule.expiration, { expired_object_delete_marker: true });
  return set(graph, bucket, "lifecycle_configuration", {
    rule: {
      id: rule.id,
      status: "Enabled",
      filter: { prefix: "" },
      abort_incomplete_multipart_upload: {
        days_after_initiation: days >= 1 && days <= unfinishedDays ? days : unfinishedDays,
      },
      noncurrent_version_expiration: { noncurrent_days: oldVersionDays },
      ...(tiers ? { transition: { days: oldVersionDays, storage_class: "INTELLIGENT_TIERING" } } : {}),
      ...(expirationDays === "never"
        ? markers && { expiration: rule.expiration }
        : { expiration: { days: expirationDays } }),
    },
  });
}

/** Of the API's origins, with what uploadHeaders of routes/files.ts has a page send: its length a browser sends itself. */
function browsers(graph: Graph, { files: { allowedOrigins } }: Environment, bucket: GraphNode): Finding[] {
  const type = "aws_s3_bucket_cors_configuration";
  if (allowedOrigins.length === 0)
    return settingsOf(graph, bucket, type).flatMap((each) => findingsOn(each, ["lets pages in, and no origin may"]));
  const [rule = {}] = settingsOf(graph, bucket, type).flatMap(({ attributes }) => blocksOf(attributes, "cors_rule"));
  const seconds = Number(rule.max_age_seconds ?? 0);
  return set(graph, bucket, "cors_configuration", {
    cors_rule: {
      allowed_origins: allowedOrigins,
      allowed_methods: ["GET", "PUT"],
      allowed_headers: ["content-type", "x-amz-checksum-sha256"],
      expose_headers: ["etag", "x-amz-version-id"],
      max_age_seconds: seconds <= maximumAgeSeconds ? rule.max_age_seconds : maximumAgeSeconds,
    },
  });
}

/** One: a second one overwrites the first. Which queues it tells is FIL-02's; AWS Backup asks for EventBridge. */
function notification(graph: Graph, bucket: GraphNode): Finding[] {
  const [only, ...others] = graph
    .ofType("aws_s3_bucket_notification")
    .filter((each) => graph.resolve(each.attributes.bucket, each.stack, { types: [bucket.type] }) === bucket);
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
