import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackPlan } from "../../../tap/plan";
import { readSummaries, writePlans } from "../../../tap/plan/summary";
import { planText } from "../../../tap/plan/text";
import { temporaryFolder } from "../../support/project";

const terraform = { product: "Terraform", version: "1.11.4" } as const;

function planOf(stackId: string, rest: Partial<StackPlan> = {}): StackPlan {
  const folder = temporaryFolder();
  const planJsonFile = join(folder, "plan.json");
  writeFileSync(planJsonFile, JSON.stringify({ of: stackId }));
  const counts = { add: 1, change: 2, destroy: 3 };
  const log = join(folder, "plan.log");
  if (rest.status === "failed" || rest.status === "waiting")
    return { stackId, folder, log, status: rest.status, ...rest };
  return {
    stackId,
    folder,
    status: "changes",
    planFile: join(folder, "plan.tfplan"),
    planJsonFile,
    counts,
    log,
    ...rest,
  };
}

describe("summary of plans", () => {
  test("plans lie beside it by stack; it names no path of this machine", () => {
    const out = join(temporaryFolder(), "deep", "out");
    const plans = [planOf("a"), planOf("b", { status: "waiting", waitingFor: ["a"] })];
    writePlans(out, plans, { terraform });
    expect(readdirSync(out).sort()).toEqual(["a.json", "summary.json"]);
    expect(readSummaries(out).stacks).toEqual([
      { stackId: "a", status: "changes", counts: { add: 1, change: 2, destroy: 3 }, file: "a.json" },
      { stackId: "b", status: "waiting", waitingFor: ["a"] },
    ]);
  });

  test("what an earlier run planned is gone: nobody reviews an old plan", () => {
    const out = temporaryFolder();
    writePlans(out, [planOf("a"), planOf("b")], { terraform });
    writePlans(out, [planOf("a", { status: "failed", error: "no" }), planOf("c")], { terraform });
    expect(readdirSync(out).sort()).toEqual(["c.json", "summary.json"]);
  });

  test("a matrix's parts are read as one, and none may be missing", () => {
    const out = temporaryFolder();
    writePlans(out, [planOf("b")], { terraform, shard: { index: 2, count: 2 } });
    expect(() => readSummaries(out)).toThrow("parts 1 of 2 are missing");
    writePlans(out, [planOf("a")], { terraform, shard: { index: 1, count: 2 } });
    expect(readSummaries(out).stacks.map(({ stackId }) => stackId)).toEqual(["a", "b"]);
    expect(readSummaries(out).shard).toBeUndefined();
  });

  test("what was planned twice is refused, and what is no summary", () => {
    const out = temporaryFolder();
    writePlans(out, [planOf("a")], { terraform, shard: { index: 1, count: 2 } });
    writePlans(out, [planOf("a")], { terraform, shard: { index: 2, count: 2 } });
    expect(() => readSummaries(out)).toThrow("a was planned twice");
    expect(() => readSummaries(temporaryFolder())).toThrow("has no summary.json");
  });

  test("for people: counts, what waits for what, errors once, and what to do next", () => {
    const failed = { status: "failed", error: "no credentials" } as const;
    const plans = [
      planOf("a"),
      planOf("b", { status: "waiting", waitingFor: ["a"] }),
      planOf("c", { status: "no changes", outdatedBy: ["a"] }),
    ];
    const out = temporaryFolder();
    const text = planText(writePlans(out, plans, { terraform }), plans, "out");
    expect(text).toContain("b waits for a: it reads what isn't written yet.");
    expect(text).toContain("c reads what the plan of a changes");
    expect(text).toMatch(/Next: tap review out; what waits is planned after/);
    const broken = [planOf("a", failed), planOf("b", failed)];
    const told = planText(writePlans(out, broken, { terraform }), broken, "out");
    expect(told.match(/no credentials/g)).toHaveLength(1);
    expect(told).toContain("The same: b");
    expect(told).toContain(broken[0]?.log as string);
    const interrupted = planText(writePlans(out, broken, { terraform, interrupted: true }), broken, "out");
    expect(interrupted).toContain("Not planned: a, b.");
  });
});
