import type { Graph, GraphNode } from "../graph/model";
import { isForEveryone } from "../graph/statement";
import { type Attributes, blocksOf } from "../graph/terraform-json";
import { settingsOf } from "./buckets";
import { differences, findingsOn, kept, referenceTo } from "./exact";
import { ownKey } from "./own-key";
import type { Finding } from "./requirement";

/** Days after which objects cost less, and old versions of them are removed. */
const tieringDays = 30;

/** What else may be set of a bucket, by rules of their own: notifications, access logs, replicas, origins. */
const judgedElsewhere = /^aws_s3_bucket_(cors_configuration|logging|notification|replication_configuration)$/;

/**
 * What a bucket of data lacks: versions, a customer key that S3 may use for it, an end of objects, of old versions and of
 * unfinished uploads, an owner of all that is in it, and a policy that lets nobody in and refuses plain HTTP.
 *
 * @param expirationDays days after which objects expire, or `"never"`
 */
export function dataBucketProblems(graph: Graph, bucket: GraphNode, expirationDays: number | "never"): Finding[] {
  const expected: Readonly<Record<string, (setting: GraphNode) => Attributes>> = {
    aws_s3_bucket_versioning: () => ({ versioning_configuration: { status: "Enabled" } }),
    aws_s3_bucket_server_side_encryption_configuration: (setting) => ({ rule: encryption(graph, bucket, setting) }),
    aws_s3_bucket_lifecycle_configuration: (setting) => ({ rule: lifecycleRule(setting, expirationDays) }),
    aws_s3_bucket_public_access_block: () => ({
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    }),
    aws_s3_bucket_ownership_controls: () => ({ rule: { object_ownership: "BucketOwnerEnforced" } }),
    aws_s3_bucket_policy: (setting) => kept(setting, "policy"),
  };
  const others = graph
    .referencesTo(bucket)
    .filter(({ from, path }) => /^aws_s3_bucket_/.test(from.type) && path === "bucket" && !(from.type in expected))
    .filter(({ from }) => !judgedElsewhere.test(from.type));
  return [
    ...Object.entries(expected).flatMap(([type, attributesOf]) => {
      const [setting, ...more] = settingsOf(graph, bucket, type);
      return setting === undefined || more.length > 0
        ? findingsOn(bucket, [`must have one ${type}`])
        : findingsOn(
            setting,
            differences(graph, setting, { bucket: referenceTo(bucket, "id"), ...attributesOf(setting) }),
          );
    }),
    ...findingsOn(bucket, refusesPlainHttpAlone(graph, bucket) ? [] : ["must refuse plain HTTP, and let nobody in"]),
    ...others.flatMap(({ from }) => findingsOn(from, ["changes what the bucket is, in a way that nobody looked at"])),
  ];
}

function encryption(graph: Graph, bucket: GraphNode, setting: GraphNode): Attributes {
  const [rule] = blocksOf(setting.attributes, "rule");
  const [byDefault] = blocksOf(rule ?? {}, "apply_server_side_encryption_by_default");
  const key = ownKey(graph, bucket, byDefault?.kms_master_key_id, {
    service: "s3",
    by: "caller",
    context: "aws:s3:arn",
    value: String(bucket.arn),
  });
  return {
    apply_server_side_encryption_by_default: {
      sse_algorithm: "aws:kms",
      kms_master_key_id: key === undefined ? "a key of its stack that S3 may use for it" : referenceTo(key, "arn"),
    },
    bucket_key_enabled: true,
  };
}

/** S3 refuses an expiry that isn't later than a transition. */
function lifecycleRule(setting: GraphNode, expirationDays: number | "never"): Attributes {
  const [rule] = blocksOf(setting.attributes, "rule");
  const tiers = expirationDays === "never" || expirationDays > tieringDays;
  return {
    id: rule?.id,
    status: "Enabled",
    filter: { prefix: "" },
    abort_incomplete_multipart_upload: { days_after_initiation: 7 },
    noncurrent_version_expiration: { noncurrent_days: tieringDays },
    ...(tiers ? { transition: { days: tieringDays, storage_class: "INTELLIGENT_TIERING" } } : {}),
    ...(expirationDays === "never" ? {} : { expiration: { days: expirationDays } }),
  };
}

/** Roles come in by their own policies; nobody else does. */
function refusesPlainHttpAlone(graph: Graph, bucket: GraphNode): boolean {
  const [statement, ...others] = graph.policiesOf(bucket).flatMap(({ statements }) => statements);
  const [condition, ...more] = statement?.conditions ?? [];
  return (
    statement?.effect === "Deny" &&
    others.length === 0 &&
    isForEveryone(statement) &&
    statement.actions.join() === "s3:*" &&
    statement.resources.join() === `${bucket.arn},${bucket.arn}/*` &&
    condition?.operator === "Bool" &&
    condition.key.toLowerCase() === "aws:securetransport" &&
    condition.values.join() === "false" &&
    more.length === 0
  );
}
