import { leavesOf } from "../../graph/leaves";
import type { Graph, GraphNode } from "../../graph/model";

/** Managed resources of a type that name a thing in an attribute, or in what is in it. */
export function referrersOf(graph: Graph, node: GraphNode, type: string, attribute: string): GraphNode[] {
  return [
    ...new Set(
      graph
        .referencesTo(node)
        .filter(({ from, path }) => from.mode === "managed" && from.type === type && isAt(path, attribute))
        .map(({ from }) => from),
    ),
  ];
}

/** Managed resources of a type that an attribute leads to, in lists and through parameters of Parameter Store as well. */
export function reachedFrom(graph: Graph, node: GraphNode, attribute: string, type: string): GraphNode[] {
  // What another resource passes on, only the whole text tells.
  const resolved = leavesOf(node.attributes)
    .filter(({ path }) => isAt(path, attribute))
    .flatMap(({ text }) => graph.resolve(text, node.stack) ?? []);
  const seen = new Set([...targetsOf(graph, node, attribute), ...resolved]);
  // A set goes on to what is added to it meanwhile.
  for (const each of seen) if (!isOf(each, type)) for (const next of passedOn(graph, each)) seen.add(next);
  return [...seen].filter((each) => isOf(each, type));
}

function isOf(node: GraphNode, type: string): boolean {
  return node.mode === "managed" && node.type === type;
}

/** What a thing is only a way to: a data source, and a parameter. */
function passedOn(graph: Graph, node: GraphNode): GraphNode[] {
  if (node.mode === "data") return targetsOf(graph, node);
  if (node.type !== "aws_ssm_parameter") return [];
  return ["value", "insecure_value"].flatMap((path) => targetsOf(graph, node, path));
}

function targetsOf(graph: Graph, node: GraphNode, path?: string): GraphNode[] {
  return graph
    .referencesFrom(node, path)
    .flatMap((reference) => (reference.kind === "arn-pattern" ? [] : reference.to));
}

/** Whether an attribute leads to something that isn't in the graph, as the parameter of another project. */
export function leadsOutside(graph: Graph, node: GraphNode, attribute: string, type: string): boolean {
  return (
    leavesOf(node.attributes).some(({ path }) => isAt(path, attribute)) &&
    reachedFrom(graph, node, attribute, type).length === 0
  );
}

function isAt(path: string, attribute: string): boolean {
  return path.startsWith(attribute) && ["", ".", "["].includes(path.charAt(attribute.length));
}
