import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { SQSRecord } from "aws-lambda";
import { type BatchInvocation, createBatchHandler } from "../../shared/batch";
import { ownTable } from "../../shared/dynamodb-table";
import { type MessageQueue, ownQueue, resend } from "../../shared/message-queue";
import { logger, metrics } from "../../shared/powertools";
import { ownBucket } from "../../shared/s3-bucket";
import { createdObjects, type ObjectVersion } from "../../shared/s3-notification";
import { recordStream } from "../record-stream";
import { signingKeys } from "../signing-keys";
import { type Importer, importObject } from "./import-object";

/** What is here is to be imported; all else in the bucket is the system's own. */
const prefix = "incoming/";

/** Before a message that was sent afresh is there: another imports the object, and may be done by then. */
const busyDelaySeconds = 60;

export function createImportHandler(importer: Importer, queue: MessageQueue) {
  return createBatchHandler(async (record, invocation) => {
    try {
      for (const object of createdObjects(record.body)) {
        if (!isIncoming(importer, object)) continue;
        if (await isPostponed(importer, queue, record, object, invocation)) return;
      }
    } catch (error) {
      tellReturned(record, error as Error);
      throw error;
    }
  });
}

/** Why a message goes back. S3 names the object that it denies, whose key is for nobody's logs. */
function tellReturned({ messageId }: SQSRecord, { name, message }: Error): void {
  const error_message = message.replace(/ on resource: .*/s, "");
  logger.error("Message goes back to the queue", { message_id: messageId, error_name: name, error_message });
  metrics.addMetric("MessageReturned", MetricUnit.Count, 1);
}

function isIncoming({ bucket }: Importer, { bucketName, key }: ObjectVersion): boolean {
  if (bucketName === bucket.name && key.startsWith(prefix)) return true;
  logger.warn("An object that isn't to be imported was told of");
  return false;
}

/** Whoever gets the message next finds what is done by then, also of the other objects that it tells of. */
async function isPostponed(
  importer: Importer,
  queue: MessageQueue,
  record: SQSRecord,
  object: ObjectVersion,
  invocation: BatchInvocation,
): Promise<boolean> {
  const outcome = await importObject(importer, object, invocation).catch(gone);
  if (outcome === "finished") return false;
  // A message's receives are counted, and an object may take more than there are.
  await resend(queue, record, outcome === "busy" ? busyDelaySeconds : 0, invocation.signal);
  logger.info("Message sent afresh");
  return true;
}

/** Its version was removed for good. Who may not list the bucket is told that it is denied, and tries again (S3 API reference, GetObject). */
function gone(error: Error): "finished" {
  if (error.name !== "NoSuchKey" && error.name !== "NoSuchVersion") throw error;
  logger.warn("The object is gone");
  return "finished";
}

export const handler = createImportHandler(
  { bucket: ownBucket(), stream: recordStream(), table: ownTable(), keys: signingKeys() },
  ownQueue(),
);
