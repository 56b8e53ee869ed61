import { approvalHash, heldStacks, needsPerson } from "./gate";
import type { Outcome, PlannedChange, PlanSummary, RecordedEvent, Run, StepName } from "./run";

/** Steps that need no more than the release and a result. */
export type SimpleStep = Exclude<StepName, "plan" | "apply">;

/** What a run does next. */
export type Action =
  | { readonly do: "step"; readonly step: SimpleStep; readonly release: string }
  | { readonly do: "plan"; readonly release: string; readonly stackIds?: readonly string[] }
  | { readonly do: "apply"; readonly release: string; readonly stackId: string }
  /** The plan needs a named approval; the run stays open. */
  | { readonly do: "wait"; readonly hash: string; readonly stacks: readonly PlannedChange[] }
  /** The run stays open, and can't go on now. */
  | { readonly do: "stop"; readonly problems: readonly string[] }
  | { readonly do: "turn back"; readonly because: readonly string[] }
  | {
      readonly do: "finish";
      readonly outcome: Outcome;
      readonly problems: readonly string[];
      readonly left?: { readonly hash: string; readonly stacks: readonly PlannedChange[] };
    }
  /** It is finished: what is left is to put it down in the history. */
  | { readonly do: "close" };

/** Who asks: what was done under another token was done by another process, whose files and plans are its own. */
export interface Asker {
  readonly token: number;
  /** Another process may have left Terraform's locks, or may still be at it. */
  readonly mustSettle: boolean;
}

/** Before anything of a release is applied. Once something is, the run has to end, and only `open` is asked again. */
const checks: readonly SimpleStep[] = ["verify", "order", "copy", "open", "audit", "drift"];

/** A stack that changes at every plan would keep a run busy for ever. */
const mostRounds = 20;

/** What a run does next, by what has been recorded and by nothing else. */
export function nextAction(run: Run, { token, mustSettle }: Asker): Action {
  const { events } = run;
  if (events.some(({ type }) => type === "finished")) return { do: "close" };
  const settled = lastOf(ownIn(events, token), "settle");
  if (settled?.type === "failed") return { do: "stop", problems: settled.problems };
  if (mustSettle && settled === undefined) return { do: "step", step: "settle", release: run.release };
  return directionOf(run) === "forward" ? forward(run, token) : back(run, token);
}

/** A promotion goes forward until it is turned back; a rollback goes back from its first step. */
export function directionOf({ kind, events }: Run): "forward" | "back" {
  return kind === "rollback" || events.some(({ type }) => type === "turned back") ? "back" : "forward";
}

/** The release that a run is bringing in at the moment; undefined where it is to go back, and nothing was ever good. */
export function targetOf(run: Run): string | undefined {
  return run.kind === "promote" && directionOf(run) === "back" ? run.lastGood : run.release;
}

/** Whether anything of the release may have reached the environment. */
export function hasApplied({ events }: Run): boolean {
  return events.some((event) => event.type === "begun" && (event.step === "apply" || event.step === "functions"));
}

/** Whether the process that had the run before ended otherwise than by waiting for a person. */
export function wasBrokenOff({ events }: Run, token: number): boolean {
  const last = events.findLast((event) => event.token !== token);
  return last !== undefined && last.type !== "waiting";
}

function forward(run: Run, token: number): Action {
  const own = ownIn(run.events, token);
  const applied = hasApplied(run);
  const broken = (problems: readonly string[]): Action =>
    applied ? { do: "turn back", because: problems } : { do: "finish", outcome: "refused", problems };
  for (const step of applied ? (["open"] as const) : checks) {
    const last = lastOf(own, step);
    if (last?.type === "failed") return broken(last.problems);
    if (last === undefined) return { do: "step", step, release: run.release };
  }
  return (
    rounds(run, run.release, own, broken, "forward") ??
    validated(own, run.release, broken, { do: "finish", outcome: "good", problems: [] })
  );
}

function back(run: Run, token: number): Action {
  const release = targetOf(run);
  const person = (problems: readonly string[]): Action => ({ do: "finish", outcome: "needs a person", problems });
  const because = run.events.flatMap((event) => (event.type === "turned back" ? event.because : []));
  if (release === undefined)
    return person([...because, `${run.environment} has no good release to go back to: nothing was ever recorded good`]);
  const turned = run.events.findLastIndex(({ type }) => type === "turned back");
  const own = ownIn(run.events.slice(turned + 1), token);
  const opened = lastOf(own, "open");
  if (opened?.type === "failed") return person(opened.problems);
  if (opened === undefined) return { do: "step", step: "open", release };
  // Code first: it takes seconds. Where it fails, the infrastructure brings the code as well.
  if (lastOf(own, "functions") === undefined) return { do: "step", step: "functions", release };
  return (
    rounds(run, release, own, person, "back") ??
    validated(own, release, person, { do: "finish", outcome: "rolled back", problems: because })
  );
}

function validated(
  own: readonly RecordedEvent[],
  release: string,
  broken: (problems: readonly string[]) => Action,
  end: Action,
): Action {
  const last = lastOf(own, "validate");
  if (last === undefined) return { do: "step", step: "validate", release };
  return last.type === "failed" ? broken(last.problems) : end;
}

/** Plan, gate and apply, until a plan has nothing left to do; undefined then. */
function rounds(
  run: Run,
  release: string,
  own: readonly RecordedEvent[],
  broken: (problems: readonly string[]) => Action,
  direction: "forward" | "back",
): Action | undefined {
  const at = own.findLastIndex((event) => (event.type === "done" || event.type === "failed") && event.step === "plan");
  const event = own[at];
  if (event?.type === "failed") return broken(event.problems);
  if (event?.type !== "done" || event.plan === undefined) return { do: "plan", release };
  const { plan } = event;
  const isApproved = (hash: string) => run.events.some((each) => each.type === "approved" && each.hash === hash);
  const held = isApproved(approvalHash(plan, run.automaticUpTo, direction))
    ? []
    : heldStacks(plan, run.automaticUpTo, direction);
  if (direction === "forward" && held.length > 0)
    return { do: "wait", hash: approvalHash(plan, run.automaticUpTo, direction), stacks: held };
  const left = new Set(held.map(({ stackId }) => stackId));
  const since = own.slice(at + 1);
  const toApply = plan.stacks.filter(({ status, stackId }) => status === "changes" && !left.has(stackId));
  for (const { stackId } of toApply) {
    const ended = since.findLast(
      (each) => (each.type === "done" || each.type === "failed") && each.step === "apply" && each.stackId === stackId,
    );
    if (ended?.type === "failed") return broken(ended.problems);
    if (ended === undefined) return { do: "apply", release, stackId };
  }
  return afterRound(run, release, own, plan, held, broken, direction);
}

/** When all of a round is applied: what waited, and what reads what was changed, is planned again. */
function afterRound(
  run: Run,
  release: string,
  own: readonly RecordedEvent[],
  plan: PlanSummary,
  held: readonly PlannedChange[],
  broken: (problems: readonly string[]) => Action,
  direction: "forward" | "back",
): Action | undefined {
  const left = new Set(held.map(({ stackId }) => stackId));
  const changed = plan.stacks.filter(({ status, stackId }) => status === "changes" && !left.has(stackId));
  if (held.length > 0) {
    const what = held.filter((stack) => needsPerson(stack, run.automaticUpTo, direction));
    return {
      do: "finish",
      outcome: "needs a person",
      problems: [...reasonsOf(run), ...what.flatMap(lossOf)],
      left: { hash: approvalHash(plan, run.automaticUpTo, direction), stacks: held },
    };
  }
  const waiting = plan.stacks.filter(({ status }) => status === "waiting");
  const again = readersOf(plan, changed);
  if (again.length === 0 && waiting.length === 0) return undefined;
  if (changed.length === 0)
    return broken(
      waiting.map(
        ({ stackId, summary }) => `${stackId} can't be planned: ${summary}, and nothing that was planned changes that`,
      ),
    );
  const plans = own.filter((event) => event.type === "done" && event.step === "plan");
  if (plans.length >= mostRounds)
    return broken([
      `After ${mostRounds} plans there is still something to do in ${again.map(({ stackId }) => stackId).join(", ")}`,
    ]);
  const ids = new Set([...waiting, ...again].map(({ stackId }) => stackId));
  return { do: "plan", release, stackIds: plan.stacks.map(({ stackId }) => stackId).filter((id) => ids.has(id)) };
}

/** What has read values that were changed since, and what depends on that. */
function readersOf(plan: PlanSummary, changed: readonly PlannedChange[]): PlannedChange[] {
  const applied = new Set(changed.map(({ stackId }) => stackId));
  const readers = new Set(plan.stacks.filter(({ outdatedBy }) => outdatedBy.some((id) => applied.has(id))));
  for (let grown = readers.size > 0; grown; ) {
    const ids = new Set([...readers].map(({ stackId }) => stackId));
    const more = plan.stacks.filter((stack) => !readers.has(stack) && stack.dependsOn.some((id) => ids.has(id)));
    for (const stack of more) readers.add(stack);
    grown = more.length > 0;
  }
  return [...readers];
}

function lossOf({ stackId, losesData }: PlannedChange): string[] {
  return losesData.map((address) => `${stackId}: ${address} holds data, and would be deleted or replaced`);
}

function reasonsOf({ events }: Run): string[] {
  return events.flatMap((event) => (event.type === "turned back" ? event.because : []));
}

/** What one process recorded. */
function ownIn(events: readonly RecordedEvent[], token: number): RecordedEvent[] {
  return events.filter((event) => event.token === token);
}

/** How a step ended the last time. */
function lastOf(events: readonly RecordedEvent[], step: SimpleStep) {
  return events.findLast(
    (event): event is Extract<RecordedEvent, { type: "done" | "failed" }> =>
      (event.type === "done" || event.type === "failed") && event.step === step,
  );
}
