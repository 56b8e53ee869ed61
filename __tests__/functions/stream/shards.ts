import fc from "fast-check";
import { type OnShard, type SampleRecord, sampleRecord, sealed, versionIds } from "./sample-records";

/** A record at its place, or what is none. */
export interface Occurrence extends OnShard {
  /** Undefined: poison. */
  readonly record: SampleRecord | undefined;
}

/** What producers have put on each shard of a stream. */
export type Shards = readonly (readonly Occurrence[])[];

export const shardIdOf = (shard: number) => `shardId-${String(shard).padStart(12, "0")}`;

const sources = ["press-7", "press.8"];
const metrics = ["temperature-celsius", "count"];
const hours = ["2026-01-01T07:59:59Z", "2026-01-01T08:00:00.000Z"];
const values = [0.1, 0.2, -0.000001, 1e12, -1e12, 999_999_999_999.5, 3, 0];

/** The same for the same number: a repetition is the same record. */
const recordOf = (number: number): SampleRecord =>
  sampleRecord({
    id: `record-${Math.floor(number / sources.length)}`,
    source: sources[number % sources.length] as string,
    metric: metrics[number % 3 === 0 ? 0 : 1] as string,
    occurredAt: hours[number % 5 === 0 ? 0 : 1] as string,
    value: values[number % values.length] as number,
  });

const poisons = [
  "no JSON",
  sealed(sampleRecord(), versionIds[0], { signature: `${"A".repeat(43)}=` }),
  sealed(sampleRecord(), "33333333-0000-4000-8000-000000000003"),
  sealed({ ...sampleRecord(), value: 0.1234567 }),
  JSON.stringify({ record: sampleRecord() }),
];

/** Most are near the next digit: places 9, 10, 11; 99, 100, 101. */
const firstSequenceNumber = fc.constantFrom(
  7n,
  95n,
  49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136n,
);

/**
 * @param distinct how many different records there are; the fewer, the more repetitions
 * @param length of a shard at most
 */
export function shards(distinct: number, length: number): fc.Arbitrary<Shards> {
  const what = fc.oneof(
    { weight: 30, arbitrary: fc.record({ number: fc.nat(distinct - 1), version: fc.constantFrom(...versionIds) }) },
    { weight: 1, arbitrary: fc.record({ poison: fc.constantFrom(...poisons) }) },
  );
  const shard = fc
    .tuple(firstSequenceNumber, fc.array(fc.tuple(what, fc.integer({ min: 1, max: 3 })), { maxLength: length }))
    .map(([first, entries]) => {
      let sequenceNumber = first;
      return entries.map(([entry, step]): Occurrence => {
        sequenceNumber += BigInt(step);
        const place = { sequenceNumber: String(sequenceNumber) };
        if ("poison" in entry) return { ...place, record: undefined, data: entry.poison };
        const record = recordOf(entry.number);
        return { ...place, record, data: sealed(record, entry.version) };
      });
    });
  return fc.array(shard, { minLength: 1, maxLength: 3 });
}
