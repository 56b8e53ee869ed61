import { isDeepStrictEqual } from "node:util";

export const identical = "byte for byte";

/**
 * That two set-ups synthesized the same app: the same stacks, with the same JSON. Both are texts by stack id.
 * @param {Map<string, string>} stacks
 * @param {Map<string, string>} others
 * @returns {string} in which sense they are the same
 * @throws Error that names the first differences
 */
export function compareStacks(name, stacks, otherName, others) {
  const ids = [...new Set([...stacks.keys(), ...others.keys()])];
  const changed = ids.filter((id) => stacks.get(id) !== others.get(id));
  const differences = changed.flatMap((id) => differencesOf(parse(stacks.get(id)), parse(others.get(id)), id));
  if (differences.length > 0)
    throw new Error(
      `${name} and ${otherName} didn't synthesize the same app:\n  ${differences.slice(0, 10).join("\n  ")}`,
    );
  return changed.length === 0 ? identical : "but for white space and the order of keys";
}

function parse(text) {
  return text === undefined ? undefined : JSON.parse(text);
}

function differencesOf(one, other, path) {
  if (isDeepStrictEqual(one, other)) return [];
  if (!isObject(one) || !isObject(other)) return [`${path}: ${JSON.stringify(one)} and ${JSON.stringify(other)}`];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.flatMap((key) => differencesOf(one[key], other[key], `${path}.${key}`));
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}
