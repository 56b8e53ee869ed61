import { CustomerKey } from "../../constructs/customer-key";
import { Topic } from "../../constructs/topic";
import { built, EmptyStack, statements } from "../support/constructed";

function newTopic() {
  const stack = new EmptyStack();
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const topic = new Topic(stack, "Alarms", {
    resource: "alarms",
    key,
    publishers: { "cloudwatch.amazonaws.com": "arn:aws:cloudwatch:us-east-1:111111111111:alarm:tap-*" },
    emails: ["team@example.com", "oncall@example.com"],
  });
  return { stack, topic };
}

const source = {
  StringEquals: { "aws:SourceAccount": "111111111111" },
  ArnLike: { "aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111111111111:alarm:tap-*" },
};

test("SEC-01 a topic is under the key, and refuses plain HTTP", () => {
  const { stack, topic } = newTopic();
  expect(built(stack, "aws_sns_topic")).toMatchObject({
    name: "tap-records-alarms-dev-us-east-1",
    kms_master_key_id: expect.stringContaining("aws_kms_key.Key"),
  });
  expect(statements(stack, "aws_sns_topic_policy").DenyPlainHttp).toMatchObject({
    Effect: "Deny",
    Principal: "*",
    Action: ["sns:Publish"],
    Resource: [topic.arn],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  });
});

test("a service that publishes is named in the topic's policy and in the key's, with account and source", () => {
  const { stack } = newTopic();
  const principal = { Service: ["cloudwatch.amazonaws.com"] };
  expect(statements(stack, "aws_sns_topic_policy")).toMatchObject({
    Publishcloudwatchamazonawscom: { Principal: principal, Action: ["sns:Publish"], Condition: source },
  });
  expect(statements(stack, "aws_kms_key").Publishcloudwatchamazonawscom).toMatchObject({
    Principal: principal,
    Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
    Condition: {
      StringEquals: source.StringEquals,
      ArnLike: { "aws:SourceArn": ["arn:aws:cloudwatch:us-east-1:111111111111:alarm:tap-*"] },
    },
  });
});

test("each mailbox has its subscription", () => {
  const { stack } = newTopic();
  const subscriptions = Object.values(stack.toTerraform().resource.aws_sns_topic_subscription);
  expect(subscriptions).toMatchObject([
    { protocol: "email", endpoint: "team@example.com" },
    { protocol: "email", endpoint: "oncall@example.com" },
  ]);
});
