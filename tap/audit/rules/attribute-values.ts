import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf, isObject } from "../../graph/terraform-json";
import { isOn, isSet, unknown, knownValue as valueIn } from "../rule";

/** A block that is there, that isn't, or that is made when Terraform runs. */
export type Block = Attributes | undefined | typeof unknown;

/** The first block of a name: a plan has a list of them, and `dynamic` makes some that nobody knows yet. */
export function blockOf(attributes: Attributes, name: string): Block {
  const [block] = blocksOf(attributes, name);
  if (block !== undefined) return block;
  return typeof attributes[name] === "string" || isMadeLater(attributes, name) ? unknown : undefined;
}

/** Whether blocks of a name come from `dynamic`. */
export function isMadeLater(attributes: Attributes, name: string): boolean {
  return blocksOf(attributes, "dynamic").some((dynamic) => dynamic[name] !== undefined);
}

/** A text, where the configuration determines one. */
export function textOf(graph: Graph, node: GraphNode, value: unknown): string | undefined {
  const known = valueIn(graph, node, value);
  return typeof known === "string" ? known : undefined;
}

/** The texts of a list, or of one alone, expressions replaced as far as they are known. */
export function textsOf(graph: Graph, node: GraphNode, value: unknown): string[] {
  return [value ?? []].flat().flatMap((each) => (typeof each === "string" ? [graph.render(each, node.stack)] : []));
}

/** Whether a text holds an expression that nobody knows the value of yet. */
export function isOpenText(text: string): boolean {
  return text.includes("${");
}

/** Whether an attribute that is on by default was switched off. */
export function isSwitchedOff(graph: Graph, node: GraphNode, value: unknown): boolean {
  const known = valueIn(graph, node, value);
  return known === false || known === "false";
}

/** Whether a key is a customer's: set, and none of those that AWS has for each service (`alias/aws/s3`). */
export function isCustomerKey(graph: Graph, node: GraphNode, value: unknown): boolean {
  if (!isSet(value)) return false;
  return !(textOf(graph, node, value) ?? "").includes("alias/aws/");
}

/** The key that a value leads to, by an alias or a data source too. */
export function keyOf(graph: Graph, node: GraphNode, value: unknown): GraphNode | undefined {
  const found = graph.resolve(value, node.stack, { types: ["aws_kms_key", "aws_kms_alias"] });
  const key =
    found?.type === "aws_kms_alias" && found.mode === "managed"
      ? graph.resolve(found.attributes.target_key_id, found.stack)
      : found;
  return key !== undefined && isKey(key) ? key : undefined;
}

function isKey({ mode, type }: GraphNode): boolean {
  return mode === "managed" && /^aws_kms_(key|external_key|replica_key|replica_external_key)$/.test(type);
}

/** Whether Terraform refuses to destroy it. A plan doesn't tell. */
export function isKept({ attributes }: GraphNode): boolean {
  return blocksOf(attributes, "lifecycle").some((block) => block.prevent_destroy === true);
}

/** Attributes that Terraform leaves as somebody else has set them. */
export function ignoredChanges({ attributes }: GraphNode): string[] {
  return blocksOf(attributes, "lifecycle").flatMap((block) => [block.ignore_changes ?? []].flat().map(String));
}

/** Whether it is as somebody wrote it: in a plan every block is in a list, and nothing is said of its lifecycle. */
export function isAsWritten({ attributes }: GraphNode): boolean {
  return Object.entries(attributes).some(([name, value]) => isObject(value) && !["tags", "tags_all"].includes(name));
}

/** What is wrong with a resource of which some attributes must be on. */
export function mustHave(...names: readonly string[]) {
  return ({ attributes, ...node }: GraphNode, graph: Graph): string[] =>
    names
      .filter((name) => !isOn(graph, { ...node, attributes }, attributes[name]))
      .map((name) => `must have ${name} true (it has ${shown(attributes[name])})`);
}

/** A value in a message. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  const text = isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

/** The address of a resource in a stack's own terms, or with its stack where that is another one. */
export function named(node: GraphNode, from: GraphNode): string {
  return node.stack === from.stack ? node.address : `${node.address} of ${node.stack.id}`;
}
