import { type DynamoDbTable, getItem, ownTable } from "../shared/dynamodb-table";
import { requiredVariables } from "../shared/variables";
import type { StoredItem } from "./item";
import { storedItemOf } from "./item-attributes";

/** The table of a region, and the way to it. */
export interface ItemTable extends DynamoDbTable {
  readonly region: string;
}

/** The table that the function's environment names. */
export function itemTable(): ItemTable {
  // Both, so that an error names all that are missing.
  const { AWS_REGION } = requiredVariables("TABLE_NAME", "AWS_REGION");
  return { ...ownTable(), region: AWS_REGION };
}

/** The item as it is now, or what a deletion has left of it; what was written before is seen. */
export async function getStoredItem(
  table: ItemTable,
  id: string,
  signal: AbortSignal,
): Promise<StoredItem | undefined> {
  const item = await getItem(table, { id: { S: id } }, signal);
  return item && storedItemOf(item);
}

/**
 * A condition, with the value `:now`. What is past its time counts as gone: DynamoDB removes it days later (developer
 * guide, time to live).
 */
export const isGone = "attribute_not_exists(id) OR expiresAt < :now";

/** Seconds since 1970, as DynamoDB has numbers. */
export function nowSeconds(later = 0): string {
  return String(Math.floor(Date.now() / 1_000) + later);
}
