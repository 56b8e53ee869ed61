import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Context } from "../context";
import { binaryOf, environmentOf, notFound } from "./run";

export interface LoggedOptions {
  /** File that all that Terraform says is added to. */
  readonly log: string;
  /** File for what it prints, where that is a result: only what it complains of goes to the log then. */
  readonly out?: string;
  /** Beside the context's. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Passed on to Terraform as one SIGINT; it ends what it is doing, and is waited for. */
  readonly signal?: AbortSignal | undefined;
  /** Each line of the log as it comes. */
  onLine?(line: string): void;
}

export interface LoggedResult {
  readonly exitCode: number;
  /** What this run added to the log. */
  readonly text: string;
}

/** How often the log is looked at for new lines. */
const pollMilliseconds = 100;

/**
 * Runs Terraform with its output in a file, and not in a pipe: where this process is killed, a pipe that nobody reads
 * would kill Terraform in the middle of an apply; so it goes on to the end, writes its state and gives back its lock.
 * It has a process group of its own, because Ctrl-C reaches the whole group of a terminal, and a second SIGINT makes
 * Terraform end without its state.
 */
export function terraformLogged(
  context: Context,
  folder: string,
  args: readonly string[],
  { log, out, variables, signal, onLine }: LoggedOptions,
): Promise<LoggedResult> {
  const logFile = openSync(log, "a+", 0o600);
  const outFile = out === undefined ? logFile : openSync(out, "w", 0o600);
  const lines = new Lines(logFile, fstatSync(logFile).size, onLine);
  return new Promise<LoggedResult>((resolve, reject) => {
    if (signal?.aborted) return resolve({ exitCode: 130, text: "" });
    const child = spawn(binaryOf(context), args, {
      cwd: folder,
      detached: true,
      env: { ...environmentOf(context), ...variables, TF_IN_AUTOMATION: "1", TF_INPUT: "0" },
      stdio: ["ignore", outFile, logFile],
    });
    const poll = onLine === undefined ? undefined : setInterval(() => lines.read(), pollMilliseconds);
    const interrupt = () => child.kill("SIGINT");
    signal?.addEventListener("abort", interrupt, { once: true });
    const end = () => {
      clearInterval(poll);
      signal?.removeEventListener("abort", interrupt);
    };
    child.on("error", (error) => {
      end();
      reject(notFound(context, error));
    });
    child.on("close", (code) => {
      end();
      lines.read();
      resolve({ exitCode: code ?? 1, text: lines.text });
    });
  }).finally(() => {
    closeSync(logFile);
    if (outFile !== logFile) closeSync(outFile);
  });
}

/** What is added to an open file, line by line; also where somebody has taken the file away. */
class Lines {
  #chunks: Buffer[] = [];
  #rest = "";
  readonly #decoder = new TextDecoder();

  constructor(
    private readonly file: number,
    private offset: number,
    private readonly onLine: ((line: string) => void) | undefined,
  ) {}

  get text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  read(): void {
    const buffer = Buffer.alloc(64 * 1024);
    for (let size = this.#next(buffer); size > 0; size = this.#next(buffer)) {
      this.#add(Buffer.from(buffer.subarray(0, size)));
      this.offset += size;
    }
  }

  #next(buffer: Buffer): number {
    return readSync(this.file, buffer, 0, buffer.length, this.offset);
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.onLine === undefined) return;
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.onLine(line);
  }
}
