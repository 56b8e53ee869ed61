import type { Context } from "aws-lambda";
import type * as z from "zod/mini";
import { beforeDeadline } from "./deadline";
import { observed } from "./observed";
import { logger } from "./powertools";
import { Problem, type ProblemDetails } from "./problem";
import { parseRequest } from "./request";

/** What an invocation knows beside its request. */
export interface Invocation {
  /**
   * The same for every repetition of one request: the caller's own, else Lambda's, which stays the same when Lambda
   * repeats an asynchronous invocation.
   */
  readonly requestId: string;
  /** Aborts when time is nearly up. */
  readonly signal: AbortSignal;
}

/**
 * A handler for direct invocation: parse, act, answer. What the caller did wrong is returned as problem details.
 * Trouble of this side is thrown, so that Lambda repeats an asynchronous invocation and sends it to the dead-letter
 * queue in the end, and counts an error that the alarms see.
 */
export function createHandler<Schema extends z.ZodMiniType<object>, Answer>(
  schema: Schema,
  act: (request: z.output<Schema>, invocation: Invocation) => Promise<Answer>,
): (event: unknown, context: Context) => Promise<Answer | ProblemDetails> {
  const answer = async (event: unknown, context: Context) => {
    const request = parseRequest(schema, event);
    const requestId = requestIdOf(request) ?? context.awsRequestId;
    logger.setCorrelationId(requestId);
    return await beforeDeadline(context.getRemainingTimeInMillis(), (signal) => act(request, { requestId, signal }));
  };
  return async (event, context) => {
    try {
      return await observed(context, () => answer(event, context));
    } catch (error) {
      if (error instanceof Problem && !error.isOfThisSide) return error.details;
      throw error;
    }
  };
}

function requestIdOf(request: object): string | undefined {
  return "requestId" in request ? (request.requestId as string | undefined) : undefined;
}
