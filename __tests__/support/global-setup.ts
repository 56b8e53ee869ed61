import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tap } from "./project";

/**
 * The whole app, synthesized once by the real command for all tests: declared environments, and a short-lived one.
 * scripts/test-mutations.mjs keeps what is there where a change can't reach it, by TAP_TEST_SYNTHESIS=keep.
 */
export default function globalSetup(): void {
  if (process.env.TAP_TEST_SYNTHESIS === "keep" && existsSync(join(projectRoot, ".cache", "test-synth", "pr12")))
    return;
  // Jest writes its report there, and doesn't make the folder.
  mkdirSync(join(projectRoot, "reports"), { recursive: true });
  for (const [name, args] of [
    ["declared", []],
    ["pr12", ["--env", "pr12"]],
  ] as const) {
    const result = tap(["synth", ...args, "--outdir", join(projectRoot, ".cache", "test-synth", name)]);
    if (result.exitCode !== 0) throw new Error(`tap synth ${args.join(" ")} failed:\n${result.stderr}`);
  }
}
