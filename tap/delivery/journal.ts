import type { Holding } from "./holding";
import { targetOf } from "./machine";
import type { Outcome, RecordedEvent, Run, RunEvent } from "./run";
import type { DeliveryWorld } from "./world";

/** Adds to a run what happens. @throws LeaseLost where the environment is another's by now */
export async function record(world: DeliveryWorld, holding: Holding, run: Run, event: RunEvent): Promise<Run> {
  const recorded: RecordedEvent = { ...event, at: new Date(world.clock.now()).toISOString(), token: holding.token };
  const next: Run = { ...run, events: [...run.events, recorded] };
  const good =
    event.type === "finished" && (event.outcome === "good" || event.outcome === "rolled back")
      ? { release: targetOf(next) as string, runId: next.id, at: recorded.at }
      : undefined;
  // One write: a release is good exactly when the run that validated it is finished.
  await holding.update((before) => ({ ...before, run: next, ...(good === undefined ? {} : { good }) }));
  world.onEvent?.(recorded, next);
  return next;
}

/** Puts a finished run into the history; each of it may have been done before. */
export async function close(world: DeliveryWorld, holding: Holding, run: Run, outcome?: Outcome): Promise<Run> {
  const finished =
    outcome === undefined ? run : await record(world, holding, run, { type: "finished", outcome, problems: [] });
  await world.ledger.append({ key: `run#${finished.id}`, run: finished });
  const { good } = holding.record;
  if (good?.runId === finished.id) await world.ledger.append({ key: `good#${finished.id}`, good });
  await holding.update(({ run: _, ...rest }) => rest);
  return finished;
}
