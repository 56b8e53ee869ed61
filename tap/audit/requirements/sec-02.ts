import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { judgeNodes, type Requirement } from "../requirement";

/** The newest that Lambda has for Node; an older one ends sooner. */
const currentRuntime = "nodejs24.x";

/** What watches every function; `Errors` may be part of an expression. */
const watched = ["Errors", "Duration", "Throttles"];

export const sec02: Requirement = {
  id: "SEC-02",
  checks:
    "Every function has a role of its own, a log group with retention and key, dead letters that raise an alarm, alarms on errors, duration and throttles that reach a topic with subscribers, tracing as configured, reserved concurrency, arm64 and the current runtime.",
  why: "What one of these lacks fails unseen, or takes others down with it.",
  judge: (subject) =>
    judgeNodes(subject, ["aws_lambda_function"], (lambda, environment) => [
      ...settings(lambda, environment),
      ...role(subject.graph, lambda),
      ...logGroup(subject.graph, lambda),
      ...alarms(subject.graph, lambda),
      ...deadLetters(subject.graph, lambda),
    ]),
};

function settings({ attributes }: GraphNode, { tracing }: Environment): string[] {
  const { runtime, architectures, reserved_concurrent_executions, tracing_config } = attributes;
  const mode = (blockOf(tracing_config) as { mode?: unknown }).mode;
  return [
    ...wanted(runtime === currentRuntime, `must run on ${currentRuntime} (it has ${runtime})`),
    ...wanted([architectures].flat().join() === "arm64", "must run on arm64"),
    ...wanted(Number(reserved_concurrent_executions) >= 1, "must have reserved concurrency of at least 1"),
    ...wanted(mode === (tracing ? "Active" : "PassThrough"), `has the tracing ${mode}, not what is configured`),
  ];
}

function role(graph: Graph, lambda: GraphNode): string[] {
  const own = graph.resolve(lambda.attributes.role, lambda.stack);
  if (own?.type !== "aws_iam_role") return ["must have a role of this project"];
  const sharing = graph.referencesTo(own).filter(({ from }) => from.type === "aws_lambda_function" && from !== lambda);
  return wanted(sharing.length === 0, `shares its role with ${sharing.map(({ from }) => from.address).join(", ")}`);
}

function logGroup(graph: Graph, lambda: GraphNode): string[] {
  const { log_group } = blockOf(lambda.attributes.logging_config) as { log_group?: unknown };
  const group = graph.resolve(log_group, lambda.stack, { types: ["aws_cloudwatch_log_group"] });
  if (group?.type !== "aws_cloudwatch_log_group") return ["must log to a log group of its stack"];
  const { retention_in_days, kms_key_id } = group.attributes;
  return [
    ...wanted(Number(retention_in_days) > 0, "has logs without end"),
    ...wanted(graph.resolve(kms_key_id, group.stack)?.type === "aws_kms_key", "has logs without a customer key"),
  ];
}

function alarms(graph: Graph, lambda: GraphNode): string[] {
  const own = alarmsOf(graph, lambda, "FunctionName");
  return watched.flatMap((metric) => {
    const reaching = own.filter((alarm) => metricsOf(alarm).includes(metric) && reachesSubscriber(graph, alarm));
    return wanted(reaching.length > 0, `must have an alarm on ${metric} that reaches a topic with subscribers`);
  });
}

function deadLetters(graph: Graph, lambda: GraphNode): string[] {
  const { target_arn } = blockOf(lambda.attributes.dead_letter_config) as { target_arn?: unknown };
  const queue = graph.resolve(target_arn, lambda.stack);
  if (queue?.type !== "aws_sqs_queue") return ["must send what it can't handle to a queue"];
  const watches = alarmsOf(graph, queue, "QueueName").some(
    (alarm) =>
      metricsOf(alarm).includes("ApproximateNumberOfMessagesVisible") &&
      alarm.attributes.threshold === 0 &&
      reachesSubscriber(graph, alarm),
  );
  return wanted(watches, `must have an alarm on the first message in ${queue.address}`);
}

/** Alarms whose metrics are of a thing, by its name in that dimension. */
function alarmsOf(graph: Graph, node: GraphNode, dimension: string): GraphNode[] {
  const found = graph
    .referencesTo(node)
    .filter(({ from, path }) => from.type === "aws_cloudwatch_metric_alarm" && path.endsWith(`dimensions.${dimension}`))
    .map(({ from }) => from);
  return [...new Set(found)];
}

function metricsOf({ attributes }: GraphNode): unknown[] {
  const queries = [attributes.metric_query ?? []].flat() as { metric?: unknown }[];
  return [
    attributes.metric_name,
    ...queries.map(({ metric }) => (blockOf(metric) as { metric_name?: unknown }).metric_name),
  ];
}

function reachesSubscriber(graph: Graph, alarm: GraphNode): boolean {
  if (alarm.attributes.actions_enabled === false) return false;
  const topics = ([alarm.attributes.alarm_actions ?? []].flat() as unknown[]).map((action) =>
    graph.resolve(action, alarm.stack),
  );
  return topics.some(
    (topic) =>
      topic?.type === "aws_sns_topic" &&
      graph.referencesTo(topic).some(({ from }) => from.type === "aws_sns_topic_subscription"),
  );
}

/** A block, which Terraform's JSON has as it is or in a list. */
function blockOf(value: unknown): object {
  const [block] = [value].flat();
  return typeof block === "object" && block !== null ? block : {};
}

function wanted(holds: boolean, message: string): string[] {
  return holds ? [] : [message];
}
