import { createHmac, timingSafeEqual } from "node:crypto";
import { invalidRequest } from "../shared/request";

/** Gives keys for message authentication codes. */
export interface CursorKey {
  /** The key of a day, `2026-01-31`: the same for whoever may have it, and of no use on other days. */
  ofDay(day: string, signal: AbortSignal): Promise<Uint8Array>;
}

/** A place in a list. */
export interface Place {
  /** Id of the last item before it. */
  readonly lastId: string;
  /** Until when it is good, seconds since 1970. */
  readonly expiresAt: number;
}

/** How long a client may think about a page. */
const lifetimeSeconds = 3_600;

/**
 * Where a list goes on, as a text that nobody else can make: `{place}.{code}`. It can be read, and tells an id that
 * the client may see anyway, or that nothing can be done with.
 * @param route operationId of the list: another list's cursor is none of this one
 */
export async function makeCursor(key: CursorKey, route: string, lastId: string, signal: AbortSignal): Promise<string> {
  const expiresAt = Math.floor(Date.now() / 1_000) + lifetimeSeconds;
  const place = Buffer.from(JSON.stringify([lastId, expiresAt])).toString("base64url");
  return `${place}.${await codeOf(key, route, place, expiresAt, signal)}`;
}

/** @throws Problem where it isn't one of ours, or too old */
export async function readCursor(key: CursorKey, route: string, cursor: string, signal: AbortSignal): Promise<string> {
  const [text = "", code = "", ...more] = cursor.split(".");
  const place = parsePlace(text);
  // Asked for a key only within its life, so that no forger chooses what keys are made.
  if (place === undefined || !isAlive(place) || more.length > 0) throw noCursor();
  if (!isSame(code, await codeOf(key, route, text, place.expiresAt, signal))) throw noCursor();
  return place.lastId;
}

function isAlive({ expiresAt }: Place): boolean {
  const now = Date.now() / 1_000;
  return expiresAt > now && expiresAt <= now + lifetimeSeconds;
}

/** Over the text as it is: there is no second text for the same place. */
async function codeOf(
  key: CursorKey,
  route: string,
  text: string,
  expiresAt: number,
  signal: AbortSignal,
): Promise<string> {
  const day = new Date(expiresAt * 1_000).toISOString().slice(0, 10);
  return createHmac("sha256", await key.ofDay(day, signal))
    .update(`${route}\n${text}`)
    .digest("base64url");
}

/** Nothing of it is believed yet. */
function parsePlace(text: string): Place | undefined {
  try {
    const [lastId, expiresAt] = JSON.parse(Buffer.from(text, "base64url").toString());
    return typeof lastId === "string" && Number.isInteger(expiresAt) ? { lastId, expiresAt } : undefined;
  } catch {
    return undefined;
  }
}

/** In a time that doesn't tell how much of it is right. */
function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function noCursor() {
  return invalidRequest([{ pointer: "/query/cursor", detail: "must be nextCursor of a page of the last hour" }]);
}
