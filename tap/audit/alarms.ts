import { matchesArn, matchesPattern } from "../graph/arn";
import type { Graph, GraphNode } from "../graph/model";
import type { Condition, Statement } from "../graph/policy";
import { coversAction, coversResource, isForEveryone } from "../graph/statement";
import { blocksOf, isObject } from "../graph/terraform-json";

/** A metric of CloudWatch that an alarm must watch, of one thing. */
export interface WantedMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly statistic: string;
  /** The one dimension, which holds the thing's name. */
  readonly dimension: string;
}

export const queueDepth: WantedMetric = {
  namespace: "AWS/SQS",
  metric: "ApproximateNumberOfMessagesVisible",
  statistic: "Maximum",
  dimension: "QueueName",
};

/** Alarms that watch a metric of a thing, alone or in an expression, and that somebody hears of when it goes up. */
export function alarmsOn(graph: Graph, node: GraphNode, wanted: WantedMetric): GraphNode[] {
  const { physicalName } = node;
  const found = graph
    .referencesTo(node)
    .filter(({ from }) => from.type === "aws_cloudwatch_metric_alarm")
    .map(({ from }) => from)
    .filter((alarm) => alarm.region === node.region && alarm.accountId === node.accountId)
    .filter((alarm) =>
      metricsOf(alarm).some((metric) => physicalName !== undefined && isOf(metric, wanted, physicalName)),
    )
    .filter((alarm) => firesAbove(alarm) && reachesSubscriber(graph, alarm));
  return [...new Set(found)];
}

/** Whether an alarm is on one metric itself, and compares nothing else. */
export function isPlain({ attributes }: GraphNode): boolean {
  return attributes.metric_name !== undefined && attributes.metric_query === undefined;
}

/** What an alarm on several metrics compares: the one query that returns data; nothing for an alarm on the metric itself. */
export function expressionOf({ attributes }: GraphNode): string {
  const [query, ...others] = blocksOf(attributes, "metric_query").filter(({ return_data }) => return_data === true);
  return others.length === 0 ? String(query?.expression ?? "") : "";
}

/** Seconds for which the metric must be high before the alarm fires. */
export function secondsUntilItFires(alarm: GraphNode): number {
  const periods = metricsOf(alarm).map(({ period }) => Number(period));
  return Number(alarm.attributes.evaluation_periods) * Math.max(...periods);
}

/** Longest that trouble may go unheard of, seconds. */
const longestSilence = 600;

interface Metric {
  readonly namespace: unknown;
  readonly metric: unknown;
  readonly statistic: unknown;
  readonly dimensions: unknown;
  readonly period: unknown;
  readonly accountId: unknown;
}

function metricsOf({ attributes }: GraphNode): Metric[] {
  const { namespace, metric_name, statistic, extended_statistic, dimensions, period } = attributes;
  const queries = blocksOf(attributes, "metric_query").flatMap((query) =>
    blocksOf(query, "metric").map((metric) => ({ ...metric, accountId: query.account_id }) as Record<string, unknown>),
  );
  const own = { namespace, metric: metric_name, statistic: statistic ?? extended_statistic, dimensions, period };
  return [
    ...(metric_name === undefined ? [] : [{ ...own, accountId: undefined }]),
    ...queries.map((each) => ({
      namespace: each.namespace,
      metric: each.metric_name,
      statistic: each.stat,
      dimensions: each.dimensions,
      period: each.period,
      accountId: each.accountId,
    })),
  ];
}

/** CloudWatch finds a metric by all of its dimensions: with one more, there is no such metric. */
function isOf(metric: Metric, wanted: WantedMetric, name: string): boolean {
  return (
    metric.namespace === wanted.namespace &&
    metric.metric === wanted.metric &&
    metric.statistic === wanted.statistic &&
    metric.accountId === undefined &&
    isObject(metric.dimensions) &&
    JSON.stringify(metric.dimensions) === JSON.stringify({ [wanted.dimension]: name })
  );
}

/** Fires when it goes up, within minutes, and not because nothing was measured. */
function firesAbove(alarm: GraphNode): boolean {
  const { comparison_operator, evaluation_periods, datapoints_to_alarm, treat_missing_data, unit } = alarm.attributes;
  const seconds = secondsUntilItFires(alarm);
  return (
    /^GreaterThan(OrEqualTo)?Threshold$/.test(String(comparison_operator)) &&
    Number(evaluation_periods) >= 1 &&
    seconds > 0 &&
    seconds <= longestSilence &&
    (datapoints_to_alarm === undefined || Number(datapoints_to_alarm) <= Number(evaluation_periods)) &&
    treat_missing_data === "notBreaching" &&
    // A metric in another unit than it is sent in has no data.
    unit === undefined
  );
}

/** By a topic of the alarm's own region and account, which somebody reads, and which CloudWatch may publish to and encrypt for. */
export function reachesSubscriber(graph: Graph, alarm: GraphNode): boolean {
  const { actions_enabled = true, alarm_actions } = alarm.attributes;
  if (actions_enabled !== true) return false;
  const topics = ([alarm_actions ?? []].flat() as unknown[]).map((action) => graph.resolve(action, alarm.stack));
  return topics.some(
    (topic) =>
      topic?.type === "aws_sns_topic" &&
      topic.region === alarm.region &&
      topic.accountId === alarm.accountId &&
      hasSubscriber(graph, topic) &&
      letsCloudWatch(graph, topic, "sns:Publish", alarm) &&
      isEncryptedForCloudWatch(graph, topic, alarm),
  );
}

/** A filter would keep alarms from the subscriber. */
function hasSubscriber(graph: Graph, topic: GraphNode): boolean {
  return graph
    .referencesTo(topic)
    .some(
      ({ from, path }) =>
        from.type === "aws_sns_topic_subscription" &&
        path === "topic_arn" &&
        from.attributes.filter_policy === undefined &&
        String(from.attributes.endpoint ?? "") !== "",
    );
}

function isEncryptedForCloudWatch(graph: Graph, topic: GraphNode, alarm: GraphNode): boolean {
  const key = graph.resolve(topic.attributes.kms_master_key_id, topic.stack);
  return (
    key === undefined ||
    (letsCloudWatch(graph, key, "kms:Decrypt", alarm) && letsCloudWatch(graph, key, "kms:GenerateDataKey", alarm))
  );
}

const cloudWatch = "cloudwatch.amazonaws.com";

function letsCloudWatch(graph: Graph, node: GraphNode, action: string, alarm: GraphNode): boolean {
  const statements = graph
    .policiesOf(node)
    .flatMap((document) => document.statements)
    .filter((statement) => coversAction(statement, action) && isFor(statement, node));
  const allows = statements.some(
    (statement) =>
      statement.effect === "Allow" &&
      statement.principals.some(({ type, value }) => type === "Service" && value === cloudWatch) &&
      statement.conditions.every((condition) => holdsFor(condition, alarm)),
  );
  return allows && !statements.some((statement) => statement.effect === "Deny" && mayDenyCloudWatch(statement));
}

function isFor(statement: Statement, node: GraphNode): boolean {
  if (node.type === "aws_kms_key") return statement.resources.includes("*");
  return node.arn !== undefined && coversResource(statement, node.arn);
}

/** CloudWatch says whose alarm it works for, and speaks TLS; nothing else is known of its calls. */
function holdsFor({ operator, key, values }: Condition, alarm: GraphNode): boolean {
  const name = key.toLowerCase();
  if (name === "aws:sourceaccount")
    return /^String(Equals|Like)$/.test(operator) && values.includes(alarm.accountId ?? "");
  if (name !== "aws:sourcearn" || alarm.arn === undefined) return false;
  const matches = /^Arn(Equals|Like)$/.test(operator)
    ? matchesArn
    : operator === "StringLike"
      ? matchesPattern
      : (a: string, b: string) => operator === "StringEquals" && a === b;
  return values.some((value) => matches(value, alarm.arn as string));
}

function mayDenyCloudWatch(statement: Statement): boolean {
  const { principals, notPrincipals, conditions } = statement;
  const plainHttp = conditions.some(
    ({ operator, key, values }) =>
      operator === "Bool" && key.toLowerCase() === "aws:securetransport" && values.join() === "false",
  );
  const isMeant =
    isForEveryone(statement) || notPrincipals.length > 0 || principals.some(({ value }) => value === cloudWatch);
  return isMeant && !plainHttp;
}
