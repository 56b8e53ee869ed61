import type { Environment } from "../../../config/environment";
import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { reachesSubscriber } from "../alarms";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { gatewayOf } from "../gateway";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";
import { type StreamParts, streamFunctions, streamParts } from "../stream";
import { alarmProblems, alarmTopic, type Watched, watchedOf } from "../watched";

const alarmType = "aws_cloudwatch_metric_alarm";

/** What an invocation may take of the function's timeout before somebody hears of it. */
const longestShareOfTimeout = 5 / 6;
/** How far the consumer may be behind: what would be lost with the region. */
const longestAgeMilliseconds = 3_600_000;
/** Share of requests refused for a fault of the caller's, percent: some are, always. */
const clientErrorPercent = 25;

export const str06: Requirement = {
  id: "STR-06",
  checks:
    "Alarms on the errors and the duration of each function, on the API's 4XX and 5XX, on the age of what the stream's consumer reads, on refused writes and reads of the stream and of the table; every alarm of the system goes to the alarm topic of its region and nowhere else, and that has the configured mailboxes for subscribers, and no others.",
  why: "A consumer that is behind loses records when they expire, without an error anywhere.",
  judge: (subject) =>
    judgeEach(subject, "stream", (stack, environment) => judgeStack(subject.graph, stack, environment)),
};

function judgeStack(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const parts = streamParts(graph, stack);
  const topic = alarmTopic(graph, stack);
  if (parts.stream === undefined || topic?.arn === undefined)
    return [{ stack: stack.id, message: "must have a stream, and an alarm topic in its region" }];
  const { arn } = topic;
  const alarms = nodesIn(graph, stack, alarmType);
  return [
    ...missing(parts, stack, environment),
    ...watchedNodes(parts, environment).flatMap(({ node, watched }) =>
      findingsOn(node, alarmProblems(graph, node, watched, arn)),
    ),
    ...api(graph, stack, environment, arn),
    ...alarms.flatMap((alarm) => findingsOn(alarm, goesTo(graph, stack, alarm))),
    ...[...new Set(alarms.map(({ region }) => String(region)))].flatMap((region) =>
      subscriptions(graph, environment, region),
    ),
  ];
}

/** Or nothing would be watched of what isn't there. */
function missing({ functions, table }: StreamParts, { id }: StackJson, { recovery }: Environment): Finding[] {
  const lacking = [
    ...streamFunctions.filter((name) => !functions.has(name)).map((name) => `the function ${name}`),
    // After a failover its replica is another stack's.
    ...(table === undefined && recovery.failedOverFrom === undefined ? ["one table"] : []),
  ];
  return lacking.map((what) => ({ stack: id, message: `must have ${what}` }));
}

interface WatchedNode {
  readonly node: GraphNode;
  readonly watched: Watched;
}

function watchedNodes({ stream, table, functions }: StreamParts, environment: Environment): WatchedNode[] {
  const on = (node: GraphNode | undefined, watched: readonly Watched[]) =>
    node === undefined ? [] : watched.map((each) => ({ node, watched: each }));
  const throttles = (namespace: string, dimension: string, metric: string): Watched => ({
    metric: { namespace, metric, statistic: "Sum", dimension },
    periods: environment.alarms.evaluationPeriods,
    threshold: 0,
  });
  const age = (namespace: string, metric: string, dimension: string): Watched => ({
    metric: { namespace, metric, statistic: "Maximum", dimension },
    periods: environment.alarms.evaluationPeriods,
    threshold: longestAgeMilliseconds,
  });
  return [
    ...[...functions.values()].flatMap((lambda) => on(lambda, watchedOf(environment, lambda, longestOf(lambda)))),
    // Lambda reads ahead: of a batch that fails again and again, the stream itself says nothing.
    ...on(functions.get("consume"), [age("AWS/Lambda", "IteratorAge", "FunctionName")]),
    ...on(stream, [
      age("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName"),
      throttles("AWS/Kinesis", "StreamName", "WriteProvisionedThroughputExceeded"),
      throttles("AWS/Kinesis", "StreamName", "ReadProvisionedThroughputExceeded"),
    ]),
    ...on(table, [
      throttles("AWS/DynamoDB", "TableName", "ReadThrottleEvents"),
      throttles("AWS/DynamoDB", "TableName", "WriteThrottleEvents"),
    ]),
  ];
}

function longestOf({ attributes }: GraphNode): number {
  return Math.round(longestShareOfTimeout * Number(attributes.timeout) * 1_000);
}

/** Shares of requests, of the API's one stage: their number says nothing at night. */
function api(graph: Graph, stack: StackJson, environment: Environment, topicArn: string): Finding[] {
  const gateway = gatewayOf(graph, stack);
  if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
  const dimensions = { ApiName: gateway.api.physicalName, Stage: gateway.stage.attributes.stage_name };
  const wanted = [
    { metric: "4XXError", threshold: clientErrorPercent },
    { metric: "5XXError", threshold: environment.alarms.errorRatePercent },
  ];
  return wanted.flatMap(({ metric, threshold }) => {
    const found = nodesIn(graph, stack, alarmType).filter((alarm) => metricOf(alarm)?.metric_name === metric);
    const [alarm, ...others] = found;
    if (alarm === undefined || others.length > 0) return findingsOn(gateway.api, [`must have one alarm on ${metric}`]);
    const [compared, average] = blocksOf(alarm.attributes, "metric_query");
    return findingsOn(
      alarm,
      differences(graph, alarm, {
        ...kept(alarm, "alarm_name", "alarm_description"),
        metric_query: [
          { id: compared?.id, label: compared?.label, expression: `100 * ${average?.id}`, return_data: true },
          {
            id: average?.id,
            metric: { namespace: "AWS/ApiGateway", metric_name: metric, stat: "Average", period: 60, dimensions },
          },
        ],
        comparison_operator: "GreaterThanThreshold",
        threshold,
        evaluation_periods: environment.alarms.evaluationPeriods,
        treat_missing_data: "notBreaching",
        alarm_actions: [topicArn],
        ok_actions: [topicArn],
      }),
    );
  });
}

/** The one metric of an alarm that compares a share. */
function metricOf({ attributes }: GraphNode): Attributes | undefined {
  const [metric, ...others] = blocksOf(attributes, "metric_query").flatMap((query) => blocksOf(query, "metric"));
  return others.length === 0 ? metric : undefined;
}

/** The topic of the alarm's own region, when it goes up and when it goes down. */
function goesTo(graph: Graph, { environmentSuffix }: StackJson, alarm: GraphNode): string[] {
  const topic = alarmTopic(graph, { environmentSuffix, region: String(alarm.region) });
  const { alarm_actions, ok_actions, insufficient_data_actions = [] } = alarm.attributes;
  const isThere = [alarm_actions, ok_actions].every(
    (actions) => Array.isArray(actions) && actions.length === 1 && actions[0] === topic?.arn,
  );
  const isSilent = Array.isArray(insufficient_data_actions) && insufficient_data_actions.length === 0;
  return [
    ...(isThere && isSilent && topic !== undefined
      ? []
      : ["must go to the alarm topic of its region, and nowhere else"]),
    ...(reachesSubscriber(graph, alarm) ? [] : ["must be heard by somebody"]),
  ];
}

function subscriptions(graph: Graph, { environmentSuffix, alarms }: Environment, region: string): Finding[] {
  const topic = alarmTopic(graph, { environmentSuffix, region });
  if (topic === undefined) return [{ message: `${environmentSuffix} has no alarm topic in ${region}` }];
  const found = nodesNaming(graph, "aws_sns_topic_subscription", "topic_arn", topic);
  const endpoints = found.map(({ attributes }) => String(attributes.endpoint));
  const isComplete = [...endpoints].sort().join() === [...alarms.emails].sort().join();
  return [
    ...findingsOn(
      topic,
      isComplete ? [] : [`must have the subscribers ${alarms.emails.join(", ")} (it has ${endpoints.join(", ")})`],
    ),
    ...found.flatMap((each) =>
      findingsOn(
        each,
        differences(graph, each, {
          ...kept(each, "endpoint"),
          topic_arn: referenceTo(topic, "arn"),
          protocol: "email",
        }),
      ),
    ),
  ];
}
