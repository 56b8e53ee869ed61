import { randomUUID } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type * as FileTableModule from "../../../functions/files/file-table";
import type { FileVersion } from "../../../functions/files/file-table";
import type { Lease } from "../../../functions/shared/delivery";
import type { DynamoDbTable } from "../../../functions/shared/dynamodb-table";
import type { LocalDynamo } from "../../support/dynalite";
import { patient } from "../patient";
import { type Item, itemsOf, startFilesDynamo } from "./files-table";
import { catalogVariables } from "./local-files";

/* FIL-05: one item for each version of a file, its status and its file's, whatever comes twice, late or not at all. */

let dynamo: LocalDynamo;
let functions: typeof FileTableModule;
let table: DynamoDbTable;

beforeAll(async () => {
  dynamo = await startFilesDynamo("files");
  Object.assign(process.env, catalogVariables, dynamo.variables);
  functions = await import("../../../functions/files/file-table");
  // A storm of requests takes its time in one process.
  const client = new DynamoDBClient(patient);
  table = { client, name: "files" };
});
afterAll(() => dynamo.stop());
afterEach(() => jest.restoreAllMocks());

const maximumAttempts = 3;
const never = () => new AbortController().signal;
let files = 0;

/** A version of a file that nobody has heard of yet. */
function newVersion(changes: Partial<FileVersion> = {}): FileVersion {
  files += 1;
  const id = `file-${files}`.padEnd(22, "-");
  return { id, versionId: "v1", key: `uploads/${id}.csv`, sequencer: "0055AED6DCD90281E5", sizeBytes: 8, ...changes };
}

/** A later or an earlier version of the same file. */
const another = (version: FileVersion, versionId: string, sequencer: string) => ({ ...version, versionId, sequencer });

async function announce({ id, key }: FileVersion): Promise<void> {
  const texts = {
    ...{ id, version: "file", owner: "key1", name: "data.csv", contentType: "text/csv", key, sha256: "0".repeat(64) },
    ...{ status: "awaiting-upload", createdAt: "2026-01-01T00:00:00.000Z", updatedAt: "2026-01-01T00:00:00.000Z" },
  };
  const item = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { S: text }]));
  await dynamo.call("PutItem", { TableName: "files", Item: { ...item, sizeBytes: { N: "8" } } });
}

async function announced(changes: Partial<FileVersion> = {}): Promise<FileVersion> {
  const version = newVersion(changes);
  await announce(version);
  return version;
}

const lease = (changes: Partial<Lease> = {}): Lease => ({
  owner: randomUUID(),
  expiresAt: Date.now() + 60_000,
  ...changes,
});

const claim = (version: FileVersion, by = lease()) =>
  functions.claimVersion(table, version, by, maximumAttempts, never());
const complete = (version: FileVersion, by: Lease, result: object = { rows: 1 }) =>
  functions.completeVersion(table, version, by, result, never());
const fail = (version: FileVersion, by: Lease | undefined, reason = "corrupt") =>
  functions.failVersion(table, version, by, reason, never());
const release = (version: FileVersion, by: Lease) => functions.releaseVersion(table, version, by, never());

async function itemOf({ id, versionId }: FileVersion): Promise<Item | undefined> {
  return (await itemsOf(dynamo, "files", id))[`version#${versionId}`];
}

async function headOf({ id }: FileVersion): Promise<Item> {
  return (await itemsOf(dynamo, "files", id)).file as Item;
}

/** Status, and the version that it is of. */
async function shown(version: FileVersion): Promise<(string | undefined)[]> {
  const { status, versionId, reason } = await headOf(version);
  return [status?.S, versionId?.S, reason?.S];
}

/** No other time goes by than this: leases run out when a test says so. */
const start = Date.now();
function later(milliseconds: number): void {
  jest.spyOn(Date, "now").mockReturnValue(start + milliseconds);
}
beforeEach(() => later(0));

/** So many calls are made, and none after them: as a function that ends in between. */
async function crashAfter(calls: number, work: () => Promise<unknown>): Promise<void> {
  const send = table.client.send.bind(table.client);
  let done = 0;
  const spy = jest.spyOn(table.client, "send").mockImplementation(((command: never, options: never) => {
    if (done === calls) return Promise.reject(new Error("The function has ended"));
    done += 1;
    return send(command, options);
  }) as never);
  await expect(work()).rejects.toThrow("The function has ended");
  spy.mockRestore();
}

describe("claim", () => {
  test("FIL-05 a version is put down, claimed, and shown on its file", async () => {
    const version = await announced();
    const by = lease();
    expect(await claim(version, by)).toBe("claimed");
    const timestamp = { S: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) };
    expect(await itemOf(version)).toEqual({
      id: { S: version.id },
      version: { S: "version#v1" },
      key: { S: version.key },
      sequencer: { S: "0055AED6DCD90281E5".padEnd(64, "0") },
      status: { S: "processing" },
      attempts: { N: "1" },
      leaseOwner: { S: by.owner },
      leaseExpiresAt: { N: String(by.expiresAt) },
      createdAt: timestamp,
      updatedAt: timestamp,
    });
    expect(await shown(version)).toEqual(["processing", "v1", undefined]);
    expect(await headOf(version)).toMatchObject({
      owner: { S: "key1" },
      name: { S: "data.csv" },
      sizeBytes: { N: "8" },
    });
  });

  test("FIL-05 a status goes from uploaded to processing, first of the version and then of its file", async () => {
    const version = await announced();
    const statuses = async () => [(await itemOf(version))?.status?.S, (await headOf(version)).status?.S];
    await crashAfter(1, () => claim(version));
    expect(await statuses()).toEqual(["uploaded", "awaiting-upload"]);
    await crashAfter(2, () => claim(version));
    expect(await statuses()).toEqual(["uploaded", "uploaded"]);
    // What was refused is looked at: that is one call more.
    await crashAfter(4, () => claim(version));
    expect(await statuses()).toEqual(["processing", "uploaded"]);
    expect(await claim(version)).toBe("busy");
    expect(await statuses()).toEqual(["processing", "processing"]);
  });

  test("FIL-05 what another works on is busy, until its lease has run out", async () => {
    const version = await announced();
    expect(await claim(version)).toBe("claimed");
    expect(await claim(version)).toBe("busy");
    later(60_000);
    expect(await claim(version)).toBe("busy");
    later(60_001);
    expect(await claim(version)).toBe("claimed");
    expect(await itemOf(version)).toMatchObject({ attempts: { N: "2" } });
  });

  test("FIL-05 a claim is told again to the lease that has it, and to no other", async () => {
    const version = await announced();
    const by = lease();
    expect([await claim(version, by), await claim(version, by)]).toEqual(["claimed", "claimed"]);
    expect(await claim(version, { ...by, owner: "another" })).toBe("busy");
    expect(await claim(version, { ...by, expiresAt: by.expiresAt + 1 })).toBe("busy");
    expect(await itemOf(version)).toMatchObject({ attempts: { N: "1" } });
  });

  test("FIL-05 what is finished stays as it is", async () => {
    const version = await announced();
    const by = lease();
    await claim(version, by);
    await complete(version, by);
    const before = await itemsOf(dynamo, "files", version.id);
    later(120_000);
    expect([await claim(version), await claim(version, by)]).toEqual(["finished", "finished"]);
    expect(await itemsOf(dynamo, "files", version.id)).toEqual(before);
  });

  test("FIL-05 what a slow worker says of its claim turns nothing back", async () => {
    const version = await announced();
    const send = table.client.send.bind(table.client);
    let calls = 0;
    jest.spyOn(table.client, "send").mockImplementation((async (command: never, options: never) => {
      calls += 1;
      // The claim holds; before its file shows that, the lease runs out, and another does the work.
      if (calls === 4) {
        later(61_000);
        const by = lease();
        expect([await claim(version, by), await complete(version, by)]).toEqual(["claimed", true]);
      }
      return await send(command, options);
    }) as never);
    expect(await claim(version)).toBe("claimed");
    expect(await shown(version)).toEqual(["processed", "v1", undefined]);
  });

  test("FIL-05 a version is claimed so often and no more, and can be failed then", async () => {
    const version = await announced();
    for (let attempt = 1; attempt <= maximumAttempts; attempt += 1) {
      expect(await claim(version)).toBe("claimed");
      expect(await claim(version)).toBe("busy");
      later(attempt * 61_000);
    }
    expect([await claim(version), await claim(version)]).toEqual(["exhausted", "exhausted"]);
    expect(await fail(version, undefined, "crashed")).toBe(true);
    expect(await shown(version)).toEqual(["failed", "v1", "crashed"]);
    expect(await claim(version)).toBe("finished");
  });

  test("FIL-05 a version that is let go can be claimed at once, and is never uploaded again", async () => {
    const version = await announced();
    const by = lease();
    await claim(version, by);
    await release(version, lease());
    expect(await claim(version)).toBe("busy");
    await release(version, by);
    expect(await itemOf(version)).toMatchObject({ status: { S: "processing" } });
    expect(await claim(version)).toBe("claimed");
    expect(await complete(version, by)).toBe(false);
  });

  test("FIL-05 what came to the bucket by other means is a version of its own, and makes no file", async () => {
    const version = newVersion();
    const by = lease();
    expect(await claim(version, by)).toBe("claimed");
    expect(await complete(version, by)).toBe(true);
    expect(Object.keys(await itemsOf(dynamo, "files", version.id))).toEqual(["version#v1"]);
  });

  test("FIL-05 another object with a file's id is no version of it", async () => {
    const version = await announced();
    const other = { ...another(version, "v2", "FF"), key: `uploads/${version.id}.png` };
    expect(await claim(other)).toBe("claimed");
    expect(await shown(version)).toEqual(["awaiting-upload", undefined, undefined]);
  });
});

describe("end", () => {
  test("FIL-05 a version ends well, with its result; its file shows that, and has the result no second time", async () => {
    const version = await announced();
    const by = lease();
    await claim(version, by);
    expect(await complete(version, by, { rows: 2 })).toBe(true);
    const item = await itemOf(version);
    expect(item).toMatchObject({ status: { S: "processed" }, result: { S: '{"rows":2}' } });
    expect(item).not.toHaveProperty("leaseExpiresAt");
    expect(await shown(version)).toEqual(["processed", "v1", undefined]);
    expect(await headOf(version)).not.toHaveProperty("result");
  });

  test("FIL-05 a version fails with its reason, and its file shows both", async () => {
    const version = await announced();
    const by = lease();
    await claim(version, by);
    expect(await fail(version, by, "encrypted")).toBe(true);
    expect(await itemOf(version)).toMatchObject({ status: { S: "failed" }, reason: { S: "encrypted" } });
    expect(await shown(version)).toEqual(["failed", "v1", "encrypted"]);
  });

  test("FIL-05 who ends a version twice is told so twice, and another isn't; what it ended with stays", async () => {
    const version = await announced();
    const by = lease();
    await claim(version, by);
    expect([await complete(version, by), await complete(version, by, { rows: 9 })]).toEqual([true, true]);
    expect([await fail(version, by), await fail(version, undefined)]).toEqual([false, false]);
    expect(await complete(version, lease())).toBe(false);
    expect(await itemOf(version)).toMatchObject({ status: { S: "processed" }, result: { S: '{"rows":1}' } });
    const failed = await announced();
    expect([await fail(failed, undefined), await fail(failed, undefined)]).toEqual([true, true]);
    expect([await fail(failed, undefined, "empty"), await fail(failed, lease())]).toEqual([false, false]);
    expect(await itemOf(failed)).toMatchObject({ reason: { S: "corrupt" } });
  });

  test("FIL-05 who lost its lease changes nothing", async () => {
    const version = await announced();
    const [first, second] = [lease(), lease({ expiresAt: Date.now() + 600_000 })];
    await claim(version, first);
    later(61_000);
    expect(await claim(version, second)).toBe("claimed");
    const before = await itemsOf(dynamo, "files", version.id);
    expect([await complete(version, first), await fail(version, first)]).toEqual([false, false]);
    await release(version, first);
    expect(await itemsOf(dynamo, "files", version.id)).toEqual(before);
    expect(await complete(version, second)).toBe(true);
  });

  test("FIL-05 without a lease nothing fails that somebody works on", async () => {
    const version = await announced();
    const by = lease();
    await claim(version, by);
    expect(await fail(version, undefined)).toBe(false);
    expect(await itemOf(version)).toMatchObject({ status: { S: "processing" } });
    await release(version, by);
    expect(await fail(version, undefined)).toBe(true);
  });

  test("FIL-05 a version that was never claimed can be failed", async () => {
    const version = await announced();
    expect(await fail(version, undefined, "unsupported-type")).toBe(true);
    expect(await itemOf(version)).toMatchObject({
      status: { S: "failed" },
      attempts: { N: "0" },
      key: { S: version.key },
    });
    expect(await shown(version)).toEqual(["failed", "v1", "unsupported-type"]);
  });

  test.each<[string, (version: FileVersion, by: Lease) => Promise<unknown>]>([
    ["its claim", (version) => claim(version)],
    ["its end", (version, by) => complete(version, by)],
    ["another's end", (version) => fail(version, lease())],
  ])(
    "FIL-05 a file whose version ended, and that doesn't show it, shows it when that is repeated: %s",
    async (_, repeat) => {
      const version = await announced();
      const by = lease();
      await claim(version, by);
      await crashAfter(1, () => complete(version, by));
      expect([(await itemOf(version))?.status?.S, ...(await shown(version))]).toEqual([
        ...["processed", "processing", "v1", undefined],
      ]);
      await repeat(version, by);
      expect(await shown(version)).toEqual(["processed", "v1", undefined]);
    },
  );

  test("FIL-05 a result that is too large is refused before anything is written", async () => {
    const version = await announced();
    const by = lease();
    await claim(version, by);
    const { maximumResultBytes } = functions;
    const ofBytes = (bytes: number) => ({
      text: "€".repeat(Math.floor((bytes - 11) / 3)) + "-".repeat((bytes - 11) % 3),
    });
    await expect(complete(version, by, ofBytes(maximumResultBytes + 1))).rejects.toThrow(RangeError);
    expect(await itemOf(version)).toMatchObject({ status: { S: "processing" } });
    expect(await complete(version, by, ofBytes(maximumResultBytes))).toBe(true);
  });
});

describe("versions", () => {
  /** Whatever their length: they are compared as if zeros followed (S3 user guide). */
  const [older, newer] = ["0055AED6DCD90281E", "0055AED6DCD90281E01"] as const;

  test("FIL-05 a newer version is shown instead, whatever became of the one before", async () => {
    const first = await announced({ sequencer: older });
    const by = lease();
    await claim(first, by);
    await fail(first, by, "corrupt");
    const second = another(first, "v2", newer);
    expect(await claim(second)).toBe("claimed");
    expect(await shown(first)).toEqual(["processing", "v2", undefined]);
    expect(await itemOf(first)).toMatchObject({ status: { S: "failed" } });
  });

  test("FIL-05 an older version that comes late has failed, and is nobody's work", async () => {
    const second = await announced({ versionId: "v2", sequencer: newer });
    const by = lease();
    await claim(second, by);
    await complete(second, by);
    const before = await headOf(second);
    const first = another(second, "v1", older);
    expect([await claim(first), await claim(first)]).toEqual(["superseded", "superseded"]);
    expect(await itemOf(first)).toMatchObject({
      status: { S: "failed" },
      reason: { S: "superseded" },
      attempts: { N: "0" },
    });
    expect(await headOf(second)).toEqual(before);
  });

  test("FIL-05 an older version that is worked on ends as it will, and its file shows the newer one", async () => {
    const first = await announced({ sequencer: older });
    const by = lease();
    await claim(first, by);
    const second = another(first, "v2", newer);
    await claim(second);
    expect(await claim(first)).toBe("busy");
    expect(await complete(first, by)).toBe(true);
    expect(await itemOf(first)).toMatchObject({ status: { S: "processed" } });
    expect(await shown(first)).toEqual(["processing", "v2", undefined]);
    expect(await claim(first)).toBe("finished");
  });

  test("FIL-05 an older version whose worker is gone has failed", async () => {
    const first = await announced({ sequencer: older });
    await claim(first);
    await claim(another(first, "v2", newer));
    later(61_000);
    expect(await claim(first)).toBe("superseded");
    expect(await itemOf(first)).toMatchObject({ status: { S: "failed" }, reason: { S: "superseded" } });
  });

  test.each([
    ["0A", "0B"],
    ["9", "A"],
    ["0055AED6DCD90281E5", "0055AED6DCD90281E50001"],
    ["0055AED6DCD90281", "0055AED6DCD902810055AED6DCD90281"],
    ["1", "2"],
    ["0FFFFFFF", "1"],
    ["0a", "0B"],
  ])("FIL-05 of %s and %s the second is the newer, in whichever order they come", async (one, other) => {
    for (const [first, second] of [
      [one, other],
      [other, one],
    ]) {
      const version = await announced({ versionId: `v-${first}`, sequencer: first as string });
      await claim(version);
      await claim(another(version, `v-${second}`, second as string));
      expect((await shown(version))[1]).toBe(`v-${other}`);
    }
  });

  test("FIL-05 the same event a hundred times has one result, and so has a newer one among them", async () => {
    const first = await announced({ sequencer: older });
    const second = another(first, "v2", newer);
    const deliver = async (version: FileVersion) => {
      const by = lease();
      const claimed = await claim(version, by);
      if (claimed === "claimed") return [claimed, await complete(version, by, { by: by.owner })];
      return [claimed];
    };
    const storm = (events: number) => Array.from({ length: events }, () => first);
    const seen = await Promise.all([...storm(50), second, ...storm(50)].map(deliver));
    expect(seen[50]).toEqual(["claimed", true]);
    const claims = seen.filter((_, index) => index !== 50).map(([claimed]) => claimed);
    expect(claims.filter((one) => one === "claimed").length).toBeLessThanOrEqual(1);
    for (const one of claims) expect(["claimed", "busy", "finished", "superseded"]).toContain(one);
    await deliver(first);
    expect(["processed", "failed"]).toContain((await itemOf(first))?.status?.S);
    expect(await shown(first)).toEqual(["processed", "v2", undefined]);
    expect(Object.keys(await itemsOf(dynamo, "files", first.id)).sort()).toEqual(["file", "version#v1", "version#v2"]);
  });
});
