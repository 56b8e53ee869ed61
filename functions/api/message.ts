import * as z from "zod/mini";
import { correlationIdPattern } from "../shared/correlation-id";
import { parseAttributes, type StoredItem } from "./item";
import { regionPattern } from "./regions";

const text = (pattern: RegExp, rule: string) => z.string(rule).check(z.regex(pattern, rule));
const positive = (rule: string) =>
  z.number(rule).check(z.refine((value) => Number.isSafeInteger(value) && value > 0, rule));

const origin = text(regionPattern, "must be a region");
const time = text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, "must be a time, ISO 8601, in UTC");

const version = {
  // Nothing else that the table has can be reached by it.
  id: text(/^[A-Za-z0-9_-]{1,64}$/, "must be the id of an item"),
  version: positive("must be a version: a whole number from 1"),
  createdAt: time,
  updatedAt: time,
};

/** A version of an item that there is. */
const present = z.object(
  {
    ...version,
    name: z.string("must be a text"),
    attributes: z.optional(
      z.record(z.string(), z.union([z.string(), z.number(), z.boolean()], "must be a value"), "must be an object"),
    ),
  },
  "must be a version of an item",
);

/** A version that says that the item is deleted. */
const deleted = z.object(
  { ...version, expiresAt: positive("must be seconds since 1970") },
  "must be a version of an item",
);

/**
 * What one region tells the others. Keys that a region doesn't know yet are passed over: regions are deployed one
 * after the other.
 */
export const peerMessage = z.discriminatedUnion(
  "kind",
  [
    z.object({
      kind: z.literal("change"),
      origin,
      correlationId: text(correlationIdPattern, "must be a correlation id"),
      item: z.union([deleted, present], "must be a version of an item"),
    }),
    /** The region works, and what it says arrives. */
    z.object({ kind: z.literal("heartbeat"), origin, at: time }),
  ],
  "must be a change or a heartbeat",
);

export type PeerMessage = z.output<typeof peerMessage>;
export type ChangeMessage = Extract<PeerMessage, { kind: "change" }>;
export type Heartbeat = Extract<PeerMessage, { kind: "heartbeat" }>;

export function changeMessage({ origin, correlationId, content, expiresAt, ...stored }: StoredItem): ChangeMessage {
  const { id, version, createdAt, updatedAt } = stored;
  const known = { id, version, createdAt, updatedAt };
  const item = content
    ? {
        ...known,
        name: content.name,
        ...(content.attributesJson !== undefined && { attributes: parseAttributes(content.attributesJson) }),
      }
    : { ...known, expiresAt: expiresAt ?? 0 };
  return { kind: "change", origin, correlationId, item };
}

/** The item as the table of another region keeps it. */
export function copyOf({ origin, correlationId, item }: ChangeMessage): StoredItem {
  const { id, version, createdAt, updatedAt } = item;
  const copy = { id, version, origin, createdAt, updatedAt, correlationId };
  if ("expiresAt" in item) return { ...copy, expiresAt: item.expiresAt };
  const { name, attributes } = item;
  return {
    ...copy,
    content: { name, ...(attributes !== undefined && { attributesJson: JSON.stringify(attributes) }) },
  };
}
