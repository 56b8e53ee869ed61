import { tombstoneSeconds } from "../../../functions/api/item";
import { maximumAttributesBytes } from "../../../routes/api";
import { linesOf } from "../lambda";
import {
  create,
  type LocalApi,
  type LocalRegion,
  list,
  newKey,
  read,
  remove,
  startApi,
  streamRecord,
  update,
} from "./local-api";

let api: LocalApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** An item that is there, at its version. */
async function made(body: object = { name: "one" }, region = api.east) {
  const answer = await region.call(create(body));
  expect(answer.status).toBe(201);
  return answer.body as { id: string; version: number };
}

describe("versions", () => {
  test("API-08 an item is created, read, changed and deleted", async () => {
    const created = await api.east.call(create({ name: "one", attributes: { colour: "red", size: 1, isNew: true } }));
    const { id } = created.body;
    const item = {
      id: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      version: 1,
      name: "one",
      attributes: { colour: "red", size: 1, isNew: true },
      origin: "us-east-1",
      createdAt: timestamp,
      updatedAt: created.body.createdAt,
    };
    expect(created).toMatchObject({ status: 201, body: item, headers: { etag: '"1"', location: `/live/items/${id}` } });
    expect(await api.east.call(read(id))).toMatchObject({ status: 200, body: created.body, headers: { etag: '"1"' } });

    await new Promise((resolve) => setTimeout(resolve, 5));
    const changed = await api.east.call(update(id, 1, { name: "two" }));
    const { attributes, ...without } = created.body;
    expect(changed.body).toEqual({ ...without, version: 2, name: "two", updatedAt: timestamp });
    expect(changed.body.updatedAt > created.body.updatedAt).toBe(true);
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect((await api.east.call(read(id))).body).toEqual(changed.body);

    expect(await api.east.call(remove(id, 2))).toMatchObject({ status: 204, body: undefined });
    expect(await api.east.call(read(id))).toMatchObject({ status: 404 });
  });

  test.each([
    ["older", 1],
    ["newer", 3],
  ])("API-16 a stale version is refused, and the current one named: %s", async (_, version) => {
    const { id } = await made();
    const current = await api.east.call(update(id, 1, { name: "current" }));
    for (const call of [update(id, version, { name: "stale" }), remove(id, version)])
      expect(await api.east.call(call)).toMatchObject({
        status: 412,
        body: {
          type: "urn:tap:problem:precondition-failed",
          detail: `The item has version 2; version ${version} was expected.`,
          currentVersion: 2,
        },
      });
    expect((await api.east.call(read(id))).body).toEqual(current.body);
  });

  test("API-16 of many that change the same version, exactly one is told that it did", async () => {
    const { id } = await made();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, writer) => api.east.call(update(id, 1, { name: `writer ${writer}` }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await api.east.call(read(id))).body).toEqual(winner?.body);
  });

  test.each(["PUT", "DELETE"])("API-16 %s without If-Match is refused as such", async (method) => {
    const { id } = await made();
    const body = method === "PUT" ? { name: "blind" } : undefined;
    const call = { ...update(id, 1, body), method, headers: {} };
    expect(await api.east.call(call)).toMatchObject({
      status: 428,
      body: { type: "urn:tap:problem:precondition-required", errors: [{ pointer: "/headers/if-match" }] },
    });
    expect((await api.east.call(read(id))).body.version).toBe(1);
  });

  test("API-08 what isn't there can't be read, changed or deleted", async () => {
    for (const call of [read("nothing"), update("nothing", 1, { name: "x" }), remove("nothing", 1)])
      expect(await api.east.call(call)).toMatchObject({ status: 404, body: { type: "urn:tap:problem:not-found" } });
    expect(await api.east.stored("nothing")).toBeUndefined();
  });

  test("API-16 reads are consistent: what was written before is seen, also by who looks for the cause of a refusal", async () => {
    const { id } = await made();
    api.east.sent.length = 0;
    await api.east.call(read(id));
    await api.east.call(update(id, 7, { name: "stale" }));
    const reads = api.east.sent.filter((body) => !("UpdateExpression" in body));
    expect(reads).toEqual(Array(2).fill(expect.objectContaining({ ConsistentRead: true })));
  });
});

describe("repetitions", () => {
  test("API-16 a repeated create is answered as the first time, whatever has become of the item", async () => {
    const call = create({ name: "one", attributes: { a: 1 } });
    const first = await api.east.call(call);
    const answer = { status: 201, body: first.body, headers: { etag: '"1"', location: first.headers.location } };
    expect(await api.east.call(call)).toMatchObject(answer);
    await api.east.call(update(first.body.id, 1, { name: "two" }));
    expect(await api.east.call(call)).toMatchObject(answer);
    await api.east.call(remove(first.body.id, 2));
    expect(await api.east.call(call)).toMatchObject(answer);
    expect(await api.east.call(read(first.body.id))).toMatchObject({ status: 404 });
  });

  test.each([
    ["another name", { name: "two", attributes: { a: 1 } }],
    ["other attributes", { name: "one", attributes: { a: 2 } }],
    ["no attributes", { name: "one" }],
  ])("API-16 an idempotency key is good for one request: %s", async (_, body) => {
    const key = newKey();
    const first = await api.east.call(create({ name: "one", attributes: { a: 1 } }, key));
    expect(await api.east.call(create(body, key))).toMatchObject({
      status: 409,
      body: { type: "urn:tap:problem:idempotency-conflict" },
    });
    expect((await api.east.call(read(first.body.id))).body).toEqual(first.body);
  });

  test("API-16 the same idempotency key of another client, or in another region, makes another item", async () => {
    const key = newKey();
    const ids = [
      await api.east.call(create({ name: "one" }, key)),
      await api.east.call({ ...create({ name: "one" }, key), apiKeyId: "key2" }),
      await api.west.call(create({ name: "one" }, key)),
    ].map(({ body }) => body.id);
    expect(new Set(ids).size).toBe(3);
  });

  test("API-16 a repeated change is answered as the first time, and changes nothing", async () => {
    const { id } = await made();
    const call = update(id, 1, { name: "two", attributes: { a: 1 } });
    const first = await api.east.call(call);
    expect(await api.east.call(call)).toMatchObject({ status: 200, body: first.body, headers: { etag: '"2"' } });
    const deletion = remove(id, 2);
    expect(await api.east.call(deletion)).toMatchObject({ status: 204 });
    const tombstone = await api.east.stored(id);
    expect(await api.east.call(deletion)).toMatchObject({ status: 204 });
    expect(await api.east.stored(id)).toEqual(tombstone);
  });

  test("API-16 a change that another one has overtaken is told the current version", async () => {
    const { id } = await made();
    const call = update(id, 1, { name: "two" });
    await api.east.call(call);
    await api.east.call(update(id, 2, { name: "three" }));
    expect(await api.east.call(call)).toMatchObject({ status: 412, body: { currentVersion: 3 } });
  });

  test("API-16 another change of the same version is no repetition, nor is one of a deleted item", async () => {
    const { id } = await made();
    await api.east.call(update(id, 1, { name: "two" }));
    for (const body of [{ name: "another" }, { name: "two", attributes: {} }])
      expect(await api.east.call(update(id, 1, body))).toMatchObject({ status: 412 });
    expect(await api.east.call(remove(id, 1))).toMatchObject({ status: 412 });
    await api.east.call(remove(id, 2));
    expect(await api.east.call(update(id, 2, { name: "two" }))).toMatchObject({ status: 404 });
    expect(await api.east.call(remove(id, 1))).toMatchObject({ status: 404 });
    // Nor does who guesses the version of a deletion bring the item back.
    for (const call of [update(id, 3, { name: "back" }), remove(id, 3)])
      expect(await api.east.call(call)).toMatchObject({ status: 404 });
    expect(await api.east.stored(id)).toMatchObject({ version: { N: "3" }, deleted: { BOOL: true } });
  });

  test.each([
    ["a create", () => create({ name: "lost" })],
    ["a change", async () => update((await made()).id, 1, { name: "lost" })],
    ["a deletion", async () => remove((await made()).id, 1)],
  ])("API-16 %s whose answer is lost on the way is answered as if it had come", async (_, prepare) => {
    const call = await prepare();
    api.east.fates = ["lose-answer"];
    expect((await api.east.call(call)).status).toBeLessThan(300);
  });
});

describe("deletions", () => {
  test("API-16 what is left of a deleted item has nothing of it, and goes after fourteen days", async () => {
    const { id } = await made({ name: "Erika", attributes: { city: "Berlin" } });
    await api.east.call(remove(id, 1));
    const left = await api.east.stored(id);
    expect(left).toMatchObject({ version: { N: "2" }, deleted: { BOOL: true }, origin: { S: "us-east-1" } });
    expect(JSON.stringify(left)).not.toMatch(/Erika|Berlin/);
    const seconds = Number(left?.expiresAt?.N) - Date.now() / 1_000;
    expect(tombstoneSeconds).toBe(14 * 86_400);
    expect(Math.abs(seconds - tombstoneSeconds)).toBeLessThan(60);
  });

  test("API-16 a deletion past its time counts as gone, also before DynamoDB has removed it", async () => {
    const call = create({ name: "one" });
    const { id } = (await api.east.call(call)).body;
    await api.east.call(remove(id, 1));
    await api.east.put({ ...(await api.east.stored(id)), expiresAt: { N: "1000000000" } });
    expect(await api.east.call(call)).toMatchObject({ status: 201, body: { id, version: 1 } });
    expect(await api.east.call(read(id))).toMatchObject({ status: 200 });
  });
});

describe("regions", () => {
  test("API-16 an item of another region can be read, and is changed there alone", async () => {
    const { id } = await made({ name: "west" }, api.west);
    await api.west.replicate({ Records: [streamRecord(await api.west.stored(id))] });
    await api.east.takeIn(...api.west.sns.published);
    const copy = await api.east.call(read(id));
    expect(copy).toMatchObject({ status: 200, body: { name: "west", origin: "us-west-2", version: 1 } });
    for (const call of [update(id, 1, { name: "east" }), remove(id, 1), update(id, 1, { name: "west" })])
      expect(await api.east.call(call)).toMatchObject({
        status: 409,
        body: {
          type: "urn:tap:problem:other-region",
          detail: "The item belongs to us-west-2, and is changed there alone.",
        },
      });
    expect((await api.east.call(read(id))).body).toEqual(copy.body);
  });
});

describe("content", () => {
  test.each([
    '{"large":1.7976931348623157e+308,"small":5e-324,"exact":0.1}',
    '{"half of a pair":"\\ud800","":"","constructor":false,"toJSON":"x"}',
  ])("API-08 attributes come back as they were: %s", async (json) => {
    const { id } = await made({ name: "one", attributes: JSON.parse(json) });
    const answer = await api.east.call(read(id));
    expect(JSON.stringify(answer.body.attributes)).toBe(json);
  });

  test("API-08 the largest item is taken, and published in one message", async () => {
    const value = "€".repeat((maximumAttributesBytes - '{"a":""}'.length) / 3);
    const attributes = { a: value };
    expect(Buffer.byteLength(JSON.stringify(attributes))).toBe(maximumAttributesBytes);
    const { id } = await made({ name: "😀".repeat(100), attributes });
    api.east.sns.published.length = 0;
    await api.east.replicate({ Records: [streamRecord(await api.east.stored(id))] });
    expect(Buffer.byteLength(api.east.sns.published[0]?.body ?? "")).toBeLessThan(256 * 1_024);
    await expect(api.east.call(create({ name: "one", attributes: { a: `x${value}` } }))).resolves.toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/body/attributes" }] },
    });
  });
});

/** Ids of all items, page by page. */
async function pagesOf(region: LocalRegion, query: Record<string, string>): Promise<string[][]> {
  const { status, body } = await region.call(list(query));
  expect(status).toBe(200);
  const page = body.items.map(({ id }: { id: string }) => id);
  if (body.nextCursor === undefined) return [page];
  return [page, ...(await pagesOf(region, { ...query, cursor: body.nextCursor }))];
}

describe("lists", () => {
  test("API-08 pages have all items once, nothing that is deleted, and nothing else of the table", async () => {
    const local = await startApi();
    try {
      const ids: string[] = [];
      for (let item = 0; item < 60; item += 1) ids.push((await made({ name: `item ${item}` }, local.east)).id);
      const deleted = ids.filter((_, index) => index % 3 === 0);
      for (const id of deleted) await local.east.call(remove(id, 1));
      await local.east.takeIn(JSON.stringify({ kind: "heartbeat", origin: "us-west-2", at: new Date().toISOString() }));
      const kept = ids.filter((id) => !deleted.includes(id)).sort();
      for (const limit of [1, 7, 40, 100]) {
        const pages = await pagesOf(local.east, { limit: String(limit) });
        expect(pages.flat().sort()).toEqual(kept);
        // All but the last are full.
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
      }
      expect((await pagesOf(local.east, {})).map(({ length }) => length)).toEqual([25, 15]);
    } finally {
      await local.stop();
    }
  });

  test("API-08 a page ends after some calls, however much is deleted", async () => {
    const local = await startApi();
    try {
      for (let item = 0; item < 300; item += 1)
        await local.east.put({ id: { S: `deleted-${item}` }, version: { N: "2" }, deleted: { BOOL: true } });
      local.east.sent.length = 0;
      const first = await local.east.call(list());
      expect(first.body).toEqual({ items: [], nextCursor: expect.any(String) });
      expect(local.east.sent).toHaveLength(10);
      expect((await local.east.call(list({ cursor: first.body.nextCursor }))).body).toEqual({ items: [] });
    } finally {
      await local.stop();
    }
  });
});

describe("audit log", () => {
  const auditOf = (lines: Record<string, unknown>[]) =>
    lines.filter((line) => "audit" in line).map(({ audit }) => audit as Record<string, unknown>);

  test("API-11 each change has a line: who, what, when, and what request; nothing of what the item has", async () => {
    const secret = "Erika-Mustermann";
    const headers = { "X-Correlation-Id": "correlation-1" };
    let id = "";
    const lines = await linesOf(async () => {
      id = (await api.east.call(create({ name: secret, attributes: { [secret]: secret } }, newKey(), headers))).body.id;
      await api.east.call({ ...update(id, 1, { name: `${secret} 2` }), apiKeyId: "key2" });
      await api.east.call(update(id, 1, { name: "refused" }));
      await api.east.call(read(id));
      await api.east.call(remove(id, 2));
    });
    expect(auditOf(lines)).toEqual([
      { action: "create", itemId: id, version: 1, who: "key1", correlationId: "correlation-1", at: timestamp },
      { action: "update", itemId: id, version: 2, who: "key2", correlationId: expect.any(String), at: timestamp },
      { action: "delete", itemId: id, version: 3, who: "key1", correlationId: expect.any(String), at: timestamp },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test("API-11 a change whose answer was lost has its line all the same", async () => {
    const { id } = await made();
    api.east.fates = ["lose-answer"];
    const lines = await linesOf(() => api.east.call(update(id, 1, { name: "two" })));
    expect(auditOf(lines)).toMatchObject([{ action: "update", itemId: id, version: 2, repeated: true }]);
  });
});
