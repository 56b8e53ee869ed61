import { CustomerKey } from "../../constructs/customer-key";
import { DataStream, type DataStreamProps } from "../../constructs/data-stream";
import { NodeFunction } from "../../constructs/node-function";
import { StreamEventSource, type StreamEventSourceProps } from "../../constructs/stream-event-source";
import { built, EmptyStack, statements } from "../support/constructed";

const name = "tap-records-dev-us-east-1";
const arn = `arn:aws:kinesis:us-east-1:111111111111:stream/${name}`;
const throughKinesis = {
  StringEquals: {
    "kms:CallerAccount": "111111111111",
    "kms:ViaService": "kinesis.us-east-1.amazonaws.com",
    "kms:EncryptionContext:aws:kinesis:arn": arn,
  },
};

function newStream(options: Partial<DataStreamProps> = {}, environment = "dev") {
  const stack = new EmptyStack(environment);
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const stream = new DataStream(stack, "Stream", { key, shardCount: 2, retentionHours: 48, ...options });
  return { stack, key, stream };
}

function newFunction(stack: EmptyStack, key: CustomerKey): NodeFunction {
  return new NodeFunction(stack, "Write", {
    entry: "records/write",
    description: "Writes",
    key,
    memorySizeMb: 256,
    timeoutSeconds: 30,
    reservedConcurrency: 5,
  });
}

describe("a data stream", () => {
  test("STR-01 is under the customer key, with the shards and retention that it is given", () => {
    const { stack, stream } = newStream();
    expect(stream.arn).toBe(arn);
    expect(built(stack, "aws_kinesis_stream")).toMatchObject({
      name,
      shard_count: 2,
      retention_period: 48,
      encryption_type: "KMS",
      kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.Key_\w+\.arn\}$/),
      stream_mode_details: { stream_mode: "PROVISIONED" },
    });
    expect(statements(stack, "aws_kms_key").Kinesis?.Condition).toEqual({
      StringEquals: {
        "kms:CallerAccount": "111111111111",
        "kms:ViaService": "kinesis.us-east-1.amazonaws.com",
      },
      ArnEquals: { "kms:EncryptionContext:aws:kinesis:arn": [arn] },
    });
  });

  test("STR-09 goes with what it holds, but for where the environment protects it", () => {
    expect(built(newStream().stack, "aws_kinesis_stream")).toMatchObject({ enforce_consumer_deletion: true });
    expect(built(newStream().stack, "aws_kinesis_stream")).not.toHaveProperty("lifecycle");
    expect(built(newStream({}, "prod").stack, "aws_kinesis_stream")).toMatchObject({
      enforce_consumer_deletion: false,
      lifecycle: { prevent_destroy: true },
    });
  });

  test("STR-06 has alarms on a reader that is behind, and on what it refuses", () => {
    const { stack } = newStream({ maximumAgeHours: 2 });
    const metric = (alarm: string) => built(stack, "aws_cloudwatch_metric_alarm", alarm);
    expect(metric("iterator-age")).toMatchObject({
      namespace: "AWS/Kinesis",
      metric_name: "GetRecords.IteratorAgeMilliseconds",
      dimensions: { StreamName: name },
      statistic: "Maximum",
      threshold: 7_200_000,
    });
    expect(metric("unread")).toMatchObject({
      threshold: 0,
      evaluation_periods: 3,
      metric_query: [
        { id: "value", expression: "IF(FILL(put, 0) > 0 AND FILL(taken, 0) == 0, 1, 0)", return_data: true },
        { id: "put", metric: { metric_name: "IncomingRecords", period: 300, dimensions: { StreamName: name } } },
        { id: "taken", metric: { metric_name: "GetRecords.Records", period: 300, dimensions: { StreamName: name } } },
      ],
    });
    for (const [alarm, metric_name] of [
      ["write-throttles", "WriteProvisionedThroughputExceeded"],
      ["read-throttles", "ReadProvisionedThroughputExceeded"],
    ] as const)
      expect(metric(alarm)).toMatchObject({ metric_name, threshold: 0, dimensions: { StreamName: name } });
  });

  test("PLAT-19 lets a function put records, and encrypt them through Kinesis alone", () => {
    const { stack, key, stream } = newStream();
    stream.grant(newFunction(stack, key), ["kinesis:PutRecords"]);
    expect(statements(stack, "aws_iam_role_policy", "data-access")).toMatchObject({
      Stream: { Action: ["kinesis:PutRecords"], Resource: [arn] },
      StreamKey: { Action: ["kms:GenerateDataKey"], Condition: throughKinesis },
    });
  });

  test("PLAT-19 gives who only looks at it no key", () => {
    const { stack, key, stream } = newStream();
    stream.grant(newFunction(stack, key), ["kinesis:DescribeStreamSummary"]);
    expect(Object.keys(statements(stack, "aws_iam_role_policy", "data-access"))).toEqual(["Stream"]);
  });

  test.each([
    ["no shard", { shardCount: 0 }, "shardCount must be a whole number from 1 to 200 (shards) (given 0)"],
    [
      "an hour's retention",
      { retentionHours: 1 },
      "retentionHours must be a whole number from 24 to 8760 (hours) (given 1)",
    ],
    ["an alarm after the end", { maximumAgeHours: 48 }, "maximumAgeHours must be"],
  ])("is refused with %s", (_, options, message) => {
    expect(() => newStream(options)).toThrow(message);
  });
});

describe("a stream as event source", () => {
  function newSource(options: Partial<StreamEventSourceProps> = {}) {
    const { stack, key, stream } = newStream();
    new StreamEventSource(stack, "Source", {
      function: newFunction(stack, key),
      stream,
      batchSize: 100,
      maximumBatchingWindowSeconds: 2,
      maximumRetryAttempts: 5,
      maximumRecordAgeHours: 12,
      ...options,
    });
    return stack;
  }

  test("STR-01 is read in order, in smaller batches when it fails, and given up in the end", () => {
    expect(built(newSource(), "aws_lambda_event_source_mapping")).toMatchObject({
      event_source_arn: expect.stringMatching(/^\$\{aws_kinesis_stream\.Stream_\w+\.arn\}$/),
      function_name: expect.stringContaining("aws_lambda_alias."),
      starting_position: "TRIM_HORIZON",
      batch_size: 100,
      maximum_batching_window_in_seconds: 2,
      parallelization_factor: 1,
      bisect_batch_on_function_error: true,
      maximum_retry_attempts: 5,
      maximum_record_age_in_seconds: 43_200,
      function_response_types: ["ReportBatchItemFailures"],
      destination_config: { on_failure: { destination_arn: expect.stringContaining("DeadLetters") } },
      depends_on: expect.arrayContaining([expect.stringContaining("data-access")]),
    });
  });

  test("STR-06 has an alarm on what the function is told late", () => {
    expect(built(newSource(), "aws_cloudwatch_metric_alarm", "Source_AgeAlarms_iterator-age")).toMatchObject({
      namespace: "AWS/Lambda",
      metric_name: "IteratorAge",
      dimensions: { FunctionName: "tap-records-write-dev-us-east-1" },
      statistic: "Maximum",
      threshold: 3_600_000,
    });
  });

  test("SEC-02 has an alarm on what its dead letters aren't told of", () => {
    expect(built(newSource(), "aws_cloudwatch_metric_alarm", "lost-records")).toMatchObject({
      metric_name: "DestinationDeliveryFailures",
      dimensions: { FunctionName: "tap-records-write-dev-us-east-1" },
      threshold: 0,
      evaluation_periods: 1,
    });
  });

  test("PLAT-19 comes with the rights to read, and no others", () => {
    expect(statements(newSource(), "aws_iam_role_policy", "data-access")).toMatchObject({
      ReadStream: {
        Action: [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ],
        Resource: [arn],
      },
      ReadStreamKey: { Action: ["kms:Decrypt"], Condition: throughKinesis },
    });
  });

  test.each([
    ["no batch", { batchSize: 0 }, "batchSize must be"],
    ["too long a window", { maximumBatchingWindowSeconds: 301 }, "maximumBatchingWindowSeconds must be"],
    ["endless attempts", { maximumRetryAttempts: -1 }, "maximumRetryAttempts must be"],
    [
      "records that are older than the stream",
      { maximumRecordAgeHours: 48 },
      "from 1 to 47 (hours, less than the retention",
    ],
  ])("is refused with %s", (_, options, message) => {
    expect(() => newSource(options)).toThrow(message);
  });
});
