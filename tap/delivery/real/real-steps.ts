import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseStackId } from "../../graph/stack-id";
import { applyPlan, type StackFolder, type StackPlan } from "../../plan";
import { archiveProblems, copyRelease, openRelease, readManifest, short, verifyRelease } from "../../release";
import { terraform } from "../../terraform";
import { LedgerUnreachable } from "../ledger";
import type { PlanSummary } from "../run";
import { type PromotionSteps, type StepResult, StopsHere } from "../steps";
import { isExpired } from "./expired";
import { checkDrift, checkOrder, checkStructure } from "./gates";
import type { RealOptions, Session } from "./options";
import { expiredText, type Opened, type Planned, planRelease } from "./plan";
import { settle } from "./settle";
import { functionsBack, validate } from "./validate";

/** What promotions and rollbacks do in AWS, or on this machine in what stands for it. */
export class RealSteps implements PromotionSteps {
  readonly #plans = new Map<string, StackPlan>();
  #opened: Opened | undefined;
  /** Milliseconds since 1970. */
  #firstApply: number | undefined;
  /** Plans that drift was looked for in. */
  #fresh: Planned | undefined;

  constructor(
    private readonly options: RealOptions,
    private readonly session: Session,
  ) {}

  settle(): Promise<StepResult> {
    return guarded(() => settle(this.options, this.session));
  }

  verify(release: string): Promise<StepResult> {
    const { from, environment, before } = this.options;
    return guarded(async () => {
      const { problems, manifest, objects } = await verifyRelease(from, release);
      if (manifest === undefined || problems.length > 0) return { problems };
      const suffix = environment.environmentSuffix;
      const missing = suffix in manifest.environments ? [] : [`${short(release)} has no stacks of ${suffix}`];
      // The first environment is where somebody may try what isn't committed.
      const unclean =
        manifest.source.isClean || before === undefined
          ? []
          : [`${short(release)} was made of a working tree with changes: what goes on from here is made of a commit`];
      return { problems: [...missing, ...unclean], notes: [`${objects} objects of ${from.location} are as they were`] };
    });
  }

  order(release: string): Promise<StepResult> {
    return guarded(() => checkOrder(this.options, release, this.session.run.lastGood));
  }

  copy(release: string): Promise<StepResult> {
    const { from, store } = this.options;
    return guarded(async () => {
      if (from.location === store.location) return { problems: [], notes: ["it is there already"] };
      const { stored, objects, mended } = await copyRelease(from, store, release, (done, all) =>
        this.session.say(`${done}/${all}`),
      );
      return {
        problems: [],
        notes: [`${stored} of ${objects} objects were new in ${store.location}, ${mended.length} mended`],
      };
    });
  }

  open(release: string): Promise<StepResult> {
    const { store, environment } = this.options;
    return guarded(async () => {
      const folder = join(this.#folder(), short(release));
      rmSync(folder, { recursive: true, force: true });
      this.#plans.clear();
      this.#fresh = undefined;
      const opened = await openRelease(store, release, folder, { environments: [environment.environmentSuffix] });
      const isPromoted = ({ stackId }: StackFolder) => parseStackId(stackId)?.component !== "bootstrap";
      this.#opened = { ...opened, stacks: opened.stacks.filter(isPromoted), known: opened.stacks };
      this.#removeOthers();
      return { problems: [], notes: await this.#notesOfStacksLeft(release) };
    });
  }

  /** Nothing destroys a stack by itself; whoever reads "good" or "rolled back" is to know what else there is. */
  async #notesOfStacksLeft(release: string): Promise<string[]> {
    const { store, environment } = this.options;
    const { run } = this.session;
    const other = [run.lastGood, run.release].find((id) => id !== undefined && id !== release);
    // It isn't needed for anything else, and needn't be there any more.
    const before = other === undefined ? undefined : await readManifest(store, other).catch(() => undefined);
    const left = before === undefined ? [] : stacksLeft(this.#open().manifest, before, environment.environmentSuffix);
    return left.map((id) => `${id} is in ${short(other as string)} and not in ${short(release)}: it stays deployed`);
  }

  audit(): Promise<StepResult> {
    return guarded(() => checkStructure(this.options, this.session, this.#open()));
  }

  drift(): Promise<StepResult> {
    return guarded(async () => {
      this.#fresh = await planRelease(this.options, this.session, this.#open(), undefined);
      return checkDrift(this.options, this.#fresh.plans, this.session.run.follows !== undefined);
    });
  }

  functions(): Promise<StepResult> {
    return guarded(() => functionsBack(this.options, this.#open()));
  }

  async plan(_release: string, stackIds?: readonly string[]): Promise<PlanSummary> {
    // Drift was looked for in plans that are a moment old, and in nothing else: they are the ones to go on with.
    const fresh = stackIds === undefined ? this.#fresh : undefined;
    this.#fresh = undefined;
    const { plans, summary } = fresh ?? (await planRelease(this.options, this.session, this.#open(), stackIds));
    for (const plan of plans) this.#plans.set(plan.stackId, plan);
    return summary;
  }

  apply(stackId: string): Promise<StepResult> {
    const { context } = this.options;
    const { signal, say } = this.session;
    return guarded(async () => {
      const plan = this.#plans.get(stackId);
      if (plan === undefined) return { problems: [`${stackId} was never planned`] };
      const { folder, manifest } = this.#open();
      const changed = archiveProblems(folder, manifest, [stackId]);
      if (changed.length > 0) return { problems: changed };
      this.#firstApply ??= Date.now();
      const result = await applyPlan(context, plan, { signal, onResource: say });
      if (result.applied) return { problems: [] };
      await this.#saveState(plan);
      if (isExpired(result.error)) throw new StopsHere(expiredText(`${stackId}: ${result.error}`));
      if (signal.aborted) throw new StopsHere(`${stackId}: ${result.error}`);
      return { problems: [`${stackId}: ${result.error}`] };
    });
  }

  validate(): Promise<StepResult> {
    return guarded(() => validate(this.options, this.session, this.#open(), this.#firstApply));
  }

  /** What an apply has made and couldn't write into the state: nobody may plan before it is there. */
  async #saveState({ stackId, folder }: StackPlan): Promise<void> {
    const file = join(folder, "errored.tfstate");
    if (!existsSync(file)) return;
    const pushed = await terraform(this.options.context, folder, ["state", "push", file]);
    if (pushed.exitCode !== 0)
      throw new StopsHere(
        `${stackId}: its state couldn't be saved, and is in ${file}: keep that file, it says what was made. The same command, on this machine, saves it and goes on.\n${pushed.stderr.trim()}`,
      );
    rmSync(file);
  }

  #open(): Opened {
    if (this.#opened === undefined) throw new Error("The release isn't open");
    return this.#opened;
  }

  #folder(): string {
    return join(this.options.work, `session-${this.session.token}`);
  }

  /** Folders of earlier sessions, but for states that couldn't be saved. */
  #removeOthers(): void {
    const { work } = this.options;
    const old = readdirSync(work).filter((name) => /^session-\d+$/.test(name) && join(work, name) !== this.#folder());
    for (const name of old) {
      const hasState = readdirSync(join(work, name), { recursive: true }).some((path) =>
        String(path).endsWith("errored.tfstate"),
      );
      if (!hasState) rmSync(join(work, name), { recursive: true, force: true });
    }
  }
}

/** Stacks of an environment that another release has, and this one hasn't. */
export function stacksLeft(
  { stacks }: { readonly stacks: Readonly<Record<string, { readonly environment: string }>> },
  other: { readonly stacks: Readonly<Record<string, { readonly environment: string }>> },
  environment: string,
): string[] {
  return Object.entries(other.stacks).flatMap(([id, stack]) =>
    stack.environment === environment && !(id in stacks) ? [id] : [],
  );
}

/** A session that is over stops the run, and says nothing against the release. */
async function guarded(run: () => Promise<StepResult>): Promise<StepResult> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StopsHere || error instanceof LedgerUnreachable || !isExpired(error)) throw error;
    throw new StopsHere(expiredText((error as Error).message));
  }
}
