import { CustomerKey } from "../../constructs/customer-key";
import { DeadLetterQueue } from "../../constructs/dead-letter-queue";
import { Queue, type QueueProps } from "../../constructs/queue";
import { built, EmptyStack, statements } from "../support/constructed";

function newQueue(options: Partial<QueueProps> = {}) {
  const stack = new EmptyStack();
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const queue = new Queue(stack, "Jobs", {
    key,
    visibilityTimeoutSeconds: 180,
    messageRetentionDays: 4,
    maxReceiveCount: 3,
    ...options,
  });
  return { stack, queue };
}

test("a queue keeps what the caller says, under the key, and its dead letters 14 days", () => {
  const { stack } = newQueue();
  expect(built(stack, "aws_sqs_queue", "Jobs_Queue")).toMatchObject({
    name: "tap-records-dev-us-east-1",
    kms_master_key_id: expect.stringContaining("aws_kms_key.Key"),
    message_retention_seconds: 4 * 86_400,
    visibility_timeout_seconds: 180,
  });
  expect(built(stack, "aws_sqs_queue", "Jobs_DeadLetters")).toMatchObject({
    name: "tap-records-dead-letters-dev-us-east-1",
    message_retention_seconds: 14 * 86_400,
  });
});

test("messages that were received too often go to the dead letters, which take them from this queue alone", () => {
  const { stack, queue } = newQueue();
  expect(JSON.parse(String(built(stack, "aws_sqs_queue", "Jobs_Queue").redrive_policy))).toEqual({
    deadLetterTargetArn: expect.stringMatching(/^\$\{aws_sqs_queue\.Jobs_DeadLetters_Queue_\w+\.arn\}$/),
    maxReceiveCount: 3,
  });
  expect(JSON.parse(String(built(stack, "aws_sqs_queue_redrive_allow_policy").redrive_allow_policy))).toEqual({
    redrivePermission: "byQueue",
    sourceQueueArns: [queue.arn],
  });
});

test("dead letters of a function are taken from no queue", () => {
  const stack = new EmptyStack();
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  new DeadLetterQueue(stack, "DeadLetters", { resource: "write-dead-letters", key });
  expect(built(stack, "aws_sqs_queue_redrive_allow_policy").redrive_allow_policy).toBe(
    '{"redrivePermission":"denyAll"}',
  );
});

test("SEC-01 both refuse plain HTTP; who else may send is added to the queue's policy", () => {
  const { stack, queue } = newQueue({
    statements: (arn) => [
      {
        sid: "Topic",
        principals: { Service: ["sns.amazonaws.com"] },
        actions: ["sqs:SendMessage"],
        resources: [arn],
        conditions: { ArnEquals: { "aws:SourceArn": "arn:aws:sns:us-east-1:111111111111:tap-topic" } },
      },
    ],
  });
  const denial = { Effect: "Deny", Principal: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } };
  expect(statements(stack, "aws_sqs_queue_policy", "Jobs_Queue")).toMatchObject({
    DenyPlainHttp: denial,
    Topic: { Resource: [queue.arn] },
  });
  expect(statements(stack, "aws_sqs_queue_policy", "DeadLetters")).toMatchObject({ DenyPlainHttp: denial });
});

test("four alarms watch them: depth and age of each", () => {
  const { stack } = newQueue();
  const alarms = Object.values(stack.toTerraform().resource.aws_cloudwatch_metric_alarm) as {
    alarm_name: string;
    threshold: number;
  }[];
  expect(Object.fromEntries(alarms.map(({ alarm_name, threshold }) => [alarm_name, threshold]))).toEqual({
    "tap-records-age-dev-us-east-1": 86_400,
    "tap-records-depth-dev-us-east-1": 1_000,
    "tap-records-dead-letters-age-dev-us-east-1": 7 * 86_400,
    "tap-records-dead-letters-depth-dev-us-east-1": 0,
  });
});

test.each([
  [{ messageRetentionDays: 15 }, "messageRetentionDays must be a whole number from 1 to 14 (days) (given 15)"],
  [{ messageRetentionDays: 0 }, "messageRetentionDays must be a whole number from 1 to 14 (days) (given 0)"],
  [{ maxReceiveCount: 0 }, "maxReceiveCount must be a whole number from 1 to 1000 (receives) (given 0)"],
  [{ maxReceiveCount: 1.5 }, "maxReceiveCount must be a whole number from 1 to 1000 (receives) (given 1.5)"],
  [
    { visibilityTimeoutSeconds: 43_201 },
    "visibilityTimeoutSeconds must be a whole number from 0 to 43200 (seconds) (given 43201)",
  ],
])("%j is refused", (options, message) => {
  expect(() => newQueue(options)).toThrow(message);
});
