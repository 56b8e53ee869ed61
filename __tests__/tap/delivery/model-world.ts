import type { Clock } from "../../../tap/delivery/holding";
import {
  type EnvironmentRecord,
  emptyRecord,
  type Good,
  type HistoryEntry,
  type Ledger,
  LedgerConflict,
  LedgerUnreachable,
} from "../../../tap/delivery/ledger";
import type { PlannedChange, PlanSummary, Run } from "../../../tap/delivery/run";
import type { PromotionSteps, StepResult } from "../../../tap/delivery/steps";

/*
 * A world for the promotion's model test: one environment of three stacks, with Terraform's locks and serials, a ledger,
 * a clock, and processes that stop, sleep and die between any two of their calls. It knows by itself what must never
 * happen, and says so as soon as it does.
 */

export const stackIds = ["network", "data", "api"] as const;
export type StackId = (typeof stackIds)[number];

const dependsOn: Record<StackId, readonly StackId[]> = { network: [], data: ["network"], api: ["data"] };

export interface Release {
  /** Tables in the stack `data`: what a later one lacks is deleted. */
  readonly tables: readonly string[];
  readonly works: boolean;
}

interface Stack {
  /** What it is at; "…" after it: half of it. */
  release: string | undefined;
  serial: number;
  lockedBy: Child | undefined;
  tables: readonly string[];
}

/** A Terraform that applies. */
interface Child {
  readonly process: Process;
  isDead: boolean;
}

/** One run of the command. */
export class Process {
  isDead = false;
  isAsleep = false;
  /** Its role's session was cut off. */
  isDenied = false;
  token = 0;
  readonly waiting: (() => void)[] = [];
  readonly beats: { at: number; every: number; run: () => void }[] = [];
  child: Child | undefined;
  isAboutToApply = false;

  constructor(
    readonly name: string,
    readonly force: boolean,
  ) {}

  /** Waits until the test lets it go on; a dead one waits for ever. */
  tick(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

export class World {
  now = 1_000_000;
  ledgerState: { version: number; record: EnvironmentRecord } = { version: 0, record: emptyRecord };
  history: HistoryEntry[] = [];
  ledgerIsDown = false;
  /** How many of the next calls of a step fail. */
  readonly failing = { check: 0, plan: 0, apply: 0, validate: 0, open: 0 };
  readonly stacks: Record<StackId, Stack>;
  readonly processes: Process[] = [];
  /** Hashes of stacks' plans that a person has agreed to. */
  readonly agreed = new Set<string>();
  readonly broken: string[] = [];
  readonly seen = { applied: 0, takenOver: 0, good: 0, rolledBack: 0, persons: 0, lost: 0, stale: 0 };
  #changes = 0;
  #validated: { release: string; changes: number } | undefined;
  #settledToken = 0;
  #runs = 0;

  constructor(readonly releases: Readonly<Record<string, Release>>) {
    const stack = (): Stack => ({ release: undefined, serial: 1, lockedBy: undefined, tables: [] });
    this.stacks = { network: stack(), data: stack(), api: stack() };
  }

  newRunId(): string {
    this.#runs += 1;
    return `run${String(this.#runs).padStart(6, "0")}`;
  }

  clockOf(process: Process): Clock {
    return {
      now: () => this.now,
      every: (every, run) => {
        const beat = { at: this.now + every, every, run };
        process.beats.push(beat);
        return () => process.beats.splice(process.beats.indexOf(beat), 1);
      },
    };
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const process of this.processes.filter(({ isDead, isAsleep }) => !isDead && !isAsleep))
      for (const beat of [...process.beats].filter(({ at }) => at <= this.now)) {
        beat.at = this.now + beat.every;
        beat.run();
      }
  }

  /** Ends a process; its Terraform ends too, and leaves its lock, or goes on alone. */
  kill(process: Process, withChild: boolean): void {
    process.isDead = true;
    process.beats.length = 0;
    const { child } = process;
    if (child === undefined) return;
    if (withChild) child.isDead = true;
    else void this.#finishAlone(child);
  }

  async #finishAlone(child: Child): Promise<void> {
    for (const stack of Object.values(this.stacks).filter(({ lockedBy }) => lockedBy === child)) {
      if (stack.release?.endsWith("…") && !child.process.isDenied) this.#finishApply(stack);
      stack.lockedBy = undefined;
    }
  }

  ledgerOf(process: Process): Ledger {
    const reach = async <T>(run: () => T): Promise<T> => {
      await process.tick();
      if (this.ledgerIsDown) throw new LedgerUnreachable("The ledger doesn't answer");
      const result = run();
      await process.tick();
      // The answer is lost, and what was asked for is done.
      if (this.ledgerIsDown) throw new LedgerUnreachable("The ledger doesn't answer any more");
      return result;
    };
    return {
      place: "here",
      read: () => reach(() => this.ledgerState),
      write: (record, expectedVersion) =>
        reach(() => {
          if (this.ledgerState.version !== expectedVersion) throw new LedgerConflict("somebody else wrote");
          this.#judgeRecord(this.ledgerState.record, record);
          this.ledgerState = { version: expectedVersion + 1, record };
          if (record.lease.holder?.who === process.name) process.token = record.lease.token;
        }),
      append: (entry) =>
        reach(() => {
          if (!this.history.some(({ key }) => key === entry.key)) this.history.push(entry);
        }),
      runs: (limit) =>
        reach(() =>
          this.history
            .flatMap((entry): Run[] => ("run" in entry ? [entry.run] : []))
            .reverse()
            .slice(0, limit),
        ),
      goods: (limit) =>
        reach(() =>
          this.history
            .flatMap((entry): Good[] => ("good" in entry ? [entry.good] : []))
            .reverse()
            .slice(0, limit),
        ),
    };
  }

  /** A release is good only where it is in, whole, and was validated after the last change. */
  #judgeRecord(before: EnvironmentRecord, after: EnvironmentRecord): void {
    if (after.lease.token < before.lease.token) this.broken.push("the fencing token went back");
    const { good } = after;
    if (good === undefined || good.runId === before.good?.runId) return;
    this.seen.good += 1;
    const elsewhere = stackIds.filter((id) => this.stacks[id].release !== good.release);
    if (elsewhere.length > 0)
      this.broken.push(
        `${good.release} is recorded good, and ${elsewhere} are at ${elsewhere.map((id) => this.stacks[id].release)}`,
      );
    if (this.#validated?.release !== good.release || this.#validated.changes !== this.#changes)
      this.broken.push(`${good.release} is recorded good, and wasn't validated`);
    if (!this.releases[good.release]?.works) this.broken.push(`${good.release} is recorded good, and doesn't work`);
  }

  stepsOf(process: Process): PromotionSteps {
    const planned = new Map<string, { release: string; serial: number; change: PlannedChange }>();
    const simple = async (kind: keyof World["failing"]): Promise<StepResult> => {
      await process.tick();
      return { problems: this.#fails(kind) ? [`${kind} failed`] : [] };
    };
    return {
      settle: () => this.#settle(process),
      verify: () => simple("check"),
      order: () => simple("check"),
      copy: () => simple("check"),
      open: () => simple("open"),
      audit: () => simple("check"),
      drift: () => simple("check"),
      functions: () => simple("check"),
      plan: async (release, wanted = stackIds) => {
        await process.tick();
        if (this.#fails("plan")) throw new Error("plan failed");
        const stacks = stackIds.filter((id) => wanted.includes(id)).map((id) => this.#plan(id, release));
        for (const change of stacks)
          planned.set(change.stackId, { release, serial: this.stacks[change.stackId as StackId].serial, change });
        await process.tick();
        return { release, stacks } satisfies PlanSummary;
      },
      apply: (stackId) => this.#apply(process, stackId as StackId, planned.get(stackId)),
      validate: async (release) => {
        await process.tick();
        const works = this.releases[release]?.works && !this.#fails("validate");
        const isIn = stackIds.every((id) => this.stacks[id].release === release);
        if (works && isIn) this.#validated = { release, changes: this.#changes };
        await process.tick();
        return { problems: works && isIn ? [] : ["/health answers 500"] };
      },
    };
  }

  #plan(id: StackId, release: string): PlannedChange {
    const stack = this.stacks[id];
    const waits = dependsOn[id].some((other) => this.stacks[other].release === undefined);
    const tables = id === "data" ? (this.releases[release]?.tables ?? []) : [];
    const losesData = stack.tables.filter((table) => !tables.includes(table));
    const changes = stack.release !== release;
    return {
      stackId: id,
      status: waits ? "waiting" : changes ? "changes" : "no changes",
      hash: `${id} ${stack.release} → ${release} without ${losesData}`,
      class: losesData.length > 0 ? "irreversible" : changes ? "review" : "none",
      losesData: waits ? [] : losesData,
      dependsOn: dependsOn[id],
      outdatedBy: dependsOn[id].filter((other) => this.stacks[other].release !== release),
      summary: waits ? `waits for ${dependsOn[id]}` : "",
    };
  }

  async #settle(process: Process): Promise<StepResult> {
    await process.tick();
    const locks = Object.values(this.stacks).flatMap(({ lockedBy }) => lockedBy ?? []);
    if (locks.length > 0 && !process.force) return { problems: ["Terraform's locks are held"] };
    if (locks.length > 0) {
      for (const other of this.processes.filter(({ token }) => token < process.token)) other.isDenied = true;
      await process.tick();
      if (process.isDenied) return { problems: ["access denied"] };
    }
    // One stack after the other, as Terraform pushes states; a process may go on in between.
    for (const stack of Object.values(this.stacks)) {
      if (stack.lockedBy !== undefined && !stack.lockedBy.process.isDenied)
        return { problems: ["Terraform's locks are held"] };
      stack.lockedBy = undefined;
      stack.serial += 1;
      await process.tick();
    }
    this.#settledToken = Math.max(this.#settledToken, process.token);
    this.seen.takenOver += 1;
    return { problems: [] };
  }

  async #apply(
    process: Process,
    id: StackId,
    planned: { release: string; serial: number; change: PlannedChange } | undefined,
  ): Promise<StepResult> {
    process.isAboutToApply = true;
    await process.tick();
    process.isAboutToApply = false;
    const stack = this.stacks[id];
    if (planned === undefined) return { problems: ["nothing is planned"] };
    if (process.isDenied) return { problems: ["access denied"] };
    if (stack.lockedBy !== undefined) return { problems: ["the state is locked"] };
    if (stack.serial !== planned.serial) {
      this.seen.stale += 1;
      return { problems: ["the saved plan is stale"] };
    }
    const child: Child = { process, isDead: false };
    this.#judgeApply(process, planned.change);
    stack.lockedBy = child;
    process.child = child;
    stack.release = `${planned.release}…`;
    stack.tables = stack.tables.filter((table) => !planned.change.losesData.includes(table));
    this.#changes += 1;
    this.seen.applied += 1;
    await process.tick();
    const fails = this.#fails("apply") || process.isDenied;
    if (!fails) this.#finishApply(stack);
    if (stack.lockedBy === child) stack.lockedBy = undefined;
    process.child = undefined;
    await process.tick();
    return { problems: fails ? ["a resource couldn't be made"] : [] };
  }

  #finishApply(stack: Stack): void {
    const release = stack.release?.replace("…", "") as string;
    stack.release = release;
    if (stack === this.stacks.data) stack.tables = this.releases[release]?.tables ?? [];
    stack.serial += 1;
    this.#changes += 1;
  }

  #judgeApply(process: Process, change: PlannedChange): void {
    const others = Object.values(this.stacks).flatMap(({ lockedBy }) =>
      lockedBy === undefined || lockedBy.isDead || lockedBy.process.isDenied ? [] : [lockedBy.process.name],
    );
    if (others.length > 0) this.broken.push(`${process.name} applies beside ${others}`);
    if (process.token < this.#settledToken) this.broken.push(`${process.name} applies, though another has taken over`);
    if (change.losesData.length > 0) {
      this.seen.lost += 1;
      if (!this.agreed.has(change.hash)) this.broken.push(`${change.losesData} were deleted, and nobody had agreed`);
    }
    const { run } = this.ledgerState.record;
    const last = run?.events.findLast(({ token }) => token === process.token);
    if (process.token === this.ledgerState.record.lease.token && !(last?.type === "begun" && last.step === "apply"))
      this.broken.push(`${process.name} applies ${change.stackId}, and hadn't recorded it`);
  }

  #fails(kind: keyof World["failing"]): boolean {
    if (this.failing[kind] === 0) return false;
    this.failing[kind] -= 1;
    return true;
  }
}
