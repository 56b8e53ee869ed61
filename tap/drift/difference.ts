import { isObject, pathOf } from "../graph/terraform-json";
import { asJson, hasMark, isEmpty, isSame, memberOf } from "../review/values";
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
  if ((isEmpty(state.value) && isEmpty(actual.value)) || isSame(state.value, actual.value)) return [];
  if (state.sensitive === true || actual.sensitive === true) return [{ path, state: hidden, actual: hidden }];
  const [before, after] = [parsed(state.value), parsed(actual.value)];
  if (before !== undefined && after !== undefined)
    return parts({ ...state, value: before }, { ...actual, value: after }, path);
  return whole(state, actual, path);
}

/** What has parts to compare: objects, lists of objects, and both of them in a text of JSON. */
function parsed(value: unknown): Record<string, unknown> | unknown[] | undefined {
  const json = asJson(value) ?? value;
  if (isObject(json)) return json;
  return Array.isArray(json) && json.every(isObject) ? json : undefined;
}

function parts(state: Side, actual: Side, path: string): AttributeDrift[] {
  const [before, after] = [state.value, actual.value];
  const at = (side: Side, key: string | number): Side => ({
    value: memberOf(side.value, key),
    sensitive: memberOf(side.sensitive, key),
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

/** Two values as they are; neither of them where a part of either is sensitive: which is which isn't known here. */
function whole(state: Side, actual: Side, path: string): AttributeDrift[] {
  if (hasMark(state.sensitive) || hasMark(actual.sensitive)) return [{ path, state: hidden, actual: hidden }];
  return [{ path, state: state.value ?? null, actual: actual.value ?? null }];
}
