import type { Environment } from "../../../config/environment";
import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { deadLetterQueues } from "../../redrive/dead-letters";
import { sameInTerraform } from "../exact";
import { type Processor, processorsOf } from "../files";
import { deadLettersOf, functionsOf } from "../functions";
import { jsonOf, redriveOf, retentionOf } from "../queues";
import { expectThat, type Finding, judgeEach, type Requirement, sameJson } from "../requirement";
import type { StackJson } from "../stack-json";

const secondsPerDay = 86_400;
/** A throttled call is tried again by the SDK first; fewer receives would give a file up over a trouble of minutes. */
const leastReceives = 3;

export const fil08: Requirement = {
  id: "FIL-08",
  checks:
    "Each kind's queue keeps messages as configured and gives them to its own dead letters after the configured receives, at least 3; these take from that queue alone and keep as long; a function reports which message failed; the redrive command knows every one of these queues and where its messages belong.",
  why: "A file whose processing failed and whose message is lost stays as it is for ever, and nobody hears of it.",
  judge: (subject) =>
    judgeEach(subject, "files", (stack, environment) => {
      const { graph } = subject;
      return [
        ...processorsOf(graph, stack).flatMap((processor) => ofQueue(graph, stack, environment, processor)),
        ...[...functionsOf(graph, stack).values()].flatMap((lambda) => ofFunction(graph, stack, lambda)),
      ];
    }),
};

function ofQueue(graph: Graph, stack: StackJson, { files }: Environment, processor: Processor): Finding[] {
  const { kind, mapping, queue, deadLetters } = processor;
  if (!mapping || !queue || !deadLetters)
    return expectThat(false, stack, `must have a queue with dead letters that feeds ${kind}`);
  const { messageRetentionDays, maxReceiveCount } = files.queue;
  const receives = redriveOf(graph, queue)?.maxReceiveCount;
  const about = ({ address }: GraphNode, holds: boolean, message: string) => expectThat(holds, stack, message, address);
  return [
    ...about(
      queue,
      queue.attributes.message_retention_seconds === messageRetentionDays * secondsPerDay,
      `must keep messages ${messageRetentionDays} days`,
    ),
    ...about(
      queue,
      receives === maxReceiveCount && maxReceiveCount >= leastReceives,
      `must give up after ${maxReceiveCount} receives, and not before ${leastReceives}`,
    ),
    ...about(deadLetters, deadLetters.stack === queue.stack, "must be in the stack of its queue"),
    ...about(deadLetters, retentionOf(deadLetters) >= retentionOf(queue), "must keep messages as long as its queue"),
    ...about(deadLetters, takesFrom(graph, deadLetters, queue), `must take messages from ${queue.address} alone`),
    ...about(
      mapping,
      sameInTerraform([mapping.attributes.function_response_types].flat(), ["ReportBatchItemFailures"]),
      "must delete the messages alone that were worked on",
    ),
    ...about(deadLetters, isKnown(graph, deadLetters, { queueName: queue.physicalName }), "is unknown to tap redrive"),
  ];
}

/** By one redrive-allow policy. */
function takesFrom(graph: Graph, deadLetters: GraphNode, queue: GraphNode): boolean {
  const [policy, ...others] = nodesNaming(graph, "aws_sqs_queue_redrive_allow_policy", "queue_url", deadLetters);
  const { redrivePermission, sourceQueueArns } = jsonOf(policy?.attributes.redrive_allow_policy);
  const [source, ...more] = Array.isArray(sourceQueueArns) ? sourceQueueArns : [];
  return (
    policy !== undefined &&
    others.length === 0 &&
    redrivePermission === "byQueue" &&
    more.length === 0 &&
    graph.resolve(source, policy.stack) === queue
  );
}

/** Events that a function couldn't handle go back to the version that callers get. */
function ofFunction(graph: Graph, stack: StackJson, lambda: GraphNode): Finding[] {
  const deadLetters = deadLettersOf(graph, lambda);
  const target = { functionName: lambda.physicalName, qualifier: "live" };
  const holds = deadLetters?.type === "aws_sqs_queue" && isKnown(graph, deadLetters, target);
  return expectThat(holds, stack, "must have dead letters that tap redrive knows", lambda.address);
}

function isKnown(graph: Graph, { physicalName }: GraphNode, target: object): boolean {
  const known = deadLetterQueues(graph).filter(({ name }) => name === physicalName);
  return known.length === 1 && sameJson(known[0]?.target, target);
}
