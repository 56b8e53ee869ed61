import { setTimeout as sleep } from "node:timers/promises";
import {
  BatchGetItemCommand,
  type KeysAndAttributes,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDbTable } from "../../shared/dynamodb-table";
import type { Envelope } from "../envelope";
import { businessKeyOf, decimalOf, type StreamRecord } from "../record";
import { type Checkpoint, checkpointItem } from "./checkpoint";
import type { Chunk } from "./chunk";

/** A repetition may come as long as a client tries, a message waits or a stream keeps its records, and some days more. */
const markerSeconds = 35 * 24 * 60 * 60;

/** What is waited at most before keys are asked for again. */
const unprocessedMilliseconds = 200;

const markerIdOf = (record: StreamRecord) => `record#${businessKeyOf(record)}`;

/** Business keys of those records that have been counted. */
export async function countedKeys(
  { client, name }: DynamoDbTable,
  records: readonly StreamRecord[],
  abortSignal: AbortSignal,
): Promise<Set<string>> {
  const keyOfMarker = new Map(records.map((record) => [markerIdOf(record), businessKeyOf(record)]));
  const counted = new Set<string>();
  let wanted: KeysAndAttributes | undefined = {
    Keys: [...keyOfMarker.keys()].map((id) => ({ id: { S: id } })),
    ConsistentRead: true,
    ProjectionExpression: "id",
  };
  while (wanted !== undefined) {
    const get: BatchGetItemCommand = new BatchGetItemCommand({ RequestItems: { [name]: wanted } });
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(get, { abortSignal });
    for (const { id } of Responses[name] ?? []) counted.add(keyOfMarker.get(id?.S ?? "") ?? "");
    // Where it answers nothing at all, it throws: each round has fewer. It was throttled: all at once would make it worse.
    wanted = UnprocessedKeys[name];
    if (wanted !== undefined) await sleep(Math.random() * unprocessedMilliseconds, undefined, { signal: abortSignal });
  }
  return counted;
}

/**
 * Counts a chunk and moves the checkpoint behind it: both, or neither. What the archive has to have goes with it, so
 * that the archive can be made right by whoever reads the checkpoint next.
 * @returns false where the shard isn't where it was, or a record was counted meanwhile: nothing was done
 */
export async function commit(
  { client, name }: DynamoDbTable,
  before: Checkpoint,
  after: Checkpoint,
  { fresh, aggregates }: Chunk,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const expiresAt = String(Math.floor(Date.now() / 1_000) + markerSeconds);
  const write = new TransactWriteItemsCommand({
    TransactItems: [
      moveCheckpoint(name, before, after),
      ...fresh.map((envelope) => putMarker(name, envelope, expiresAt)),
      ...[...aggregates].map(([id, { count, sum }]) => addTo(name, id, count, decimalOf(sum))),
    ],
  });
  try {
    await client.send(write, { abortSignal });
    return true;
  } catch (error) {
    if (error instanceof TransactionCanceledException) return false;
    throw error;
  }
}

function moveCheckpoint(table: string, { sequenceNumber }: Checkpoint, after: Checkpoint): TransactWriteItem {
  const unchanged =
    sequenceNumber === undefined
      ? { ConditionExpression: "attribute_not_exists(id)" }
      : {
          ConditionExpression: "sequenceNumber = :before",
          ExpressionAttributeValues: { ":before": { S: sequenceNumber } },
        };
  return { Put: { TableName: table, Item: checkpointItem(after), ...unchanged } };
}

function putMarker(table: string, { record, correlationId }: Envelope, expiresAt: string): TransactWriteItem {
  return {
    Put: {
      TableName: table,
      // With the request that the record was counted for.
      Item: { id: { S: markerIdOf(record) }, correlationId: { S: correlationId }, expiresAt: { N: expiresAt } },
      ConditionExpression: "attribute_not_exists(id)",
    },
  };
}

function addTo(table: string, id: string, count: number, sum: string): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: { id: { S: id } },
      UpdateExpression: "ADD #count :count, #sum :sum",
      ExpressionAttributeNames: { "#count": "count", "#sum": "sum" },
      ExpressionAttributeValues: { ":count": { N: String(count) }, ":sum": { N: sum } },
    },
  };
}
