import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { alarmsOn, queueDepth, type WantedMetric } from "../alarms";
import { differences, findingsOn, kept } from "../exact";
import { deadLettersOf, functionsOf } from "../functions";
import { type Finding, judgeEach, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

const periodSeconds = 60;
const durationMilliseconds = 25_000;

/** Errors / invocations × 100; without invocations there is no share. */
const errorRate = /^(IF\(invocations>0,)?(100\*errors\/invocations|\(?errors\/invocations\)?\*100)(,0\))?$/;

export const api06: Requirement = {
  id: "API-06",
  checks:
    "Each function has alarms on the share of failed invocations, by metric math and the configured percentage, on a duration over 25 s, on throttles and on the first message among its dead letters; each goes to the alarm topic of its region and nowhere else.",
  why: "An alarm on a count of errors is silent at night and loud at noon; one that goes nowhere is silent for ever.",
  judge: (subject) => judgeEach(subject, "api", (stack, environment) => alarms(subject.graph, stack, environment)),
};

function alarms(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const topic = alarmTopic(graph, stack);
  const lambdas = functionsOf(graph, stack);
  if (topic?.arn === undefined || lambdas.size === 0)
    return [{ stack: stack.id, message: "must have functions, and an alarm topic in its region" }];
  const { arn } = topic;
  return [...lambdas.values()].flatMap((lambda) => {
    const own = watch(environment, lambda).map((each) => ({ ...each, node: lambda }));
    const letters = deadLettersOf(graph, lambda);
    const queue = letters?.type === "aws_sqs_queue" && letters.stack === lambda.stack ? letters : undefined;
    const all = [...own, ...(queue === undefined ? [] : [{ ...depth, node: queue }])];
    return [
      ...findingsOn(lambda, queue === undefined ? ["must have dead letters"] : []),
      ...all.flatMap(({ node, ...watched }) => findingsOn(lambda, problems(graph, node, watched, arn))),
    ];
  });
}

/** The one topic of alarms of the stack's region. */
function alarmTopic(graph: Graph, { environmentSuffix, region }: StackJson): GraphNode | undefined {
  return graph
    .ofType("aws_sns_topic")
    .find(
      (topic) =>
        topic.stack.component === "security" &&
        topic.stack.environmentSuffix === environmentSuffix &&
        topic.region === region &&
        topic.physicalName === `tap-security-alarms-${environmentSuffix}-${region}`,
    );
}

interface Watched {
  readonly metric: WantedMetric;
  readonly periods: number;
  readonly threshold: number;
  /** An alarm on a share has it; all others are on the metric itself. */
  readonly expression?: RegExp;
}

const depth: Watched = { metric: queueDepth, periods: 1, threshold: 0 };

function watch({ alarms: { evaluationPeriods, errorRatePercent } }: Environment, lambda: GraphNode): Watched[] {
  const of = (metric: string, statistic: string) => ({
    metric: { namespace: "AWS/Lambda", metric, statistic, dimension: "FunctionName" },
    periods: evaluationPeriods,
  });
  // A function that is ended before could not be told of.
  const isReached = Number(lambda.attributes.timeout) * 1_000 > durationMilliseconds;
  return [
    { ...of("Errors", "Sum"), threshold: errorRatePercent, expression: errorRate },
    { ...of("Duration", "Maximum"), threshold: isReached ? durationMilliseconds : Number.NaN },
    { ...of("Throttles", "Sum"), threshold: 0 },
  ];
}

/** What the alarms on a metric lack, of which one at least must be as it is wanted. */
function problems(graph: Graph, node: GraphNode, watched: Watched, topicArn: string): string[] {
  const name = `${watched.metric.metric} of ${node.physicalName}`;
  const found = alarmsOn(graph, node, watched.metric).map((alarm) =>
    differences(graph, alarm, expected(alarm, node, watched, topicArn)),
  );
  const [first] = found;
  if (first === undefined) return [`must have an alarm on ${name} that somebody hears`];
  return found.some((each) => each.length === 0) ? [] : first.map((each) => `alarm on ${name} ${each}`);
}

function expected(alarm: GraphNode, node: GraphNode, watched: Watched, topicArn: string): Attributes {
  return {
    ...kept(alarm, "alarm_name", "alarm_description"),
    ...(watched.expression === undefined
      ? plainMetric(node, watched.metric)
      : { metric_query: share(alarm, node, watched.metric, watched.expression) }),
    comparison_operator: "GreaterThanThreshold",
    threshold: watched.threshold,
    evaluation_periods: watched.periods,
    treat_missing_data: "notBreaching",
    alarm_actions: [topicArn],
    ok_actions: [topicArn],
  };
}

function plainMetric(node: GraphNode, { namespace, metric, statistic, dimension }: WantedMetric): Attributes {
  return {
    namespace,
    metric_name: metric,
    statistic,
    period: periodSeconds,
    dimensions: { [dimension]: node.physicalName },
  };
}

/** Errors and invocations of the function, and what the alarm compares: the one over the other. */
function share(alarm: GraphNode, node: GraphNode, errors: WantedMetric, wanted: RegExp): Attributes[] {
  const [compared, ...others] = blocksOf(alarm.attributes, "metric_query").filter(
    ({ expression }) => expression !== undefined,
  );
  const isShare = others.length === 0 && wanted.test(String(compared?.expression).replaceAll(" ", ""));
  const metric = (id: string, { metric: name, statistic, dimension, namespace }: WantedMetric) => ({
    id,
    metric: {
      namespace,
      metric_name: name,
      stat: statistic,
      period: periodSeconds,
      dimensions: { [dimension]: node.physicalName },
    },
  });
  return [
    {
      id: compared?.id,
      label: compared?.label,
      return_data: true,
      expression: isShare ? compared?.expression : "errors / invocations * 100",
    },
    metric("errors", errors),
    metric("invocations", { ...errors, metric: "Invocations" }),
  ];
}
