import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import type { LocalProcess } from "./state";

/** Milliseconds that a process has to end by itself. */
const patienceMilliseconds = 5_000;

/** Whether there is a process with this id. */
export function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

/** Whether it is the one that was started, and not another that has got its id since. */
export function isRunning({ pid, mark }: LocalProcess): boolean {
  return isAlive(pid) && commandLine(pid)?.includes(mark) === true;
}

/** Ends a process and all that it has started, also where it has itself gone before. */
export async function end(local: LocalProcess): Promise<void> {
  // An id is given to no new process while a group of that id has members.
  const command = isAlive(local.pid) ? commandLine(local.pid) : undefined;
  if (command !== undefined && !command.includes(local.mark)) return;
  if (!signal(-local.pid, "SIGTERM")) return;
  const deadline = Date.now() + patienceMilliseconds;
  while (hasMembers(local.pid)) {
    if (Date.now() > deadline) signal(-local.pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Whether a group has processes that run: one that has ended, and that nobody has asked how, is none. */
function hasMembers(group: number): boolean {
  if (!signal(-group, 0)) return false;
  const { stdout = "" } = spawnSync("ps", ["-A", "-o", "pgid=,stat="], { encoding: "utf8" });
  return stdout.split("\n").some((line) => {
    const [id, status = ""] = line.trim().split(/\s+/);
    return Number(id) === group && !status.startsWith("Z");
  });
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Undefined for a process that has ended, and that nobody has asked how. */
function commandLine(pid: number): string | undefined {
  const { stdout } = spawnSync("ps", ["-ww", "-o", "stat=,command=", "-p", String(pid)], { encoding: "utf8" });
  const [status = "", ...words] = (stdout ?? "").trim().split(/\s+/);
  return status === "" || status.startsWith("Z") ? undefined : words.join(" ");
}

/** A port of this machine that nobody listens on: the wanted one, where it is free. */
export async function freePort(wanted: number): Promise<number> {
  return (await listen(wanted)) ?? (await listen(0)) ?? Promise.reject(new Error("There is no free port"));
}

function listen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}
