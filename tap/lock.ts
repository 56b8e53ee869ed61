import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./context";
import { isAlive } from "./local/processes";

interface Holder {
  readonly pid: number;
  readonly command: string;
  /** ISO 8601. */
  readonly since: string;
}

/** A takeover takes milliseconds; one that is older was left by a process that was killed in it. */
const takeoverMilliseconds = 10_000;

/**
 * Runs what only one process may do at a time in a folder. The lock of a process that is no more is taken over.
 * @throws CommandError where another process holds it
 */
export async function withLock<T>(folder: string, command: string, run: () => Promise<T>): Promise<T> {
  const release = acquire(folder, command);
  process.once("exit", release);
  try {
    return await run();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** Takes the lock; call what it returns to give it back. */
export function acquire(folder: string, command: string): () => void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "lock");
  const own = `${file}.${process.pid}`;
  const holder: Holder = { pid: process.pid, command, since: new Date().toISOString() };
  writeFileSync(own, JSON.stringify(holder));
  try {
    // A link is there whole, or not at all.
    while (!succeeds(() => linkSync(own, file), "EEXIST")) {
      const other = readHolder(file);
      if (other !== undefined && isAlive(other.pid)) throw held(other);
      takeOver(file);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
  };
}

/** Who holds the lock, where somebody does. */
export function lockHolder(folder: string): Holder | undefined {
  const holder = readHolder(join(folder, "lock"));
  return holder !== undefined && isAlive(holder.pid) ? holder : undefined;
}

function held({ pid, command, since }: Holder): CommandError {
  return new CommandError(
    `${command} is at it since ${since} (process ${pid}): wait until it is done, or end it. Nothing was changed.`,
  );
}

/** Removes a dead process's lock. One process does it at a time, and looks again first: the lock may be another's by now. */
function takeOver(file: string): void {
  const guard = `${file}.takeover`;
  if (!succeeds(() => mkdirSync(guard), "EEXIST")) {
    const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > takeoverMilliseconds) succeeds(() => rmdirSync(guard), "ENOENT");
    // Briefly: whoever is at it is done in milliseconds.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return;
  }
  try {
    const holder = readHolder(file);
    if (holder === undefined || !isAlive(holder.pid)) succeeds(() => unlinkSync(file), "ENOENT");
  } finally {
    rmdirSync(guard);
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function succeeds(run: () => void, expected: string): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== expected) throw error;
    return false;
  }
}
