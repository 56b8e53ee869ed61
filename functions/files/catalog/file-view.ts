import type { FileDetail, FileView } from "../../../routes/files";
import { type DynamoDbTable, getItem } from "../../shared/dynamodb-table";
import type { S3Bucket } from "../../shared/s3-bucket";
import { type FileHead, type StoredVersion, storedVersionOf, versionKey } from "../file-item";
import { derivedLink, downloadLink } from "./links";

/** What a processor found; of what it made, where it is. */
type Result = Readonly<Record<string, unknown>>;

/** A file as its owner sees it in a list. */
export function viewOf(file: FileHead): FileView {
  const { id, name, contentType, sizeBytes, sha256, status, reason, createdAt, updatedAt } = file;
  return {
    id,
    name,
    contentType,
    sizeBytes,
    sha256,
    status,
    ...(reason !== undefined && { reason }),
    createdAt,
    updatedAt,
  };
}

/** A file as its owner sees it alone: with what was found in its newest version, and the way to it. */
export async function detailOf(
  table: DynamoDbTable,
  bucket: S3Bucket,
  file: FileHead,
  signal: AbortSignal,
): Promise<FileDetail> {
  const { id, versionId } = file;
  if (versionId === undefined) return viewOf(file);
  const { url, expiresAt } = await downloadLink(bucket, file, versionId);
  const detail = { ...viewOf(file), downloadUrl: url, downloadExpiresAt: expiresAt };
  if (file.status !== "processed") return detail;
  const item = await getItem(table, versionKey(id, versionId), signal);
  // Its item was written before the file showed its end.
  if (item === undefined) throw new Error("A version that was there is gone");
  return { ...detail, result: await linked(bucket, id, versionId, resultOf(storedVersionOf(item))) };
}

function resultOf({ result }: StoredVersion): Result {
  return result === undefined ? {} : JSON.parse(result);
}

/** What was made of the file, thumbnails for instance, by links instead of keys. */
async function linked(bucket: S3Bucket, id: string, versionId: string, result: Result): Promise<Result> {
  if (!Array.isArray(result.outputs)) return result;
  const outputs = result.outputs.map(async ({ key, ...output }) => ({
    ...output,
    ...(isDerived(id, versionId, key) && { url: await derivedLink(bucket, key) }),
  }));
  return { ...result, outputs: await Promise.all(outputs) };
}

/** Keys of what was made from a version. */
export function derivedKeys(id: string, version: StoredVersion): string[] {
  const { outputs } = resultOf(version);
  if (!Array.isArray(outputs)) return [];
  return outputs.map(({ key }) => key).filter((key): key is string => isDerived(id, version.versionId, key));
}

/** Whatever a result says, nothing of another file is given away or deleted. */
function isDerived(id: string, versionId: string, key: unknown): key is string {
  return typeof key === "string" && key.startsWith(`results/${id}/${versionId}/`);
}
