import type { Graph, GraphNode } from "../graph/model";
import { rememberingObjects } from "../graph/remembering";
import { push } from "../graph/sorted";
import { functionsOf, placesOf } from "./functions";
import { ownNodesIn } from "./requirement";
import type { StackJson } from "./stack-json";

/** What the stream system is made of, each as far as there is exactly one. */
export interface StreamParts {
  readonly stream: GraphNode | undefined;
  readonly secret: GraphNode | undefined;
  readonly table: GraphNode | undefined;
  /** None after a failover: its replica, in the region of now, was made by another stack. */
  readonly bucket: GraphNode | undefined;
  /** Its functions, by the part of their names that says what they do. */
  readonly functions: ReadonlyMap<string, GraphNode>;
}

/** The functions of the system. */
export const streamFunctions = ["consume", "health", "import", "ingest", "rotate"] as const;

export function streamParts(graph: Graph, stack: StackJson): StreamParts {
  const one = (type: string) => {
    const [node, ...others] = ownNodesIn(graph, stack, type);
    return others.length === 0 ? node : undefined;
  };
  return {
    stream: one("aws_kinesis_stream"),
    secret: one("aws_secretsmanager_secret"),
    table: one("aws_dynamodb_table"),
    bucket: one("aws_s3_bucket"),
    functions: functionsOf(graph, stack),
  };
}

/** The bucket that a function works on: by its name, whoever made it. */
export function bucketOf(graph: Graph, lambda: GraphNode): { readonly name: string; readonly arn: string } | undefined {
  return placesOf(graph, lambda).find(({ type }) => type === "aws_s3_bucket");
}

/** Event source mappings that invoke a function, by its name or by its alias. */
export function mappingsOf(graph: Graph, lambda: GraphNode): readonly GraphNode[] {
  return mappings(graph).get(lambda) ?? [];
}

const mappings = rememberingObjects((graph: Graph) => {
  const byFunction = new Map<GraphNode, GraphNode[]>();
  for (const mapping of graph.ofType("aws_lambda_event_source_mapping")) {
    const target = graph.resolve(mapping.attributes.function_name, mapping.stack);
    const invoked =
      target?.type === "aws_lambda_alias"
        ? graph.resolve(target.attributes.function_name, target.stack, { types: ["aws_lambda_function"] })
        : target;
    if (invoked !== undefined) push(byFunction, invoked, mapping);
  }
  return byFunction;
});
