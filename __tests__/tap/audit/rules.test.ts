import { defaultSettings, type Example, type Rule, severities } from "../../../tap/audit/rule";
import { rules } from "../../../tap/audit/rules";
import { buildGraph } from "../../../tap/graph/build";

/* Every rule finds what breaks it, and nothing in what doesn't. */

const graphOf = (example: Example) =>
  buildGraph(Object.entries("stacks" in example ? example.stacks : { example }).map(([id, json]) => ({ id, json })));

const judged = (rule: Rule, example: Example) => rule.judge(graphOf(example), defaultSettings);

test.each(rules)("$id finds what breaks it", (rule) => {
  const found = judged(rule, rule.examples.failing);
  expect(found.length).toBeGreaterThan(0);
  for (const { message } of found) expect(message).toMatch(/^[a-z].*[^.]$/);
});

test.each(rules)("$id has no finding in what doesn't break it", (rule) => {
  expect(judged(rule, rule.examples.passing)).toEqual([]);
});

test.each(rules)("$id has no finding where there is nothing", (rule) => {
  expect(rule.judge(buildGraph([]), defaultSettings)).toEqual([]);
});

test("ids are unique, and of lower-case words", () => {
  const ids = rules.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
});

test.each(rules)("$id says what it is about", ({ title, why, fix, severity, references }) => {
  expect(severities).toContain(severity);
  for (const text of [title, why, fix]) expect(text.length).toBeGreaterThan(15);
  for (const reference of references)
    expect(reference).toMatch(
      /^(FSBP [A-Za-z0-9]+\.\d+|CIS AWS v\d+\.\d+\.\d+ [\d.]+|CKV2?_AWS_\d+|https:\/\/docs\.aws\.amazon\.com\/\S+)$/,
    );
});
