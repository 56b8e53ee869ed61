import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { StreamBucket } from "../stream-bucket";
import type { ArchiveObject, Checkpoint } from "./checkpoint";
import type { Chunk } from "./chunk";
import type { ShardBatch } from "./shard-batch";

/** Of sequence numbers: as texts, they are in order then. */
const digits = 56;

/**
 * What the archive has to have of a chunk. From one place of a shard there is one transaction that goes on from
 * there, and so one content of this key.
 */
export function archiveObjectOf(
  { streamName, shardId }: Pick<ShardBatch, "streamName" | "shardId">,
  { sequenceNumber = "" }: Checkpoint,
  { fresh }: Chunk,
): ArchiveObject | undefined {
  if (fresh.length === 0) return undefined;
  return {
    // After a failover another stream has shards of the same names, and the bucket is one.
    key: `records/${streamName}/${shardId}/${sequenceNumber.padStart(digits, "0")}.ndjson`,
    body: fresh.map(({ record }) => `${JSON.stringify(record)}\n`).join(""),
  };
}

/** Once: what is there is the same, and stays. */
export async function storeObject(
  { client, name }: StreamBucket,
  { key, body }: ArchiveObject,
  abortSignal: AbortSignal,
): Promise<void> {
  const put = new PutObjectCommand({
    Bucket: name,
    Key: key,
    Body: body,
    ContentType: "application/x-ndjson",
    IfNoneMatch: "*",
  });
  try {
    await client.send(put, { abortSignal });
  } catch (error) {
    if ((error as Error).name !== "PreconditionFailed") throw error;
  }
}
