import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../local/processes";

/** Removes folders that killed processes have left: a prefix, and the process's id. */
export function removeLeftOvers(folder: string, prefix: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    const isOwn = pid === String(process.pid);
    if (/^\d+$/.test(pid) && (isOwn || !isAlive(Number(pid))))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}
