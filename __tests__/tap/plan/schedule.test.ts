import fc from "fast-check";
import { schedule } from "../../../tap/plan/schedule";

const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("schedule", () => {
  test("each starts after those that it comes after, so many at a time, and all are done", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (count, pairs, parallelism) => {
          const ids = Array.from({ length: count }, (_, index) => `s${index}`);
          // Only backwards: no ring.
          const after = new Map(
            ids.map((id, at) => [id, pairs.filter(([a, b]) => a === at && b < a).map(([, b]) => `s${b}`)]),
          );
          const finished = new Set<string>();
          let running = 0;
          const done = await schedule(ids, after, parallelism, async (id) => {
            running += 1;
            expect(running).toBeLessThanOrEqual(parallelism);
            for (const other of after.get(id) ?? []) expect(finished).toContain(other);
            await pause();
            running -= 1;
            finished.add(id);
            return id;
          });
          expect([...done.keys()]).toEqual(ids);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a ring is gone through all the same", async () => {
    const after = new Map([
      ["a", ["b"]],
      ["b", ["a"]],
    ]);
    expect([...(await schedule(["a", "b"], after, 2, async (id) => id)).keys()]).toEqual(["a", "b"]);
  });

  test("where one throws, no other is started, and what runs is waited for", async () => {
    const ended: string[] = [];
    const run = async (id: string) => {
      if (id === "a") throw new Error("a broke");
      await pause();
      ended.push(id);
    };
    await expect(schedule(["a", "b", "c"], new Map(), 2, run)).rejects.toThrow("a broke");
    expect(ended).toEqual(["b"]);
  });
});
