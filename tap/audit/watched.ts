import type { Environment } from "../../config/environment";
import { nodesOfEnvironment } from "../graph/groups";
import type { Graph, GraphNode } from "../graph/model";
import { type Attributes, blocksOf } from "../graph/terraform-json";
import { alarmsOn, type WantedMetric } from "./alarms";
import { differences, kept } from "./exact";

const periodSeconds = 60;

/** Errors / invocations × 100; without invocations there is no share. */
const errorRate = /^(IF\(invocations>0,)?(100\*errors\/invocations|\(?errors\/invocations\)?\*100)(,0\))?$/;

/** The one topic of alarms of the stack's region. */
export function alarmTopic(
  graph: Graph,
  { environmentSuffix, region }: { readonly environmentSuffix: string; readonly region: string },
): GraphNode | undefined {
  return nodesOfEnvironment(graph, environmentSuffix, "aws_sns_topic").find(
    (topic) =>
      topic.stack.component === "security" &&
      topic.region === region &&
      topic.physicalName === `tap-security-alarms-${environmentSuffix}-${region}`,
  );
}

/** What an alarm must be on, and from when. */
export interface Watched {
  readonly metric: WantedMetric;
  readonly periods: number;
  readonly threshold: number;
  /** An alarm on a share has it; all others are on the metric itself. */
  readonly expression?: RegExp;
}

/** What tells that a function is in trouble: failures, invocations of so many milliseconds, refusals. */
export function watchedOf(
  { alarms: { evaluationPeriods, errorRatePercent } }: Environment,
  lambda: GraphNode,
  durationMilliseconds: number,
): Watched[] {
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
export function alarmProblems(graph: Graph, node: GraphNode, watched: Watched, topicArn: string): string[] {
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
