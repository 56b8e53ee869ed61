import type { Graph, GraphNode } from "../../graph/model";
import { textOf } from "./attribute-values";

/** What scales a table, by what of it. */
export function scalings(graph: Graph, table: GraphNode): { dimension: string; target: GraphNode }[] {
  return graph
    .referencesTo(table)
    .filter(({ from, path }) => from.type === "aws_appautoscaling_target" && path === "resource_id")
    .map(({ from }) => ({ dimension: textOf(graph, from, from.attributes.scalable_dimension) ?? "", target: from }));
}

/** What of a table is scaled, as Application Auto Scaling calls it. */
export const dimensions = {
  read: "dynamodb:table:ReadCapacityUnits",
  write: "dynamodb:table:WriteCapacityUnits",
} as const;
