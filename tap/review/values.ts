import { isObject } from "../graph/terraform-json";

export type Values = Readonly<Record<string, unknown>>;

/** Stands for a value that is known only after the apply. */
export const unknownValue = Symbol("known after apply");

/** Terraform has several ways to say that nothing is there. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Whether two values of JSON are the same; the order of an object's keys is no matter. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  // `in` would find what every object has, too.
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
  );
}

/** Whether Terraform's marks (`true` in the place of a value) mark anything. */
export function hasMark(marks: unknown): boolean {
  if (marks === true) return true;
  if (Array.isArray(marks)) return marks.some(hasMark);
  return isObject(marks) && Object.values(marks).some(hasMark);
}

/** What stands at a key or place; undefined below a text, and of what only looks like a key. */
export function memberOf(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === "number" ? value[key] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A text as the object or list of JSON that it is; undefined for any other text. */
export function asJson(value: unknown): object | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value) as object;
  } catch {
    return undefined;
  }
}
