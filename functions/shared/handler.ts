import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Context } from "aws-lambda";
import type * as z from "zod/mini";
import { beforeDeadline } from "./deadline";
import { logger, metrics } from "./powertools";
import { Problem, type ProblemDetails } from "./problem";
import { parseRequest } from "./request";
import { traced } from "./traced";
import { isUnavailable, unavailable } from "./unavailable";

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
    logger.resetKeys();
    logger.addContext(context);
    logger.setCorrelationId(context.awsRequestId);
    metrics.captureColdStartMetric(context.functionName);
    try {
      return await traced(() => answer(event, context).catch((error) => explain(error, context)));
    } finally {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
}

/** Counts and logs what went wrong, and says it without internals: those are in the log alone. */
function explain(error: unknown, context: Context): ProblemDetails {
  const problem = problemOf(error).withInstance(`urn:uuid:${context.awsRequestId}`);
  metrics.addMetric(problem.metric, MetricUnit.Count, 1);
  if (problem.details.status >= 500) {
    logger.error(problem.details.title, error as Error);
    throw problem;
  }
  logger.warn(problem.details.title, { problem: problem.details });
  return problem.details;
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return isUnavailable(error)
    ? unavailable()
    : new Problem("internal", "The logs have the cause, under this instance.");
}

function requestIdOf(request: object): string | undefined {
  return "requestId" in request ? (request.requestId as string | undefined) : undefined;
}
