import { createHash } from "node:crypto";
import { distance } from "fastest-levenshtein";
import { overlaps, prefixLength, subnetOf } from "./cidr";
import { ConfigError, type ConfigProblem } from "./errors";
import { type CheckedEnvironment, suffixPattern } from "./schema";
import { validateEnvironment } from "./validate";

/** A short-lived environment takes one /20 of the pool: a /22 for each of up to four regions. */
const slotPrefixLength = 20;
const regionPrefixLength = 22;
const maximumRegions = 2 ** (regionPrefixLength - slotPrefixLength);

/** What is wrong with a suffix that somebody asked for, if anything (FIL-10). */
export function suffixProblem(suffix: string, where: string, declared: readonly string[]): ConfigProblem | undefined {
  if (!suffixPattern.test(suffix)) {
    const suggestion = suggestSuffix(suffix, declared);
    return {
      path: where,
      value: suffix,
      message: `must be 1 to 12 lower-case letters and digits, so that it is safe in names, tags, IAM and SSM paths; try "${suggestion}"`,
    };
  }
  const meant = declared.find((name) => isSlip(suffix, name));
  return meant === undefined
    ? undefined
    : {
        path: where,
        value: suffix,
        message: `is one slip away from the environment "${meant}"; name that, or take a suffix that can't be mistaken for it`,
      };
}

/**
 * The nearest suffix that is allowed: safe characters only, or the declared name that these are a slip of. A long one,
 * and one without any, keeps its start and a hash of the whole, so that two don't become one.
 */
function suggestSuffix(text: string, declared: readonly string[] = []): string {
  const safe = text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (safe !== "" && safe.length <= 12) return declared.find((name) => isSlip(safe, name)) ?? safe;
  return safe.slice(0, 8) + sha256(text).slice(0, 4);
}

/** Settings of a short-lived environment: the base's, its `shortLived.settings` over them, its own addresses. */
export function shortLivedEnvironment(base: CheckedEnvironment, suffix: string): CheckedEnvironment {
  const profile = base.shortLived;
  if (profile === undefined) throw new TypeError(`${base.environment} has no shortLived profile`);
  const slot = addressSlot(profile.cidrPool, suffix);
  const regions = Object.entries(base.regions).map(([region, settings], index) => [
    region,
    { ...settings, cidrBlock: subnetOf(slot, regionPrefixLength, index) },
  ]);
  const merged = merge(
    { ...inheritedFrom(base), environment: suffix, regions: Object.fromEntries(regions) },
    profile.settings,
  );
  const checked = validateEnvironment(merged, `${base.environment}.shortLived.settings`);
  if (!checked.ok) throw new ConfigError(checked.problems);
  return checked.value;
}

/**
 * What a short-lived environment takes over: all but the name of the API, by which it would take the base's traffic, and
 * the second region: it has nothing to lose, and no replicas to work on when its base does.
 */
function inheritedFrom({ shortLived: _, ...base }: CheckedEnvironment) {
  const { domain: __, ...api } = base.api;
  const { backupRetentionDays } = base.recovery;
  return { ...base, api, recovery: { secondRegion: "none", backupRetentionDays } };
}

/** What is wrong with an environment's `shortLived` profile, apart from its own fields. */
export function profileProblems(base: CheckedEnvironment): ConfigProblem[] {
  const profile = base.shortLived;
  if (profile === undefined) return [];
  const path = `${base.environment}.shortLived`;
  const problems: ConfigProblem[] = [];
  const regionCount = Object.keys(base.regions).length;
  if (regionCount > maximumRegions) {
    problems.push({
      path: `${base.environment}.regions`,
      message: `are ${regionCount}, and a short-lived environment has addresses for ${maximumRegions}; widen the slot in config/suffix.ts`,
    });
    return problems;
  }
  const checked = validateEnvironment(merge(inheritedFrom(base), profile.settings), `${path}.settings`);
  if (!checked.ok) problems.push(...checked.problems);
  else if (checked.value.api.domain !== undefined) {
    problems.push({
      path: `${path}.settings.api.domain`,
      value: checked.value.api.domain.name,
      message: "would be the name of every short-lived environment, and leads to one; leave it out",
    });
  }
  problems.push(
    ...profile.suffixes.flatMap((suffix, index) => {
      const where = `${path}.suffixes.${index}`;
      if (profile.suffixes.indexOf(suffix) !== index)
        return [{ path: where, value: suffix, message: "stands in the list already" }];
      return [addressProblem(profile, suffix, profile.suffixes.slice(0, index), where)].filter(
        (problem) => problem !== undefined,
      );
    }),
  );
  return problems;
}

/** Two suffixes may fall on the same addresses; those that are declared can be told apart. */
export function addressProblem(
  profile: NonNullable<CheckedEnvironment["shortLived"]>,
  suffix: string,
  others: readonly string[],
  where: string,
): ConfigProblem | undefined {
  const slot = addressSlot(profile.cidrPool, suffix);
  const taken = others.find((other) => other !== suffix && overlaps(addressSlot(profile.cidrPool, other), slot));
  return taken === undefined
    ? undefined
    : {
        path: where,
        value: suffix,
        message: `gets the addresses ${slot} that "${taken}" has; take another suffix, e.g. "${suggestSuffix(`${suffix}x`)}"`,
      };
}

function addressSlot(pool: string, suffix: string): string {
  const slots = 2 ** (slotPrefixLength - prefixLength(pool));
  return subnetOf(pool, slotPrefixLength, Number.parseInt(sha256(suffix).slice(0, 12), 16) % slots);
}

/** One letter more, less or other, or the same letters in another order: `stagin`, `prodd`, `dve`, but not `dev2`. */
function isSlip(suffix: string, name: string): boolean {
  if (suffix === name || !/^[a-z]+$/.test(suffix)) return false;
  return distance(suffix, name) === 1 || [...suffix].sort().join("") === [...name].sort().join("");
}

function merge<T>(base: T, over: unknown): T {
  if (!isPlainObject(base) || !isPlainObject(over)) return over as T;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = key in merged ? merge(merged[key], value) : value;
  return merged as T;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
