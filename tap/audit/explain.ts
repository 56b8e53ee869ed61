import { distance } from "fastest-levenshtein";
import type { RuleMeta } from "./result";
import type { Rule } from "./rule";

/** A rule for people, with what breaks it and what doesn't, where it has examples. */
export function explain({ id, title, severity, why, fix, references }: RuleMeta, examples?: Rule["examples"]): string {
  const example = (title: string, json: unknown) => ["", title, JSON.stringify(json, null, 2)];
  return [
    `${id} (${severity}): ${title}`,
    "",
    `Why: ${why}`,
    `Fix: ${fix}`,
    ...(references.length === 0 ? [] : [`See ${references.join(", ")}`]),
    ...(examples === undefined
      ? []
      : [...example("Breaks it:", examples.failing), ...example("Doesn't:", examples.passing)]),
  ].join("\n");
}

/** At most five ids that could have been meant, the likeliest first: a slip of the keyboard, or the words of it. */
export function nearRules(given: string, ids: readonly string[]): string[] {
  const plain = given.toLowerCase();
  const words = plain.split(/[^a-z0-9]+/).filter((word) => word.length > 1);
  return ids
    .map((id) => {
      const lower = id.toLowerCase();
      const shared = words.filter((word) => lower.includes(word)).length;
      const edits = distance(plain, lower);
      const isSlip = edits <= Math.max(2, Math.floor(id.length / 4));
      return { id, isNear: isSlip || (words.length > 0 && shared === words.length), edits };
    })
    .filter(({ isNear }) => isNear)
    .sort((a, b) => a.edits - b.edits || (a.id < b.id ? -1 : 1))
    .slice(0, 5)
    .map(({ id }) => id);
}
