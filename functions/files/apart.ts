import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type ApartInput, apartVariable, type FromInside, type Output } from "./apart-messages";
import { Refusal } from "./refusal";

/** What one file may take. */
export interface Bounds {
  /** For all of it. */
  readonly milliseconds: number;
  /** Of this process and the one that works on the file, together: no limit of V8 knows what libraries take. */
  readonly residentBytes: number;
  /** Of V8's heap, where the file is worked on. */
  readonly heapMegabytes: number;
}

export interface Outcome {
  readonly result: object;
  readonly outputs: readonly Output[];
}

/** How a library gave up: its own error stays where it was, it may quote the file. */
export class Broken extends Error {
  override readonly name = "Broken";

  constructor(
    readonly errorName: string,
    readonly frames: readonly string[],
  ) {
    super(`A library gave up with ${errorName}`);
  }
}

/** Often enough that nothing grows far beyond its limit meanwhile. */
const watchMilliseconds = 20;

/**
 * Works on a file in a process of its own, made for it from the same code and gone afterwards: what a file does to a
 * library ends there, and no later than the bounds say. A thread would leave behind what the C library doesn't give
 * back (most of the memory, after a bomb), and could neither be ended within native code nor survive its crash. The
 * process has no credentials; the bytes are handed in.
 * @throws Refusal where the file goes beyond the bounds, or the work refuses it
 * @throws Broken where a library gave up
 */
export async function workApart(
  code: URL,
  input: ApartInput,
  chunks: AsyncIterable<Uint8Array>,
  bounds: Bounds,
  signal: AbortSignal,
): Promise<Outcome> {
  signal.throwIfAborted();
  const child = fork(code, [JSON.stringify(input)], {
    execArgv: [`--max-old-space-size=${bounds.heapMegabytes}`],
    env: variablesOfChild(),
    serialization: "advanced",
    // Libraries write warnings, and may quote the file in them.
    stdio: ["pipe", "ignore", "ignore", "ipc"],
  });
  const closed = once(child, "close");
  const ending = new AbortController();
  try {
    return await Promise.race([
      outcomeOf(child),
      feed(child, chunks),
      limitOf(child, bounds, ending.signal),
      abortOf(signal, ending.signal),
    ]);
  } finally {
    ending.abort();
    child.kill("SIGKILL");
    await closed;
  }
}

/** What the process says, until it has said all. */
function outcomeOf(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const outputs: Output[] = [];
    let hasStarted = false;
    child.on("message", (message: FromInside) => {
      if (message.kind === "started") hasStarted = true;
      if (message.kind === "output") outputs.push(message.output);
      if (message.kind === "result") resolve({ result: message.result, outputs });
      if (message.kind === "refusal") reject(new Refusal(message.reason));
      if (message.kind === "broken") reject(new Broken(message.name, message.frames));
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      // Before it has anything of the file, the file isn't the reason.
      if (!hasStarted) reject(new Error(`The process for a file ended at its start (${signal ?? code})`));
      // So V8 ends when its heap is full, and so the kernel when there is no memory.
      else if (signal === "SIGABRT" || signal === "SIGKILL") reject(new Refusal("out-of-memory"));
      else reject(new Broken(String(signal ?? code), []));
    });
  });
}

/** Never resolves: only trouble with reading the file ends the work from here. */
async function feed(child: ChildProcess, chunks: AsyncIterable<Uint8Array>): Promise<never> {
  let trouble: unknown;
  const watched = async function* () {
    try {
      yield* chunks;
    } catch (error) {
      trouble = error;
      throw error;
    }
  };
  // A process that has seen enough doesn't read to the end.
  await pipeline(Readable.from(watched()), child.stdin as NodeJS.WritableStream).catch(() => undefined);
  if (trouble !== undefined) throw trouble;
  return await new Promise(() => {});
}

function limitOf(child: ChildProcess, { milliseconds, residentBytes }: Bounds, ending: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const deadline = setTimeout(() => reject(new Refusal("out-of-time")), milliseconds);
    const watch = setInterval(() => {
      if (process.memoryUsage.rss() + residentOf(child) > residentBytes) reject(new Refusal("out-of-memory"));
    }, watchMilliseconds);
    ending.addEventListener("abort", () => {
      clearTimeout(deadline);
      clearInterval(watch);
    });
  });
}

function abortOf(signal: AbortSignal, ending: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    ending.addEventListener("abort", () => signal.removeEventListener("abort", abort));
  });
}

/** Of memory, on every machine that Lambda has. */
const pageBytes = 4_096;

/** As the kernel counts it (proc(5), statm); 0 where there is no such process, or no such kernel. */
function residentOf({ pid }: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}

/** What the code needs to start; no credentials, and no trace of its own. */
function variablesOfChild(): Record<string, string> {
  const { POWERTOOLS_SERVICE_NAME = "", POWERTOOLS_METRICS_NAMESPACE = "", LD_LIBRARY_PATH } = process.env;
  return {
    POWERTOOLS_SERVICE_NAME,
    POWERTOOLS_METRICS_NAMESPACE,
    POWERTOOLS_TRACE_ENABLED: "false",
    // Where Lambda has the libraries of its Node.
    ...(LD_LIBRARY_PATH !== undefined && { LD_LIBRARY_PATH }),
    [apartVariable]: "true",
  };
}
