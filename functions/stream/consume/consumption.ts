import { setTimeout as sleep } from "node:timers/promises";
import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { DynamoDbTable } from "../../shared/dynamodb-table";
import { logger, metrics } from "../../shared/powertools";
import { type S3Bucket, storeOnce } from "../../shared/s3-bucket";
import { open } from "../envelope";
import { Poison } from "../poison";
import type { SigningKeys } from "../signing-keys";
import { archiveObjectOf } from "./archive";
import { type Checkpoint, checkpointIdOf, isAfter, readCheckpoint } from "./checkpoint";
import { maximumChunkLength, type ShardRecord, takeChunk } from "./chunk";
import { commit, countedKeys } from "./commit";
import type { SealedRecord, ShardBatch } from "./shard-batch";

/** What the consumer works with. */
export interface Consumer {
  readonly table: DynamoDbTable;
  readonly bucket: S3Bucket;
  readonly keys: SigningKeys;
}

/** Attempts at one chunk, before the whole is left to Lambda's own: another shard has the same records, or aggregates. */
const maximumAttempts = 5;
const delayMilliseconds = 50;

/**
 * Counts and archives a shard's records in their order, each once, however often they are delivered.
 * @returns sequence number of the first record that isn't done, and none after it is; undefined where all are
 * @throws Error where nothing could be done, a record at the beginning among it that can't be counted
 */
export async function consume(consumer: Consumer, batch: ShardBatch, signal: AbortSignal): Promise<string | undefined> {
  const run = new Consumption(consumer, batch, signal);
  try {
    return await run.untilPoison();
  } catch (error) {
    // Lambda is told how far it came: its attempts are counted from there.
    const next = run.firstUndone();
    if (next === undefined || next === batch.records[0]?.sequenceNumber) throw error;
    logger.error("The batch is to be gone on with later", error as Error);
    metrics.addMetric("BatchInterrupted", MetricUnit.Count, 1);
    return next;
  }
}

/** One batch on its way. */
class Consumption {
  private checkpoint: Checkpoint;

  constructor(
    private readonly consumer: Consumer,
    private readonly batch: ShardBatch,
    private readonly signal: AbortSignal,
  ) {
    const id = checkpointIdOf(batch.streamName, batch.shardId);
    this.checkpoint = { id, sequenceNumber: undefined, archived: undefined };
  }

  firstUndone(): string | undefined {
    return this.undone(this.batch.records)[0]?.sequenceNumber;
  }

  async untilPoison(): Promise<string | undefined> {
    await this.resume();
    for (let rest = this.undone(this.batch.records); rest.length > 0; rest = this.undone(rest)) {
      const { opened, stop } = await this.openInOrder(rest);
      await this.advanceThrough(opened);
      // Where another has left it behind meanwhile, it is to be gone on with what is after it.
      if (stop === undefined || !isAfter(stop.sequenceNumber, this.checkpoint)) continue;
      if (!(stop.error instanceof Poison)) throw stop.error;
      this.tellPoison(stop.error, stop.sequenceNumber);
      // A batch that fails is halved until the record is alone; one that is gone on with from its first record isn't.
      if (stop.sequenceNumber === this.batch.records[0]?.sequenceNumber) throw stop.error;
      return stop.sequenceNumber;
    }
    return undefined;
  }

  private async advanceThrough(records: readonly ShardRecord[]): Promise<void> {
    let attempts = 0;
    for (let rest = records; rest.length > 0; rest = this.undone(rest)) {
      attempts = (await this.advance(rest)) ? 0 : attempts + 1;
      if (attempts === maximumAttempts) throw new Error("A chunk's transaction is cancelled again and again");
      await sleep(Math.random() * attempts * delayMilliseconds, undefined, { signal: this.signal });
    }
  }

  private undone<R extends { readonly sequenceNumber: string }>(records: readonly R[]): R[] {
    return records.filter(({ sequenceNumber }) => isAfter(sequenceNumber, this.checkpoint));
  }

  /** Starts from where the shard stands. Whoever moved it there may have been gone before the archive was written. */
  private async resume(): Promise<void> {
    const { table, bucket } = this.consumer;
    const checkpoint = await readCheckpoint(table, this.checkpoint.id, this.signal);
    if (checkpoint.archived) await storeOnce(bucket, checkpoint.archived, this.signal);
    this.checkpoint = checkpoint;
  }

  /** False: the chunk couldn't be counted as it was; the shard may stand elsewhere now. */
  private async advance(records: readonly ShardRecord[]): Promise<boolean> {
    const { table, bucket } = this.consumer;
    const next = records.slice(0, maximumChunkLength);
    const counted = await countedKeys(
      table,
      next.map(({ record }) => record),
      this.signal,
    );
    const chunk = takeChunk(next, counted);
    const archived = archiveObjectOf(this.batch, this.checkpoint, chunk);
    const after = { id: this.checkpoint.id, sequenceNumber: chunk.sequenceNumber, archived };
    if (!(await commit(table, this.checkpoint, after, chunk, this.signal))) {
      await this.resume();
      return false;
    }
    if (archived) await storeOnce(bucket, archived, this.signal);
    this.checkpoint = after;
    metrics.addMetric("RecordsConsumed", MetricUnit.Count, chunk.fresh.length);
    metrics.addMetric("RepeatedRecords", MetricUnit.Count, chunk.length - chunk.fresh.length);
    return true;
  }

  /** All records up to the first that is none, or that can't be judged now. */
  private async openInOrder(
    records: readonly SealedRecord[],
  ): Promise<{ opened: ShardRecord[]; stop: { sequenceNumber: string; error: unknown } | undefined }> {
    const opened: ShardRecord[] = [];
    for (const { sequenceNumber, data } of records)
      try {
        opened.push({ ...(await open(data, this.consumer.keys, this.signal)), sequenceNumber });
      } catch (error) {
        return { opened, stop: { sequenceNumber, error } };
      }
    return { opened, stop: undefined };
  }

  private tellPoison({ reason, correlationId }: Poison, sequenceNumber: string): void {
    logger.error("A record is poison", {
      reason,
      shard_id: this.batch.shardId,
      sequence_number: sequenceNumber,
      ...(correlationId !== undefined && { record_correlation_id: correlationId }),
    });
    metrics.addMetric("PoisonRecord", MetricUnit.Count, 1);
  }
}
