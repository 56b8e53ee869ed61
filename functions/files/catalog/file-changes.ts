import { type AttributeValue, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { type FileInput, fileTypes } from "../../../routes/files";
import { type DynamoDbTable, unlessRefused, updateItem } from "../../shared/dynamodb-table";
import { idempotentId } from "../../shared/idempotency";
import { Problem } from "../../shared/problem";
import type { S3Bucket } from "../../shared/s3-bucket";
import { expireVersion, expiry, getHead } from "../file-head";
import {
  type DeletedFile,
  type FileHead,
  headKey,
  isDeleted,
  type StoredVersion,
  storedVersionOf,
  versionsBeginWith,
} from "../file-item";
import { derivedKeys } from "./file-view";

/** What became of a request to change something. */
export interface Change {
  readonly id: string;
  /** When it was made, ISO 8601, UTC. */
  readonly at: string;
  /** It was made by a request before. */
  readonly isRepeated: boolean;
}

/** Puts a file down that is to be uploaded, and is forgotten where it never is, if it isn't there yet; whoever was first, it is answered as it is then. */
export async function createFile(
  table: DynamoDbTable,
  owner: string,
  idempotencyKey: string,
  input: FileInput,
  signal: AbortSignal,
): Promise<{ readonly file: FileHead; readonly isRepeated: boolean }> {
  const file = announced(owner, idempotentId(owner, idempotencyKey), input);
  const put = new PutItemCommand({
    TableName: table.name,
    Item: itemOf(file),
    ConditionExpression: "attribute_not_exists(id)",
  });
  if ((await unlessRefused(table.client.send(put, { abortSignal: signal }))) !== undefined)
    return { file, isRepeated: false };
  const head = await getHead(table, file.id, signal);
  if (head === undefined) throw new Error("A file that was there is gone");
  if (isDeleted(head))
    throw new Problem("idempotency-conflict", "The file that was announced with this idempotency key was deleted.");
  if (!isSame(head, input))
    throw new Problem("idempotency-conflict", "Another file was announced with this idempotency key.");
  return { file: head, isRepeated: true };
}

function announced(owner: string, id: string, input: FileInput): FileHead {
  const now = new Date().toISOString();
  return {
    ...input,
    id,
    owner,
    key: `uploads/${id}.${fileTypes[input.contentType].extension}`,
    status: "awaiting-upload",
    reason: undefined,
    createdAt: now,
    updatedAt: now,
    versionId: undefined,
    sequencer: undefined,
  };
}

function itemOf({ id, sizeBytes, ...file }: FileHead): Record<string, AttributeValue> {
  const texts = Object.entries(file).flatMap(([name, text]) => (text === undefined ? [] : [[name, { S: text }]]));
  const expiresAt = expiry.values()[":expiresAt"];
  return { ...headKey(id), sizeBytes: { N: String(sizeBytes) }, expiresAt, ...Object.fromEntries(texts) };
}

function isSame(file: FileHead, input: FileInput): boolean {
  return (["name", "contentType", "sizeBytes", "sha256"] as const).every((name) => file[name] === input[name]);
}

/** Of another's file, not even that it is there. */
export function noSuchFile(): Problem {
  return new Problem("not-found", "There is no file with this id.");
}

/** @throws Problem where the owner has none of this id */
export async function getOwnFile(
  table: DynamoDbTable,
  owner: string,
  id: string,
  signal: AbortSignal,
): Promise<FileHead> {
  const head = await getHead(table, id, signal);
  if (head === undefined || isDeleted(head) || head.owner !== owner) throw noSuchFile();
  return head;
}

/** The content's object first: a file that is still seen is deleted by a repetition, one that isn't might be forgotten. */
export async function deleteFile(
  table: DynamoDbTable,
  bucket: S3Bucket,
  owner: string,
  id: string,
  signal: AbortSignal,
): Promise<Change> {
  const head = await getHead(table, id, signal);
  if (head === undefined || formerOrPresentOwner(head) !== owner) throw noSuchFile();
  // Also in a repetition: it may have been uploaded again since.
  await deleteObject(bucket, head.key, signal);
  const at = isDeleted(head) ? head.deletedAt : new Date().toISOString();
  await forget(table, owner, id, at, signal);
  // From here on, a version that comes sees by itself that its file was deleted.
  for (const version of await versionsOf(table, id, signal)) {
    for (const key of derivedKeys(id, version)) await deleteObject(bucket, key, signal);
    await expireVersion(table, id, version.versionId, signal);
  }
  return { id, at, isRepeated: isDeleted(head) };
}

function formerOrPresentOwner(head: FileHead | DeletedFile): string {
  return isDeleted(head) ? head.formerOwner : head.owner;
}

/**
 * Leaves of a file that it was, where, and whose: its id can't be made again, its versions don't bring it back, and
 * its deletion can be repeated.
 */
async function forget(table: DynamoDbTable, owner: string, id: string, at: string, signal: AbortSignal): Promise<void> {
  const change = {
    UpdateExpression: [
      `SET formerOwner = :owner, deletedAt = if_not_exists(deletedAt, :at), ${expiry.expression}`,
      `REMOVE ${forgotten.map((name) => `#${name}`).join(", ")}`,
    ].join(" "),
    ConditionExpression: "#owner = :owner OR formerOwner = :owner",
    ExpressionAttributeNames: Object.fromEntries(forgotten.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: { ":owner": { S: owner }, ":at": { S: at }, ...expiry.values() },
  };
  // It can have been removed at the end of its time since it was read.
  if (!(await updateItem(table, headKey(id), change, signal))) throw noSuchFile();
}

/** All that a file's item says of it, but its key. Without an owner and a time it is in no list. */
const forgotten = [
  "owner",
  "name",
  "contentType",
  "sizeBytes",
  "sha256",
  "createdAt",
  "updatedAt",
  "status",
  "reason",
  "versionId",
  "sequencer",
] as const satisfies readonly (keyof FileHead)[];

async function versionsOf(
  { client, name }: DynamoDbTable,
  id: string,
  abortSignal: AbortSignal,
): Promise<StoredVersion[]> {
  const versions: StoredVersion[] = [];
  let after: Record<string, AttributeValue> | undefined;
  do {
    const query = new QueryCommand({
      TableName: name,
      ConsistentRead: true,
      KeyConditionExpression: "id = :id AND begins_with(#version, :versions)",
      ExpressionAttributeNames: { "#version": "version" },
      ExpressionAttributeValues: { ":id": { S: id }, ":versions": versionsBeginWith },
      ...(after && { ExclusiveStartKey: after }),
    });
    const { Items = [], LastEvaluatedKey } = await client.send(query, { abortSignal });
    versions.push(...Items.map(storedVersionOf));
    after = LastEvaluatedKey;
  } while (after !== undefined);
  return versions;
}

/** Its versions stay for 30 days, as old ones (FIL-01); where there is no such object, S3 says the same. */
async function deleteObject({ client, name }: S3Bucket, key: string, abortSignal: AbortSignal): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }), { abortSignal });
}
