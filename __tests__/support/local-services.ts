import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { SQSRecord } from "aws-lambda";
import type { LocalDynamo } from "./dynalite";

/* What functions of several systems call, answered in this process: the few calls that they make. */

/** A message that was sent. */
export interface SentMessage {
  /** Name of the queue. */
  readonly queue: string;
  readonly body: string;
  readonly delaySeconds: number;
  readonly attributes: Record<string, string>;
}

interface SendMessage {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly DelaySeconds?: number;
  readonly MessageAttributes?: Record<string, { StringValue: string }>;
}

/** SQS: what it answers to the body of a SendMessage, which is among those that were sent then. */
export function sendMessage(sent: SentMessage[], body: string): object {
  const { QueueUrl, MessageBody, DelaySeconds, MessageAttributes } = JSON.parse(body) as SendMessage;
  sent.push({
    queue: QueueUrl.split("/").at(-1) ?? "",
    body: MessageBody,
    delaySeconds: DelaySeconds ?? 0,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
    ),
  });
  // The SDK compares them.
  return { MessageId: String(sent.length), MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex") };
}

/** Parameter Store: what it answers to the body of a GetParameters. */
export function getParameters(parameters: ReadonlyMap<string, string>, body: string): object {
  const { Names } = JSON.parse(body) as { Names: readonly string[] };
  const isThere = (name: string) => parameters.has(name);
  return {
    Parameters: Names.filter(isThere).map((Name) => ({ Name, Value: parameters.get(Name) })),
    InvalidParameters: Names.filter((name) => !isThere(name)),
  };
}

/** DynamoDB, as it is. */
export async function askDynamo(
  { endpoint }: LocalDynamo,
  { host, connection, "content-length": length, ...headers }: IncomingMessage["headers"],
  body: string,
): Promise<{ status: number; body: string }> {
  const answered = await fetch(endpoint, { method: "POST", headers: headers as Record<string, string>, body });
  return { status: answered.status, body: await answered.text() };
}

/** A message as Lambda hands it over. */
export function sqsRecord(queueName: string, body: string, receives: number): SQSRecord {
  return {
    messageId: randomUUID(),
    receiptHandle: "receipt",
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: "1767225600000",
      SenderId: "sender",
      ApproximateFirstReceiveTimestamp: "1767225600001",
    },
    messageAttributes: {},
    md5OfBody: createHash("md5").update(body).digest("hex"),
    eventSource: "aws:sqs",
    eventSourceARN: `arn:aws:sqs:us-east-1:111111111111:${queueName}`,
    awsRegion: "us-east-1",
  };
}

export function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
