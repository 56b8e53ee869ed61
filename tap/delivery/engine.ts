import { Holding, LeaseLost } from "./holding";
import { close, record } from "./journal";
import { LedgerUnreachable } from "./ledger";
import { type Action, nextAction, wasBrokenOff } from "./machine";
import { openRun } from "./open-run";
import type { Outcome, PlannedChange, Run, RunEvent } from "./run";
import { type PromotionSteps, type StepResult, StopsHere } from "./steps";
import type { DeliveryRequest, DeliveryWorld } from "./world";

/** How a command ends: the run's outcome, or why the run isn't finished. */
export interface DeliveryResult {
  readonly status: Outcome | "waiting" | "stopped";
  readonly run: Run;
  readonly problems: readonly string[];
  /** What a person has to agree to, and the hash that says so. */
  readonly left?: { readonly hash: string; readonly stacks: readonly PlannedChange[] };
}

/**
 * Takes the environment's lease, then a new run or the one that is open, and does one step after the other until the run
 * ends or can't go on. All that is to be done is recorded before, and how it went after.
 */
export async function deliver(world: DeliveryWorld, request: DeliveryRequest): Promise<DeliveryResult> {
  const { ledger, by, clock, leaseMilliseconds } = world;
  const holding = await Holding.take({
    ledger,
    environment: request.environment,
    by,
    purpose: `${request.kind} ${request.release ?? "what is open"}`,
    leaseMilliseconds,
    clock,
  });
  try {
    const before = holding.record.run;
    const run = await openRun(world, holding, request);
    if (run === undefined) return { status: "abandoned", run: before as Run, problems: [] };
    return await new Delivery(world, holding, run).toTheEnd(request.approval);
  } finally {
    // Where it can't be given back it ends by itself; how the run went is more important to say.
    await holding.release().catch(() => {});
  }
}

/** One process's share of a run. */
class Delivery {
  readonly #steps: PromotionSteps;
  #run: Run;

  constructor(
    private readonly world: DeliveryWorld,
    private readonly holding: Holding,
    run: Run,
  ) {
    this.#run = run;
    this.#steps = world.stepsFor(holding, run);
  }

  async toTheEnd(approval: DeliveryRequest["approval"]): Promise<DeliveryResult> {
    const { by } = this.world;
    try {
      await this.#record({ type: "session", by, tookOver: this.holding.tookOver });
      if (approval !== undefined) await this.#record({ type: "approved", ...approval, by });
      return await this.#loop();
    } catch (error) {
      if (error instanceof StopsHere) return this.#stopped(await this.#interrupted(error.message));
      if (isStop(error)) return this.#stopped([(error as Error).message]);
      throw error;
    }
  }

  /** What was lost together with the lease, or with the ledger, was mostly lost because of that: it is told first. */
  async #interrupted(problem: string): Promise<string[]> {
    try {
      await this.#record({ type: "interrupted", problems: [problem] });
      return [problem];
    } catch (error) {
      if (isStop(error)) return [(error as Error).message, problem];
      throw error;
    }
  }

  async #loop(): Promise<DeliveryResult> {
    for (;;) {
      if (this.world.signal?.aborted) throw new StopsHere("It was interrupted");
      const action = nextAction(this.#run, { token: this.holding.token, mustSettle: this.#mustSettle() });
      const result = await this.#perform(action);
      if (result !== undefined) return result;
    }
  }

  /** Somebody may be at it still: the lease was taken over, or the process before ended in the middle of a step. */
  #mustSettle(): boolean {
    return this.holding.tookOver || wasBrokenOff(this.#run, this.holding.token);
  }

  async #perform(action: Action): Promise<DeliveryResult | undefined> {
    switch (action.do) {
      case "step":
        await this.#step({ step: action.step }, () => this.#steps[action.step](action.release));
        return undefined;
      case "apply":
        await this.#step({ step: "apply", stackId: action.stackId }, () => this.#steps.apply(action.stackId));
        return undefined;
      case "plan":
        await this.#plan(action.release, action.stackIds);
        return undefined;
      case "turn back":
        await this.#record({ type: "turned back", because: action.because });
        return undefined;
      case "wait":
        return this.#wait(action.hash, action.stacks);
      case "stop":
        return this.#stopped(action.problems);
      case "finish": {
        const { outcome, problems, left } = action;
        await this.#record({ type: "finished", outcome, problems, ...(left === undefined ? {} : { left }) });
        return undefined;
      }
      case "close":
        this.#run = await close(this.world, this.holding, this.#run);
        return this.#finished();
    }
  }

  async #step(
    name: { step: Exclude<keyof PromotionSteps, "plan">; stackId?: string },
    run: () => Promise<StepResult>,
  ): Promise<void> {
    // Recorded before: the write is refused where the lease is lost, and then nothing is done.
    await this.#record({ type: "begun", ...name });
    const { problems, notes = [] } = await run().catch(asProblems);
    await this.#record(
      problems.length > 0
        ? { type: "failed", ...name, problems: cut(problems) }
        : { type: "done", ...name, ...(notes.length === 0 ? {} : { notes: cut(notes) }) },
    );
  }

  async #plan(release: string, stackIds: readonly string[] | undefined): Promise<void> {
    await this.#record({ type: "begun", step: "plan" });
    try {
      const plan = await this.#steps.plan(release, stackIds);
      await this.#record({ type: "done", step: "plan", plan });
    } catch (error) {
      if (isStop(error)) throw error;
      await this.#record({ type: "failed", step: "plan", problems: cut((error as Error).message.split("\n")) });
    }
  }

  async #wait(hash: string, stacks: readonly PlannedChange[]): Promise<DeliveryResult> {
    await this.#record({ type: "waiting", hash });
    return { status: "waiting", run: this.#run, problems: [], left: { hash, stacks } };
  }

  async #record(event: RunEvent): Promise<void> {
    this.#run = await record(this.world, this.holding, this.#run, event);
  }

  #stopped(problems: readonly string[]): DeliveryResult {
    return { status: "stopped", run: this.#run, problems };
  }

  #finished(): DeliveryResult {
    const end = this.#run.events.findLast((event) => event.type === "finished");
    if (end?.type !== "finished") throw new Error(`The run ${this.#run.id} was closed before it was finished`);
    return {
      status: end.outcome,
      run: this.#run,
      problems: end.problems,
      ...(end.left === undefined ? {} : { left: end.left }),
    };
  }
}

function isStop(error: unknown): boolean {
  return error instanceof StopsHere || error instanceof LeaseLost || error instanceof LedgerUnreachable;
}

/** What a step throws is a problem of it; what says that the run can't go on goes on up. */
function asProblems(error: unknown): StepResult {
  if (isStop(error)) throw error;
  return { problems: [(error as Error).message] };
}

/** An item of the ledger has 400 kB: what Terraform says at length is in its own output. All are counted. */
function cut(texts: readonly string[]): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const text of texts.map(short)) {
    length += text.length;
    if (length > 20_000 && kept.length > 0) return [...kept, `… and ${texts.length - kept.length} more`];
    kept.push(text);
  }
  return kept;
}

function short(text: string): string {
  return text.length <= 2_000 ? text : `${text.slice(0, 2_000)}… (${text.length} characters)`;
}
