import { api07 } from "../../../../tap/audit/requirements/api-07";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { api, apiResource, apiSetting, apiText, apiWith, apiWithin, apiWithout } from "./api-mutations";
import { adding, allowing, changing, referenceTo, rewrite, type Statement, without } from "./mutations";

const subscription = "aws_sns_topic_subscription";
const queue = "aws_sqs_queue";
const mapping = "aws_lambda_event_source_mapping";

const queuePolicy = (change: (statements: Statement[]) => readonly Statement[]): Mutation =>
  api((stack) => rewrite(resource(stack, "aws_sqs_queue_policy", "Messages_Queue"), "policy", change));

const topicPolicy = (change: (statements: Statement[]) => readonly Statement[]): Mutation =>
  api((stack) => rewrite(resource(stack, "aws_sns_topic_policy", "Changes"), "policy", change));

/** The stack's key; the other one is of authentication codes. */
const keyOf = (stack: StackJson) => {
  const keys = Object.values(stack.json.resource?.aws_kms_key ?? {});
  const [key] = keys.filter(({ key_usage }) => key_usage === undefined);
  return key as Record<string, unknown>;
};

const keyPolicy = (change: (statements: Statement[]) => readonly Statement[]): Mutation =>
  api((stack) => rewrite(keyOf(stack), "policy", change));

const fromPeers = "PeersPublish";
const encrypting = "Publishsnsamazonawscom";

/** A statement with its condition on the topics under another operator. */
const underOperator = (sid: string, operator: string) =>
  changing(sid, ({ Condition = {} }) => {
    const topics = Object.values(Condition).flatMap((keys) => keys["aws:SourceArn"] ?? []);
    return { Condition: { [operator]: { "aws:SourceArn": topics } } };
  });

/** A statement about other topics than the peer's. */
const aboutTopics = (sid: string, from: RegExp, to: string) =>
  changing(sid, ({ Condition }) => ({
    Condition: JSON.parse(JSON.stringify(Condition).replace(from, to)) as Statement["Condition"],
  }));

const publishing = (name: string) =>
  api((stack) =>
    rewrite(
      resource(stack, "aws_iam_role_policy", `${name}_Role_data-access`),
      "policy",
      allowing("sns:Publish", [String(resource(stack, "aws_sns_topic", "Changes").arn)]),
    ),
  );

prove(
  api07,
  {
    "the topic delivers to nothing": apiWithout(subscription, "Changes"),
    "the topic delivers to its own region": apiText(subscription, "Changes", "endpoint", /us-east-\d/g, "us-west-2"),
    "the topic delivers to its own region as well": apiWith(subscription, (stack) => ({
      ...resource(stack, subscription),
      endpoint: referenceTo(stack, queue, "Messages_Queue", "arn"),
    })),
    "the other region's stack takes from its own topic": (subject, environment) => {
      const first = subject.stacks.find(
        (stack) => stack.component === "api" && stack.environmentSuffix === environment && stack.region !== "us-west-2",
      ) as StackJson;
      const own = resource(first, subscription);
      own.topic_arn = String(own.endpoint).replace("sqs", "sns").replace("peer-messages", "changes");
    },
    "the topic delivers to the peer's dead letters": apiText(
      subscription,
      "Changes",
      "endpoint",
      "peer-messages",
      "items-dead-letters",
    ),
    "the topic delivers to another account": apiText(subscription, "Changes", "endpoint", /\d{12}/, "999999999999"),
    "the topic delivers to a mailbox": apiWith(subscription, (stack) => ({
      topic_arn: referenceTo(stack, "aws_sns_topic", "Changes", "arn"),
      protocol: "email",
      endpoint: "somebody@example.com",
    })),
    "messages are wrapped": apiSetting(subscription, "Changes", { raw_message_delivery: false }),
    "messages are wrapped by default": apiSetting(subscription, "Changes", { raw_message_delivery: undefined }),
    "messages are filtered": apiSetting(subscription, "Changes", { filter_policy: '{"origin":["us-east-1"]}' }),
    "messages go by HTTPS": apiSetting(subscription, "Changes", { protocol: "https" }),
    "the subscription isn't made": apiSetting(subscription, "Changes", { count: 0 }),
    "the topic is under no key": apiSetting("aws_sns_topic", "Changes", { kms_master_key_id: undefined }),
    "the topic's key isn't for it": api((stack) => {
      const key = keyOf(stack);
      key.policy = String(key.policy).replace("kms:EncryptionContext:aws:sns:topicArn", "kms:EncryptionContext:other");
    }),
    "the topic keeps an order": apiSetting("aws_sns_topic", "Changes", { fifo_topic: true }),
    "everyone may publish": topicPolicy(adding({ Principal: "*", Action: ["sns:Publish"], Resource: ["*"] })),
    "everyone in the organization may subscribe": topicPolicy(
      adding({ Principal: { AWS: "*" }, Action: ["sns:Subscribe"], Resource: ["*"] }),
    ),
    "nobody may publish": topicPolicy(changing("DenyPlainHttp", () => ({ Condition: undefined }))),
    "nobody may publish by TLS": topicPolicy(
      changing("DenyPlainHttp", () => ({ Condition: { Bool: { "aws:SecureTransport": "true" } } })),
    ),
    "what comes in is published again": publishing("messages"),
    "items are published by who answers": publishing("items"),
    "nobody publishes": api((stack) =>
      rewrite(
        resource(stack, "aws_iam_role_policy", "replicate_Role_data-access"),
        "policy",
        without("PublishChanges"),
      ),
    ),
    "the peer may not send": queuePolicy(without(fromPeers)),
    "the peer is denied": queuePolicy(changing(fromPeers, () => ({ Effect: "Deny" }))),
    "SNS is denied besides": queuePolicy(
      adding({
        Effect: "Deny",
        Principal: { Service: "sns.amazonaws.com" },
        Action: ["sqs:SendMessage"],
        Resource: ["*"],
      }),
    ),
    "any topic may send": queuePolicy(changing(fromPeers, () => ({ Condition: undefined }))),
    "any topic that starts alike may send": queuePolicy(
      aboutTopics(fromPeers, /tap-api-changes-[\w-]+/g, "tap-api-changes-*"),
    ),
    "another account's topic may send": queuePolicy(aboutTopics(fromPeers, /\d{12}/g, "999999999999")),
    "its own topic may send": queuePolicy(aboutTopics(fromPeers, /us-east-\d/g, "us-west-2")),
    ...Object.fromEntries(
      ["ArnNotEquals", "ArnEqualsIfExists", "ForAllValues:ArnEquals", "ForAnyValue:StringLike"].flatMap((operator) => [
        [`topics may send that are ${operator}`, queuePolicy(underOperator(fromPeers, operator))],
        [`topics may encrypt that are ${operator}`, keyPolicy(underOperator(encrypting, operator))],
      ]),
    ),
    "everyone may send for the topic": queuePolicy(changing(fromPeers, () => ({ Principal: "*" }))),
    "everyone but one may send": queuePolicy(
      changing(fromPeers, () => ({ Principal: undefined, NotPrincipal: { AWS: "arn:aws:iam::111111111111:root" } })),
    ),
    "SNS may do anything with the queue": queuePolicy(changing(fromPeers, () => ({ Action: ["sqs:*"] }))),
    "the policy is for another queue": queuePolicy(
      changing(fromPeers, () => ({ Resource: ["arn:aws:sqs:us-west-2:111111111111:other"] })),
    ),
    "another service may send too": queuePolicy(
      adding({ Principal: { Service: "s3.amazonaws.com" }, Action: ["sqs:SendMessage"], Resource: ["*"] }),
    ),
    "SNS may not encrypt": keyPolicy(without(encrypting)),
    "SNS is denied the key": keyPolicy(changing(encrypting, () => ({ Effect: "Deny" }))),
    "SNS may decrypt alone": keyPolicy(changing(encrypting, () => ({ Action: ["kms:Decrypt"] }))),
    "SNS may do anything with the key": keyPolicy(changing(encrypting, () => ({ Action: ["kms:*"] }))),
    "SNS may encrypt for every topic": keyPolicy(
      changing(encrypting, ({ Condition }) => ({ Condition: { StringEquals: Condition?.StringEquals ?? {} } })),
    ),
    "SNS may encrypt for its own topic": keyPolicy(aboutTopics(encrypting, /sns:us-east-\d/g, "sns:us-west-2")),
    "SNS may encrypt for another account": keyPolicy(
      aboutTopics(encrypting, /"aws:SourceAccount":"\d{12}"/g, '"aws:SourceAccount":"999999999999"'),
    ),
    "SNS may encrypt for others by a further statement": keyPolicy(
      adding({ Principal: { Service: ["sns.amazonaws.com"] }, Action: ["kms:GenerateDataKey*"], Resource: ["*"] }),
    ),
    "the queue is under SQS's own key": apiSetting(queue, "Messages_Queue", {
      kms_master_key_id: undefined,
      sqs_managed_sse_enabled: true,
    }),
    "the queue is under another key": api((stack) => {
      resource(stack, queue, "Messages_Queue").kms_master_key_id = referenceTo(
        stack,
        "aws_kms_key",
        "CursorKey",
        "arn",
      );
    }),
    "messages are seen again after a timeout": apiSetting(queue, "Messages_Queue", { visibility_timeout_seconds: 30 }),
    "messages are seen again a second early": apiSetting(queue, "Messages_Queue", { visibility_timeout_seconds: 179 }),
    "visibility is SQS's own": apiSetting(queue, "Messages_Queue", { visibility_timeout_seconds: undefined }),
    "the function takes longer": apiSetting("aws_lambda_function", "messages", { timeout: 31 }),
    "messages are kept a minute": apiSetting(queue, "Messages_Queue", { message_retention_seconds: 60 }),
    "messages are late": apiSetting(queue, "Messages_Queue", { delay_seconds: 900 }),
    "messages are small": apiSetting(queue, "Messages_Queue", { max_message_size: 1_024 }),
    "the queue keeps an order": apiSetting(queue, "Messages_Queue", { fifo_queue: true }),
    "the queue isn't made": apiSetting(queue, "Messages_Queue", { count: 0 }),
    "what fails is never moved": apiSetting(queue, "Messages_Queue", { redrive_policy: undefined }),
    "what fails once is moved": apiText(
      queue,
      "Messages_Queue",
      "redrive_policy",
      '"maxReceiveCount":5',
      '"maxReceiveCount":1',
    ),
    "what fails is moved to itself": apiText(
      queue,
      "Messages_Queue",
      "redrive_policy",
      /Messages_DeadLetters_Queue/,
      "Messages_Queue",
    ),
    "nobody takes messages in": apiWithout(mapping, "PeerMessages"),
    "nobody takes messages in for now": apiSetting(mapping, "PeerMessages", { enabled: false }),
    "some messages are left out": apiSetting(mapping, "PeerMessages", {
      filter_criteria: { filter: [{ pattern: '{"body":{"a":["b"]}}' }] },
    }),
    "a batch fails as a whole": apiSetting(mapping, "PeerMessages", { function_response_types: undefined }),
    "as many are at once as Lambda likes": apiSetting(mapping, "PeerMessages", { scaling_config: undefined }),
    "more are at once than there is concurrency": api((stack) => {
      const { reserved_concurrent_executions } = resource(stack, "aws_lambda_function", "messages");
      resource(stack, mapping, "PeerMessages").scaling_config = {
        maximum_concurrency: Number(reserved_concurrent_executions) + 1,
      };
    }),
    "there is less concurrency than are at once": apiSetting("aws_lambda_function", "messages", {
      reserved_concurrent_executions: 1,
    }),
    "a batch is larger than its window allows": apiSetting(mapping, "PeerMessages", { batch_size: 100 }),
    "another function takes messages in": api((stack) => {
      resource(stack, mapping, "PeerMessages").function_name = referenceTo(stack, "aws_lambda_alias", "items", "arn");
    }),
    "messages go past the alias": api((stack) => {
      resource(stack, mapping, "PeerMessages").function_name = referenceTo(
        stack,
        "aws_lambda_function",
        "messages",
        "arn",
      );
    }),
    "a second function takes messages in": apiWith(mapping, (stack) => ({
      ...resource(stack, mapping, "PeerMessages"),
      function_name: referenceTo(stack, "aws_lambda_alias", "items", "arn"),
    })),
    "the dead letters are taken in instead": apiResource(mapping, "PeerMessages", (attributes) => {
      attributes.event_source_arn = String(attributes.event_source_arn).replace(
        "Messages_Queue",
        "Messages_DeadLetters",
      );
    }),
    "somebody calls the messages function": apiWith("aws_lambda_permission", (stack) => ({
      action: "lambda:InvokeFunction",
      function_name: referenceTo(stack, "aws_lambda_function", "messages", "function_name"),
      principal: "events.amazonaws.com",
    })),
    "what fails is moved by a setting beside the queue": apiWith("aws_sqs_queue_redrive_policy", (stack) => ({
      queue_url: referenceTo(stack, queue, "Messages_Queue", "id"),
      redrive_policy: "{}",
    })),
    "messages are looked through": apiWith("aws_sns_topic_data_protection_policy", (stack) => ({
      arn: referenceTo(stack, "aws_sns_topic", "Changes", "arn"),
      policy: "{}",
    })),
    "the other region is gone": ({ stacks }, environment) => {
      const isOther = ({ component, environmentSuffix, region }: StackJson) =>
        component === "api" && environmentSuffix === environment && region !== "us-west-2";
      stacks.splice(stacks.findIndex(isOther), 1);
    },
    "the messages function is gone": apiWithout("aws_lambda_function", "messages"),
    "the alias is shared out": apiWithin("aws_lambda_alias", "messages", "routing_config", {
      additional_version_weights: { "1": 1 },
    }),
  },
  { alone: true, without: ["files", "stream"] },
);
