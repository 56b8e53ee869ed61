import { setTimeout as sleep } from "node:timers/promises";
import { KinesisClient, PutRecordsCommand, type PutRecordsResultEntry } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { failureReasons } from "../../routes/stream";
import { awsClientSettings } from "../shared/aws-client";
import { logger, tracer } from "../shared/powertools";
import { isUnavailable } from "../shared/unavailable";
import { requiredVariables } from "../shared/variables";

/** The stream, and the way to it. */
export interface RecordStream {
  readonly client: KinesisClient;
  readonly name: string;
}

/** The stream that the function's environment names. */
export function recordStream(): RecordStream {
  const { STREAM_NAME } = requiredVariables("STREAM_NAME");
  // Its client would use HTTP/2, which the timeouts of the others are not for.
  const requestHandler = new NodeHttpHandler(awsClientSettings.requestHandler);
  // Refused records and lost calls are repeated here, one way for both.
  const client = new KinesisClient({ ...awsClientSettings, requestHandler, maxAttempts: 1 });
  return { client: tracer.captureAWSv3Client(client), name: STREAM_NAME };
}

/** One record for the stream. */
export interface StreamEntry {
  readonly data: string;
  /** Those of one key are on one shard; PutRecords promises no order among them (Kinesis API reference). */
  readonly partitionKey: string;
}

/** Why an entry isn't on the stream, or may not be. */
export type FailureReason = (typeof failureReasons)[number];

/** How long there is for putting. */
export interface Time {
  readonly signal: AbortSignal;
  readonly remainingMilliseconds: () => number;
}

const firstDelayMilliseconds = 50;
const maximumDelayMilliseconds = 2_000;

/** What an attempt needs at least to be worth it. */
const attemptMilliseconds = 250;

/**
 * Puts entries on the stream, and those that it refuses again and again, with exponential backoff and full jitter,
 * while there is time.
 * @param entries 500 at most
 * @returns for each entry, why it isn't there, or undefined: it is
 * @throws Error where repeating doesn't help, and none is there
 */
export async function putEntries(
  stream: RecordStream,
  entries: readonly StreamEntry[],
  time: Time,
): Promise<(FailureReason | undefined)[]> {
  const reasons = entries.map((): FailureReason | undefined => "no-answer");
  for (let attempt = 0; ; attempt += 1) {
    const pending = [...entries.keys()].filter((index) => reasons[index] !== undefined);
    if (pending.length === 0 || !(await wait(attempt, time))) return reasons;
    const results = await putOnce(
      stream,
      pending.map((index) => entries[index] as StreamEntry),
      time,
    ).catch((error) => unanswered(error, pending.length === entries.length));
    if (results === "give-up") return reasons;
    for (const [place, index] of pending.entries()) reasons[index] = reasonOf(results?.[place]);
  }
}

/** False: there is no time for another attempt. */
async function wait(attempt: number, { remainingMilliseconds, signal }: Time): Promise<boolean> {
  const delay = delayMilliseconds(attempt);
  if (delay + attemptMilliseconds > remainingMilliseconds()) return false;
  await sleep(delay, undefined, { signal });
  return true;
}

/** Before an attempt; none before the first, 0. Those that were refused together are not to come together again. */
export function delayMilliseconds(attempt: number): number {
  const longest = Math.min(maximumDelayMilliseconds, firstDelayMilliseconds * 2 ** (attempt - 1));
  return attempt === 0 ? 0 : Math.random() * longest;
}

async function putOnce(
  { client, name }: RecordStream,
  entries: readonly StreamEntry[],
  { signal, remainingMilliseconds }: Time,
): Promise<PutRecordsResultEntry[] | undefined> {
  const put = new PutRecordsCommand({
    StreamName: name,
    Records: entries.map(({ data, partitionKey }) => ({ Data: Buffer.from(data), PartitionKey: partitionKey })),
  });
  // Ends with the time for putting: what was accepted before is still to be told.
  const late = AbortSignal.timeout(Math.max(0, Math.floor(remainingMilliseconds())));
  const { Records } = await client.send(put, { abortSignal: AbortSignal.any([signal, late]) });
  return Records;
}

/** Of a call without an answer, it isn't known what became of the entries: they may be there twice in the end. */
function unanswered(error: unknown, isNoneThere: boolean): undefined | "give-up" {
  const { name } = error as Error;
  if (isUnavailable(error) || name === "AbortError" || name === "KMSThrottlingException") {
    logger.warn("The stream didn't answer", error as Error);
    return undefined;
  }
  if (isNoneThere) throw error;
  logger.error("The stream takes no more", error as Error);
  return "give-up";
}

function reasonOf(result: PutRecordsResultEntry | undefined): FailureReason | undefined {
  if (result === undefined) return "no-answer";
  if (result.ErrorCode === undefined) return undefined;
  return result.ErrorCode === "ProvisionedThroughputExceededException" ? "throttled" : "internal-failure";
}
