import type { Context } from "./context";

/** Ctrl-C; how CI cancels a job; a terminal that is closed. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs what must not be left midway: the first signal is told to it, and what it has begun is waited for; further ones
 * change nothing.
 */
export async function interruptible<T>(context: Context, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => {
    context.remark(
      controller.signal.aborted
        ? "Still waiting for Terraform to end: it gives back its locks."
        : "Interrupted. Terraform ends what it has begun; nothing else is started.",
    );
    controller.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await run(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
