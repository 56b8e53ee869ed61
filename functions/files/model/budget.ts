import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type DynamoDbTable, updateItem } from "../../shared/dynamodb-table";

/** The item that counts the tokens of a day (UTC), for all functions of the system. */
function budgetKey(now: Date): Record<string, AttributeValue> {
  return { id: { S: `budget#${now.toISOString().slice(0, 10)}` }, version: { S: "tokens" } };
}

/** Takes tokens from a day's budget before they are used. False: there are not enough left. */
export async function reserveTokens(
  table: DynamoDbTable,
  now: Date,
  tokens: number,
  dailyTokens: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (tokens > dailyTokens) return false;
  const change = {
    UpdateExpression: "ADD tokens :tokens",
    ConditionExpression: "attribute_not_exists(tokens) OR tokens <= :before",
    ExpressionAttributeValues: { ":tokens": { N: String(tokens) }, ":before": { N: String(dailyTokens - tokens) } },
  };
  return await updateItem(table, budgetKey(now), change, signal);
}

/** Puts right what was reserved, when it is known what was used: more or less. */
export async function correctTokens(
  table: DynamoDbTable,
  now: Date,
  tokens: number,
  signal: AbortSignal,
): Promise<void> {
  const change = {
    UpdateExpression: "ADD tokens :tokens",
    ExpressionAttributeValues: { ":tokens": { N: String(tokens) } },
  };
  await updateItem(table, budgetKey(now), change, signal);
}
