import { createHash } from "node:crypto";
import type { Item, ItemInput } from "../../routes/api";

/** An item of the table: an item of this region, the copy of another region's, or what a deletion has left of either. */
export interface StoredItem {
  readonly id: string;
  /** 1 when it is created; every change adds 1, a deletion too. */
  readonly version: number;
  /** The region that it belongs to. */
  readonly origin: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Of the request that made this version. */
  readonly correlationId: string;
  /** Absent once it is deleted. */
  readonly content?: ItemContent;
  /** Once it is deleted: until when that is remembered, seconds since 1970. */
  readonly expiresAt?: number;
  /** Of the content that it was created with; a copy has none. */
  readonly createHash?: string;
}

export interface ItemContent {
  readonly name: string;
  /** As JSON text: every key, number and string comes back as it was, and what is the same is the same text. */
  readonly attributesJson?: string;
}

/**
 * How long a deletion is remembered, so that nothing late brings the item back: as long as a queue keeps what is in it
 * (14 days, SQS quotas).
 */
export const tombstoneSeconds = 14 * 24 * 3_600;

/**
 * The id of what a request creates. The same request finds its own item again, without a second table; no other
 * client's and no other region's request can make the same. 22 characters: 132 bits.
 */
export function itemIdOf(region: string, apiKeyId: string, idempotencyKey: string): string {
  return sha256([region, apiKeyId, idempotencyKey]).slice(0, 22);
}

export function contentOf({ name, attributes }: ItemInput): ItemContent {
  return { name, ...(attributes !== undefined && { attributesJson: JSON.stringify(attributes) }) };
}

export function createHashOf(content: ItemContent): string {
  return sha256([content.name, content.attributesJson ?? ""]);
}

export function isSameContent(a: ItemContent | undefined, b: ItemContent | undefined): boolean {
  return a?.name === b?.name && a?.attributesJson === b?.attributesJson;
}

/** The item as clients see it. */
export function viewOf(
  { id, version, origin, createdAt, updatedAt }: StoredItem,
  { name, attributesJson }: ItemContent,
): Item {
  return {
    id,
    version,
    name,
    ...(attributesJson !== undefined && { attributes: parseAttributes(attributesJson) }),
    origin,
    createdAt,
    updatedAt,
  };
}

export function parseAttributes(json: string): NonNullable<Item["attributes"]> {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's own message quotes the text, and would put it in the log.
    throw new Error("A stored item's attributes are no JSON");
  }
}

function sha256(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
