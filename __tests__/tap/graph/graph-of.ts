import { buildGraph } from "../../../tap/graph/build";
import type { Graph, GraphNode, GraphStack, Reference } from "../../../tap/graph/model";
import type { Attributes, TerraformJson } from "../../../tap/graph/terraform-json";

export const account = "111111111111";

/** A provider of an account and a region, as the stacks of the tests have it. */
export function providerOf(region = "us-east-1", accountId = account): NonNullable<TerraformJson["provider"]> {
  return { aws: [{ region, allowed_account_ids: [accountId] }] };
}

/** A graph of hand-made stacks, by their ids; each has a provider unless it brings its own. */
export function graphOf(stacks: Record<string, TerraformJson>): Graph {
  return buildGraph(Object.entries(stacks).map(([id, json]) => ({ id, json: { provider: providerOf(), ...json } })));
}

/** A stack of resources alone: `{ "aws_sqs_queue.Queue": { name: "q" } }`. */
export function resources(blocks: Record<string, Attributes>): NonNullable<TerraformJson["resource"]> {
  const types: NonNullable<TerraformJson["resource"]> = {};
  for (const [address, attributes] of Object.entries(blocks)) {
    const [type = "", name = ""] = address.split(".");
    types[type] = { ...types[type], [name]: attributes };
  }
  return types;
}

export function nodeOf(graph: Graph, id: string): GraphNode {
  const node = graph.node(id);
  if (node === undefined)
    throw new Error(`There is no ${id}; there are ${graph.nodes.map((each) => each.id).join(", ")}`);
  return node;
}

export function stackOf(graph: Graph, id: string): GraphStack {
  const stack = graph.stacks.find((each) => each.id === id);
  if (stack === undefined) throw new Error(`There is no stack ${id}`);
  return stack;
}

/** `kind path → target`, one line for each target. */
export function lines(references: readonly Reference[]): string[] {
  return references.flatMap((reference) => {
    const targets = reference.kind === "arn-pattern" ? reference.targets : [reference.to];
    return targets.map(({ id }) => `${reference.kind} ${reference.path} → ${id}`);
  });
}
