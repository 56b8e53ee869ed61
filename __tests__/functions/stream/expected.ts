import { addDecimals } from "./local-dynamo";
import type { SampleRecord } from "./sample-records";
import { type Shards, shardIdOf } from "./shards";

/** What is in the table and in the archive. */
export interface Outcome {
  /** `count sum` by source, metric and hour. */
  readonly aggregates: Record<string, string>;
  /** Sorted: each record of the archive. */
  readonly archive: readonly string[];
  /** Sorted: what was counted. */
  readonly markers: readonly string[];
  /** By shard. */
  readonly checkpoints: Record<string, string>;
}

/** What a single clean pass leaves, worked out from the records alone. */
export function expectedOf(shards: Shards): Outcome {
  const records = new Map<string, SampleRecord>();
  for (const { record } of shards.flat()) if (record) records.set(`record#${record.source}#${record.id}`, record);
  const aggregates: Record<string, string> = {};
  for (const { source, metric, occurredAt, value } of records.values()) {
    const name = `${source}#${metric}#${occurredAt.slice(0, 13)}`;
    const [count = "0", sum = "0"] = aggregates[name]?.split(" ") ?? [];
    aggregates[name] = `${Number(count) + 1} ${addDecimals(sum, decimal(value))}`;
  }
  return {
    aggregates,
    archive: [...records.values()].map((record) => JSON.stringify(record)).sort(),
    markers: [...records.keys()].sort(),
    checkpoints: Object.fromEntries(
      shards.flatMap((shard, index) => {
        const last = shard.findLast(({ record }) => record !== undefined);
        return last ? [[shardIdOf(index), last.sequenceNumber]] : [];
      }),
    ),
  };
}

const decimal = (value: number) => value.toFixed(6).replace(/\.?0+$/, "");

/** @param items of the table, by id */
export function outcomeOf(
  items: ReadonlyMap<string, Record<string, { S?: string; N?: string }>>,
  objects: ReadonlyMap<string, string>,
): Outcome {
  const named = (prefix: string) =>
    [...items].filter(([id]) => id.startsWith(prefix)).map(([id, item]) => [id.slice(prefix.length), item] as const);
  return {
    aggregates: Object.fromEntries(
      named("aggregate#").map(([name, { count, sum }]) => [name, `${count?.N} ${addDecimals(sum?.N ?? "", "0")}`]),
    ),
    archive: [...objects.values()].flatMap((body) => body.trimEnd().split("\n")).sort(),
    markers: [...items.keys()].filter((id) => id.startsWith("record#")).sort(),
    checkpoints: Object.fromEntries(
      named("shard#records#").map(([shard, { sequenceNumber }]) => [shard, sequenceNumber?.S ?? ""]),
    ),
  };
}
