import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { awsClient, eventually, queueUrlOf } from "./local-environment";

/* Queues of the environment that scenarios run in, by the short names that `tap local` knows them by. */

/**
 * A message with an id in it that is among the dead letters; it stays where it is. What is looked at isn't looked at
 * again at once: others may come first.
 */
export function deadLetter(queue: string, id: string): Promise<Message> {
  const receive = new ReceiveMessageCommand({
    QueueUrl: queueUrlOf(queue),
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 1,
    WaitTimeSeconds: 1,
    MessageAttributeNames: ["All"],
  });
  const find = async () => {
    const { Messages = [] } = await awsClient(SQSClient).send(receive);
    return Messages.find(({ Body }) => Body?.includes(id));
  };
  return eventually(`The dead letter of ${id}`, find, (message) => message !== undefined) as Promise<Message>;
}

/** Sends a message as the account's own user. */
export async function sendTo(queue: string, MessageBody: string): Promise<void> {
  await awsClient(SQSClient).send(new SendMessageCommand({ QueueUrl: queueUrlOf(queue), MessageBody }));
}

/** A version of an object. */
export interface LandedObject {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId: string;
  /** Of two versions of a key, the later has the higher one: hexadecimal digits. */
  readonly sequencer?: string;
  readonly sizeBytes?: number;
}

/** Tells a queue of an object, as S3 does. */
export async function tellOf(queue: string, object: LandedObject): Promise<void> {
  const { Bucket, Key, VersionId, sequencer = "0A", sizeBytes = 1 } = object;
  const told = { key: encodeURIComponent(Key), versionId: VersionId, size: sizeBytes, sequencer };
  const record = { eventName: "ObjectCreated:Put", s3: { bucket: { name: Bucket }, object: told } };
  await sendTo(queue, JSON.stringify({ Records: [record] }));
}

/** Lets messages that failed come back sooner, for a while. */
export async function withVisibility<T>(queue: string, seconds: number, run: () => Promise<T>): Promise<T> {
  const QueueUrl = queueUrlOf(queue);
  const sqs = awsClient(SQSClient);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["VisibilityTimeout"] }),
  );
  const set = (VisibilityTimeout: string) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout } }));
  await set(String(seconds));
  try {
    return await run();
  } finally {
    await set(Attributes?.VisibilityTimeout ?? "");
  }
}
