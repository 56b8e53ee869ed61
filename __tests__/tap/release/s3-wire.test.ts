import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hashOf } from "../../../tap/release/manifest";
import { objectKey } from "../../../tap/release/paths";
import { openStore, type ReleaseStore } from "../../../tap/release/store";
import { releaseFixture } from "../../support/release-fixture";

/*
 * What goes to S3 and what comes back in cases that no emulator brings about; the rest is in s3-store.aws.test.ts.
 */

const content = Buffer.from("content");
const key = objectKey(hashOf(content));
const checksum = Buffer.from(hashOf(content), "hex").toString("base64");
const hours = (count: number) => new Date(Date.now() + count * 3_600_000);

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

let requests: { what: string; headers: IncomingMessage["headers"]; body: string }[];
let answers: ((what: string) => Answer | undefined)[];
let server: Server;
let store: ReleaseStore;

const errorBody = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
const locked = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule></ObjectLockConfiguration>`;

beforeEach(async () => {
  requests = [];
  answers = [
    (what) =>
      what.includes("manifest.json?x-id=GetObject") ? { status: 404, body: errorBody("NoSuchKey") } : undefined,
  ];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const what = `${request.method} ${request.url}`;
      requests.push({ what, headers: request.headers, body });
      const found = answers.flatMap((answer) => answer(what) ?? [])[0] ?? { status: 200 };
      response.writeHead(found.status, found.headers).end(found.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const variables = {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "x",
  };
  store = await openStore({ cwd: "/", variables }, "s3://bucket/prefix/");
});
afterEach(() => server.close());

const sent = (method: string) => requests.filter(({ what }) => what.startsWith(method));

test("PLAT-08 an object is put only where there is none, with its SHA-256 for S3 to check, under the bucket's own key and lock", async () => {
  expect(await store.put(key, content)).toBe("stored");
  const [{ what = "", headers = {} } = {}, ...others] = requests;
  expect(others).toEqual([]);
  expect(what).toMatch(`PUT /bucket/prefix/${key}`);
  expect(headers).toMatchObject({ "if-none-match": "*", "x-amz-checksum-sha256": checksum });
  expect(Object.keys(headers).filter((name) => /encryption|object-lock|acl|grant/.test(name))).toEqual([]);
});

test("PLAT-08 a release's manifest is put after all of its objects, and not where one was refused", async () => {
  await releaseFixture({ store });
  const puts = sent("PUT").map(({ what }) => /(releases|objects)\//.exec(what)?.[1]);
  // After it, what this server has forgotten is put back.
  expect(puts.slice(0, 6)).toEqual(["objects", "objects", "objects", "objects", "objects", "releases"]);
  requests = [];
  const isLast = () => sent("PUT").length === 5;
  answers.push((what) =>
    what.startsWith("PUT") && isLast() ? { status: 403, body: errorBody("AccessDenied") } : undefined,
  );
  await expect(releaseFixture({ store })).rejects.toThrow(/objects\/\w+ can't be written: access denied/);
  expect(sent("PUT").filter(({ what }) => what.includes("releases/"))).toEqual([]);
});

test("two runs that write the same at once: the one that S3 turns away comes again", async () => {
  let conflicts = 2;
  answers.push((what) => {
    if (!what.startsWith("PUT") || conflicts === 0) return undefined;
    conflicts -= 1;
    return { status: 409, body: errorBody("ConditionalRequestConflict") };
  });
  expect(await store.put(key, content)).toBe("stored");
  expect(sent("PUT")).toHaveLength(3);
});

test("PLAT-08 what S3 has no SHA-256 of is read, and not believed", async () => {
  answers.push(
    (what) =>
      what.startsWith("PUT") && sent("PUT").length === 1
        ? { status: 412, body: errorBody("PreconditionFailed") }
        : undefined,
    (what) => (what.startsWith("HEAD") ? { status: 200 } : undefined),
    (what) => (what.startsWith("GET") ? { status: 200, body: "other" } : undefined),
  );
  expect(await store.put(key, content)).toBe("mended");
  expect(sent("PUT").map(({ headers }) => headers["if-none-match"])).toEqual(["*", undefined]);
});

const there = (headers: Record<string, string>) => {
  answers.push(
    (what) =>
      what.startsWith("PUT") && !what.includes("retention") && sent("PUT").length === 1
        ? { status: 412, body: errorBody("PreconditionFailed") }
        : undefined,
    (what) =>
      what.startsWith("HEAD") ? { status: 200, headers: { "x-amz-checksum-sha256": checksum, ...headers } } : undefined,
  );
};

test.each([
  ["soon over", 10, 1],
  ["as long as a new one's", 365 * 24, 0],
])("PLAT-08 a lock that is %s", async (_, left, extensions) => {
  there({
    "x-amz-object-lock-mode": "COMPLIANCE",
    "x-amz-object-lock-retain-until-date": hours(left).toISOString(),
  });
  answers.push((what) => (what.includes("object-lock") ? { status: 200, body: locked } : undefined));
  expect(await store.put(key, content)).toBe("kept");
  const extended = sent("PUT").filter(({ what }) => what.includes("retention"));
  expect(extended).toHaveLength(extensions);
  for (const { body } of extended) {
    expect(body).toContain("<Mode>COMPLIANCE</Mode>");
    const until = new Date(/<RetainUntilDate>([^<]+)</.exec(body)?.[1] ?? 0);
    expect((until.getTime() - Date.now()) / 86_400_000).toBeGreaterThan(364);
  }
});

test("PLAT-08 who may not extend a lock, as the deploy role, puts the same again: it is locked as anything new", async () => {
  there({ "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": hours(10).toISOString() });
  answers.push((what) => (what.includes("object-lock") ? { status: 200, body: locked } : undefined));
  answers.push((what) => (what.includes("retention") ? { status: 403, body: errorBody("AccessDenied") } : undefined));
  expect(await store.put(key, content)).toBe("kept");
  const [last] = sent("PUT").slice(-1);
  expect(last?.what).not.toContain("retention");
  expect(last?.headers["if-none-match"]).toBeUndefined();
  expect(last?.headers["x-amz-checksum-sha256"]).toBe(checksum);
});

test.each([
  ["old is put again, so that no collection takes it", -30, 2],
  ["new is left", -1, 1],
])("PLAT-08 without a lock, what is %s", async (_, age, puts) => {
  there({ "last-modified": hours(age).toUTCString() });
  answers.push((what) =>
    what.includes("object-lock") ? { status: 404, body: errorBody("ObjectLockConfigurationNotFoundError") } : undefined,
  );
  expect(await store.put(key, content)).toBe("kept");
  expect(sent("PUT")).toHaveLength(puts);
});

test.each([
  ["AccessDenied", 403, /can't be read: access denied .*AWS_PROFILE or --profile/],
  ["ExpiredToken", 400, /can't be read: the session has expired; log in again/],
  ["NoSuchBucket", 404, /there is no bucket bucket; the environment's delivery stack makes it/],
])("%s is told of with what to do", async (code, status, message) => {
  answers.push(() => ({ status, body: errorBody(code) }));
  await expect(store.read(key)).rejects.toThrow(message);
});

test("a list goes on where S3 has more", async () => {
  const page = (name: string, more: string) =>
    `<ListBucketResult><IsTruncated>${more !== ""}</IsTruncated>${more}<Contents><Key>prefix/${name}</Key><Size>7</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>`;
  answers.push((what) => ({
    status: 200,
    body: what.includes("continuation-token")
      ? page("objects/b", "")
      : page("objects/a", "<NextContinuationToken>t</NextContinuationToken>"),
  }));
  expect((await store.list("objects/")).map((each) => each.key)).toEqual(["objects/a", "objects/b"]);
});

test("PLAT-08 of what a lock holds nothing is deleted; of the rest every version, the oldest first", async () => {
  answers.push((what) => (what.includes("object-lock") ? { status: 200, body: locked } : undefined));
  const head = { status: 200, headers: { "x-amz-object-lock-retain-until-date": hours(1).toISOString() } };
  let isHeld = true;
  answers.push((what) => (what.startsWith("HEAD") && isHeld ? head : undefined));
  expect(await store.remove(key)).toMatch(/object lock holds it until/);
  expect(sent("DELETE")).toEqual([]);
  isHeld = false;
  const version = (id: string, at: string) =>
    `<Version><Key>prefix/${key}</Key><VersionId>${id}</VersionId><LastModified>${at}</LastModified></Version>`;
  answers.push((what) =>
    what.includes("versions")
      ? {
          status: 200,
          body: `<ListVersionsResult>${version("new", "2026-01-02T00:00:00Z")}${version("old", "2026-01-01T00:00:00Z")}</ListVersionsResult>`,
        }
      : undefined,
  );
  expect(await store.remove(key)).toBeUndefined();
  expect(sent("DELETE").map(({ what }) => /versionId=(\w+)/.exec(what)?.[1])).toEqual(["old", "new"]);
});
