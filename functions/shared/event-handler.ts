import type { Context } from "aws-lambda";
import { marginMilliseconds } from "./deadline";
import { observed } from "./observed";

/**
 * A handler of what an event source hands over. What fails by itself is in its answer; all else is thrown, and the
 * source repeats the whole.
 */
export function createEventHandler<Event, Answer>(
  act: (event: Event, signal: AbortSignal, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer> {
  return async (event, context) => {
    // Time for the answer: what was done by then isn't to be repeated.
    const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - marginMilliseconds));
    return await observed(context, () => act(event, signal, context));
  };
}
