import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Attributes, attributeReader } from "../shared/dynamodb-table";

/** Of a version of a file; it never goes back. */
export type VersionStatus = "uploaded" | "processing" | "processed" | "failed";

/** Of a file: that of its newest version, where it has one. */
export type FileStatus = "awaiting-upload" | VersionStatus;

/** A version of an object, as S3 tells of it. */
export interface FileVersion {
  /** Of its file. */
  readonly id: string;
  readonly versionId: string;
  /** Of the object, as it is, not URL-encoded. */
  readonly key: string;
  /** Which of two versions of one key is the newer, in hexadecimal digits; as S3 has it. */
  readonly sequencer: string;
  readonly sizeBytes: number;
}

/** A file, as its owner announced it, and how far it is: the item that stands for all its versions. */
export interface FileHead {
  readonly id: string;
  /** Who may see it. */
  readonly owner: string;
  readonly name: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Of the content, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Of the object. */
  readonly key: string;
  readonly status: FileStatus;
  /** Of a file that failed: why. */
  readonly reason: string | undefined;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The newest version that was heard of. */
  readonly versionId: string | undefined;
  readonly sequencer: string | undefined;
}

/** What is left of a file that was deleted, for a while: nothing that it was about. */
export interface DeletedFile {
  readonly id: string;
  readonly key: string;
  /** Who deleted it. */
  readonly formerOwner: string;
  /** ISO 8601, UTC. */
  readonly deletedAt: string;
}

/** How a version ended, or how far it is. */
export interface VersionState {
  readonly status: VersionStatus;
  /** Of one that failed: why. */
  readonly reason?: string | undefined;
  /** Of one that was processed: JSON. */
  readonly result?: string | undefined;
}

/** One version's item. */
export interface StoredVersion extends VersionState {
  readonly versionId: string;
  readonly attempts: number;
  /** Who works on it, or ended it. */
  readonly leaseOwner: string | undefined;
  /** Milliseconds since 1970; 0 where nobody works on it. */
  readonly leaseExpiresAt: number;
}

/** Sort key of the item that stands for the file. */
export const headVersion = "file";
const versionPrefix = "version#";

export function headKey(id: string): Record<string, AttributeValue> {
  return { id: { S: id }, version: { S: headVersion } };
}

export function versionKey(id: string, versionId: string): Record<string, AttributeValue> {
  return { id: { S: id }, version: { S: versionPrefix + versionId } };
}

/** What all versions' sort keys begin with. */
export const versionsBeginWith: AttributeValue = { S: versionPrefix };

/**
 * Sequencers are compared after the shorter one is filled up with zeros on the right (S3 user guide, event message
 * structure); filled up alike, DynamoDB compares them. 64 digits are four times what S3 sends.
 */
export function comparableSequencer(sequencer: string): string {
  return sequencer.toUpperCase().padEnd(64, "0");
}

export function isFinished({ status }: VersionState): boolean {
  return status === "processed" || status === "failed";
}

export function headOf(item: Attributes): FileHead | DeletedFile {
  const [id, key] = [text(item, "id"), text(item, "key")];
  if (item.formerOwner?.S !== undefined)
    return { id, key, formerOwner: item.formerOwner.S, deletedAt: text(item, "deletedAt") };
  return {
    id,
    key,
    owner: text(item, "owner"),
    name: text(item, "name"),
    contentType: text(item, "contentType"),
    sizeBytes: Number(text(item, "sizeBytes", "N")),
    sha256: text(item, "sha256"),
    status: text(item, "status") as FileStatus,
    reason: item.reason?.S,
    createdAt: text(item, "createdAt"),
    updatedAt: text(item, "updatedAt"),
    versionId: item.versionId?.S,
    sequencer: item.sequencer?.S,
  };
}

export function isDeleted(head: FileHead | DeletedFile): head is DeletedFile {
  return "formerOwner" in head;
}

export function storedVersionOf(item: Attributes): StoredVersion {
  return {
    versionId: text(item, "version").slice(versionPrefix.length),
    status: text(item, "status") as VersionStatus,
    reason: item.reason?.S,
    result: item.result?.S,
    attempts: Number(text(item, "attempts", "N")),
    leaseOwner: item.leaseOwner?.S,
    leaseExpiresAt: Number(item.leaseExpiresAt?.N ?? 0),
  };
}

const text = attributeReader("file");
