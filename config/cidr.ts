import { Netmask } from "netmask";

/** RFC 1918. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((range) => new Netmask(range));

/** Whether the text is a private IPv4 range that starts on its own boundary (10.0.0.0/16, not 10.0.1.0/16). */
export function isPrivateCidr(text: string): boolean {
  if (!/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(text)) return false;
  try {
    const block = new Netmask(text);
    return block.toString() === text && privateRanges.some((range) => range.contains(block));
  } catch {
    return false;
  }
}

/** 16 of `10.0.0.0/16`; NaN where there is none. */
export function prefixLength(cidr: string): number {
  return Number(cidr.split("/")[1]);
}

export function overlaps(a: string, b: string): boolean {
  return new Netmask(a).contains(new Netmask(b)) || new Netmask(b).contains(new Netmask(a));
}

/**
 * Pairs of ranges that overlap, the later one of the list first. Ranges are nested or apart, so that sorted by
 * their first address each can only overlap what began last and isn't over: no need to compare all with all.
 */
export function overlapping<T extends { readonly cidr: string }>(ranges: readonly T[]): [T, T][] {
  const blocks = ranges.map((range, index) => ({ range, index, block: new Netmask(range.cidr) }));
  const sorted = blocks.sort((a, b) => a.block.netLong - b.block.netLong || a.block.bitmask - b.block.bitmask);
  const open: typeof sorted = [];
  return sorted.flatMap((current) => {
    while (open.length > 0 && !open.at(-1)?.block.contains(current.block)) open.pop();
    const pairs = open.map(
      (outer) => (outer.index < current.index ? [current.range, outer.range] : [outer.range, current.range]) as [T, T],
    );
    open.push(current);
    return pairs;
  });
}

/** The range of the given prefix length at the given place within a larger one. */
export function subnetOf(cidr: string, newPrefixLength: number, index: number): string {
  const outer = new Netmask(cidr);
  const count = 2 ** (newPrefixLength - outer.bitmask);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`${cidr} has ${count} ranges of /${newPrefixLength} (given index ${index})`);
  }
  return new Netmask(`${outer.base}/${newPrefixLength}`).next(index).toString();
}
