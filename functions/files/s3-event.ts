import { createHash } from "node:crypto";
import { createdObjects } from "../shared/s3-notification";
import type { FileVersion } from "./file-item";

/**
 * Versions of files that a message of S3 tells of.
 * @throws Error without any value where it is no such message
 */
export function versionsOf(body: string): FileVersion[] {
  return createdObjects(body).map(({ bucketName: _, ...object }) => ({ id: fileIdOfKey(object.key), ...object }));
}

/** The id is in the keys that the API signs; other objects have one that nobody chose, and that is always the same. */
export function fileIdOfKey(key: string): string {
  const [, id] = /^uploads\/([A-Za-z0-9_-]{22})\.(?:jpg|png|pdf|txt|csv|json)$/.exec(key) ?? [];
  return id ?? createHash("sha256").update(key).digest("base64url").slice(0, 22);
}
