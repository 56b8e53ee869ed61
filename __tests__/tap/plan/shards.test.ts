import fc from "fast-check";
import { parseShard, shardOf } from "../../../tap/plan/shards";

const stacks = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 40 }).chain((ids) =>
  fc.record({
    stacks: fc.tuple(...ids.map((stackId) => fc.integer({ min: 1, max: 300 }).map((size) => ({ stackId, size })))),
    edges: fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)), { maxLength: 20 }),
    count: fc.integer({ min: 1, max: 12 }),
  }),
);

const asMap = (edges: readonly (readonly [string, string])[]) => {
  const map = new Map<string, string[]>();
  for (const [from, to] of edges) map.set(from, [...(map.get(from) ?? []), to]);
  return map;
};

describe("shards", () => {
  test("every stack is in exactly one part", () => {
    fc.assert(
      fc.property(stacks, ({ stacks, edges, count }) => {
        const parts = Array.from({ length: count }, (_, index) =>
          shardOf(stacks, asMap(edges), { index: index + 1, count }),
        );
        expect(parts.flat().sort()).toEqual(stacks.map(({ stackId }) => stackId).sort());
      }),
    );
  });

  test("parts are the same on every machine, however stacks are listed", () => {
    fc.assert(
      fc.property(stacks, fc.integer({ min: 0, max: 11 }), ({ stacks, edges, count }, at) => {
        const shard = { index: (at % count) + 1, count };
        expect(shardOf([...stacks].reverse(), asMap([...edges].reverse()), shard)).toEqual(
          shardOf(stacks, asMap(edges), shard),
        );
      }),
    );
  });

  test("no part has more than a fair share and the largest thing that isn't taken apart", () => {
    fc.assert(
      fc.property(stacks, ({ stacks, edges, count }) => {
        const size = new Map(stacks.map((stack) => [stack.stackId, stack.size]));
        const fair = stacks.reduce((sum, stack) => sum + stack.size, 0) / count;
        const largest = Math.max(fair, ...size.values());
        for (let index = 1; index <= count; index += 1) {
          const load = shardOf(stacks, asMap(edges), { index, count }).reduce(
            (sum, id) => sum + (size.get(id) ?? 0),
            0,
          );
          expect(load).toBeLessThanOrEqual(fair + largest);
        }
      }),
    );
  });

  test("what reads from each other stays together, unless it is more than a fair share", () => {
    const some = ["a", "b", "c", "d", "e", "f"].map((stackId) => ({ stackId, size: 10 }));
    const dependencies = asMap([
      ["a", "f"],
      ["b", "e"],
    ]);
    const parts = [1, 2, 3].map((index) => shardOf(some, dependencies, { index, count: 3 }));
    expect(parts).toEqual([
      ["a", "f"],
      ["b", "e"],
      ["c", "d"],
    ]);
    const halves = [1, 2].map((index) =>
      shardOf(
        some,
        asMap([
          ["a", "b"],
          ["b", "c"],
          ["c", "d"],
        ]),
        { index, count: 2 },
      ),
    );
    expect(halves.map(({ length }) => length)).toEqual([3, 3]);
  });

  test.each(["0/2", "3/2", "1", "a/b", "1/0", "1/257", "-1/2", "1/2/3"])("%s is no part", (text) => {
    expect(() => parseShard(text)).toThrow(`given ${JSON.stringify(text)}`);
  });

  test("2/5 is the second of five", () => expect(parseShard("2/5")).toEqual({ index: 2, count: 5 }));
});
