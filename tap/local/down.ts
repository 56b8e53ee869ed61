import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { end } from "./processes";
import { localFolder, readState } from "./state";

/** Ends all processes of an environment, and removes what it kept. Call it under the environment's lock. */
export async function down(projectRoot: string, environment: string): Promise<{ readonly ended: number }> {
  const folder = localFolder(projectRoot, environment);
  const processes = readState(folder)?.emulator.processes ?? [];
  await Promise.all(processes.map(end));
  // The lock is the caller's.
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (name !== "lock") rmSync(join(folder, name), { recursive: true, force: true });
  return { ended: processes.length };
}

/** Removes an environment's folder, where nothing is in it any more. */
export function removeEmptyFolder(projectRoot: string, environment: string): void {
  try {
    rmdirSync(localFolder(projectRoot, environment));
  } catch {
    // Another command is at it already.
  }
}
