import { isDeepStrictEqual } from "node:util";
import { type Attributes, isObject } from "../graph/terraform-json";

/** A value of the configuration that two environments set differently. */
export interface ConfigKey {
  /** `jobs.queue.messageRetentionDays`; regions by their role: `regions.primary.cidrBlock`. */
  readonly name: string;
  readonly way: readonly string[];
  /** Undefined: isn't set. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Keys that differ; a list is one value, and so is an object that only one of them has. */
export function differingKeys(before: Attributes, after: Attributes, way: readonly string[] = []): ConfigKey[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [a, b, at] = [before[name], after[name], [...way, name]];
    if (isObject(a) && isObject(b)) return differingKeys(a, b, at);
    return isDeepStrictEqual(a, b) ? [] : [{ name: at.join("."), way: at, before: a, after: b }];
  });
}

/** Settings with another environment's values of some keys. */
export function withKeys(settings: Attributes, keys: Iterable<ConfigKey>): Attributes {
  const changed = structuredClone(settings);
  for (const { way, after } of keys) {
    const parent = way.slice(0, -1).reduce<Attributes>((object, name) => object[name] as Attributes, changed);
    const name = way.at(-1) as string;
    if (after === undefined) delete parent[name];
    else parent[name] = structuredClone(after);
  }
  return changed;
}
