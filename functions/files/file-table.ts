import type { Lease } from "../shared/delivery";
import { type DynamoDbTable, getItem, updateItem } from "../shared/dynamodb-table";
import { showOnHead } from "./file-head";
import {
  comparableSequencer,
  type FileVersion,
  isFinished,
  type StoredVersion,
  storedVersionOf,
  type VersionState,
  versionKey,
} from "./file-item";

export type { FileVersion } from "./file-item";

/**
 * - `claimed`: the lease holds, the version is being processed
 * - `finished`: it is done, well or not
 * - `busy`: another has the lease; later again
 * - `superseded`: the file has a newer version, or was deleted: this one has failed, and is nobody's work
 * - `exhausted`: it was claimed as often as it may be, and never finished
 */
export type Claim = "claimed" | "finished" | "busy" | "superseded" | "exhausted";

/** Of a result, as JSON in UTF-8: an item has 400 KB (DynamoDB quotas), an answer of Lambda 6 MB. */
export const maximumResultBytes = 65_536;

/**
 * Takes a version on: it is put down as uploaded, shown on its file, and claimed if it is nobody's work. Repeated, it
 * also shows what an interrupted one left unsaid. The same lease is told of its own claim again, where the answer was
 * lost.
 */
export async function claimVersion(
  table: DynamoDbTable,
  version: FileVersion,
  lease: Lease,
  maximumAttempts: number,
  signal: AbortSignal,
): Promise<Claim> {
  await putDown(table, version, signal);
  const place = await showOnHead(table, version, { status: "uploaded" }, signal);
  if (place === "older") return await refuse(table, version, "superseded", signal);
  if (place === "deleted") return await refuse(table, version, "deleted", signal);
  if (await take(table, version, lease, maximumAttempts, signal)) {
    await showOnHead(table, version, { status: "processing" }, signal);
    return "claimed";
  }
  const stored = await existingVersion(table, version, signal);
  await showOnHead(table, version, stored, signal);
  return claimOf(stored, lease, maximumAttempts);
}

/** Of a version that couldn't be taken: why not. */
function claimOf(stored: StoredVersion, { owner, expiresAt }: Lease, maximumAttempts: number): Claim {
  if (isFinished(stored)) return "finished";
  if (stored.leaseOwner === owner && stored.leaseExpiresAt === expiresAt) return "claimed";
  if (stored.leaseExpiresAt >= Date.now()) return "busy";
  return stored.attempts >= maximumAttempts ? "exhausted" : "busy";
}

/**
 * Ends a version well. Whoever has ended it before, with the same lease, is told so again; the file shows its end then
 * at the latest.
 * @param result what there is to know about the content: JSON, of at most `maximumResultBytes`
 * @returns false: the lease was lost
 */
export async function completeVersion(
  table: DynamoDbTable,
  version: FileVersion,
  lease: Lease,
  result: object,
  signal: AbortSignal,
): Promise<boolean> {
  const json = JSON.stringify(result);
  if (Buffer.byteLength(json) > maximumResultBytes)
    throw new RangeError(`A result has at most ${maximumResultBytes} bytes of JSON`);
  return await end(table, version, lease, { status: "processed", result: json }, signal);
}

/**
 * Says why there will be no result. Without a lease, only of a version that nobody works on.
 * @param reason one of a closed list, without any value
 * @returns false: the lease was lost, or another has it
 */
export async function failVersion(
  table: DynamoDbTable,
  version: FileVersion,
  lease: Lease | undefined,
  reason: string,
  signal: AbortSignal,
): Promise<boolean> {
  return await end(table, version, lease, { status: "failed", reason }, signal);
}

/** Lets go of a version that is to be tried again: the next need not wait for the lease to run out. */
export async function releaseVersion(
  table: DynamoDbTable,
  version: FileVersion,
  { owner }: Lease,
  signal: AbortSignal,
): Promise<void> {
  const change = {
    // Still processing: a status never goes back.
    UpdateExpression: "SET leaseExpiresAt = :past",
    ConditionExpression: isHeld,
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ":past": { N: "0" }, ":processing": { S: "processing" }, ":owner": { S: owner } },
  };
  await updateItem(table, versionKey(version.id, version.versionId), change, signal);
}

const isHeld = "#status = :processing AND leaseOwner = :owner";
const isNobodys = "(#status = :uploaded OR (#status = :processing AND leaseExpiresAt < :milliseconds))";

/** What a version was from the beginning stays as the first wrote it. */
const identity = ["#key", "sequencer", "attempts", "createdAt"]
  .map((name) => `${name} = if_not_exists(${name}, :${name.replace("#", "")})`)
  .join(", ");

function identityValues({ key, sequencer }: FileVersion, now: string) {
  return {
    ":key": { S: key },
    ":sequencer": { S: comparableSequencer(sequencer) },
    ":attempts": { N: "0" },
    ":createdAt": { S: now },
  };
}

async function putDown(table: DynamoDbTable, version: FileVersion, signal: AbortSignal): Promise<void> {
  const now = new Date().toISOString();
  const change = {
    UpdateExpression: `SET #status = :uploaded, updatedAt = :now, ${identity}`,
    ConditionExpression: "attribute_not_exists(id)",
    ExpressionAttributeNames: { "#status": "status", "#key": "key" },
    ExpressionAttributeValues: {
      ":uploaded": { S: "uploaded" },
      ":now": { S: now },
      ...identityValues(version, now),
    },
  };
  await updateItem(table, versionKey(version.id, version.versionId), change, signal);
}

/** False: it is finished, another's work, or was tried too often. */
async function take(
  table: DynamoDbTable,
  { id, versionId }: FileVersion,
  { owner, expiresAt }: Lease,
  maximumAttempts: number,
  signal: AbortSignal,
): Promise<boolean> {
  const change = {
    UpdateExpression:
      "SET #status = :processing, leaseOwner = :owner, leaseExpiresAt = :expiresAt, updatedAt = :now ADD attempts :one",
    ConditionExpression: `${isNobodys} AND attempts < :maximum`,
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ":uploaded": { S: "uploaded" },
      ":processing": { S: "processing" },
      ":owner": { S: owner },
      ":expiresAt": { N: String(expiresAt) },
      ":milliseconds": { N: String(Date.now()) },
      ":maximum": { N: String(maximumAttempts) },
      ":one": { N: "1" },
      ":now": { S: new Date().toISOString() },
    },
  };
  return await updateItem(table, versionKey(id, versionId), change, signal);
}

/** Not to be worked on, whatever it holds; one that somebody works on already may end as it will. */
async function refuse(
  table: DynamoDbTable,
  version: FileVersion,
  reason: "superseded" | "deleted",
  signal: AbortSignal,
): Promise<Claim> {
  if (await failVersion(table, version, undefined, reason, signal)) return "superseded";
  return isFinished(await existingVersion(table, version, signal)) ? "finished" : "busy";
}

type End = Pick<VersionState, "status" | "reason" | "result">;

async function end(
  table: DynamoDbTable,
  version: FileVersion,
  lease: Lease | undefined,
  state: End,
  signal: AbortSignal,
): Promise<boolean> {
  if (await writeEnd(table, version, lease, state, signal)) {
    await showOnHead(table, version, state, signal);
    return true;
  }
  const stored = await getVersion(table, version, signal);
  if (stored === undefined || !isFinished(stored)) return false;
  await showOnHead(table, version, stored, signal);
  return stored.status === state.status && stored.reason === state.reason && stored.leaseOwner === lease?.owner;
}

/** False: the lease was lost, or the version is finished; without a lease: or is another's work. */
async function writeEnd(
  table: DynamoDbTable,
  version: FileVersion,
  lease: Lease | undefined,
  { status, reason, result }: End,
  signal: AbortSignal,
): Promise<boolean> {
  const now = new Date().toISOString();
  const texts = { reason, result };
  const given = Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]));
  const change = {
    UpdateExpression: [
      `SET #status = :status, updatedAt = :now, ${[identity, ...given.map(([name]) => `#${name} = :${name}`)].join(", ")}`,
      // Who ended it is known by its lease.
      `REMOVE leaseExpiresAt${lease ? "" : ", leaseOwner"}`,
    ].join(" "),
    ConditionExpression: lease ? isHeld : `attribute_not_exists(id) OR ${isNobodys}`,
    ExpressionAttributeNames: {
      "#status": "status",
      "#key": "key",
      ...Object.fromEntries(given.map(([name]) => [`#${name}`, name])),
    },
    ExpressionAttributeValues: {
      ":status": { S: status },
      ":now": { S: now },
      ":processing": { S: "processing" },
      ...(lease
        ? { ":owner": { S: lease.owner } }
        : { ":uploaded": { S: "uploaded" }, ":milliseconds": { N: String(Date.now()) } }),
      ...identityValues(version, now),
      ...Object.fromEntries(given.map(([name, text]) => [`:${name}`, { S: text }])),
    },
  };
  return await updateItem(table, versionKey(version.id, version.versionId), change, signal);
}

async function getVersion(
  table: DynamoDbTable,
  { id, versionId }: FileVersion,
  signal: AbortSignal,
): Promise<StoredVersion | undefined> {
  const item = await getItem(table, versionKey(id, versionId), signal);
  return item && storedVersionOf(item);
}

/** A version that a condition has just spoken of. */
async function existingVersion(
  table: DynamoDbTable,
  version: FileVersion,
  signal: AbortSignal,
): Promise<StoredVersion> {
  const stored = await getVersion(table, version, signal);
  if (stored === undefined) throw new Error("A version that was there is gone");
  return stored;
}
