import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type Attributes, attributeReader, type DynamoDbTable, getItem, unlessRefused } from "../shared/dynamodb-table";
import type { Invocation } from "../shared/handler";
import { Problem } from "../shared/problem";
import type { JsonObject, RecordView, WriteRequest } from "./record";

/** An item of the table: a record, and the request that wrote this version of it. */
interface StoredRecord {
  readonly record: RecordView;
  /** The data as it is stored, to the byte. */
  readonly dataJson: string;
  readonly writtenBy: string;
}

/** The record as it is now; what was written before is seen. */
export async function readRecord(table: DynamoDbTable, id: string, { signal }: Invocation): Promise<RecordView> {
  const stored = await getStored(table, id, signal);
  if (stored === undefined) throw new Problem("not-found", "There is no record with this id.");
  return stored.record;
}

/**
 * Writes the version after the expected one, in one conditional update, or refuses. A write that was applied
 * before (its answer was lost on the way, so it is repeated: by the SDK, Lambda or the caller) succeeds again and
 * changes nothing, as long as no other write has followed it.
 */
export async function writeRecord(
  table: DynamoDbTable,
  { id, expectedVersion, data }: WriteRequest,
  { requestId, signal }: Invocation,
): Promise<{ record: RecordView; repeated: boolean }> {
  const dataJson = JSON.stringify(data);
  const update = new UpdateItemCommand({
    TableName: table.name,
    Key: { id: { S: id } },
    UpdateExpression:
      "SET #data = :data, version = :version, updatedAt = :now, createdAt = if_not_exists(createdAt, :now), writtenBy = :requestId",
    ConditionExpression: expectedVersion === 0 ? "attribute_not_exists(id)" : "version = :expectedVersion",
    ExpressionAttributeNames: { "#data": "data" },
    ExpressionAttributeValues: {
      ":data": { S: dataJson },
      ":version": { N: String(expectedVersion + 1) },
      ":now": { S: new Date().toISOString() },
      ":requestId": { S: requestId },
      ...(expectedVersion > 0 && { ":expectedVersion": { N: String(expectedVersion) } }),
    },
    ReturnValues: "ALL_NEW",
  });
  const written = await unlessRefused(table.client.send(update, { abortSignal: signal }));
  if (written !== undefined) return { record: storedRecord(written.Attributes).record, repeated: false };
  const stored = await getStored(table, id, signal);
  const isOwn =
    stored?.writtenBy === requestId &&
    stored.record.version === expectedVersion + 1 &&
    // A caller that gives one requestId to two different writes is not told that the second was made.
    stored.dataJson === dataJson;
  if (isOwn) return { record: stored.record, repeated: true };
  throw staleVersion(expectedVersion, stored?.record.version ?? 0);
}

function staleVersion(expectedVersion: number, currentVersion: number): Problem {
  const isNow = currentVersion === 0 ? "There is no record" : `The record has version ${currentVersion}`;
  const wasToBe = expectedVersion === 0 ? "there was to be none" : `version ${expectedVersion} was expected`;
  return new Problem("stale-version", `${isNow}; ${wasToBe}.`, { currentVersion });
}

async function getStored(table: DynamoDbTable, id: string, signal: AbortSignal): Promise<StoredRecord | undefined> {
  const item = await getItem(table, { id: { S: id } }, signal);
  return item && storedRecord(item);
}

/**
 * Data is stored as JSON text, not as DynamoDB's own types: every number comes back as it was (those have 38 digits
 * and another range), every key and string too, and the limit is one length.
 */
function storedRecord(item: Attributes = {}): StoredRecord {
  const dataJson = text(item, "data");
  return {
    record: {
      id: text(item, "id"),
      version: Number(text(item, "version", "N")),
      data: parseData(dataJson),
      createdAt: text(item, "createdAt"),
      updatedAt: text(item, "updatedAt"),
    },
    dataJson,
    writtenBy: text(item, "writtenBy"),
  };
}

const text = attributeReader("record");

function parseData(dataJson: string): JsonObject {
  try {
    return JSON.parse(dataJson);
  } catch {
    // The parser's own message quotes the text, and would put it in the log.
    throw new Error("A stored record's data is no JSON");
  }
}
