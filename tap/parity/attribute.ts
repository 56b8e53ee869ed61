import { codesOf, groupsFor } from "./codes";
import { type Difference, placeOf, valueAt } from "./differences";
import type { FlatStack } from "./flatten";
import type { ConfigKey } from "./keys";

/** A stack to try keys on. */
export interface Trial {
  /** With the first environment's settings, and with the second one's. */
  readonly before: FlatStack;
  readonly after: FlatStack;
  /** Keys that may show in it. */
  readonly readers: readonly ConfigKey[];
  /** All keys, also those that nothing is read of. */
  readonly keys: readonly ConfigKey[];
  /** With the second environment's values of some keys; undefined where that is refused. */
  run(keys: readonly ConfigKey[]): Promise<FlatStack | undefined>;
  /** What must be set with a key for it to be taken; undefined where that is not known. */
  contextOf(key: ConfigKey): readonly ConfigKey[] | undefined;
}

/** Keys that declare each difference, by its place. What no key declares is not in it. */
export type Attribution = ReadonlyMap<string, readonly ConfigKey[]>;

/** Finds out by experiment which keys make which differences. */
export async function attribute(differences: readonly Difference[], trial: Trial): Promise<Attribution> {
  const found = new Map<string, Set<ConfigKey>>();
  const add = (difference: Difference, key: ConfigKey) => {
    const place = placeOf(difference);
    found.set(place, (found.get(place) ?? new Set()).add(key));
  };
  const inOrder = () =>
    new Map([...found].map(([place, keys]) => [place, trial.keys.filter((key) => keys.has(key))] as const));
  const [only, ...others] = trial.readers;
  if (only !== undefined && others.length === 0) {
    for (const difference of differences) add(difference, only);
    return inOrder();
  }
  const free = trial.readers.filter((key) => trial.contextOf(key)?.length === 0);
  const bound = trial.readers.filter((key) => !free.includes(key));

  const tried = new Set<ConfigKey>();
  const tryAlone = async (keys: readonly ConfigKey[], of: readonly Difference[]) => {
    for (const key of keys.filter((each) => !tried.has(each))) {
      tried.add(key);
      for (const difference of await changedBy(key, of, trial)) add(difference, key);
    }
  };
  const tryWithout = async (keys: readonly ConfigKey[], of: readonly Difference[]) => {
    for (const key of keys) for (const difference of await missingWithout(key, of, trial)) add(difference, key);
  };
  const unsettled = async (of: readonly Difference[]) => {
    const missing = of.filter((difference) => !found.has(placeOf(difference)));
    const explained = of.filter((difference) => !missing.includes(difference));
    if (explained.length === 0) return missing;
    const together = new Set(explained.flatMap((difference) => [...(found.get(placeOf(difference)) ?? [])]));
    const stack = await trial.run([...together]);
    const isWhole = (difference: Difference) =>
      stack !== undefined && valueAt(stack, difference) === valueAt(trial.after, difference);
    return [...missing, ...explained.filter((difference) => !isWhole(difference))];
  };

  const groups = await inGroups(free, differences, trial);
  for (const [difference, { key }] of groups ?? []) if (key !== undefined) add(difference, key);
  // A key that isn't taken alone was in no group: any difference may be its, too.
  if (bound.length > 0) await tryAlone(bound, differences);
  let open = differences.filter((difference) => !found.has(placeOf(difference)));
  const suspects = (which: "mayAdd" | "mustBeIn") => {
    const keys = new Set(open.flatMap((difference) => groups?.get(difference)?.[which] ?? []));
    return free.filter((key) => keys.has(key));
  };
  const steps: (() => Promise<void>)[] = [
    async () => tryAlone(suspects("mayAdd"), open),
    async () => tryWithout(suspects("mustBeIn"), open),
    async () => tryAlone(trial.readers, open),
    async () => tryWithout(trial.readers, open),
    async () => tryAlone(trial.keys, open),
    async () => {
      for (const difference of open) {
        const key = await decisive(difference, trial);
        if (key !== undefined) add(difference, key);
      }
    },
  ];
  for (const step of steps) {
    if (open.length === 0) break;
    await step();
    open = await unsettled(open);
  }
  return inOrder();
}

/** What the groups show of a difference. */
interface Shown {
  /** The one key that is in just the groups that it shows in. */
  readonly key?: ConfigKey;
  /** Keys of no group in which nothing shows: each may have its part in it. */
  readonly mayAdd: readonly ConfigKey[];
  /** Keys of all groups in which it shows as it is in the end: it may need all of them. */
  readonly mustBeIn: readonly ConfigKey[];
}

/** Tries keys in few groups; undefined where a group is refused. */
async function inGroups(
  keys: readonly ConfigKey[],
  differences: readonly Difference[],
  trial: Trial,
): Promise<Map<Difference, Shown> | undefined> {
  if (keys.length < 2) return undefined;
  const codes = codesOf(keys.length);
  const stacks: FlatStack[] = [];
  for (let group = 0; group < groupsFor(keys.length); group += 1) {
    const stack = await trial.run(keys.filter((_, index) => codes[index]?.includes(group)));
    if (stack === undefined) return undefined;
    stacks.push(stack);
  }
  const byCode = new Map(keys.map((key, index) => [codes[index]?.toSorted().join(), key]));
  return new Map(
    differences.map((difference) => {
      const values = stacks.map((stack) => valueAt(stack, difference));
      const groupsWith = (value: string | undefined) =>
        values.flatMap((each, group) => (each === value ? [group] : []));
      const before = groupsWith(valueAt(trial.before, difference));
      const after = groupsWith(valueAt(trial.after, difference));
      const isClear = before.length + after.length === values.length;
      const key = isClear ? byCode.get(after.join()) : undefined;
      const mayAdd = keys.filter((_, index) => !codes[index]?.some((group) => before.includes(group)));
      const mustBeIn =
        after.length === 0 ? [] : keys.filter((_, index) => after.every((group) => codes[index]?.includes(group)));
      return [difference, { ...(key === undefined ? {} : { key }), mayAdd, mustBeIn }] as const;
    }),
  );
}

/** Differences that become others when one key is set. */
async function changedBy(key: ConfigKey, differences: readonly Difference[], trial: Trial): Promise<Difference[]> {
  const context = trial.contextOf(key);
  if (context === undefined) return [];
  const before = context.length === 0 ? trial.before : await trial.run(context);
  const after = await trial.run([...context, key]);
  if (before === undefined || after === undefined) return [];
  return differences.filter((difference) => valueAt(before, difference) !== valueAt(after, difference));
}

/** Differences that aren't there in full when all keys but one are set: of several that only act together, each is one. */
async function missingWithout(key: ConfigKey, differences: readonly Difference[], trial: Trial): Promise<Difference[]> {
  const all = await trial.run(trial.keys);
  const stack = await trial.run(trial.keys.filter((other) => other !== key));
  if (all === undefined || stack === undefined) return [];
  return differences.filter((difference) => {
    const after = valueAt(trial.after, difference);
    return valueAt(all, difference) === after && valueAt(stack, difference) !== after;
  });
}

/** The key with which a difference is first there, when one after the other is set. */
async function decisive(difference: Difference, trial: Trial): Promise<ConfigKey | undefined> {
  const isThere = async (count: number) => {
    const stack = await trial.run(trial.keys.slice(0, count));
    return stack && valueAt(stack, difference) === valueAt(trial.after, difference);
  };
  let [low, high] = [0, trial.keys.length];
  if ((await isThere(high)) !== true) return undefined;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    // A mixture that is refused says nothing: the search goes on above it.
    if ((await isThere(middle)) === true) high = middle;
    else low = middle;
  }
  return trial.keys[high - 1];
}
