import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { coversAction, coversResource } from "../../graph/statement";
import { type Attributes, blocksOf, isObject } from "../../graph/terraform-json";
import { alarmsOn, expressionOf, isPlain, queueDepth } from "../alarms";
import { deadLettersOf } from "../functions";
import { judgeNodes, type Requirement } from "../requirement";

/** The newest that Lambda has for Node; an older one ends sooner. */
const currentRuntime = "nodejs24.x";

interface Watch {
  readonly metric: string;
  readonly statistic: string;
  /** Whether a threshold tells trouble before it is over; `expression` is empty for an alarm on the metric itself. */
  isSensible(threshold: number, timeoutMilliseconds: number, expression: string): boolean;
}

/** What watches every function: its error rate in percent, the time of an invocation, refusals, and events that are lost. */
const watched: readonly Watch[] = [
  {
    metric: "Errors",
    statistic: "Sum",
    isSensible: (threshold, _, expression) =>
      threshold >= 0 && threshold <= 100 && /errors\s*\/\s*invocations/.test(expression),
  },
  {
    metric: "Duration",
    statistic: "Maximum",
    isSensible: (threshold, timeoutMilliseconds) => threshold > 0 && threshold < timeoutMilliseconds,
  },
  { metric: "Throttles", statistic: "Sum", isSensible: (threshold) => threshold === 0 },
  { metric: "DeadLetterErrors", statistic: "Sum", isSensible: (threshold) => threshold === 0 },
];

export const sec02: Requirement = {
  id: "SEC-02",
  checks:
    "Every function has a role of its own, a log group with retention and key, dead letters that raise an alarm, alarms on errors, duration and throttles that reach a topic with subscribers, tracing as configured, reserved concurrency, arm64 and the current runtime.",
  why: "What one of these lacks fails unseen, or takes others down with it.",
  judge: (subject) =>
    judgeNodes(subject, ["aws_lambda_function"], (lambda, environment) => {
      const role = subject.graph.resolve(lambda.attributes.role, lambda.stack);
      return [
        ...settings(lambda, environment),
        ...configured(lambda, environment),
        ...ownRole(subject.graph, lambda, role),
        ...logGroup(subject.graph, lambda),
        ...alarms(subject.graph, lambda),
        ...deadLetters(subject.graph, lambda, role),
      ];
    }),
};

function settings({ attributes }: GraphNode, { tracing }: Environment): string[] {
  const { runtime, architectures, reserved_concurrent_executions, layers } = attributes;
  const mode = blocksOf(attributes, "tracing_config")[0]?.mode;
  return [
    ...wanted(runtime === currentRuntime, `must run on ${currentRuntime} (it has ${runtime})`),
    ...wanted([architectures].flat().join() === "arm64", "must run on arm64"),
    ...wanted([layers ?? []].flat().length === 0, "has layers: code that isn't bundled, reviewed or pinned here"),
    ...wanted(Number(reserved_concurrent_executions) >= 1, "must have reserved concurrency of at least 1"),
    ...wanted(mode === (tracing ? "Active" : "PassThrough"), `has the tracing ${mode}, not what is configured`),
  ];
}

/** Memory and concurrency, where the configuration has them for a function of this name. */
function configured({ attributes, physicalName = "", stack }: GraphNode, environment: Environment): string[] {
  const { component = "" } = stack;
  const system = (environment as unknown as Attributes)[component];
  const [, name = ""] = new RegExp(`^tap-${component}-(.+)-${stack.environmentSuffix}-`).exec(physicalName) ?? [];
  const own = isObject(system) ? system[name] : undefined;
  if (!isObject(own)) return [];
  const { memorySizeMb, reservedConcurrency } = own;
  return [
    ...wanted(
      memorySizeMb === undefined || attributes.memory_size === memorySizeMb,
      `must have ${memorySizeMb} MB of memory, as configured`,
    ),
    ...wanted(
      reservedConcurrency === undefined || attributes.reserved_concurrent_executions === reservedConcurrency,
      `must have reserved concurrency of ${reservedConcurrency}, as configured`,
    ),
  ];
}

function ownRole(graph: Graph, lambda: GraphNode, role: GraphNode | undefined): string[] {
  if (role?.type !== "aws_iam_role") return ["must have a role of this project"];
  const sharing = graph.referencesTo(role).filter(({ from }) => from.type === "aws_lambda_function" && from !== lambda);
  return wanted(sharing.length === 0, `shares its role with ${sharing.map(({ from }) => from.address).join(", ")}`);
}

function logGroup(graph: Graph, lambda: GraphNode): string[] {
  const [logging] = blocksOf(lambda.attributes, "logging_config");
  const group = graph.resolve(logging?.log_group, lambda.stack, { types: ["aws_cloudwatch_log_group"] });
  if (group?.type !== "aws_cloudwatch_log_group") return ["must log to a log group of its stack"];
  const { retention_in_days, kms_key_id } = group.attributes;
  return [
    ...wanted(
      /^(TRACE|DEBUG|INFO)$/.test(String(logging?.application_log_level)),
      "must log what its code says, from INFO",
    ),
    ...wanted(Number(retention_in_days) > 0, "has logs without end"),
    ...wanted(graph.resolve(kms_key_id, group.stack)?.type === "aws_kms_key", "has logs without a customer key"),
  ];
}

function alarms(graph: Graph, lambda: GraphNode): string[] {
  const timeoutMilliseconds = Number(lambda.attributes.timeout ?? 3) * 1_000;
  return watched.flatMap(({ metric, statistic, isSensible }) => {
    const sensible = alarmsOn(graph, lambda, {
      namespace: "AWS/Lambda",
      metric,
      statistic,
      dimension: "FunctionName",
    }).filter(
      (alarm) =>
        (isPlain(alarm) || metric === "Errors") &&
        isSensible(Number(alarm.attributes.threshold), timeoutMilliseconds, expressionOf(alarm)),
    );
    return wanted(sensible.length > 0, `must have an alarm on ${metric} that reaches a topic with subscribers`);
  });
}

function deadLetters(graph: Graph, lambda: GraphNode, ownRole: GraphNode | undefined): string[] {
  const queue = deadLettersOf(graph, lambda);
  if (queue?.type !== "aws_sqs_queue") return ["must send what it can't handle to a queue"];
  const watches = alarmsOn(graph, queue, queueDepth).some(
    (alarm) =>
      isPlain(alarm) &&
      alarm.attributes.comparison_operator === "GreaterThanThreshold" &&
      alarm.attributes.threshold === 0 &&
      alarm.attributes.evaluation_periods === 1,
  );
  const policies = ownRole === undefined ? [] : graph.policiesOf(ownRole).filter(({ kind }) => kind === "identity");
  const statements = policies.flatMap((policy) => policy.statements);
  const maySend = statements.some(
    (statement) =>
      statement.effect === "Allow" &&
      coversAction(statement, "sqs:SendMessage") &&
      coversResource(statement, String(queue.arn)) &&
      statement.resources.length > 0,
  );
  const isDenied = statements.some(
    (statement) =>
      statement.effect === "Deny" &&
      coversAction(statement, "sqs:SendMessage") &&
      coversResource(statement, String(queue.arn)),
  );
  const { message_retention_seconds, max_message_size } = queue.attributes;
  return [
    ...wanted(watches, `must have an alarm on the first message in ${queue.address}`),
    ...wanted(maySend && !isDenied, `must be allowed to send to ${queue.address}`),
    ...wanted(message_retention_seconds === 14 * 86_400, `must have its dead letters kept 14 days`),
    ...wanted(max_message_size === 1_048_576, "must have dead letters as large as its events may be"),
  ];
}

function wanted(holds: boolean, message: string): string[] {
  return holds ? [] : [message];
}
