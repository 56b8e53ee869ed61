import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { isObject, type TerraformJson } from "../../graph/terraform-json";
import { jsonOf } from "../queues";
import type { Finding } from "../requirement";
import { findings, isSet, type Rule } from "../rule";
import { isOpenText, named } from "./attribute-values";
import { deadLetterQueues, isDeadLetterQueue, queueAt, queuesWithDeadLetters } from "./dead-letters";
import { watchedBy } from "./heard-alarms";
import { numberOf } from "./invoked";
import { provider } from "./lambda-example";

const redrive = '{"deadLetterTargetArn":"${aws_sqs_queue.DeadLetters.arn}","maxReceiveCount":5}';
const allow = '{"redrivePermission":"byQueue","sourceQueueArns":["${aws_sqs_queue.Jobs.arn}"]}';

function queues(jobs: object = {}, deadLetters: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return {
    provider,
    resource: {
      aws_sqs_queue: {
        Jobs: { name: "jobs", redrive_policy: redrive, ...jobs },
        DeadLetters: {
          name: "jobs-dead-letters",
          message_retention_seconds: 1_209_600,
          redrive_allow_policy: allow,
          ...deadLetters,
        },
      },
      ...others,
    },
  };
}

const alarm = {
  aws_cloudwatch_metric_alarm: {
    Depth: {
      alarm_name: "jobs-dead-letters-depth",
      namespace: "AWS/SQS",
      metric_name: "ApproximateNumberOfMessagesVisible",
      dimensions: { QueueName: "${aws_sqs_queue.DeadLetters.name}" },
      statistic: "Maximum",
      period: 60,
      evaluation_periods: 1,
      comparison_operator: "GreaterThanThreshold",
      threshold: 0,
      alarm_actions: ["arn:aws:sns:us-east-1:111111111111:alarms"],
    },
  },
};

const documentation =
  "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html";

/** SQS deletes a message after 14 days at the latest. */
const longestRetention = 1_209_600;

/** What becomes of messages that nobody can handle. */
export const deadLetterRules: readonly Rule[] = [
  {
    id: "sqs-dead-letters",
    title: "Queues have a dead-letter queue",
    severity: "high",
    why: "A message that can't be handled comes back until its retention ends, at the cost of all others, and is then gone.",
    fix: "Set redrive_policy with the ARN of a dead-letter queue and maxReceiveCount.",
    references: [documentation],
    examples: { failing: queues({ redrive_policy: "" }, { redrive_allow_policy: allow }), passing: queues() },
    judge: (graph) => {
      const having = new Set(queuesWithDeadLetters(graph).map(({ queue }) => queue));
      return graph
        .ofType("aws_sqs_queue")
        .filter((queue) => !having.has(queue) && !isDeadLetterQueue(graph, queue))
        .flatMap((queue) => findings(queue, ["must have a redrive_policy: nothing says where its dead letters go"]));
    },
  },
  {
    id: "sqs-max-receive-count",
    title: "Messages are tried a few times before they are given up",
    severity: "medium",
    why: "With one or two receives a hiccup or a throttled function makes dead letters of good messages; with hundreds a bad one blocks for days.",
    fix: "Set maxReceiveCount to 3 to 100; Lambda's guide says at least 5.",
    references: [documentation, "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"],
    examples: { failing: queues({ redrive_policy: redrive.replace("5", "1") }), passing: queues() },
    judge: (graph) =>
      queuesWithDeadLetters(graph).flatMap(({ queue, written, maxReceiveCount }) => {
        const count = numberOf(graph, queue, maxReceiveCount);
        return count === undefined || (count >= 3 && count <= 100)
          ? []
          : findings(written, [`must have maxReceiveCount from 3 to 100 (it has ${count})`]);
      }),
  },
  {
    id: "sqs-redrive-allow",
    title: "Dead-letter queues take dead letters of their own sources alone",
    severity: "medium",
    why: "Any other queue of the account may take it for its dead letters, and a redrive then moves messages to where they don't belong.",
    fix: "Set redrive_allow_policy to byQueue, with the ARNs of the queues whose redrive_policy names it.",
    references: [documentation],
    examples: {
      failing: queues({}, { redrive_allow_policy: '{"redrivePermission":"allowAll"}' }),
      passing: queues(),
    },
    judge: judgeRedriveAllow,
  },
  {
    id: "sqs-dead-letter-retention",
    title: "Dead letters are kept longer than messages",
    severity: "medium",
    why: "In a standard queue a dead letter keeps its age: with the same retention it may be deleted the moment it arrives.",
    fix: "Set the dead-letter queue's message_retention_seconds to 1,209,600 (14 days), and the queue's to less.",
    references: [documentation],
    examples: {
      failing: queues({ message_retention_seconds: 604_800 }, { message_retention_seconds: 345_600 }),
      passing: queues({ message_retention_seconds: 345_600 }),
    },
    judge: (graph) =>
      queuesWithDeadLetters(graph).flatMap(({ queue, target }) => {
        if (target === undefined || target.mode === "data") return [];
        const kept = numberOf(graph, queue, queue.attributes.message_retention_seconds, 345_600);
        const deadKept = numberOf(graph, target, target.attributes.message_retention_seconds, 345_600);
        if (kept === undefined || deadKept === undefined) return [];
        return deadKept > kept || deadKept >= longestRetention
          ? []
          : findings(target, [
              `must have message_retention_seconds above that of ${named(queue, target)} (${kept}; it has ${deadKept})`,
            ]);
      }),
  },
  {
    id: "sqs-dead-letter-kind",
    title: "Dead-letter queues are of their source's kind and place",
    severity: "high",
    why: "AWS refuses a standard queue for a FIFO queue's dead letters, and one of another region or account, when it is applied.",
    fix: "Make the dead-letter queue FIFO where the queue is, in the same region and account.",
    references: [documentation],
    examples: {
      failing: queues({ name: "jobs.fifo", fifo_queue: true }),
      passing: queues({ name: "jobs.fifo", fifo_queue: true }, { name: "jobs-dead-letters.fifo", fifo_queue: true }),
    },
    judge: (graph) =>
      queuesWithDeadLetters(graph).flatMap(({ queue, target }) => {
        if (target === undefined || target.mode === "data") return [];
        if (target === queue) return findings(queue, ["must have another queue for its dead letters than itself"]);
        const isFifo = ({ attributes }: GraphNode) => String(attributes.fifo_queue ?? false);
        const isElsewhere = target.region !== queue.region || target.accountId !== queue.accountId;
        return [
          ...(isFifo(queue) === isFifo(target)
            ? []
            : findings(target, [
                `must have fifo_queue as ${named(queue, target)} has it, whose dead letters it takes`,
              ])),
          ...(isElsewhere ? findings(target, [`must be in the region and account of ${named(queue, target)}`]) : []),
        ];
      }),
  },
  {
    id: "sqs-dead-letter-size",
    title: "Dead-letter queues take whatever may be sent to them",
    severity: "medium",
    why: "An event that is larger than the queue takes can't be kept: it is lost where it should have been saved.",
    fix: "Set the dead-letter queue's max_message_size to at least 262,144, and to no less than its sources'.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"],
    examples: { failing: queues({}, { max_message_size: 65_536 }), passing: queues() },
    judge: (graph) =>
      [...deadLetterQueues(graph)].flatMap((queue) => {
        const size = numberOf(graph, queue, queue.attributes.max_message_size, 262_144);
        return size === undefined || size >= 262_144
          ? []
          : findings(queue, [`must have max_message_size of at least 262144 (it has ${size})`]);
      }),
  },
  {
    id: "sqs-dead-letter-alarm",
    title: "Somebody hears of dead letters",
    severity: "medium",
    why: "Dead letters lie there until they are deleted, and nobody knows that work was never done.",
    fix: "Add an alarm on ApproximateNumberOfMessagesVisible of AWS/SQS for the dead-letter queue, whose alarm_actions reach a topic with a subscription.",
    references: [documentation],
    examples: { failing: queues(), passing: queues({}, {}, alarm) },
    judge: (graph) => {
      const isWatched = watchedBy(graph, {
        namespace: "AWS/SQS",
        names: ["ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"],
        dimension: "QueueName",
        types: ["aws_sqs_queue"],
      });
      return [...deadLetterQueues(graph)]
        .filter((queue) => !isWatched(queue))
        .flatMap((queue) => findings(queue, ["must have an alarm on its visible messages that somebody hears"]));
    },
  },
];

/** What a redrive permission says, and where. */
interface Permission {
  readonly written: GraphNode;
  readonly value: unknown;
}

function judgeRedriveAllow(graph: Graph): Finding[] {
  const sources = new Map<GraphNode, GraphNode[]>();
  for (const { queue, target } of queuesWithDeadLetters(graph))
    if (target?.mode === "managed") sources.set(target, [...(sources.get(target) ?? []), queue]);
  const permissions = permissionsOf(graph);
  const queues = new Set([...sources.keys(), ...permissions.keys()]);
  return [...queues].flatMap((queue) => {
    const permission = permissions.get(queue);
    const known = sources.get(queue) ?? [];
    if (permission === undefined)
      return findings(queue, ["must have a redrive_allow_policy that names its source queues"]);
    return findings(permission.written, redriveProblems(graph, permission, known));
  });
}

function permissionsOf(graph: Graph): Map<GraphNode, Permission> {
  const permissions = new Map<GraphNode, Permission>();
  for (const queue of graph.ofType("aws_sqs_queue")) {
    const { redrive_allow_policy } = queue.attributes;
    if (isSet(redrive_allow_policy)) permissions.set(queue, { written: queue, value: redrive_allow_policy });
  }
  for (const written of graph.ofType("aws_sqs_queue_redrive_allow_policy")) {
    const queue = queueAt(graph, written);
    if (queue !== undefined) permissions.set(queue, { written, value: written.attributes.redrive_allow_policy });
  }
  return permissions;
}

function redriveProblems(graph: Graph, { written, value }: Permission, sources: readonly GraphNode[]): string[] {
  const { redrivePermission, sourceQueueArns } = isObject(value) ? value : jsonOf(value);
  // Made by an expression.
  if (redrivePermission === undefined) return [];
  if (redrivePermission === "denyAll")
    return sources.map(
      (queue) => `must name ${named(queue, written)}, whose dead letters it is to take (it has denyAll)`,
    );
  if (redrivePermission !== "byQueue") return [`must name its source queues (it has ${String(redrivePermission)})`];
  const texts = [sourceQueueArns ?? []].flat().map(String);
  const arns = texts.map((text) => graph.render(text, written.stack));
  const given = texts.map((text) => graph.resolve(text, written.stack));
  const isUnknown = arns.some((arn, index) => isOpenText(arn) && given[index] === undefined);
  const lacking = isUnknown
    ? []
    : sources.filter((queue) => !given.includes(queue) && !(queue.arn !== undefined && arns.includes(queue.arn)));
  const surplus = arns.filter((_, index) => isSurplus(graph, given[index], sources));
  return [
    ...lacking.map((queue) => `must name ${named(queue, written)}, whose dead letters it is to take`),
    ...surplus.map((arn) => `must not name ${arn}, which has other dead letters, or none`),
  ];
}

/** A queue of the configuration that has nothing to do with it; of others nobody knows. */
function isSurplus(graph: Graph, queue: GraphNode | undefined, sources: readonly GraphNode[]): boolean {
  return (
    queue?.type === "aws_sqs_queue" &&
    queue.mode === "managed" &&
    !sources.includes(queue) &&
    // A redrive policy that an expression makes leads nowhere here.
    !withUnknownTarget(graph).has(queue)
  );
}

const withUnknownTarget = rememberingObjects(
  (graph: Graph): ReadonlySet<GraphNode> =>
    new Set(queuesWithDeadLetters(graph).flatMap(({ queue, target }) => (target === undefined ? [queue] : []))),
);
