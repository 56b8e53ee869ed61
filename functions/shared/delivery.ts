import { randomUUID } from "node:crypto";
import type { Logger } from "@aws-lambda-powertools/logger";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { SQSRecord } from "aws-lambda";
import type { BatchInvocation } from "./batch";
import { deadLetterQueue, type MessageQueue, ownQueue, resend, sendDeadLetter } from "./message-queue";
import { metrics } from "./powertools";
import { wholeNumber } from "./variables";

/** Where messages come from, and where they go. */
export interface Queues {
  readonly queue: MessageQueue;
  readonly deadLetters: MessageQueue;
  /** Receives of a message after which it goes to the dead letters. */
  readonly maximumReceives: number;
}

/** Those that the function's environment names. */
export function ownQueues(): Queues {
  return {
    queue: ownQueue(),
    deadLetters: deadLetterQueue(),
    maximumReceives: wholeNumber("MAX_RECEIVE_COUNT", 1, 999),
  };
}

/** One message on its way. */
export interface Delivery extends BatchInvocation {
  readonly queues: Queues;
  readonly record: SQSRecord;
  readonly log: Logger;
  readonly correlationId: string;
  /** How often SQS has given the message out, this time included. */
  readonly receives: number;
}

/** The right to work on something, for a while. */
export interface Lease {
  /** One handling of one message; no other has it. */
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * A lease holds as long as Lambda lets its owner work, and this much longer: clocks of two machines may differ. It
 * runs out before SQS delivers a message again whose worker said nothing (visibility ≥ 6 × the function's timeout).
 */
const clockToleranceMilliseconds = 15_000;

/** Before a message that was sent afresh is there: a lease runs out meanwhile, a pause may end. */
const resendDelaySeconds = 60;

export function newLease({ remainingMilliseconds }: BatchInvocation): Lease {
  return { owner: randomUUID(), expiresAt: Date.now() + remainingMilliseconds() + clockToleranceMilliseconds };
}

/** Nothing is wrong with a message, but this is not its time. */
export class Postponed extends Error {
  override readonly name = "Postponed";
}

/** Says so where a message goes back: SQS delivers it again when its visibility timeout is over. */
export async function orReturned(log: Logger, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Postponed)) {
      log.error("Message goes back to the queue", error as Error);
      count("MessageReturned");
    }
    throw error;
  }
}

export function isLastReceive({ queues, receives }: Delivery): boolean {
  return receives >= queues.maximumReceives;
}

/**
 * Lets a message wait that nothing is wrong with. SQS counts its receives all the same, and would move it to the dead
 * letters: before it does, the message is sent afresh.
 */
export async function postpone(delivery: Delivery, why: string, metric: string): Promise<void> {
  const { queues, record, log, signal } = delivery;
  log.info(why);
  count(metric);
  if (!isLastReceive(delivery)) throw new Postponed(why);
  await resend(queues.queue, record, resendDelaySeconds, signal);
  log.info("Message sent afresh");
}

export async function bury(delivery: Delivery, reason: string, cause?: unknown): Promise<void> {
  const { queues, record, log, correlationId, signal } = delivery;
  await sendDeadLetter(queues.deadLetters, record, { reason, correlationId }, signal);
  log.error("Message goes to the dead letters", { reason, ...(cause !== undefined && { error: cause as Error }) });
  count("DeadLettered");
}

export function count(metric: string): void {
  metrics.addMetric(metric, MetricUnit.Count, 1);
}
