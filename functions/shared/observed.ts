import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Context } from "aws-lambda";
import { logger, metrics } from "./powertools";
import { Problem, type ProblemDetails } from "./problem";
import { traced } from "./traced";
import { isUnavailable, unavailable } from "./unavailable";

/**
 * Runs an invocation's work with its log, metrics and trace: the same for every way in which a function is called.
 * @throws Problem whatever went wrong: logged and counted, and without internals
 */
export async function observed<T>(context: Context, work: () => Promise<T>): Promise<T> {
  logger.resetKeys();
  logger.addContext(context);
  logger.setCorrelationId(context.awsRequestId);
  metrics.captureColdStartMetric(context.functionName);
  try {
    return await traced(() => work().catch((error) => explain(error, context)));
  } finally {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}

/** Counts and logs what went wrong, and says it without internals: those are in the log alone. */
function explain(error: unknown, context: Context): never {
  const problem = problemOf(error).withInstance(`urn:uuid:${context.awsRequestId}`);
  metrics.addMetric(problem.metric, MetricUnit.Count, 1);
  if (problem.isOfThisSide) logger.error(problem.details.title, error as Error);
  else logger.warn(problem.details.title, { problem: withoutKeys(problem.details) });
  throw problem;
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return isUnavailable(error)
    ? unavailable()
    : new Problem("internal", "The logs have the cause, under this instance.");
}

/** Down to two levels, pointers name parts of the contract; below, keys of the caller's own data. */
function withoutKeys({ errors, ...details }: ProblemDetails): ProblemDetails {
  if (errors === undefined) return details;
  const upToData = (pointer: string) => pointer.split("/").slice(0, 3).join("/");
  return { ...details, errors: errors.map(({ pointer, detail }) => ({ pointer: upToData(pointer), detail })) };
}
