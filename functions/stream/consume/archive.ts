import type { StoredObject } from "../../shared/s3-bucket";
import type { Checkpoint } from "./checkpoint";
import type { Chunk } from "./chunk";
import type { ShardBatch } from "./shard-batch";

/** Of sequence numbers: as texts, they are in order then. */
const digits = 56;

/** Records, a line each. */
export const archiveContentType = "application/x-ndjson";

/**
 * What the archive has to have of a chunk. From one place of a shard there is one transaction that goes on from
 * there, and so one content of this key.
 */
export function archiveObjectOf(
  { streamName, shardId }: Pick<ShardBatch, "streamName" | "shardId">,
  { sequenceNumber = "" }: Checkpoint,
  { fresh }: Chunk,
): StoredObject | undefined {
  if (fresh.length === 0) return undefined;
  return {
    // After a failover another stream has shards of the same names, and the bucket is one.
    key: `records/${streamName}/${shardId}/${sequenceNumber.padStart(digits, "0")}.ndjson`,
    body: fresh.map(({ record }) => `${JSON.stringify(record)}\n`).join(""),
    contentType: archiveContentType,
  };
}
