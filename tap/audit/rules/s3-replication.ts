import { matchesArn } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import { coversAction } from "../../graph/statement";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { allowedBy, trustedBy } from "../roles";
import { findings, isOn, isSet, judgeResources, type Rule } from "../rule";
import { isOpenText, keyOf, named, textOf } from "./attribute-values";
import { bucketSettings, differsInRegion } from "./bucket-settings";
import { hasUnreadablePolicy } from "./exposure";

const versioned = (status: string, bucket: string) => ({ bucket, versioning_configuration: { status } });

/** A bucket that is replicated to another region, and what of it is given. */
function replicated({
  rule,
  role,
  versions,
  keyRegion,
}: {
  rule?: Attributes;
  role?: Attributes;
  versions?: string;
  keyRegion?: string;
}) {
  const statement = {
    Effect: "Allow",
    Action: "s3:*",
    Resource: ["arn:aws:s3:::example-files", "arn:aws:s3:::example-copies/*"],
  };
  return {
    provider: { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] },
    resource: {
      aws_kms_key: { Files: {}, Copies: { region: keyRegion ?? "us-west-2" } },
      aws_s3_bucket: { Files: { bucket: "example-files" }, Copies: { bucket: "example-copies", region: "us-west-2" } },
      aws_s3_bucket_versioning: {
        Files: versioned("Enabled", "example-files"),
        Copies: { ...versioned(versions ?? "Enabled", "example-copies"), region: "us-west-2" },
      },
      aws_s3_bucket_server_side_encryption_configuration: {
        Files: {
          bucket: "example-files",
          rule: {
            apply_server_side_encryption_by_default: {
              sse_algorithm: "aws:kms",
              kms_master_key_id: "${aws_kms_key.Files.arn}",
            },
          },
        },
      },
      aws_iam_role: {
        Copy: {
          name: "copy",
          assume_role_policy: JSON.stringify({
            Statement: { Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sts:AssumeRole" },
          }),
          inline_policy: { policy: JSON.stringify({ Statement: [{ ...statement, ...role }] }) },
        },
      },
      aws_s3_bucket_replication_configuration: {
        Files: {
          bucket: "example-files",
          role: "${aws_iam_role.Copy.arn}",
          rule: [
            {
              status: "Enabled",
              destination: {
                bucket: "${aws_s3_bucket.Copies.arn}",
                encryption_configuration: { replica_kms_key_id: "${aws_kms_key.Copies.arn}" },
              },
              source_selection_criteria: { sse_kms_encrypted_objects: { status: "Enabled" } },
              ...rule,
            },
          ],
        },
      },
    },
  };
}

const passing = replicated({});

/** A rule of a replication, and the buckets at both of its ends, as far as they are in the graph. */
interface Replication {
  readonly node: GraphNode;
  readonly rule: Attributes;
  readonly destination: Attributes;
  readonly source: GraphNode | undefined;
  readonly target: GraphNode | undefined;
}

function replications(graph: Graph): Replication[] {
  const bucketAt = (value: unknown, { stack }: GraphNode) => {
    const found = graph.resolve(value, stack, { types: ["aws_s3_bucket"] });
    return found?.type === "aws_s3_bucket" && found.mode === "managed" ? found : undefined;
  };
  return graph.ofType("aws_s3_bucket_replication_configuration").flatMap((node) =>
    blocksOf(node.attributes, "rule").flatMap((rule) =>
      blocksOf(rule, "destination").map((destination) => ({
        node,
        rule,
        destination,
        source: bucketAt(node.attributes.bucket, node),
        target: bucketAt(destination.bucket, node),
      })),
    ),
  );
}

/** Whether a bucket may keep old versions: it does, or nobody knows. */
function mayBeVersioned(graph: Graph, bucket: GraphNode): boolean {
  if (blocksOf(bucket.attributes, "versioning").some(({ enabled }) => isOn(graph, bucket, enabled))) return true;
  return bucketSettings(graph, bucket, "aws_s3_bucket_versioning").some((each) =>
    blocksOf(each.attributes, "versioning_configuration").some(
      ({ status }) => (textOf(graph, each, status) ?? "Enabled") === "Enabled",
    ),
  );
}

function versions(graph: Graph): Finding[] {
  const ends = new Set(replications(graph).flatMap(({ source, target }) => [source, target]));
  return [...ends].flatMap((bucket) => {
    if (bucket === undefined || mayBeVersioned(graph, bucket)) return [];
    const [setting] = bucketSettings(graph, bucket, "aws_s3_bucket_versioning");
    return findings(setting ?? bucket, ["must keep old versions: replication needs them at both ends"]);
  });
}

function isEncryptedByKey(graph: Graph, bucket: GraphNode): boolean {
  return bucketSettings(graph, bucket, "aws_s3_bucket_server_side_encryption_configuration").some(({ attributes }) =>
    blocksOf(attributes, "rule")
      .flatMap((rule) => blocksOf(rule, "apply_server_side_encryption_by_default"))
      .some(({ sse_algorithm }) => String(sse_algorithm).startsWith("aws:kms")),
  );
}

/** Objects that are encrypted with keys are left out of replication unless it says otherwise. */
function encryptedObjects(graph: Graph): Finding[] {
  return replications(graph).flatMap(({ node, rule, destination, source, target }) => {
    if (source === undefined || !isEncryptedByKey(graph, source)) return [];
    const isTaken = blocksOf(rule, "source_selection_criteria")
      .flatMap((criteria) => blocksOf(criteria, "sse_kms_encrypted_objects"))
      .some(({ status }) => isSet(status) && (textOf(graph, node, status) ?? "Enabled") === "Enabled");
    const [encryption] = blocksOf(destination, "encryption_configuration");
    const key = keyOf(graph, node, encryption?.replica_kms_key_id);
    return findings(node, [
      ...(isTaken ? [] : ["must take encrypted objects too: sse_kms_encrypted_objects must have status Enabled"]),
      ...(isSet(encryption?.replica_kms_key_id) ? [] : ["must name the key of the copies in replica_kms_key_id"]),
      ...(key !== undefined && target !== undefined && differsInRegion(key, target)
        ? [`must encrypt copies with a key of ${target.region} (${named(key, node)} is of ${key.region})`]
        : []),
    ]);
  });
}

/** What the role of a replication may not do. */
function roleProblems(graph: Graph): Finding[] {
  return replications(graph).flatMap(({ node, source, target }) => {
    const role = graph.resolve(node.attributes.role, node.stack, { types: ["aws_iam_role"] });
    if (role?.type !== "aws_iam_role" || role.mode === "data" || hasUnreadablePolicy(graph, role)) return [];
    const statements = allowedBy(graph, role);
    // Policies that AWS manages, or that another project made, aren't in the graph.
    if (statements.length === 0) return [];
    const may = (action: string, arn: string | undefined) =>
      arn === undefined ||
      statements.some(
        (statement) =>
          coversAction(statement, action) &&
          [...statement.resources, ...statement.notResources]
            .map((resource) => graph.render(resource, role.stack))
            .some((resource) => isOpenText(resource) || statement.notResources.length > 0 || matchesArn(resource, arn)),
      );
    const trusted = trustedBy(graph, role);
    return findings(role, [
      ...(trusted.length === 0 || trusted.some((each) => each === "s3.amazonaws.com" || isOpenText(each))
        ? []
        : ["must trust s3.amazonaws.com, which replicates under it"]),
      ...(may("s3:GetReplicationConfiguration", source?.arn)
        ? []
        : [`must be allowed s3:GetReplicationConfiguration on ${source?.arn}`]),
      ...(may("s3:ReplicateObject", target?.arn && `${target.arn}/object`)
        ? []
        : [`must be allowed s3:ReplicateObject on ${target?.arn}/*`]),
    ]);
  });
}

/** Copies of buckets in other places. */
export const s3ReplicationRules: readonly Rule[] = [
  {
    id: "s3-replication-versions",
    title: "Buckets keep old versions at both ends of a replication",
    severity: "high",
    why: "S3 refuses to replicate, and no copy is made.",
    fix: "Add an aws_s3_bucket_versioning with status Enabled for source and destination.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html"],
    examples: { failing: replicated({ versions: "Suspended" }), passing },
    judge: versions,
  },
  {
    id: "s3-replication-encrypted-objects",
    title: "Replication takes encrypted objects, with a key of where they go",
    severity: "high",
    why: "Objects that are encrypted with a KMS key are left out without a word: the copy is empty when it is needed.",
    fix: "Set sse_kms_encrypted_objects Enabled, and replica_kms_key_id to a key of the destination's region.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html"],
    examples: { failing: replicated({ rule: { source_selection_criteria: {} } }), passing },
    judge: encryptedObjects,
  },
  {
    id: "s3-replication-role",
    title: "The role of a replication reaches both buckets",
    severity: "high",
    why: "Replication is set up and fails for each object: it shows in the object's status alone.",
    fix: "Let the role do s3:GetReplicationConfiguration on the source and s3:ReplicateObject on the destination's objects.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html"],
    examples: { failing: replicated({ role: { Resource: "arn:aws:s3:::example-files" } }), passing },
    judge: roleProblems,
  },
  {
    id: "s3-replication-deletions",
    title: "Rules of a replication say what becomes of deletions",
    severity: "medium",
    why: "S3 refuses a rule with a filter that doesn't say it; and what is deleted comes back from a copy that missed it.",
    fix: "Set delete_marker_replication with status Enabled, or Disabled where copies are to outlive a deletion.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-marker-replication.html"],
    examples: {
      failing: replicated({ rule: { filter: { prefix: "" } } }),
      passing: replicated({ rule: { filter: { prefix: "" }, delete_marker_replication: { status: "Enabled" } } }),
    },
    judge: judgeResources("aws_s3_bucket_replication_configuration", (node) =>
      blocksOf(node.attributes, "rule")
        .filter((rule) => blocksOf(rule, "filter").length > 0)
        .filter((rule) => !blocksOf(rule, "delete_marker_replication").some(({ status }) => isSet(status)))
        .map(() => "must have delete_marker_replication in each rule that has a filter"),
    ),
  },
  {
    id: "s3-replication-on",
    title: "Rules of a replication are on",
    severity: "medium",
    why: "The copy that people count on isn't made.",
    fix: "Set status Enabled, or remove the rule.",
    references: [],
    examples: { failing: replicated({ rule: { status: "Disabled" } }), passing },
    judge: judgeResources("aws_s3_bucket_replication_configuration", (node, graph) =>
      blocksOf(node.attributes, "rule")
        .filter(({ status }) => !isSet(status) || textOf(graph, node, status) === "Disabled")
        .map(({ id }) => `must have its rule ${String(id ?? "")} Enabled`.replace("  ", " ")),
    ),
  },
];
