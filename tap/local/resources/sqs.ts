import {
  CreateQueueCommand,
  DeleteQueueCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { Arguments } from "../arguments";
import { present, put, type ResourceType, type ResourceTypes, tagsIgnored, textOf } from "./resource-type";

const numbers = {
  delay_seconds: "DelaySeconds",
  kms_data_key_reuse_period_seconds: "KmsDataKeyReusePeriodSeconds",
  max_message_size: "MaximumMessageSize",
  message_retention_seconds: "MessageRetentionPeriod",
  receive_wait_time_seconds: "ReceiveMessageWaitTimeSeconds",
  visibility_timeout_seconds: "VisibilityTimeout",
} as const;

function attributes(given: Arguments): Partial<Record<QueueAttributeName, string>> {
  const all: Partial<Record<QueueAttributeName, string>> = {};
  for (const [argument, attribute] of Object.entries(numbers)) {
    const number = given.numberIf(argument);
    if (number !== undefined) all[attribute] = String(number);
  }
  const [key, redrive] = [given.textIf("kms_master_key_id"), given.textIf("redrive_policy")];
  if (key !== undefined) all.KmsMasterKeyId = key;
  if (redrive !== undefined) all.RedrivePolicy = redrive;
  if (given.flagIf("fifo_queue") === true) all.FifoQueue = "true";
  if (given.flagIf("content_based_deduplication") === true) all.ContentBasedDeduplication = "true";
  return all;
}

const queue: ResourceType = {
  ignored: tagsIgnored,
  replacedBy: ["name", "fifo_queue"],
  async create(given, place) {
    const name = given.text("name");
    const { QueueUrl } = await place
      .client(SQSClient)
      .send(new CreateQueueCommand({ QueueName: name, Attributes: attributes(given) }));
    const url = present(QueueUrl, "QueueUrl");
    return { id: url, url, arn: `arn:aws:sqs:${place.region}:${place.accountId}:${name}` };
  },
  async update(given, place, before) {
    given.ignore(["name", "fifo_queue"]);
    const removed = before.values.redrive_policy === undefined ? {} : { RedrivePolicy: "" };
    const Attributes = { ...removed, ...attributes(given) };
    await place.client(SQSClient).send(new SetQueueAttributesCommand({ QueueUrl: textOf(before, "url"), Attributes }));
    return before.computed;
  },
  async remove(place, before) {
    await place.client(SQSClient).send(new DeleteQueueCommand({ QueueUrl: textOf(before, "url") }));
  },
};

/** An attribute of a queue that Terraform has as a resource of its own. */
function queueAttribute(argument: string, attribute: QueueAttributeName): ResourceType {
  return put(
    async (given, place) => {
      const QueueUrl = given.text("queue_url");
      const Attributes = { [attribute]: given.text(argument) };
      await place.client(SQSClient).send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
      return { id: QueueUrl };
    },
    {
      replacedBy: ["queue_url"],
      async remove(place, before) {
        const QueueUrl = textOf(before, "queue_url");
        await place
          .client(SQSClient)
          .send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { [attribute]: "" } }));
      },
    },
  );
}

export const types: ResourceTypes = {
  aws_sqs_queue: queue,
  aws_sqs_queue_policy: queueAttribute("policy", "Policy"),
  aws_sqs_queue_redrive_allow_policy: queueAttribute("redrive_allow_policy", "RedriveAllowPolicy"),
};
