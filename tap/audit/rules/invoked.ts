import type { Graph, GraphNode, GraphStack } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { knownValue, unknown } from "../rule";

/** The function that a value names: by itself, or by an alias of it. Undefined where the configuration doesn't have it. */
export function functionAt(graph: Graph, value: unknown, stack: GraphStack): GraphNode | undefined {
  const types = ["aws_lambda_function"];
  const node = graph.resolve(value, stack, { types });
  const lambda =
    node?.type === "aws_lambda_alias" ? graph.resolve(node.attributes.function_name, node.stack, { types }) : node;
  return lambda?.type === "aws_lambda_function" && lambda.mode === "managed" ? lambda : undefined;
}

/** What feeds a function: its queue or stream as far as the configuration has it. */
export interface Mapping {
  readonly mapping: GraphNode;
  readonly lambda: GraphNode | undefined;
  readonly source: GraphNode | undefined;
  readonly kind: "queue" | "stream" | "other";
}

/** All event source mappings of the configuration. */
export const mappingsOf = rememberingObjects((graph: Graph): readonly Mapping[] =>
  graph.ofType("aws_lambda_event_source_mapping").map((mapping) => {
    const { event_source_arn, function_name } = mapping.attributes;
    const source = graph.resolve(event_source_arn, mapping.stack);
    return {
      mapping,
      source,
      lambda: functionAt(graph, function_name, mapping.stack),
      kind: kindOf(source, graph.render(String(event_source_arn ?? ""), mapping.stack)),
    };
  }),
);

function kindOf(source: GraphNode | undefined, arn: string): Mapping["kind"] {
  if (source?.type === "aws_sqs_queue" || /^arn:[\w-]+:sqs:/.test(arn)) return "queue";
  if (/^aws_(kinesis_stream|kinesis_stream_consumer|dynamodb_table)$/.test(source?.type ?? "")) return "stream";
  return /^arn:[\w-]+:(kinesis|dynamodb):/.test(arn) ? "stream" : "other";
}

/** Event source mappings by what they feed, or by what feeds them. */
export function mappingsBy(graph: Graph, end: "lambda" | "source"): Map<GraphNode, Mapping[]> {
  const by = new Map<GraphNode, Mapping[]>();
  for (const mapping of mappingsOf(graph)) {
    const node = mapping[end];
    if (node !== undefined) by.set(node, [...(by.get(node) ?? []), mapping]);
  }
  return by;
}

/** A number that is known: a resource's own, or what AWS takes where none is given. */
export function numberOf(graph: Graph, node: GraphNode, value: unknown, otherwise?: number): number | undefined {
  const known = knownValue(graph, node, value ?? otherwise);
  if (known === unknown || known === undefined || typeof known === "object" || known === "") return undefined;
  const number = Number(known);
  return Number.isNaN(number) ? undefined : number;
}

/** A list's items, where it is one: an expression may stand for all of them, and nobody knows how many. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : undefined;
}
