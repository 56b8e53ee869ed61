import { type AttributeValue, GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { StreamTable } from "../stream-table";

/** How far a shard has been consumed. */
export interface Checkpoint {
  /** Of the table's item: `shard#{stream}#{shard}`. */
  readonly id: string;
  /** Of the last record that was consumed. Undefined: none was. */
  readonly sequenceNumber: string | undefined;
  /** What the archive has to have of the last chunk. */
  readonly archived: ArchiveObject | undefined;
}

/** Records that were counted by one transaction, as the archive keeps them. */
export interface ArchiveObject {
  readonly key: string;
  readonly body: string;
}

export function checkpointIdOf(streamName: string, shardId: string): string {
  return `shard#${streamName}#${shardId}`;
}

export async function readCheckpoint(
  { client, name }: StreamTable,
  id: string,
  abortSignal: AbortSignal,
): Promise<Checkpoint> {
  const get = new GetItemCommand({ TableName: name, Key: { id: { S: id } }, ConsistentRead: true });
  const { Item = {} } = await client.send(get, { abortSignal });
  const { sequenceNumber, archiveKey, archiveBody } = Item;
  return {
    id,
    sequenceNumber: sequenceNumber?.S,
    archived: archiveKey?.S === undefined ? undefined : { key: archiveKey.S, body: archiveBody?.S ?? "" },
  };
}

export function checkpointItem({ id, sequenceNumber = "", archived }: Checkpoint): Record<string, AttributeValue> {
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
