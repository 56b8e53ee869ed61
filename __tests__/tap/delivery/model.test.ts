import fc from "fast-check";
import { CommandError } from "../../../tap/context";
import { type DeliveryResult, deliver } from "../../../tap/delivery/engine";
import { LeaseLost } from "../../../tap/delivery/holding";
import { LedgerUnreachable } from "../../../tap/delivery/ledger";
import { directionOf } from "../../../tap/delivery/machine";
import type { Outcome, Run } from "../../../tap/delivery/run";
import type { DeliveryRequest } from "../../../tap/delivery/world";
import { Process, type Release, World } from "./model-world";

/*
 * Two operators, their crashes and their sleep, a ledger that comes and goes, steps that fail, approvals: in whatever
 * order. The world says what must never happen (model-world.ts); at the end somebody cleans up, and everything has to be
 * at a good release or with a person.
 */

const leaseMilliseconds = 60_000;
const operators = ["anna", "bert"] as const;

class Real {
  readonly world: World;
  /** What a person is asked to agree to, by operator. */
  readonly asked = new Map<
    string,
    NonNullable<DeliveryResult["left"]> & { kind: "promote" | "rollback"; release: string }
  >();
  readonly results: string[] = [];
  readonly errors: unknown[] = [];
  readonly running = new Map<string, Process>();

  constructor(releases: Readonly<Record<string, Release>>) {
    this.world = new World(releases);
  }

  start(
    name: string,
    force: boolean,
    request: Omit<DeliveryRequest, "environment" | "automaticUpTo">,
  ): Process | undefined {
    const before = this.running.get(name);
    if (before !== undefined && !before.isDead) return undefined;
    const process = new Process(`${name}${this.world.processes.length}`, force);
    this.world.processes.push(process);
    this.running.set(name, process);
    deliver(
      {
        ledger: this.world.ledgerOf(process),
        by: { who: process.name, host: "here", pid: 1 },
        clock: this.world.clockOf(process),
        leaseMilliseconds,
        newRunId: () => this.world.newRunId(),
        stepsFor: () => this.world.stepsOf(process),
      },
      { ...request, environment: "prod", automaticUpTo: "review" },
    ).then(
      (result) => this.#ended(process, name, result),
      (error) => {
        process.isDead = true;
        if (![CommandError, LedgerUnreachable, LeaseLost].some((known) => error instanceof known))
          this.errors.push(error);
      },
    );
    return process;
  }

  #ended(process: Process, name: string, result: DeliveryResult): void {
    process.isDead = true;
    process.beats.length = 0;
    this.results.push(result.status);
    if (result.status === "rolled back") this.world.seen.rolledBack += 1;
    if (result.status === "needs a person") this.world.seen.persons += 1;
    const kind = result.status === "needs a person" ? "rollback" : "promote";
    if (result.left !== undefined) this.asked.set(name, { ...result.left, kind, release: result.run.release });
  }

  /** Lets a process go on by so many calls. */
  async step(process: Process | undefined, count: number): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      if (process === undefined || process.isDead || process.isAsleep) return;
      process.waiting.shift()?.();
      await settled();
    }
  }

  /** Lets a process go on until its next call applies something. */
  async untilAboutToApply(process: Process): Promise<boolean> {
    for (let count = 0; count < 80 && !process.isDead && !process.isAsleep; count += 1) {
      if (process.isAboutToApply) return true;
      await this.step(process, 1);
    }
    return false;
  }

  check(): void {
    if (this.errors.length > 0) throw this.errors[0];
    if (this.world.broken.length > 0) throw new Error(this.world.broken.join("\n"));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

type Command = fc.AsyncCommand<object, Real>;

function command(name: string, run: (real: Real) => void | Promise<void>): Command {
  return {
    check: () => true,
    run: async (_, real) => {
      await run(real);
      await settled();
      real.check();
    },
    toString: () => name,
  };
}

const operator = fc.constantFrom(...operators);
const release = fc.constantFrom("r1", "r2", "r3");

const commands = [
  fc.tuple(operator, release, fc.boolean()).map(([name, id, force]) =>
    command(`${name} promotes ${id}${force ? " by force" : ""}`, (real) => {
      real.start(name, force, { kind: "promote", release: id });
    }),
  ),
  fc.tuple(operator, fc.boolean()).map(([name, force]) =>
    command(`${name} rolls back${force ? " by force" : ""}`, (real) => {
      real.start(name, force, { kind: "rollback" });
    }),
  ),
  ...[1, 2].map(() =>
    operator.map((name) =>
      command(`${name} agrees to what was asked`, async (real) => {
        const asked = real.asked.get(name);
        if (asked === undefined) return;
        const { kind, release, hash, stacks } = asked;
        const process = real.start(name, true, {
          kind,
          ...(kind === "promote" ? { release } : {}),
          approval: { hash, approver: name },
        });
        if (process !== undefined) for (const stack of stacks) real.world.agreed.add(stack.hash);
        await real.step(process, 150);
      }),
    ),
  ),
  // What somebody does most of the time.
  fc.tuple(operator, release).map(([name, id]) =>
    command(`${name} promotes ${id}, to the end`, async (real) => {
      await real.step(real.start(name, true, { kind: "promote", release: id }), 300);
    }),
  ),
  // A process falls asleep between what it recorded and what it does, long enough for another to take over.
  fc
    .tuple(operator, fc.constantFrom("promote", "rollback"), fc.integer({ min: 1, max: 12 }))
    .map(([name, kind, count]) =>
      command(
        `${name} falls asleep when about to apply; somebody takes over with a ${kind}; ${count} later it wakes up`,
        async (real) => {
          const sleeper = real.running.get(name);
          if (sleeper === undefined || !(await real.untilAboutToApply(sleeper))) return;
          sleeper.isAsleep = true;
          real.world.pass(70_000);
          const taker = real.start("carl", true, { kind });
          await real.step(taker, count * 6);
          sleeper.isAsleep = false;
          await real.step(sleeper, 8);
          await real.step(taker, 300);
        },
      ),
    ),
  ...[1, 7, 30, 200].map((most) =>
    fc
      .tuple(operator, fc.integer({ min: 1, max: most }))
      .map(([name, count]) =>
        command(`${name} goes on by ${count}`, (real) => real.step(real.running.get(name), count)),
      ),
  ),
  fc.tuple(operator, fc.boolean()).map(([name, withChild]) =>
    command(`${name} is killed${withChild ? ", and its Terraform" : ""}`, (real) => {
      const process = real.running.get(name);
      if (process !== undefined && !process.isDead) real.world.kill(process, withChild);
    }),
  ),
  operator.map((name) =>
    command(`${name} sleeps, or wakes up`, (real) => {
      const process = real.running.get(name);
      if (process !== undefined) process.isAsleep = !process.isAsleep;
    }),
  ),
  // Another process of the same operator, while the first one sleeps.
  operator.map((name) =>
    command(`${name} goes to another machine`, (real) => {
      const process = real.running.get(name);
      if (process === undefined || process.isDead) return;
      process.isAsleep = true;
      real.running.delete(name);
      real.running.set(`${name} of before`, process);
    }),
  ),
  fc.tuple(operator, fc.integer({ min: 1, max: 30 })).map(([name, count]) =>
    command(`${name} of before wakes up, and goes on by ${count}`, async (real) => {
      const process = real.running.get(`${name} of before`);
      if (process === undefined) return;
      process.isAsleep = false;
      await real.step(process, count);
    }),
  ),
  fc
    .constantFrom(5_000, 25_000, 70_000)
    .map((milliseconds) => command(`${milliseconds} ms pass`, (real) => real.world.pass(milliseconds))),
  fc.boolean().map((isDown) =>
    command(isDown ? "the ledger is down" : "the ledger is up", (real) => {
      real.world.ledgerIsDown = isDown;
    }),
  ),
  fc.constantFrom("check", "plan", "apply", "validate", "open").map((kind) =>
    command(`the next ${kind} fails`, (real) => {
      real.world.failing[kind as keyof World["failing"]] += 1;
    }),
  ),
];

const tables = fc.subarray(["orders", "users"]);
const releases = fc.record({
  r1: fc.record({ tables, works: fc.constant(true) }),
  r2: fc.record({ tables, works: fc.boolean() }),
  r3: fc.record({ tables, works: fc.boolean() }),
});

/** All is quiet again; somebody runs commands until nothing is open. */
async function cleanUp(real: Real): Promise<void> {
  const { world } = real;
  world.ledgerIsDown = false;
  for (const key of Object.keys(world.failing)) world.failing[key as keyof World["failing"]] = 0;
  for (const process of world.processes) {
    process.isAsleep = false;
    await real.step(process, 400);
    if (!process.isDead) world.kill(process, true);
  }
  real.check();
  for (let round = 0; world.ledgerState.record.run !== undefined; round += 1) {
    if (round > 6)
      throw new Error(`A run stays open: ${JSON.stringify(world.ledgerState.record.run.events.slice(-3))}`);
    world.pass(leaseMilliseconds + 1);
    const process = real.start(`cleaner${round}`, true, { kind: round % 2 === 0 ? "promote" : "rollback" });
    await real.step(process, 2_000);
    real.check();
  }
  for (const entry of world.history) if ("run" in entry) judgeEnd(entry.run);
}

/** How a run that is in the history may have ended. */
function judgeEnd(run: Run): void {
  const end = run.events.findLast(({ type }) => type === "finished");
  if (end?.type !== "finished") throw new Error(`${run.id} is in the history, and isn't finished`);
  const ends: Outcome[] = ["rolled back", "needs a person", "abandoned"];
  if (directionOf(run) === "back" && !ends.includes(end.outcome))
    throw new Error(`${run.id} went back, and ended as ${end.outcome}`);
  if (end.outcome === "needs a person" && end.problems.length === 0) throw new Error("A person isn't told why");
}

/** The whole way takes a minute; mutations of the code are found in a tenth of it. */
const numRuns = Number(process.env.TAP_MODEL_RUNS ?? "3000");

test(`PLAT-08, PLAT-10 ${numRuns} random interleavings: one applier, good is validated, no data lost without a person, an end for each run`, async () => {
  const seen = { applied: 0, takenOver: 0, good: 0, rolledBack: 0, persons: 0, lost: 0, stale: 0 };
  await fc.assert(
    fc.asyncProperty(
      releases,
      fc.commands(commands, { maxCommands: 60, size: "max" }),
      async (releasesOfRun, sequence) => {
        const real = new Real(releasesOfRun);
        await fc.asyncModelRun(() => ({ model: {}, real }), sequence);
        await cleanUp(real);
        for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += real.world.seen[key];
      },
    ),
    { numRuns },
  );
  process.stderr.write(`${JSON.stringify(seen)}\n`);
  // What never came up was never tried.
  expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
}, 300_000);
