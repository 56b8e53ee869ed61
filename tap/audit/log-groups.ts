import type { Environment } from "../../config/environment";
import type { Graph, GraphNode } from "../graph/model";
import { differences, kept, referenceTo } from "./exact";
import { keyUses } from "./key-policy";

/** What a log group lacks that keeps what it gets as long as configured, under a customer key that CloudWatch Logs may use for it. */
export function logGroupProblems(graph: Graph, group: GraphNode, { accountId, logs }: Environment): string[] {
  const { name, kms_key_id } = group.attributes;
  const key = graph.resolve(kms_key_id, group.stack);
  if (key?.type !== "aws_kms_key" || key.stack.id !== group.stack.id) return ["must have a customer key of its stack"];
  const arn = `arn:aws:logs:${group.region}:${accountId}:log-group:${name}`;
  const isLetIn = keyUses(graph, key).some(
    (use) =>
      use.service === "logs" && use.by === "service" && use.context === "aws:logs:arn" && use.values.includes(arn),
  );
  return [
    ...differences(graph, group, {
      ...kept(group, "name"),
      retention_in_days: logs.retentionDays,
      kms_key_id: referenceTo(key, "arn"),
    }),
    ...(isLetIn ? [] : ["has a key that CloudWatch Logs may not use for it"]),
  ];
}
