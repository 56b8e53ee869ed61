import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { type Attributes, blocksOf, isObject } from "../../graph/terraform-json";

/** A metric by which a thing's trouble shows when it goes up. */
export interface Metric {
  readonly namespace: string;
  /** Any of these will do. */
  readonly names: readonly string[];
  /** Dimension that holds the thing's name. */
  readonly dimension: string;
  /** Types of the things. */
  readonly types: readonly string[];
}

/** Tells of a thing whether an alarm on the metric reaches somebody, as far as the configuration says. */
export function watchedBy(graph: Graph, metric: Metric): (node: GraphNode) => boolean {
  const nodes = new Set<GraphNode>();
  /** Stacks with alarms for each of a list that only Terraform knows. */
  const stacks = new Set<string>();
  /** Alarms on all things of their account and region at once. */
  const everywhere: GraphNode[] = [];
  for (const alarm of graph.ofType("aws_cloudwatch_metric_alarm"))
    for (const watched of watchedThings(graph, alarm, metric)) {
      if (watched === "all") everywhere.push(alarm);
      else if (watched === "unknown") stacks.add(alarm.stack.id);
      else nodes.add(watched);
    }
  return (node) => nodes.has(node) || stacks.has(node.stack.id) || everywhere.some((alarm) => isSamePlace(alarm, node));
}

/** What an alarm watches that reaches somebody. */
function watchedThings(graph: Graph, alarm: GraphNode, metric: Metric): (GraphNode | "all" | "unknown")[] {
  const watched = dimensionsOn(alarm, metric).flatMap((dimensions) => watchedThing(graph, alarm, metric, dimensions));
  const all = hasInsight(alarm, metric) ? [...watched, "all" as const] : watched;
  return all.length > 0 && isHeard(graph, alarm) && firesAbove(alarm) ? all : [];
}

function watchedThing(
  graph: Graph,
  alarm: GraphNode,
  { dimension, types }: Metric,
  dimensions: unknown,
): GraphNode | "all" | "unknown" | [] {
  if (!isObject(dimensions)) return typeof dimensions === "string" ? "unknown" : "all";
  const value = dimensions[dimension];
  const node = graph.resolve(value, alarm.stack, { types });
  if (node !== undefined && types.includes(node.type)) return isSamePlace(alarm, node) ? node : [];
  return typeof value === "string" && graph.render(value, alarm.stack).includes("${") ? "unknown" : [];
}

/** CloudWatch sees metrics, and sends to topics, of its own account and region alone. */
function isSamePlace(a: GraphNode, b: GraphNode): boolean {
  const same = (one: string | undefined, other: string | undefined) =>
    one === undefined || other === undefined || one === other;
  return same(a.region, b.region) && same(a.accountId, b.accountId);
}

/** Dimensions of the metric in the alarm, once for each time that it is there. */
function dimensionsOn({ attributes }: GraphNode, { namespace, names }: Metric): unknown[] {
  const all: Attributes[] = [
    attributes,
    ...blocksOf(attributes, "metric_query").flatMap((query) => blocksOf(query, "metric")),
  ];
  return all
    .filter((each) => each.namespace === namespace && names.includes(String(each.metric_name)))
    .map(({ dimensions }) => dimensions);
}

/** A query over all things at once: `SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName)`. */
function hasInsight({ attributes }: GraphNode, { namespace, names }: Metric): boolean {
  return blocksOf(attributes, "metric_query").some(({ expression }) => {
    const text = String(expression ?? "");
    return /^\s*(SELECT|SEARCH)\b/i.test(text) && text.includes(namespace) && names.some((name) => text.includes(name));
  });
}

function firesAbove({ attributes }: GraphNode): boolean {
  const operator = String(attributes.comparison_operator ?? "Greater");
  return operator.includes("Greater") || operator.includes("${");
}

/** Whether an alarm, or one that is made of it, tells somebody. */
export function isHeard(graph: Graph, alarm: GraphNode): boolean {
  return heardAlarms(graph).has(alarm);
}

const heardAlarms = rememberingObjects((graph: Graph): ReadonlySet<GraphNode> => {
  const composites = graph.ofType("aws_cloudwatch_composite_alarm").filter((each) => tells(graph, each));
  const parts = composites.flatMap((each) =>
    graph.referencesFrom(each, "alarm_rule").flatMap((reference) => ("to" in reference ? [reference.to] : [])),
  );
  return new Set([...graph.ofType("aws_cloudwatch_metric_alarm").filter((each) => tells(graph, each)), ...parts]);
});

function tells(graph: Graph, alarm: GraphNode): boolean {
  const { actions_enabled, alarm_actions } = alarm.attributes;
  if (actions_enabled === false || actions_enabled === "false") return false;
  const actions: unknown[] = [alarm_actions ?? []].flat();
  return actions.some((action) => reaches(graph, alarm, action));
}

function reaches(graph: Graph, alarm: GraphNode, action: unknown): boolean {
  if (typeof action !== "string" || action === "") return false;
  const target = graph.resolve(action, alarm.stack);
  // Not of this configuration: nobody knows who listens there.
  if (target === undefined || target.mode === "data") return true;
  if (target.type !== "aws_sns_topic") return /^aws_(lambda_|ssmincidents_)/.test(target.type);
  return isSamePlace(alarm, target) && isSubscribed(graph, target);
}

/** Whether somebody is subscribed to a topic, as far as the configuration says. */
export function isSubscribed(graph: Graph, topic: GraphNode): boolean {
  const { topics, stacks } = subscriptions(graph);
  return topics.has(topic) || stacks.has(topic.stack.id);
}

const subscriptions = rememberingObjects((graph: Graph) => {
  const topics = new Set<GraphNode>();
  const stacks = new Set<string>();
  for (const { attributes, stack } of graph.ofType("aws_sns_topic_subscription")) {
    const topic = graph.resolve(attributes.topic_arn, stack, { types: ["aws_sns_topic"] });
    if (topic?.type === "aws_sns_topic") topics.add(topic);
    // One for each of a list that only Terraform knows.
    else if (typeof attributes.topic_arn === "string" && attributes.topic_arn.includes("${")) stacks.add(stack.id);
  }
  return { topics, stacks };
});
