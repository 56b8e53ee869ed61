import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isOn, isSet, judgeResources, type Rule, unknown } from "../rule";
import { type Block, blockOf, isCustomerKey, isKept, shown, textOf } from "./attribute-values";
import { bucketSettings, differsInRegion, encryptingTrail, judgeBuckets, receivesLogs } from "./bucket-settings";
import { s3AccessRules } from "./s3-access";
import { s3LifecycleRules } from "./s3-lifecycle";
import { s3NotificationRules } from "./s3-notifications";
import { s3ReplicationRules } from "./s3-replication";
import { letsService } from "./service-access";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const bucket = { aws_s3_bucket: { Files: { bucket: "example-files" } } };
const ofFiles = { bucket: "${aws_s3_bucket.Files.id}" };
const encryptedBy = (byDefault: object, bucketKey?: boolean) => ({
  resource: {
    ...bucket,
    aws_s3_bucket_server_side_encryption_configuration: {
      Files: {
        ...ofFiles,
        rule: [{ apply_server_side_encryption_by_default: byDefault, bucket_key_enabled: bucketKey ?? false }],
      },
    },
  },
});
const byCustomerKey = { sse_algorithm: "aws:kms", kms_master_key_id: "alias/files" };

const encryptionType = "aws_s3_bucket_server_side_encryption_configuration";

/** Rules of encryption of a bucket, with the resource that each is in. */
function encryptionRules(graph: Graph, node: GraphNode): { readonly node: GraphNode; readonly rule: Block }[] {
  const inline = blocksOf(node.attributes, "server_side_encryption_configuration").map((block) => ({ node, block }));
  const own = bucketSettings(graph, node, encryptionType).map((each) => ({ node: each, block: each.attributes }));
  // A plan also has what AWS said of the bucket itself, before these were set.
  return (own.length > 0 ? own : inline).map((each) => ({ node: each.node, rule: blockOf(each.block, "rule") }));
}

function encryption(node: GraphNode, graph: Graph): Finding[] {
  const rules = encryptionRules(graph, node);
  // Services that deliver logs can't use a customer key, or need a policy for it that not every one of them knows.
  if (rules.length === 0)
    return receivesLogs(graph, node) ? [] : findings(node, ["must be encrypted with a customer key (it has S3's own)"]);
  return rules.flatMap(({ node: on, rule }) => {
    if (rule === unknown) return [];
    const byDefault = blockOf(rule ?? {}, "apply_server_side_encryption_by_default");
    if (byDefault === unknown) return [];
    const given = byDefault?.sse_algorithm;
    const algorithm = textOf(graph, on, given) ?? (isSet(given) ? "aws:kms" : "nothing");
    const isByCustomerKey = algorithm.startsWith("aws:kms") && isCustomerKey(graph, on, byDefault?.kms_master_key_id);
    const isEnough = isByCustomerKey || (receivesLogs(graph, node) && algorithm === "AES256");
    const has = algorithm.startsWith("aws:kms") ? "AWS's own key" : algorithm;
    return findings(on, isEnough ? [] : [`must encrypt with aws:kms and a customer key (it has ${has})`]);
  });
}

function bucketKey(node: GraphNode, graph: Graph): Finding[] {
  // The trail asks for a key of its own for each file, whatever the bucket says.
  if (encryptingTrail(graph, node) !== undefined) return [];
  return encryptionRules(graph, node).flatMap(({ node: on, rule }) => {
    if (rule === unknown || rule === undefined || isOn(graph, on, rule.bucket_key_enabled)) return [];
    const [byDefault] = blocksOf(rule, "apply_server_side_encryption_by_default");
    const isByKey = textOf(graph, on, byDefault?.sse_algorithm) === "aws:kms";
    return findings(on, isByKey ? ["must have bucket_key_enabled true"] : []);
  });
}

function versioning(node: GraphNode, graph: Graph): Finding[] {
  const settings = bucketSettings(graph, node, "aws_s3_bucket_versioning");
  if (settings.length === 0) {
    const inline = blockOf(node.attributes, "versioning");
    const isKnown = inline === unknown || isOn(graph, node, inline?.enabled);
    return findings(node, isKnown ? [] : ["must keep old versions: it has no aws_s3_bucket_versioning"]);
  }
  return settings.flatMap((each) => {
    const block = blockOf(each.attributes, "versioning_configuration");
    if (block === unknown) return [];
    const status = textOf(graph, each, block?.status) ?? (block?.status === undefined ? "nothing" : "Enabled");
    return findings(each, status === "Enabled" ? [] : [`must have status Enabled (it has ${status})`]);
  });
}

function accessLogging(node: GraphNode, graph: Graph): Finding[] {
  const isLogged =
    bucketSettings(graph, node, "aws_s3_bucket_logging").length > 0 ||
    blockOf(node.attributes, "logging") !== undefined ||
    receivesLogs(graph, node);
  return findings(node, isLogged ? [] : ["must have its accesses logged: it has no aws_s3_bucket_logging"]);
}

const logDelivery = "logging.s3.amazonaws.com";

/** What keeps access logs from arriving. */
function logTarget(logging: GraphNode, graph: Graph): Finding[] {
  const [source, target] = ["bucket", "target_bucket"].map((name) =>
    graph.resolve(logging.attributes[name], logging.stack, { types: ["aws_s3_bucket"] }),
  );
  if (target?.type !== "aws_s3_bucket" || source?.type !== "aws_s3_bucket" || target.mode === "data") return [];
  if (source === target)
    return findings(logging, ["must log to another bucket: each log delivered is an access again"]);
  const isElsewhere =
    differsInRegion(source, target) ||
    (source.accountId !== undefined && target.accountId !== undefined && source.accountId !== target.accountId);
  if (isElsewhere) return findings(logging, ["must log to a bucket of the same region and account"]);
  const prefix = textOf(graph, logging, logging.attributes.target_prefix) ?? "";
  const isLetIn =
    bucketSettings(graph, target, "aws_s3_bucket_acl").length > 0 ||
    letsService(graph, target, {
      service: logDelivery,
      action: "s3:PutObject",
      resource: target.arn && `${target.arn}/${prefix}log`,
      source,
    });
  const [policy] = graph.policiesOf(target);
  return findings(
    policy?.node ?? target,
    isLetIn ? [] : [`must let ${logDelivery} put logs of ${source.address} there`],
  );
}

/** Rules for names of general purpose buckets. */
const nameRules: readonly (readonly [RegExp, string])[] = [
  [/^.{3,63}$/, "must have a name of 3 to 63 characters"],
  [
    /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/,
    "must have a name of lower-case letters, digits, dots and hyphens, no hyphen at an end",
  ],
  [/^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)/, "must not have a name that is an IP address or has two dots in a row"],
  [/^(?!xn--|sthree-|amzn-s3-demo-)/, "must not have a name with a prefix that S3 keeps for itself"],
  [
    /^(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)/,
    "must not have a name with a suffix that S3 keeps for itself",
  ],
];

function nameProblems(node: GraphNode, graph: Graph): string[] {
  const { bucket: given, bucket_prefix } = node.attributes;
  const name = textOf(graph, node, given);
  const prefix = textOf(graph, node, bucket_prefix);
  return [
    ...nameRules
      .filter(([valid]) => name !== undefined && name !== "" && !valid.test(name))
      .map(([, problem]) => `${problem} (${shown(name)})`),
    ...(prefix !== undefined && (prefix.length > 37 || !/^[a-z0-9.-]*$/.test(prefix))
      ? [`must have a bucket_prefix of at most 37 lower-case letters, digits, dots and hyphens (${shown(prefix)})`]
      : []),
  ];
}

/** What there can be one of for each bucket: a second one takes the place of the first, at each apply in turns. */
const onlyOnce = [
  "aws_s3_bucket_accelerate_configuration",
  "aws_s3_bucket_acl",
  "aws_s3_bucket_cors_configuration",
  "aws_s3_bucket_lifecycle_configuration",
  "aws_s3_bucket_logging",
  "aws_s3_bucket_object_lock_configuration",
  "aws_s3_bucket_ownership_controls",
  "aws_s3_bucket_policy",
  "aws_s3_bucket_public_access_block",
  "aws_s3_bucket_replication_configuration",
  encryptionType,
  "aws_s3_bucket_versioning",
  "aws_s3_bucket_website_configuration",
];

/** Buckets themselves. */
const bucketRules: readonly Rule[] = [
  {
    id: "s3-bucket-customer-key",
    title: "Buckets are encrypted with a customer key",
    severity: "medium",
    why: "With S3's own key, whoever may read an object reads it: there is no key policy to limit it, nor to cut it off.",
    fix: "Set sse_algorithm aws:kms and kms_master_key_id in an aws_s3_bucket_server_side_encryption_configuration.",
    references: [
      "CKV_AWS_145",
      "CKV_AWS_19",
      "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    ],
    examples: { failing: encryptedBy({ sse_algorithm: "AES256" }), passing: encryptedBy(byCustomerKey, true) },
    judge: judgeBuckets(encryption),
  },
  {
    id: "s3-bucket-key-enabled",
    title: "Buckets ask KMS once for many objects",
    severity: "low",
    why: "Each object asks KMS on its own: it costs up to a hundred times as much, and heavy traffic is throttled.",
    fix: "Set bucket_key_enabled to true in the rule.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html"],
    examples: { failing: encryptedBy(byCustomerKey, false), passing: encryptedBy(byCustomerKey, true) },
    judge: judgeBuckets(bucketKey),
  },
  {
    id: "s3-bucket-versioning",
    title: "Buckets keep old versions",
    severity: "medium",
    why: "What is overwritten or deleted, by a slip or by somebody else, is lost.",
    fix: "Add an aws_s3_bucket_versioning with status Enabled.",
    references: ["CKV_AWS_21", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"],
    examples: {
      failing: {
        resource: {
          ...bucket,
          aws_s3_bucket_versioning: { Files: { ...ofFiles, versioning_configuration: { status: "Suspended" } } },
        },
      },
      passing: {
        resource: {
          ...bucket,
          aws_s3_bucket_versioning: { Files: { ...ofFiles, versioning_configuration: { status: "Enabled" } } },
        },
      },
    },
    judge: judgeBuckets(versioning),
  },
  {
    id: "s3-bucket-access-logged",
    title: "Accesses to buckets are logged",
    severity: "medium",
    why: "Nobody can tell afterwards who read or deleted what.",
    fix: "Add an aws_s3_bucket_logging with a target_bucket for logs.",
    references: ["FSBP S3.9", "CKV_AWS_18"],
    examples: {
      failing: { resource: bucket },
      passing: {
        resource: {
          ...bucket,
          aws_s3_bucket_logging: { Files: { ...ofFiles, target_bucket: "example-logs", target_prefix: "files/" } },
        },
      },
    },
    judge: judgeBuckets(accessLogging),
  },
  {
    id: "s3-access-logs-arrive",
    title: "Access logs arrive in their bucket",
    severity: "medium",
    why: "S3 drops logs without a word that it may not deliver: they are missed when they are needed.",
    fix: "Let logging.s3.amazonaws.com do s3:PutObject by the target bucket's policy, in the same region and account.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"],
    examples: {
      failing: loggedTo("example-other"),
      passing: loggedTo("example-files"),
    },
    judge: (graph) => graph.ofType("aws_s3_bucket_logging").flatMap((logging) => logTarget(logging, graph)),
  },
  {
    id: "s3-bucket-name-valid",
    title: "Names of buckets are such as S3 takes",
    severity: "medium",
    why: "Terraform plans it, and S3 refuses it when the rest is deployed already.",
    fix: "Choose a name of 3 to 63 lower-case letters, digits and hyphens.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"],
    examples: {
      failing: { resource: { aws_s3_bucket: { Files: { bucket: "Example_Files" } } } },
      passing: { resource: bucket },
    },
    judge: judgeResources("aws_s3_bucket", nameProblems),
  },
  {
    id: "s3-bucket-kept-or-emptied",
    title: "No bucket is both kept for ever and emptied when it is destroyed",
    severity: "high",
    why: "Once it leaves the configuration, prevent_destroy is gone with it, and force_destroy deletes all objects first.",
    fix: "Leave out force_destroy where prevent_destroy is set.",
    references: [],
    examples: {
      failing: {
        resource: {
          aws_s3_bucket: {
            Files: { bucket: "example-files", force_destroy: true, lifecycle: { prevent_destroy: true } },
          },
        },
      },
      passing: {
        resource: { aws_s3_bucket: { Files: { bucket: "example-files", lifecycle: { prevent_destroy: true } } } },
      },
    },
    judge: judgeResources("aws_s3_bucket", (node) =>
      isKept(node) && node.attributes.force_destroy === true
        ? ["must not have force_destroy: it has prevent_destroy"]
        : [],
    ),
  },
  {
    id: "s3-bucket-settings-once",
    title: "Each setting of a bucket is set once",
    severity: "high",
    why: "The one that is applied last takes the place of the other: what the first said isn't so, and each apply changes it.",
    fix: "Put both into one resource.",
    references: [],
    examples: {
      failing: {
        resource: {
          ...bucket,
          aws_s3_bucket_policy: { Tls: { ...ofFiles, policy: "{}" }, Readers: { ...ofFiles, policy: "{}" } },
        },
      },
      passing: { resource: { ...bucket, aws_s3_bucket_policy: { Files: { ...ofFiles, policy: "{}" } } } },
    },
    judge: judgeBuckets((node, graph) =>
      onlyOnce.flatMap((type) => {
        const [first, ...others] = bucketSettings(graph, node, type);
        return others.flatMap((other) =>
          findings(other, [`must be one with ${first?.address}, which is of the same bucket`]),
        );
      }),
    ),
  },
  {
    id: "s3-bucket-settings-region",
    title: "Settings of a bucket are made in its region",
    severity: "high",
    why: "S3 answers that the bucket isn't there, and the deployment stops half-way.",
    fix: "Give the setting the bucket's region, or its provider.",
    references: [],
    examples: {
      failing: {
        provider,
        resource: {
          aws_s3_bucket: { Files: { bucket: "example-files", region: "us-west-2" } },
          aws_s3_bucket_versioning: { Files: { ...ofFiles, versioning_configuration: { status: "Enabled" } } },
        },
      },
      passing: {
        provider,
        resource: {
          ...bucket,
          aws_s3_bucket_versioning: { Files: { ...ofFiles, versioning_configuration: { status: "Enabled" } } },
        },
      },
    },
    judge: judgeBuckets((node, graph) =>
      graph
        .referencesTo(node)
        .filter(({ from, path }) => /^aws_s3_bucket_/.test(from.type) && from.mode === "managed" && path === "bucket")
        .filter(({ from }) => differsInRegion(node, from))
        .flatMap(({ from }) =>
          findings(from, [`must be in ${node.region}, where its bucket is (it is in ${from.region})`]),
        ),
    ),
  },
];

function loggedTo(name: string) {
  const statement = {
    Effect: "Allow",
    Principal: { Service: logDelivery },
    Action: "s3:PutObject",
    Resource: "arn:aws:s3:::example-logs/*",
    Condition: { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${name}` } },
  };
  return {
    provider,
    resource: {
      aws_s3_bucket: { ...bucket.aws_s3_bucket, Logs: { bucket: "example-logs" } },
      aws_s3_bucket_logging: { Files: { ...ofFiles, target_bucket: "example-logs", target_prefix: "files/" } },
      aws_s3_bucket_policy: { Logs: { bucket: "example-logs", policy: JSON.stringify({ Statement: [statement] }) } },
    },
  };
}

export const s3Rules: readonly Rule[] = [
  ...bucketRules,
  ...s3AccessRules,
  ...s3LifecycleRules,
  ...s3NotificationRules,
  ...s3ReplicationRules,
];
