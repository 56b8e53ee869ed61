import { isDeepStrictEqual } from "node:util";
import { type Environment, regionRole } from "../../config/environment";
import { type Attributes, isObject } from "../graph/terraform-json";
import { identityOf, type Translation, translation } from "./identity";
import { type ConfigKey, differingKeys, withKeys } from "./keys";

/** One environment: what its file says, and what it is with all that follows from that. */
export interface Declared {
  readonly config: Attributes;
  readonly environment: Environment;
}

/** Which environment it is, and not how it is set: by these alone nothing but names may differ. */
const identifying = ["environment", "accountId", "sharedAccount", "primaryRegion", "shortLived"];

/** Two environments' settings, as if both were the second one. */
export interface Comparison {
  readonly first: Declared;
  readonly second: Declared;
  readonly translation: Translation;
  /** Keys that they set differently. */
  readonly keys: readonly ConfigKey[];
  /** Whether the first one is in none of the sources below; where both share an account, it stays beside the second. */
  readonly isFirstAbsent: boolean;
  /** Sources of a project whose second environment has the first one's settings, but for some keys. */
  sourcesWith(keys: Iterable<ConfigKey>): readonly unknown[];
}

export function compareSettings(first: Declared, second: Declared, sources: readonly unknown[]): Comparison {
  const regionNames = regionNamesLike(first.environment.regionNames, second.environment.regionNames);
  const words = translation(identityOf(first.environment), { ...identityOf(second.environment), regionNames });
  const names = new Map(rolesOf({ ...second.environment, regionNames }).map(([region, role]) => [role, region]));
  const own = settingsOf(second, Object.fromEntries(rolesOf(second.environment)));
  const written = settingsOf(first, Object.fromEntries(rolesOf(first.environment)));
  const others = adopted(written, own, words.translate) as Attributes;
  return {
    first,
    second,
    translation: words,
    // As the first one's file has them: its values in the second one's words are for experiments alone.
    keys: differingKeys(others, own).map((key) => ({ ...key, before: settingAt(written, key.way) })),
    isFirstAbsent: !isInSameAccount(first, second),
    sourcesWith: (keys) => {
      const { regions, ...settings } = withKeys(others, keys);
      const identity = Object.fromEntries(
        identifying.filter((key) => key in second.config).map((key) => [key, second.config[key]]),
      );
      const mixed = { ...settings, ...identity, regions: namedRegions(regions as Attributes, names, second.config) };
      return sources.flatMap((source) => {
        if (source === second.config) return [mixed];
        if (source !== first.config) return [source];
        return isInSameAccount(first, second) ? [besides(first, second, mixed)] : [];
      });
    },
  };
}

/** What the file sets, but for what identifies the environment; regions by their roles. */
function settingsOf({ config }: Declared, roles: Readonly<Record<string, string>>): Attributes {
  const settings = Object.entries(config).filter(([key]) => !identifying.includes(key));
  const regions = Object.entries(regionsOf(config));
  return {
    ...Object.fromEntries(settings),
    regions: Object.fromEntries(regions.map(([name, value]) => [roles[name] ?? name, value])),
  };
}

function settingAt(settings: Attributes, way: readonly string[]): unknown {
  return way.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), settings);
}

function rolesOf(environment: Environment): [string, string][] {
  return environment.regionNames.map((region) => [region, regionRole(environment, region)]);
}

/**
 * The first one's settings in the words of the second: `https://dev.example.com` becomes `https://staging.example.com`.
 * What both write alike stays: it means a region or an account as such.
 */
function adopted(value: unknown, other: unknown, translate: Translation["translate"]): unknown {
  if (isDeepStrictEqual(value, other)) return value;
  if (typeof value === "string") return translate(value);
  if (Array.isArray(value))
    return value.map((item, index) => adopted(item, Array.isArray(other) ? other[index] : undefined, translate));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      adopted(item, isObject(other) ? other[key] : undefined, translate),
    ]),
  );
}

/** The second one's regions, and for as many more as the first one has, its own, or others of it where they are taken. */
function regionNamesLike(first: readonly string[], second: readonly string[]): readonly string[] {
  const more = first.slice(second.length);
  const isTaken = (region: string) => second.includes(region);
  const spare = first.slice(0, second.length).filter((region) => !isTaken(region));
  return [...second, ...more.map((region) => (isTaken(region) ? (spare.shift() ?? region) : region))];
}

/** In the order of the second one's file: the first region of a file may be taken for the primary one. */
function namedRegions(regions: Attributes, names: ReadonlyMap<string, string>, second: Attributes): Attributes {
  const order = Object.keys(regionsOf(second));
  const position = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return Object.fromEntries(
    Object.entries(regions)
      .map(([role, value]) => [names.get(role) ?? role, value] as const)
      .sort(([a], [b]) => position(a) - position(b)),
  );
}

function isInSameAccount(first: Declared, second: Declared): boolean {
  return first.environment.accountId === second.environment.accountId;
}

/** The first environment beside itself under the second one's name: on the ranges that are left over, without its domain. */
function besides(first: Declared, second: Declared, mixed: Attributes): Attributes {
  const taken = rangesOf(mixed);
  const spare = [...rangesOf(first.config), ...rangesOf(second.config)].filter((range) => !taken.includes(range));
  const regions = Object.entries(regionsOf(first.config)).map(([name, region], index) => [
    name,
    isObject(region) ? { ...region, cidrBlock: spare[index] } : region,
  ]);
  const { domain: _, ...api } = (first.config.api ?? {}) as Attributes;
  return { ...first.config, api, regions: Object.fromEntries(regions) };
}

function rangesOf(config: Attributes): unknown[] {
  return Object.values(regionsOf(config)).map((region) => (isObject(region) ? region.cidrBlock : undefined));
}

function regionsOf({ regions }: Attributes): Attributes {
  return isObject(regions) ? regions : {};
}
