import {
  CreateTopicCommand,
  DeleteTopicCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { present, put, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const topic: ResourceType = {
  ignored: tagsIgnored,
  replacedBy: ["name"],
  async create(given, place) {
    const key = given.textIf("kms_master_key_id");
    const { TopicArn } = await place.client(SNSClient).send(
      new CreateTopicCommand({
        Name: given.text("name"),
        Attributes: key === undefined ? {} : { KmsMasterKeyId: key },
      }),
    );
    const arn = present(TopicArn, "TopicArn");
    return { id: arn, arn };
  },
  async update(given, place, before) {
    given.ignore(["name"]);
    const AttributeValue = given.textIf("kms_master_key_id") ?? "";
    const TopicArn = textOf(before, "arn");
    await place
      .client(SNSClient)
      .send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "KmsMasterKeyId", AttributeValue }));
    return before.computed;
  },
  async remove(place, before) {
    await place.client(SNSClient).send(new DeleteTopicCommand({ TopicArn: textOf(before, "arn") }));
  },
};

const topicPolicy = put(async (given, place) => {
  const [TopicArn, AttributeValue] = [given.text("arn"), given.text("policy")];
  await place
    .client(SNSClient)
    .send(new SetTopicAttributesCommand({ TopicArn, AttributeName: "Policy", AttributeValue }));
  return { id: TopicArn };
});

const subscription: ResourceType = {
  async create(given, place) {
    const Attributes: Record<string, string> = {};
    for (const [argument, attribute] of [
      ["raw_message_delivery", "RawMessageDelivery"],
      ["filter_policy", "FilterPolicy"],
      ["redrive_policy", "RedrivePolicy"],
    ] as const) {
      const value = argument === "raw_message_delivery" ? given.flagIf(argument) : given.textIf(argument);
      if (value !== undefined) Attributes[attribute] = String(value);
    }
    const { SubscriptionArn } = await place.client(SNSClient).send(
      new SubscribeCommand({
        TopicArn: given.text("topic_arn"),
        Protocol: given.text("protocol"),
        Endpoint: given.text("endpoint"),
        Attributes,
        ReturnSubscriptionArn: true,
      }),
    );
    const arn = present(SubscriptionArn, "SubscriptionArn");
    return { id: arn, arn };
  },
  async remove(place, before) {
    await place.client(SNSClient).send(new UnsubscribeCommand({ SubscriptionArn: textOf(before, "arn") }));
  },
};

export const types: ResourceTypes = {
  aws_sns_topic: topic,
  aws_sns_topic_policy: topicPolicy,
  aws_sns_topic_subscription: subscription,
};
