import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { awsClient, eventually, queueUrlOf } from "./local-environment";

/* Queues of the environment that scenarios run in, by the short names that `tap local` knows them by. */

/** A message with an id in it that is among the dead letters; it stays where it is, and is seen again at once. */
export function deadLetter(queue: string, id: string): Promise<Message> {
  const receive = new ReceiveMessageCommand({
    QueueUrl: queueUrlOf(queue),
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 0,
    MessageAttributeNames: ["All"],
  });
  const find = async () => {
    const { Messages = [] } = await awsClient(SQSClient).send(receive);
    return Messages.find(({ Body }) => Body?.includes(id));
  };
  return eventually(`The dead letter of ${id}`, find, (message) => message !== undefined) as Promise<Message>;
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
