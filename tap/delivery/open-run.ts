import { CommandError } from "../context";
import type { Holding } from "./holding";
import { close, record } from "./journal";
import type { EnvironmentRecord, Ledger } from "./ledger";
import { directionOf, hasApplied, targetOf } from "./machine";
import type { Run } from "./run";
import type { DeliveryRequest, DeliveryWorld } from "./world";

/**
 * The run that is asked for: the open one, or a new one; undefined where the open one had changed nothing, and giving it
 * up was all that was asked for. @throws CommandError where another has to end first
 */
export async function openRun(
  world: DeliveryWorld,
  holding: Holding,
  request: DeliveryRequest,
): Promise<Run | undefined> {
  const open = holding.record.run;
  if (open === undefined) return newRun(world, holding, request);
  if (open.events.some(({ type }) => type === "finished")) {
    await close(world, holding, open);
    return newRun(world, holding, request);
  }
  if (hasApplied(open)) return takeUp(world, holding, open, request);
  if (request.kind === open.kind && (request.release ?? open.release) === open.release) return open;
  await close(world, holding, open, "abandoned");
  const asksForNoOther = request.kind === "rollback" && request.release === undefined;
  const { good } = holding.record;
  return asksForNoOther && (good === undefined || (await halfWayRun(world.ledger, undefined)) === undefined)
    ? undefined
    : newRun(world, holding, request);
}

/** A run that broke off half-way is completed, or taken back. */
async function takeUp(world: DeliveryWorld, holding: Holding, open: Run, request: DeliveryRequest): Promise<Run> {
  const asked = request.release;
  const isBack = directionOf(open) === "back";
  const expected = request.kind === "promote" ? open.release : isBack ? targetOf(open) : open.lastGood;
  if (asked !== undefined && asked !== expected) throw halfWay(open, asked);
  if (isBack || request.kind === "promote") return open;
  const because = `${world.by.who} asked for it: tap rollback`;
  return record(world, holding, open, { type: "turned back", because: [because] });
}

function halfWay(open: Run, asked: string): CommandError {
  const { id, release, environment, lastGood } = open;
  const takesBack = `tap rollback --env ${environment} takes it back to ${lastGood ?? "nothing: no release was ever good"}`;
  const next =
    directionOf(open) === "back"
      ? `is half-way back to ${targetOf(open)}: tap rollback --env ${environment} goes on with it`
      : `of ${release} is half-way: tap promote --to ${environment} goes on with it, ${takesBack}`;
  return new CommandError(`The run ${id} ${next}. ${asked} has to wait for that. Nothing was changed.`);
}

async function newRun(world: DeliveryWorld, holding: Holding, request: DeliveryRequest): Promise<Run> {
  const { kind, environment, automaticUpTo, commit } = request;
  const { good } = holding.record;
  const release = request.release ?? (await defaultRelease(world, holding, request));
  if (kind === "rollback") await refuseUnknownGood(world, release, environment);
  const half = await halfWayRun(world.ledger, undefined);
  const run: Run = {
    id: world.newRunId(),
    environment,
    kind,
    release,
    ...(good === undefined ? {} : { lastGood: good.release }),
    ...(half === undefined ? {} : { follows: half.id }),
    automaticUpTo,
    ...(commit === undefined ? {} : { commit }),
    by: world.by,
    startedAt: new Date(world.clock.now()).toISOString(),
    events: [],
  };
  await holding.update((before) => ({ ...before, run }));
  return run;
}

async function defaultRelease(
  world: DeliveryWorld,
  holding: Holding,
  { kind, environment, defaultRelease: fallback }: DeliveryRequest,
): Promise<string> {
  if (kind === "promote" && fallback !== undefined) return fallback();
  if (kind === "promote")
    throw new CommandError(
      `No run of ${environment} is open, so that --release has to name what to promote: tap release list. Nothing was changed.`,
    );
  return targetToGoBackTo(world.ledger, holding.record, environment);
}

/** Where a rollback leads that names no release. @throws CommandError where there is nothing to go back to */
export async function targetToGoBackTo(
  ledger: Ledger,
  { good, run: open }: EnvironmentRecord,
  environment: string,
): Promise<string> {
  if (good === undefined)
    throw new CommandError(
      `${environment} has no good release to go back to: nothing was ever recorded good. Nothing was changed.`,
    );
  // In the middle of a run, and after one that a person has to look after, the environment isn't at its last good release.
  if ((await halfWayRun(ledger, open)) !== undefined) return good.release;
  const before = goodBefore((await ledger.goods(1_000)).map(({ release }) => release));
  if (before === undefined)
    throw new CommandError(
      `${environment} is at ${good.release}, and no release was good there before it: tap history --env ${environment} lists those that were good later, and --to names one. Nothing was changed.`,
    );
  return before;
}

/** The last run that changed something, where it didn't end at a good release; what was refused or given up changed nothing. */
async function halfWayRun(ledger: Ledger, open: Run | undefined): Promise<Run | undefined> {
  const outcomeOf = ({ events }: Run) => events.findLast((event) => event.type === "finished")?.outcome;
  const changed = (runs: readonly Run[]) =>
    runs.find((run) => !["refused", "abandoned"].includes(outcomeOf(run) ?? "open"));
  const first = open === undefined ? [] : [open];
  // Nearly always the last one says it.
  const last = changed(first) ?? changed(await ledger.runs(1)) ?? changed(await ledger.runs(100));
  return last === undefined || ["good", "rolled back"].includes(outcomeOf(last) ?? "open") ? undefined : last;
}

/** The one below the last, where what was gone back from isn't gone back to: of a, b, c, b that is a. */
function goodBefore(newestFirst: readonly string[]): string | undefined {
  const path: string[] = [];
  for (const release of newestFirst.toReversed()) {
    const at = path.indexOf(release);
    if (at !== -1) path.length = at;
    path.push(release);
  }
  return path.at(-2);
}

async function refuseUnknownGood({ ledger }: DeliveryWorld, release: string, environment: string): Promise<void> {
  const goods = await ledger.goods(1_000);
  if (goods.some((good) => good.release === release)) return;
  throw new CommandError(
    `${release} was never recorded good in ${environment}: a rollback goes to what was. tap history --env ${environment} lists them. Nothing was changed.`,
  );
}
