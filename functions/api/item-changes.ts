import { PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { unlessRefused } from "../shared/dynamodb-table";
import type { HttpInvocation } from "../shared/http";
import { Problem } from "../shared/problem";
import { unavailable } from "../shared/unavailable";
import { createHashOf, type ItemContent, isSameContent, type StoredItem, tombstoneSeconds } from "./item";
import { attributesOf, storedItemOf } from "./item-attributes";
import { getStoredItem, type ItemTable, isGone, nowSeconds } from "./item-table";
import { updateExpression } from "./update-expression";

/** A version of an item that a request has made. */
export interface Change {
  readonly item: StoredItem;
  /** It was made before: its answer was lost on the way, and the SDK or the client has repeated the request. */
  readonly isRepeated: boolean;
}

/**
 * Creates an item under an id that belongs to the request. A repeated request is answered as the first time, whatever
 * has become of the item since.
 */
export async function createItem(
  table: ItemTable,
  id: string,
  content: ItemContent,
  { correlationId, signal }: HttpInvocation,
): Promise<Change> {
  const now = new Date().toISOString();
  const createHash = createHashOf(content);
  const origin = table.region;
  const item = { id, version: 1, origin, createdAt: now, updatedAt: now, correlationId, content, createHash };
  const put = new PutItemCommand({
    TableName: table.name,
    Item: attributesOf(item),
    ConditionExpression: isGone,
    ExpressionAttributeValues: { ":now": { N: nowSeconds() } },
  });
  const made = await unlessRefused(table.client.send(put, { abortSignal: signal }));
  if (made) return { item, isRepeated: false };
  const stored = await getStoredItem(table, id, signal);
  // It was there a moment ago, and DynamoDB has removed what was past its time.
  if (stored === undefined) throw unavailable();
  if (stored.createHash !== createHash)
    throw new Problem("idempotency-conflict", "A request with this Idempotency-Key and another body came before.");
  const { createdAt } = stored;
  return { item: { ...item, createdAt, updatedAt: createdAt }, isRepeated: true };
}

/**
 * Makes the version after the expected one, in one conditional update, or refuses. A change is known again by the
 * version that it was based on and by what it makes of it, and needs no id of its own: who finds just what they asked
 * for, made of the version that they knew, is told that it succeeded (as RFC 9110, 13.1.1 allows), whoever was first.
 * @param content what it has from now on; undefined: it is deleted, and what is left has nothing of what it had
 */
export async function changeItem(
  table: ItemTable,
  id: string,
  expectedVersion: number,
  content: ItemContent | undefined,
  { correlationId, signal }: HttpInvocation,
): Promise<Change> {
  const { expression, names, values } = updateExpression({
    version: { N: String(expectedVersion + 1) },
    updatedAt: { S: new Date().toISOString() },
    correlationId: { S: correlationId },
    ...contentAttributes(content),
  });
  const update = new UpdateItemCommand({
    TableName: table.name,
    Key: { id: { S: id } },
    UpdateExpression: expression,
    ConditionExpression: "version = :expectedVersion AND origin = :region AND attribute_not_exists(deleted)",
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: {
      ...values,
      ":expectedVersion": { N: String(expectedVersion) },
      ":region": { S: table.region },
    },
    ReturnValues: "ALL_NEW",
  });
  const made = await unlessRefused(table.client.send(update, { abortSignal: signal }));
  if (made) return { item: storedItemOf(made.Attributes ?? {}), isRepeated: false };
  const stored = await getStoredItem(table, id, signal);
  if (stored && isNextVersion(stored, table.region, expectedVersion, content))
    return { item: stored, isRepeated: true };
  throw refusalOf(stored, table.region, expectedVersion);
}

function contentAttributes(content: ItemContent | undefined) {
  if (content === undefined) {
    const expiresAt = { N: nowSeconds(tombstoneSeconds) };
    return { name: undefined, attributes: undefined, deleted: { BOOL: true }, expiresAt };
  }
  const { name, attributesJson } = content;
  return { name: { S: name }, attributes: attributesJson === undefined ? undefined : { S: attributesJson } };
}

function isNextVersion(
  { origin, version, content }: StoredItem,
  region: string,
  expectedVersion: number,
  wanted: ItemContent | undefined,
): boolean {
  return origin === region && version === expectedVersion + 1 && isSameContent(content, wanted);
}

function refusalOf(stored: StoredItem | undefined, region: string, expectedVersion: number): Problem {
  if (stored?.content === undefined) return noSuchItem();
  const { origin, version } = stored;
  if (origin !== region)
    return new Problem("other-region", `The item belongs to ${origin}, and is changed there alone.`);
  const detail = `The item has version ${version}; version ${expectedVersion} was expected.`;
  return new Problem("precondition-failed", detail, { currentVersion: version });
}

export function noSuchItem(): Problem {
  return new Problem("not-found", "There is no item with this id.");
}
