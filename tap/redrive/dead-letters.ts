import type { Graph, GraphNode } from "../graph/model";
import { rememberingObjects } from "../graph/remembering";
import { blocksOf } from "../graph/terraform-json";

/** A queue of dead letters, and where what is in it belongs. */
export interface DeadLetterQueue {
  readonly name: string;
  readonly region: string;
  readonly target: Target;
}

/** Messages go back to their queue; events that a function couldn't handle, to the function. */
export type Target = { readonly queueName: string } | { readonly functionName: string; readonly qualifier: string };

/** Every dead-letter queue of the synthesized stacks, by what names it as one. */
export const deadLetterQueues = rememberingObjects((graph: Graph): readonly DeadLetterQueue[] =>
  [
    ...graph.ofType("aws_sqs_queue").flatMap((queue) => ofQueue(graph, queue)),
    ...graph.ofType("aws_lambda_function").flatMap((lambda) => ofFunction(graph, lambda)),
  ].sort((a, b) => (a.name < b.name ? -1 : 1)),
);

function ofQueue(graph: Graph, queue: GraphNode): DeadLetterQueue[] {
  const { redrive_policy } = queue.attributes;
  if (typeof redrive_policy !== "string" || queue.physicalName === undefined) return [];
  const { deadLetterTargetArn } = JSON.parse(redrive_policy) as { deadLetterTargetArn?: unknown };
  return named(graph.resolve(deadLetterTargetArn, queue.stack), { queueName: queue.physicalName });
}

function ofFunction(graph: Graph, lambda: GraphNode): DeadLetterQueue[] {
  const [config] = blocksOf(lambda.attributes, "dead_letter_config");
  if (config === undefined || lambda.physicalName === undefined) return [];
  const [alias] = graph.referencesTo(lambda).filter(({ from }) => from.type === "aws_lambda_alias");
  const qualifier = String(alias?.from.attributes.name ?? "$LATEST");
  return named(graph.resolve(config.target_arn, lambda.stack), { functionName: lambda.physicalName, qualifier });
}

function named(queue: GraphNode | undefined, target: Target): DeadLetterQueue[] {
  if (queue?.physicalName === undefined || queue.region === undefined) return [];
  return [{ name: queue.physicalName, region: queue.region, target }];
}

/** Where messages go, in words. */
export function describeTarget(target: Target): string {
  return "queueName" in target
    ? `the queue ${target.queueName}`
    : `the function ${target.functionName}:${target.qualifier}`;
}
