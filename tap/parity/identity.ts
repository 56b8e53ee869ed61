import type { Environment, Neighbour } from "../../config/environment";

/** What an environment is called and where it is: all that may differ between two of them without a key that says so. */
export interface Identity {
  readonly environmentSuffix: string;
  readonly accountId: string;
  /** Primary region first. */
  readonly regionNames: readonly string[];
  /** Where its releases come from and go to: named in the policies of both ends. @default nowhere */
  readonly neighbours?: Readonly<Record<string, Neighbour>>;
}

/** Texts of one environment as those of another, and whether two say the same about either. */
export interface Translation {
  /** What a text of the first environment would be in the second. */
  translate(text: string): string;
  /** Whether a value of the first and one of the second are the same, but for who says it. */
  isSame(first: string | undefined, second: string | undefined): boolean;
}

/**
 * Suffix, account, regions and their zones, as whole words. A word that stands in both texts alike is the same as well:
 * a region may be meant as such, and not as the environment's own.
 */
export function translation(first: Identity, second: Identity): Translation {
  const [roles, others] = [rolesOf(first), rolesOf(second)];
  const [nearby, othersNearby] = [neighbourRolesOf(first), neighbourRolesOf(second)];
  const words = new Map([...others].map(([word, role]) => [role, word]));
  const own = wordPattern([...roles.keys()]);
  const any = wordPattern([...roles, ...others, ...nearby, ...othersNearby].map(([word]) => word));
  const isSameWord = (a: string, b: string) =>
    a === b ||
    (roles.has(a) && roles.get(a) === others.get(b)) ||
    nearby.some(([word, role]) => word === a && othersNearby.some(([other, its]) => other === b && its === role));
  return {
    translate: (text) => text.replace(own, (word) => words.get(roles.get(word) ?? "") ?? word),
    isSame: (a, b) => {
      if (a === undefined || b === undefined || a === b) return a === b;
      const [left, right] = [partsOf(a, any), partsOf(b, any)];
      return left.length === right.length && left.every((part, index) => isSamePart(part, right[index], isSameWord));
    },
  };
}

export function identityOf(environment: Environment): Identity {
  const { environmentSuffix, accountId, regionNames, account, releaseTarget } = environment;
  const sources = account.releaseSources.map((source, index) => [`source ${index}`, source]);
  return {
    environmentSuffix,
    accountId,
    regionNames,
    neighbours: { target: releaseTarget, ...Object.fromEntries(sources) },
  };
}

/** Whether two values are the same but for digests: those of texts with names in them are as different as the names. */
export function differsInDigestsAlone(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b && withoutDigests(a) === withoutDigests(b);
}

function rolesOf({ environmentSuffix, accountId, regionNames }: Identity): Map<string, string> {
  const regions = regionNames.flatMap((region, index): [string, string][] => [
    [region, `region ${index}`],
    [zonePrefix(region), `zones ${index}`],
  ]);
  return new Map([...regions, [accountId, "account"], [environmentSuffix, "environment"]]);
}

/** One word may have several: what is the region of the one before may be that of the one behind. */
function neighbourRolesOf({ neighbours = {} }: Identity): [string, string][] {
  return Object.entries(neighbours).flatMap(
    ([which, { environmentSuffix, region, accountId, account }]): [string, string][] => [
      [environmentSuffix, `environment of ${which}`],
      [region, `region of ${which}`],
      [accountId, `account of ${which}`],
      [account.environmentSuffix, `bootstrap of ${which}`],
      [account.region, `region of the bootstrap of ${which}`],
    ],
  );
}

/** `use1` of us-east-1, `apse2` of ap-southeast-2: how ids of its zones begin (AWS RAM user guide, zone ids). */
function zonePrefix(region: string): string {
  const [area = "", direction = "", number = ""] = region.split("-");
  return `${area}${direction.replaceAll(/north|south|east|west|central/g, (word) => word.charAt(0))}${number}`;
}

function wordPattern(words: readonly string[]): RegExp {
  const longestFirst = [...new Set(words)].sort((a, b) => b.length - a.length);
  // The n of a line break in a JSON text is no letter of the word behind it.
  return new RegExp(`(?<=^|[^A-Za-z0-9]|\\\\[nrt])(${longestFirst.join("|")})(?![A-Za-z0-9])`, "g");
}

/** Literals at even places, words at odd ones. */
function partsOf(text: string, pattern: RegExp): string[] {
  return text.split(pattern);
}

function isSamePart(part: string, other: string | undefined, isSameWord: (a: string, b: string) => boolean): boolean {
  return part === other || (other !== undefined && isSameWord(part, other));
}

/** Of names (8 digits, or as cdktf writes them in addresses), bundles (16), descriptions of an API (64). */
function withoutDigests(text: string): string {
  return text.replace(/(?<![0-9A-Za-z])([0-9a-f]{8}|[0-9A-F]{8}|[0-9a-f]{16,128})(?![0-9A-Za-z])/g, "#");
}
