import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { Lease } from "../shared/delivery";
import {
  type Attributes,
  attributeReader,
  type DynamoDbTable,
  getItem,
  type ItemChange,
  unlessRefused,
  updateItem,
} from "../shared/dynamodb-table";
import type { JobIdentity, JobStatus, JobView } from "./job";

/** An item of the table. */
export interface StoredJob {
  readonly view: JobView;
  readonly requestedBy: string;
  readonly requestHash: string;
  /** Who works on it, while it is running. */
  readonly leaseOwner: string | undefined;
}

/**
 * - `claimed`: the lease holds, the job is running
 * - `finished`: it is done, well or not
 * - `busy`: another has the lease
 * - `another`: the id belongs to another request
 */
export type Claim = "claimed" | "finished" | "busy" | "another";

/** The job as it is now; what was written before is seen. */
export async function getJob(table: DynamoDbTable, id: string, signal: AbortSignal): Promise<StoredJob | undefined> {
  const item = await getItem(table, { id: { S: id } }, signal);
  return item && storedJob(item);
}

/** Puts a job down as queued, if it isn't there yet; whoever was first, it is answered as it is then. */
export async function createJob(table: DynamoDbTable, job: JobIdentity, abortSignal: AbortSignal): Promise<StoredJob> {
  const texts = { ...job, status: "queued", updatedAt: new Date().toISOString() };
  const item = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { S: text }]));
  const put = new PutItemCommand({
    TableName: table.name,
    Item: item,
    ConditionExpression: "attribute_not_exists(id)",
  });
  const created = await unlessRefused(table.client.send(put, { abortSignal }));
  return created === undefined ? await existingJob(table, job.id, abortSignal) : storedJob(item);
}

/**
 * Takes a job on: one that isn't there yet (it is sent to the queue before it is put down), that is queued, or that
 * is running under a lease that has run out. `owner` is told of its own claim again, where the answer was lost.
 */
export async function claimJob(
  table: DynamoDbTable,
  job: JobIdentity,
  { owner, expiresAt }: Lease,
  signal: AbortSignal,
): Promise<Claim> {
  const isClaimed = await update(table, job.id, signal, {
    UpdateExpression: `SET #status = :running, leaseOwner = :owner, leaseExpiresAt = :expiresAt, updatedAt = :now, ${identityExpression}`,
    ExpressionAttributeNames: { "#status": "status", "#type": "type" },
    ConditionExpression:
      "attribute_not_exists(id) OR (requestHash = :requestHash AND (#status = :queued OR (#status = :running AND leaseExpiresAt < :milliseconds)))",
    ExpressionAttributeValues: {
      ":queued": { S: "queued" },
      ":running": { S: "running" },
      ":owner": { S: owner },
      ":expiresAt": { N: String(expiresAt) },
      ":milliseconds": { N: String(Date.now()) },
      ":now": { S: new Date().toISOString() },
      ":type": { S: job.type },
      ":requestedBy": { S: job.requestedBy },
      ":requestHash": { S: job.requestHash },
      ":correlationId": { S: job.correlationId },
      ":createdAt": { S: job.createdAt },
    },
  });
  if (isClaimed) return "claimed";
  const { view, leaseOwner, requestHash } = await existingJob(table, job.id, signal);
  if (requestHash !== job.requestHash) return "another";
  if (view.status === "succeeded" || view.status === "failed") return "finished";
  return leaseOwner === owner ? "claimed" : "busy";
}

/**
 * Says that a job's result is there. Whoever stored one may say so, also when the lease has gone to another meanwhile:
 * the result is the same. False: the job was finished before.
 */
export async function completeJob(table: DynamoDbTable, id: string, signal: AbortSignal): Promise<boolean> {
  return await update(table, id, signal, {
    UpdateExpression: "SET #status = :succeeded, updatedAt = :now REMOVE leaseOwner, leaseExpiresAt",
    ConditionExpression: "#status = :running",
    ExpressionAttributeValues: {
      ":succeeded": { S: "succeeded" },
      ":running": { S: "running" },
      ":now": { S: new Date().toISOString() },
    },
  });
}

/** Says why there will be no result. False: the lease was lost, or the job finished before. */
export async function failJob(
  table: DynamoDbTable,
  id: string,
  { owner }: Lease,
  reason: string,
  signal: AbortSignal,
): Promise<boolean> {
  return await update(table, id, signal, {
    UpdateExpression: "SET #status = :failed, reason = :reason, updatedAt = :now REMOVE leaseOwner, leaseExpiresAt",
    ConditionExpression: "#status = :running AND leaseOwner = :owner",
    ExpressionAttributeValues: {
      ":failed": { S: "failed" },
      ":running": { S: "running" },
      ":owner": { S: owner },
      ":reason": { S: reason },
      ":now": { S: new Date().toISOString() },
    },
  });
}

/** Lets go of a job that is to be tried again: the next need not wait for the lease to run out. */
export async function releaseJob(
  table: DynamoDbTable,
  id: string,
  { owner }: Lease,
  signal: AbortSignal,
): Promise<void> {
  await update(table, id, signal, {
    // Still running: a status never goes back.
    UpdateExpression: "SET leaseExpiresAt = :past, #status = :running",
    ConditionExpression: "#status = :running AND leaseOwner = :owner",
    ExpressionAttributeValues: { ":past": { N: "0" }, ":running": { S: "running" }, ":owner": { S: owner } },
  });
}

/** What a job was from the beginning stays as the first wrote it. */
const identityExpression = ["#type", "requestedBy", "requestHash", "correlationId", "createdAt"]
  .map((name) => `${name} = if_not_exists(${name}, :${name.replace("#", "")})`)
  .join(", ");

/** False: the condition of the change didn't hold. */
async function update(table: DynamoDbTable, id: string, signal: AbortSignal, change: ItemChange): Promise<boolean> {
  const named = { ExpressionAttributeNames: { "#status": "status" }, ...change };
  return await updateItem(table, { id: { S: id } }, named, signal);
}

/** A job that a condition has just spoken of. */
async function existingJob(table: DynamoDbTable, id: string, signal: AbortSignal): Promise<StoredJob> {
  const job = await getJob(table, id, signal);
  if (job === undefined) throw new Error("A job that was there is gone");
  return job;
}

function storedJob(item: Attributes): StoredJob {
  const { reason } = item;
  return {
    view: {
      id: text(item, "id"),
      type: text(item, "type"),
      status: text(item, "status") as JobStatus,
      ...(reason?.S !== undefined && { reason: reason.S }),
      createdAt: text(item, "createdAt"),
      updatedAt: text(item, "updatedAt"),
    },
    requestedBy: text(item, "requestedBy"),
    requestHash: text(item, "requestHash"),
    leaseOwner: item.leaseOwner?.S,
  };
}

const text = attributeReader("job");
