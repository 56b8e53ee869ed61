import { Problem } from "./problem";

/** Long enough for a burst to pass, short enough to wait for. */
const retryAfterSeconds = 2;

/** What a caller is told when a service that this one needs didn't answer, or not in time. */
export function unavailable(): Problem {
  const detail =
    "Whether the request was carried out is not known. Repeat it later, unchanged and with the same id or key of its own.";
  return new Problem("unavailable", detail, { retryAfterSeconds });
}

/** Names of AWS's errors that say "not now", over all services (those that the SDK itself retries). */
const throttled = new Set([
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
]);

/** Codes of Node's errors when there is no connection, or it breaks. */
const broken = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** What errors of the SDK, and of Node's network, may have. */
interface AwsError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** An AWS service that is down, overloaded or out of reach, after all of the SDK's attempts. */
export function isUnavailable(error: unknown): boolean {
  const { name = "", code = "", $metadata } = (error ?? {}) as AwsError;
  const statusCode = $metadata?.httpStatusCode ?? 0;
  return throttled.has(name) || name === "TimeoutError" || broken.has(code) || statusCode === 429 || statusCode >= 500;
}
