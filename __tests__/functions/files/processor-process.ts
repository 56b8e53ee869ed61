import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { SQSRecord } from "aws-lambda";
import { projectRoot } from "../../support/project";
import { type Bundles, bundles } from "../bundle";

/** Memory that the stack gives to a processor, megabytes. */
export const memoryMegabytes = { image: 2_048, document: 1_024, data: 512 } as const;

export type ProcessorName = keyof typeof memoryMegabytes;

export interface Handled {
  /** Ids of messages that go back to the queue. */
  readonly failures: readonly string[];
  /** Its log and its metrics. */
  readonly lines: readonly Record<string, unknown>[];
  readonly milliseconds: number;
  /** The most that was resident since the call began, in this process and its children, as the kernel counts it. */
  readonly peakMegabytes: number;
}

/** A bundle in a Node of its own, as Lambda keeps an execution environment. */
export interface ProcessorProcess {
  handle(records: readonly SQSRecord[], remainingMilliseconds?: number): Promise<Handled>;
  readonly pid: number;
  stop(): void;
}

/** Takes one event after the other, a line each, and answers it when it is done. */
const driver = `
import { createInterface } from "node:readline";
const { handler } = await import(process.argv[1]);
console.log("ANSWER");
for await (const line of createInterface({ input: process.stdin })) {
  const { event, milliseconds } = JSON.parse(line);
  const end = Date.now() + milliseconds;
  const context = { awsRequestId: "6b1d7a5e-0000-4000-8000-000000000004", functionName: "f", getRemainingTimeInMillis: () => end - Date.now() };
  const answer = await handler(event, context);
  console.log("ANSWER" + JSON.stringify(answer));
}`;

let built: Promise<Bundles> | undefined;

/** The module that Lambda loads. Binaries beside it are Lambda's: here, packages are the project's own. */
async function moduleOf(name: ProcessorName): Promise<string> {
  built ??= bundles(projectRoot);
  const { folder, hash } = (await built)[`files/${name}`] ?? { folder: "", hash: "" };
  const own = join(dirname(folder), `host-${name}-${hash.slice(0, 16)}-${process.pid}`);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "index.mjs"), readFileSync(join(folder, "index.mjs")));
  symlinkSync(join(projectRoot, "node_modules"), join(own, "node_modules"));
  return join(own, "index.mjs");
}

export async function startProcessor(
  name: ProcessorName,
  variables: Record<string, string>,
): Promise<ProcessorProcess> {
  const module = await moduleOf(name);
  const child = spawn(process.execPath, ["--input-type=module", "--eval", driver, module], {
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes[name]),
      ...variables,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const answers = new Answers(child);
  await answers.next();
  return {
    pid: child.pid as number,
    handle: async (records, remainingMilliseconds = 60_000) => {
      const peak = watchPeak(child.pid as number);
      const start = performance.now();
      child.stdin?.write(`${JSON.stringify({ event: { Records: records }, milliseconds: remainingMilliseconds })}\n`);
      const { answer, lines } = await answers.next();
      const milliseconds = performance.now() - start;
      const { batchItemFailures } = JSON.parse(answer) as { batchItemFailures: { itemIdentifier: string }[] };
      const failures = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
      return { failures, lines, milliseconds, peakMegabytes: peak.end() };
    },
    stop: () => {
      child.kill("SIGKILL");
      rmSync(dirname(module), { recursive: true, force: true });
    },
  };
}

/** What a process writes, up to each of its answers. */
class Answers {
  private lines: Record<string, unknown>[] = [];
  private errors = "";
  private readonly waiting: { answer: string; lines: Record<string, unknown>[] }[] = [];
  private wake: () => void = () => {};
  private isGone = false;

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on("line", (line) => this.take(line));
    child.on("close", () => {
      this.isGone = true;
      this.wake();
    });
  }

  private take(line: string): void {
    if (line.startsWith("ANSWER")) {
      this.waiting.push({ answer: line.slice(6), lines: this.lines });
      this.lines = [];
      this.wake();
    } else if (line.startsWith("{")) this.lines.push(JSON.parse(line));
    else this.errors += `${line}\n`;
  }

  async next(): Promise<{ answer: string; lines: readonly Record<string, unknown>[] }> {
    while (this.waiting.length === 0) {
      if (this.isGone) throw new Error(`The process is gone: ${this.errors}${JSON.stringify(this.lines)}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.waiting.shift() as { answer: string; lines: Record<string, unknown>[] };
  }
}

/** Short beside the life of any process that works on a file. */
const watchMilliseconds = 10;

/**
 * What a process and its children need at most, together: the kernel keeps the most that each had (proc(5), VmHWM), and
 * of those that are gone, what it said last is known.
 */
function watchPeak(pid: number): { end(): number } {
  // Linux counts anew from here (proc(5), clear_refs).
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const peaks = new Map<string, number>();
  const look = () => {
    for (const child of readProc(`${pid}/task/${pid}/children`).split(" ").filter(Boolean))
      peaks.set(child, Math.max(peaks.get(child) ?? 0, highWaterMark(child)));
  };
  const timer = setInterval(look, watchMilliseconds);
  return {
    end: () => {
      clearInterval(timer);
      return highWaterMark(String(pid)) + Math.max(0, ...peaks.values());
    },
  };
}

/** Megabytes. */
function highWaterMark(pid: string): number {
  const [, kilobytes = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`)) ?? [];
  return Number(kilobytes) / 1_024;
}

/** Of a process that is gone: nothing. */
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return "";
  }
}
