import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { unlessRefused } from "../shared/dynamodb-table";
import { attributesOf } from "./item-attributes";
import { type ItemTable, isGone, nowSeconds } from "./item-table";
import { type ChangeMessage, copyOf } from "./message";

/**
 * Keeps a version of another region's item, unless that version or a later one is known already: deletions, too, so
 * that what comes late brings nothing back.
 * @returns whether it was news
 */
export async function keepCopy(table: ItemTable, message: ChangeMessage, abortSignal: AbortSignal): Promise<boolean> {
  const copy = copyOf(message);
  const put = new PutItemCommand({
    TableName: table.name,
    Item: attributesOf(copy),
    ConditionExpression: `${isGone} OR (origin = :origin AND version < :version)`,
    ExpressionAttributeValues: {
      ":now": { N: nowSeconds() },
      ":origin": { S: copy.origin },
      ":version": { N: String(copy.version) },
    },
  });
  return (await unlessRefused(table.client.send(put, { abortSignal }))) !== undefined;
}
