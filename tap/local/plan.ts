import { CommandError } from "../context";
import type { Graph, GraphNode } from "../graph/model";
import { dependenciesOf } from "../graph/order";
import { createdTypes } from "./resources";
import { notCreatedTypes } from "./resources/not-created";

/** A resource, and what must be there before it. */
export interface PlannedResource {
  readonly node: GraphNode;
  /** Ids of managed resources, those behind data sources among them. */
  readonly dependencies: readonly string[];
  /** Of those, the ones whose attributes it takes: what it is made of anew, where they are. */
  readonly uses: readonly string[];
}

/** All resources of the stacks. */
export interface LocalPlan {
  /** What others depend on comes first. */
  readonly resources: readonly PlannedResource[];
  /** Resources of types that aren't made, by type. */
  readonly notCreated: ReadonlyMap<string, number>;
}

/** Data sources whose values are known here. */
const dataSources = new Set(["archive_file", "aws_ssm_parameter"]);

/**
 * Arguments that name a thing of another stack that must be there first. Terraform doesn't know of these: stacks are
 * applied one after the other.
 */
const neededByName: Readonly<Record<string, readonly string[]>> = {
  aws_iam_role: ["permissions_boundary"],
  aws_s3_bucket_logging: ["target_bucket"],
  aws_sns_topic_subscription: ["endpoint"],
};

/**
 * What is to be made, in which order, over all stacks: by references and `depends_on`, by parameters of one stack that
 * another reads, and by the few names of things in other stacks that must be there first.
 *
 * @throws CommandError with every type that nothing is known of, and every cycle
 */
export function planResources(graph: Graph): LocalPlan {
  refuseUnknownTypes(graph);
  const managed = graph.nodes.filter(({ mode }) => mode === "managed");
  const hard = new Map(managed.map((node) => [node.id, managedDependencies(graph, node)]));
  const all = withNamed(graph, managed, hard);
  const order = ordered(managed.map(({ id }) => id).sort(), all);
  const resources = order.flatMap((id) => {
    const node = graph.node(id);
    return node === undefined ? [] : [{ node, dependencies: all.get(id) ?? [], uses: usedBy(graph, node) }];
  });
  const notCreated = new Map<string, number>();
  for (const { type } of managed) if (type in notCreatedTypes) notCreated.set(type, (notCreated.get(type) ?? 0) + 1);
  return { resources, notCreated };
}

function refuseUnknownTypes({ nodes }: Graph): void {
  const isKnown = ({ mode, type }: GraphNode) =>
    mode === "data" ? dataSources.has(type) : type in createdTypes || type in notCreatedTypes;
  const unknown = nodes.filter((node) => !isKnown(node));
  if (unknown.length === 0) return;
  const names = [...new Set(unknown.map(({ mode, type }) => (mode === "data" ? `data.${type}` : type)))].sort();
  throw new CommandError(
    `Nothing is known here of ${names.join(", ")} (${unknown[0]?.id}): tap/local/resources says how types are made, and which aren't. Nothing was made.`,
  );
}

/** What must be there first, with what stands behind data sources in their place. */
function managedDependencies(graph: Graph, node: GraphNode): string[] {
  const found = new Set<string>();
  const seen = new Set<GraphNode>();
  const visit = (from: GraphNode): void => {
    for (const to of dependenciesOf(graph, from)) {
      if (seen.has(to)) continue;
      seen.add(to);
      if (to.mode === "managed") found.add(to.id);
      else visit(to);
    }
  };
  visit(node);
  return [...found].sort();
}

/** Those that an expression takes an attribute of, in the same stack. */
function usedBy(graph: Graph, node: GraphNode): string[] {
  const used = graph
    .referencesFrom(node)
    .flatMap((reference) =>
      reference.kind === "expression" && reference.to.mode === "managed" ? [reference.to.id] : [],
    );
  return [...new Set(used)].sort();
}

/** Adds what is needed by name, where that makes no cycle. */
function withNamed(
  graph: Graph,
  nodes: readonly GraphNode[],
  hard: ReadonlyMap<string, readonly string[]>,
): Map<string, readonly string[]> {
  const all = new Map(hard);
  for (const node of nodes)
    for (const id of named(graph, node)) {
      const before = all.get(node.id) ?? [];
      if (!before.includes(id) && !reaches(all, id, node.id)) all.set(node.id, [...before, id].sort());
    }
  return all;
}

function named(graph: Graph, node: GraphNode): string[] {
  return (neededByName[node.type] ?? [])
    .flatMap((argument) => graph.referencesFrom(node, argument))
    .flatMap((reference) => (reference.kind === "arn" || reference.kind === "name" ? [reference.to] : []))
    .filter(({ mode }) => mode === "managed")
    .map(({ id }) => id);
}

function reaches(dependencies: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const id of seen) {
    if (id === to) return true;
    for (const next of dependencies.get(id) ?? []) seen.add(next);
  }
  return false;
}

/** Ids with those that they depend on before them. */
function ordered(ids: readonly string[], dependencies: ReadonlyMap<string, readonly string[]>): string[] {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  for (const start of ids) {
    const open: { id: string; rest: string[] }[] = [];
    const enter = (id: string) => {
      if (state.get(id) === "done") return;
      if (state.get(id) === "open") {
        const way = open.map((each) => each.id);
        throw new CommandError(`These need each other: ${[...way.slice(way.indexOf(id)), id].join(", ")}`);
      }
      state.set(id, "open");
      open.push({ id, rest: [...(dependencies.get(id) ?? [])] });
    };
    enter(start);
    for (let current = open.at(-1); current !== undefined; current = open.at(-1)) {
      const next = current.rest.shift();
      if (next !== undefined) enter(next);
      else {
        state.set(current.id, "done");
        order.push(current.id);
        open.pop();
      }
    }
  }
  return order;
}
