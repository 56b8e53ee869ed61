import type { Environment } from "../../config/environment";
import type { Attributes } from "../graph/terraform-json";
import { type ConfigKey, differingKeys } from "./keys";
import { type Laboratory, type Synthesized, stacksByPlace } from "./laboratory";
import { mayShow } from "./reads";
import { remember } from "./remember";
import type { Comparison } from "./settings";

/** What the second environment would be with the first one's settings, but for some keys. */
export interface Experiments {
  /** Places of its stacks; undefined where the configuration refuses the mixture. */
  placesWith(keys: readonly ConfigKey[]): ReadonlySet<string> | undefined;
  /** One of its stacks; undefined where it isn't there, or is refused. */
  stackWith(place: string, keys: readonly ConfigKey[]): Synthesized | undefined;
  /** What must be set with a key so that the configuration takes it: mostly nothing. Undefined: more than one key. */
  contextOf(key: ConfigKey): readonly ConfigKey[] | undefined;
  /** Keys that may show where that was read of the environment. */
  readersAmong(reads: ReadonlySet<string>): readonly ConfigKey[];
}

export function experimentsOf(comparison: Comparison, laboratory: Laboratory): Experiments {
  const { keys, sourcesWith, first, second, isFirstAbsent } = comparison;
  const { environmentSuffix } = second.environment;
  const environments = new Map<string, Environment | undefined>();
  const environmentWith = (wanted: readonly ConfigKey[]) =>
    remember(environments, namesOf(wanted), () => {
      const absent = isFirstAbsent ? first.environment.environmentSuffix : undefined;
      const loaded = laboratory.load(sourcesWith(wanted), environmentSuffix, absent);
      return loaded && withNeighboursOf(second.environment, loaded);
    });
  const contexts = new Map<string, readonly ConfigKey[] | undefined>();
  const contextOf = (key: ConfigKey) =>
    remember(contexts, key.name, () => contextFor(key, keys, (wanted) => environmentWith(wanted) !== undefined));
  const changes = new Map<string, readonly string[]>();
  const changesOf = (key: ConfigKey) =>
    remember(changes, key.name, () => {
      const context = contextOf(key);
      const [before, after] = context ? [environmentWith(context), environmentWith([...context, key])] : [];
      // What can't be tried may show anywhere.
      return before && after ? changedPaths(before, after) : [""];
    });
  return {
    placesWith: (wanted) => {
      const environment = environmentWith(wanted);
      return environment && new Set(stacksByPlace(environment).keys());
    },
    stackWith: (place, wanted) => {
      const environment = environmentWith(wanted);
      const stack = environment && stacksByPlace(environment).get(place);
      return stack && laboratory.trySynthesize(stack);
    },
    contextOf,
    readersAmong: (reads) => keys.filter((key) => mayShow(changesOf(key), reads)),
  };
}

/** Which environments come before and behind it is part of which one it is; here one of them is missing. */
function withNeighboursOf({ releaseTarget, account }: Environment, environment: Environment): Environment {
  const { releaseSources } = account;
  return { ...environment, releaseTarget, account: { ...environment.account, releaseSources } };
}

function changedPaths(before: Environment, after: Environment): string[] {
  return differingKeys(before as unknown as Attributes, after as unknown as Attributes).map(({ name }) => name);
}

/** Rules tie one key to another (a dead letter is younger than what it points at): alone, either may be refused. */
function contextFor(
  key: ConfigKey,
  keys: readonly ConfigKey[],
  isTaken: (keys: readonly ConfigKey[]) => boolean,
): readonly ConfigKey[] | undefined {
  if (isTaken([key])) return [];
  const far = (other: ConfigKey) => (other.way[0] === key.way[0] ? 0 : 1);
  const partner = keys
    .filter((other) => other !== key)
    .sort((a, b) => far(a) - far(b))
    .find((other) => isTaken([other]) && isTaken([other, key]));
  return partner && [partner];
}

/** The same for the same keys, in whatever order. */
export function namesOf(keys: readonly ConfigKey[]): string {
  return keys
    .map(({ name }) => name)
    .sort()
    .join();
}
