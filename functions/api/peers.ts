import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { unlessRefused } from "../shared/dynamodb-table";
import type { ItemTable } from "./item-table";
import type { Heartbeat } from "./message";

/** How old the last word of a region may be: a heartbeat comes each minute, and some may be late. */
const maximumAgeMilliseconds = 5 * 60_000;

/** No id of an item: none has these characters. It has no name, so that lists pass it over. */
const keyOf = (region: string) => ({ id: { S: `~peer#${region}` } });

/** @returns whether it was news: heartbeats come twice and out of order, as all messages do */
export async function keepHeartbeat(
  { client, name }: ItemTable,
  { origin, at }: Heartbeat,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const put = new PutItemCommand({
    TableName: name,
    Item: { ...keyOf(origin), heartbeatAt: { S: at } },
    ConditionExpression: "attribute_not_exists(id) OR heartbeatAt < :at",
    ExpressionAttributeValues: { ":at": { S: at } },
  });
  return (await unlessRefused(client.send(put, { abortSignal }))) !== undefined;
}

/** Whether what a region says has arrived here lately; `unknown`: it never has. */
export async function peerState(
  { client, name }: ItemTable,
  region: string,
  abortSignal: AbortSignal,
): Promise<"ok" | "impaired" | "unknown"> {
  const get = new GetItemCommand({ TableName: name, Key: keyOf(region), ConsistentRead: true });
  const { Item } = await client.send(get, { abortSignal });
  const at = Item?.heartbeatAt?.S;
  if (at === undefined) return "unknown";
  return Date.now() - Date.parse(at) < maximumAgeMilliseconds ? "ok" : "impaired";
}
