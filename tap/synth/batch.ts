import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import type { BackendSettings } from "../../config/backend";
import type { FunctionBundles, PlannedStack } from "../../main";
import { CommandError } from "../context";
import { type SynthesizedStack, synthesizeStack } from "./synthesize-stack";

/**
 * cdktf never forgets a token, so that memory grows with every stack of a process. Above this many stacks,
 * child processes take them in batches of this many, and memory stays flat.
 */
export const stacksPerProcess = 60;

export interface Batch {
  readonly stacks: readonly PlannedStack[];
  readonly backend: BackendSettings;
  readonly functionBundles: FunctionBundles;
  readonly outdir: string;
}

/** What a child process says: a stack that is done, a refusal as its parent would have thrown it, or a failure. */
type Message = { stack: SynthesizedStack } | { refusal: string } | { failure: string };

/** Synthesizes all stacks, in this process or in batches, and reports each as it is done. */
export async function synthesizeAll(
  batch: Batch,
  bundlePath: string,
  onStack: (stack: SynthesizedStack) => void,
): Promise<void> {
  if (batch.stacks.length <= stacksPerProcess) {
    for (const stack of batch.stacks) {
      onStack(synthesizeStack(stack, batch));
      // Lets the progress line be drawn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return;
  }
  const queue = chunks(batch.stacks, stacksPerProcess).map((stacks, index) => ({
    ...batch,
    stacks,
    outdir: `${batch.outdir}/batch-${index}`,
  }));
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined && failures.length === 0; next = queue.shift()) {
      await runInChild(next, bundlePath, onStack).catch((error: unknown) => failures.push(error));
    }
  };
  // All children are gone before the first failure is told: none writes into a folder that is being removed.
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (failures.length > 0) throw failures[0];
}

function runInChild(batch: Batch, bundlePath: string, onStack: (stack: SynthesizedStack) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(bundlePath, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    let failure: Error | undefined;
    child.on("message", (message: Message) => {
      if ("stack" in message) onStack(message.stack);
      else failure = "refusal" in message ? new CommandError(message.refusal) : new Error(message.failure);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (failure) reject(failure);
      else if (code === 0) resolve();
      else
        reject(
          new Error(
            `A process that synthesized ${batch.stacks.length} stacks ended with ${signal ?? `exit code ${code}`}; with less memory than 512 MB free, try --env with fewer environments`,
          ),
        );
    });
    child.send(batch);
  });
}

/** What a child process does: one batch from its parent, one message per stack, then the end. */
export function runBatch(): void {
  process.once("message", (batch: Batch) => {
    const send = (message: Message) => process.send?.(message);
    try {
      for (const stack of batch.stacks) send({ stack: synthesizeStack(stack, batch) });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      send(error instanceof CommandError ? { refusal: text } : { failure: text });
      process.exitCode = 1;
    }
    process.disconnect();
  });
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
