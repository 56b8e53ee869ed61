import { rmSync } from "node:fs";
import { dev } from "../../config/dev";
import { loadEnvironments } from "../../config/load";
import type { Synthesized } from "../../tap/audit/requirement";
import { readStacks } from "../../tap/audit/stack-json";
import { copyProject, tap, temporaryFolder } from "./project";
import { backend } from "./synthesized";

/** dev with its tracing switched off (STR-07), by the real command in a copy of the project. */
export function synthesizeWithoutTracing(): Synthesized {
  const copy = copyProject();
  const outdir = temporaryFolder();
  try {
    copy.replace("config/dev.ts", "tracing: true", "tracing: false");
    const { exitCode, stderr } = tap(["synth", "--env", "dev", "--outdir", outdir], { root: copy.root });
    if (exitCode !== 0) throw new Error(stderr);
    return {
      stacks: readStacks(outdir),
      environments: loadEnvironments({ sources: [{ ...dev, tracing: false }] }),
      backend,
    };
  } finally {
    copy.remove();
    rmSync(outdir, { recursive: true, force: true });
  }
}
