import { parseJsonText } from "../graph/json-text";
import type { Graph, GraphNode } from "../graph/model";
import { type Attributes, isObject } from "../graph/terraform-json";

/** Where a queue's messages go that were received too often. */
export interface Redrive {
  readonly target: GraphNode | undefined;
  readonly maxReceiveCount: unknown;
}

/** Undefined where they go nowhere. */
export function redriveOf(graph: Graph, { attributes, stack }: GraphNode): Redrive | undefined {
  if (attributes.redrive_policy === undefined) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = jsonOf(attributes.redrive_policy);
  return { target: graph.resolve(deadLetterTargetArn, stack), maxReceiveCount };
}

/** Seconds that a queue keeps a message; SQS keeps it 4 days where nothing is said. */
export function retentionOf({ attributes }: GraphNode): number {
  return Number(attributes.message_retention_seconds ?? 4 * 86_400);
}

/** An attribute that is JSON in a text; nothing where it is none. */
export function jsonOf(text: unknown): Attributes {
  const value = typeof text === "string" ? parseJsonText(text) : undefined;
  return isObject(value) ? value : {};
}
