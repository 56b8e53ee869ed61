import { CommandError } from "../context";
import { idOf } from "../selection";
import { type Attribution, attribute } from "./attribute";
import { type Difference, differencesOf, placeOf } from "./differences";
import { type Experiments, experimentsOf, namesOf } from "./experiment";
import { type FlatStack, flattenStack } from "./flatten";
import { differsInDigestsAlone } from "./identity";
import type { ConfigKey } from "./keys";
import type { Laboratory } from "./laboratory";
import type { DeclaredDifference, DeclaringKey, PairReport, ParityFinding } from "./report";
import { type Comparison, compareSettings } from "./settings";
import { isComparable, type Subject } from "./subject";

interface PairResult {
  readonly report: PairReport;
  readonly findings: readonly ParityFinding[];
  readonly alike: number;
}

interface PlaceResult {
  readonly differences: readonly DeclaredDifference[];
  readonly findings: readonly ParityFinding[];
}

/** Two environments, stack by stack. */
export async function comparePair(
  first: Subject,
  second: Subject,
  sources: readonly unknown[],
  laboratory: Laboratory,
  say: (text: string) => void,
): Promise<PairResult> {
  const comparison = compareSettings(first, second, sources);
  const experiments = experimentsOf(comparison, laboratory);
  if (experiments.placesWith([]) === undefined)
    throw new CommandError(
      `${first.name} and ${second.name} can't be compared: under the name of ${second.name}, the configuration refuses the settings of ${first.name}`,
    );
  const places = placesOf(first, second);
  const differences: DeclaredDifference[] = [];
  const findings: ParityFinding[] = [...unplannedFindings(first, second)];
  let alike = 0;
  for (const [index, place] of places.entries()) {
    say(`${index + 1}/${places.length} ${place}`);
    await nextTurn();
    const changes = changesIn(place, first, second, comparison);
    alike += changes.alike;
    findings.push(...changes.findings);
    const result = await comparePlace(place, first, second, comparison, experiments);
    differences.push(...result.differences);
    findings.push(...result.findings);
  }
  const environments = [first.name, second.name] as const;
  return { report: { environments, keys: declaringKeys(comparison.keys, differences), differences }, findings, alike };
}

/** A folder of some components alone is compared in those. */
function placesOf(first: Subject, second: Subject): string[] {
  return [...new Set([...first.planned.keys(), ...second.planned.keys()])]
    .filter((place) => isComparable(first, second, place))
    .filter((place) => first.isInFolder(place) || second.isInFolder(place));
}

/** What was changed by hand in the folder of two environments, in one alone: what depends on the folder, and not on the configuration. */
export function changedInFolder(
  first: Subject,
  second: Subject,
  comparison: Comparison,
): { findings: ParityFinding[]; alike: number } {
  const changes = placesOf(first, second).map((place) => changesIn(place, first, second, comparison));
  return {
    findings: [...unplannedFindings(first, second), ...changes.flatMap(({ findings }) => findings)],
    alike: changes.reduce((sum, { alike }) => sum + alike, 0),
  };
}

/** What the folder has in the one and not in the other: not what the configuration gives. */
function changesIn(
  place: string,
  first: Subject,
  second: Subject,
  { translation: { translate, isSame } }: Comparison,
): { findings: ParityFinding[]; alike: number } {
  const owners = [first, second].filter(({ planned }) => planned.has(place));
  const missing = owners.filter((owner) => !owner.isInFolder(place));
  const changes = owners.flatMap((owner) => owner.changes(place).map((change) => ({ owner, change })));
  const isAlike = ({ owner, change }: (typeof changes)[number]) => {
    const other = changes.find(
      (each) => each.owner !== owner && commonPlace(each.owner, each.change) === commonPlace(owner, change),
    );
    if (other === undefined) return false;
    const [a, b] = owner === first ? [change, other.change] : [other.change, change];
    return isSame(a.before, b.before) && isSame(a.after, b.after);
  };
  const commonPlace = (owner: Subject, change: Difference) =>
    owner === first ? translate(placeOf(change)) : placeOf(change);
  const own = changes.filter((change) => !isAlike(change));
  return {
    findings: [
      ...missing.map((owner) =>
        finding("changed", first, second, stackIdIn(owner, place), undefined, "is not in the folder, as it should be"),
      ),
      ...own.map(({ owner, change }) =>
        finding("changed", first, second, stackIdIn(owner, place), change, changeMessage(change)),
      ),
    ],
    alike: changes.length - own.length,
  };
}

function changeMessage({ path, before, after }: Difference): string {
  if (path !== "")
    return `is ${shown(after)}, where the configuration gives ${shown(before)}; the other environment is as configured, or changed otherwise`;
  if (after === undefined) return "is missing, where the configuration gives it, and the other environment has its own";
  return before === undefined
    ? "is there, where the configuration gives no such thing, and the other environment has none"
    : `is called so, where the configuration calls it ${before}`;
}

/** What the configuration makes of the two, and by which keys. */
async function comparePlace(
  place: string,
  first: Subject,
  second: Subject,
  comparison: Comparison,
  experiments: Experiments,
): Promise<PlaceResult> {
  const [a, b] = [first.planned.get(place), second.planned.get(place)];
  if (a === undefined || b === undefined) return stackOfOne(place, first, second, comparison, experiments);
  const start = experiments.stackWith(place, []);
  // What an account has once may be another environment's there.
  if (start === undefined) return { differences: [], findings: [] };
  const before = flattenStack(start.json);
  const given = second.given(place);
  const after = flattenStack(given.json);
  const { translate, isSame } = comparison.translation;
  const renamed = flattenStack(first.given(place).json, translate);
  const named = differencesOf(renamed, before, isSame).filter(
    (difference) => !differsInDigestsAlone(difference.before, difference.after),
  );
  const differences = differencesOf(before, after);
  const reads = new Set([...start.reads, ...given.reads]);
  const attribution = await attributeIn(place, differences, before, after, reads, comparison, experiments);
  const keysOf = (difference: Difference) => attribution.get(placeOf(difference)) ?? [];
  const id = idOf(b);
  return {
    differences: differences
      .filter((difference) => keysOf(difference).length > 0)
      .map((difference) => ({
        stack: id,
        ...located(difference),
        ...values(difference),
        keys: keysOf(difference).map(({ name }) => name),
      })),
    findings: [
      ...named.map((difference) =>
        finding(
          "named",
          first,
          second,
          id,
          difference,
          `follows from the environment's name, account or region alone: ${change(difference, first, second)}; no key of the configuration declares it`,
        ),
      ),
      ...differences
        .filter((difference) => keysOf(difference).length === 0)
        .map((difference) =>
          finding(
            "undeclared",
            first,
            second,
            id,
            difference,
            `differs by no key of the configuration: ${change(difference, first, second)}`,
          ),
        ),
    ],
  };
}

async function attributeIn(
  place: string,
  differences: readonly Difference[],
  before: FlatStack,
  after: FlatStack,
  reads: ReadonlySet<string>,
  { keys }: Comparison,
  experiments: Experiments,
): Promise<Attribution> {
  if (differences.length === 0) return new Map();
  const stacks = new Map<string, FlatStack | undefined>([["", before]]);
  return attribute(differences, {
    before,
    after,
    keys,
    readers: experiments.readersAmong(reads),
    contextOf: (key) => experiments.contextOf(key),
    run: async (wanted) => {
      const names = namesOf(wanted);
      if (!stacks.has(names)) {
        await nextTurn();
        const stack = experiments.stackWith(place, wanted);
        stacks.set(names, stack && flattenStack(stack.json));
      }
      return stacks.get(names);
    },
  });
}

/** A stack that one of them has alone: in a region that the other doesn't have. */
function stackOfOne(
  place: string,
  first: Subject,
  second: Subject,
  { keys }: Comparison,
  experiments: Experiments,
): PlaceResult {
  const isThere = (wanted: readonly ConfigKey[]) => experiments.placesWith(wanted)?.has(place);
  const [atFirst, atLast] = [isThere([]), isThere(keys)];
  const alone = keys.filter((key) => isThere([key]) === !atFirst);
  const together = keys.filter((key) => isThere(keys.filter((other) => other !== key)) === !atLast);
  const declaring = alone.length > 0 ? alone : together;
  const owner = first.planned.has(place) ? first : second;
  const stack = stackIdIn(owner, place);
  if (declaring.length > 0) return { differences: [{ stack, keys: declaring.map(({ name }) => name) }], findings: [] };
  const message = `is there in ${owner.name} alone, by no key of the configuration`;
  return { differences: [], findings: [finding("undeclared", first, second, stack, undefined, message)] };
}

function unplannedFindings(first: Subject, second: Subject): ParityFinding[] {
  return [first, second].flatMap(({ unplanned }) =>
    unplanned.map((id) =>
      finding("changed", first, second, id, undefined, "is in the folder, but the configuration gives no such stack"),
    ),
  );
}

function declaringKeys(keys: readonly ConfigKey[], differences: readonly DeclaredDifference[]): DeclaringKey[] {
  const counts = new Map<string, number>();
  for (const name of differences.flatMap((difference) => difference.keys))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return keys
    .filter(({ name }) => counts.has(name))
    .map(({ name, before, after }) => ({
      key: name,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      differences: counts.get(name) as number,
    }));
}

function finding(
  kind: ParityFinding["kind"],
  first: Subject,
  second: Subject,
  stack: string,
  difference: Difference | undefined,
  message: string,
): ParityFinding {
  return { kind, environments: [first.name, second.name], stack, ...(difference && located(difference)), message };
}

function located({ address, path }: Difference): { address: string; path?: string } {
  return path === "" ? { address } : { address, path };
}

/** Of a resource that one has alone, only that is said; addresses are no values. */
function values({ path, before, after }: Difference): { before?: unknown; after?: unknown } {
  const valueIn = (text: string): unknown => (path === "" ? "there" : JSON.parse(text));
  return {
    ...(before === undefined ? {} : { before: valueIn(before) }),
    ...(after === undefined ? {} : { after: valueIn(after) }),
  };
}

function change({ path, before, after }: Difference, first: Subject, second: Subject): string {
  if (path !== "") return `${shown(before)} in ${first.name}, ${shown(after)} in ${second.name}`;
  if (before !== undefined && after !== undefined) return `${before} in ${first.name}, ${after} in ${second.name}`;
  return `it is there in ${(before === undefined ? second : first).name} alone`;
}

function shown(text: string | undefined): string {
  if (text === undefined) return "not set";
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

function stackIdIn({ planned }: Subject, place: string): string {
  const stack = planned.get(place);
  return stack === undefined ? place : idOf(stack);
}

/** Lets the progress line be drawn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
