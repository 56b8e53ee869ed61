import type { SQSRecord } from "aws-lambda";
import type { BatchInvocation } from "../../shared/batch";
import {
  bury,
  count,
  type Delivery,
  isLastReceive,
  type Lease,
  newLease,
  orReturned,
  postpone,
  type Queues,
} from "../../shared/delivery";
import type { DynamoDbTable } from "../../shared/dynamodb-table";
import { logger } from "../../shared/powertools";
import type { S3Bucket } from "../../shared/s3-bucket";
import { type JobIdentity, type JobInput, readIdentity, readJob } from "../job";
import { claimJob, completeJob, failJob, releaseJob } from "../job-table";
import { Refusal } from "../refusal";
import { storeResult } from "../results";
import type { JobSettings } from "../settings";
import { work } from "../work";

/** What the worker works with. */
export interface Worker extends Queues {
  readonly table: DynamoDbTable;
  readonly results: S3Bucket;
  readonly settings: () => Promise<JobSettings>;
}

/** One message on its way, to this worker. */
interface JobDelivery extends Delivery {
  readonly worker: Worker;
}

/**
 * Does what a message asks for, once, however often it is delivered. It ends well when the message has no more to say:
 * SQS deletes it then. It throws when the message is to be delivered again.
 */
export async function deliver(worker: Worker, record: SQSRecord, invocation: BatchInvocation): Promise<void> {
  const identity = readIdentity(record.body);
  const correlationId = identity?.correlationId ?? record.messageId;
  const receives = Number(record.attributes.ApproximateReceiveCount);
  // Of its own: messages of a batch are worked on at the same time.
  const log = logger.createChild();
  log.setCorrelationId(correlationId);
  log.appendKeys({ message_id: record.messageId, receives, ...(identity && { job_id: identity.id }) });
  const delivery = { ...invocation, worker, queues: worker, record, log, correlationId, receives };
  await orReturned(log, handle(delivery, identity));
}

async function handle(delivery: JobDelivery, identity: JobIdentity | undefined): Promise<void> {
  const settings = await delivery.worker.settings();
  if (settings.paused) return await postpone(delivery, "Jobs are paused", "JobPaused");
  if (identity === undefined) return await bury(delivery, "The message has no id of a job");
  await claimAndWork(delivery, identity, readJob(delivery.record.body, settings["maximum-input-bytes"]));
}

async function claimAndWork(delivery: JobDelivery, identity: JobIdentity, job: JobInput | Refusal): Promise<void> {
  const { worker, log, signal } = delivery;
  const lease = newLease(delivery);
  const claim = await claimJob(worker.table, identity, lease, signal).catch((error) => unclaimed(delivery, error));
  switch (claim) {
    case "claimed":
      return await workUnder(lease, delivery, identity, job);
    case "busy":
      return await postpone(delivery, "Another works on the job", "JobBusy");
    case "finished":
      log.info("Job was finished before");
      return count("RepeatedDelivery");
    case "another":
      if (job instanceof Refusal) return await bury(delivery, job.reason);
      // Its submitter is told so when the request is repeated (409).
      log.warn("The job's id belongs to another request");
      return count("IdempotencyConflict");
    case "buried":
      return;
  }
}

/** The job is as it was. It can't be marked; its message, sent to the queue again, goes on with it. */
async function unclaimed(delivery: JobDelivery, error: unknown): Promise<"buried"> {
  const reason = finalReason(delivery, error);
  if (reason === undefined) throw error;
  await bury(delivery, reason, error);
  return "buried";
}

async function workUnder(
  lease: Lease,
  delivery: JobDelivery,
  { id }: JobIdentity,
  job: JobInput | Refusal,
): Promise<void> {
  const { worker, log, signal, receives } = delivery;
  try {
    // SQS has given it out as often as it may, and nobody has come back to say anything: it isn't tried once more.
    if (receives > worker.maximumReceives) throw new Refusal(`Not done in ${worker.maximumReceives} receives`);
    if (job instanceof Refusal) throw job;
    await storeResult(worker.results, id, { id, type: job.type, result: work(job) }, signal);
    const isFirst = await completeJob(worker.table, id, signal);
    log.info(isFirst ? "Job succeeded" : "Job was finished by another");
    count(isFirst ? "JobSucceeded" : "RepeatedDelivery");
  } catch (error) {
    await failOrRelease(lease, delivery, id, error);
  }
}

async function failOrRelease(lease: Lease, delivery: JobDelivery, id: string, error: unknown): Promise<void> {
  const { worker, log, signal } = delivery;
  const reason = finalReason(delivery, error);
  if (reason === undefined) {
    // Where this fails, the lease runs out by itself.
    await releaseJob(worker.table, id, lease, signal).catch(() => undefined);
    throw error;
  }
  // First: of a job that is marked, nobody would send the message once more.
  await bury(delivery, reason, error);
  const isFailed = await failJob(worker.table, id, lease, reason, signal);
  if (!isFailed) return await postpone(delivery, "The lease was lost", "JobBusy");
  log.warn("Job failed", { reason });
  count("JobFailed");
}

/** Why there will be no further attempt, or undefined: there will. */
function finalReason(delivery: Delivery, error: unknown): string | undefined {
  if (error instanceof Refusal) return error.reason;
  if (!isLastReceive(delivery)) return undefined;
  return `Not done in ${delivery.receives} receives; at last: ${(error as Error).name}`;
}
