import { nodesNaming } from "../../graph/groups";
import type { GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { jobsParts } from "../jobs";
import { judgeEach, type Requirement, sameJson } from "../requirement";

/** Days after which what is kept costs less. */
const tieringDays = 30;

export const plat06: Requirement = {
  id: "PLAT-06",
  checks:
    "The jobs' bucket has one lifecycle rule, switched on, for all objects: they expire as configured, their old versions no later; they move to Intelligent-Tiering after 30 days, where they don't expire by then.",
  why: "Results that nobody wants are paid for for ever, and are somebody's data; S3 refuses an expiry that isn't later than a transition.",
  judge: (subject) =>
    judgeEach(subject, "jobs", (stack, { jobs }) => {
      const { graph } = subject;
      const { bucket } = jobsParts(graph, stack);
      if (bucket === undefined) return [{ stack: stack.id, message: "must have one bucket" }];
      const configurations = nodesNaming(graph, "aws_s3_bucket_lifecycle_configuration", "bucket", bucket, [
        "aws_s3_bucket",
      ]);
      const rule = bucket.attributes.lifecycle_rule === undefined ? onlyRule(configurations) : undefined;
      const { expirationDays } = jobs.bucket;
      const messages =
        rule === undefined
          ? ["must have one lifecycle rule for all objects"]
          : problemsOf(rule, expirationDays === "never" ? undefined : expirationDays);
      return messages.map((message) => ({ stack: stack.id, address: bucket.address, message }));
    }),
};

/** @param days after which objects expire; undefined where they are kept */
function problemsOf(rule: Attributes, days: number | undefined): string[] {
  const tiers = days === undefined || days > tieringDays;
  const expires = sameJson(blocksOf(rule, "expiration"), days === undefined ? [] : [{ days }]);
  const isTiered = sameJson(
    blocksOf(rule, "transition"),
    tiers ? [{ days: tieringDays, storage_class: "INTELLIGENT_TIERING" }] : [],
  );
  return [
    ...(expires
      ? []
      : [days === undefined ? "must keep its objects" : `must let its objects expire after ${days} days`]),
    ...(isTiered
      ? []
      : [tiers ? `must tier its objects after ${tieringDays} days` : "must not tier what expires by then"]),
    ...(removesOldVersions(rule, days ?? tieringDays)
      ? []
      : ["must remove old versions as soon as objects expire: an expiry leaves them behind"]),
  ];
}

/** The one rule, where it is for all objects and on. */
function onlyRule(configurations: readonly GraphNode[]): Attributes | undefined {
  const [configuration, ...others] = configurations;
  if (configuration === undefined || others.length > 0 || configuration.attributes.lifecycle !== undefined)
    return undefined;
  const [rule, ...more] = blocksOf(configuration.attributes, "rule");
  if (rule === undefined || more.length > 0 || rule.status !== "Enabled") return undefined;
  const isForAll =
    rule.prefix === undefined && [[{ prefix: "" }], [{}]].some((all) => sameJson(blocksOf(rule, "filter"), all));
  return isForAll ? rule : undefined;
}

function removesOldVersions(rule: Attributes, days: number): boolean {
  const [removal, ...others] = blocksOf(rule, "noncurrent_version_expiration");
  const { noncurrent_days, ...rest } = removal ?? {};
  return (
    others.length === 0 &&
    typeof noncurrent_days === "number" &&
    noncurrent_days >= 1 &&
    noncurrent_days <= days &&
    Object.keys(rest).length === 0 &&
    rule.noncurrent_version_transition === undefined
  );
}
