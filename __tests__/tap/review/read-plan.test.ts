import fc from "fast-check";
import { readPlan } from "../../../tap/review/read-plan";

const lists = ["resource_changes", "resource_drift", "deferred_changes", "action_invocations"] as const;
const left = ["planned_values", "prior_state"];

test("a plan reads as JSON.parse reads it, but for what a review leaves out; its lists can be gone through twice", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...lists, ...left)), fc.jsonValue()),
      fc.array(fc.jsonValue()),
      fc.constantFrom(undefined, 2, "\t"),
      fc.boolean(),
      (members, changes, space, isMarked) => {
        const plan = { ...members, resource_changes: changes };
        const text = `${isMarked ? "\ufeff" : ""}${JSON.stringify(plan, null, space)}\n`;
        const read = readPlan(Buffer.from(text)) as unknown as Record<string, unknown>;
        const whole = (value: unknown) =>
          typeof value === "object" && value !== null && Symbol.iterator in value
            ? [...(value as Iterable<unknown>)]
            : value;
        for (const [key, value] of Object.entries(JSON.parse(JSON.stringify(plan)) as object)) {
          if (key === "values" || key === "proposed_unknown" || key === "__proto__") continue;
          for (const _ of [1, 2]) expect(whole(read[key])).toEqual(left.includes(key) ? {} : value);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  "",
  "{",
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,}',
  '{"a":1}x',
  '{"a":"',
  '{"resource_changes":[1 2]}',
  '{"resource_changes":[',
  "PK\u0003\u0004",
])("%j is no JSON, and no end is waited for", (text) => {
  expect(() => [
    ...((readPlan(Buffer.from(text)) as { resource_changes?: Iterable<unknown> }).resource_changes ?? []),
  ]).toThrow(SyntaxError);
});
