import { randomUUID } from "node:crypto";
import type { Logger } from "@aws-lambda-powertools/logger";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { SQSRecord } from "aws-lambda";
import type { BatchInvocation } from "../../shared/batch";
import { type MessageQueue, resend, sendDeadLetter } from "../../shared/message-queue";
import { logger, metrics } from "../../shared/powertools";
import { type JobIdentity, type JobInput, readIdentity, readJob } from "../job";
import { claimJob, completeJob, failJob, type JobTable, type Lease, releaseJob } from "../job-table";
import { Refusal } from "../refusal";
import { type Results, storeResult } from "../results";
import type { JobSettings } from "../settings";
import { work } from "../work";

/** What the worker works with. */
export interface Worker {
  readonly table: JobTable;
  readonly queue: MessageQueue;
  readonly deadLetters: MessageQueue;
  readonly results: Results;
  readonly settings: () => Promise<JobSettings>;
  /** Receives of a message after which it goes to the dead letters. */
  readonly maximumReceives: number;
}

/**
 * A lease holds as long as Lambda lets its owner work, and this much longer: clocks of two machines may differ. It
 * runs out before SQS delivers a message again whose worker said nothing (visibility ≥ 6 × the function's timeout).
 */
const clockToleranceMilliseconds = 15_000;

/** Before a message that was sent afresh is there: a lease runs out meanwhile, a pause may end. */
const resendDelaySeconds = 60;

/** One message on its way. */
interface Delivery extends BatchInvocation {
  readonly worker: Worker;
  readonly record: SQSRecord;
  readonly log: Logger;
  readonly correlationId: string;
  /** How often SQS has given the message out, this time included. */
  readonly receives: number;
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
  try {
    await handle({ ...invocation, worker, record, log, correlationId, receives }, identity);
  } catch (error) {
    // SQS delivers it again when its visibility timeout is over.
    if (!(error instanceof Postponed)) {
      log.error("Message goes back to the queue", error as Error);
      count("MessageReturned");
    }
    throw error;
  }
}

async function handle(delivery: Delivery, identity: JobIdentity | undefined): Promise<void> {
  const settings = await delivery.worker.settings();
  if (settings.paused) return await postpone(delivery, "Jobs are paused", "JobPaused");
  if (identity === undefined) return await bury(delivery, "The message has no id of a job");
  await claimAndWork(delivery, identity, readJob(delivery.record.body, settings["maximum-input-bytes"]));
}

async function claimAndWork(delivery: Delivery, identity: JobIdentity, job: JobInput | Refusal): Promise<void> {
  const { worker, log, signal } = delivery;
  const lease = {
    owner: randomUUID(),
    expiresAt: Date.now() + delivery.remainingMilliseconds() + clockToleranceMilliseconds,
  };
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
async function unclaimed(delivery: Delivery, error: unknown): Promise<"buried"> {
  const reason = finalReason(delivery, error);
  if (reason === undefined) throw error;
  await bury(delivery, reason, error);
  return "buried";
}

async function workUnder(
  lease: Lease,
  delivery: Delivery,
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

async function failOrRelease(lease: Lease, delivery: Delivery, id: string, error: unknown): Promise<void> {
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
function finalReason({ worker, receives }: Delivery, error: unknown): string | undefined {
  if (error instanceof Refusal) return error.reason;
  if (receives < worker.maximumReceives) return undefined;
  return `Not done in ${receives} receives; at last: ${(error as Error).name}`;
}

/** Nothing is wrong with a message, but this is not its time. */
class Postponed extends Error {
  override readonly name = "Postponed";
}

/**
 * Lets a message wait that nothing is wrong with. SQS counts its receives all the same, and would move it to the dead
 * letters: before it does, the message is sent afresh.
 */
async function postpone(
  { worker, record, log, signal, receives }: Delivery,
  why: string,
  metric: string,
): Promise<void> {
  log.info(why);
  count(metric);
  if (receives < worker.maximumReceives) throw new Postponed(why);
  await resend(worker.queue, record, resendDelaySeconds, signal);
  log.info("Message sent afresh");
}

async function bury(delivery: Delivery, reason: string, cause?: unknown): Promise<void> {
  const { worker, record, log, correlationId, signal } = delivery;
  await sendDeadLetter(worker.deadLetters, record, { reason, correlationId }, signal);
  log.error("Message goes to the dead letters", { reason, ...(cause !== undefined && { error: cause as Error }) });
  count("DeadLettered");
}

function count(metric: string): void {
  metrics.addMetric(metric, MetricUnit.Count, 1);
}
