import type { SQSRecord } from "aws-lambda";
import type { BatchInvocation } from "../shared/batch";
import {
  bury,
  count,
  type Delivery,
  isLastReceive,
  type Lease,
  newLease,
  orReturned,
  Postponed,
  postpone,
  type Queues,
} from "../shared/delivery";
import type { DynamoDbTable } from "../shared/dynamodb-table";
import { logger } from "../shared/powertools";
import type { S3Bucket } from "../shared/s3-bucket";
import { Broken, type Outcome } from "./apart";
import type { FileVersion } from "./file-item";
import { claimVersion, completeVersion, failVersion, releaseVersion } from "./file-table";
import { resultKey, storeOutput } from "./objects";
import { type Reason, Refusal } from "./refusal";
import { versionsOf as versionsOfMessage } from "./s3-event";
import type { FileSettings } from "./settings";

/** What a processor works with. As often as a message is received, its versions are tried. */
export interface Processor extends Queues {
  readonly table: DynamoDbTable;
  readonly bucket: S3Bucket;
  readonly settings: () => Promise<FileSettings>;
  readonly process: Process;
}

/**
 * Does what there is to do with a version's bytes, and changes nothing.
 * @throws Refusal where the file is the reason that it can't be done
 */
export type Process = (version: FileVersion, settings: FileSettings, invocation: BatchInvocation) => Promise<Outcome>;

/** One message on its way, to this processor. */
interface FileDelivery extends Delivery {
  readonly processor: Processor;
}

/**
 * Works on the versions that a message tells of, each once, however often it is delivered. It ends well when the
 * message has no more to say: SQS deletes it then. It throws when the message is to be delivered again.
 */
export async function deliver(processor: Processor, record: SQSRecord, invocation: BatchInvocation): Promise<void> {
  const receives = Number(record.attributes.ApproximateReceiveCount);
  // Of its own: what it says is about this message alone.
  const log = logger.createChild();
  log.setCorrelationId(record.messageId);
  log.appendKeys({ message_id: record.messageId, receives });
  const delivery = {
    ...invocation,
    processor,
    queues: processor,
    record,
    log,
    correlationId: record.messageId,
    receives,
  };
  await orReturned(log, handle(delivery));
}

async function handle(delivery: FileDelivery): Promise<void> {
  const settings = await delivery.processor.settings();
  if (settings.paused) return await postpone(delivery, "Processing is paused", "FilePaused");
  const versions = versionsOf(delivery.record);
  if (versions instanceof Error) return await bury(delivery, versions.message);
  const failures: unknown[] = [];
  for (const version of versions)
    await claimAndProcess(delivery, settings, version).catch((error) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

function versionsOf({ body }: SQSRecord): FileVersion[] | Error {
  try {
    return versionsOfMessage(body);
  } catch (error) {
    return error as Error;
  }
}

async function claimAndProcess(whole: FileDelivery, settings: FileSettings, version: FileVersion): Promise<void> {
  const log = whole.log.createChild();
  log.appendKeys({ file_id: version.id, version_id: version.versionId });
  const delivery = { ...whole, log };
  const { processor, signal } = delivery;
  const lease = newLease(delivery);
  const claim = await claimVersion(processor.table, version, lease, processor.maximumReceives, signal).catch((error) =>
    unclaimed(delivery, error),
  );
  switch (claim) {
    case "claimed":
      return await processUnder(lease, delivery, settings, version);
    case "busy":
      return await postpone(delivery, "Another works on the file", "FileBusy");
    case "finished":
      log.info("File was finished before");
      return count("RepeatedDelivery");
    case "superseded":
      log.info("The file has a newer version, or is deleted");
      return count("FileSuperseded");
    case "exhausted":
      return await fail(undefined, delivery, version, "crashed");
    case "buried":
      return;
  }
}

/** The file is as it was. It can't be marked; its message, sent to the queue again, goes on with it. */
async function unclaimed(delivery: FileDelivery, error: unknown): Promise<"buried"> {
  if (!isLastReceive(delivery)) throw error;
  await bury(delivery, `Not claimed in ${delivery.receives} receives; at last: ${(error as Error).name}`, error);
  return "buried";
}

async function processUnder(
  lease: Lease,
  delivery: FileDelivery,
  settings: FileSettings,
  version: FileVersion,
): Promise<void> {
  const { processor, log, signal } = delivery;
  try {
    const { result, outputs } = await processor.process(version, settings, delivery);
    for (const output of outputs) await storeOutput(processor.bucket, version, output, signal);
    const stored = outputs.map(({ name, contentType, bytes }) => ({
      name,
      key: resultKey(version, name),
      contentType,
      sizeBytes: bytes.byteLength,
    }));
    const isOurs = await completeVersion(processor.table, version, lease, { ...result, outputs: stored }, signal);
    if (!isOurs) return await postpone(delivery, "The lease was lost", "FileBusy");
    log.info("File processed");
    count("FileProcessed");
  } catch (error) {
    await failOrRelease(lease, delivery, version, error);
  }
}

async function failOrRelease(
  lease: Lease,
  delivery: FileDelivery,
  version: FileVersion,
  error: unknown,
): Promise<void> {
  if (error instanceof Postponed) throw error;
  if (error instanceof Refusal) return await fail(lease, delivery, version, error.reason);
  if (error instanceof Broken) {
    delivery.log.warn("A library gave up", { library_error: error.errorName, frames: error.frames });
    return await fail(lease, delivery, version, "corrupt");
  }
  if (!isLastReceive(delivery)) {
    // Where this fails, the lease runs out by itself.
    await releaseVersion(delivery.processor.table, version, lease, delivery.signal).catch(() => undefined);
    throw error;
  }
  // First: of a file that is marked, nobody would send the message once more.
  await bury(delivery, `Not done in ${delivery.receives} receives; at last: ${(error as Error).name}`, error);
  await fail(lease, delivery, version, "unavailable");
}

async function fail(
  lease: Lease | undefined,
  delivery: FileDelivery,
  version: FileVersion,
  reason: Reason,
): Promise<void> {
  const isFailed = await failVersion(delivery.processor.table, version, lease, reason, delivery.signal);
  if (!isFailed) return await postpone(delivery, "The lease was lost", "FileBusy");
  delivery.log.warn("File failed", { reason });
  count("FileFailed");
}
