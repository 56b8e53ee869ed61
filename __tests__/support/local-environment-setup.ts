import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { emulatorMissing } from "./emulator-missing";
import { copyProjectForLocal } from "./local-project";
import { projectRoot, tap } from "./project";

/**
 * dev, brought up once for all scenarios by the real command; scenarios find it by LOCAL_PROJECT_ROOT. Who has set that
 * themselves, to a project where dev is up, has scenarios run there (and ends Jest, which waits for connections that
 * stay open): `LOCAL_PROJECT_ROOT=$PWD npm run e2e -- --forceExit -t versions`.
 */
export default function setup(): void {
  // Jest writes its report there, and doesn't make the folder.
  mkdirSync(join(projectRoot, "reports"), { recursive: true });
  // Each file says loudly that it is skipped.
  if (emulatorMissing() !== undefined || process.env.LOCAL_PROJECT_ROOT !== undefined) return;
  const { root } = copyProjectForLocal();
  process.env.LOCAL_PROJECT_ROOT = root;
  process.env.LOCAL_PROJECT_IS_TEMPORARY = "true";
  // Jest tears nothing down where it is interrupted.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      takeDown(root);
      process.exit(1);
    });
  const start = performance.now();
  const { exitCode, stdout, stderr } = tap(["local", "up", "--env", "dev", "--port", "0"], { root });
  if (exitCode !== 0) {
    takeDown(root);
    throw new Error(`tap local up ended with ${exitCode}:\n${stderr}\n${stdout}`);
  }
  process.stderr.write(`dev is up after ${((performance.now() - start) / 1_000).toFixed(1)} s\n`);
}

export function takeDown(root: string): void {
  const { exitCode, stderr } = tap(["local", "down"], { root });
  if (exitCode !== 0) throw new Error(`tap local down ended with ${exitCode}, and ${root} is left:\n${stderr}`);
  rmSync(root, { recursive: true, force: true });
}
