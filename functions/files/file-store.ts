import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";
import { type Attributes, type DeletedFile, type FileHead, headKey, headOf } from "./file-item";

/** The table, and the way to it. */
export interface FileTable {
  readonly client: DynamoDBClient;
  readonly name: string;
}

/** The table that the function's environment names. */
export function fileTable(): FileTable {
  const { TABLE_NAME } = requiredVariables("TABLE_NAME");
  return { client: tracer.captureAWSv3Client(new DynamoDBClient(awsClientSettings)), name: TABLE_NAME };
}

/** An item as it is now; what was written before is seen. */
export async function getItem(
  { client, name }: FileTable,
  key: Record<string, AttributeValue>,
  abortSignal: AbortSignal,
): Promise<Attributes | undefined> {
  const get = new GetItemCommand({ TableName: name, Key: key, ConsistentRead: true });
  const { Item } = await client.send(get, { abortSignal });
  return Item;
}

/** What stands for a file, or what its deletion left of that. */
export async function getHead(
  table: FileTable,
  id: string,
  signal: AbortSignal,
): Promise<FileHead | DeletedFile | undefined> {
  const item = await getItem(table, headKey(id), signal);
  return item && headOf(item);
}

/** False: the condition of the change didn't hold. */
export async function update(
  { client, name }: FileTable,
  key: Record<string, AttributeValue>,
  change: Omit<UpdateItemCommandInput, "TableName" | "Key">,
  abortSignal: AbortSignal,
): Promise<boolean> {
  return await holds(client.send(new UpdateItemCommand({ TableName: name, Key: key, ...change }), { abortSignal }));
}

/** Whether the condition of a write held: that it didn't is the one error that is expected. */
export async function holds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
