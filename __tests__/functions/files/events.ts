import { randomBytes } from "node:crypto";
import type { SQSRecord } from "aws-lambda";
import { fileIdOfKey } from "../../../functions/files/s3-event";
import { sqsRecord } from "../../support/local-services";
import { itemsOf } from "../files-api/files-table";
import { type LocalAws, tableName } from "./local-aws";

/** A version of an object, as its event tells of it. */
export interface Uploaded {
  readonly id: string;
  readonly key: string;
  readonly versionId: string;
  readonly sequencer: string;
  readonly sizeBytes: number;
}

let uploads = 0;

/** Puts bytes under a key of the API's kind; the event of it is the caller's. */
export function upload(aws: LocalAws, extension: string, bytes: Uint8Array | string, id = newFileId()): Uploaded {
  uploads += 1;
  const key = `uploads/${id}.${extension}`;
  const versionId = `version-${uploads}`;
  const content = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  aws.uploads.set(key, new Map([...(aws.uploads.get(key) ?? []), [versionId, content]]));
  return {
    id: fileIdOfKey(key),
    key,
    versionId,
    sequencer: uploads.toString(16).padStart(18, "0"),
    sizeBytes: content.byteLength,
  };
}

export function newFileId(): string {
  return randomBytes(16).toString("base64url");
}

/** What the files API puts down before a file is uploaded. */
export async function announce(aws: LocalAws, id: string, extension: string): Promise<void> {
  const texts = {
    id,
    version: "file",
    owner: "abcde12345",
    name: "a file",
    contentType: "text/csv",
    sha256: "0".repeat(64),
    key: `uploads/${id}.${extension}`,
    status: "awaiting-upload",
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
  };
  const item = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { S: text }]));
  await aws.dynamo.call("PutItem", { TableName: tableName, Item: { ...item, sizeBytes: { N: "1" } } });
}

/** A notification of S3 about these, as one message of the queue. */
export function notificationOf(...versions: readonly Uploaded[]): string {
  return JSON.stringify({
    Records: versions.map(({ key, versionId, sequencer, sizeBytes }) => ({
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: "2026-01-01T00:00:00.000Z",
      eventName: "ObjectCreated:Put",
      s3: {
        s3SchemaVersion: "1.0",
        bucket: { name: "tap-files", arn: "arn:aws:s3:::tap-files" },
        object: {
          key: encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+"),
          size: sizeBytes,
          eTag: "d41d8cd98f00b204e9800998ecf8427e",
          versionId,
          sequencer,
        },
      },
    })),
  });
}

/** A message as Lambda hands it over. */
export function delivered(body: string, receives = 1): SQSRecord {
  return sqsRecord("tap-files-dev-us-east-1", body, receives);
}

/** What the table says of a version. */
export interface VersionEnd {
  readonly status: string | undefined;
  readonly reason: string | undefined;
  readonly result: Record<string, unknown> | undefined;
  readonly attempts: number;
}

export async function endOf({ dynamo }: LocalAws, { id, versionId }: Uploaded): Promise<VersionEnd> {
  const item = (await itemsOf(dynamo, tableName, id))[`version#${versionId}`];
  return {
    status: item?.status?.S,
    reason: item?.reason?.S,
    result: item?.result?.S === undefined ? undefined : JSON.parse(item.result.S),
    attempts: Number(item?.attempts?.N ?? 0),
  };
}
