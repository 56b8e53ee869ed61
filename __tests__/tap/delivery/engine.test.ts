import { type DeliveryResult, deliver } from "../../../tap/delivery/engine";
import { nextText } from "../../../tap/delivery/report";
import { type PromotionSteps, StopsHere } from "../../../tap/delivery/steps";
import type { DeliveryRequest } from "../../../tap/delivery/world";
import { Process, World } from "./model-world";

/*
 * Stories of single runs; whatever two operators can do to each other is in model.test.ts.
 */

const releases = {
  r1: { tables: ["orders"], works: true },
  r2: { tables: ["orders", "users"], works: true },
  // Doesn't work, and has a table that the others don't have.
  bad: { tables: ["orders", "broken"], works: false },
  lean: { tables: [], works: true },
  same: { tables: ["orders"], works: true },
};

let world: World;
beforeEach(() => {
  world = new World(releases);
});

type Request = Partial<DeliveryRequest>;

interface Changes {
  readonly steps?: (own: PromotionSteps, process: Process) => Partial<PromotionSteps>;
  readonly signal?: AbortSignal;
}

let names = 0;
function run(request: Request, { steps, signal }: Changes = {}): Promise<DeliveryResult> {
  names += 1;
  const process = new Process(`operator ${names}`, true);
  process.tick = () => Promise.resolve();
  world.processes.push(process);
  const own = world.stepsOf(process);
  return deliver(
    {
      ledger: world.ledgerOf(process),
      by: { who: process.name, host: "here", pid: names },
      clock: world.clockOf(process),
      leaseMilliseconds: 60_000,
      newRunId: () => world.newRunId(),
      stepsFor: () => ({ ...own, ...steps?.(own, process) }),
      ...(signal === undefined ? {} : { signal }),
    },
    { kind: "promote", environment: "prod", automaticUpTo: "review", ...request },
  );
}

const promote = (release: string, changes?: Changes, request: Request = {}) => run({ release, ...request }, changes);
const rollback = (request: Request = {}, changes?: Changes) => run({ kind: "rollback", ...request }, changes);
const where = () => Object.values(world.stacks).map(({ release }) => release);
const stepsIn = ({ run: { events } }: DeliveryResult) =>
  events.flatMap((event) => (event.type === "done" ? [[event.step, event.stackId].filter(Boolean).join(" ")] : []));
afterEach(() => expect(world.broken).toEqual([]));

test("PLAT-08 a release goes in by all its gates, in their order, and is good when it was validated", async () => {
  const result = await promote("r1");
  expect(result.status).toBe("good");
  expect(where()).toEqual(["r1", "r1", "r1"]);
  expect(stepsIn(result)).toEqual([
    ...["verify", "order", "copy", "open", "audit", "drift"],
    // What waits for its inputs is planned when they are there.
    ...["plan", "apply network", "plan", "apply data", "plan", "apply api"],
    "validate",
  ]);
  expect(world.ledgerState.record).toMatchObject({ good: { release: "r1", runId: result.run.id } });
  expect(world.ledgerState.record.run).toBeUndefined();
  expect(world.history.map(({ key }) => key)).toEqual(["run#run000001", "good#run000001"]);
  const begun = result.run.events.filter(({ type }) => type === "begun");
  expect(begun).toHaveLength(stepsIn(result).length);
});

test.each(["verify", "order", "copy", "open", "audit", "drift"] as const)(
  "PLAT-08 what %s finds is refused, with all of it, and nothing is applied",
  async (step) => {
    const problems = ["one thing", "another thing"];
    const result = await promote("r1", { steps: () => ({ [step]: async () => ({ problems }) }) });
    expect(result).toMatchObject({ status: "refused", problems });
    expect(world.seen.applied).toBe(0);
    expect(world.ledgerState.record.good).toBeUndefined();
  },
);

test("PLAT-08 a plan above the class waits for somebody, who agrees to that plan and to no other", async () => {
  await promote("r1");
  const asked = await promote("r2", {}, { automaticUpTo: "safe" });
  expect(asked.status).toBe("waiting");
  expect(where()).toEqual(["r1", "r1", "r1"]);
  const other = await promote("r2", {}, { approval: { hash: "another", approver: "anna" } });
  expect(other).toMatchObject({ status: "waiting", left: { hash: asked.left?.hash } });
  const hash = asked.left?.hash ?? "";
  const result = await run({ approval: { hash, approver: "anna" } });
  expect(result.status).toBe("good");
  expect(result.run.events).toContainEqual(expect.objectContaining({ type: "approved", hash, approver: "anna" }));
  // Nobody was at it in between: nothing had to be settled.
  expect(stepsIn(result)).not.toContain("settle");
});

test("PLAT-08 what loses data waits for somebody, whatever the class", async () => {
  await promote("r1");
  const asked = await promote("lean", {}, { automaticUpTo: "irreversible" });
  expect(asked.status).toBe("waiting");
  expect(asked.left?.stacks.flatMap(({ losesData }) => losesData)).toEqual(["orders"]);
});

test("PLAT-10 a release that doesn't work takes itself back: code first, then the infrastructure, validated", async () => {
  await promote("r1");
  world.failing.validate = 1;
  const result = await promote("same");
  expect(result).toMatchObject({ status: "rolled back", problems: ["/health answers 500"] });
  expect(where()).toEqual(["r1", "r1", "r1"]);
  const after = stepsIn(result).slice(stepsIn(result).indexOf("functions"));
  expect(after).toEqual(["functions", "plan", "apply network", "apply data", "apply api", "plan", "validate"]);
  expect(world.ledgerState.record.good).toMatchObject({ release: "r1", runId: result.run.id });
});

test("PLAT-10 an apply that breaks half-way takes itself back", async () => {
  await promote("r1");
  world.failing.apply = 1;
  const result = await promote("r2");
  expect(result).toMatchObject({ status: "rolled back", problems: ["a resource couldn't be made"] });
  expect(where()).toEqual(["r1", "r1", "r1"]);
});

test("PLAT-10 a rollback that would delete data does what is safe, and asks a person for the rest", async () => {
  await promote("r1");
  const result = await promote("bad");
  expect(result.status).toBe("needs a person");
  expect(result.problems).toEqual(["/health answers 500", expect.stringMatching(/data: broken holds data/)]);
  // The network is back; the table's stack, and what depends on it, aren't.
  expect(where()).toEqual(["r1", "bad", "bad"]);
  expect(result.left?.stacks.map(({ stackId }) => stackId)).toEqual(["data", "api"]);
  for (const stack of result.left?.stacks ?? []) world.agreed.add(stack.hash);
  const agreed = await rollback({ approval: { hash: result.left?.hash ?? "", approver: "anna" } });
  expect(agreed.status).toBe("rolled back");
  expect(where()).toEqual(["r1", "r1", "r1"]);
});

test("PLAT-10 without a good release to go back to, it stops and says so", async () => {
  const result = await promote("bad");
  expect(result.status).toBe("needs a person");
  expect(result.problems).toEqual(["/health answers 500", expect.stringMatching(/no good release/)]);
  await expect(rollback()).rejects.toThrow(/no good release/);
});

test("PLAT-10 a rollback that fails, or leads to what doesn't work, is a person's", async () => {
  await promote("r1");
  world.failing.validate = 2;
  expect(await promote("same")).toMatchObject({ status: "needs a person", problems: ["/health answers 500"] });
  // The environment is looked after by going back to its last good release again.
  expect(await rollback()).toMatchObject({ status: "rolled back", run: { release: "r1" } });
});

test("PLAT-10 tap rollback goes to the release before, or to one that was good; to no other", async () => {
  await promote("r1");
  await promote("r2");
  await expect(rollback({ release: "bad" })).rejects.toThrow(/never recorded good in prod/);
  const asked = await rollback();
  expect(asked).toMatchObject({ status: "needs a person", run: { release: "r1" } });
  for (const stack of asked.left?.stacks ?? []) world.agreed.add(stack.hash);
  const approval = { hash: asked.left?.hash ?? "", approver: "anna" };
  expect(await rollback({ release: "r1", approval })).toMatchObject({ status: "rolled back" });
  expect(world.ledgerState.record.good?.release).toBe("r1");
});

test("PLAT-10 after a release that needs a person, one that is refused doesn't hide that the environment isn't back", async () => {
  await promote("r1");
  await promote("same");
  world.failing.validate = 2;
  expect(await promote("r1")).toMatchObject({ status: "needs a person" });
  world.failing.check = 1;
  // Drift is looked at knowing that: code may have been put back.
  expect(await promote("r2")).toMatchObject({ status: "refused", run: { follows: "run000003" } });
  // And neither does one that waits, and is given up by it.
  expect(await promote("r2", {}, { automaticUpTo: "none" })).toMatchObject({ status: "waiting" });
  expect(await rollback()).toMatchObject({ status: "rolled back", run: { release: "same" } });
});

test("PLAT-10 tap rollback, asked twice, doesn't bring back what was just taken back", async () => {
  await promote("r1");
  await promote("same");
  expect(await rollback()).toMatchObject({ status: "rolled back", run: { release: "r1" } });
  await expect(rollback()).rejects.toThrow(/prod is at r1, and no release was good there before it.*--to/);
  expect(where()).toEqual(["r1", "r1", "r1"]);
});

test("PLAT-10 what is to be done next names the release that a rollback was to go to, and the one that was bad", async () => {
  await promote("r1");
  await promote("same");
  await promote("r2");
  const asked = await rollback({ release: "r1" });
  expect(asked).toMatchObject({ status: "needs a person" });
  // Without it the next one would go to the last good release, which is another one.
  expect(nextText(asked)).toContain("tap rollback --env prod --to r1 --approve ");
  for (const stack of asked.left?.stacks ?? []) world.agreed.add(stack.hash);
  const back = await rollback({ release: "r1", approval: { hash: asked.left?.hash ?? "", approver: "anna" } });
  expect(nextText(back)).toContain("mend what was wrong with r2,");
});

test("PLAT-08 a step that finds thousands of problems leaves room in the ledger, and counts them", async () => {
  const problems = Array.from({ length: 5_000 }, (_, index) => `object ${index} is missing ${"…".repeat(100)}`);
  const result = await promote("r1", { steps: () => ({ verify: async () => ({ problems }) }) });
  expect(result.problems.at(-1)).toMatch(/^… and 4\d\d\d more$/);
  expect(JSON.stringify(result.run).length).toBeLessThan(100_000);
  const failing = await promote("r1", {
    steps: () => ({
      plan: async () => {
        throw new Error(problems.join("\n"));
      },
    }),
  });
  expect(JSON.stringify(failing.run).length).toBeLessThan(100_000);
});

describe("a run that broke off half-way", () => {
  const crash = async () => {
    await promote("r1");
    await new Promise<void>((resolve) => {
      const dies = (process: Process) => {
        world.kill(process, true);
        resolve();
        return new Promise<never>(() => {});
      };
      void promote("same", {
        steps: (own, process) => ({ apply: (id) => (id === "data" ? dies(process) : own.apply(id)) }),
      });
    });
    expect(where()).toEqual(["same", "r1", "r1"]);
    await expect(promote("same")).rejects.toThrow(/operator \d+ \(here, process \d+\) has the lease of prod since/);
    world.pass(60_001);
  };

  test("PLAT-08 is completed by the next promotion, which settles first and plans afresh", async () => {
    await crash();
    const result = await run({});
    expect(result).toMatchObject({ status: "good", run: { release: "same" } });
    expect(where()).toEqual(["same", "same", "same"]);
    expect(stepsIn(result)).toContain("settle");
  });

  test("PLAT-10 is taken back by tap rollback", async () => {
    await crash();
    expect((await rollback()).status).toBe("rolled back");
    expect(where()).toEqual(["r1", "r1", "r1"]);
    expect(world.ledgerState.record.good?.release).toBe("r1");
  });

  test("PLAT-08 lets no other release in before", async () => {
    await crash();
    await expect(promote("lean")).rejects.toThrow(/half-way: tap promote --to prod goes on.*lean has to wait/s);
    await expect(rollback({ release: "lean" })).rejects.toThrow(/half-way/);
  });
});

test("PLAT-08 a ledger that can't be reached starts nothing, and stops what has begun before the next write", async () => {
  world.ledgerIsDown = true;
  await expect(promote("r1")).rejects.toThrow(/doesn't answer/);
  expect(world.seen.applied).toBe(0);
  world.ledgerIsDown = false;
  const result = await promote("r1", {
    steps: () => ({
      drift: async () => {
        world.ledgerIsDown = true;
        return { problems: [] };
      },
    }),
  });
  expect(result).toMatchObject({ status: "stopped", problems: [expect.stringMatching(/doesn't answer/)] });
  expect(world.seen.applied).toBe(0);
  world.ledgerIsDown = false;
  world.pass(60_001);
  expect((await run({})).status).toBe("good");
});

test("PLAT-08 a session that expires leaves the run open, and neither fails it nor takes it back", async () => {
  await promote("r1");
  const result = await promote("r2", {
    steps: () => ({
      validate: async () => {
        throw new StopsHere("The role's session has expired");
      },
    }),
  });
  expect(result).toMatchObject({ status: "stopped", problems: ["The role's session has expired"] });
  expect((await run({})).status).toBe("good");
});

test("PLAT-08 what ends because the lease was taken over says so, whatever it ended with", async () => {
  await promote("r1");
  const interrupted = "interrupted: execution halted";
  let other: DeliveryResult | undefined;
  const result = await promote("r2", {
    steps: (_, process) => ({
      apply: async () => {
        process.isAsleep = true;
        world.pass(60_001);
        process.isAsleep = false;
        other = await run({});
        throw new StopsHere(interrupted);
      },
    }),
  });
  expect(other?.status).toBe("good");
  expect(result).toMatchObject({
    status: "stopped",
    problems: [expect.stringMatching(/^The lease of prod was taken over/), interrupted],
  });
});

test("PLAT-08 Ctrl-C ends it after the step that runs", async () => {
  const interrupt = new AbortController();
  const result = await promote("r1", {
    signal: interrupt.signal,
    steps: () => ({
      copy: async () => {
        interrupt.abort();
        return { problems: [] };
      },
    }),
  });
  expect(result.status).toBe("stopped");
  expect(stepsIn(result)).toEqual(["verify", "order", "copy"]);
});

test("PLAT-08 a run that has applied nothing gives way to another one, and to tap rollback", async () => {
  await promote("r1");
  await promote("r2", {}, { automaticUpTo: "none" });
  expect(await promote("r2", {}, { automaticUpTo: "none" })).toMatchObject({ status: "waiting" });
  expect(await rollback()).toMatchObject({ status: "abandoned", run: { release: "r2" } });
  expect(where()).toEqual(["r1", "r1", "r1"]);
});
