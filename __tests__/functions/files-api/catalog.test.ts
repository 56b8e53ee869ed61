import fc from "fast-check";
import type { httpEvent } from "../http-events";
import {
  asUser,
  content,
  create,
  fileInput,
  type LocalFiles,
  list,
  newestVersion,
  processed,
  processedFile,
  read,
  remove,
  upload,
  useFiles,
} from "./local-files";

/* FIL-06: files are listed, read and deleted, each by its owner alone. */

let local: LocalFiles;
useFiles((started) => {
  local = started;
});

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const notFound = { status: 404, body: { type: "urn:tap:problem:not-found" } };
let owners = 0;
/** Somebody who has no files yet. */
function newOwner(): string {
  owners += 1;
  return `key${1_000 + owners}`;
}

describe("read", () => {
  test("FIL-06 a file that isn't uploaded yet says so, and has no content", async () => {
    const { body } = await local.call(create());
    expect((await local.call(read(body.id))).body).toEqual({
      ...fileInput(),
      id: body.id,
      status: "awaiting-upload",
      createdAt: timestamp,
      updatedAt: timestamp,
    });
  });

  test("FIL-06 a file that was processed has what was found in it", async () => {
    const { id } = await processedFile(local, { rows: 1, columns: [{ name: "a" }] });
    const { status, body } = await local.call(read(id));
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "processed", result: { rows: 1, columns: [{ name: "a" }] } });
  });

  test("FIL-06 a file that failed has its reason, and its content is there all the same", async () => {
    const answer = await local.call(create());
    await upload(answer);
    await processed(newestVersion(local, answer.body.id), "corrupt");
    const { body } = await local.call(read(answer.body.id));
    expect(body).toMatchObject({ status: "failed", reason: "corrupt" });
    expect(body).not.toHaveProperty("result");
    expect(await (await fetch(body.downloadUrl)).text()).toBe(content);
  });

  test("FIL-06 the download is of exactly the version that was processed, also when there is another", async () => {
    const { id, versionId } = await processedFile(local);
    await upload(await local.call(create()), content);
    const path = `tap-files/uploads/${id}.csv`;
    const [first] = local.s3.versions.get(path) ?? [];
    local.s3.versions.set(path, [
      first as never,
      { versionId: "later", sequencer: "FF", content: Buffer.from("later") },
    ]);
    const { body } = await local.call(read(id));
    expect(new URL(body.downloadUrl).searchParams.get("versionId")).toBe(versionId);
    expect(await (await fetch(body.downloadUrl)).text()).toBe(content);
  });

  test("FIL-06 a browser saves what is downloaded, under its name and type, within 15 minutes", async () => {
    const name = 'Übersicht "2026"; a=b.csv';
    const answer = await local.call(create(fileInput({ name })));
    await upload(answer);
    await processed(newestVersion(local, answer.body.id), {});
    const { body } = await local.call(read(answer.body.id));
    const url = new URL(body.downloadUrl);
    expect(url.searchParams.get("X-Amz-Expires")).toBe("900");
    expect(Date.parse(body.downloadExpiresAt) - Date.now()).toBeLessThanOrEqual(900_000);
    const { headers } = await fetch(url);
    expect(headers.get("content-type")).toBe("text/csv");
    expect(headers.get("content-disposition")).toBe(
      "attachment; filename=\"_bersicht _2026_; a=b.csv\"; filename*=UTF-8''%C3%9Cbersicht%20%222026%22%3B%20a%3Db.csv",
    );
  });

  test("FIL-06 whatever a file is called, its name can't end the header, and comes back whole", async () => {
    const { attachmentNamed } = await import("../../../functions/files/catalog/content-disposition");
    const characters = fc.oneof(fc.string({ unit: "grapheme", maxLength: 1 }), fc.constantFrom('"', "\\", "%", "\n"));
    fc.assert(
      fc.property(fc.string({ unit: characters, minLength: 1 }), (name) => {
        const header = attachmentNamed(name);
        const pattern = /^attachment; filename="([\x20-\x7E]*)"; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]*)$/;
        const [, ascii = "", encoded = ""] = pattern.exec(header) ?? [];
        expect(ascii).not.toMatch(/["\\%]/);
        expect(decodeURIComponent(encoded)).toBe(name);
      }),
    );
  });

  test("FIL-06 what was made of a file has links, and none to what isn't this version's own", async () => {
    const answer = await local.call(create());
    await upload(answer);
    const version = newestVersion(local, answer.body.id);
    const own = `results/${version.id}/${version.versionId}`;
    const keys = [`${own}/small.jpg`, `${own}-else/small.jpg`, `uploads/${version.id}.csv`, "results/other/v/a.jpg", 1];
    await processed(version, { outputs: keys.map((key) => ({ width: 64, key })) });
    const { outputs } = (await local.call(read(version.id))).body.result;
    expect(outputs).toEqual([{ width: 64, url: expect.any(String) }, ...Array(4).fill({ width: 64 })]);
    const url = new URL(outputs[0].url);
    expect([url.pathname, url.searchParams.get("X-Amz-Expires")]).toEqual([`/tap-files/${own}/small.jpg`, "900"]);
  });

  test("FIL-06 another's file isn't there, also to be deleted", async () => {
    const { id } = await processedFile(local);
    const before = await local.items(id);
    const instance = expect.any(String);
    const nobodys = await local.call(read("A".repeat(22), { apiKeyId: "key2" }));
    expect(nobodys).toMatchObject(notFound);
    for (const call of [read(id, { apiKeyId: "key2" }), remove(id, { apiKeyId: "key2" })])
      expect(await local.call(call)).toMatchObject({ status: 404, body: { ...nobodys.body, instance } });
    expect(await local.items(id)).toEqual(before);
    expect(newestVersion(local, id).sizeBytes).toBe(content.length);
  });

  test("FIL-06 with users, a file is the user's, whatever key it comes with", async () => {
    const user = "5f1c1f7e-1111-4c1c-9c1c-0123456789ab";
    const as = (call: Parameters<typeof httpEvent>[0], sub: unknown = user) => local.call(call, asUser(call, sub));
    const { body } = await as(create());
    expect((await local.items(body.id)).file?.owner?.S).toBe(user);
    expect(await as(read(body.id, { apiKeyId: "key2" }))).toMatchObject({ status: 200 });
    expect(await local.call(read(body.id))).toMatchObject(notFound);
    expect(await as(read(body.id), "another")).toMatchObject(notFound);
    expect((await as(list())).body.files).toMatchObject([{ id: body.id }]);
    expect(await as(remove(body.id, { apiKeyId: "key2" }))).toMatchObject({ status: 204 });
  });

  test.each([[undefined], [""], [["a"]]])("FIL-06 a token without a user is nobody's: %j", async (sub) => {
    const call = create();
    const { body } = await local.call(call, asUser(call, sub));
    expect((await local.items(body.id)).file?.owner?.S).toBe("key1");
  });

  test("FIL-06 reads are consistent: what was announced is there", async () => {
    const bodies: string[] = [];
    local.fateOf = (operation, body) => {
      if (operation === "GetItem") bodies.push(body);
      return "pass";
    };
    const { id } = await processedFile(local);
    bodies.length = 0;
    await local.call(read(id));
    expect(bodies.map((body) => JSON.parse(body).ConsistentRead)).toEqual([true, true]);
  });
});

describe("list", () => {
  /** Files of one owner, the first one announced last; several in one millisecond. */
  async function announce(count: number, apiKeyId: string): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1)
      ids.unshift((await local.call(create(fileInput(), { apiKeyId }))).body.id);
    return ids;
  }

  async function pages(
    query: Record<string, string>,
    apiKeyId: string,
  ): Promise<{ id: string; createdAt: string }[][]> {
    const found = [];
    let cursor: string | undefined;
    do {
      const { body } = await local.call(list({ ...query, ...(cursor && { cursor }) }, { apiKeyId }));
      found.push(body.files);
      cursor = body.nextCursor;
    } while (cursor !== undefined);
    return found;
  }

  test("FIL-06 files are listed as they are, without what was found in them and without links", async () => {
    const apiKeyId = newOwner();
    const { id } = await processedFile(local, { rows: 1 }, { apiKeyId });
    expect((await local.call(list({}, { apiKeyId }))).body).toEqual({
      files: [{ ...fileInput(), id, status: "processed", createdAt: timestamp, updatedAt: timestamp }],
    });
  });

  test("FIL-06 each of an owner's files is on one page, the newest first, and nobody else's", async () => {
    const [apiKeyId, other] = [newOwner(), newOwner()];
    const ids = await announce(7, apiKeyId);
    await announce(3, other);
    const found = await pages({ limit: "3" }, apiKeyId);
    expect(found.map((page) => page.length)).toEqual([3, 3, 1]);
    const listed = found.flat();
    expect(listed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const times = listed.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
  });

  test("FIL-06 a page has 25 files where nobody says how many, and ends where there are no more", async () => {
    const apiKeyId = newOwner();
    await announce(26, apiKeyId);
    expect((await pages({}, apiKeyId)).map((page) => page.length)).toEqual([25, 1]);
    expect((await local.call(list({ limit: "26" }, { apiKeyId }))).body.files).toHaveLength(26);
    expect((await local.call(list({}, { apiKeyId: newOwner() }))).body).toEqual({ files: [] });
  });

  test("FIL-06 files of one status are all found, on pages of their own", async () => {
    const apiKeyId = newOwner();
    const done: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      await announce(9, apiKeyId);
      done.push((await processedFile(local, {}, { apiKeyId })).id);
    }
    const found = await pages({ status: "processed", limit: "2" }, apiKeyId);
    expect(
      found
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(done.sort());
    for (const page of found) expect(page.length).toBeLessThanOrEqual(2);
    expect((await pages({ status: "awaiting-upload" }, apiKeyId)).flat()).toHaveLength(27);
    expect((await pages({ status: "failed" }, apiKeyId)).flat()).toEqual([]);
  });

  test("FIL-06 a page ends, however many files of other statuses there are", async () => {
    const apiKeyId = newOwner();
    await announce(1, apiKeyId);
    const endless = {
      Items: [],
      LastEvaluatedKey: { id: { S: "A".repeat(22) }, createdAt: { S: "2026-01-01T00:00:00.000Z" } },
    };
    local.fateOf = (operation) => (operation === "Query" ? { status: 200, body: endless } : "pass");
    const before = local.operations.length;
    const { body } = await local.call(list({ status: "failed" }, { apiKeyId }));
    expect(body).toEqual({ files: [], nextCursor: expect.any(String) });
    expect(local.operations.length - before).toBe(10);
  });

  test("FIL-06 another's cursor leads to the caller's own files alone", async () => {
    const [apiKeyId, other] = [newOwner(), newOwner()];
    const own = await announce(2, apiKeyId);
    await announce(3, other);
    const { nextCursor } = (await local.call(list({ limit: "1" }, { apiKeyId: other }))).body;
    const { body } = await local.call(list({ cursor: nextCursor }, { apiKeyId }));
    expect(body.files.map(({ id }: { id: string }) => id).sort()).toEqual(own.sort());
  });

  const made = (place: unknown) => Buffer.from(JSON.stringify(place)).toString("base64url");
  const [time, id] = ["2026-01-01T00:00:00.000Z", "A".repeat(22)];
  test.each<[string, string]>([
    ["no JSON", "abc"],
    ["no list", made({ createdAt: time, id })],
    ["no time", made(["yesterday", id])],
    ["no id", made([time, ""])],
    ["more than a place", made([time, id, "owner"])],
    ["other characters", "%"],
    ["none", ""],
  ])("FIL-06 what is no cursor is refused: %s", async (_, cursor) => {
    expect(await local.call(list({ cursor }))).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/query/cursor", detail: "must be nextCursor of the page before" }] },
    });
  });

  test("FIL-06 a cursor is any place in a list, and says nothing but that", async () => {
    const { makeCursor, readCursor } = await import("../../../functions/files/catalog/cursor");
    const times = fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(times, fc.stringMatching(/^[A-Za-z0-9_-]{22}$/), (date, fileId) => {
        const place = { createdAt: date.toISOString(), id: fileId };
        const cursor = makeCursor(place);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
        expect(readCursor(cursor)).toEqual(place);
      }),
    );
  });

  test.each([
    ["limit", "0", "must be a whole number from 1 to 100"],
    ["limit", "101", "must be a whole number from 1 to 100"],
    ["status", "done", "must be one of awaiting-upload, uploaded, processing, processed, failed"],
  ])("FIL-06 what is wrong is said: %s %s", async (name, value, detail) => {
    const errors = [{ pointer: `/query/${name}`, detail }];
    expect(await local.call(list({ [name]: value }))).toMatchObject({ status: 400, body: { errors } });
  });
});

describe("delete", () => {
  const days30 = 30 * 24 * 3_600;

  test("FIL-06 a file that was deleted is nowhere, and its object has a delete marker", async () => {
    const apiKeyId = newOwner();
    const { id, versionId } = await processedFile(local, { rows: 1 }, { apiKeyId });
    expect(await local.call(remove(id, { apiKeyId }))).toMatchObject({ status: 204 });
    expect(await local.call(read(id, { apiKeyId }))).toMatchObject(notFound);
    expect((await local.call(list({}, { apiKeyId }))).body.files).toEqual([]);
    expect(local.s3.versions.get(`tap-files/uploads/${id}.csv`)).toEqual([
      expect.objectContaining({ versionId, content: Buffer.from(content) }),
      expect.not.objectContaining({ content: expect.anything() }),
    ]);
  });

  test("FIL-06 what is left of it says whose it was, and goes with its versions after 30 days", async () => {
    const { id, versionId } = await processedFile(local);
    const from = Math.floor(Date.now() / 1_000) + days30;
    await local.call(remove(id));
    const to = Math.floor(Date.now() / 1_000) + days30;
    const { file, ...versions } = await local.items(id);
    expect(file).toEqual({
      id: { S: id },
      version: { S: "file" },
      key: { S: `uploads/${id}.csv` },
      formerOwner: { S: "key1" },
      deletedAt: { S: timestamp },
      expiresAt: { N: expect.any(String) },
    });
    for (const item of [file, versions[`version#${versionId}`]]) {
      expect(Number(item?.expiresAt?.N)).toBeGreaterThanOrEqual(from);
      expect(Number(item?.expiresAt?.N)).toBeLessThanOrEqual(to);
    }
  });

  test("FIL-06 what was made from a file goes with it, and nothing else that a result names", async () => {
    const answer = await local.call(create());
    await upload(answer);
    const version = newestVersion(local, answer.body.id);
    const own = `results/${version.id}/${version.versionId}/small.jpg`;
    await processed(version, { outputs: [own, "results/other/v/a.jpg"].map((key) => ({ key })) });
    const before = local.operations.length;
    await local.call(remove(version.id));
    expect(local.operations.slice(before).filter((operation) => operation.startsWith("DELETE"))).toEqual([
      `DELETE tap-files/uploads/${version.id}.csv`,
      `DELETE tap-files/${own}`,
    ]);
  });

  test("FIL-06 a deletion can be repeated by its owner alone, and changes nothing more", async () => {
    const { id } = await processedFile(local);
    await local.call(remove(id));
    const before = await local.items(id);
    const later = Date.now() + 60_000;
    jest.spyOn(Date, "now").mockReturnValue(later);
    expect(await local.call(remove(id))).toMatchObject({ status: 204 });
    expect(await local.call(remove(id, { apiKeyId: "key2" }))).toMatchObject(notFound);
    expect(await local.items(id)).toEqual(before);
  });

  test("FIL-06 a repetition deletes what was uploaded since", async () => {
    const answer = await local.call(create());
    await local.call(remove(answer.body.id));
    expect((await upload(answer)).status).toBe(200);
    await local.call(remove(answer.body.id));
    expect(newestVersion(local, answer.body.id).sizeBytes).toBe(0);
  });

  test("FIL-06 a file that was deleted isn't brought back by its announcement or its versions", async () => {
    const { claimVersion } = await import("../../../functions/files/file-table");
    const { ownTable } = await import("../../../functions/shared/dynamodb-table");
    const call = create(fileInput(), { key: "deleted-before" });
    const answer = await local.call(call);
    const { id } = answer.body;
    await local.call(remove(id));
    expect(await local.call(call)).toMatchObject({
      status: 409,
      body: { type: "urn:tap:problem:idempotency-conflict" },
    });
    await upload(answer);
    const lease = { owner: "late", expiresAt: Date.now() + 60_000 };
    const claim = () => claimVersion(ownTable(), newestVersion(local, id), lease, 3, new AbortController().signal);
    expect([await claim(), await claim()]).toEqual(["superseded", "superseded"]);
    const { file, ...versions } = await local.items(id);
    expect(file).not.toHaveProperty("owner");
    expect(Object.values(versions)).toEqual([
      expect.objectContaining({
        status: { S: "failed" },
        reason: { S: "deleted" },
        expiresAt: { N: expect.any(String) },
      }),
    ]);
    expect(await local.call(read(id))).toMatchObject(notFound);
  });

  /** Loses all calls from one on. @returns false: there were no more calls than that */
  async function interrupted(lost: number, fate: "lose-request" | "lose-answer", id: string): Promise<boolean> {
    let calls = 0;
    local.fateOf = () => {
      calls += 1;
      return calls > lost ? fate : "pass";
    };
    const { status } = await local.call(remove(id));
    local.fateOf = () => "pass";
    if (status !== 204) expect(status).toBe(503);
    return status !== 204;
  }

  test.each(["lose-request", "lose-answer"] as const)(
    "FIL-06 wherever a deletion is interrupted, its repetition finishes it: %s",
    async (fate) => {
      let isInterrupted = true;
      let interruptions = 0;
      for (; isInterrupted; interruptions += 1) {
        const answer = await local.call(create());
        await upload(answer);
        const version = newestVersion(local, answer.body.id);
        const derived = `results/${version.id}/${version.versionId}/small.jpg`;
        await processed(version, { outputs: [{ key: derived }] });
        isInterrupted = await interrupted(interruptions, fate, version.id);
        if (isInterrupted) expect(await local.call(remove(version.id))).toMatchObject({ status: 204 });
        const { file, ...versions } = await local.items(version.id);
        expect(file).toHaveProperty("formerOwner");
        for (const item of Object.values(versions)) expect(item).toHaveProperty("expiresAt");
        for (const key of [version.key, derived])
          expect(local.s3.versions.get(`tap-files/${key}`)?.at(-1)).not.toHaveProperty("content");
      }
      // As many as a deletion has calls, and one that none was lost of.
      expect(interruptions).toBe(7);
    },
  );

  test("FIL-06 a file that is still listed has its object, or its deletion goes on when it is repeated", async () => {
    const { id } = await processedFile(local);
    local.fateOf = (operation) => (operation.startsWith("DELETE") ? "lose-request" : "pass");
    expect(await local.call(remove(id))).toMatchObject({ status: 503 });
    local.fateOf = () => "pass";
    expect(await local.call(read(id))).toMatchObject({ status: 200 });
    expect(newestVersion(local, id).sizeBytes).toBe(content.length);
  });
});
