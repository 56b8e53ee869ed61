import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isSet, type Rule } from "../rule";
import { isMadeLater, textOf } from "./attribute-values";
import { bucketSettings, judgeBuckets } from "./bucket-settings";
import { numberOf } from "./invoked";

const bucket = { aws_s3_bucket: { Files: { bucket: "example-files" } } };
const ofFiles = { bucket: "${aws_s3_bucket.Files.id}" };
const withRule = (rule: Attributes) => ({
  resource: {
    ...bucket,
    aws_s3_bucket_versioning: { Files: { ...ofFiles, versioning_configuration: { status: "Enabled" } } },
    aws_s3_bucket_lifecycle_configuration: { Files: { ...ofFiles, rule: [{ id: "end", status: "Enabled", ...rule }] } },
  },
});

/** Days after which an upload that nobody ended is gone, at the latest. */
const unfinishedDays = 30;

/** A lifecycle configuration: the resource that has it, and its rules that are on and about all of the bucket. */
interface Lifecycle {
  readonly node: GraphNode;
  readonly rules: readonly Attributes[];
}

/** All of a bucket; undefined where some are made when Terraform runs. */
function lifecyclesOf(graph: Graph, node: GraphNode): Lifecycle[] | undefined {
  const settings = bucketSettings(graph, node, "aws_s3_bucket_lifecycle_configuration");
  // A plan also has what AWS said of the bucket itself, before these were set.
  const inline = settings.length > 0 ? [] : blocksOf(node.attributes, "lifecycle_rule");
  const isOpen = (on: GraphNode, name: string) =>
    isMadeLater(on.attributes, name) || typeof on.attributes[name] === "string";
  if (settings.some((each) => isOpen(each, "rule")) || isOpen(node, "lifecycle_rule")) return undefined;
  return [
    ...settings.map((each) => ({
      node: each,
      rules: blocksOf(each.attributes, "rule").filter(
        (rule) =>
          isSet(rule.status) && (textOf(graph, each, rule.status) ?? "Enabled") === "Enabled" && isAboutAll(rule),
      ),
    })),
    ...(inline.length === 0
      ? []
      : [{ node, rules: inline.filter((rule) => rule.enabled === true && isAboutAll(rule)) }]),
  ];
}

/** Whether no prefix, tag or size limits a rule. */
function isAboutAll(rule: Attributes): boolean {
  const parts = [rule, ...blocksOf(rule, "filter")];
  return parts.every(
    (part) =>
      !isSet(part.prefix) &&
      blocksOf(part, "tag").length === 0 &&
      blocksOf(part, "and").length === 0 &&
      !["object_size_greater_than", "object_size_less_than"].some((name) => isSet(part[name])),
  );
}

/** What lifecycle configurations lack, where there are some. */
function lacking(has: (rule: Attributes, on: GraphNode, graph: Graph) => boolean, message: string) {
  return judgeBuckets((node, graph) =>
    (lifecyclesOf(graph, node) ?? [])
      .filter((lifecycle) => !lifecycle.rules.some((rule) => has(rule, lifecycle.node, graph)))
      .flatMap((lifecycle) => findings(lifecycle.node, [message])),
  );
}

function hasLifecycle(node: GraphNode, graph: Graph): Finding[] {
  const lifecycles = lifecyclesOf(graph, node);
  if (lifecycles === undefined || lifecycles.some(({ rules }) => rules.length > 0)) return [];
  const [lifecycle] = lifecycles;
  return findings(lifecycle?.node ?? node, ["must have a lifecycle rule that is on and about all objects"]);
}

function isVersioned(graph: Graph, node: GraphNode): boolean {
  return bucketSettings(graph, node, "aws_s3_bucket_versioning").some(({ attributes }) =>
    blocksOf(attributes, "versioning_configuration").some(({ status }) => status === "Enabled"),
  );
}

/** In the provider's older versions it was called `days`. */
function endsSomeDay({ noncurrent_days, days }: Attributes): boolean {
  return isSet(noncurrent_days) || isSet(days);
}

function oldVersions(node: GraphNode, graph: Graph): Finding[] {
  if (!isVersioned(graph, node)) return [];
  return (lifecyclesOf(graph, node) ?? [])
    .filter(({ rules }) => !rules.some((rule) => blocksOf(rule, "noncurrent_version_expiration").some(endsSomeDay)))
    .flatMap((lifecycle) =>
      findings(lifecycle.node, ["must end old versions: no rule about all objects has noncurrent_version_expiration"]),
    );
}

/** Storage classes that S3 moves objects to after 30 days at the earliest. */
const infrequent = ["STANDARD_IA", "ONEZONE_IA"];

/** What S3 refuses, of days that contradict each other. */
function dayProblems(graph: Graph, node: GraphNode, rule: Attributes): string[] {
  const transitions = blocksOf(rule, "transition").map((each) => ({
    days: numberOf(graph, node, each.days),
    storageClass: String(each.storage_class),
  }));
  const ends = blocksOf(rule, "expiration").flatMap(({ days }) => numberOf(graph, node, days) ?? []);
  return [
    ...transitions
      .filter(({ days, storageClass }) => infrequent.includes(storageClass) && days !== undefined && days < 30)
      .map(({ days, storageClass }) => `must move objects to ${storageClass} after 30 days or more (it has ${days})`),
    ...ends
      .filter((end) => end > 0 && transitions.some(({ days }) => days !== undefined && days >= end))
      .map((end) => `must end objects later than it moves them (it ends them after ${end} days)`),
  ];
}

/** How long things stay in buckets. */
export const s3LifecycleRules: readonly Rule[] = [
  {
    id: "s3-bucket-lifecycle",
    title: "Buckets have a lifecycle",
    severity: "low",
    why: "Objects, old versions and unfinished uploads are paid for until somebody notices.",
    fix: "Add an aws_s3_bucket_lifecycle_configuration with a rule of status Enabled for all objects.",
    references: ["FSBP S3.13", "CKV2_AWS_61"],
    examples: {
      failing: { resource: bucket },
      passing: withRule({ filter: {}, noncurrent_version_expiration: { noncurrent_days: 30 } }),
    },
    judge: judgeBuckets(hasLifecycle),
  },
  {
    id: "s3-unfinished-uploads-end",
    title: "Uploads that nobody ended are removed",
    severity: "low",
    why: "Parts of an upload that broke off aren't listed as objects, and are paid for.",
    fix: `Set abort_incomplete_multipart_upload with days_after_initiation of at most ${unfinishedDays} in a rule for all objects.`,
    references: ["CKV_AWS_300"],
    examples: {
      failing: withRule({ noncurrent_version_expiration: { noncurrent_days: 30 } }),
      passing: withRule({ abort_incomplete_multipart_upload: { days_after_initiation: 7 } }),
    },
    judge: lacking(
      (rule, on, graph) =>
        blocksOf(rule, "abort_incomplete_multipart_upload").some(
          ({ days_after_initiation: days }) => isSet(days) && (numberOf(graph, on, days) ?? 0) <= unfinishedDays,
        ) ||
        (numberOf(graph, on, rule.abort_incomplete_multipart_upload_days) ?? Number.POSITIVE_INFINITY) <=
          unfinishedDays,
      `must remove unfinished uploads after at most ${unfinishedDays} days`,
    ),
  },
  {
    id: "s3-old-versions-end",
    title: "Old versions of objects are removed some day",
    severity: "low",
    why: "Every version that ever was is paid for, and personal data that was deleted is still there.",
    fix: "Set noncurrent_version_expiration in a rule for all objects.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configuration-examples.html"],
    examples: {
      failing: withRule({ abort_incomplete_multipart_upload: { days_after_initiation: 7 } }),
      passing: withRule({ noncurrent_version_expiration: [{ noncurrent_days: 30 }] }),
    },
    judge: judgeBuckets(oldVersions),
  },
  {
    id: "s3-lifecycle-days",
    title: "Days of lifecycle rules don't contradict each other",
    severity: "medium",
    why: "S3 refuses the configuration when the rest is deployed already, and nothing ends.",
    fix: "Let expiration come after every transition, and STANDARD_IA and ONEZONE_IA after 30 days.",
    references: [
      "https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
    ],
    examples: {
      failing: withRule({ transition: [{ days: 60, storage_class: "GLACIER" }], expiration: { days: 30 } }),
      passing: withRule({ transition: [{ days: 30, storage_class: "GLACIER" }], expiration: { days: 60 } }),
    },
    judge: (graph) =>
      graph
        .ofType("aws_s3_bucket_lifecycle_configuration")
        .flatMap((node) =>
          blocksOf(node.attributes, "rule").flatMap((rule) => findings(node, dayProblems(graph, node, rule))),
        ),
  },
];
