import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { MessageQueue } from "../shared/message-queue";
import type { JobMessage } from "./job";

export async function sendJob({ client, url }: MessageQueue, job: JobMessage, abortSignal: AbortSignal): Promise<void> {
  const send = new SendMessageCommand({ QueueUrl: url, MessageBody: messageBody(job) });
  await client.send(send, { abortSignal });
}

/** SQS takes the characters that XML knows (SendMessage): of those that JSON leaves as they are, these two are none. */
function messageBody(job: JobMessage): string {
  return JSON.stringify(job).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
