import { isDeepStrictEqual } from "node:util";
import { isObject, pathOf } from "../graph/terraform-json";
import { memberOf } from "../review/values";
import { type AttributeDrift, hidden } from "./report";

/** A value with what of it is sensitive, as plans have it: `true` for all of it, or by its parts. */
interface Side {
  readonly value: unknown;
  readonly sensitive: unknown;
}

/**
 * Where two values differ, down to the parts. What is nothing in either way of writing it (null, "", [], {}) is the
 * same: providers read back now one, now the other.
 */
export function differences(state: Side, actual: Side, path = ""): AttributeDrift[] {
  if (isSame(state.value, actual.value)) return [];
  if (state.sensitive === true || actual.sensitive === true) return [{ path, state: hidden, actual: hidden }];
  const [before, after] = [parsed(state.value), parsed(actual.value)];
  if (before !== undefined && after !== undefined)
    return parts({ ...state, value: before }, { ...actual, value: after }, path);
  return whole(state, actual, path);
}

/** What has parts to compare: objects, lists of objects, and both of them in a text of JSON. */
function parsed(value: unknown): Record<string, unknown> | unknown[] | undefined {
  if (isObject(value)) return value;
  if (Array.isArray(value)) return value.every(isObject) ? value : undefined;
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return parsed(JSON.parse(value));
  } catch {
    return undefined;
  }
}

function parts(state: Side, actual: Side, path: string): AttributeDrift[] {
  const [before, after] = [state.value, actual.value];
  const at = (side: Side, key: string | number): Side => ({
    value: memberOf(side.value, key),
    sensitive: partOf(side.sensitive, key),
  });
  if (Array.isArray(before) && Array.isArray(after)) {
    // Of lists that have become longer or shorter it isn't known which of their parts is which.
    if (before.length !== after.length) return whole(state, actual, path);
    return before.flatMap((_, index) => differences(at(state, index), at(actual, index), pathOf(path, index)));
  }
  if (Array.isArray(before) || Array.isArray(after)) return whole(state, actual, path);
  const keys = new Set([...Object.keys(before as object), ...Object.keys(after as object)]);
  return [...keys].sort().flatMap((key) => differences(at(state, key), at(actual, key), pathOf(path, key)));
}

function partOf(sensitive: unknown, key: string | number): unknown {
  if (sensitive === true) return true;
  return typeof sensitive === "object" && sensitive !== null
    ? (sensitive as Record<string | number, unknown>)[key]
    : undefined;
}

/** Two values as they are; neither of them where a part of either is sensitive: which is which isn't known here. */
function whole(state: Side, actual: Side, path: string): AttributeDrift[] {
  if (isMarked(state.sensitive) || isMarked(actual.sensitive)) return [{ path, state: hidden, actual: hidden }];
  return [{ path, state: state.value ?? null, actual: actual.value ?? null }];
}

function isMarked(sensitive: unknown): boolean {
  if (typeof sensitive !== "object" || sensitive === null) return sensitive === true;
  return Object.values(sensitive).some(isMarked);
}

function isSame(a: unknown, b: unknown): boolean {
  return (isNothing(a) && isNothing(b)) || isDeepStrictEqual(a, b);
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
