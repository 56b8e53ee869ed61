import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { findingsOn } from "../exact";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement, wanted } from "../requirement";
import type { StackJson } from "../stack-json";
import { waitsForItsParts } from "./rec-05";
import { waitsForWhatItNeeds } from "./str-09-order";

/** Environments that come and go, those that are made from them among them. */
const passing = ["dev", "staging"];

/** Switches by which AWS or Terraform refuses to remove something, or leaves it behind. */
const protections = [
  "deletion_protection",
  "deletion_protection_enabled",
  "disable_api_termination",
  "enable_deletion_protection",
  "retain_on_delete",
  "skip_destroy",
  "termination_protection",
];

/** What nobody can remove before its time. */
const locks = /^aws_(backup_vault_lock_configuration|s3_bucket_object_lock_configuration|glacier_vault_lock)$/;

/** What holds data, and what these can't be without; with the attributes that it has where it is kept, and where it goes. */
const kept: Readonly<Record<string, { readonly kept: Readonly<Record<string, unknown>>; readonly goes: object }>> = {
  aws_backup_vault: { kept: { force_destroy: undefined }, goes: { force_destroy: true } },
  aws_dynamodb_table: { kept: { deletion_protection_enabled: true }, goes: {} },
  aws_dynamodb_table_replica: { kept: { deletion_protection_enabled: true }, goes: {} },
  aws_kinesis_stream: { kept: { enforce_consumer_deletion: false }, goes: { enforce_consumer_deletion: true } },
  aws_kms_key: { kept: {}, goes: {} },
  aws_s3_bucket: { kept: { force_destroy: undefined }, goes: { force_destroy: true } },
  // A secret's name is blocked until its window ends (Secrets Manager, DeleteSecret).
  aws_secretsmanager_secret: { kept: { recovery_window_in_days: 30 }, goes: { recovery_window_in_days: 0 } },
  aws_vpc: { kept: {}, goes: {} },
};

/** KMS, ScheduleKeyDeletion. */
const shortestWindowDays = 7;
const longestWindowDays = 30;

export const str09: Requirement = {
  id: "STR-09",
  checks:
    "dev, staging and what is made from them retain nothing: no prevent_destroy, no deletion protection, no lock but that of releases, which the deploy role lifts, no bucket or vault that goes only when it is empty, no secret whose name stays blocked; prod keeps whatever holds data. Keys are deleted after the configured 7 to 30 days. What goes waits, as it did when it came, for what it needs: functions and what invokes them for rights and log groups, notifications for the policies of their queues.",
  why: "An environment that can't be destroyed in one command is paid for until somebody clicks it away; one of prod's that can is gone with its data.",
  judge: (subject) => judgeEach(subject, "all", (stack, environment) => judgeStack(subject.graph, stack, environment)),
};

function judgeStack(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const nodes = nodesIn(graph, stack);
  const { name, deletionProtection } = environment;
  // The account's states are kept in every account: they are PLAT-13's and PLAT-14's.
  const isAccounts = stack.component === "bootstrap";
  return [
    ...expectThat(
      deletionProtection === !passing.includes(name),
      stack,
      deletionProtection ? `${name} must be destroyable` : `${name} must be protected`,
    ),
    ...nodes.flatMap((node) => [
      ...(isAccounts ? [] : findingsOn(node, deletionProtection ? keptProblems(node) : goingProblems(node))),
      ...findingsOn(node, [...keyWindow(node, environment), ...waitsForWhatItNeeds(graph, node)]),
      ...(node.type === "aws_lambda_function" ? waitsForItsParts(graph, stack, node) : []),
    ]),
    ...(deletionProtection && !isAccounts ? lockedVaults(graph, nodes) : []),
  ];
}

/** Of anything: a switch that is on is in the way, whatever type has it. */
function goingProblems(node: GraphNode): string[] {
  const { type, attributes } = node;
  const { lifecycle, object_lock_enabled } = attributes;
  const expected = Object.entries(kept[type]?.goes ?? {});
  return [
    ...wanted(!isPrevented(lifecycle), "can't be destroyed: it has prevent_destroy"),
    ...protections
      .filter((name) => attributes[name] === true || attributes[name] === "ACTIVE")
      .map((name) => `can't be destroyed, or stays behind: it has ${name}`),
    ...wanted(isLiftable(node) || (!locks.test(type) && object_lock_enabled !== true), "locks what is in it"),
    ...differing(attributes, expected),
  ];
}

/** Releases are locked everywhere (PLAT-08), here so that the deploy role removes them with their bucket. */
function isLiftable({ type, attributes, stack }: GraphNode): boolean {
  if (stack.component !== "delivery") return false;
  if (type === "aws_s3_bucket") return attributes.force_destroy === true;
  const modes = blocksOf(attributes, "rule")
    .flatMap((rule) => blocksOf(rule, "default_retention"))
    .map(({ mode }) => mode);
  return type === "aws_s3_bucket_object_lock_configuration" && modes.join() === "GOVERNANCE";
}

/** Of what holds data. */
function keptProblems({ type, attributes }: GraphNode): string[] {
  const expected = kept[type]?.kept;
  if (expected === undefined) return [];
  return [
    ...wanted(isPrevented(attributes.lifecycle), "must have prevent_destroy: it holds data"),
    ...differing(attributes, Object.entries(expected)),
  ];
}

function differing(attributes: GraphNode["attributes"], expected: readonly [string, unknown][]): string[] {
  return expected
    .filter(([name, value]) => attributes[name] !== value)
    .map(([name, value]) => `must have ${name} ${value} (it has ${attributes[name]})`);
}

function isPrevented(lifecycle: unknown): boolean {
  return isObject(lifecycle) && lifecycle.prevent_destroy === true;
}

function keyWindow({ type, attributes }: GraphNode, { kms }: Environment): string[] {
  if (type !== "aws_kms_key") return [];
  const { deletionWindowDays: days } = kms;
  return wanted(
    attributes.deletion_window_in_days === days && days >= shortestWindowDays && days <= longestWindowDays,
    `must be deleted after the configured ${days} days, of ${shortestWindowDays} to ${longestWindowDays}`,
  );
}

/** Backups are kept though somebody wants to remove them. */
function lockedVaults(graph: Graph, nodes: readonly GraphNode[]): Finding[] {
  const locked = nodes
    .filter(({ type }) => type === "aws_backup_vault_lock_configuration")
    .map(({ attributes, stack }) =>
      graph.resolve(attributes.backup_vault_name, stack, { types: ["aws_backup_vault"] }),
    );
  return nodes
    .filter((node) => node.type === "aws_backup_vault")
    .flatMap((node) => findingsOn(node, wanted(locked.includes(node), "must be locked")));
}
