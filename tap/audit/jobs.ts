import type { Graph, GraphNode } from "../graph/model";
import { ownNodesIn } from "./requirement";
import type { StackJson } from "./stack-json";

/** What the jobs system is made of, each as far as there is exactly one. */
export interface JobsParts {
  readonly bucket: GraphNode | undefined;
  readonly table: GraphNode | undefined;
  readonly restApi: GraphNode | undefined;
  /** What feeds the worker. */
  readonly mapping: GraphNode | undefined;
  /** The one queue that the worker is fed from. */
  readonly queue: GraphNode | undefined;
  /** The function that the queue feeds. */
  readonly worker: GraphNode | undefined;
}

export function jobsParts(graph: Graph, stack: StackJson): JobsParts {
  const one = (type: string) => only(ownNodesIn(graph, stack, type));
  const mapping = one("aws_lambda_event_source_mapping");
  const source = mapping && graph.resolve(mapping.attributes.event_source_arn, mapping.stack);
  const target = mapping && graph.resolve(mapping.attributes.function_name, mapping.stack);
  // An alias is its function's.
  const worker =
    target?.type === "aws_lambda_alias"
      ? graph.resolve(target.attributes.function_name, target.stack, { types: ["aws_lambda_function"] })
      : target;
  return {
    bucket: one("aws_s3_bucket"),
    table: one("aws_dynamodb_table"),
    restApi: one("aws_api_gateway_rest_api"),
    mapping,
    queue: ofType(source, "aws_sqs_queue"),
    worker: ofType(worker, "aws_lambda_function"),
  };
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function ofType(node: GraphNode | undefined, type: string): GraphNode | undefined {
  return node?.type === type ? node : undefined;
}
