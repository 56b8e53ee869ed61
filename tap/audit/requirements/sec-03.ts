import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { push } from "../../graph/sorted";
import { alarmsOn, isPlain, queueDepth, secondsUntilItFires } from "../alarms";
import { keyUses } from "../key-policy";
import { jsonOf, redriveOf, retentionOf } from "../queues";
import { type Finding, judgeNodes, type Requirement, type Subject, sameJson, wanted } from "../requirement";

const secondsPerDay = 86_400;
/** As large as SQS takes, and an asynchronous event of Lambda is. */
const maximumMessageBytes = 1_048_576;
/** Dead letters that come from no queue. */
const functionsRetentionSeconds = 14 * secondsPerDay;
/** What a person has between the alarm on old dead letters and their end: over a weekend. */
const secondsToReact = 3 * secondsPerDay;
/** More messages than this wait for long. */
const mostWaiting = 10_000;

export const sec03: Requirement = {
  id: "SEC-03",
  checks:
    "Every queue is under a customer key that is meant for it, takes messages of 1 MiB, and has alarms on depth and age. A queue has dead letters of its own, kept as long as its messages at least, that take them from this queue alone; the dead letters of functions take none from any queue.",
  why: "A message that can't be handled is received for ever or lost, in either case without anybody hearing of it.",
  judge: (subject) => [
    ...judgeNodes(subject, ["aws_sqs_queue"], (queue) => judgeQueue(subject.graph, queue)),
    ...strayPolicies(subject),
    ...(subject.graph.ofType("aws_sqs_queue").length === 0 ? [{ message: "there is no queue" }] : []),
  ],
};

function judgeQueue(graph: Graph, queue: GraphNode): string[] {
  const sources = sourcesOf(graph, queue);
  const common = [...encryption(graph, queue), ...size(queue), ...denials(graph, queue)];
  if (sources.length > 0) return [...common, ...deadLettersOfQueue(graph, queue, sources)];
  if (takesFromFunctions(graph, queue)) return [...common, ...deadLettersOfFunctions(graph, queue)];
  return [...common, ...source(graph, queue)];
}

function encryption(graph: Graph, queue: GraphNode): string[] {
  const key = graph.resolve(queue.attributes.kms_master_key_id, queue.stack);
  if (key?.type !== "aws_kms_key" || key.region !== queue.region || key.accountId !== queue.accountId)
    return ["must name a customer key of its own region and account"];
  const isMeant = keyUses(graph, key).some(
    ({ service, by, context, values }) =>
      service === "sqs" && by === "caller" && context === "aws:sqs:arn" && values.includes(String(queue.arn)),
  );
  return isMeant ? [] : [`is under ${key.address}, whose policy doesn't let SQS use it for this queue`];
}

/** Whoever is denied a queue beyond plain HTTP can't bring it what failed. */
function denials(graph: Graph, queue: GraphNode): string[] {
  return graph
    .policiesOf(queue)
    .flatMap(({ statements }) => statements)
    .filter(({ effect, conditions }) => {
      const [condition, ...others] = conditions;
      const plainHttp = condition?.operator === "Bool" && condition.key.toLowerCase() === "aws:securetransport";
      return effect === "Deny" && !(plainHttp && others.length === 0 && condition.values.join() === "false");
    })
    .map(({ sid, path }) => `denies more than plain HTTP by its statement ${sid ?? path}`);
}

function size({ attributes }: GraphNode): string[] {
  return attributes.max_message_size === maximumMessageBytes ? [] : ["must take messages of 1 MiB"];
}

function sourcesOf(graph: Graph, queue: GraphNode): readonly GraphNode[] {
  return sources(graph).get(queue) ?? [];
}

const sources = rememberingObjects((graph: Graph) => {
  const queues = new Map<GraphNode, GraphNode[]>();
  for (const queue of graph.ofType("aws_sqs_queue")) {
    const target = redriveOf(graph, queue)?.target;
    if (target !== undefined) push(queues, target, queue);
  }
  return queues;
});

/** Where those who hand on what failed name the queue. */
const failures: Readonly<Record<string, RegExp>> = {
  aws_lambda_function: /^dead_letter_config(\[\d+\])?\.target_arn$/,
  aws_lambda_event_source_mapping: /^destination_config(\[\d+\])?\.on_failure(\[\d+\])?\.destination_arn$/,
  aws_lambda_function_event_invoke_config: /^destination_config(\[\d+\])?\.on_failure(\[\d+\])?\.destination$/,
  aws_cloudwatch_event_target: /^dead_letter_config(\[\d+\])?\.arn$/,
};

/** Of functions, and of event sources that aren't queues. */
function takesFromFunctions(graph: Graph, queue: GraphNode): boolean {
  return graph.referencesTo(queue).some(({ from, path }) => failures[from.type]?.test(path) === true);
}

function source(graph: Graph, queue: GraphNode): string[] {
  const redrive = redriveOf(graph, queue);
  if (redrive === undefined) return ["must have dead letters"];
  const { target, maxReceiveCount } = redrive;
  const isQueue = target?.type === "aws_sqs_queue" && target !== queue;
  const retention = retentionOf(queue);
  return [
    ...wanted(
      isQueue && target.region === queue.region && target.accountId === queue.accountId,
      "must have its dead letters in a queue of its own region and account",
    ),
    ...wanted(
      typeof maxReceiveCount === "number" && maxReceiveCount >= 2 && maxReceiveCount <= 10,
      `gives up after ${String(maxReceiveCount)} receives, not after 2 to 10`,
    ),
    ...wanted(
      isQueue && retentionOf(target) >= retention,
      `must have its dead letters kept for ${retention} s at least, as its own messages are`,
    ),
    ...wanted(
      hasAlarm(graph, queue, queueDepth, (threshold) => threshold >= 1 && threshold <= mostWaiting),
      `must have an alarm on 1 to ${mostWaiting} messages that wait`,
    ),
    ...wanted(
      hasAlarm(graph, queue, queueAge, (threshold) => threshold >= 60 && threshold <= retention / 2),
      `must have an alarm on the age of its messages within ${retention / 2} s, half of what they are kept`,
    ),
  ];
}

function deadLettersOfQueue(graph: Graph, queue: GraphNode, sources: readonly GraphNode[]): string[] {
  const [from, ...others] = sources;
  const sourceRetention = Math.max(...sources.map(retentionOf));
  return [
    ...wanted(others.length === 0, `has dead letters of ${sources.map(({ address }) => address).join(", ")}`),
    ...redriveAllowed(graph, queue, { redrivePermission: "byQueue", sourceQueueArns: [from?.arn] }),
    ...deadLetters(graph, queue, retentionOf(queue) - sourceRetention - secondsToReact),
  ];
}

function deadLettersOfFunctions(graph: Graph, queue: GraphNode): string[] {
  const retention = retentionOf(queue);
  return [
    ...wanted(retention === functionsRetentionSeconds, "must be kept 14 days"),
    ...redriveAllowed(graph, queue, { redrivePermission: "denyAll" }),
    ...deadLetters(graph, queue, retention - secondsToReact),
  ];
}

/** @param latestSeconds the age at which the alarm fires at the latest; a day, where there is no time for less */
function deadLetters(graph: Graph, queue: GraphNode, latestSeconds: number): string[] {
  const latest = Math.max(latestSeconds, secondsPerDay);
  return [
    ...wanted(redriveOf(graph, queue) === undefined, "has dead letters of its own, though it is dead letters"),
    ...wanted(
      hasAlarm(graph, queue, queueDepth, (threshold) => threshold === 0, secondsOfOnePeriod),
      "must have an alarm on the first message",
    ),
    ...wanted(
      hasAlarm(graph, queue, queueAge, (threshold) => threshold >= 60 && threshold <= latest),
      `must have an alarm on the age of its messages, at ${latest} s at the latest`,
    ),
  ];
}

const queueAge = { ...queueDepth, metric: "ApproximateAgeOfOldestMessage" };
const secondsOfOnePeriod = 60;

function hasAlarm(
  graph: Graph,
  queue: GraphNode,
  metric: typeof queueDepth,
  isSensible: (threshold: number) => boolean,
  longestSeconds = 600,
): boolean {
  return alarmsOn(graph, queue, metric).some((alarm) => {
    const { threshold, comparison_operator } = alarm.attributes;
    return (
      isPlain(alarm) &&
      comparison_operator === "GreaterThanThreshold" &&
      typeof threshold === "number" &&
      isSensible(threshold) &&
      secondsUntilItFires(alarm) <= longestSeconds
    );
  });
}

/** Exactly one policy says so, and says nothing else. */
function redriveAllowed(graph: Graph, queue: GraphNode, allowed: Readonly<Record<string, unknown>>): string[] {
  const policies = nodesNaming(graph, "aws_sqs_queue_redrive_allow_policy", "queue_url", queue);
  const [policy, ...others] = policies;
  const says = policy === undefined ? undefined : withArns(graph, policy);
  return wanted(
    others.length === 0 && queue.attributes.redrive_allow_policy === undefined && sameJson(says, allowed),
    `must have one redrive-allow policy, ${JSON.stringify(allowed)}`,
  );
}

function withArns(graph: Graph, policy: GraphNode): unknown {
  const { sourceQueueArns, ...rest } = jsonOf(policy.attributes.redrive_allow_policy);
  if (!Array.isArray(sourceQueueArns)) return { sourceQueueArns, ...rest };
  return { ...rest, sourceQueueArns: sourceQueueArns.map((arn) => graph.resolve(arn, policy.stack)?.arn ?? arn) };
}

/** A redrive policy as a resource of its own is overlooked here, and overwrites the queue's. */
function strayPolicies(subject: Subject): Finding[] {
  return [
    ...judgeNodes(subject, ["aws_sqs_queue_redrive_policy"], () => ["belongs among its queue's own attributes"]),
    ...judgeNodes(subject, ["aws_sqs_queue_redrive_allow_policy"], (policy) =>
      wanted(
        subject.graph.resolve(policy.attributes.queue_url, policy.stack)?.type === "aws_sqs_queue",
        "is of no queue of this project",
      ),
    ),
  ];
}
