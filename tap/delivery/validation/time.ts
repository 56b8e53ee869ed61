import type { Clock } from "../holding";

/** Time that can be waited for, so that tests can pass it. */
export interface WaitingClock extends Pick<Clock, "now"> {
  wait(milliseconds: number): Promise<void>;
}

export const systemWaitingClock: WaitingClock = {
  now: () => Date.now(),
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};
