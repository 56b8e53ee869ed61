import type { Graph, GraphNode } from "../../graph/model";
import { isOn, isSet, judgeResources, type Rule } from "../rule";
import { isSwitchedOff, keyOf, named, shown, textOf } from "./attribute-values";
import { differsInRegion } from "./bucket-settings";
import { numberOf } from "./invoked";
import { keyUsers } from "./key-users";
import { kmsPolicyRules } from "./kms-policy";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const alias = { aws_kms_alias: { Files: { name: "alias/files", target_key_id: "${aws_kms_key.Files.key_id}" } } };
const withKey = (key: object) => ({ provider, resource: { aws_kms_key: { Files: { ...key } }, ...alias } });
const replicaOf = (key: object) => ({
  provider,
  resource: {
    aws_kms_key: { Files: { ...key } },
    aws_kms_replica_key: { Files: { primary_key_arn: "${aws_kms_key.Files.arn}", region: "us-west-2" } },
  },
});

const keyTypes = ["aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"];

/** KMS rotates keys that encrypt, that are symmetric, and whose material is its own. */
function isRotatable(node: GraphNode, graph: Graph): boolean {
  const { key_usage, customer_master_key_spec, custom_key_store_id } = node.attributes;
  const usage = textOf(graph, node, key_usage) ?? "ENCRYPT_DECRYPT";
  const spec = textOf(graph, node, customer_master_key_spec) ?? "SYMMETRIC_DEFAULT";
  return usage === "ENCRYPT_DECRYPT" && spec === "SYMMETRIC_DEFAULT" && !isSet(custom_key_store_id);
}

/** KMS's own period. */
const rotationDays = 365;

function rotationProblems(node: GraphNode, graph: Graph): string[] {
  if (!isRotatable(node, graph)) return [];
  const days = numberOf(graph, node, node.attributes.rotation_period_in_days) ?? rotationDays;
  if (!isOn(graph, node, node.attributes.enable_key_rotation)) return ["must have enable_key_rotation true"];
  return days > rotationDays ? [`must be rotated at least each ${rotationDays} days (it has ${days})`] : [];
}

function windowProblems(node: GraphNode, graph: Graph): string[] {
  const days = numberOf(graph, node, node.attributes.deletion_window_in_days) ?? 30;
  return days >= 7 && days <= 30 ? [] : [`must have a deletion_window_in_days of 7 to 30 (it has ${days})`];
}

/** Aliases, with the keys that they are of. */
function aliasesOf(graph: Graph): { readonly key: GraphNode; readonly user: GraphNode }[] {
  return graph.ofType("aws_kms_alias").flatMap((user) => {
    const key = keyOf(graph, user, user.attributes.target_key_id);
    return key === undefined ? [] : [{ key, user }];
  });
}

function isNamed(node: GraphNode, graph: Graph): boolean {
  return graph.referencesTo(node).some(({ from, path }) => from.type === "aws_kms_alias" && path === "target_key_id");
}

export const kmsRules: readonly Rule[] = [
  {
    id: "kms-key-rotation",
    title: "Keys are rotated each year",
    severity: "medium",
    why: "All that was ever encrypted hangs on the same material: once it leaks, everything does.",
    fix: "Set enable_key_rotation to true.",
    references: ["CIS AWS v3.0.0 3.6", "CKV_AWS_7"],
    examples: { failing: withKey({}), passing: withKey({ enable_key_rotation: true }) },
    judge: judgeResources("aws_kms_key", rotationProblems),
  },
  {
    id: "kms-deletion-window",
    title: "Keys can be kept from deletion for a week at least",
    severity: "medium",
    why: "What is encrypted with a deleted key is lost; KMS takes 7 to 30 days, and refuses other windows.",
    fix: "Set deletion_window_in_days to 30, or to 7 where the environment comes and goes.",
    references: ["FSBP KMS.3", "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"],
    examples: { failing: withKey({ deletion_window_in_days: 1 }), passing: withKey({ deletion_window_in_days: 7 }) },
    judge: judgeResources(keyTypes, windowProblems),
  },
  {
    id: "kms-key-enabled",
    title: "Keys are switched on",
    severity: "high",
    why: "What is encrypted with the key can't be read, and nothing new can be written.",
    fix: "Leave out is_enabled, or set it to true.",
    references: ["CKV_AWS_227"],
    examples: { failing: withKey({ is_enabled: false }), passing: withKey({ is_enabled: true }) },
    judge: judgeResources(keyTypes, (node, graph) =>
      [node.attributes.is_enabled, node.attributes.enabled].some((value) => isSwitchedOff(graph, node, value))
        ? ["must not be off"]
        : [],
    ),
  },
  {
    id: "kms-key-alias",
    title: "Keys have an alias",
    severity: "low",
    why: "In the console and in logs, a key without a name is one of many ids: the wrong one is disabled.",
    fix: "Add an aws_kms_alias with the key's key_id as target_key_id.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"],
    examples: { failing: { resource: { aws_kms_key: { Files: {} } } }, passing: withKey({}) },
    judge: judgeResources("aws_kms_key", (node, graph) => (isNamed(node, graph) ? [] : ["must have an aws_kms_alias"])),
  },
  {
    id: "kms-replica-of-multi-region",
    title: "Replicas are of multi-Region keys, in another region",
    severity: "high",
    why: "KMS replicates no other keys: the deployment stops half-way, and the other region can't decrypt.",
    fix: "Set multi_region on the primary key, which makes it another key, and give the replica its own region.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html"],
    examples: { failing: replicaOf({}), passing: replicaOf({ multi_region: true }) },
    judge: judgeResources("aws_kms_replica_key", (node, graph) => {
      const primary = keyOf(graph, node, node.attributes.primary_key_arn);
      if (primary === undefined) return [];
      return [
        ...(isOn(graph, primary, primary.attributes.multi_region)
          ? []
          : [`must be of a multi-Region key (${named(primary, node)} is none)`]),
        ...(primary.region === undefined || differsInRegion(primary, node)
          ? []
          : [`must be in another region than ${named(primary, node)}`]),
      ];
    }),
  },
  {
    id: "kms-key-region",
    title: "Things are encrypted with keys of their region",
    severity: "high",
    why: "No service takes a key of another region: the deployment stops half-way.",
    fix: "Make a key in the region of what it encrypts, or a multi-Region key's replica.",
    references: ["https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html"],
    examples: {
      failing: encryptedIn("us-west-2"),
      passing: encryptedIn("us-east-1"),
    },
    judge: (graph) =>
      [...keyUsers(graph), ...aliasesOf(graph)].flatMap(({ key, user }) =>
        differsInRegion(key, user)
          ? [
              {
                stack: user.stack.id,
                address: user.address,
                message: `must have a key of ${user.region} (${named(key, user)} is of ${shown(key.region)})`,
              },
            ]
          : [],
      ),
  },
  ...kmsPolicyRules,
];

function encryptedIn(region: string) {
  return {
    provider,
    resource: {
      aws_kms_key: { Files: {} },
      aws_sqs_queue: { Files: { name: "files", region, kms_master_key_id: "${aws_kms_key.Files.arn}" } },
    },
  };
}
