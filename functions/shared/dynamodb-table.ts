import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { awsClientSettings } from "./aws-client";
import { tracer } from "./powertools";
import { requiredVariables } from "./variables";

/** A table, and the way to it. */
export interface DynamoDbTable {
  readonly client: DynamoDBClient;
  readonly name: string;
}

/** Attributes of an item, or of its key. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What an update does, and on which condition. */
export type ItemChange = Omit<UpdateItemCommandInput, "TableName" | "Key">;

/** The table that the function's environment names. */
export function ownTable(): DynamoDbTable {
  const { TABLE_NAME } = requiredVariables("TABLE_NAME");
  return { client: tracer.captureAWSv3Client(new DynamoDBClient(awsClientSettings)), name: TABLE_NAME };
}

/** An item as it is now; what was written before is seen. */
export async function getItem(
  { client, name }: DynamoDbTable,
  key: Attributes,
  abortSignal: AbortSignal,
): Promise<Attributes | undefined> {
  const get = new GetItemCommand({ TableName: name, Key: key, ConsistentRead: true });
  const { Item } = await client.send(get, { abortSignal });
  return Item;
}

/** False: the condition of the change didn't hold. */
export async function updateItem(
  { client, name }: DynamoDbTable,
  key: Attributes,
  change: ItemChange,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const update = new UpdateItemCommand({ TableName: name, Key: key, ...change });
  return (await unlessRefused(client.send(update, { abortSignal }))) !== undefined;
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

/**
 * Reads attributes that have to be there, of items of one kind.
 * @throws Error that names the attribute, without its value
 */
export function attributeReader(kind: string) {
  return (item: Readonly<Record<string, object>>, name: string, type: "S" | "N" = "S"): string => {
    const value = (item[name] as { S?: string; N?: string } | undefined)?.[type];
    if (value === undefined) throw new Error(`A stored ${kind} has no attribute ${name} of type ${type}`);
    return value;
  };
}
