import { str01 } from "../../../../tap/audit/requirements/str-01";
import { prove } from "../../../support/prove";
import { add, adding, changing, remove, rewrite, without } from "./mutations";
import {
  judgedOn,
  ofConsumer,
  roleAllowed,
  stream,
  streamResource,
  streamRights,
  streamSetting,
} from "./stream-mutations";

const kinesis = (attributes: Record<string, unknown>) => streamSetting("aws_kinesis_stream", undefined, attributes);
const mapping = (attributes: Record<string, unknown>) =>
  streamSetting("aws_lambda_event_source_mapping", "Records", attributes);

prove(
  str01,
  {
    "there is no stream": stream((stack) => remove(stack, "aws_kinesis_stream", "Stream")),
    "there is a second stream": stream((stack) => add(stack, "aws_kinesis_stream", { name: "other" })),
    "the stream has another name": kinesis({ name: "records" }),
    "the stream has more shards than configured": kinesis({ shard_count: 99 }),
    "the stream grows by itself": kinesis({ stream_mode_details: { stream_mode: "ON_DEMAND" } }),
    "the stream keeps records for another time": kinesis({ retention_period: 25 }),
    "the stream isn't encrypted": kinesis({ encryption_type: "NONE" }),
    "the stream is under AWS's own key": kinesis({ kms_key_id: "alias/aws/kinesis" }),
    "the stream can't go while somebody reads it, or goes though it mustn't": streamResource(
      "aws_kinesis_stream",
      undefined,
      (attributes) => {
        attributes.enforce_consumer_deletion = attributes.enforce_consumer_deletion !== true;
      },
    ),
    "the stream is in another region": kinesis({ region: "eu-west-1" }),
    "the stream isn't made": kinesis({ count: 0 }),
    "the key isn't meant for the stream": streamResource("aws_kms_key", "Key", (key) =>
      rewrite(key, "policy", without("Kinesis")),
    ),
    "the key is meant for another stream": streamResource("aws_kms_key", "Key", (key) =>
      rewrite(
        key,
        "policy",
        changing("Kinesis", ({ Condition }) => ({
          Condition: {
            ...Condition,
            ArnEquals: { "kms:EncryptionContext:aws:kinesis:arn": ["arn:aws:kinesis:us-east-1:1:stream/other"] },
          },
        })),
      ),
    ),

    "nothing reads the stream": stream((stack) => remove(stack, "aws_lambda_event_source_mapping", "Records")),
    "another function reads the stream too": stream((stack) =>
      add(stack, "aws_lambda_event_source_mapping", {
        event_source_arn: ofConsumer(stack, "event_source_arn"),
        function_name: "tap-stream-other",
      }),
    ),
    "the consumer reads something else too": stream((stack) =>
      add(stack, "aws_lambda_event_source_mapping", {
        event_source_arn: "arn:aws:kinesis:us-east-1:111111111111:stream/other",
        function_name: ofConsumer(stack, "function_name"),
      }),
    ),
    "another function consumes": stream((stack) => {
      const attributes = ofConsumer(stack);
      attributes.function_name = String(attributes.function_name).replace(/consume_Alias_\w+/, "health_Alias_X");
    }),
    "the newest code consumes, released or not": streamResource(
      "aws_lambda_event_source_mapping",
      "Records",
      (attributes) => {
        attributes.function_name = String(attributes.function_name)
          .replace("aws_lambda_alias", "aws_lambda_function")
          .replace("_Alias_", "_Function_");
      },
    ),
    "batches are larger than configured": mapping({ batch_size: 10_000 }),
    "records are gathered longer than configured": mapping({ maximum_batching_window_in_seconds: 300 }),
    "batches stay as they are when they fail": mapping({ bisect_batch_on_function_error: false }),
    "bisecting is left to the default": mapping({ bisect_batch_on_function_error: undefined }),
    "a record is tried for ever": mapping({ maximum_retry_attempts: -1 }),
    "attempts are left to the default": mapping({ maximum_retry_attempts: undefined }),
    "a record is tried until it expires": mapping({ maximum_record_age_in_seconds: -1 }),
    "what fails goes nowhere": mapping({ destination_config: undefined }),
    "what fails goes to another queue": mapping({
      destination_config: { on_failure: { destination_arn: "arn:aws:sqs:us-east-1:111111111111:other" } },
    }),
    "a batch fails as a whole": mapping({ function_response_types: undefined }),
    "ten invocations read a shard at once": mapping({ parallelization_factor: 10 }),
    "records from before the mapping are skipped": mapping({ starting_position: "LATEST" }),
    "the mapping is switched off": mapping({ enabled: false }),
    "records are filtered out": mapping({ filter_criteria: { filter: [{ pattern: "{}" }] } }),
    "records are taken together in windows": mapping({ tumbling_window_in_seconds: 60 }),

    "the consumer may not read": streamRights("consume", without("ReadStream")),
    "the consumer may not list shards": streamRights(
      "consume",
      changing("ReadStream", ({ Action }) => ({ Action: Action?.filter((each) => each !== "kinesis:ListShards") })),
    ),
    "the consumer may not decrypt": streamRights("consume", without("ReadStreamKey")),
    "the consumer may decrypt through whatever service": streamRights(
      "consume",
      changing("ReadStreamKey", () => ({ Condition: undefined })),
    ),
    "the consumer may read each stream": streamRights(
      "consume",
      changing("ReadStream", () => ({ Resource: ["*"] })),
    ),
    "the consumer may write as well": streamRights(
      "consume",
      adding({ Action: ["kinesis:PutRecord"], Resource: ["*"] }),
    ),
    "the consumer is denied reading": streamRights(
      "consume",
      adding({ Effect: "Deny", Action: ["kinesis:GetRecords"], Resource: ["*"] }),
    ),
    "ingest may not put records": streamRights("ingest", without("Stream")),
    "ingest may not encrypt": streamRights("ingest", without("StreamKey")),
    "ingest may do everything with streams": streamRights(
      "ingest",
      changing("Stream", () => ({ Action: ["kinesis:*"] })),
    ),
    "import may not put records": streamRights("import", without("Stream")),
    "health may do everything": streamRights("health", adding({ Action: ["*"], Resource: ["*"] })),
    "rotate may read the stream": streamRights("rotate", adding({ Action: ["kinesis:GetRecords"], Resource: ["*"] })),
    "a role beside the functions may read the stream": roleAllowed("kinesis:GetRecords"),
    "the stream's own policy lets others in": stream((stack) =>
      add(stack, "aws_kinesis_resource_policy", { resource_arn: "x", policy: "{}" }),
    ),
    "a consumer with a throughput of its own reads": stream((stack) =>
      add(stack, "aws_kinesis_stream_consumer", { name: "x", stream_arn: "x" }),
    ),
    "a function is missing": stream((stack) => remove(stack, "aws_lambda_function", "rotate")),
  },
  judgedOn("stream"),
);
