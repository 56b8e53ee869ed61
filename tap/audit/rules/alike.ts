import type { Graph, GraphNode } from "../../graph/model";
import { push } from "../../graph/sorted";
import { type Attributes, blocksOf, isObject } from "../../graph/terraform-json";
import { type Example, findings, type Rule } from "../rule";

/** Of how many there must be, for one to be another than its like. */
const fewest = 4;
/** What part of them must be alike. */
const most = 0.6;

interface Likeness {
  readonly types: readonly string[];
  /** Those of the same text are compared; undefined: with none. */
  group(node: GraphNode, graph: Graph): string | undefined;
  /** What is compared, by name. */
  aspects(node: GraphNode, graph: Graph): Readonly<Record<string, unknown>>;
}

/** Whoever is otherwise than nearly all of its like: a copy that was forgotten, or changed by hand. */
function judgeAlike({ types, group, aspects }: Likeness): Rule["judge"] {
  return (graph) => {
    const groups = new Map<string, GraphNode[]>();
    for (const node of types.flatMap((type) => graph.ofType(type))) {
      const own = group(node, graph);
      if (own !== undefined)
        push(groups, [node.accountId, node.stack.environmentSuffix, node.type, own].join("\n"), node);
    }
    return [...groups.values()]
      .filter(({ length }) => length >= fewest)
      .flatMap((nodes) => outliers(nodes.map((node) => ({ node, has: aspects(node, graph) }))));
  };
}

function outliers(all: readonly { readonly node: GraphNode; readonly has: Readonly<Record<string, unknown>> }[]) {
  const names = new Set(all.flatMap(({ has }) => Object.keys(has)));
  return [...names].flatMap((name) => {
    const counts = new Map<string, number>();
    const values = all.map(({ has }) => JSON.stringify(has[name] ?? null));
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    if (counts.size === 1) return [];
    const [usual = "", count = 0] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    // What is set where most have nothing is more than they have, not less.
    if (count < all.length * most || usual === "null") return [];
    return all.flatMap(({ node }, index) =>
      values[index] === usual
        ? []
        : findings(node, [
            `must have ${name} ${shown(usual)} as ${count} of its like have (it has ${shown(values[index])})`,
          ]),
    );
  });
}

function shown(text = ""): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

const seven = (first: Attributes, usual: Attributes): Record<string, Attributes> =>
  Object.fromEntries(["A", "B", "C", "D", "E", "F", "G"].map((name, index) => [name, index === 0 ? first : usual]));
const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const of = (type: string, changed: Attributes, usual: Attributes): { failing: Example; passing: Example } => ({
  failing: { provider, resource: { [type]: seven(changed, usual) } },
  passing: { provider, resource: { [type]: seven(usual, usual) } },
});

const alarm = {
  namespace: "AWS/Lambda",
  metric_name: "Throttles",
  statistic: "Sum",
  period: 60,
  evaluation_periods: 1,
  threshold: 0,
  comparison_operator: "GreaterThanThreshold",
};
const gatewayResponse = {
  rest_api_id: "a1b2c3d4e5",
  response_type: "THROTTLED",
  response_parameters: { "gatewayresponse.header.x-content-type-options": "'nosniff'" },
};
const methodResponse = {
  rest_api_id: "a1b2c3d4e5",
  http_method: "GET",
  response_parameters: { "method.response.header.x-content-type-options": true },
};

const letters = ["A", "B", "C", "D"];
const watched = (count: number): Example => ({
  provider,
  resource: {
    aws_sqs_queue: Object.fromEntries(letters.map((name) => [name, { name }])),
    aws_cloudwatch_metric_alarm: Object.fromEntries(
      letters.slice(0, count).map((name) => [
        name,
        {
          ...alarm,
          namespace: "AWS/SQS",
          metric_name: "ApproximateAgeOfOldestMessage",
          dimensions: { QueueName: `\${aws_sqs_queue.${name}.name}` },
        },
      ]),
    ),
  },
});
const owned = (count: number): Example => ({
  provider,
  resource: {
    aws_s3_bucket: Object.fromEntries(letters.map((bucket) => [bucket, { bucket }])),
    aws_s3_bucket_ownership_controls: Object.fromEntries(
      letters
        .slice(0, count)
        .map((name) => [
          name,
          { bucket: `\${aws_s3_bucket.${name}.id}`, rule: { object_ownership: "BucketOwnerEnforced" } },
        ]),
    ),
  },
});

/** What several things have alike, all have alike. */
export const alikeRules: readonly Rule[] = [
  {
    id: "alarm-alike",
    title: "Alarms on the same metric are set alike",
    severity: "low",
    why: "The one that is set otherwise fires late, or for nothing: nobody meant it to.",
    fix: "Give it the threshold, period and number of periods of the others; per timeout or retention, where it depends on them.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"],
    examples: of("aws_cloudwatch_metric_alarm", { ...alarm, evaluation_periods: 9 }, alarm),
    judge: judgeAlike({
      types: ["aws_cloudwatch_metric_alarm"],
      group: alarmGroup,
      aspects: alarmAspects,
    }),
  },
  {
    id: "alarm-on-alike",
    title: "Things of a kind have alarms on the same metrics",
    severity: "low",
    why: "The trouble that the others' alarms tell of goes unheard of at this one.",
    fix: "Add an aws_cloudwatch_metric_alarm on the metric, as the others have it.",
    references: [
      "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html",
    ],
    examples: { failing: watched(3), passing: watched(4) },
    judge: judgeAlike({
      types: ["aws_lambda_function", "aws_sqs_queue", "aws_api_gateway_rest_api"],
      group: (node, graph) => roleOf(node, graph),
      aspects: (node, graph) =>
        Object.fromEntries(
          graph
            .referencesTo(node)
            .filter(({ from }) => from.type === "aws_cloudwatch_metric_alarm")
            .map(({ from }) => [`an alarm on ${signatureOf(from)}`, true]),
        ),
    }),
  },
  {
    id: "s3-settings-alike",
    title: "Buckets have the same settings of their own, each once",
    severity: "low",
    why: "What one bucket has twice, another one lacks: a copy that still names the first.",
    fix: "Point the bucket argument of the second one at the bucket that lacks it.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"],
    examples: { failing: owned(3), passing: owned(4) },
    judge: judgeAlike({
      types: ["aws_s3_bucket"],
      group: () => "",
      aspects: (node, graph) => {
        const counts: Record<string, number> = {};
        for (const { from, path } of graph.referencesTo(node))
          if (
            path === "bucket" &&
            /^aws_s3_bucket_(ownership_controls|public_access_block|versioning|policy)$/.test(from.type)
          )
            counts[from.type] = (counts[from.type] ?? 0) + 1;
        return counts;
      },
    }),
  },
  {
    id: "api-gateway-response-alike",
    title: "The gateway's own answers have the same headers, and bodies of the same form",
    severity: "medium",
    why: "Browsers go by each answer's own headers: the one that lacks them is the way in.",
    fix: "Set the header as the API's other aws_api_gateway_gateway_response have it.",
    references: [
      "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html",
    ],
    examples: of("aws_api_gateway_gateway_response", { ...gatewayResponse, response_parameters: {} }, gatewayResponse),
    judge: judgeAlike({
      types: ["aws_api_gateway_gateway_response"],
      group: ({ stack, attributes }) => `${stack.id} ${attributes.rest_api_id}`,
      aspects: ({ attributes }) => ({
        ...partsOf(attributes.response_parameters),
        ...Object.fromEntries(
          Object.entries(partsOf(attributes.response_templates)).flatMap(([type, template]) => [
            [`members in ${type}`, membersIn(String(template))],
            [`an instance in ${type}`, /"instance"\s*:\s*"[^"]*"/.exec(String(template))?.[0]],
          ]),
        ),
      }),
    }),
  },
  {
    id: "api-gateway-method-response-alike",
    title: "Responses of an API's methods declare the same headers",
    severity: "low",
    why: "A header that isn't declared isn't in the API's description: clients that are made of it don't know it.",
    fix: "Declare it in response_parameters, as the API's other aws_api_gateway_method_response do.",
    references: [
      "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-response.html",
    ],
    examples: of("aws_api_gateway_method_response", { ...methodResponse, response_parameters: {} }, methodResponse),
    judge: judgeAlike({
      types: ["aws_api_gateway_method_response"],
      group: ({ stack, attributes }, graph) =>
        `${stack.id} ${attributes.rest_api_id} ${graph.render(String(attributes.http_method), stack) === "OPTIONS"}`,
      aspects: ({ attributes }) => partsOf(attributes.response_parameters),
    }),
  },
  {
    id: "dynamodb-ttl-alike",
    title: "Tables call the time at which items expire by the same name",
    severity: "low",
    why: "Items are written with the name that the others have: those of this table stay for ever.",
    fix: "Set ttl.attribute_name as the other tables have it.",
    references: ["https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html"],
    examples: of(
      "aws_dynamodb_table",
      { name: "a", ttl: { attribute_name: "until", enabled: true } },
      { name: "b", ttl: { attribute_name: "expiresAt", enabled: true } },
    ),
    judge: judgeAlike({
      types: ["aws_dynamodb_table"],
      group: ({ attributes }) => (blocksOf(attributes, "ttl").length === 0 ? undefined : ""),
      aspects: ({ attributes }) => ({ "ttl.attribute_name": blocksOf(attributes, "ttl")[0]?.attribute_name }),
    }),
  },
  {
    id: "lambda-powertools-alike",
    title: "Functions are told alike where their logs and metrics go",
    severity: "low",
    why: "Metrics of a function that lacks the namespace are in another place, or nowhere: no alarm and no dashboard sees them.",
    fix: "Give its environment the POWERTOOLS_ variables of the others.",
    references: ["https://docs.aws.amazon.com/powertools/typescript/latest/environment-variables/"],
    examples: of(
      "aws_lambda_function",
      { function_name: "a", environment: { variables: {} } },
      { function_name: "b", environment: { variables: { POWERTOOLS_METRICS_NAMESPACE: "orders" } } },
    ),
    judge: judgeAlike({
      types: ["aws_lambda_function"],
      group: () => "",
      aspects: ({ attributes }) =>
        Object.fromEntries(
          Object.entries(partsOf(blocksOf(attributes, "environment")[0]?.variables)).filter(
            ([name]) => name.startsWith("POWERTOOLS_") && name !== "POWERTOOLS_SERVICE_NAME",
          ),
        ),
    }),
  },
  {
    id: "lambda-retries-alike",
    title: "Events that a function failed at are tried again as often and as long as others",
    severity: "low",
    why: "The one that is set otherwise gives its events up sooner than the rest of the system expects.",
    fix: "Set maximum_retry_attempts and maximum_event_age_in_seconds as the other functions have them.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html"],
    examples: of(
      "aws_lambda_function_event_invoke_config",
      { function_name: "a", maximum_retry_attempts: 0 },
      { function_name: "b", maximum_retry_attempts: 2 },
    ),
    judge: judgeAlike({
      types: ["aws_lambda_function_event_invoke_config"],
      group: () => "",
      aspects: ({ attributes: { maximum_retry_attempts, maximum_event_age_in_seconds } }) => ({
        maximum_retry_attempts,
        maximum_event_age_in_seconds,
      }),
    }),
  },
];

/** Of a body, also where it is a template and no JSON yet. */
function membersIn(template: string): string[] {
  return [...template.matchAll(/"(\w+)"\s*:/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !/retry/i.test(name))
    .sort();
}

function partsOf(value: unknown): Attributes {
  return isObject(value) ? value : {};
}

/** By what is measured, and of what: a queue of failures is another thing than one of work. */
function alarmGroup(node: GraphNode, graph: Graph): string | undefined {
  const { namespace, metric_name } = node.attributes;
  if (metric_name === undefined) {
    const metrics = metricsOf(node.attributes).map(({ metric_name }) => metric_name);
    return metrics.length === 0 ? undefined : metrics.join();
  }
  return [namespace, metric_name, roleOf(watchedBy(graph, node), graph)].join(" ");
}

function signatureOf({ attributes }: GraphNode): string {
  return [attributes.metric_name ?? metricsOf(attributes).map(({ metric_name }) => metric_name)].flat().join(" and ");
}

function metricsOf(attributes: Attributes): Attributes[] {
  return blocksOf(attributes, "metric_query").flatMap((query) => blocksOf(query, "metric"));
}

function watchedBy(graph: Graph, alarm: GraphNode): GraphNode | undefined {
  return graph.referencesFrom(alarm, "dimensions").flatMap((reference) => ("to" in reference ? [reference.to] : []))[0];
}

/** Of a queue, who puts there what it failed at. */
function roleOf(node: GraphNode | undefined, graph: Graph): string {
  if (node?.type !== "aws_sqs_queue") return "";
  const failed = graph
    .referencesTo(node)
    .find(({ path }) => /^(redrive_policy|dead_letter_config|destination_config)/.test(path));
  return failed?.from.type ?? "work";
}

/** How long messages may wait is by how long they are kept, and were kept before: failures of functions alone are kept alike. */
function waitsByRetention(node: GraphNode, graph: Graph): boolean {
  return (
    node.attributes.metric_name === "ApproximateAgeOfOldestMessage" &&
    roleOf(watchedBy(graph, node), graph) !== "aws_lambda_function"
  );
}

function alarmAspects(node: GraphNode, graph: Graph): Record<string, unknown> {
  const { attributes } = node;
  const { period, evaluation_periods, datapoints_to_alarm, comparison_operator, treat_missing_data } = attributes;
  const { statistic, extended_statistic, evaluate_low_sample_count_percentiles, threshold } = attributes;
  const timeout = Number(watchedBy(graph, node)?.attributes.timeout);
  return {
    period,
    evaluation_periods,
    datapoints_to_alarm,
    comparison_operator,
    treat_missing_data,
    statistic,
    extended_statistic,
    evaluate_low_sample_count_percentiles,
    // Of what takes time, the part of the time that it may take.
    ...(attributes.metric_name === "Duration"
      ? { "a threshold of its timeout, percent": Math.round(Number(threshold) / timeout / 10) }
      : waitsByRetention(node, graph)
        ? {}
        : { threshold }),
    metric_query: blocksOf(attributes, "metric_query").map(({ metric, label: _, ...query }) => ({
      ...query,
      metric: [metric ?? []]
        .flat()
        .map((each) => ({ ...partsOf(each), dimensions: Object.keys(partsOf(partsOf(each).dimensions)) })),
    })),
  };
}
