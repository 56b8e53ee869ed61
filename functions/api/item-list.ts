import { ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Item } from "../../routes/api";
import { viewOf } from "./item";
import { type Attributes, storedItemOf } from "./item-attributes";
import type { ItemTable } from "./item-table";

export interface ItemPage {
  readonly items: readonly Item[];
  /** Where the next page begins: after the item with this id, seen or not. Undefined: there is none. */
  readonly lastId: string | undefined;
}

/** Calls of DynamoDB for one page: however much is deleted, a request ends. */
const maximumScans = 10;

/** Looked at in one call, at least: the last items of a page are not to cost a call each. */
const minimumScanned = 25;

/** Items are what has a name; deleted ones have none, nor has what else is in the table. */
const isVisible = "attribute_exists(#name)";

/**
 * A page of at most so many items, in the order of the table, which is none. What is changed meanwhile may or may not
 * be seen. A page can be short, or even empty, before the end.
 */
export async function listItems(
  table: ItemTable,
  limit: number,
  afterId: string | undefined,
  signal: AbortSignal,
): Promise<ItemPage> {
  const items: Item[] = [];
  let lastId = afterId;
  for (let scans = 0; scans < maximumScans; scans += 1) {
    const scanned = await scan(table, Math.max(limit - items.length, minimumScanned), lastId, signal);
    const wanted = scanned.items.slice(0, limit - items.length);
    items.push(...wanted);
    // What was found beyond the page is for the next one to find again.
    if (wanted.length < scanned.items.length) return { items, lastId: wanted.at(-1)?.id };
    lastId = scanned.lastId;
    if (lastId === undefined || items.length === limit) return { items, lastId };
  }
  return { items, lastId };
}

async function scan(
  { client, name }: ItemTable,
  limit: number,
  afterId: string | undefined,
  abortSignal: AbortSignal,
): Promise<{ items: Item[]; lastId: string | undefined }> {
  const command = new ScanCommand({
    TableName: name,
    Limit: limit,
    FilterExpression: isVisible,
    ExpressionAttributeNames: { "#name": "name" },
    ...(afterId !== undefined && { ExclusiveStartKey: { id: { S: afterId } } }),
  });
  const { Items = [], LastEvaluatedKey } = await client.send(command, { abortSignal });
  return { items: Items.flatMap(visible), lastId: LastEvaluatedKey?.id?.S };
}

function visible(attributes: Attributes): Item[] {
  const item = storedItemOf(attributes);
  return item.content ? [viewOf(item, item.content)] : [];
}
