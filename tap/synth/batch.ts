import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import type { BackendSettings } from "../../config/backend";
import type { PlannedStack } from "../../main";
import { type SynthesizedStack, synthesizeStack } from "./synthesize-stack";

/**
 * cdktf never forgets a token, so that memory grows with every stack of a process. Above this many stacks,
 * child processes take them in batches of this many, and memory stays flat.
 */
export const stacksPerProcess = 60;

export interface Batch {
  readonly stacks: readonly PlannedStack[];
  readonly backend: BackendSettings;
  readonly outdir: string;
}

type Message = { stack: SynthesizedStack } | { error: string };

/** Synthesizes all stacks, in this process or in batches, and reports each as it is done. */
export async function synthesizeAll(
  batch: Batch,
  bundlePath: string,
  onStack: (stack: SynthesizedStack) => void,
): Promise<void> {
  if (batch.stacks.length <= stacksPerProcess) {
    for (const stack of batch.stacks) {
      onStack(synthesizeStack(stack, batch.backend, batch.outdir));
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
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await runInChild(next, bundlePath, onStack);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

function runInChild(batch: Batch, bundlePath: string, onStack: (stack: SynthesizedStack) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(bundlePath, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    let failure: Error | undefined;
    child.on("message", (message: Message) => {
      if ("error" in message) failure = new Error(message.error);
      else onStack(message.stack);
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
      for (const stack of batch.stacks) send({ stack: synthesizeStack(stack, batch.backend, batch.outdir) });
    } catch (error) {
      send({ error: error instanceof Error ? error.message : String(error) });
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
