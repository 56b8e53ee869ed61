import { unavailable } from "./unavailable";

/** What is left of Lambda's time for the answer itself: its log lines, metrics and trace. */
export const marginMilliseconds = 1_000;

/**
 * Ends work before Lambda ends the function: a function that Lambda stops says nothing, and its execution
 * environment is lost. The signal is for the calls that the work waits for.
 */
export async function beforeDeadline<T>(
  remainingMilliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const stop = () => {
      // Before the work itself can complain that it was stopped.
      reject(unavailable());
      deadline.abort();
    };
    timer = setTimeout(stop, Math.max(0, remainingMilliseconds - marginMilliseconds));
  });
  try {
    return await Promise.race([work(deadline.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
