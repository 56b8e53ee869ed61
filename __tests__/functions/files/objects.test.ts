import { randomBytes } from "node:crypto";
import type { S3Bucket } from "../../../functions/shared/s3-bucket";
import { type Uploaded, upload } from "./events";
import { errorBody } from "./local-aws";
import { type LocalProcessor, useLocalProcessor } from "./local-processor";

let local: LocalProcessor;
let bucket: S3Bucket;
useLocalProcessor((started) => {
  local = started;
});
beforeAll(async () => {
  const { ownFiles } = await import("../../../functions/files/objects");
  bucket = ownFiles();
});

const rangeBytes = 8 * 1_048_576;

async function read(uploaded: Uploaded, maximumBytes = 100_000_000): Promise<Buffer[]> {
  const { readObject } = await import("../../../functions/files/objects");
  const chunks: Buffer[] = [];
  for await (const chunk of readObject(bucket, uploaded, maximumBytes, AbortSignal.timeout(20_000)))
    chunks.push(Buffer.from(chunk));
  return chunks;
}

const gets = (from: number) => local.aws.asked.slice(from).filter(({ operation }) => operation.startsWith("GET"));

test.each([1, rangeBytes - 1, rangeBytes, rangeBytes + 1, 2 * rangeBytes + 5])(
  "FIL-03 an object of %d bytes is read in ranges, each once",
  async (length) => {
    const bytes = randomBytes(length);
    const uploaded = upload(local.aws, "csv", bytes);
    const before = local.aws.asked.length;
    const chunks = await read(uploaded);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(gets(before).map(({ headers }) => headers.range)).toEqual(
      Array.from(
        { length: Math.ceil(length / rangeBytes) },
        (_, index) => `bytes=${index * rangeBytes}-${(index + 1) * rangeBytes - 1}`,
      ),
    );
  },
);

test("FIL-12 an empty object has no ranges, and no bytes", async () => {
  expect(await read(upload(local.aws, "csv", ""))).toEqual([]);
});

test("FIL-08 a range whose answer breaks off is read again", async () => {
  const bytes = randomBytes(100_000);
  const uploaded = upload(local.aws, "csv", bytes);
  let breaks = 2;
  local.aws.instead = ({ operation }) => {
    if (!operation.startsWith("GET") || breaks === 0) return undefined;
    breaks -= 1;
    return { status: 206, body: bytes, headers: { "content-range": "bytes 0-99999/100000" }, brokenAfter: 50_000 };
  };
  expect(Buffer.concat(await read(uploaded)).equals(bytes)).toBe(true);
});

test("FIL-12 an object that is larger than it may be is refused by its first answer", async () => {
  const { Refusal } = await import("../../../functions/files/refusal");
  const uploaded = upload(local.aws, "csv", randomBytes(2 * rangeBytes));
  const before = local.aws.asked.length;
  await expect(read(uploaded, rangeBytes)).rejects.toEqual(new Refusal("too-large"));
  expect(gets(before)).toHaveLength(1);
});

test.each(["NoSuchKey", "NoSuchVersion", "MethodNotAllowed"])("FIL-12 %s means that the file is gone", async (code) => {
  const { Refusal } = await import("../../../functions/files/refusal");
  local.aws.instead = () => ({ status: code === "MethodNotAllowed" ? 405 : 404, body: errorBody(code) });
  await expect(read(upload(local.aws, "csv", "a"))).rejects.toEqual(new Refusal("gone"));
});

test("FIL-12 what S3 forbids may be allowed later: that isn't the file's doing", async () => {
  local.aws.instead = () => ({ status: 403, body: errorBody("AccessDenied") });
  await expect(read(upload(local.aws, "csv", "a"))).rejects.toMatchObject({ name: "AccessDenied" });
});
