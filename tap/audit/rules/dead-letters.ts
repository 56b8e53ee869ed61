import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { isObject } from "../../graph/terraform-json";
import { jsonOf } from "../queues";
import { isSet } from "../rule";

/** A queue, and where its messages go that were received too often. */
export interface WithDeadLetters {
  readonly queue: GraphNode;
  readonly target: GraphNode | undefined;
  readonly maxReceiveCount: unknown;
  /** The resource in which it is written: the queue's own, or one for it alone. */
  readonly written: GraphNode;
}

/** Queues of which a redrive policy is known. */
export const queuesWithDeadLetters = rememberingObjects((graph: Graph): readonly WithDeadLetters[] => {
  const own = graph.ofType("aws_sqs_queue").map((queue) => ({ queue, written: queue }));
  const apart = graph
    .ofType("aws_sqs_queue_redrive_policy")
    .map((written) => ({ queue: queueAt(graph, written), written }));
  return [...own, ...apart].flatMap(({ queue, written }) => {
    const { redrive_policy } = written.attributes;
    if (queue === undefined || !isSet(redrive_policy)) return [];
    const { deadLetterTargetArn, maxReceiveCount } = isObject(redrive_policy) ? redrive_policy : jsonOf(redrive_policy);
    const target = graph.resolve(deadLetterTargetArn, written.stack);
    return [{ queue, written, maxReceiveCount, target: target?.type === "aws_sqs_queue" ? target : undefined }];
  });
});

/** The queue that a resource about queues is about. */
export function queueAt(graph: Graph, { attributes, stack }: GraphNode): GraphNode | undefined {
  const queue = graph.resolve(attributes.queue_url, stack, { types: ["aws_sqs_queue"] });
  if (queue?.type === "aws_sqs_queue") return queue.mode === "managed" ? queue : undefined;
  const url = graph.render(String(attributes.queue_url ?? ""), stack);
  const [, region, account, name] = /^https:\/\/sqs\.([\w-]+)\.amazonaws\.com\/(\d+)\/([\w.-]+)$/.exec(url) ?? [];
  const [found] = name === undefined ? [] : graph.byArn(`arn:aws:sqs:${region}:${account}:${name}`);
  return found?.type === "aws_sqs_queue" ? found : undefined;
}

/** Ways by which something says where its failures go. */
const failureWays = /(dead_?letter|on_?failure|redrive_policy)/i;

/** Whether a queue is there for what others failed at: something says so, or its own redrive permission. */
export function isDeadLetterQueue(graph: Graph, queue: GraphNode): boolean {
  return deadLetterQueues(graph).has(queue);
}

/** Queues of dead letters. */
export const deadLetterQueues = rememberingObjects((graph: Graph): ReadonlySet<GraphNode> => {
  const queues = new Set<GraphNode>();
  const permissions = graph.ofType("aws_sqs_queue_redrive_allow_policy").map((each) => queueAt(graph, each));
  for (const { target } of queuesWithDeadLetters(graph)) if (target !== undefined) queues.add(target);
  for (const queue of graph.ofType("aws_sqs_queue"))
    if (
      isSet(queue.attributes.redrive_allow_policy) ||
      graph
        .referencesTo(queue)
        .some(
          ({ from, path, kind }) =>
            from !== queue &&
            kind !== "depends_on" &&
            failureWays.test(path) &&
            !path.startsWith("redrive_allow_policy"),
        )
    )
      queues.add(queue);
  for (const queue of permissions) if (queue !== undefined) queues.add(queue);
  return queues;
});
