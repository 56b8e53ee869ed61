import { rmSync } from "node:fs";
import { dev } from "../../config/dev";
import type { Environment } from "../../config/environment";
import { loadEnvironments } from "../../config/load";
import { prod } from "../../config/prod";
import { staging } from "../../config/staging";
import { readStacks, type StackJson } from "../../tap/audit/stack-json";
import { type CommandResult, copyProject, tap, temporaryFolder } from "./project";

/** The two lines of config/prod.ts that docs/operations/recovery.md tells to change, as they are and as they become. */
export const failover = [
  ['primaryRegion: "us-east-1"', 'primaryRegion: "us-west-2"'],
  ["recovery: {", 'recovery: { failedOverFrom: "us-east-1",'],
] as const;

export interface FailedOver extends CommandResult {
  /** Folder that it was synthesized to. */
  readonly outdir: string;
  readonly stacks: StackJson[];
  readonly environments: Environment[];
  remove(): void;
}

/** prod, synthesized by the real command from a copy of the project in which it has failed over. */
export function synthesizeFailedOver(): FailedOver {
  const copy = copyProject();
  const outdir = temporaryFolder();
  for (const [from, to] of failover) copy.replace("config/prod.ts", from, to);
  const result = tap(["synth", "--env", "prod", "--outdir", outdir], { root: copy.root });
  const stacks = result.exitCode === 0 ? readStacks(outdir) : [];
  copy.remove();
  const recovery = { ...prod.recovery, failedOverFrom: "us-east-1" };
  return {
    ...result,
    outdir,
    stacks,
    remove: () => rmSync(outdir, { recursive: true, force: true }),
    // Among the others, which its releases come from.
    environments: loadEnvironments({
      sources: [dev, staging, { ...prod, primaryRegion: "us-west-2", recovery }],
      environment: "prod",
    }),
  };
}
