import { buildGraph } from "../graph/build";
import type { StackSource } from "../graph/configuration";
import type { Graph } from "../graph/model";
import { readTerraformFolder } from "../graph/read-terraform";
import { parseStackId } from "../graph/stack-id";
import type { StackFolder } from "./folders";

/** A parameter of Parameter Store that a stack reads at plan, and another one writes. */
export interface ParameterRead {
  /** The data source that reads it, e.g. `data.aws_ssm_parameter.network_vpc_id`. */
  readonly address: string;
  readonly name: string;
  readonly writer: { readonly stackId: string; readonly address: string };
}

export function graphOf(folders: readonly StackFolder[]): Graph {
  return buildGraph(folders.map(sourceOf));
}

function sourceOf({ stackId, folder }: StackFolder): StackSource {
  return { id: stackId, ...parseStackId(stackId), json: readTerraformFolder(folder) };
}

/** What each stack reads of others: without these it can't be planned. */
export function parametersRead(graph: Graph): Map<string, ParameterRead[]> {
  const found = new Map<string, ParameterRead[]>(graph.stacks.map(({ id }) => [id, []]));
  for (const from of graph.ofType("aws_ssm_parameter", "data"))
    for (const reference of graph.referencesFrom(from)) {
      if (reference.kind !== "parameter" || reference.to.stack === from.stack) continue;
      const { stack, address } = reference.to;
      found
        .get(from.stack.id)
        ?.push({ address: from.address, name: reference.text, writer: { stackId: stack.id, address } });
    }
  return found;
}

/** The stacks that each stack reads parameters of: those it is planned after. */
export function writersRead(reads: ReadonlyMap<string, readonly ParameterRead[]>): Map<string, string[]> {
  return new Map([...reads].map(([id, all]) => [id, all.map(({ writer }) => writer.stackId)]));
}

/**
 * Which stacks must be applied before which: those whose parameters a stack reads, and those whose things it names
 * (the topic that its alarms tell, the bucket that its logs go to, the boundary of its roles). Names count only where
 * they lead one way: what two stacks name of each other is made so that either can be first.
 */
export function dependenciesOf(folders: readonly StackFolder[]): Map<string, string[]> {
  return dependenciesIn(graphOf(folders));
}

export function dependenciesIn(graph: Graph): Map<string, string[]> {
  const all = new Map<string, Set<string>>(graph.stacks.map(({ id }) => [id, new Set()]));
  for (const node of graph.nodes)
    for (const reference of graph.referencesFrom(node))
      if (reference.kind !== "arn-pattern" && reference.to.stack !== node.stack)
        all.get(node.stack.id)?.add(reference.to.stack.id);
  const needed = parametersRead(graph);
  return new Map(
    [...all].map(([id, named]) => {
      const isNeeded = (other: string) => needed.get(id)?.some(({ writer }) => writer.stackId === other) ?? false;
      return [id, [...named].filter((other) => isNeeded(other) || !leadsTo(all, other, id)).sort()];
    }),
  );
}

function leadsTo(edges: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const id of seen) for (const next of edges.get(id) ?? []) seen.add(next);
  return seen.has(to);
}

/** How much there is of a stack: resources, by which work is shared out. */
export function sizeOf({ folder }: StackFolder): number {
  const { resource = {} } = readTerraformFolder(folder);
  return Object.values(resource).reduce((sum, named) => sum + Object.keys(named).length, 1);
}
