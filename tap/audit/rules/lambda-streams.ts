import type { Graph } from "../../graph/model";
import type { TerraformJson } from "../../graph/terraform-json";
import { findings, isOn, isSet, type Rule, unknown } from "../rule";
import { blockOf } from "./attribute-values";
import { watchedBy } from "./heard-alarms";
import { type Mapping, mappingsOf, numberOf } from "./invoked";
import { provider } from "./lambda-example";

/** A stream and the function that reads it. */
function read(mapping: object = {}, stream: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return {
    provider,
    resource: {
      aws_kinesis_stream: { Records: { name: "records", retention_period: 48, ...stream } },
      aws_lambda_function: { Reader: { function_name: "reader", role: "arn:aws:iam::111111111111:role/reader" } },
      aws_sqs_queue: { DeadLetters: { name: "records-dead-letters" } },
      aws_lambda_event_source_mapping: {
        Records: {
          event_source_arn: "${aws_kinesis_stream.Records.arn}",
          function_name: "${aws_lambda_function.Reader.arn}",
          starting_position: "TRIM_HORIZON",
          bisect_batch_on_function_error: true,
          maximum_retry_attempts: 10,
          maximum_record_age_in_seconds: 86_400,
          destination_config: { on_failure: { destination_arn: "${aws_sqs_queue.DeadLetters.arn}" } },
          ...mapping,
        },
      },
      ...others,
    },
  };
}

const iteratorAge = {
  aws_cloudwatch_metric_alarm: {
    IteratorAge: {
      alarm_name: "reader-iterator-age",
      namespace: "AWS/Lambda",
      metric_name: "IteratorAge",
      dimensions: { FunctionName: "${aws_lambda_function.Reader.function_name}" },
      statistic: "Maximum",
      period: 60,
      evaluation_periods: 1,
      comparison_operator: "GreaterThanThreshold",
      threshold: 3_600_000,
      alarm_actions: ["arn:aws:sns:us-east-1:111111111111:alarms"],
    },
  },
};

function judgeStreams(problemsOf: (mapping: Mapping, graph: Graph) => readonly string[]): Rule["judge"] {
  return (graph) =>
    mappingsOf(graph)
      .filter(({ kind }) => kind === "stream")
      .flatMap((each) => findings(each.mapping, problemsOf(each, graph)));
}

const documentation = "https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html";

/** Functions that read Kinesis or DynamoDB streams. */
export const streamRules: readonly Rule[] = [
  {
    id: "lambda-stream-failures",
    title: "Records that a function gives up are kept",
    severity: "high",
    why: "A batch that fails to the end is skipped: without a destination nobody knows which records it had.",
    fix: "Set destination_config.on_failure.destination_arn to a queue, a topic or a bucket.",
    references: [documentation],
    examples: { failing: read({ destination_config: [] }), passing: read() },
    judge: judgeStreams(({ mapping }) => {
      const config = blockOf(mapping.attributes, "destination_config");
      const failure = config === unknown ? unknown : config && blockOf(config, "on_failure");
      return failure === unknown || isSet(failure?.destination_arn)
        ? []
        : ["must have destination_config.on_failure.destination_arn set"];
    }),
  },
  {
    id: "lambda-stream-bisect",
    title: "A batch that fails is halved until the bad record is alone",
    severity: "medium",
    why: "One record that can't be handled takes its whole batch with it, which may be thousands.",
    fix: "Set bisect_batch_on_function_error = true.",
    references: [documentation],
    examples: { failing: read({ bisect_batch_on_function_error: false }), passing: read() },
    judge: judgeStreams(({ mapping }, graph) =>
      isOn(graph, mapping, mapping.attributes.bisect_batch_on_function_error)
        ? []
        : ["must have bisect_batch_on_function_error on"],
    ),
  },
  {
    id: "lambda-stream-retries",
    title: "A bad record stops its shard for a limited time",
    severity: "high",
    why: "By default a batch is tried until its records end: one bad record stops its shard for days, and what comes behind it is lost with it.",
    fix: "Set maximum_retry_attempts (0 to 10,000) and maximum_record_age_in_seconds (60 to 604,800).",
    references: [documentation],
    examples: { failing: read({ maximum_retry_attempts: -1 }), passing: read() },
    judge: judgeStreams(({ mapping, source }, graph) => {
      const { maximum_retry_attempts, maximum_record_age_in_seconds } = mapping.attributes;
      const attempts = numberOf(graph, mapping, maximum_retry_attempts, -1);
      const age = numberOf(graph, mapping, maximum_record_age_in_seconds, -1);
      // A table's stream forgets after a day in any case; Kinesis may keep records for a year.
      const ends = source?.type === "aws_dynamodb_table" && age === -1;
      return [
        ...(attempts === undefined || (attempts >= 0 && attempts <= 10_000)
          ? []
          : [`must have maximum_retry_attempts from 0 to 10000 (it has ${attempts})`]),
        ...(age === undefined || ends || (age >= 60 && age <= 604_800)
          ? []
          : [`must have maximum_record_age_in_seconds from 60 to 604800 (it has ${age})`]),
      ];
    }),
  },
  {
    id: "lambda-stream-record-age",
    title: "Records are given up before their stream forgets them",
    severity: "medium",
    why: "A record that its stream has forgotten can't be read again: the failure's destination has no more than its number.",
    fix: "Set maximum_record_age_in_seconds below the stream's retention_period (24 hours for a table's stream), or keep records longer.",
    references: [documentation],
    examples: { failing: read({ maximum_record_age_in_seconds: 604_800 }), passing: read() },
    judge: judgeStreams(({ mapping, source }, graph) => {
      const age = numberOf(graph, mapping, mapping.attributes.maximum_record_age_in_seconds);
      const hours =
        source?.type === "aws_kinesis_stream" && source.mode === "managed"
          ? numberOf(graph, source, source.attributes.retention_period, 24)
          : source?.type === "aws_dynamodb_table"
            ? 24
            : undefined;
      return age === undefined || hours === undefined || age <= hours * 3_600
        ? []
        : [
            `must have maximum_record_age_in_seconds of at most ${hours * 3_600}, when ${source?.address} forgets (it has ${age})`,
          ];
    }),
  },
  {
    id: "lambda-stream-age-alarm",
    title: "Somebody hears that a stream's reader falls behind",
    severity: "high",
    why: "A reader that is stuck or too slow fails at nothing: records are lost when the stream's retention ends, in silence.",
    fix: "Add an alarm on IteratorAge of AWS/Lambda for the function, or on GetRecords.IteratorAgeMilliseconds of AWS/Kinesis for the stream.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html"],
    examples: { failing: read(), passing: read({}, {}, iteratorAge) },
    judge: (graph) => {
      const isReaderWatched = watchedBy(graph, {
        namespace: "AWS/Lambda",
        names: ["IteratorAge"],
        dimension: "FunctionName",
        types: ["aws_lambda_function"],
      });
      const isStreamWatched = watchedBy(graph, {
        namespace: "AWS/Kinesis",
        names: ["GetRecords.IteratorAgeMilliseconds"],
        dimension: "StreamName",
        types: ["aws_kinesis_stream"],
      });
      return mappingsOf(graph).flatMap(({ kind, lambda, source }) => {
        if (kind !== "stream" || lambda === undefined || isReaderWatched(lambda)) return [];
        return source !== undefined && isStreamWatched(source)
          ? []
          : findings(lambda, ["must have an alarm on its IteratorAge that somebody hears: it reads a stream"]);
      });
    },
  },
];
