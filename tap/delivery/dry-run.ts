import { appendFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandError, type Context } from "../context";
import { interruptible } from "../interrupt";
import { resolveId, short } from "../release";
import type { DeliveryOptions } from "./command-options";
import { heldStacks } from "./gate";
import { targetToGoBackTo } from "./open-run";
import { prepare } from "./prepare";
import { withProgress } from "./progress";
import { RealSteps } from "./real/real-steps";
import type { PlannedChange, Run } from "./run";

/** Plans a rollback without a lease, without locks, and without writing anything anywhere but in a folder of this machine. */
export async function dryRunRollback(
  context: Context,
  name: string,
  to: string | undefined,
  options: DeliveryOptions,
): Promise<void> {
  const { environment, real, ledger, by } = await prepare(context, name, "--env", options, "rollback");
  const { record } = await ledger.read();
  const asked = to === undefined ? undefined : await resolveId(real.store, to);
  const release = asked ?? (await targetToGoBackTo(ledger, record, environment.environmentSuffix));
  const work = join(real.work, "dry-run");
  const run: Run = {
    id: "dry-run",
    environment: environment.environmentSuffix,
    kind: "rollback",
    release,
    automaticUpTo: "irreversible",
    by,
    startedAt: new Date().toISOString(),
    events: [],
  };
  const plan = await interruptible(context, async (signal) => {
    const steps = withProgress(
      context,
      (say) => new RealSteps({ ...real, work, readOnly: true }, { run, token: 0, signal, say }),
    );
    const { problems } = await steps.open(release);
    if (problems.length > 0) throw new CommandError(problems.join("\n"));
    return steps.plan(release);
  }).finally(() => rmSync(work, { recursive: true, force: true }));
  const held = heldStacks(plan, "irreversible", "back").map(({ stackId }) => stackId);
  const told = text(environment.environmentSuffix, release, plan.stacks, held);
  context.print(options.json ? JSON.stringify({ release, plan, held }, null, 2) : told);
  if (options.markdown !== undefined)
    appendFileSync(resolve(context.cwd, options.markdown), `\`\`\`text\n${told.replaceAll("`", "'")}\n\`\`\`\n`);
}

function text(environment: string, release: string, stacks: readonly PlannedChange[], held: readonly string[]): string {
  const line = ({ stackId, status, summary, losesData }: PlannedChange) =>
    `  ${stackId}: ${status === "no changes" ? status : summary}${losesData.length === 0 ? "" : `; would lose data: ${losesData.join(", ")}`}${held.includes(stackId) ? " (not without an approval)" : ""}`;
  return [
    `A rollback of ${environment} to ${short(release)} would let its functions run that release's code, and then do this:`,
    stacks.map(line).join("\n"),
    held.length === 0
      ? `Nothing of it loses data. Next: tap rollback --env ${environment} --to ${short(release)}`
      : `${held.length} stacks would be left until somebody agrees. Next: docs/operations/promotion.md, "A person is needed".`,
  ].join("\n\n");
}
