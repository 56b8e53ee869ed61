import { type Attributes, type DynamoDbTable, getItem } from "../../shared/dynamodb-table";
import type { StoredObject } from "../../shared/s3-bucket";
import { archiveContentType } from "./archive";

/** How far a shard has been consumed. */
export interface Checkpoint {
  /** Of the table's item: `shard#{stream}#{shard}`. */
  readonly id: string;
  /** Of the last record that was consumed. Undefined: none was. */
  readonly sequenceNumber: string | undefined;
  /** What the archive has to have of the last chunk. */
  readonly archived: StoredObject | undefined;
}

export function checkpointIdOf(streamName: string, shardId: string): string {
  return `shard#${streamName}#${shardId}`;
}

export async function readCheckpoint(table: DynamoDbTable, id: string, signal: AbortSignal): Promise<Checkpoint> {
  const { sequenceNumber, archiveKey, archiveBody } = (await getItem(table, { id: { S: id } }, signal)) ?? {};
  return {
    id,
    sequenceNumber: sequenceNumber?.S,
    archived:
      archiveKey?.S === undefined
        ? undefined
        : { key: archiveKey.S, body: archiveBody?.S ?? "", contentType: archiveContentType },
  };
}

export function checkpointItem({ id, sequenceNumber = "", archived }: Checkpoint): Attributes {
  return {
    id: { S: id },
    sequenceNumber: { S: sequenceNumber },
    ...(archived && { archiveKey: { S: archived.key }, archiveBody: { S: archived.body } }),
  };
}

/** Sequence numbers have up to 56 digits, and not always the same number of them. */
export function isAfter(sequenceNumber: string, { sequenceNumber: last = "-1" }: Checkpoint): boolean {
  return BigInt(sequenceNumber) > BigInt(last);
}
