import type { KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";

/** What Lambda read of one shard, in its order. */
export interface ShardBatch {
  readonly streamName: string;
  readonly shardId: string;
  readonly records: readonly SealedRecord[];
}

export interface SealedRecord {
  readonly sequenceNumber: string;
  readonly data: string;
}

/** @throws Error where the records aren't of one shard: Lambda never does that */
export function shardBatchOf({ Records }: KinesisStreamEvent): ShardBatch {
  const places = new Set(Records.map(placeOf));
  const [place = ""] = places;
  if (places.size > 1) throw new Error("A batch has records of several shards");
  const [streamName = "", shardId = ""] = place.split("/");
  return {
    streamName,
    shardId,
    records: Records.map(({ kinesis: { sequenceNumber, data } }) => ({
      sequenceNumber,
      data: Buffer.from(data, "base64").toString(),
    })),
  };
}

/** From `arn:…:stream/name` (`/consumer/…` may follow) and `shardId-000000000000:sequence number`. */
function placeOf({ eventSourceARN, eventID }: KinesisStreamRecord): string {
  const streamName = eventSourceARN.match(/:stream\/([A-Za-z0-9_.-]+)/)?.[1];
  const shardId = eventID.match(/^(shardId-\d+):/)?.[1];
  if (streamName === undefined || shardId === undefined) throw new Error("A record doesn't say what shard it is of");
  return `${streamName}/${shardId}`;
}
