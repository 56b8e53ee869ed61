import { setTimeout as pause } from "node:timers/promises";

/** Far more than any work takes that waits for no time: only what hangs is given up. */
const patienceMilliseconds = 20_000;

export interface Passed<T> {
  readonly answer: T;
  /** How much of the time had passed when the work ended. */
  readonly milliseconds: number;
}

/**
 * Work that has so much time and no more, on a clock that doesn't run by itself: however slow the machine is, what is
 * to end at a deadline ends there. Requests go on as they do, as no clock moves them.
 * @param first what has to be so before any time passes
 * @throws where the work wants more time
 */
export async function inTime<T>(
  milliseconds: number,
  work: () => Promise<T>,
  first: () => boolean = () => true,
): Promise<Passed<T>> {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  // Node's own timers are behind it, which are no fake ones.
  const timeout = jest.spyOn(AbortSignal, "timeout").mockImplementation(fakeTimeout);
  try {
    let isDone = false;
    const start = Date.now();
    const passed = work()
      .then((answer) => ({ answer, milliseconds: Date.now() - start }))
      .finally(() => {
        isDone = true;
      });
    const givenUp = new AbortController();
    const late = pause(patienceMilliseconds, undefined, { signal: givenUp.signal }).then(
      () => {
        isDone = true;
        throw new Error(`The work hasn't ended after ${milliseconds} ms`);
      },
      () => undefined as never,
    );
    const letPass = async () => {
      while (!isDone && !first()) await turn();
      for (let left = milliseconds; left > 0 && !isDone; left -= 1) {
        await turn();
        await jest.advanceTimersByTimeAsync(1);
      }
      return await passed;
    };
    try {
      return await Promise.race([letPass(), late]);
    } finally {
      givenUp.abort();
    }
  } finally {
    timeout.mockRestore();
    jest.useRealTimers();
  }
}

function fakeTimeout(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("The operation timed out", "TimeoutError")), milliseconds);
  return controller.signal;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
