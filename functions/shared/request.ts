import type * as z from "zod/mini";
import { Problem, type RequestError } from "./problem";

/** A request that its schema accepts, or a problem that names all that is wrong with it. */
export function parseRequest<Schema extends z.ZodMiniType>(schema: Schema, event: unknown): z.output<Schema> {
  const result = schema.safeParse(event);
  if (result.success) return result.data;
  throw invalidRequest(requestErrors(result.error.issues));
}

export function invalidRequest(errors: readonly RequestError[]): Problem {
  return new Problem("invalid-request", "See errors: each names a place in the request, and its rule.", { errors });
}

/** @param place pointer of what was judged: "" is the whole request */
export function requestErrors(issues: readonly z.core.$ZodIssue[], place = ""): RequestError[] {
  return issues.map(({ path, message }) => ({
    pointer: [place, ...path.map((key) => escapePointer(String(key)))].join("/"),
    detail: message,
  }));
}

/** RFC 6901. */
function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
