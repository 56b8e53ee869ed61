import type { APIGatewayProxyResult } from "aws-lambda";
import { correlationIdHeader, securityHeaders } from "../../routes/headers";
import type { Problem } from "./problem";

/** What an operation answers. */
export interface HttpAnswer {
  readonly status: number;
  /** @default none */
  readonly body?: object;
  /** Names in lower case. @default none but those of every response */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a response says beside its answer. */
export interface ResponseFrame {
  readonly correlationId: string;
  readonly corsHeaders: Readonly<Record<string, string>>;
}

export function answerResponse(
  { status, body, headers = {} }: HttpAnswer,
  frame: ResponseFrame,
): APIGatewayProxyResult {
  if (body === undefined) return response(status, "", headers, frame);
  return response(status, JSON.stringify(body), { ...headers, "content-type": "application/json" }, frame);
}

/** RFC 9457. */
export function problemResponse({ details }: Problem, frame: ResponseFrame): APIGatewayProxyResult {
  const { status, retryAfterSeconds } = details;
  const headers = {
    "content-type": "application/problem+json",
    ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
  };
  return response(status, JSON.stringify(details), headers, frame);
}

function response(
  statusCode: number,
  body: string,
  headers: Readonly<Record<string, string>>,
  { correlationId, corsHeaders }: ResponseFrame,
): APIGatewayProxyResult {
  return {
    statusCode,
    headers: { ...securityHeaders, ...corsHeaders, [correlationIdHeader]: correlationId, ...headers },
    body,
  };
}
