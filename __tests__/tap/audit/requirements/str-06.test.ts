import { str06 } from "../../../../tap/audit/requirements/str-06";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, assign, remove, rewrite, security, without } from "./mutations";
import { judgedOn, stream, streamResource, streamSetting } from "./stream-mutations";

const alarmType = "aws_cloudwatch_metric_alarm";
const alarm = (name: string, attributes: Attributes) => streamSetting(alarmType, name, attributes);
const removed = (name: string): Mutation => stream((stack) => remove(stack, alarmType, name));

/** Sets attributes of the metric that an alarm on a share compares. */
const share = (name: string, attributes: Attributes): Mutation =>
  streamResource(alarmType, name, ({ metric_query }) => {
    const [, average] = metric_query as { metric: Attributes }[];
    assign(average?.metric as Attributes, attributes);
  });

const functions = ["consume", "health", "import", "ingest", "rotate"];
const others = [
  "RestApi_Alarms_client-errors",
  "RestApi_Alarms_server-errors",
  "Stream_Alarms_iterator-age",
  "Stream_Alarms_write-throttles",
  "Stream_Alarms_read-throttles",
  "Table_Alarms_table-write-throttles",
  "Table_Alarms_table-read-throttles",
];

const missing = Object.fromEntries(
  [...functions.flatMap((name) => [`${name}_Alarms_errors`, `${name}_Alarms_duration`]), ...others].map((name) => [
    `there is no ${name}`,
    removed(name),
  ]),
);

prove(
  str06,
  {
    ...missing,
    "there is no stream": stream((stack) => remove(stack, "aws_kinesis_stream", "Stream")),
    "there is no table": stream((stack) => remove(stack, "aws_dynamodb_table", "Table")),
    "a function is missing": stream((stack) => remove(stack, "aws_lambda_function", "rotate_")),
    "there is no API": stream((stack) => remove(stack, "aws_api_gateway_rest_api", "RestApi")),

    "errors are told of by their number": alarm("ingest_Alarms_errors", {
      metric_query: undefined,
      namespace: "AWS/Lambda",
      metric_name: "Errors",
      statistic: "Sum",
      period: 60,
      dimensions: { FunctionName: "tap-stream-ingest" },
    }),
    "errors are told of from another share than configured": alarm("ingest_Alarms_errors", { threshold: 50 }),
    "errors of the consumer are another function's": streamResource(
      alarmType,
      "consume_Alarms_errors",
      (attributes) => {
        attributes.metric_query = JSON.parse(
          JSON.stringify(attributes.metric_query).replaceAll("tap-stream-consume-", "tap-stream-import-"),
        );
      },
    ),
    "duration is told of when it is over": alarm("consume_Alarms_duration", { threshold: 120_000 }),
    "duration is averaged": alarm("import_Alarms_duration", { statistic: "Average" }),
    "the share of 4XX is another": alarm("RestApi_Alarms_client-errors", { threshold: 90 }),
    "the share of 5XX is another than configured": alarm("RestApi_Alarms_server-errors", { threshold: 90 }),
    "5XX are of another API": share("RestApi_Alarms_server-errors", { dimensions: { ApiName: "x", Stage: "live" } }),
    "5XX are of no stage": share("RestApi_Alarms_server-errors", { dimensions: { ApiName: "tap-stream" } }),
    "5XX are counted": share("RestApi_Alarms_server-errors", { stat: "Sum" }),
    "5XX are looked at each hour": share("RestApi_Alarms_server-errors", { period: 3_600 }),
    "4XX are looked for in another namespace": share("RestApi_Alarms_client-errors", { namespace: "AWS/ApiGatewayV2" }),
    "5XX are told of when nothing is measured": alarm("RestApi_Alarms_server-errors", {
      treat_missing_data: "breaching",
    }),
    "there are two alarms on 5XX": stream((stack) =>
      add(stack, alarmType, resource(stack, alarmType, "RestApi_Alarms_server-errors")),
    ),

    "the age is told of when records have expired": alarm("Stream_Alarms_iterator-age", { threshold: 604_800_000 }),
    "the age is told of when it goes down": alarm("Stream_Alarms_iterator-age", {
      comparison_operator: "LessThanThreshold",
    }),
    "nobody hears that the function gets records late": alarm("Records_AgeAlarms_iterator-age", {
      threshold: 604_800_000,
    }),
    "the age is averaged": alarm("Stream_Alarms_iterator-age", { statistic: "Average" }),
    "the age is another stream's": alarm("Stream_Alarms_iterator-age", { dimensions: { StreamName: "other" } }),
    "a few refused writes are let pass": alarm("Stream_Alarms_write-throttles", { threshold: 100 }),
    "refused reads are looked at for hours": alarm("Stream_Alarms_read-throttles", { evaluation_periods: 100 }),
    "refused writes of the table are another table's": alarm("Table_Alarms_table-write-throttles", {
      dimensions: { TableName: "other" },
    }),

    "an alarm goes nowhere": alarm("rotate_Alarms_throttles", { alarm_actions: [] }),
    "an alarm says nothing when it is over": alarm("rotate_DeadLetters_Alarms_depth", { ok_actions: undefined }),
    "an alarm goes to another topic": alarm("Imports_Alarms_age", {
      alarm_actions: ["arn:aws:sns:us-east-1:111111111111:other"],
    }),
    "an alarm goes to another topic as well": streamResource(alarmType, "Imports_Alarms_depth", (attributes) => {
      attributes.alarm_actions = [...(attributes.alarm_actions as string[]), "arn:aws:sns:us-east-1:1:other"];
    }),
    "an alarm calls when it lacks data": alarm("Imports_Alarms_depth", {
      insufficient_data_actions: ["arn:aws:sns:us-east-1:111111111111:other"],
    }),
    "an alarm is switched off": alarm("RestApi_Alarms_latency", { actions_enabled: false }),

    "nobody is subscribed": security((stack) => remove(stack, "aws_sns_topic_subscription", "AlarmTopic")),
    "somebody is subscribed beside the configured mailboxes": security((stack) =>
      add(stack, "aws_sns_topic_subscription", {
        ...resource(stack, "aws_sns_topic_subscription"),
        endpoint: "other@example.com",
      }),
    ),
    "another mailbox is subscribed": security((stack) => {
      resource(stack, "aws_sns_topic_subscription").endpoint = "other@example.com";
    }),
    "alarms are sent to a web page": security((stack) => {
      resource(stack, "aws_sns_topic_subscription").protocol = "https";
    }),
    "some alarms are kept from the subscriber": security((stack) => {
      resource(stack, "aws_sns_topic_subscription").filter_policy = '{"severity":["high"]}';
    }),
    "there is no topic": security((stack) => remove(stack, "aws_sns_topic", "AlarmTopic")),
    "CloudWatch may not publish": security((stack) =>
      rewrite(resource(stack, "aws_sns_topic_policy"), "policy", without("Publishcloudwatchamazonawscom")),
    ),
  },
  judgedOn("stream", "security"),
);
