import fc from "fast-check";
import { attribute } from "../../../tap/parity/attribute";
import { codesOf, groupsFor } from "../../../tap/parity/codes";
import { differencesOf } from "../../../tap/parity/differences";
import type { FlatStack } from "../../../tap/parity/flatten";
import type { ConfigKey } from "../../../tap/parity/keys";

const key = (name: string): ConfigKey => ({ name, way: [name], before: false, after: true });

/** A stack of one resource whose attributes are functions of the keys that are set. */
type Attributes = Readonly<Record<string, (isSet: (name: string) => boolean) => string>>;

const stackOf = (attributes: Attributes, names: readonly string[]): FlatStack =>
  new Map([
    [
      "thing",
      {
        address: "thing.This",
        leaves: new Map(
          Object.entries(attributes).map(([path, value]) => [path, value((name) => names.includes(name))] as const),
        ),
      },
    ],
  ]);

/** Keys by attribute, as the experiment finds them, and how many experiments that took. */
async function attributed(
  attributes: Attributes,
  names: readonly string[],
  {
    refuse = () => false,
    context = {},
    readers = names,
  }: {
    refuse?: (names: readonly string[]) => boolean;
    context?: Readonly<Record<string, readonly string[]>>;
    readers?: readonly string[];
  } = {},
): Promise<{ keys: Record<string, string[]>; runs: number }> {
  const all = names.map(key);
  const [before, after] = [stackOf(attributes, []), stackOf(attributes, names)];
  let runs = 0;
  const attribution = await attribute(differencesOf(before, after), {
    before,
    after,
    keys: all,
    readers: all.filter(({ name }) => readers.includes(name)),
    contextOf: ({ name }) => all.filter((other) => context[name]?.includes(other.name)),
    run: async (keys) => {
      runs += 1;
      const wanted = keys.map(({ name }) => name);
      return refuse(wanted) ? undefined : stackOf(attributes, wanted);
    },
  });
  const keys = [...attribution].map(([place, found]) => [place.split("\n")[1], found.map(({ name }) => name)] as const);
  return { keys: Object.fromEntries(keys), runs };
}

const twenty = Array.from({ length: 20 }, (_, index) => `key${index}`);

test.each([1, 2, 3, 6, 20, 70])("codes of %d items are as long as each other, and all different", (count) => {
  const codes = codesOf(count);
  expect(new Set(codes.map(String)).size).toBe(count);
  expect(new Set(codes.map((code) => code.length)).size).toBe(1);
  for (const code of codes) for (const group of code) expect(group).toBeLessThan(groupsFor(count));
});

test("each of twenty keys is found for what it alone makes, with six experiments", async () => {
  const attributes = Object.fromEntries(
    twenty.map((name) => [`of ${name}`, (is: (name: string) => boolean) => `${is(name)}`]),
  );
  const { keys, runs } = await attributed(attributes, twenty);
  expect(keys).toEqual(Object.fromEntries(twenty.map((name) => [`of ${name}`, [name]])));
  expect(runs).toBe(6);
});

test("one key that may show needs no experiment", async () => {
  expect(await attributed({ a: (is) => `${is("key3")}` }, twenty, { readers: ["key3"] })).toEqual({
    keys: { a: ["key3"] },
    runs: 0,
  });
});

test.each<[string, Attributes[string]]>([
  ["only both make", (is) => `${is("key2") && is("key7")}`],
  ["either makes", (is) => `${is("key2") || is("key7")}`],
  ["both have a part in", (is) => `${is("key2")} ${is("key7")}`],
  ["one makes, in a way that the other decides", (is) => (is("key2") ? `${is("key7")}` : "none")],
])("what %s is both keys'", async (_, value) => {
  const { keys } = await attributed({ a: value, b: (is) => `${is("key5")}` }, twenty);
  expect(keys).toEqual({ a: ["key2", "key7"], b: ["key5"] });
});

test("three that act only together are all found", async () => {
  const value: Attributes[string] = (is) => `${is("key1") && is("key2") && is("key3")}`;
  expect((await attributed({ a: value }, twenty)).keys).toEqual({ a: ["key1", "key2", "key3"] });
});

test("what needs two of three is no fourth key's", async () => {
  const value: Attributes[string] = (is) => `${["key1", "key2", "key3"].filter(is).length >= 2}`;
  const found = (await attributed({ a: value }, ["key1", "key2", "key3", "key4"])).keys.a ?? [];
  expect(found.length).toBeGreaterThan(0);
  expect(["key1", "key2", "key3"]).toEqual(expect.arrayContaining(found));
});

test("a key that is refused alone is tried with the one that it needs", async () => {
  const attributes: Attributes = Object.fromEntries(
    twenty.map((name) => [`of ${name}`, (is: (name: string) => boolean) => `${is(name)}`]),
  );
  const { keys } = await attributed(attributes, twenty, {
    refuse: (names) => names.includes("key4") && !names.includes("key9"),
    context: { key4: ["key9"] },
  });
  expect(keys).toEqual(Object.fromEntries(twenty.map((name) => [`of ${name}`, [name]])));
});

test("groups that are refused are no reason to find nothing", async () => {
  const attributes: Attributes = Object.fromEntries(
    twenty.map((name) => [`of ${name}`, (is: (name: string) => boolean) => `${is(name)}`]),
  );
  const { keys } = await attributed(attributes, twenty, { refuse: (names) => names.length > 1 && names.length < 19 });
  expect(keys).toEqual(Object.fromEntries(twenty.map((name) => [`of ${name}`, [name]])));
});

test("where all but whole mixtures are refused, the key is found with which it is there", async () => {
  const value: Attributes[string] = (is) => `${is("key1") || is("key2")}`;
  const { keys } = await attributed({ a: value }, ["key1", "key2", "key3"], {
    refuse: (names) => names.length === 1 || (names.length === 2 && !names.includes("key1")),
  });
  expect(keys.a?.every((name) => name !== "key3")).toBe(true);
  expect(keys.a?.length).toBeGreaterThan(0);
});

test("a key that nothing was seen to be read of is tried where the others don't explain it", async () => {
  const { keys } = await attributed({ a: (is) => `${is("key9")}` }, twenty, { readers: ["key1", "key2"] });
  expect(keys).toEqual({ a: ["key9"] });
});

test("what no key makes is no key's", async () => {
  const [before, after] = [stackOf({ a: () => "1" }, []), stackOf({ a: () => "2" }, [])];
  const keys = twenty.map(key);
  const attribution = await attribute(differencesOf(before, after), {
    before,
    after,
    keys,
    readers: keys,
    contextOf: () => [],
    run: async () => before,
  });
  expect([...attribution]).toEqual([]);
});

test("whatever one or two keys make is theirs and nobody else's", async () => {
  const name = fc.constantFrom(...twenty);
  const kinds: readonly ((a: boolean, b: boolean) => string)[] = [
    (a) => `${a}`,
    (a, b) => `${a && b}`,
    (a, b) => `${a || b}`,
    (a, b) => `${a} ${b}`,
  ];
  const attribute1 = fc.record({ a: name, b: name, kind: fc.nat(kinds.length - 1) });
  await fc.assert(
    fc.asyncProperty(fc.array(attribute1, { minLength: 1, maxLength: 12 }), async (given) => {
      const attributes: Attributes = Object.fromEntries(
        given.map(({ a, b, kind }, index) => [
          `at${index}`,
          (is: (name: string) => boolean) => (kinds[kind] as (typeof kinds)[number])(is(a), is(b)),
        ]),
      );
      const { keys } = await attributed(attributes, twenty);
      given.forEach(({ a, b, kind }, index) => {
        const makers = new Set(kind === 0 ? [a] : [a, b]);
        expect(new Set(keys[`at${index}`])).toEqual(makers);
      });
    }),
    { numRuns: 100 },
  );
});
