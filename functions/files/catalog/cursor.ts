import { parseJson } from "../../shared/json";
import { invalidRequest } from "../../shared/request";

/** A place in a list of files: the last one before it. */
export interface Place {
  readonly createdAt: string;
  readonly id: string;
}

/**
 * Where a list goes on. Whoever makes one up gets another place in the same list: whose list it is, is asked of the
 * request alone.
 */
export function makeCursor({ createdAt, id }: Place): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString("base64url");
}

/** @throws Problem where it is none */
export function readCursor(cursor: string): Place {
  const [createdAt, id, ...more] = parse(cursor);
  const isPlace = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(createdAt)) && /^[\w-]{22}$/.test(String(id));
  if (!isPlace || more.length > 0)
    throw invalidRequest([{ pointer: "/query/cursor", detail: "must be nextCursor of the page before" }]);
  return { createdAt: String(createdAt), id: String(id) };
}

/** Nothing of it is believed yet. */
function parse(cursor: string): unknown[] {
  const place = parseJson(Buffer.from(cursor, "base64url").toString());
  return Array.isArray(place) ? place : [];
}
