import type { Run } from "../../../tap/delivery/run";
import type { EnvironmentName } from "./app";
import { labelOf, type PromotionWorld } from "./world";

/**
 * What has to be true of an environment when all is over: nobody has it, nothing is open, no lock is left, what is
 * recorded good is what there is and was validated, and no table is gone.
 * @throws Error with all that isn't
 */
export async function expectSound(
  world: PromotionWorld,
  environment: EnvironmentName,
  expected: { readonly good?: string; readonly deletedTables?: number } = {},
): Promise<void> {
  const problems: string[] = [];
  const ledger = world.ledgerOf(environment);
  const { record } = await ledger.read();
  const runs = await ledger.runs(100);
  if (record.run !== undefined) problems.push(`the run ${record.run.id} is open`);
  if (record.lease.holder !== undefined) problems.push("somebody has the lease");
  const locks = await world.locks(environment);
  if (locks.length > 0) problems.push(`locks are left: ${locks.join(", ")}`);
  const labels = await world.labels(environment);
  const label = record.good && labelOf(world, record.good.release);
  if (labels.some((each) => each !== label))
    problems.push(`${label} is recorded good, and there is ${labels.join(", ")}`);
  if (expected.good !== undefined && record.good?.release !== expected.good)
    problems.push(`${label} is recorded good, and not ${labelOf(world, expected.good)}`);
  const deleted = world.deletedTables().length;
  if (deleted !== (expected.deletedTables ?? 0)) problems.push(`${deleted} tables were deleted`);
  problems.push(...runs.flatMap(problemsOf));
  const goods = await ledger.goods(100);
  for (const { runId } of goods)
    if (!runs.some((run) => run.id === runId && endOf(run) !== undefined))
      problems.push(`nothing is known of the run ${runId} that was good`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** A run in the history is finished, and good only where its own process validated it after it had applied. */
function problemsOf(run: Run): string[] {
  const end = endOf(run);
  if (end === undefined) return [`${run.id} is in the history, and isn't finished`];
  if (end.outcome !== "good" && end.outcome !== "rolled back") return [];
  const own = run.events.filter(({ token }) => token === end.token);
  const validated = own.findLastIndex((event) => event.type === "done" && event.step === "validate");
  const applied = own.findLastIndex((event) => event.type === "begun" && event.step === "apply");
  return validated > applied ? [] : [`${run.id} ended as ${end.outcome}, and wasn't validated`];
}

function endOf({ events }: Run) {
  const end = events.findLast(({ type }) => type === "finished");
  return end?.type === "finished" ? end : undefined;
}
