import type { Graph, GraphNode } from "../graph/model";
import type { Statement } from "../graph/policy";

/** What a role's own policies allow. */
export function allowedBy(graph: Graph, role: GraphNode): Statement[] {
  return graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "identity")
    .flatMap(({ statements }) => statements)
    .filter(({ effect }) => effect === "Allow");
}

/** Principals that a role's trust names. */
export function trustedBy(graph: Graph, role: GraphNode): string[] {
  return graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "trust")
    .flatMap(({ statements }) => statements.flatMap(({ principals }) => principals.map(({ value }) => value)));
}
