import { type DynamoDbTable, getItem } from "../shared/dynamodb-table";
import { type DeletedFile, type FileHead, headKey, headOf } from "./file-item";

/** What stands for a file, or what its deletion left of that. */
export async function getHead(
  table: DynamoDbTable,
  id: string,
  signal: AbortSignal,
): Promise<FileHead | DeletedFile | undefined> {
  const item = await getItem(table, headKey(id), signal);
  return item && headOf(item);
}
