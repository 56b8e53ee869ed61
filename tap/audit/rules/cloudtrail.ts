import type { Graph, GraphNode } from "../../graph/model";
import { coversAction } from "../../graph/statement";
import { blocksOf } from "../../graph/terraform-json";
import { settingsOf } from "../buckets";
import { findings, isOn, isSet, judgeResources, type Rule } from "../rule";
import { reachedFrom } from "./relations";

const trail = (attributes: Record<string, unknown> = {}) => ({
  aws_cloudtrail: {
    Audit: {
      name: "audit",
      s3_bucket_name: "${aws_s3_bucket.Audit.id}",
      is_multi_region_trail: true,
      enable_log_file_validation: true,
      kms_key_id: "arn:aws:kms:us-east-1:111111111111:key/k",
      cloud_watch_logs_group_arn: "arn:aws:logs:us-east-1:111111111111:log-group:audit:*",
      cloud_watch_logs_role_arn: "arn:aws:iam::111111111111:role/audit",
      ...attributes,
    },
  },
  aws_s3_bucket: { Audit: { bucket: "audit" } },
  aws_s3_bucket_public_access_block: {
    Audit: {
      bucket: "${aws_s3_bucket.Audit.id}",
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    },
  },
  aws_s3_bucket_policy: {
    Audit: {
      bucket: "${aws_s3_bucket.Audit.id}",
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "cloudtrail.amazonaws.com" },
            Action: ["s3:GetBucketAcl", "s3:PutObject"],
            Resource: ["arn:aws:s3:::audit", "arn:aws:s3:::audit/*"],
            Condition: { StringEquals: { "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111111111111:trail/audit" } },
          },
        ],
      }),
    },
  },
});

const provider = (region: string) => ({ aws: [{ region, allowed_account_ids: ["111111111111"] }] });
const elsewhere = { provider: provider("eu-west-1"), resource: { aws_sqs_queue: { Jobs: { name: "jobs" } } } };

/** Trails of CloudTrail: what was done in an account, by whom. */
export const cloudtrailRules: readonly Rule[] = [
  {
    id: "cloudtrail-regions",
    title: "An account that has a trail has one in every region that it uses",
    severity: "high",
    why: "What happens in another region, where nobody looks, isn't recorded.",
    fix: "Set is_multi_region_trail to true, or add a trail in each region.",
    references: ["FSBP CloudTrail.1", "CKV_AWS_67"],
    examples: {
      failing: {
        stacks: {
          audit: { provider: provider("us-east-1"), resource: trail({ is_multi_region_trail: false }) },
          elsewhere,
        },
      },
      passing: { stacks: { audit: { provider: provider("us-east-1"), resource: trail() }, elsewhere } },
    },
    judge: (graph) => {
      const trails = graph.ofType("aws_cloudtrail");
      if (trails.length === 0) return [];
      const used = new Map<string, Set<string>>();
      // What only says how an account is set up in a region is no use of it.
      for (const { mode, type, accountId, region } of graph.nodes)
        if (mode === "managed" && accountId !== undefined && region !== undefined && !/_(account|settings)$/.test(type))
          used.set(accountId, (used.get(accountId) ?? new Set()).add(region));
      return trails.flatMap((node) => {
        if (isOn(graph, node, node.attributes.is_multi_region_trail) || node.accountId === undefined) return [];
        const own = trails.filter(({ accountId }) => accountId === node.accountId);
        if (own.some((each) => isOn(graph, each, each.attributes.is_multi_region_trail))) return [];
        const covered = new Set(own.map(({ region }) => region));
        const missing = [...(used.get(node.accountId) ?? [])].filter((region) => !covered.has(region)).sort();
        return missing.length === 0
          ? []
          : findings(node, [`must be a multi-region trail: nothing records ${missing.join(", ")}`]);
      });
    },
  },
  {
    id: "cloudtrail-on",
    title: "Trails are on, and record management events",
    severity: "high",
    why: "Nobody can tell who changed what in the account.",
    fix: "Leave enable_logging on, and management events in the selectors.",
    references: ["FSBP CloudTrail.1", "CKV_AWS_251"],
    examples: {
      failing: { resource: trail({ enable_logging: false }) },
      passing: { resource: trail() },
    },
    judge: judgeResources("aws_cloudtrail", (node, graph) => {
      const { attributes } = node;
      const basic = blocksOf(attributes, "event_selector");
      const advanced = blocksOf(attributes, "advanced_event_selector");
      const isDynamic = "dynamic" in attributes;
      const managesBasic =
        basic.length === 0 ||
        basic.some(
          ({ include_management_events, read_write_type }) =>
            isOn(graph, node, include_management_events ?? true) && !/^ReadOnly$/.test(String(read_write_type)),
        );
      return [
        ...(isOn(graph, node, attributes.enable_logging ?? true) ? [] : ["must have enable_logging on"]),
        ...(isDynamic || (advanced.length > 0 ? advanced.some(recordsChanges) : managesBasic)
          ? []
          : ["must record management events that change something"]),
        ...(hasGlobalEvents(graph, node) ? [] : ["must have include_global_service_events: IAM's are among them"]),
      ];
    }),
  },
  {
    id: "cloudtrail-validation",
    title: "Trails can prove that their logs weren't changed",
    severity: "medium",
    why: "Whoever broke in takes out what shows it.",
    fix: "Set enable_log_file_validation to true.",
    references: ["FSBP CloudTrail.4", "CKV_AWS_36"],
    examples: {
      failing: { resource: trail({ enable_log_file_validation: false }) },
      passing: { resource: trail() },
    },
    judge: judgeResources("aws_cloudtrail", (node, graph) =>
      isOn(graph, node, node.attributes.enable_log_file_validation) ? [] : ["must have enable_log_file_validation"],
    ),
  },
  {
    id: "cloudtrail-encryption",
    title: "Trails are encrypted with a customer key",
    severity: "medium",
    why: "Whoever may read the bucket reads what every principal of the account does.",
    fix: "Set kms_key_id to the ARN of a key whose policy lets cloudtrail.amazonaws.com use it.",
    references: ["FSBP CloudTrail.2", "CKV_AWS_35"],
    examples: {
      failing: { resource: trail({ kms_key_id: null }) },
      passing: { resource: trail() },
    },
    judge: judgeResources("aws_cloudtrail", ({ attributes }) =>
      isSet(attributes.kms_key_id) ? [] : ["must have a kms_key_id"],
    ),
  },
  {
    id: "cloudtrail-logs",
    title: "Trails write to CloudWatch Logs as well",
    severity: "low",
    why: "No filter or alarm tells of what happens in the account: the bucket is looked at when it is too late.",
    fix: "Set cloud_watch_logs_group_arn, with :* behind the group's ARN, and cloud_watch_logs_role_arn.",
    references: ["FSBP CloudTrail.5", "CKV2_AWS_10"],
    examples: {
      failing: { resource: trail({ cloud_watch_logs_group_arn: null }) },
      passing: { resource: trail() },
    },
    judge: judgeResources("aws_cloudtrail", ({ attributes }) => [
      ...(isSet(attributes.cloud_watch_logs_group_arn) ? [] : ["must have a cloud_watch_logs_group_arn"]),
      ...(isSet(attributes.cloud_watch_logs_group_arn) && !isSet(attributes.cloud_watch_logs_role_arn)
        ? ["must have a cloud_watch_logs_role_arn, by which it may write there"]
        : []),
    ]),
  },
  {
    id: "cloudtrail-bucket",
    title: "Buckets of trails take them from CloudTrail for that trail, and from nobody else's",
    severity: "high",
    why: "Another account's trail can write there too, or the trail can't; a public bucket shows what the account does.",
    fix: "Let cloudtrail.amazonaws.com put objects with aws:SourceArn of the trail, and block all public access to the bucket.",
    references: [
      "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html",
    ],
    examples: {
      failing: { resource: { ...trail(), aws_s3_bucket_policy: {} } },
      passing: { resource: trail() },
    },
    judge: (graph) =>
      graph
        .ofType("aws_cloudtrail")
        .flatMap((node) =>
          reachedFrom(graph, node, "s3_bucket_name", "aws_s3_bucket").flatMap((bucket) =>
            findings(bucket, bucketProblems(graph, bucket)),
          ),
        ),
  },
];

/** IAM and STS are recorded once for an account: by this trail, or by another one of it. */
function hasGlobalEvents(graph: Graph, node: GraphNode): boolean {
  return graph
    .ofType("aws_cloudtrail")
    .filter((each) => each === node || (each.accountId !== undefined && each.accountId === node.accountId))
    .some((each) => isOn(graph, each, each.attributes.include_global_service_events ?? true));
}

function bucketProblems(graph: Graph, bucket: GraphNode): string[] {
  const isUnreadable = graph.unreadablePolicies.some(
    ({ node }) => node.stack === bucket.stack && /_bucket(_policy)?$/.test(node.type),
  );
  const writes = graph
    .policiesOf(bucket)
    .flatMap(({ statements }) => statements)
    .filter(
      (each) =>
        each.effect === "Allow" &&
        coversAction(each, "s3:PutObject") &&
        each.principals.some(({ value }) => value === "cloudtrail.amazonaws.com"),
    );
  const isBound = writes.every(({ conditions }) =>
    conditions.some(({ key }) => /^aws:source(arn|account|orgid)$/i.test(key)),
  );
  const blocks = settingsOf(graph, bucket, "aws_s3_bucket_public_access_block");
  const isBlocked = blocks.some((each) =>
    ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"].every((name) =>
      isOn(graph, each, each.attributes[name]),
    ),
  );
  return [
    ...(writes.length > 0 || isUnreadable ? [] : ["must let cloudtrail.amazonaws.com put the trail's objects"]),
    ...(isBound ? [] : ["must take objects from CloudTrail by aws:SourceArn alone"]),
    ...(isBlocked ? [] : ["must block all public access, as it holds a trail"]),
  ];
}

/** Whether an advanced selector takes management events, and those that change something. */
function recordsChanges(selector: Record<string, unknown>): boolean {
  const fields = blocksOf(selector, "field_selector");
  const valuesOf = (name: string) =>
    fields.filter(({ field }) => field === name).flatMap(({ equals }) => [equals ?? []].flat().map(String));
  return valuesOf("eventCategory").includes("Management") && !valuesOf("readOnly").includes("true");
}
