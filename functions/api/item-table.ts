import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";
import type { StoredItem } from "./item";
import { storedItemOf } from "./item-attributes";

/** The table of a region, and the way to it. */
export interface ItemTable {
  readonly client: DynamoDBClient;
  readonly name: string;
  readonly region: string;
}

/** The table that the function's environment names. */
export function itemTable(): ItemTable {
  const { TABLE_NAME, AWS_REGION } = requiredVariables("TABLE_NAME", "AWS_REGION");
  return {
    client: tracer.captureAWSv3Client(new DynamoDBClient(awsClientSettings)),
    name: TABLE_NAME,
    region: AWS_REGION,
  };
}

/** The item as it is now, or what a deletion has left of it; what was written before is seen. */
export async function getStoredItem(
  { client, name }: ItemTable,
  id: string,
  abortSignal: AbortSignal,
): Promise<StoredItem | undefined> {
  const get = new GetItemCommand({ TableName: name, Key: { id: { S: id } }, ConsistentRead: true });
  const { Item } = await client.send(get, { abortSignal });
  return Item && storedItemOf(Item);
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

/** What a conditional write answers; undefined where its condition isn't met: that is the one error that is expected. */
export async function unlessRefused<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
