import type { APIGatewayProxyEvent } from "aws-lambda";
import { Problem } from "./problem";

/** Far above what any schema accepts, and far below what Lambda takes (6 MB, Lambda quotas). */
export const maximumBodyBytes = 1_048_576;

/** A body that is no JSON; `undefined` could be told from no JSON value otherwise. */
export const noJson = Symbol("no JSON");

/**
 * The request's body, out of JSON.
 * @throws Problem where it is too large, or something else than JSON by its own account
 */
export function readJsonBody(
  { body, isBase64Encoded }: APIGatewayProxyEvent,
  headers: Readonly<Record<string, string>>,
): unknown {
  if (body === null || body === "") return noJson;
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? ""))
    throw new Problem("unsupported-media-type", "The content type must be application/json.");
  const bytes = Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > maximumBodyBytes)
    throw new Problem("body-too-large", `The body must not be longer than ${maximumBodyBytes} bytes.`);
  try {
    return JSON.parse(bytes.toString(), refusePrototype);
  } catch {
    // The parser's own message quotes the text.
    return noJson;
  }
}

/** A key of this name would be dropped on its way through objects, and what is stored be less than what was sent. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new SyntaxError("__proto__ is no key");
  return value;
}
