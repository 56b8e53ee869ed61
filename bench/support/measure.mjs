import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** A process lives for 0.1 s and more: often enough to catch its peak, seldom enough not to be in its way. */
const samplingMilliseconds = 20;

/** Linux alone tells a process's memory in files; elsewhere times are measured without it. */
export const memoryIsKnown = existsSync("/proc/self/status");

/**
 * Runs one command in a process of its own and waits for its end.
 *
 * Time is that of a monotonic clock, from just before the spawn to the exit. Memory is resident memory in bytes:
 * `tree` is the highest sum over the process and all its descendants at one moment (pages that they share
 * count in each), `largest` the peak of the largest one of them, as the kernel keeps it (VmHWM). `processor` is the
 * processor time of all of them, as it was at the last look, milliseconds.
 *
 * @param {{ command: string, args: string[], cwd: string, env?: Record<string, string>, exitCodes?: number[] }} what
 *   exitCodes: those that are no failure; by default 0
 * @returns {Promise<{ milliseconds: number, processor: number, tree: number, largest: number }>}
 */
export function measure({ command, args, cwd, env = {}, exitCodes = [0] }) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const memory = watchMemory(child.pid);
    let complaints = "";
    let milliseconds = 0;
    child.stderr.on("data", (chunk) => {
      complaints += chunk;
    });
    child.on("error", reject);
    child.on("exit", () => {
      milliseconds = performance.now() - start;
      memory.stop();
    });
    child.on("close", (code, signal) => {
      if (exitCodes.includes(code)) resolve({ milliseconds, ...memory.peak });
      else reject(new Error(`${[command, ...args].join(" ")} ended with ${signal ?? code}\n${complaints.trim()}`));
    });
  });
}

/** Two commands, one after the other, as `a && b` in a shell. */
export function inSequence(first, second) {
  return {
    milliseconds: first.milliseconds + second.milliseconds,
    processor: first.processor + second.processor,
    tree: Math.max(first.tree, second.tree),
    largest: Math.max(first.largest, second.largest),
  };
}

/** Which share of the machine's cores works, 0 to 1, while this process does nothing. */
export async function busyElsewhere() {
  const before = coreTimes();
  await sleep(500);
  const after = coreTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function coreTimes() {
  const times = cpus().map((core) => core.times);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((core) => Object.values(core))) };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** What of this process's environment would change what is synthesized, or how Node runs, stays behind. */
function cleanEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(AWS_|CDKTF_|ENVIRONMENT|NODE_|TAP_|TS_NODE_|npm_)|^FORCE_COLOR$/.test(name),
    ),
  );
}

function watchMemory(pid) {
  const peak = { processor: 0, tree: 0, largest: 0 };
  const sample = () => {
    const tree = memoryKnown(pid);
    peak.processor = Math.max(
      peak.processor,
      tree.reduce((sum, one) => sum + one.processor, 0),
    );
    const largest = Math.max(0, ...tree.map((one) => one.highest));
    peak.largest = Math.max(peak.largest, largest);
    // The kernel's own peak of one process may lie between two samples.
    peak.tree = Math.max(
      peak.tree,
      peak.largest,
      tree.reduce((sum, one) => sum + one.now, 0),
    );
  };
  const timer = setInterval(sample, samplingMilliseconds);
  return { peak, stop: () => clearInterval(timer) };
}

function memoryKnown(pid) {
  if (!memoryIsKnown) return [];
  return [pid, ...descendantsOf(pid)].map(memoryOf).filter((memory) => memory !== undefined);
}

function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const bytes = (field) => Number(status.match(new RegExp(`^${field}:\\s+(\\d+) kB`, "m"))?.[1] ?? 0) * 1024;
    return { now: bytes("VmRSS"), highest: bytes("VmHWM"), processor: processorOf(pid) };
  } catch {
    // It has ended since it was listed.
    return undefined;
  }
}

/** Of a process and of those of its children that have ended; the kernel counts in hundredths of a second. */
function processorOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  return fields.reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
}

/** A child belongs to the thread that started it. */
function descendantsOf(pid) {
  try {
    const children = readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" "))
      .filter((text) => text.trim() !== "")
      .map(Number);
    return [...children, ...children.flatMap(descendantsOf)];
  } catch {
    return [];
  }
}
