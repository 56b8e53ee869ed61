import { UsageError } from "../context";

/** A part of the work for one machine of several: `2/5`. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** A stack with how much there is of it. */
export interface Weighed {
  readonly stackId: string;
  readonly size: number;
}

const mostShards = 256; // GitHub's limit of jobs that a matrix makes (Actions limits).

/** @throws UsageError with what is wrong */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (!(shard.index >= 1 && shard.index <= shard.count && shard.count <= mostShards))
    throw new UsageError(
      `--shard takes the part and how many parts there are, e.g. 2/5, from 1/1 to ${mostShards}/${mostShards} (given ${JSON.stringify(text)})`,
    );
  return shard;
}

/**
 * Shares stacks out over machines: each stack to one, the same however they are listed. Stacks that read from each
 * other stay together, because a machine that plans the writer knows what waits for it without asking; a group that is
 * larger than a fair share is taken apart. The largest first, each to who has least.
 */
export function shardOf(
  stacks: readonly Weighed[],
  dependencies: ReadonlyMap<string, readonly string[]>,
  { index, count }: Shard,
): string[] {
  const fair = stacks.reduce((sum, { size }) => sum + size, 0) / count;
  const units = groups(stacks, dependencies)
    .flatMap((group) => (sizeOf(group) > fair ? group.map((stack) => [stack]) : [group]))
    .sort((a, b) => sizeOf(b) - sizeOf(a) || (firstId(a) < firstId(b) ? -1 : 1));
  const loads = Array.from({ length: count }, () => 0);
  const own: string[] = [];
  for (const unit of units) {
    const least = loads.indexOf(Math.min(...loads));
    loads[least] = (loads[least] ?? 0) + sizeOf(unit);
    if (least === index - 1) own.push(...unit.map(({ stackId }) => stackId));
  }
  return own.sort();
}

/** Stacks that are connected, whichever way. */
function groups(stacks: readonly Weighed[], dependencies: ReadonlyMap<string, readonly string[]>): Weighed[][] {
  const groupOf = new Map(stacks.map((stack) => [stack.stackId, [stack]]));
  for (const [id, others] of dependencies)
    for (const other of others) {
      const [a, b] = [groupOf.get(id), groupOf.get(other)];
      if (a === undefined || b === undefined || a === b) continue;
      a.push(...b);
      for (const { stackId } of b) groupOf.set(stackId, a);
    }
  return [...new Set(groupOf.values())].map((group) => group.sort((a, b) => (a.stackId < b.stackId ? -1 : 1)));
}

function sizeOf(unit: readonly Weighed[]): number {
  return unit.reduce((sum, { size }) => sum + size, 0);
}

function firstId(unit: readonly Weighed[]): string {
  return unit[0]?.stackId ?? "";
}
