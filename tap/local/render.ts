import { join } from "node:path";
import type { Graph, GraphNode, GraphStack } from "../graph/model";
import { hashOf } from "../hash";
import type { Archives } from "./archives";
import type { MadeResource } from "./state";
import { ExpressionError, evaluate, evaluateNode, type Value } from "./values";

/** What the values of resources come from. */
export interface RenderSources {
  readonly graph: Graph;
  /** Folder that the stacks were synthesized into. */
  readonly outdir: string;
  readonly archives: Archives;
  /** What was made until now. */
  made(id: string): MadeResource | undefined;
}

/** A resource's arguments as they are to be, and what tells them from others. */
export interface Rendered {
  readonly values: Record<string, Value>;
  readonly hash: string;
}

/**
 * The arguments of a resource, with values in place of expressions.
 * @throws ExpressionError where something that it needs isn't made yet, or an expression isn't understood
 */
export function render(node: GraphNode, sources: RenderSources): Rendered {
  const values = evaluateNode(node, {
    attribute: (address, name) => attributeOf(node.stack, address, name, sources),
    variable: (name) => variableOf(node.stack, name),
  });
  return { values, hash: hashOf([node.type, regionOf(node), decisive(node, values)]) };
}

/** The region that a resource is made in. */
export function regionOf({ id, region }: GraphNode): string {
  if (region === undefined) throw new ExpressionError(`${id}: its provider has no region`);
  return region;
}

/** What decides whether a resource is as it should be: not what Terraform is told to leave to others. */
function decisive({ attributes }: GraphNode, values: Readonly<Record<string, Value>>): object {
  const { ignore_changes: ignored = [] } = (attributes.lifecycle ?? {}) as { ignore_changes?: readonly string[] };
  return Object.fromEntries(Object.entries(values).filter(([name]) => !ignored.includes(name)));
}

function attributeOf(stack: GraphStack, address: string, name: string, sources: RenderSources): Value | undefined {
  const id = `${stack.id}/${address}`;
  const found = sources.graph.node(id);
  return found?.mode === "data" ? dataAttribute(found, name, sources) : madeAttribute(id, name, sources);
}

function madeAttribute(id: string, name: string, sources: RenderSources): Value | undefined {
  const made = sources.made(id);
  return made?.computed[name] ?? made?.values[name];
}

function dataAttribute(node: GraphNode, name: string, sources: RenderSources): Value | undefined {
  if (node.type === "archive_file") {
    const archive = sources.archives.of(node, join(sources.outdir, "stacks", node.stack.id));
    return { output_path: archive.path, output_base64sha256: archive.base64Sha256 }[name];
  }
  const read = sources.graph.referencesFrom(node).find(({ kind }) => kind === "parameter");
  if (read === undefined || read.kind === "arn-pattern")
    throw new ExpressionError(`${node.id} reads a parameter that none of these stacks writes: ${node.attributes.name}`);
  return madeAttribute(read.to.id, name, sources);
}

function variableOf({ declared }: GraphStack, name: string): Value | undefined {
  const variables = (declared?.variable ?? {}) as Record<string, { default?: unknown } | undefined>;
  const value = variables[name]?.default;
  return value === undefined ? undefined : evaluate(value, nothing, `variable ${name}`);
}

const nothing = { attribute: () => undefined, variable: () => undefined };
