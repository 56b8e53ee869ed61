import type { Context } from "aws-lambda";
import { correlationIdHeader } from "../../routes/headers";

/** What fits into any log, header and message attribute, and hides nothing in them. */
export const correlationIdPattern = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * The caller's, where it is one; else Lambda's request id. The gateway's own can be set by the caller, too, and
 * isn't checked.
 */
export function correlationIdOf(headers: Readonly<Record<string, string>>, { awsRequestId }: Context): string {
  const given = headers[correlationIdHeader] ?? "";
  return correlationIdPattern.test(given) ? given : awsRequestId;
}
