import type { Graph, GraphNode } from "../graph/model";

/** What resources of a type say of a bucket: encryption, versions and the like are set apart from it. */
export function settingsOf(graph: Graph, bucket: GraphNode, type: string): GraphNode[] {
  return graph
    .referencesTo(bucket)
    .filter(({ from, path }) => from.type === type && path === "bucket")
    .map(({ from }) => from);
}
