import type { Graph, GraphNode, GraphStack } from "../graph/model";
import { type Attributes, isObject } from "../graph/terraform-json";
import type { Finding } from "./requirement";

/** Attributes that change nothing about what a resource does. */
const remarks: ReadonlySet<string> = new Set(["//", "depends_on", "description", "tags"]);

/**
 * Where a resource's attributes aren't exactly the expected ones; one that is surplus counts too, as `count = 0` or
 * another `region` would. An expression is as good as what it is known to be. Attributes that are expected as they are
 * go through `kept`.
 */
export function differences(graph: Graph, node: GraphNode, expected: Attributes): string[] {
  const { attributes, stack } = node;
  const rendered = (value: unknown) => renderAll(graph, stack, value);
  const names = new Set([...Object.keys(attributes), ...Object.keys(expected)].filter((name) => !remarks.has(name)));
  return [...names]
    .filter((name) => !areAlike(attributes[name], expected[name]))
    .filter((name) => !sameInTerraform(rendered(attributes[name]), rendered(expected[name])))
    .map((name) => `must have ${name} ${shown(expected[name])} (it has ${shown(attributes[name])})`);
}

/** Whether two values are written alike: then they mean the same. */
function areAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((each, index) => areAlike(each, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => name in b && areAlike(a[name], b[name]));
}

function renderAll(graph: Graph, stack: GraphStack, value: unknown): unknown {
  if (typeof value === "string") return graph.render(value, stack);
  if (Array.isArray(value)) return value.map((each) => renderAll(graph, stack, each));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, renderAll(graph, stack, each)]));
}

/** Some of a resource's own attributes, for those that another rule judges. */
export function kept({ attributes }: GraphNode, ...names: readonly string[]): Attributes {
  return Object.fromEntries(names.map((name) => [name, attributes[name]]));
}

/** Whether two values mean the same to Terraform: a block alone or a list of it, null or nothing, a list in whatever order. */
export function sameInTerraform(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === "string" && typeof b === "string") return false;
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    const [only, ...others] = value;
    if (isObject(only) && others.length === 0) return canonical(only);
    return `[${value.map(canonical).sort().join()}]`;
  }
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined && inner !== null)
    .map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`);
  return `{${entries.sort().join()}}`;
}

/** `${aws_sqs_queue.Jobs.arn}`: how another attribute of the stack names one of a resource. */
export function referenceTo({ address }: GraphNode, attribute: string): string {
  return `\${${address}.${attribute}}`;
}

/** Findings about one resource. */
export function findingsOn({ stack, address }: GraphNode, messages: readonly string[]): Finding[] {
  return messages.map((message) => ({ stack: stack.id, address, message }));
}

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
