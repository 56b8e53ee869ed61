import { request } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import {
  type ContentType,
  fileTypes,
  maximumDataBytes,
  maximumDocumentBytes,
  maximumImageBytes,
} from "../../../routes/files";
import {
  content,
  create,
  fileInput,
  type LocalFiles,
  secretAccessKey,
  sha256Of,
  upload,
  useFiles,
} from "./local-files";
import { refusalOf } from "./signatures";

/* FIL-06: what is announced, and that nothing else can be uploaded than that. */

let local: LocalFiles;
useFiles((started) => {
  local = started;
});

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("announced", () => {
  test("FIL-06 a file is put down, and answered with where and how to upload it", async () => {
    const { status, headers, body } = await local.call(create());
    expect([status, headers.location]).toEqual([201, `/live/files/${body.id}`]);
    expect(body.id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(body.uploadHeaders).toEqual({
      "content-type": "text/csv",
      "content-length": "8",
      "x-amz-checksum-sha256": Buffer.from(sha256Of(content), "hex").toString("base64"),
    });
    expect(await local.items(body.id)).toEqual({
      file: {
        id: { S: body.id },
        version: { S: "file" },
        owner: { S: "key1" },
        name: { S: "data.csv" },
        contentType: { S: "text/csv" },
        sizeBytes: { N: "8" },
        sha256: { S: sha256Of(content) },
        key: { S: `uploads/${body.id}.csv` },
        status: { S: "awaiting-upload" },
        createdAt: { S: timestamp },
        updatedAt: { S: timestamp },
        expiresAt: { N: expect.stringMatching(/^\d{10}$/) },
      },
    });
  });

  test("FIL-05 a file that is never uploaded is forgotten after 30 days; one that is uploaded isn't", async () => {
    const { body } = await local.call(create(fileInput(), { key: "forgotten-1" }));
    const { file } = await local.items(body.id);
    expect(Number(file?.expiresAt?.N) - Date.now() / 1_000).toBeCloseTo(30 * 86_400, -2);
    const { claimVersion } = await import("../../../functions/files/file-table");
    const { ownTable } = await import("../../../functions/shared/dynamodb-table");
    const version = { id: body.id, versionId: "v1", key: `uploads/${body.id}.csv`, sequencer: "01", sizeBytes: 8 };
    const lease = { owner: "worker", expiresAt: Date.now() + 60_000 };
    expect(await claimVersion(ownTable(), version, lease, 3, new AbortController().signal)).toBe("claimed");
    expect((await local.items(body.id)).file).not.toHaveProperty("expiresAt");
  });

  test.each(Object.entries(fileTypes))(
    "FIL-06 the object of %s has the ending that its processor is found by",
    async (contentType, { extension }) => {
      const { body } = await local.call(create(fileInput({ contentType, name: `A.${extension.toUpperCase()}` })));
      expect(new URL(body.uploadUrl).pathname).toBe(`/tap-files/uploads/${body.id}.${extension}`);
    },
  );

  test("FIL-06 a repeated request is answered with the same file", async () => {
    const first = await local.call(create(fileInput(), { key: "repeated-1" }));
    const before = await local.items(first.body.id);
    const again = await local.call(create(fileInput(), { key: "repeated-1" }));
    expect(again).toMatchObject({ status: 201, body: { id: first.body.id } });
    expect(await local.items(first.body.id)).toEqual(before);
  });

  test("FIL-06 a request whose answer was lost is answered with the file that it made", async () => {
    let isLost = false;
    local.fateOf = (operation) => {
      if (operation !== "PutItem" || isLost) return "pass";
      isLost = true;
      return "lose-answer";
    };
    expect(await local.call(create())).toMatchObject({ status: 201 });
    expect(isLost).toBe(true);
  });

  test.each([
    ["name", { name: "other.csv" }],
    ["contentType", { name: "data.txt", contentType: "text/plain" }],
    ["sizeBytes", { sizeBytes: 9 }],
    ["sha256", { sha256: sha256Of("other") }],
  ])("FIL-06 an idempotency key that was used for another file is refused: another %s", async (name, changes) => {
    const key = `used-before-${name}`;
    const { body } = await local.call(create(fileInput(), { key }));
    const before = await local.items(body.id);
    const other = await local.call(create(fileInput(changes), { key }));
    expect(other).toMatchObject({ status: 409, body: { type: "urn:tap:problem:idempotency-conflict" } });
    expect(JSON.stringify(other.body)).not.toContain("X-Amz-Signature");
    expect(await local.items(body.id)).toEqual(before);
  });

  test("FIL-06 two callers may have the same idempotency key", async () => {
    const calls = ["key1", "key2"].map((apiKeyId) => create(fileInput(), { key: "same-for-both", apiKeyId }));
    const [one, other] = await Promise.all(calls.map((call) => local.call(call)));
    expect(one?.body.id).not.toBe(other?.body.id);
  });

  test("FIL-06 an id is of one owner and one idempotency key, whatever they are", async () => {
    const { idempotentId } = await import("../../../functions/shared/idempotency");
    const part = fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/);
    fc.assert(
      fc.property(part, part, part, part, (owner, key, other, another) => {
        expect(idempotentId(owner, key) === idempotentId(other, another)).toBe(owner === other && key === another);
      }),
    );
    expect(idempotentId("a1", "2")).not.toBe(idempotentId("a", "12"));
  });
});

const nameRule = "must be a text of 1 to 255 characters, without slashes and control characters";
const sizeRule = `must be a whole number of bytes from 1 to ${maximumDataBytes}`;

describe("refused", () => {
  test.each<[string, object, string, string]>([
    ["no name", { name: "" }, "name", nameRule],
    ["a name of 256 characters", { name: `${"n".repeat(252)}.csv` }, "name", nameRule],
    ["a folder", { name: "folder/data.csv" }, "name", nameRule],
    ["a folder of Windows", { name: "folder\\data.csv" }, "name", nameRule],
    ["a line break", { name: "data\r\nSet-Cookie: a.csv" }, "name", nameRule],
    ["a zero", { name: "data\0.csv" }, "name", nameRule],
    ["half a character", { name: "data\uD83D.csv" }, "name", nameRule],
    ["a name that is read from its end", { name: "data\u202Evsc.exe.csv" }, "name", nameRule],
    ["an unknown type", { contentType: "text/html" }, "contentType", /^must be one of image\/jpeg, image\/png, /],
    ["an end of another type", { name: "data.json" }, "name", "must end in .csv, as its contentType says"],
    ["no end", { name: "csv" }, "name", "must end in .csv, as its contentType says"],
    ["nothing in it", { sizeBytes: 0 }, "sizeBytes", sizeRule],
    ["half a byte", { sizeBytes: 1.5 }, "sizeBytes", sizeRule],
    ["a size in words", { sizeBytes: "8" }, "sizeBytes", sizeRule],
    ["no checksum", { sha256: undefined }, "sha256", "must be the SHA-256 of the content, as 64 of 0-9 a-f"],
    [
      "a checksum in base64",
      { sha256: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=" },
      "sha256",
      /^must be the SHA-256/,
    ],
  ] as [string, object, string, string][])("FIL-06 what is wrong is said: %s", async (_, changes, field, detail) => {
    const answer = await local.call(create(fileInput(changes)));
    const pointer = `/body/${field}`;
    const rule = typeof detail === "string" ? detail : expect.stringMatching(detail);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toContainEqual({ pointer, detail: rule });
  });

  test("FIL-06 an unknown key is refused, and so is a request without an idempotency key", async () => {
    expect(await local.call(create(fileInput({ owner: "key2" })))).toMatchObject({ status: 400 });
    const call = { ...create(), headers: {} };
    expect(await local.call(call)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/headers/idempotency-key", detail: "is required" }] },
    });
  });

  const limits: [ContentType, number][] = [
    ["image/jpeg", maximumImageBytes],
    ["image/png", maximumImageBytes],
    ["application/pdf", maximumDocumentBytes],
    ["text/plain", maximumDocumentBytes],
    ["text/csv", maximumDataBytes],
    ["application/json", maximumDataBytes],
  ];

  test.each(limits)("FIL-06 a file that is too large for its type is refused: %s", async (contentType, maximum) => {
    const name = `a.${fileTypes[contentType].extension}`;
    const sized = (sizeBytes: number) => local.call(create(fileInput({ name, contentType, sizeBytes })));
    expect(await sized(maximum)).toMatchObject({
      status: 201,
      body: { uploadHeaders: { "content-length": String(maximum) } },
    });
    const { status, body } = await sized(maximum + 1);
    const detail = `must be at most ${maximum} for this contentType`;
    expect([status, body.errors]).toEqual([400, expect.arrayContaining([{ pointer: "/body/sizeBytes", detail }])]);
  });

  test("FIL-06 no file is larger than what S3 takes in one PUT", () => {
    for (const { maximumBytes } of Object.values(fileTypes)) expect(maximumBytes).toBeLessThan(5 * 1_024 ** 3);
  });

  test("FIL-06 nothing is put down of what is refused", async () => {
    const before = local.operations.length;
    await local.call(create(fileInput({ sizeBytes: 0 })));
    expect(local.operations.slice(before)).toEqual([]);
  });
});

describe("upload", () => {
  test("FIL-06 type, length and checksum are signed headers, and nothing of them is in the query", async () => {
    const { body } = await local.call(create());
    const { searchParams } = new URL(body.uploadUrl);
    expect(searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;content-type;host;x-amz-checksum-sha256");
    expect([...searchParams.keys()].sort()).toEqual([
      "X-Amz-Algorithm",
      "X-Amz-Content-Sha256",
      "X-Amz-Credential",
      "X-Amz-Date",
      "X-Amz-Expires",
      "X-Amz-Security-Token",
      "X-Amz-Signature",
      "X-Amz-SignedHeaders",
      "x-id",
    ]);
  });

  test("FIL-06 a link is good for 15 minutes, and its answer says until when", async () => {
    const { body } = await local.call(create());
    const { searchParams } = new URL(body.uploadUrl);
    expect(searchParams.get("X-Amz-Expires")).toBe("900");
    const signedAt = String(searchParams.get("X-Amz-Date")).replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
    expect(Date.parse(body.expiresAt) - Date.parse(signedAt)).toBe(900_000);
  });

  test("FIL-06 what was announced can be uploaded", async () => {
    const answer = await local.call(create());
    expect((await upload(answer)).status).toBe(200);
    expect(local.s3.versions.get(`tap-files/uploads/${answer.body.id}.csv`)).toMatchObject([
      { content: Buffer.from(content), contentType: "text/csv" },
    ]);
  });

  test.each<[string, Record<string, string | undefined>]>([
    ["another type", { "content-type": "text/html" }],
    ["no type", { "content-type": undefined }],
    ["another checksum", { "x-amz-checksum-sha256": Buffer.from(sha256Of("evil"), "hex").toString("base64") }],
    ["no checksum", { "x-amz-checksum-sha256": undefined }],
    ["another length", { "content-length": "4" }],
    ["more headers of S3", { "x-amz-meta-more": "1" }],
    ["another checksum beside it", { "x-amz-checksum-crc32": "AAAAAA==" }],
  ])("FIL-06 S3 refuses an upload with %s", async (_, changes) => {
    const { body } = await local.call(create());
    const given = Object.entries({ ...body.uploadHeaders, ...changes });
    const headers = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<string, string>;
    const length = Number(headers["content-length"]);
    expect(await put(body.uploadUrl, headers, content.slice(0, length))).toBe(403);
  });

  test("FIL-06 S3 refuses an upload to another key, and other content of the same length", async () => {
    const answer = await local.call(create());
    const { id, uploadUrl, uploadHeaders } = answer.body;
    const other = uploadUrl.replace(id, "AAAAAAAAAAAAAAAAAAAAAA");
    expect(await put(other, uploadHeaders, content)).toBe(403);
    expect((await upload(answer, content.replace("1", "3"))).status).toBe(400);
    expect(local.s3.versions.get(`tap-files/uploads/${id}.csv`)).toBeUndefined();
  });

  test("FIL-06 whatever is announced, its link holds for its own headers alone", async () => {
    const types = fc.constantFrom(...(Object.keys(fileTypes) as ContentType[]));
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array));
    const name = fc.string({ unit: "binary-ascii", maxLength: 40 }).map((text) => text.replace(/[/\\\p{Cc}]/gu, "_"));
    await fc.assert(
      fc.asyncProperty(
        types,
        fc.integer({ min: 1, max: maximumImageBytes }),
        bytes,
        name,
        async (type, sizeBytes, hash, stem) => {
          const input = {
            name: `${stem}.${fileTypes[type].extension}`,
            contentType: type,
            sizeBytes,
            sha256: hash.toString("hex"),
          };
          const { body } = await local.call(create(input));
          const url = new URL(body.uploadUrl);
          const headers = { ...body.uploadHeaders, host: url.host };
          expect(refusalOf({ method: "PUT", url, headers }, secretAccessKey)).toBeUndefined();
          for (const header of Object.keys(headers)) {
            const changed = { ...headers, [header]: `${headers[header]}0` };
            expect(refusalOf({ method: "PUT", url, headers: changed }, secretAccessKey)).toBe("SignatureDoesNotMatch");
          }
          expect(refusalOf({ method: "GET", url, headers }, secretAccessKey)).toBe("SignatureDoesNotMatch");
        },
      ),
      { numRuns: 30 },
    );
  });
});

/** With any headers, also those that `fetch` sets by itself. */
function put(url: string, headers: Record<string, string>, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "PUT", headers }, (response) => {
      text(response).then(() => resolve(response.statusCode), reject);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
