import fc from "fast-check";
import { differences } from "../../../tap/drift/difference";

const between = (state: unknown, actual: unknown, before: unknown = {}, after: unknown = before) =>
  differences({ value: state, sensitive: before }, { value: actual, sensitive: after });

describe("differences of attributes", () => {
  test("PLAT-09 each attribute that differs is told, with both values", () => {
    expect(
      between({ name: "a", tags: { Owner: "x", Team: "y" } }, { name: "a", tags: { Owner: "z", Team: "y" } }),
    ).toEqual([{ path: "tags.Owner", state: "x", actual: "z" }]);
    expect(between({ rule: [{ days: 1 }, { days: 2 }] }, { rule: [{ days: 1 }, { days: 3 }] })).toEqual([
      { path: "rule[1].days", state: 2, actual: 3 },
    ]);
  });

  test("policies are compared by meaning, down to the statement", () => {
    const policy = (effect: string, indent = 0) => JSON.stringify({ Statement: [{ Effect: effect }] }, null, indent);
    expect(between({ policy: policy("Allow") }, { policy: policy("Allow", 2) })).toEqual([]);
    expect(between({ policy: policy("Allow") }, { policy: policy("Deny") })).toEqual([
      { path: "policy.Statement[0].Effect", state: "Allow", actual: "Deny" },
    ]);
  });

  test("lists of another length, and of texts, are told whole", () => {
    expect(between({ a: [{ b: 1 }] }, { a: [{ b: 1 }, { b: 2 }] })).toHaveLength(1);
    expect(between({ a: ["x", "y"] }, { a: ["x"] })).toEqual([{ path: "a", state: ["x", "y"], actual: ["x"] }]);
  });

  test.each([
    [null, ""],
    [null, []],
    [{}, null],
    [undefined, null],
  ])("%j and %j are both nothing", (state, actual) => expect(between({ a: state }, { a: actual })).toEqual([]));

  test("but nothing is neither false nor 0", () => {
    expect(between({ a: null }, { a: false })).toHaveLength(1);
    expect(between({ a: null }, { a: 0 })).toHaveLength(1);
  });

  test.each(["constructor", "__proto__"])("a tag may be called %s", (name) => {
    const tags = JSON.parse(`{ "${name}": "x" }`) as object;
    expect(between({ tags: {} }, { tags })).toEqual([{ path: `tags.${name}`, state: null, actual: "x" }]);
    expect(between({ tags }, { tags: { Owner: "y" } })).toHaveLength(2);
  });

  test("PLAT-09 a sensitive value is never told, wherever it stands", () => {
    const secret = fc.stringMatching(/^secret-[a-z]{8}$/);
    const marks = { value: true, list: [{ value: true }, { value: true }], nested: { value: true } };
    const of = (value: string, items: number) => ({
      value,
      list: Array.from({ length: items }, (_, index) => ({ value, index })),
      nested: { value, other: items },
    });
    const sides = fc.constantFrom([marks, marks], [marks, {}], [{}, marks]);
    fc.assert(
      fc.property(secret, secret, fc.nat(2), fc.nat(2), sides, (one, other, items, others, [before, after]) => {
        const told = JSON.stringify(between(of(one, items), of(other, others), before, after));
        expect(told).not.toContain("secret-");
      }),
    );
    expect(between({ a: "x" }, { a: "y" }, { a: true })).toEqual([
      { path: "a", state: "(sensitive)", actual: "(sensitive)" },
    ]);
    // Nor are the keys in what is sensitive as a whole.
    expect(between({ a: { "key-1": "x" } }, { a: { "key-2": "x" } }, { a: true })).toEqual([
      { path: "a", state: "(sensitive)", actual: "(sensitive)" },
    ]);
    expect(between("x", "y", true)).toEqual([{ path: "", state: "(sensitive)", actual: "(sensitive)" }]);
  });
});
