import { type DynamoDbTable, getItem, updateItem } from "../shared/dynamodb-table";
import {
  comparableSequencer,
  type DeletedFile,
  type FileHead,
  type FileVersion,
  headKey,
  headOf,
  isDeleted,
  type VersionState,
  type VersionStatus,
  versionKey,
} from "./file-item";

/** What stands for a file, or what its deletion left of that. */
export async function getHead(
  table: DynamoDbTable,
  id: string,
  signal: AbortSignal,
): Promise<FileHead | DeletedFile | undefined> {
  const item = await getItem(table, headKey(id), signal);
  return item && headOf(item);
}

/**
 * Where a version stands in its file:
 * - `newest`: the file shows it
 * - `older`: the file shows another, that is newer
 * - `deleted`: the file was deleted
 * - `alone`: there is no such file; the object came to the bucket by other means
 */
export type Place = "newest" | "older" | "deleted" | "alone";

/** What a version's status can follow. */
const earlier: Readonly<Record<VersionStatus, readonly VersionStatus[]>> = {
  uploaded: [],
  processing: ["uploaded"],
  processed: ["uploaded", "processing"],
  failed: ["uploaded", "processing"],
};

/**
 * Shows on the file how far its version is, unless the file shows a newer one, or has shown more of this one. The
 * version's own item was written before: whoever repeats what was interrupted between the two shows it then.
 */
export async function showOnHead(
  table: DynamoDbTable,
  version: FileVersion,
  { status, reason }: Pick<VersionState, "status" | "reason">,
  signal: AbortSignal,
): Promise<Place> {
  const sequencer = comparableSequencer(version.sequencer);
  const before = Object.fromEntries(earlier[status].map((name) => [`:${name}`, { S: name }]));
  const isFollowing =
    earlier[status].length > 0 ? `(versionId = :versionId AND #status IN (${Object.keys(before).join(", ")}))` : "";
  const isShown = await updateItem(
    table,
    headKey(version.id),
    {
      UpdateExpression: [
        "SET versionId = :versionId, sequencer = :sequencer, #status = :status, updatedAt = :now",
        // Of one that was announced and never uploaded, DynamoDB keeps nothing for ever.
        reason === undefined ? "REMOVE reason, expiresAt" : ", reason = :reason REMOVE expiresAt",
      ].join(" "),
      // What was deleted has a key still. Another object may have the same id: it belongs to no file.
      ConditionExpression: [
        "#key = :key AND attribute_not_exists(formerOwner)",
        `(${["attribute_not_exists(sequencer)", "sequencer < :sequencer", isFollowing].filter(Boolean).join(" OR ")})`,
      ].join(" AND "),
      ExpressionAttributeNames: { "#status": "status", "#key": "key" },
      ExpressionAttributeValues: {
        ...before,
        ":key": { S: version.key },
        ":versionId": { S: version.versionId },
        ":sequencer": { S: sequencer },
        ":status": { S: status },
        ":now": { S: new Date().toISOString() },
        ...(reason !== undefined && { ":reason": { S: reason } }),
      },
    },
    signal,
  );
  return isShown ? "newest" : await placeOf(table, version, signal);
}

/** Of a version that wasn't shown: why not. */
async function placeOf(table: DynamoDbTable, version: FileVersion, signal: AbortSignal): Promise<Place> {
  const head = await getHead(table, version.id, signal);
  if (head?.key !== version.key) return "alone";
  if (isDeleted(head)) {
    // The deletion saw those versions alone that were there by then.
    await expireVersion(table, version.id, version.versionId, signal);
    return "deleted";
  }
  return head.versionId === version.versionId ? "newest" : "older";
}

/** How long S3 keeps what was deleted (FIL-01), and the table what it knows of it. */
const keptSeconds = 30 * 24 * 3_600;

/** From now on; one that was given stays. */
export const expiry = {
  expression: "expiresAt = if_not_exists(expiresAt, :expiresAt)",
  values: () => ({ ":expiresAt": { N: String(Math.floor(Date.now() / 1_000) + keptSeconds) } }),
};

/** Has DynamoDB remove a version of a deleted file in the end, when S3 has removed the object. */
export async function expireVersion(
  table: DynamoDbTable,
  id: string,
  versionId: string,
  signal: AbortSignal,
): Promise<void> {
  const change = {
    UpdateExpression: `SET ${expiry.expression}`,
    ConditionExpression: "attribute_exists(id)",
    ExpressionAttributeValues: expiry.values(),
  };
  await updateItem(table, versionKey(id, versionId), change, signal);
}
