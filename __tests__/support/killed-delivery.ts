/*
 * A promotion of three stacks, which are files, with its ledger in a file; it is killed before the nth write of a file,
 * or after it. Its clock may be ahead, so that a lease has ended for which nobody waited. killed.test.ts bundles it and
 * starts it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deliver } from "../../tap/delivery/engine";
import { FileLedger } from "../../tap/delivery/file-ledger";
import { type Clock, systemClock } from "../../tap/delivery/holding";
import type { EnvironmentRecord } from "../../tap/delivery/ledger";
import type { PlannedChange } from "../../tap/delivery/run";
import type { StepResult } from "../../tap/delivery/steps";

const [folder = "", release = "", killAt = "0", when = "before", aheadMilliseconds = "0"] = process.argv.slice(2);
const stackIds = ["network", "data", "api"];
let writes = 0;

function maybeDie(now: "before" | "after"): void {
  if (now === "before") writes += 1;
  if (writes === Number(killAt) && now === when) process.kill(process.pid, "SIGKILL");
}

const clock: Clock = { ...systemClock, now: () => systemClock.now() + Number(aheadMilliseconds) };

class DyingLedger extends FileLedger {
  override async write(record: EnvironmentRecord, expectedVersion: number): Promise<void> {
    maybeDie("before");
    await super.write(record, expectedVersion);
    maybeDie("after");
  }
}

const fileOf = (id: string) => join(folder, id);
const at = (id: string) => (existsSync(fileOf(id)) ? readFileSync(fileOf(id), "utf8") : "none");
const fine = async (): Promise<StepResult> => ({ problems: [] });
const change = (id: string): PlannedChange => ({
  stackId: id,
  status: at(id) === release ? "no changes" : "changes",
  hash: `${at(id)} ${release}`,
  class: "safe",
  losesData: [],
  dependsOn: [],
  outdatedBy: [],
  summary: "",
});

deliver(
  {
    ledger: new DyingLedger(folder, "dev"),
    by: { who: "somebody", host: "here", pid: process.pid },
    clock,
    // Longer than any process here takes: none loses it because it is slow.
    leaseMilliseconds: 600_000,
    newRunId: () => `${Date.now()}-${process.pid}`,
    stepsFor: () => ({
      ...{ settle: fine, verify: fine, order: fine, copy: fine, open: fine, audit: fine, drift: fine, functions: fine },
      plan: async () => ({ release, stacks: stackIds.map(change) }),
      apply: async (id) => {
        writeFileSync(fileOf(id), release);
        return { problems: [] };
      },
      validate: async () => ({ problems: stackIds.filter((id) => at(id) !== release) }),
    }),
  },
  { kind: "promote", environment: "dev", release, automaticUpTo: "review" },
).then(
  ({ status }) => process.stdout.write(status),
  (error: Error) => {
    process.stderr.write(error.message);
    process.exitCode = 1;
  },
);
