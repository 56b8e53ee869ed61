import type { Graph, GraphNode } from "../graph/model";
import { type KeyUse, keyUses } from "./key-policy";

/** A use that a key's policy must allow: by a service, for one thing. */
export interface WantedUse extends Pick<KeyUse, "service" | "by"> {
  /** e.g. `aws:sqs:arn` */
  readonly context: string;
  /** The thing, as the service names it. */
  readonly value: string;
}

/** The key that a value leads to, where it is of the node's own stack, encrypts, and may be used for it. */
export function ownKey(graph: Graph, node: GraphNode, value: unknown, wanted: WantedUse): GraphNode | undefined {
  const key = graph.resolve(value, node.stack);
  if (key?.type !== "aws_kms_key" || key.stack.id !== node.stack.id) return undefined;
  const { key_usage = "ENCRYPT_DECRYPT" } = key.attributes;
  const isLetIn = keyUses(graph, key).some(
    ({ service, by, context, values }) =>
      service === wanted.service && by === wanted.by && context === wanted.context && values.includes(wanted.value),
  );
  return key_usage === "ENCRYPT_DECRYPT" && isLetIn ? key : undefined;
}
