import { randomUUID } from "node:crypto";
import { itemsOf } from "../files-api/files-table";
import { linesOf } from "../lambda";
import { announce, delivered, endOf, newFileId, notificationOf, type Uploaded, upload } from "./events";
import { errorBody, maximumReceives, tableName } from "./local-aws";
import { type LocalProcessor, unavailable, useLocalProcessor } from "./local-processor";

let local: LocalProcessor;
useLocalProcessor((started) => {
  local = started;
});

const message = (...uploaded: Uploaded[]) => delivered(notificationOf(...uploaded));
const lastReceive = (...uploaded: Uploaded[]) => delivered(notificationOf(...uploaded), maximumReceives);
const sentTo = (queue: string, from: number) => local.aws.sent.slice(from).filter((sent) => sent.queue === queue);

async function refusing(reason: string): Promise<void> {
  const { Refusal } = await import("../../../functions/files/refusal");
  local.process = async () => {
    throw new Refusal(reason as never);
  };
}

/** What reads its object, as all processors do. */
async function reading(): Promise<void> {
  const { ownFiles, readObject } = await import("../../../functions/files/objects");
  const { collect } = await import("../../../functions/files/collect");
  const bucket = ownFiles();
  local.process = async (version, _, { signal }) => ({
    result: { text: Buffer.from(await collect(readObject(bucket, version, 1_000, signal))).toString() },
    outputs: [],
  });
}

test("FIL-05 a version is processed once, and what came of it is stored beside it; a message that comes again changes nothing", async () => {
  const uploaded = upload(local.aws, "csv", "a,b\n");
  let calls = 0;
  local.process = async () => {
    calls += 1;
    return {
      result: { kind: "test" },
      outputs: [{ name: "text.txt", contentType: "text/plain", bytes: Buffer.from("abc") }],
    };
  };
  const key = `results/${uploaded.id}/${uploaded.versionId}/text.txt`;
  for (let time = 0; time < 3; time += 1) expect(await local.deliver([message(uploaded)])).toEqual([]);
  expect(await endOf(local.aws, uploaded)).toEqual({
    status: "processed",
    reason: undefined,
    result: { kind: "test", outputs: [{ name: "text.txt", key, contentType: "text/plain", sizeBytes: 3 }] },
    attempts: 1,
  });
  expect(local.aws.results.get(key)).toMatchObject({ contentType: "text/plain", writes: 1 });
  expect(local.aws.results.get(key)?.bytes.toString()).toBe("abc");
  expect(calls).toBe(1);
});

test("FIL-05 an event storm: the same events a hundred times, a newer version among them, and the older ones late", async () => {
  const id = newFileId();
  await announce(local.aws, id, "csv");
  const versions = ["one", "two", "three"].map((text) => upload(local.aws, "csv", text, id));
  await reading();
  const [first, second, newest] = versions as [Uploaded, Uploaded, Uploaded];
  await local.deliver([message(second)]);
  const storm = Array.from({ length: 100 }, (_, index) => message(index % 3 === 0 ? first : newest));
  let waiting = storm;
  while (waiting.length > 0) {
    // Five execution environments, each with a batch of its own.
    const batches = Array.from({ length: 5 }, (_, batch) => waiting.filter((_, index) => index % 5 === batch));
    const failures = (await Promise.all(batches.map((records) => local.deliver(records)))).flat();
    waiting = waiting.filter(({ messageId }) => failures.includes(messageId));
  }
  expect(await endOf(local.aws, first)).toMatchObject({ status: "failed", reason: "superseded", attempts: 0 });
  expect(await endOf(local.aws, second)).toMatchObject({ status: "processed", attempts: 1 });
  expect(await endOf(local.aws, newest)).toMatchObject({ status: "processed", attempts: 1, result: { text: "three" } });
  const { file } = await itemsOf(local.aws.dynamo, tableName, id);
  expect(file).toMatchObject({ status: { S: "processed" }, versionId: { S: newest.versionId } });
});

test("FIL-05 exactly the version that the event names is read, also when there is a newer one", async () => {
  const id = newFileId();
  const [older, newer] = [upload(local.aws, "csv", "older", id), upload(local.aws, "csv", "newer", id)];
  await reading();
  expect(await local.deliver([message(newer), message(older)])).toEqual([]);
  expect(await endOf(local.aws, older)).toMatchObject({ status: "processed", result: { text: "older" } });
  expect(await endOf(local.aws, newer)).toMatchObject({ status: "processed", result: { text: "newer" } });
});

test("FIL-12 a refused file fails with its reason, and its message is done", async () => {
  const uploaded = upload(local.aws, "csv", "a,b\n");
  await refusing("too-many-rows");
  expect(await local.deliver([message(uploaded)])).toEqual([]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "failed", reason: "too-many-rows" });
});

test("FIL-12 where a library gives up in a way of its own, the file is corrupt", async () => {
  const { Broken } = await import("../../../functions/files/apart");
  const uploaded = upload(local.aws, "csv", "a,b\n");
  local.process = async () => {
    throw new Broken("LibraryError", []);
  };
  expect(await local.deliver([message(uploaded)])).toEqual([]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "failed", reason: "corrupt" });
});

test("FIL-12 a file that is gone fails, and so does one whose version is", async () => {
  await reading();
  const [whole, version] = [upload(local.aws, "csv", "a"), upload(local.aws, "csv", "b")];
  local.aws.uploads.delete(whole.key);
  local.aws.uploads.get(version.key)?.clear();
  expect(await local.deliver([message(whole), message(version)])).toEqual([]);
  for (const uploaded of [whole, version])
    expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "failed", reason: "gone" });
});

test("FIL-08 what S3 can't do now is done when the message comes again, at once and not after a lease", async () => {
  await reading();
  const uploaded = upload(local.aws, "csv", "a");
  local.aws.instead = ({ operation }) => (operation.startsWith("GET") ? unavailable : undefined);
  const record = message(uploaded);
  expect(await local.deliver([record])).toEqual([record.messageId]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "processing", attempts: 1 });
  local.aws.instead = () => undefined;
  expect(await local.deliver([record])).toEqual([]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "processed", attempts: 2 });
});

test("FIL-08 what can't be done in the last receive either goes to the dead letters, with why", async () => {
  await reading();
  const uploaded = upload(local.aws, "csv", "a");
  local.aws.instead = ({ operation }) => (operation.startsWith("GET") ? unavailable : undefined);
  const before = local.aws.sent.length;
  expect(await local.deliver([lastReceive(uploaded)])).toEqual([]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "failed", reason: "unavailable" });
  expect(sentTo("dead-letters", before)).toEqual([
    expect.objectContaining({
      body: notificationOf(uploaded),
      attributes: expect.objectContaining({ reason: "Not done in 3 receives; at last: InternalError" }),
    }),
  ]);
});

test("FIL-08 where S3 throttles, a call is repeated before the message is", async () => {
  await reading();
  const uploaded = upload(local.aws, "csv", "a");
  let throttles = 1;
  local.aws.instead = ({ operation }) => {
    if (!operation.startsWith("GET") || throttles === 0) return undefined;
    throttles -= 1;
    return { status: 503, body: errorBody("SlowDown") };
  };
  expect(await local.deliver([message(uploaded)])).toEqual([]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "processed", attempts: 1 });
});

test("FIL-12 a file that took its processor with it each time has failed in the end", async () => {
  const { claimVersion } = await import("../../../functions/files/file-table");
  const { ownTable } = await import("../../../functions/shared/dynamodb-table");
  const uploaded = upload(local.aws, "csv", "a");
  const crashed = () => ({ owner: randomUUID(), expiresAt: Date.now() - 1 });
  for (let attempt = 1; attempt <= maximumReceives; attempt += 1)
    await claimVersion(ownTable(), uploaded, crashed(), maximumReceives, AbortSignal.timeout(10_000));
  let calls = 0;
  local.process = async () => {
    calls += 1;
    return { result: {}, outputs: [] };
  };
  expect(await local.deliver([lastReceive(uploaded)])).toEqual([]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "failed", reason: "crashed" });
  expect(calls).toBe(0);
});

test("FIL-12 a file that another works on waits", async () => {
  const { claimVersion } = await import("../../../functions/files/file-table");
  const { ownTable } = await import("../../../functions/shared/dynamodb-table");
  const uploaded = upload(local.aws, "csv", "a");
  const lease = { owner: randomUUID(), expiresAt: Date.now() + 60_000 };
  await claimVersion(ownTable(), uploaded, lease, maximumReceives, AbortSignal.timeout(10_000));
  const record = message(uploaded);
  expect(await local.deliver([record])).toEqual([record.messageId]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "processing", attempts: 1 });
});

test("FIL-05 who has lost the lease meanwhile ends nothing", async () => {
  const uploaded = upload(local.aws, "csv", "a");
  local.process = async () => {
    await local.aws.dynamo.call("UpdateItem", {
      TableName: tableName,
      Key: { id: { S: uploaded.id }, version: { S: `version#${uploaded.versionId}` } },
      UpdateExpression: "SET leaseOwner = :another",
      ExpressionAttributeValues: { ":another": { S: "another" } },
    });
    return { result: {}, outputs: [] };
  };
  const record = message(uploaded);
  expect(await local.deliver([record])).toEqual([record.messageId]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: "processing" });
});

test("PLAT-18 while processing is paused, nothing is claimed, and no message gets lost", async () => {
  local.aws.parameters.set("/tap/dev/files/config/paused", "true");
  const uploaded = upload(local.aws, "csv", "a");
  const record = message(uploaded);
  expect(await local.deliver([record])).toEqual([record.messageId]);
  const before = local.aws.sent.length;
  expect(await local.deliver([lastReceive(uploaded)])).toEqual([]);
  expect(sentTo("files", before)).toEqual([
    expect.objectContaining({ body: notificationOf(uploaded), delaySeconds: 60 }),
  ]);
  expect(await endOf(local.aws, uploaded)).toMatchObject({ status: undefined });
});

test("FIL-08 a message that is no event of S3 goes to the dead letters, and S3's test event is nothing", async () => {
  const before = local.aws.sent.length;
  const others = ["", "{}", "null", '{"Records":[{"eventName":"ObjectCreated:Put"}]}'].map((body) => delivered(body));
  const test = delivered(JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "tap-files" }));
  expect(await local.deliver([...others, test])).toEqual([]);
  expect(sentTo("dead-letters", before).map(({ body }) => body)).toEqual(others.map(({ body }) => body));
});

test("FIL-08 of a message about two files, the one that failed for now is tried again", async () => {
  await reading();
  const [good, late] = [upload(local.aws, "csv", "a"), upload(local.aws, "csv", "b")];
  local.aws.instead = ({ operation }) => (operation === `GET ${late.key}` ? unavailable : undefined);
  const record = message(late, good);
  expect(await local.deliver([record])).toEqual([record.messageId]);
  expect(await endOf(local.aws, good)).toMatchObject({ status: "processed" });
  local.aws.instead = () => undefined;
  expect(await local.deliver([record])).toEqual([]);
  expect(await endOf(local.aws, late)).toMatchObject({ status: "processed" });
  expect(await endOf(local.aws, good)).toMatchObject({ attempts: 1 });
});

test("FIL-12 files of one batch are worked on one after the other", async () => {
  let working = 0;
  let most = 0;
  local.process = async () => {
    working += 1;
    most = Math.max(most, working);
    await new Promise((resolve) => setImmediate(resolve));
    working -= 1;
    return { result: {}, outputs: [] };
  };
  const records = ["a", "b", "c"].map((text) => message(upload(local.aws, "csv", text)));
  expect(await local.deliver(records)).toEqual([]);
  expect(most).toBe(1);
});

test("FIL-09 the log says how a file ended by its id, and nothing that it is called or is about", async () => {
  await reading();
  const uploaded = upload(local.aws, "csv", "Erika Mustermann");
  const key = "uploads/album of Erika/PHOTO.CSV";
  local.aws.uploads.set(key, new Map([["v", Buffer.from("Erika")]]));
  const { fileIdOfKey } = await import("../../../functions/files/s3-event");
  const named = { ...uploaded, key, versionId: "v", id: fileIdOfKey(key) };
  jest.restoreAllMocks();
  const lines = await linesOf(() => local.deliver([message(uploaded), message(named)]));
  expect(lines).toContainEqual(
    expect.objectContaining({ message: "File processed", file_id: named.id, version_id: "v", level: "INFO" }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ FileProcessed: [1, 1] }));
  expect(JSON.stringify(lines)).not.toMatch(/Erika|PHOTO|uploads\//);
});
