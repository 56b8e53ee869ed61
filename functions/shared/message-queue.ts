import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { awsClientSettings } from "./aws-client";
import { tracer } from "./powertools";
import { requiredVariables } from "./variables";

/** A queue, and the way to it. */
export interface MessageQueue {
  readonly client: SQSClient;
  readonly url: string;
}

/** The queue that the function is for. */
export function ownQueue(): MessageQueue {
  return { client: queueClient(), url: requiredVariables("QUEUE_URL").QUEUE_URL };
}

/** The queue of messages that couldn't be worked on. */
export function deadLetterQueue(): MessageQueue {
  return { client: queueClient(), url: requiredVariables("DEAD_LETTER_QUEUE_URL").DEAD_LETTER_QUEUE_URL };
}

function queueClient(): SQSClient {
  return tracer.captureAWSv3Client(new SQSClient(awsClientSettings));
}

/** Sends a message once more, as a new one: its receives are counted from the beginning. */
export async function resend(
  { client, url }: MessageQueue,
  { body }: SQSRecord,
  delaySeconds: number,
  abortSignal: AbortSignal,
): Promise<void> {
  const send = new SendMessageCommand({ QueueUrl: url, MessageBody: body, DelaySeconds: delaySeconds });
  await client.send(send, { abortSignal });
}

/** Why a message is among the dead letters, in attributes: SQS's own redrive says nothing. */
export interface DeadLetter {
  readonly reason: string;
  readonly correlationId: string;
}

/** The body is as it was: sent to the queue again, it asks for the same. */
export async function sendDeadLetter(
  { client, url }: MessageQueue,
  { body, messageId, attributes }: SQSRecord,
  { reason, correlationId }: DeadLetter,
  abortSignal: AbortSignal,
): Promise<void> {
  const texts = {
    reason,
    correlationId,
    sourceMessageId: messageId,
    receiveCount: attributes.ApproximateReceiveCount,
  };
  const send = new SendMessageCommand({
    QueueUrl: url,
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, { DataType: "String", StringValue: text }]),
    ),
  });
  await client.send(send, { abortSignal });
}
