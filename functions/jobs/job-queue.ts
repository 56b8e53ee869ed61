import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { SQSRecord } from "aws-lambda";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";
import type { JobMessage } from "./job";

/** A queue, and the way to it. */
export interface JobQueue {
  readonly client: SQSClient;
  readonly url: string;
}

/** The queue that jobs are submitted to. */
export function jobQueue(): JobQueue {
  return { client: queueClient(), url: requiredVariables("QUEUE_URL").QUEUE_URL };
}

/** The queue of messages that couldn't be worked on. */
export function deadLetterQueue(): JobQueue {
  return { client: queueClient(), url: requiredVariables("DEAD_LETTER_QUEUE_URL").DEAD_LETTER_QUEUE_URL };
}

function queueClient(): SQSClient {
  return tracer.captureAWSv3Client(new SQSClient(awsClientSettings));
}

export async function sendJob({ client, url }: JobQueue, job: JobMessage, abortSignal: AbortSignal): Promise<void> {
  const send = new SendMessageCommand({ QueueUrl: url, MessageBody: messageBody(job) });
  await client.send(send, { abortSignal });
}

/** SQS takes the characters that XML knows (SendMessage): of those that JSON leaves as they are, these two are none. */
function messageBody(job: JobMessage): string {
  return JSON.stringify(job).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/** Sends a message once more, as a new one: its receives are counted from the beginning. */
export async function resend(
  { client, url }: JobQueue,
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

/** The body is as it was: sent to the queue again, it is the same job. */
export async function sendDeadLetter(
  { client, url }: JobQueue,
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
