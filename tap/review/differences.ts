import { isObject } from "../graph/terraform-json";
import { hasMark, isEmpty, isSame, memberOf, unknownValue } from "./values";

/** A value that differs: a single one, or a list of such. */
export interface Difference {
  /** `rule[1].status` */
  readonly path: string;
  /** The same without places in lists: `rule.status`. */
  readonly name: string;
  /** Undefined where there is nothing. */
  readonly before: unknown;
  /** Or `unknownValue`. */
  readonly after: unknown;
  /** Whether nobody may see either of them. */
  readonly isSensitive: boolean;
}

/** Both sides of a change, with the marks that Terraform puts beside them. */
export interface Sides {
  readonly before: unknown;
  readonly after: unknown;
  readonly unknown?: unknown;
  readonly beforeSensitive?: unknown;
  readonly afterSensitive?: unknown;
}

interface Place extends Sides {
  readonly path: string;
  readonly name: string;
}

/** Every value that differs, down to single ones. What is empty in one way before and in another after is the same. */
export function differencesOf(sides: Sides, path = ""): Difference[] {
  const found: Difference[] = [];
  compare({ ...sides, path, name: path }, found);
  return found;
}

function compare(place: Place, found: Difference[]): void {
  const { before, after, path, name, unknown } = place;
  if (before === after && unknown !== true && (typeof before !== "object" || before === null)) return;
  const isSensitive = place.beforeSensitive === true || place.afterSensitive === true;
  if (unknown === true) found.push({ path, name, before, after: unknownValue, isSensitive: isMarked(place) });
  else if (!isSensitive && areObjects(before, after)) compareObjects(place, found);
  else if (!isSensitive && [before, after].some((side) => isListOfObjects(side, unknown))) compareLists(place, found);
  // Of what is sensitive as a whole not even the keys are anybody's business.
  else if (!(isEmpty(before) && isEmpty(after)) && !isSame(before, after))
    found.push({ path, name, before, after, isSensitive: isMarked(place) });
}

/** What is told as a whole is hidden as a whole, where a part of it is sensitive. */
function isMarked({ beforeSensitive, afterSensitive }: Place): boolean {
  return hasMark(beforeSensitive) || hasMark(afterSensitive);
}

/** Whether there is an object on one side, and one or nothing on the other. */
function areObjects(before: unknown, after: unknown): boolean {
  return (
    (isObject(before) || isObject(after)) &&
    (isObject(before) || isEmpty(before)) &&
    (isObject(after) || isEmpty(after))
  );
}

function compareObjects(place: Place, found: Difference[]): void {
  const { before, after, unknown } = place;
  for (const key of keysOf(before, after, unknown)) {
    // Most attributes are the same: of those nothing more is made.
    if (isPlainlySame(memberOf(before, key), memberOf(after, key), memberOf(unknown, key))) continue;
    const way = /^[\w-]+$/.test(key) ? key : `[${JSON.stringify(key)}]`;
    const isFirst = place.path === "" || place.path.endsWith(" ");
    const path = `${place.path}${isFirst || way.startsWith("[") ? "" : "."}${way}`;
    compare(below(place, key, key, path, place.name === "" ? key : `${place.name}.${key}`), found);
  }
}

/** Mostly both sides have the same keys, in the same order; those of something new are on one side alone. */
function keysOf(...sides: readonly unknown[]): Iterable<string> {
  let all: string[] | Set<string> = [];
  for (const side of sides) {
    if (!isObject(side)) continue;
    const keys = Object.keys(side);
    if (all instanceof Set) for (const key of keys) all.add(key);
    else if (all.length === 0) all = keys;
    else if (!beginsWith(all, keys)) all = new Set(all.concat(keys));
  }
  return all;
}

function beginsWith(all: readonly string[], keys: readonly string[]): boolean {
  return keys.length <= all.length && keys.every((key, at) => key === all[at]);
}

function isPlainlySame(before: unknown, after: unknown, unknown: unknown): boolean {
  if (unknown === true || (typeof unknown === "object" && unknown !== null && !isEmpty(unknown))) return false;
  return before === after ? typeof before !== "object" || before === null : isEmpty(before) && isEmpty(after);
}

/** Members that are the same on both sides are left out wherever they stand; the others are compared in order. */
function compareLists(place: Place, found: Difference[]): void {
  const before = Array.isArray(place.before) ? place.before : [];
  const after = Array.isArray(place.after) ? place.after : [];
  const [leftBefore, leftAfter] = withoutShared(before, after, place.unknown);
  const length = Math.max(leftBefore.length, leftAfter.length);
  for (let at = 0; at < length; at += 1) {
    const [from, to] = [leftBefore[at], leftAfter[at]];
    compare(below(place, from, to, `${place.path}[${to ?? from}]`, place.name), found);
  }
}

/** Places of members that have no equal on the other side. */
function withoutShared(before: readonly unknown[], after: readonly unknown[], unknown: unknown): [number[], number[]] {
  const leftAfter = after.map((_, index) => index);
  const leftBefore: number[] = [];
  for (const [index, item] of before.entries()) {
    const equal = leftAfter.findIndex((at) => isEmpty(knowns(memberOf(unknown, at))) && isSame(item, after[at]));
    if (equal === -1) leftBefore.push(index);
    else leftAfter.splice(equal, 1);
  }
  return [leftBefore, leftAfter];
}

/** What is unknown of a member: nothing, where all marks are empty. */
function knowns(mark: unknown): unknown {
  if (mark === true) return mark;
  return isObject(mark) ? Object.values(mark).filter((inner) => !isEmpty(knowns(inner))) : undefined;
}

type Key = string | number | undefined;

function below(place: Place, from: Key, to: Key, path: string, name: string): Place {
  return {
    path,
    name,
    before: member(place.before, from),
    after: member(place.after, to),
    unknown: member(place.unknown, to),
    beforeSensitive: member(place.beforeSensitive, from),
    afterSensitive: member(place.afterSensitive, to),
  };
}

function member(value: unknown, key: Key): unknown {
  return key === undefined ? undefined : memberOf(value, key);
}

function isListOfObjects(value: unknown, unknown: unknown): boolean {
  return Array.isArray(value) && (value.some((item) => typeof item === "object" && item !== null) || hasMarks(unknown));
}

/** Whether some members of a list are known only after the apply. */
function hasMarks(unknown: unknown): boolean {
  return Array.isArray(unknown) && unknown.some((mark) => mark === true || !isEmpty(knowns(mark)));
}
