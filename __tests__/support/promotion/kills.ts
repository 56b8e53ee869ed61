import type { RecordedEvent, StepName } from "../../../tap/delivery/run";
import { expectSound } from "./expect-sound";
import type { LedgerWrite } from "./ledger-proxy";
import type { PromotionWorld, TapResult } from "./world";

/** Where a promotion is killed: at a write to its ledger, or some time after one. */
export interface KillPoint {
  readonly name: string;
  matches(write: LedgerWrite, when: "before" | "after"): boolean;
  /** After the write. @default 0: before anybody hears of it */
  readonly afterMilliseconds?: number;
  /** Terraform goes on alone. @default false */
  readonly leavesTerraform?: boolean;
  /** Whether anything may have been applied by then: what comes next differs. */
  readonly isHalfWay: boolean;
}

const lastOf = ({ record }: LedgerWrite): RecordedEvent | undefined => record.run?.events.at(-1);

const steps: readonly StepName[] = ["verify", "order", "copy", "open", "audit", "drift", "plan", "apply", "validate"];
const stacks = [0, 1, 2];

/** Every boundary of a promotion of three stacks, and moments of each apply. */
export const killPoints: readonly KillPoint[] = [
  boundary("the run is begun", (event, write) => event === undefined && write.record.run !== undefined, "after", false),
  boundary("the run is taken up", (event) => event?.type === "session", "after", false),
  ...steps.flatMap((step) =>
    (step === "apply" ? stacks : [undefined]).flatMap((index) => [
      atStep("begun", step, index, "after"),
      atStep("done", step, index, "before"),
      ...(step === "apply" || step === "validate" ? [atStep("done", step, index, "after")] : []),
    ]),
  ),
  boundary("the end is about to be recorded", (event) => event?.type === "finished", "before", true),
  boundary("the end is recorded", (event) => event?.type === "finished", "after", true),
  ...stacks.flatMap((index) => [
    {
      ...atStep("begun", "apply", index, "after"),
      name: `in the middle of apply ${index + 1}`,
      afterMilliseconds: 900,
    },
    {
      ...atStep("begun", "apply", index, "after"),
      name: `in the middle of apply ${index + 1}, without its Terraform`,
      afterMilliseconds: 600,
      leavesTerraform: true,
    },
  ]),
];

function boundary(
  name: string,
  isIt: (event: RecordedEvent | undefined, write: LedgerWrite) => boolean,
  at: "before" | "after",
  isHalfWay: boolean,
): KillPoint {
  return { name, isHalfWay, matches: (write, when) => when === at && isIt(lastOf(write), write) };
}

function atStep(type: "begun" | "done", step: StepName, index: number | undefined, at: "before" | "after"): KillPoint {
  const which = index === undefined ? step : `${step} ${index + 1}`;
  const name =
    type === "begun"
      ? `${which} is about to begin`
      : `${which} is done, and ${at === "before" ? "not yet" : ""} recorded`;
  const isHalfWay = step === "apply" || step === "validate";
  const isIt = (event: RecordedEvent | undefined, { record }: LedgerWrite) => {
    if (event?.type !== type || event.step !== step) return false;
    if (index === undefined) return true;
    const applies = record.run?.events.filter(
      (each) => each.type === type && each.step === "apply" && each.token === event.token,
    );
    return applies?.length === index + 1;
  };
  return boundary(name.replace("  ", " "), isIt, at, isHalfWay);
}

/**
 * Kills a promotion of the other release than the environment has, and lets the next command complete it or take it
 * back, in turns. @throws Error where the ledger or the states aren't sound then
 */
export async function killAndGoOn(world: PromotionWorld, point: KillPoint, goesBack: boolean): Promise<string> {
  const { r1, r2 } = world.releases;
  const before = (await world.ledgerOf("dev").read()).record.good?.release;
  const release = before === r1 ? r2 : r1;
  let killed = false;
  const running = world.startPromote("dev", release);
  const kill = () => {
    killed = true;
    if (point.leavesTerraform) running.child.kill("SIGKILL");
    else running.signal("SIGKILL");
  };
  world.proxy.onWrite = async (write, when) => {
    if (killed || !point.matches(write, when)) return;
    if (point.afterMilliseconds === undefined) {
      kill();
      await running.ended;
    } else setTimeout(kill, point.afterMilliseconds);
  };
  const ended = await running.ended;
  world.proxy.onWrite = undefined;
  if (!killed || ended.exitCode !== null)
    throw new Error(`It wasn't killed: ${ended.exitCode} ${ended.stdout}${ended.stderr}`);
  // A write that was on its way arrives, though nobody waits for it: then the release is in, and is gone back from by name.
  const isIn = (await world.ledgerOf("dev").read()).record.good?.release === release;
  const back = isIn && before !== undefined ? ["--to", before] : [];
  // Before anything is applied there is nothing to go on with that another release would have to wait for.
  const isBack = goesBack || !point.isHalfWay;
  const next = await recover(
    world,
    isBack ? (more) => world.rollback("dev", [...back, ...more]) : (more) => world.promote("dev", release, more),
  );
  const good = next.result?.status === "good" ? release : (before as string);
  await expectSound(world, "dev", { good });
  return next.result?.status ?? next.stderr.trim().split("\n").at(-1) ?? "";
}

/** The next command: it waits for the lease to end, and forces locks only where it is told that they stay. */
export async function recover(
  world: PromotionWorld,
  run: (more: readonly string[]) => Promise<TapResult>,
): Promise<TapResult> {
  await leaseEnded(world);
  const first = await run([]);
  const isLocked = first.result?.status === "stopped" && first.stdout.includes("holds Terraform's lock");
  const next = isLocked ? await run(["--cut-off-role-sessions", "--force-unlock"]) : first;
  const nothingToTakeBack = /had changed nothing/.test(next.stderr + next.stdout);
  if (next.exitCode !== 0 && !nothingToTakeBack) throw new Error(`It didn't go on: ${next.stdout}${next.stderr}`);
  return next;
}

export async function leaseEnded(world: PromotionWorld): Promise<void> {
  const { lease } = (await world.ledgerOf("dev").read()).record;
  const left = lease.holder === undefined ? 0 : lease.expiresAt - Date.now() + 50;
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
}
