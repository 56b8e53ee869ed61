import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import type { ApiDefinition, Route } from "../../routes/route";
import { correlationIdOf } from "./correlation-id";
import { allowedOrigins, corsHeaders } from "./cors";
import { beforeDeadline, marginMilliseconds } from "./deadline";
import { findRoute, headersOf, parseHttpRequest } from "./http-request";
import { answerResponse, type HttpAnswer, problemResponse } from "./http-response";
import { observed } from "./observed";
import { logger, tracer } from "./powertools";
import { Problem } from "./problem";

/** API Gateway gives up after 29 s (its quota), and what it says then has nothing of the cause (API-05). */
const deadlineMilliseconds = 27_000;

/** What an operation knows beside its request. */
export interface HttpInvocation {
  readonly correlationId: string;
  /** Aborts when time is nearly up. */
  readonly signal: AbortSignal;
  /** Until it does. */
  readonly remainingMilliseconds: () => number;
}

/** Carries a route out. The request is what the route's schemas accept, which the operation's own type says. */
export type HttpOperation = (request: never, invocation: HttpInvocation) => Promise<HttpAnswer>;

/**
 * A handler of requests that API Gateway passes on (REST API, proxy integration). It answers, whatever happens: of an
 * error that is thrown the gateway makes a 502 of its own. What went wrong on this side is in the log and the metrics.
 * @param name the function's, as the routes have it
 * @param operations by operationId: one for each route of the function
 */
export function createHttpHandler(
  api: ApiDefinition,
  name: string,
  operations: Readonly<Record<string, HttpOperation>>,
): (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult> {
  const routes = api.routes.filter((route) => route.function === name);
  requireSame(
    routes.map(({ operationId }) => operationId),
    Object.keys(operations),
  );
  const origins = allowedOrigins();
  return async (event, context) => {
    const headers = headersOf(event);
    const correlationId = correlationIdOf(headers, context);
    const work = async () => {
      logger.setCorrelationId(correlationId);
      tracer.putAnnotation("correlationId", correlationId);
      // What the access log knows it by: the gateway's alone, and no caller's.
      logger.appendKeys({ gateway_request_id: event.requestContext.extendedRequestId });
      const route = findRoute(routes, event);
      logger.appendKeys({ operation_id: route.operationId });
      const request = parseHttpRequest(route, event, headers);
      const remaining = Math.min(context.getRemainingTimeInMillis(), deadlineMilliseconds + marginMilliseconds);
      const endsAt = performance.now() + remaining - marginMilliseconds;
      const remainingMilliseconds = () => endsAt - performance.now();
      return await beforeDeadline(remaining, (signal) =>
        operationOf(operations, route)(request as never, { correlationId, signal, remainingMilliseconds }),
      );
    };
    const answered = await observed(context, work).catch(asProblem);
    const frame = { correlationId, corsHeaders: corsHeaders(origins, headers.origin) };
    return answered instanceof Problem ? problemResponse(answered, frame) : answerResponse(answered, frame);
  };
}

/** At start, not at the first request to a route that nothing answers. */
function requireSame(routes: readonly string[], operations: readonly string[]): void {
  const difference = [...routes, ...operations].filter((id) => !(routes.includes(id) && operations.includes(id)));
  if (difference.length > 0) throw new Error(`Routes and operations differ: ${difference.join(", ")}`);
}

function operationOf(operations: Readonly<Record<string, HttpOperation>>, { operationId }: Route): HttpOperation {
  return operations[operationId] as HttpOperation;
}

/** Whatever went wrong in the work: it is logged and counted by now. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}
