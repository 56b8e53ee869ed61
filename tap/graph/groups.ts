import type { Graph, GraphNode } from "./model";
import { rememberingObjects } from "./remembering";
import { push } from "./sorted";

/*
 * Groups of nodes that many rules ask for, made when the first one asks and kept with the graph: a rule that goes
 * through all resources of a type for each stack takes a hundred times as long as it has to with a hundred stacks.
 */

const byStack = rememberingObjects((graph: Graph) => {
  const groups = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    push(groups, `${node.mode} ${node.stack.id}`, node);
    push(groups, `${node.mode} ${node.stack.id} ${node.type}`, node);
  }
  return groups;
});

/** Nodes of a stack, of one type or of all. */
export function nodesOfStack(
  graph: Graph,
  stackId: string,
  type?: string,
  mode: GraphNode["mode"] = "managed",
): readonly GraphNode[] {
  return byStack(graph).get(`${mode} ${stackId}${type === undefined ? "" : ` ${type}`}`) ?? [];
}

const byEnvironment = rememberingObjects((graph: Graph) => {
  const groups = new Map<string, GraphNode[]>();
  for (const node of graph.nodes)
    if (node.mode === "managed") push(groups, `${node.type} ${node.stack.environmentSuffix}`, node);
  return groups;
});

/** Managed resources of a type in all stacks of an environment. */
export function nodesOfEnvironment(
  graph: Graph,
  environmentSuffix: string | undefined,
  type: string,
): readonly GraphNode[] {
  return byEnvironment(graph).get(`${type} ${environmentSuffix}`) ?? [];
}

const byWhatTheyName = rememberingObjects((_graph: Graph) => new Map<string, Map<GraphNode, GraphNode[]>>());

/** Managed resources of a type whose attribute leads to a node; a bare name counts where types are given. */
export function nodesNaming(
  graph: Graph,
  type: string,
  attribute: string,
  node: GraphNode,
  types: readonly string[] = [],
): readonly GraphNode[] {
  const groups = byWhatTheyName(graph);
  const key = [type, attribute, ...types].join(" ");
  let named = groups.get(key);
  if (named === undefined) {
    named = new Map();
    for (const each of graph.ofType(type)) {
      const target = graph.resolve(each.attributes[attribute], each.stack, { types });
      if (target !== undefined) push(named, target, each);
    }
    groups.set(key, named);
  }
  return named.get(node) ?? [];
}
