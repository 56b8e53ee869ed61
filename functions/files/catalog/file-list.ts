import { QueryCommand } from "@aws-sdk/client-dynamodb";
import type { DynamoDbTable } from "../../shared/dynamodb-table";
import { type FileHead, type FileStatus, headOf, headVersion, isDeleted } from "../file-item";
import type { Place } from "./cursor";

export interface FilePage {
  readonly files: readonly FileHead[];
  /** Where the next page begins. Undefined: there is none. */
  readonly next: Place | undefined;
}

/** What is asked for. */
export interface FileQuery {
  readonly owner: string;
  readonly limit: number;
  readonly status: FileStatus | undefined;
  readonly after: Place | undefined;
}

/** Calls of DynamoDB for one page: however few files have the status, a request ends. */
const maximumQueries = 10;

/** Looked at in one call, at least: the last files of a page are not to cost a call each. */
const minimumRead = 25;

/** A page of an owner's files, the newest first. With a status it can be short, or even empty, before the end. */
export async function listFiles(table: DynamoDbTable, query: FileQuery, signal: AbortSignal): Promise<FilePage> {
  const files: FileHead[] = [];
  let { after } = query;
  for (let queries = 0; queries < maximumQueries; queries += 1) {
    const missing = query.limit - files.length;
    const read = await readPage(table, { ...query, after, limit: Math.max(missing, minimumRead) }, signal);
    const wanted = read.files.slice(0, missing);
    files.push(...wanted);
    // What was found beyond the page is for the next one to find again.
    if (wanted.length < read.files.length) return { files, next: wanted.at(-1) };
    after = read.next;
    if (after === undefined || files.length === query.limit) break;
  }
  return { files, next: after };
}

async function readPage(
  { client, name }: DynamoDbTable,
  { owner, limit, status, after }: FileQuery,
  abortSignal: AbortSignal,
): Promise<FilePage> {
  const command = new QueryCommand({
    TableName: name,
    IndexName: "by-owner",
    KeyConditionExpression: "#owner = :owner",
    ScanIndexForward: false,
    Limit: limit,
    ExpressionAttributeNames: { "#owner": "owner", ...(status && { "#status": "status" }) },
    ExpressionAttributeValues: { ":owner": { S: owner }, ...(status && { ":status": { S: status } }) },
    ...(status && { FilterExpression: "#status = :status" }),
    ...(after && { ExclusiveStartKey: startKey(owner, after) }),
  });
  const { Items = [], LastEvaluatedKey } = await client.send(command, { abortSignal });
  const { createdAt, id } = LastEvaluatedKey ?? {};
  return {
    // What was deleted is not in the index.
    files: Items.map(headOf).flatMap((head) => (isDeleted(head) ? [] : [head])),
    next: createdAt?.S !== undefined && id?.S !== undefined ? { createdAt: createdAt.S, id: id.S } : undefined,
  };
}

/** Always among the owner's own. */
function startKey(owner: string, { createdAt, id }: Place) {
  return { owner: { S: owner }, createdAt: { S: createdAt }, id: { S: id }, version: { S: headVersion } };
}
