import type { Envelope } from "../envelope";
import { businessKeyOf, unitsOf } from "../record";

/** A record that is the stream's, at its place in the shard. */
export interface ShardRecord extends Envelope {
  readonly sequenceNumber: string;
}

/** What records of one source and metric come to in one hour. */
export interface Aggregate {
  readonly count: number;
  /** In units of a value (record.ts). */
  readonly sum: bigint;
}

/** What one transaction makes of records in their order. */
export interface Chunk {
  /** How many records it takes, repetitions included. */
  readonly length: number;
  readonly sequenceNumber: string;
  /** Those that weren't counted before. */
  readonly fresh: readonly Envelope[];
  /** By id of their items. */
  readonly aggregates: ReadonlyMap<string, Aggregate>;
}

/** TransactWriteItems takes a hundred; one is the checkpoint. */
const maximumActions = 99;

/** As many records as a chunk can have: the first makes an aggregate beside its marker. */
export const maximumChunkLength = maximumActions - 1;

/**
 * The longest chunk at the beginning of records.
 * @param records at least one, and no more than a chunk can have
 * @param counted business keys of those that were counted before
 */
export function takeChunk(records: readonly ShardRecord[], counted: ReadonlySet<string>): Chunk {
  const keys = new Set(counted);
  const fresh: Envelope[] = [];
  const aggregates = new Map<string, Aggregate>();
  let length = 0;
  for (const { record, correlationId } of records) {
    const key = businessKeyOf(record);
    if (!keys.has(key)) {
      const id = aggregateIdOf(record);
      if (fresh.length + 1 + new Set([...aggregates.keys(), id]).size > maximumActions) break;
      const { count, sum } = aggregates.get(id) ?? { count: 0, sum: 0n };
      aggregates.set(id, { count: count + 1, sum: sum + unitsOf(record.value) });
      fresh.push({ record, correlationId });
      keys.add(key);
    }
    length += 1;
  }
  return { length, sequenceNumber: (records[length - 1] as ShardRecord).sequenceNumber, fresh, aggregates };
}

/** By the hour in which a record's event occurred: 2026-01-01T07. */
function aggregateIdOf({ source, metric, occurredAt }: Envelope["record"]): string {
  return `aggregate#${source}#${metric}#${occurredAt.slice(0, "2026-01-01T07".length)}`;
}
