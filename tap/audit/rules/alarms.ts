import { matchesArn } from "../../graph/arn";
import { leavesOf } from "../../graph/leaves";
import type { Graph, GraphNode } from "../../graph/model";
import { nameAttribute, namesIn } from "../../graph/name-references";
import { rememberingObjects } from "../../graph/remembering";
import { valuesOn } from "../../graph/statement";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { reachesSubscriber } from "../alarms";
import { findings, isOn, isSet, judgeResources, knownValue, type Rule } from "../rule";

const topic = { aws_sns_topic: { Alarms: { name: "alarms" } } };
const subscription = {
  aws_sns_topic_subscription: {
    Mail: { topic_arn: "${aws_sns_topic.Alarms.arn}", protocol: "email", endpoint: "oncall@example.com" },
  },
};
const queue = { aws_sqs_queue: { Jobs: { name: "jobs" } } };
const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const alarm = (attributes: Attributes = {}) => ({
  aws_cloudwatch_metric_alarm: {
    Late: {
      alarm_name: "late",
      namespace: "AWS/SQS",
      metric_name: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: "jobs" },
      statistic: "Maximum",
      period: 60,
      evaluation_periods: 3,
      threshold: 300,
      comparison_operator: "GreaterThanThreshold",
      treat_missing_data: "notBreaching",
      alarm_actions: ["${aws_sns_topic.Alarms.arn}"],
      ...attributes,
    },
  },
});
const dashboard = (name: string) => ({
  aws_cloudwatch_dashboard: {
    Jobs: {
      dashboard_name: "jobs",
      dashboard_body: JSON.stringify({
        widgets: [
          {
            type: "metric",
            properties: { metrics: [["AWS/SQS", "NumberOfMessagesSent", "QueueName", name]], region: "us-east-1" },
          },
        ],
      }),
    },
  },
});

const alarmTypes = ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"] as const;

/** Metrics that tell of trouble when they rise: errors, refusals, what waits. */
const trouble =
  /^(Errors?|[45]XXErrors?|[45]xx|HTTPCode_.*_5XX_Count|Throttles|ThrottledRequests|(Read|Write)ThrottleEvents|.*Throttled?(Records|Requests|Events)|UserErrors|SystemErrors|DeadLetterErrors|DestinationDeliveryFailures|AsyncEventsDropped|ApproximateNumberOfMessagesVisible|ApproximateAgeOfOldestMessage|IteratorAge|GetRecords\.IteratorAgeMilliseconds|FailedInvocations|ExecutionsFailed|ExecutionsTimedOut|ExecutionsAborted|NumberOf\w+JobsFailed|NumberOfNotificationsFailed|OperationsFailedReplication)$/;

/** Alarms and dashboards: whether they look at something that is there, and somebody hears of it. */
export const alarmsRules: readonly Rule[] = [
  {
    id: "alarm-actions",
    title: "Alarms reach somebody",
    severity: "high",
    why: "The alarm goes up, and nobody hears of it.",
    fix: "Set alarm_actions to a topic with a subscription, in the alarm's own region, that CloudWatch may publish to; leave actions_enabled on.",
    references: ["CKV_AWS_319"],
    examples: {
      failing: { provider, resource: { ...topic, ...queue, ...alarm() } },
      passing: { provider, resource: { ...topic, ...subscription, ...queue, ...alarm() } },
    },
    judge: (graph) => {
      const parts = partsOfComposites(graph);
      const hears = hearing(graph);
      return alarmTypes
        .flatMap((type) => graph.ofType(type))
        .flatMap((node) => findings(node, actionProblems(graph, node, parts.has(node), hears)));
    },
  },
  {
    id: "alarm-missing-data",
    title: "Alarms say what it means when nothing is measured",
    severity: "low",
    why: "By default an alarm without data keeps silent about its state: a dead system looks like a quiet one.",
    fix: "Set treat_missing_data: notBreaching where no traffic is normal, breaching where there must always be some.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"],
    examples: {
      failing: { resource: { ...queue, ...alarm({ treat_missing_data: null }) } },
      passing: { resource: { ...queue, ...alarm() } },
    },
    judge: judgeResources("aws_cloudwatch_metric_alarm", ({ attributes }) =>
      isSet(attributes.treat_missing_data) ? [] : ["must have treat_missing_data"],
    ),
  },
  {
    id: "alarm-direction",
    title: "Alarms on trouble go up when it rises",
    severity: "high",
    why: "The alarm is silent while everything fails, and goes up when all is well.",
    fix: "Set comparison_operator to GreaterThanThreshold or GreaterThanOrEqualToThreshold.",
    references: [],
    examples: {
      failing: { resource: { ...queue, ...alarm({ comparison_operator: "LessThanThreshold" }) } },
      passing: { resource: { ...queue, ...alarm() } },
    },
    judge: judgeResources("aws_cloudwatch_metric_alarm", (node, graph) => {
      const { metric_name, comparison_operator, evaluation_periods, datapoints_to_alarm } = node.attributes;
      const names = [
        metric_name,
        ...blocksOf(node.attributes, "metric_query").flatMap((query) =>
          blocksOf(query, "metric").map((metric) => metric.metric_name),
        ),
      ];
      const found = names.map((name) => String(knownValue(graph, node, name))).find((name) => trouble.test(name));
      const [periods, points] = [Number(evaluation_periods), Number(datapoints_to_alarm ?? evaluation_periods)];
      return [
        ...(found !== undefined && /^LessThan/.test(String(comparison_operator))
          ? [`must go up when ${found} rises (it has ${String(comparison_operator)})`]
          : []),
        ...(points > periods ? [`can't have ${points} datapoints_to_alarm of ${periods} evaluation_periods`] : []),
      ];
    }),
  },
  {
    id: "alarm-metric",
    title: "Alarms say what they watch, and from when they go up",
    severity: "high",
    why: "CloudWatch refuses the alarm, or it watches a metric that nothing writes, which never has data.",
    fix: "Set namespace, metric_name, dimensions, period, statistic and threshold; or metric_query, of which one returns data.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"],
    examples: {
      failing: { resource: { ...queue, ...alarm({ dimensions: null }) } },
      passing: { resource: { ...queue, ...alarm() } },
    },
    judge: judgeResources("aws_cloudwatch_metric_alarm", ({ attributes }) => metricProblems(attributes)),
  },
  {
    id: "alarm-dimensions",
    title: "Alarms watch things that are there",
    severity: "high",
    why: "A metric of a thing that isn't there has no data: the alarm never goes up.",
    fix: "Set dimensions to the name of the queue, function or table, as an expression that refers to it.",
    references: [],
    examples: {
      failing: { resource: { ...queue, ...alarm({ dimensions: { QueueName: "job" } }) } },
      passing: { resource: { ...queue, ...alarm() } },
    },
    judge: judgeResources("aws_cloudwatch_metric_alarm", (node, graph) =>
      missingNames(graph, node).map(({ name, of }) => `must watch something that is there (there is no ${of} ${name})`),
    ),
  },
  {
    id: "alarm-composite-rule",
    title: "Composite alarms combine alarms that are there",
    severity: "high",
    why: "Terraform can't make the alarm, or one that was renamed no longer counts.",
    fix: "Refer to the other alarms by expression in alarm_rule: ALARM(${aws_cloudwatch_metric_alarm.Late.alarm_name}).",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html"],
    examples: {
      failing: { resource: { ...queue, ...alarm(), ...composite('ALARM("later")') } },
      passing: { resource: { ...queue, ...alarm(), ...composite('ALARM("late")') } },
    },
    judge: judgeResources("aws_cloudwatch_composite_alarm", (node, graph) => {
      const rule = knownValue(graph, node, node.attributes.alarm_rule);
      const known = nameAttribute({ type: node.type, way: "alarm_rule", before: undefined }, "");
      if (typeof rule !== "string" || known === undefined || rule.includes("%{")) return [];
      const found = new Set(
        graph
          .referencesFrom(node, "alarm_rule")
          .flatMap((each) => (each.kind === "arn-pattern" ? [] : (each.to.physicalName ?? []))),
      );
      const names = [...new Set(namesIn(known, rule))];
      return [
        ...(names.length === 0 && !/\b(TRUE|FALSE)\b/.test(rule) ? ["must name other alarms in its alarm_rule"] : []),
        ...names
          .filter((name) => !name.startsWith("arn:") && !found.has(name))
          .map((name) => `must combine alarms that are there (there is no ${name})`),
      ];
    }),
  },
  {
    id: "alarm-dashboard",
    title: "Dashboards show things that are there",
    severity: "low",
    why: "A graph stays empty, and is taken for a quiet system.",
    fix: "Name the things by expressions in dashboard_body, or find them by SEARCH.",
    references: [],
    examples: {
      failing: { provider, resource: { ...queue, ...dashboard("job") } },
      passing: { provider, resource: { ...queue, ...dashboard("jobs") } },
    },
    judge: judgeResources("aws_cloudwatch_dashboard", (node, graph) =>
      missingNames(graph, node).map(({ name, of }) => `must show something that is there (there is no ${of} ${name})`),
    ),
  },
];

/** Namespaces of AWS's services that have metrics of single things alone, none of all together. */
const ofSingleThings = /^AWS\/(SQS|Kinesis|ApiGateway|S3|States|ApplicationELB|NetworkELB|SNS|Backup|Firehose)$/;

function metricProblems(attributes: Attributes): string[] {
  if ("dynamic" in attributes || typeof attributes.metric_query === "string") return [];
  const queries = blocksOf(attributes, "metric_query");
  const lacks = (block: Attributes, name: string, ...others: readonly string[]) =>
    [name, ...others].some((each) => isSet(block[each])) ? [] : [`must have a ${name}`];
  const missesThing = (block: Attributes) =>
    ofSingleThings.test(String(block.namespace)) && hasNone(block.dimensions)
      ? [`must have dimensions: ${String(block.namespace)} has no metric of all things together`]
      : [];
  const metrics = queries.flatMap((query) => blocksOf(query, "metric"));
  const returning = queries.filter(({ return_data }) => String(return_data) === "true");
  return [
    ...lacks(attributes, "threshold", "threshold_metric_id"),
    ...(queries.length > 0
      ? [
          ...(returning.length === 1 || queries.length === 1 ? [] : ["must have one metric_query that returns data"]),
          ...metrics.flatMap(missesThing),
        ]
      : [
          ...lacks(attributes, "metric_name"),
          ...lacks(attributes, "namespace"),
          ...lacks(attributes, "period"),
          ...lacks(attributes, "statistic", "extended_statistic"),
          ...missesThing(attributes),
        ]),
  ];
}

function hasNone(dimensions: unknown): boolean {
  return (
    !isSet(dimensions) ||
    (typeof dimensions === "object" && dimensions !== null && Object.keys(dimensions).length === 0)
  );
}

function composite(rule: string) {
  return { aws_cloudwatch_composite_alarm: { All: { alarm_name: "all", alarm_rule: rule } } };
}

/** Alarms that a composite one speaks for. */
function partsOfComposites(graph: Graph): Set<GraphNode> {
  return new Set(
    graph
      .ofType("aws_cloudwatch_composite_alarm")
      .flatMap((node) =>
        graph.referencesFrom(node, "alarm_rule").flatMap((each) => (each.kind === "arn-pattern" ? [] : each.to)),
      ),
  );
}

function actionProblems(graph: Graph, node: GraphNode, isPart: boolean, hears: Hearing): string[] {
  const { actions_enabled, alarm_actions } = node.attributes;
  const actions: unknown[] = [alarm_actions ?? []].flat();
  if (actions.length === 0) return isPart ? [] : ["must have alarm_actions"];
  if (!isOn(graph, node, actions_enabled ?? true)) return ["must have actions_enabled"];
  // A step of scaling, a recovery, or a topic that isn't in the graph is heard by whom nobody knows here.
  const targets = actions.map((action) => graph.resolve(action, node.stack));
  if (targets.some((target) => target?.type !== "aws_sns_topic")) return [];
  const topics = targets.flatMap((target) => target ?? []);
  if (hears(node, topics)) return [];
  const names = topics.map(({ address }) => address).join(", ");
  return [`must reach somebody by ${names}: it needs a subscription, and must let CloudWatch publish`];
}

/** Whether somebody hears an alarm that goes to these topics. */
type Hearing = (alarmNode: GraphNode, topics: readonly GraphNode[]) => boolean;

/**
 * Thousands of alarms go to one topic: what is so for one of them is so for all of its region and account, unless a
 * policy is for some alarms alone.
 */
function hearing(graph: Graph): Hearing {
  const subscribed = new Set(
    graph
      .ofType("aws_sns_topic_subscription")
      .map(({ attributes, stack }) => graph.resolve(attributes.topic_arn, stack)),
  );
  const sources = new Map<GraphNode, string[]>();
  const known = new Map<string, boolean>();
  return (node, topics) => {
    if (!topics.some((each) => subscribed.has(each))) return false;
    if (topics.some((each) => subscribed.has(each) && isPlainTopic(graph, each, node))) return true;
    const matches = topics.flatMap((each) => {
      const patterns = sources.get(each) ?? sourcesOf(graph, each);
      sources.set(each, patterns);
      return patterns.map((pattern) => node.arn !== undefined && matchesArn(pattern, node.arn));
    });
    const key = JSON.stringify([node.region, node.accountId, topics.map(({ id }) => id), matches]);
    const answer = known.get(key) ?? reachesSubscriber(graph, node);
    known.set(key, answer);
    return answer;
  };
}

/** ARNs of alarms that policies of a topic and its key are for. */
function sourcesOf(graph: Graph, each: GraphNode): string[] {
  const key = graph.resolve(each.attributes.kms_master_key_id, each.stack);
  const all = [each, ...(key === undefined ? [] : [key])]
    .flatMap((node) => graph.policiesOf(node))
    .flatMap(({ statements }) => statements.flatMap((statement) => valuesOn(statement, "aws:SourceArn")))
    // One for all alarms of a place tells none of them from another.
    .filter((pattern) => /^arn:[^:]*:[^:]*([*?]|cloudwatch)/.test(pattern) && !pattern.endsWith(":alarm:*"));
  return [...new Set(all)];
}

/** A topic in the alarm's region and account that has AWS's own policy and no customer key: CloudWatch may publish to it. */
function isPlainTopic(graph: Graph, each: GraphNode, alarmNode: GraphNode): boolean {
  return (
    each.region === alarmNode.region &&
    each.accountId === alarmNode.accountId &&
    graph.policiesOf(each).length === 0 &&
    !isSet(each.attributes.kms_master_key_id)
  );
}

interface MissingName {
  readonly name: string;
  /** Type of the thing that should have it. */
  readonly of: string;
}

/**
 * Names in dimensions of metrics that nothing in the graph has. Only where the graph has things of that type in the
 * same account and region: elsewhere another project may have them.
 */
function missingNames(graph: Graph, node: GraphNode): MissingName[] {
  const found = new Set(
    graph.referencesFrom(node).flatMap((each) => (each.kind === "arn-pattern" ? [] : `${each.path} ${each.to.type}`)),
  );
  const missing = new Map<string, MissingName>();
  for (const leaf of leavesOf(node.attributes)) {
    if (!/dimensions|metrics/.test(leaf.way)) continue;
    const name = knownValue(graph, node, leaf.text);
    if (typeof name !== "string" || name.includes("%{")) continue;
    const known = nameAttribute({ type: node.type, way: leaf.way, before: leaf.before }, name);
    if (known === undefined || known.to.some((type) => found.has(`${leaf.path} ${type}`))) continue;
    const region = leaf.region ?? node.region;
    const isNear = known.to.some((type) => placesOf(graph).has(`${type} ${node.accountId} ${region}`));
    const [of = ""] = known.to;
    if (isNear && namesIn(known, name).length > 0) missing.set(`${of} ${name}`, { name, of });
  }
  return [...missing.values()];
}

/** Where there are resources of which type. */
const placesOf = rememberingObjects(
  (graph: Graph) =>
    new Set(
      graph.nodes
        .filter(({ mode }) => mode === "managed")
        .map(({ type, accountId, region }) => `${type} ${accountId} ${region}`),
    ),
);
