import { api06 } from "../../../../tap/audit/requirements/api-06";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { api, apiResource, apiSetting, apiWithout } from "./api-mutations";
import { changing, rewrite } from "./mutations";

const alarm = "aws_cloudwatch_metric_alarm";

const setting = (name: string, attributes: Record<string, unknown>) => apiSetting(alarm, name, attributes);

interface Query {
  expression?: string;
  metric?: Record<string, unknown>;
  [name: string]: unknown;
}

/** Changes the queries of the alarm on failed invocations of `items`. */
const queries = (change: (queries: Query[]) => void): Mutation =>
  apiResource(alarm, "items_Alarms_errors", (attributes) => change(attributes.metric_query as Query[]));

const expression = (text: string) =>
  queries((all) => {
    const compared = all.find((query) => query.expression !== undefined) as Query;
    compared.expression = text;
  });

const metric = (id: string, attributes: Record<string, unknown>) =>
  queries((all) => {
    const query = all.find((each) => each.id === id) as Query;
    query.metric = { ...query.metric, ...attributes };
  });

const security =
  (mutate: (stack: ReturnType<typeof stackOf>) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "security", "us-west-2"));

const each = ["health", "items", "messages", "replicate"].flatMap((name) =>
  ["Alarms_errors", "Alarms_duration", "Alarms_throttles", "DeadLetters_Alarms_depth"].map(
    (part): [string, Mutation] => [`there is no ${part} of ${name}`, apiWithout(alarm, `${name}_${part}`)],
  ),
);

const kinds = [
  "items_Alarms_errors",
  "items_Alarms_duration",
  "items_Alarms_throttles",
  "items_DeadLetters_Alarms_depth",
];

const everyKind = (what: string, attributes: Record<string, unknown>) =>
  kinds.map((name): [string, Mutation] => [`${name} ${what}`, setting(name, attributes)]);

prove(
  api06,
  {
    ...Object.fromEntries([
      ...each,
      ...everyKind("goes nowhere", { alarm_actions: [] }),
      ...everyKind("fires below", { comparison_operator: "LessThanThreshold" }),
    ]),
    "an alarm is switched off": setting("items_Alarms_duration", { actions_enabled: false }),
    "an alarm isn't made": setting("items_Alarms_throttles", { count: 0 }),
    "an alarm is in another region": setting("items_Alarms_throttles", { region: "us-east-1" }),
    "an alarm goes to another region's topic": apiResource(alarm, "items_Alarms_errors", (attributes) => {
      const [topic] = attributes.alarm_actions as string[];
      attributes.alarm_actions = [topic?.replaceAll("us-west-2", "us-east-1")];
    }),
    "an alarm goes to the topic of changes": apiResource(alarm, "items_Alarms_errors", (attributes) => {
      const [topic] = attributes.alarm_actions as string[];
      attributes.alarm_actions = [topic?.replace("security-alarms", "api-changes")];
    }),
    "an alarm goes to somebody as well": apiResource(alarm, "items_Alarms_errors", (attributes) => {
      attributes.alarm_actions = [...(attributes.alarm_actions as string[]), "arn:aws:sns:us-west-2:999999999999:x"];
    }),
    "the end of an alarm goes to somebody": setting("items_Alarms_errors", {
      ok_actions: ["arn:aws:sns:us-west-2:999999999999:x"],
    }),
    "missing data is an alarm": setting("items_Alarms_duration", { treat_missing_data: "breaching" }),
    "an alarm wants all of ten minutes": setting("items_Alarms_throttles", { evaluation_periods: 10 }),
    "an alarm wants more than it looks at": setting("items_Alarms_throttles", { datapoints_to_alarm: 5 }),
    "the error rate is 100 %": setting("items_Alarms_errors", { threshold: 100 }),
    "the error rate fires at its own threshold": setting("items_Alarms_errors", {
      comparison_operator: "GreaterThanOrEqualToThreshold",
    }),
    "the error rate is always nothing": expression("0"),
    "the error rate is no percentage": expression("errors / invocations"),
    "the error rate is upside down": expression("100 * invocations / errors"),
    "the error rate is of many invocations alone": expression("IF(invocations > 1000, 100 * errors / invocations, 0)"),
    "the error rate is halved": expression("100 * errors / invocations / 2"),
    "the error rate is a count": apiResource(alarm, "items_Alarms_errors", (attributes) => {
      delete attributes.metric_query;
      Object.assign(attributes, {
        namespace: "AWS/Lambda",
        metric_name: "Errors",
        statistic: "Sum",
        period: 60,
        dimensions: { FunctionName: attributes.alarm_name?.toString().replace("-errors", "") },
      });
    }),
    "what is compared is the count of errors": queries((all) => {
      for (const query of all) query.return_data = query.id === "errors";
    }),
    "nothing is compared": queries((all) => {
      for (const query of all) delete query.return_data;
    }),
    "errors are throttles": metric("errors", { metric_name: "Throttles" }),
    "errors are an average": metric("errors", { stat: "Average" }),
    "errors are another function's": metric("errors", { dimensions: { FunctionName: "tap-api-other" } }),
    "invocations are another function's": metric("invocations", { dimensions: { FunctionName: "tap-api-other" } }),
    "invocations are of an hour": metric("invocations", { period: 3_600 }),
    "invocations are errors": metric("invocations", { metric_name: "Errors" }),
    "the duration may be 29 s": setting("items_Alarms_duration", { threshold: 29_000 }),
    "the duration may be 1 s": setting("items_Alarms_duration", { threshold: 1_000 }),
    "the duration is in seconds": setting("items_Alarms_duration", { threshold: 25 }),
    "the duration is an average": setting("items_Alarms_duration", { statistic: "Average" }),
    "the duration is of one alias": setting("items_Alarms_duration", {
      dimensions: { FunctionName: "tap-api-items", Resource: "tap-api-items:live" },
    }),
    "the function ends before its duration is one to tell of": apiSetting("aws_lambda_function", "items", {
      timeout: 20,
    }),
    "some throttles are borne": setting("items_Alarms_throttles", { threshold: 10 }),
    "throttles are an average": setting("items_Alarms_throttles", { statistic: "Average" }),
    "throttles are of every function": setting("items_Alarms_throttles", { dimensions: {} }),
    "some dead letters are borne": setting("items_DeadLetters_Alarms_depth", { threshold: 5 }),
    "dead letters are looked at every hour": setting("items_DeadLetters_Alarms_depth", { period: 3_600 }),
    "dead letters are those in flight": setting("items_DeadLetters_Alarms_depth", {
      metric_name: "ApproximateNumberOfMessagesNotVisible",
    }),
    "dead letters are another queue's": api((stack) => {
      const { dimensions } = resource(stack, alarm, "health_DeadLetters_Alarms_depth");
      resource(stack, alarm, "items_DeadLetters_Alarms_depth").dimensions = dimensions;
    }),
    "a function has no dead letters": apiSetting("aws_lambda_function", "items", { dead_letter_config: undefined }),
    "the topic of the alarms is gone": security((stack) => {
      delete stack.json.resource?.aws_sns_topic;
    }),
    "nobody reads the topic of the alarms": security((stack) => {
      delete stack.json.resource?.aws_sns_topic_subscription;
    }),
    "CloudWatch may not publish alarms": security((stack) =>
      rewrite(
        resource(stack, "aws_sns_topic_policy"),
        "policy",
        changing("Publishcloudwatchamazonawscom", () => ({ Effect: "Deny" })),
      ),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);
