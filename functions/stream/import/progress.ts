import { createHash } from "node:crypto";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type Attributes, type DynamoDbTable, getItem, unlessRefused } from "../../shared/dynamodb-table";
import type { ObjectVersion } from "../../shared/s3-notification";
import type { Position } from "./lines";

/** How far an object has been imported; once it is finished, what became of it. */
export interface Progress {
  /** Of the table's item: `import#{hash of key and version}`. */
  readonly id: string;
  /** 1 when it is first saved; each time adds 1. */
  readonly revision: number;
  /** The invocation that saved it. */
  readonly owner: string;
  readonly position: Position;
  readonly lines: number;
  /** Lines that are on the stream. */
  readonly imported: number;
  /** Lines that are no records. */
  readonly refused: number;
  /** The first of them, by number, with the rules that they break. */
  readonly refusals: readonly string[];
  readonly isFinished: boolean;
}

/** The key is a name that somebody gave: it is for nobody's logs. */
export function importIdOf({ key, versionId }: ObjectVersion): string {
  return `import#${createHash("sha256")
    .update(JSON.stringify([key, versionId]))
    .digest("hex")}`;
}

function noProgress(id: string): Progress {
  return {
    id,
    revision: 0,
    owner: "",
    position: { offset: 0, isInsideLine: false },
    lines: 0,
    imported: 0,
    refused: 0,
    refusals: [],
    isFinished: false,
  };
}

export async function readProgress(table: DynamoDbTable, id: string, signal: AbortSignal): Promise<Progress> {
  const item = await getItem(table, { id: { S: id } }, signal);
  return item ? progressOf(id, item) : noProgress(id);
}

/** False: another has saved its own meanwhile. */
export async function saveProgress(
  table: DynamoDbTable,
  progress: Progress,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const isFirst = progress.revision === 1;
  const put = new PutItemCommand({
    TableName: table.name,
    Item: itemOf(progress),
    ConditionExpression: isFirst ? "attribute_not_exists(id)" : "revision = :before",
    ...(!isFirst && { ExpressionAttributeValues: { ":before": { N: String(progress.revision - 1) } } }),
  });
  if ((await unlessRefused(table.client.send(put, { abortSignal }))) !== undefined) return true;
  // Its own, where the answer was lost.
  const { revision, owner } = await readProgress(table, progress.id, abortSignal);
  return revision === progress.revision && owner === progress.owner;
}

function itemOf({ id, position, refusals, isFinished, owner, ...counts }: Progress): Attributes {
  const numbers = { ...counts, offset: position.offset };
  return {
    id: { S: id },
    status: { S: isFinished ? "imported" : "importing" },
    owner: { S: owner },
    ...Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, { N: String(number) }])),
    isInsideLine: { BOOL: position.isInsideLine },
    refusals: { L: refusals.map((refusal) => ({ S: refusal })) },
    updatedAt: { S: new Date().toISOString() },
  };
}

function progressOf(id: string, item: Attributes): Progress {
  const number = (name: string) => Number(item[name]?.N);
  return {
    id,
    revision: number("revision"),
    owner: item.owner?.S ?? "",
    position: { offset: number("offset"), isInsideLine: item.isInsideLine?.BOOL === true },
    lines: number("lines"),
    imported: number("imported"),
    refused: number("refused"),
    refusals: (item.refusals?.L ?? []).map(({ S = "" }) => S),
    isFinished: item.status?.S === "imported",
  };
}
