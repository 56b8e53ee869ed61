import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { DeadLetterQueue } from "./dead-letters";

interface Clients {
  readonly sqs: SQSClient;
  readonly lambda: LambdaClient;
}

export interface RedriveOptions {
  /** Shows what there is, and leaves it there. */
  readonly dryRun: boolean;
  /** Messages at most. */
  readonly limit: number;
  /** Called for each message, once it is where it belongs, or, in a dry run, seen. */
  onMessage(message: DeadLetter): void;
}

/** A message among the dead letters: what tells it apart, never what is in it. */
export interface DeadLetter {
  readonly messageId: string;
  /** When it was first sent, ISO 8601. */
  readonly sentAt: string;
  readonly receiveCount: number;
  /** Why it is here, where whoever sent it has said so. */
  readonly reason?: string;
  /** Whether it is none that can be sent: it stays. */
  readonly stays: boolean;
}

/** Seconds that received messages stay hidden: long enough to see all of a dry run once. */
const visibilityTimeoutSeconds = 120;

/**
 * Sends dead letters where they belong, one by one: sent first, then deleted, so that a crash in between sends one
 * twice and loses none. Consumers take a message twice as once.
 */
export async function redrive(queue: DeadLetterQueue, options: RedriveOptions): Promise<void> {
  const { region } = queue;
  const clients = { sqs: new SQSClient({ region }), lambda: new LambdaClient({ region }) };
  const queueUrl = await urlOf(clients, queue.name);
  const send = await sender(clients, queue);
  const seen = new Map<string, Message>();
  while (seen.size < options.limit) {
    const messages = await receive(clients, queueUrl, Math.min(10, options.limit - seen.size));
    const fresh = messages.filter(({ MessageId = "" }) => !seen.has(MessageId));
    if (fresh.length === 0) break;
    for (const message of fresh) {
      seen.set(message.MessageId ?? "", message);
      const letter = describe(message);
      if (!options.dryRun && !letter.stays) {
        await send(message);
        await clients.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
      }
      options.onMessage(letter);
    }
  }
  await showAgain(
    clients,
    queueUrl,
    [...seen.values()].filter((message) => options.dryRun || describe(message).stays),
  );
}

async function urlOf({ sqs }: Clients, name: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  if (QueueUrl === undefined) throw new Error(`${name} has no address`);
  return QueueUrl;
}

async function receive({ sqs }: Clients, queueUrl: string, count: number): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: count,
      VisibilityTimeout: visibilityTimeoutSeconds,
      // Long polling asks all of SQS's servers; a short one may miss what is there.
      WaitTimeSeconds: 2,
      MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
      MessageAttributeNames: ["All"],
    }),
  );
  return Messages;
}

async function sender(clients: Clients, { target }: DeadLetterQueue): Promise<(message: Message) => Promise<unknown>> {
  if ("queueName" in target) {
    const queueUrl = await urlOf(clients, target.queueName);
    return (message) => clients.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: message.Body }));
  }
  return (message) =>
    clients.lambda.send(
      new InvokeCommand({
        FunctionName: target.functionName,
        Qualifier: target.qualifier,
        InvocationType: "Event",
        Payload: Buffer.from(message.Body ?? ""),
      }),
    );
}

/** In tens, as SQS takes them. */
async function showAgain({ sqs }: Clients, queueUrl: string, messages: readonly Message[]): Promise<void> {
  for (let start = 0; start < messages.length; start += 10) {
    const Entries = messages.slice(start, start + 10).map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

function describe({ MessageId = "", Body = "", Attributes = {}, MessageAttributes = {} }: Message): DeadLetter {
  const stays = isOfStream(Body);
  // Lambda calls it ErrorMessage on what it sends itself; the worker of the jobs, reason.
  const told = MessageAttributes.reason?.StringValue ?? MessageAttributes.ErrorMessage?.StringValue;
  const reason = stays ? "a batch of a stream, which has the records themselves: stays here" : told;
  return {
    stays,
    messageId: MessageId,
    sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)).toISOString(),
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 0),
    ...(reason === undefined ? {} : { reason: firstLine(reason) }),
  };
}

/** What an event source mapping sends of records that it gave up: where they are, not what they are. */
function isOfStream(body: string): boolean {
  return /"(DDBStreamBatchInfo|KinesisBatchInfo)"\s*:/.test(body);
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, 200);
}
