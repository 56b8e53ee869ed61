import { createHmac } from "node:crypto";
import fc from "fast-check";
import { type CursorKey, makeCursor, readCursor } from "../../../functions/api/cursor";
import type { Problem } from "../../../functions/shared/problem";
import { type Front, startFront } from "../front";
import { create, type LocalApi, list, localCursorKey, startApi } from "./local-api";

let api: LocalApi;
beforeAll(async () => {
  api = await startApi();
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await api.stop();
});
afterEach(() => jest.useRealTimers());

const { signal } = new AbortController();
const make = (lastId: string, route = "listItems", key: CursorKey = localCursorKey) =>
  makeCursor(key, route, lastId, signal);
const readBack = (cursor: string, key: CursorKey = localCursorKey) => readCursor(key, "listItems", cursor, signal);

async function expectRefused(cursor: string): Promise<void> {
  const problem = (await readBack(cursor).catch((error) => error)) as Problem;
  expect(problem.details).toMatchObject({
    status: 400,
    errors: [{ pointer: "/query/cursor", detail: "must be nextCursor of a page of the last hour" }],
  });
}

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test("API-08 a cursor leads back to its place, and is one by its route's rule", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(id, fc.constant("~peer#ap-southeast-1")), async (lastId) => {
      const cursor = await make(lastId);
      expect(cursor).toMatch(/^[A-Za-z0-9_.-]{1,512}$/);
      expect(await readBack(cursor)).toBe(lastId);
    }),
  );
});

test("API-08 whatever is changed in a cursor, it is none of ours", async () => {
  await fc.assert(
    fc.asyncProperty(
      id,
      fc.nat(),
      fc.constantFrom(...base64url, "."),
      fc.constantFrom("replace", "insert", "remove", "cut"),
      async (lastId, position, character, way) => {
        const cursor = await make(lastId);
        const at = position % cursor.length;
        const [before, after] = [cursor.slice(0, at), cursor.slice(at + 1)];
        const changed = {
          replace: before + character + after,
          insert: before + character + cursor[at] + after,
          remove: before + after,
          cut: before,
        }[way];
        fc.pre(changed !== cursor);
        await expectRefused(changed);
      },
    ),
    { numRuns: 1_000 },
  );
});

test("API-08 of every last character, one is right: bits that Base64 doesn't use are no second cursor", async () => {
  const cursor = await make("a");
  const others = [...base64url].map((character) => cursor.slice(0, -1) + character).filter((text) => text !== cursor);
  expect(others).toHaveLength(63);
  for (const other of others) await expectRefused(other);
});

test.each([
  [
    "another place, with the code of this one",
    async () => `${(await make("b")).split(".")[0]}.${(await make("a")).split(".")[1]}`,
  ],
  ["another list", () => make("a", "listOthers")],
  ["another key", () => make("a", "listItems", { ofDay: async () => Buffer.from("another") })],
  ["no code", async () => `${(await make("a")).split(".")[0]}.`],
  ["more than a cursor", async () => `${await make("a")}.a`],
  ["no JSON", async () => "AAAA.AAAA"],
  ["JSON of another kind", async () => `${Buffer.from('{"id":1}').toString("base64url")}.AAAA`],
])("API-08 what isn't a cursor of this list is refused: %s", async (_, forge) => {
  await expectRefused(await forge());
});

test("API-08 a cursor is good for an hour, over midnight too", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"], now: Date.parse("2026-01-31T23:30:00Z") });
  const cursor = await make("a");
  jest.setSystemTime(Date.parse("2026-02-01T00:29:59Z"));
  expect(await readBack(cursor)).toBe("a");
  jest.setSystemTime(Date.parse("2026-02-01T00:30:01Z"));
  await expectRefused(cursor);
});

test("API-08 a forger doesn't choose what keys are made", async () => {
  const days: string[] = [];
  const counting: CursorKey = {
    ofDay: (day) => {
      days.push(day);
      return localCursorKey.ofDay(day, signal);
    },
  };
  for (const expiresAt of [0, 1e15, Date.now() / 1_000 + 86_400, -1, 1.5]) {
    const text = Buffer.from(JSON.stringify(["a", Math.floor(expiresAt)])).toString("base64url");
    await expect(readBack(`${text}.AAAA`, counting)).rejects.toMatchObject({ kind: "invalid-request" });
  }
  expect(days).toEqual([]);
});

test("API-08 a list refuses a cursor that isn't its own, before it looks at the table", async () => {
  await api.east.call(create({ name: "one" }));
  await api.east.call(create({ name: "two" }));
  const { nextCursor } = (await api.east.call(list({ limit: "1" }))).body;
  expect(await api.east.call(list({ cursor: nextCursor }))).toMatchObject({ status: 200 });
  api.east.sent.length = 0;
  expect(await api.east.call(list({ cursor: `${nextCursor}A` }))).toMatchObject({ status: 400 });
  expect(api.east.sent).toEqual([]);
});

describe("KMS", () => {
  let front: Front;
  let asked: Record<string, string>[] = [];
  let isDown = false;
  beforeAll(async () => {
    front = await startFront("", (body, request) => {
      if (isDown) return { status: 500, body: { __type: "KMSInternalException" } };
      asked.push({ ...JSON.parse(body), target: request.headers["x-amz-target"] });
      const Mac = createHmac("sha256", "inside of KMS")
        .update(Buffer.from(JSON.parse(body).Message, "base64"))
        .digest("base64");
      return { status: 200, body: { Mac } };
    });
    process.env.AWS_ENDPOINT_URL_KMS = front.endpoint;
  });
  afterAll(() => front.stop());
  afterEach(() => {
    isDown = false;
  });

  const kmsKey = async () => (await import("../../../functions/api/kms-cursor-key")).kmsCursorKey();

  test("API-08 keys of cursors come from KMS, one call a day, and each day has its own", async () => {
    const key = await kmsKey();
    asked = [];
    const cursors = [await make("a", "listItems", key), await make("b", "listItems", key)];
    expect(await Promise.all(cursors.map((cursor) => readBack(cursor, key)))).toEqual(["a", "b"]);
    expect(asked).toEqual([
      {
        target: "TrentService.GenerateMac",
        KeyId: "arn:aws:kms:us-east-1:111111111111:key/cursors",
        MacAlgorithm: "HMAC_SHA_256",
        Message: expect.any(String),
      },
    ]);
    const [today, tomorrow] = [await key.ofDay("2026-01-31", signal), await key.ofDay("2026-02-01", signal)];
    expect(Buffer.from(today).equals(Buffer.from(tomorrow))).toBe(false);
    // Another execution environment reads what this one made.
    expect(await readBack(cursors[0] ?? "", await kmsKey())).toBe("a");
  });

  test("API-12 lists go on while KMS doesn't answer, and a failure isn't kept", async () => {
    const key = await kmsKey();
    isDown = true;
    await expect(make("a", "listItems", key)).rejects.toMatchObject({ name: "KMSInternalException" });
    isDown = false;
    const cursor = await make("a", "listItems", key);
    isDown = true;
    expect(await readBack(cursor, key)).toBe("a");
  });
});
