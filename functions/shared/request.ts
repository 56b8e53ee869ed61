import type * as z from "zod/mini";
import { Problem, type RequestError } from "./problem";

/** A request that its schema accepts, or a problem that names all that is wrong with it. */
export function parseRequest<Schema extends z.ZodMiniType>(schema: Schema, event: unknown): z.output<Schema> {
  const result = schema.safeParse(event);
  if (result.success) return result.data;
  throw new Problem("invalid-request", "See errors: each names a place in the request, and its rule.", {
    errors: result.error.issues.map(describe),
  });
}

function describe({ path, message }: z.core.$ZodIssue): RequestError {
  return { pointer: path.map((key) => `/${escapePointer(String(key))}`).join(""), detail: message };
}

/** RFC 6901. */
function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
