import type { Environment } from "../../config/environment";
import type { Graph, GraphNode } from "../graph/model";
import { differences, kept, referenceTo } from "./exact";
import { ownKey } from "./own-key";

/** Days that a system's logs are kept, where that is the same in every environment (FIL-09, REC-05). */
const fixedRetentionDays: Readonly<Record<string, number>> = { files: 7, records: 14 };

/** What a log group lacks that keeps what it gets as long as configured, under a customer key that CloudWatch Logs may use for it. */
export function logGroupProblems(graph: Graph, group: GraphNode, { accountId, logs }: Environment): string[] {
  const { name, kms_key_id } = group.attributes;
  const key = ownKey(graph, group, kms_key_id, {
    service: "logs",
    by: "service",
    context: "aws:logs:arn",
    value: `arn:aws:logs:${group.region}:${accountId}:log-group:${name}`,
  });
  if (key === undefined) return ["must have a customer key of its stack, which CloudWatch Logs may use for it"];
  return differences(graph, group, {
    ...kept(group, "name"),
    retention_in_days: fixedRetentionDays[group.stack.component ?? ""] ?? logs.retentionDays,
    kms_key_id: referenceTo(key, "arn"),
  });
}
