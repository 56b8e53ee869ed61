import { CustomerKey } from "../../constructs/customer-key";
import { MacKey } from "../../constructs/mac-key";
import { NodeFunction } from "../../constructs/node-function";
import { Queue } from "../../constructs/queue";
import { QueueEventSource, type QueueEventSourceProps } from "../../constructs/queue-event-source";
import { Schedule } from "../../constructs/schedule";
import { Table } from "../../constructs/table";
import { TableEventSource, type TableEventSourceProps } from "../../constructs/table-event-source";
import { Topic } from "../../constructs/topic";
import { built, EmptyStack, statements } from "../support/constructed";

function start() {
  const stack = new EmptyStack();
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const lambda = new NodeFunction(stack, "Write", {
    entry: "records/write",
    description: "Handles",
    key,
    memorySizeMb: 256,
    timeoutSeconds: 30,
    reservedConcurrency: 5,
  });
  return { stack, key, lambda };
}

const account = "111111111111";
const keyOf = (service: string, context: string, value: string) => ({
  StringEquals: {
    "kms:CallerAccount": account,
    "kms:ViaService": `${service}.us-east-1.amazonaws.com`,
    [`kms:EncryptionContext:${context}`]: value,
  },
});

describe("a queue as event source", () => {
  function newSource(options: Partial<QueueEventSourceProps> = {}, visibilityTimeoutSeconds = 180) {
    const { stack, key, lambda } = start();
    const queue = new Queue(stack, "Jobs", {
      key,
      visibilityTimeoutSeconds,
      messageRetentionDays: 4,
      maxReceiveCount: 3,
    });
    new QueueEventSource(stack, "Source", { function: lambda, queue, maximumConcurrency: 5, ...options });
    return { stack, queue };
  }

  test("invokes the live version, which says what of a batch failed, and waits for its rights", () => {
    const { stack } = newSource();
    expect(built(stack, "aws_lambda_event_source_mapping")).toMatchObject({
      event_source_arn: expect.stringMatching(/^\$\{aws_sqs_queue\.Jobs_Queue_\w+\.arn\}$/),
      function_name: expect.stringContaining("aws_lambda_alias."),
      batch_size: 10,
      scaling_config: { maximum_concurrency: 5 },
      function_response_types: ["ReportBatchItemFailures"],
      depends_on: expect.arrayContaining([expect.stringContaining("data-access")]),
    });
  });

  test("PLAT-19 comes with the rights to receive, and no others", () => {
    const { stack, queue } = newSource();
    expect(statements(stack, "aws_iam_role_policy", "data-access")).toMatchObject({
      ConsumeJobs: {
        Action: ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        Resource: [queue.arn],
      },
      ConsumeJobsKey: { Action: ["kms:Decrypt"], Condition: keyOf("sqs", "aws:sqs:arn", queue.arn) },
    });
  });

  test.each([
    [{ batchSize: 11 }, "batchSize must be a whole number from 1 to 10 (messages) (given 11)"],
    [{ maximumConcurrency: 1 }, "maximumConcurrency must be a whole number from 2 to 1000"],
    [{ maximumBatchingWindowSeconds: 301 }, "maximumBatchingWindowSeconds must be a whole number from 0 to 300"],
  ])("%j is refused", (options, message) => {
    expect(() => newSource(options)).toThrow(message);
  });

  test("a message that would be seen again while it is handled is refused", () => {
    expect(() => newSource({}, 179)).toThrow(
      "visibilityTimeoutSeconds must be at least 180, 6 times the function's timeout of 30 (given 179)",
    );
  });
});

describe("a table as event source", () => {
  test("keeps order, splits off what fails, and sends it to the function's dead letters", () => {
    const { stack, key, lambda } = start();
    const table = new Table(stack, "Items", {
      key,
      partitionKey: "id",
      pointInTimeRecovery: true,
      expiryAttribute: "expiresAt",
      streamViewType: "NEW_IMAGE",
    });
    new TableEventSource(stack, "Source", { function: lambda, table });
    expect(built(stack, "aws_dynamodb_table")).toMatchObject({
      stream_enabled: true,
      stream_view_type: "NEW_IMAGE",
      ttl: { enabled: true, attribute_name: "expiresAt" },
    });
    expect(built(stack, "aws_lambda_event_source_mapping")).toMatchObject({
      event_source_arn: expect.stringMatching(/^\$\{aws_dynamodb_table\.Items_Table_\w+\.stream_arn\}$/),
      bisect_batch_on_function_error: true,
      maximum_retry_attempts: 10,
      function_response_types: ["ReportBatchItemFailures"],
      destination_config: {
        on_failure: { destination_arn: expect.stringContaining("aws_sqs_queue.Write_DeadLetters") },
      },
    });
    expect(statements(stack, "aws_iam_role_policy", "data-access")).toMatchObject({
      ItemsStream: { Resource: [`${table.arn}/stream/*`] },
      ItemsStreams: { Action: ["dynamodb:ListStreams"] },
      ItemsStreamKey: { Condition: keyOf("dynamodb", "aws:dynamodb:tableName", table.name) },
    });
  });

  /** With a table of its own, in an empty stack. */
  function newTableSource(options: Partial<TableEventSourceProps> = {}) {
    const { stack, key, lambda } = start();
    const table = new Table(stack, "Items", {
      key,
      partitionKey: "id",
      pointInTimeRecovery: true,
      streamViewType: "NEW_IMAGE",
    });
    new TableEventSource(stack, "Source", { function: lambda, table, ...options });
    return stack;
  }

  test("API-07 an alarm says when the function is behind, before the stream forgets", () => {
    expect(built(newTableSource(), "aws_cloudwatch_metric_alarm", "Source_AgeAlarms")).toMatchObject({
      alarm_name: "tap-records-write-iterator-age-dev-us-east-1",
      namespace: "AWS/Lambda",
      metric_name: "IteratorAge",
      dimensions: { FunctionName: "tap-records-write-dev-us-east-1" },
      statistic: "Maximum",
      comparison_operator: "GreaterThanThreshold",
      threshold: 3_600_000,
      alarm_actions: ["arn:aws:sns:us-east-1:111111111111:tap-security-alarms-dev-us-east-1"],
    });
    const late = built(newTableSource({ maximumAgeHours: 23 }), "aws_cloudwatch_metric_alarm", "Source_AgeAlarms");
    expect(late.threshold).toBe(23 * 3_600_000);
    expect(() => newTableSource({ maximumAgeHours: 24 })).toThrow(
      "maximumAgeHours must be a whole number from 1 to 23 (hours, less than a change is on the stream) (given 24)",
    );
  });

  test("a table without a stream is refused", () => {
    const { stack, key, lambda } = start();
    const table = new Table(stack, "Items", { key, partitionKey: "id", pointInTimeRecovery: true });
    expect(() => new TableEventSource(stack, "Source", { function: lambda, table })).toThrow(/has no stream/);
  });
});

test("a schedule invokes the live version, and only its rule may", () => {
  const { stack, lambda } = start();
  new Schedule(stack, "Heartbeat", {
    function: lambda,
    resource: "heartbeat",
    description: "Says that it is alive",
    everyMinutes: 1,
  });
  expect(built(stack, "aws_cloudwatch_event_rule")).toMatchObject({
    name: "tap-records-heartbeat-dev-us-east-1",
    schedule_expression: "rate(1 minute)",
  });
  expect(built(stack, "aws_lambda_permission")).toMatchObject({
    action: "lambda:InvokeFunction",
    qualifier: expect.stringContaining("aws_lambda_alias."),
    principal: "events.amazonaws.com",
    source_arn: expect.stringMatching(/^\$\{aws_cloudwatch_event_rule\.\w+\.arn\}$/),
  });
  expect(
    () => new Schedule(stack, "Other", { function: lambda, resource: "x", description: "x", everyMinutes: 0 }),
  ).toThrow(/everyMinutes .* \(given 0\)/);
});

test("PLAT-19 a topic's publisher may publish, and use the key through SNS alone; its queues get messages as they are", () => {
  const { stack, key, lambda } = start();
  const topic = new Topic(stack, "Changes", {
    resource: "changes",
    key,
    queueArns: ["arn:aws:sqs:us-west-2:111111111111:tap-api-messages-dev-us-west-2"],
  });
  topic.grantPublish(lambda);
  expect(built(stack, "aws_sns_topic_subscription")).toMatchObject({ protocol: "sqs", raw_message_delivery: true });
  expect(statements(stack, "aws_iam_role_policy", "data-access")).toMatchObject({
    PublishChanges: { Action: ["sns:Publish"], Resource: [topic.arn] },
    PublishChangesKey: {
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Condition: keyOf("sns", "aws:sns:topicArn", topic.arn),
    },
  });
});

test("a key of codes signs by one algorithm for whom it was granted, and isn't used otherwise", () => {
  const { stack, lambda } = start();
  const macKey = new MacKey(stack, "CursorKey", { resource: "cursors", description: "Cursors of lists" });
  macKey.grant(lambda);
  expect(built(stack, "aws_kms_key", "CursorKey")).toMatchObject({
    key_usage: "GENERATE_VERIFY_MAC",
    customer_master_key_spec: "HMAC_256",
  });
  expect(statements(stack, "aws_iam_role_policy", "data-access").CursorKey).toMatchObject({
    Action: ["kms:GenerateMac"],
    Resource: [expect.stringMatching(/^\$\{aws_kms_key\.CursorKey_\w+\.arn\}$/)],
    Condition: { StringEquals: { "kms:MacAlgorithm": "HMAC_SHA_256" } },
  });
});
