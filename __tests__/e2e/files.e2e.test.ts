import { createHash, randomUUID } from "node:crypto";
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { makeSamples, type Sample, type Samples } from "../functions/files/samples";
import { describeWithEmulator } from "../support/emulator";
import {
  awsClient,
  endExecutionEnvironments,
  entriesOf,
  eventually,
  type HttpAnswer,
  request,
  scenario,
  targetOf,
  withoutPermission,
  withUsagePlan,
} from "../support/local-environment";
import { deadLetter, sendTo, tellOf, withVisibility } from "../support/local-queues";

jest.setTimeout(300_000);

/* Files, from their announcement by presigned upload to what is found in them: every sample of the corpus. */

const contentTypes: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  pdf: "application/pdf",
  txt: "text/plain",
  csv: "text/csv",
  json: "application/json",
};

const processors = [
  { processor: "image", queue: "files/images" },
  { processor: "document", queue: "files/documents" },
  { processor: "data", queue: "files/datasets" },
] as const;

/** How many a client has on their way at a time. */
const atOnce = 4;
const mebibyte = 1_048_576;

interface Announced {
  readonly status: number;
  readonly id: string;
  readonly uploadUrl: string;
  readonly uploadHeaders: Readonly<Record<string, string>>;
}

interface Detail extends Record<string, unknown> {
  readonly id: string;
  readonly result: { readonly outputs: readonly { readonly name: string; readonly url: string }[] };
  readonly downloadUrl: string;
}

function ask(method: string, path: string): Promise<HttpAnswer> {
  return request({ system: "files", method, path });
}

async function announce({ file, extension }: Sample, content: Buffer): Promise<Announced> {
  const { status, body } = await request({
    system: "files",
    method: "POST",
    path: "/files",
    headers: { "idempotency-key": randomUUID() },
    body: {
      name: file,
      contentType: contentTypes[extension.toLowerCase()],
      sizeBytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
    },
  });
  return { ...(body as unknown as Announced), status };
}

async function upload({ uploadUrl, uploadHeaders }: Announced, content: Buffer, headers = {}): Promise<Response> {
  // fetch says the length itself, and refuses to be told.
  const { "content-length": _, ...others } = uploadHeaders;
  return fetch(uploadUrl, { method: "PUT", headers: { ...others, ...headers }, body: new Uint8Array(content) });
}

/** Whether the API takes a file of this name and size at all. */
function isTaken({ processor, extension }: Sample, { length }: Buffer): boolean {
  if (contentTypes[extension.toLowerCase()] === undefined) return false;
  return length > 0 && (processor === "data" || length <= (processor === "image" ? 25 : 50) * mebibyte);
}

/** The id of a file that is announced and uploaded; undefined where the API takes no such file. */
async function uploaded(sample: Sample, content: Buffer): Promise<string | undefined> {
  const announced = await announce(sample, content);
  if (announced.status === 400) return undefined;
  expect({ file: sample.file, status: announced.status }).toEqual({ file: sample.file, status: 201 });
  expect((await upload(announced, content)).status).toBe(200);
  return announced.id;
}

/** Waits for the ends of all. They are asked of the table: clients have a hundred requests a minute. */
async function untilEnded(ids: readonly string[], seconds?: number): Promise<void> {
  const left = new Set(ids);
  const RequestedTable = targetOf("files", "aws_dynamodb_table").name;
  const look = async () => {
    const Keys = [...left].slice(0, 100).map((id) => ({ id: { S: id }, version: { S: "file" } }));
    const get = new BatchGetItemCommand({ RequestItems: { [RequestedTable]: { Keys, ConsistentRead: true } } });
    const { Responses = {} } = await awsClient(DynamoDBClient).send(get);
    for (const { id, status } of Responses[RequestedTable] ?? [])
      if (status?.S === "processed" || status?.S === "failed") left.delete(id?.S ?? "");
    return [...left];
  };
  const patience = { everyMilliseconds: 100, ...(seconds === undefined ? {} : { seconds }) };
  await eventually("The ends of files", look, (ids) => ids.length === 0, patience);
}

/** The object that a file is in, and its version. */
async function headOf(id: string): Promise<{ key: string; versionId: string; sequencer: string }> {
  const TableName = targetOf("files", "aws_dynamodb_table").name;
  const get = new GetItemCommand({ TableName, Key: { id: { S: id }, version: { S: "file" } } });
  const { Item } = await awsClient(DynamoDBClient).send(get);
  const text = (name: string) => Item?.[name]?.S ?? "";
  return { key: text("key"), versionId: text("versionId"), sequencer: text("sequencer") };
}

/** Does something with each, some at a time. */
async function withEach<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = [...all.entries()];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** What a link of S3's leads to. */
async function contentOf(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(await response.text());
  return Buffer.from(await response.arrayBuffer());
}

/** Has the processors rest, or go on: they read it when they start, and each minute. */
async function setPaused(isPaused: boolean): Promise<void> {
  const Name = targetOf("/tap/dev/files/config/paused", "aws_ssm_parameter").name;
  await awsClient(SSMClient).send(new PutParameterCommand({ Name, Value: String(isPaused), Overwrite: true }));
  await endExecutionEnvironments("files/data");
}

describeWithEmulator("files", () => {
  let samples: Samples;
  beforeAll(() => {
    samples = makeSamples();
  });
  afterAll(() => samples.remove());

  const sampleOf = (processor: string): Sample => {
    const found = samples.all.find((sample) => sample.processor === processor && sample.status === "processed");
    if (found === undefined) throw new Error(`There is no good sample for ${processor}`);
    return found;
  };
  const processed = async (processor: string): Promise<{ sample: Sample; detail: Detail }> => {
    const sample = sampleOf(processor);
    const id = (await uploaded(sample, samples.read(sample))) ?? "";
    await untilEnded([id]);
    const { status, body } = await ask("GET", `/files/${id}`);
    expect({ http: status, status: body.status }).toEqual({ http: 200, status: "processed" });
    return { sample, detail: body as Detail };
  };

  test("every sample ends as it is to end, and with what is found in it", async () => {
    // The plan gives a client 200 requests at once, and then 100 a minute.
    await withUsagePlan("files", { "/throttle/rateLimit": 1_000, "/throttle/burstLimit": 1_000 }, async () => {
      const ids = await withEach(samples.all, (sample) => uploaded(sample, samples.read(sample)));
      await untilEnded(
        ids.flatMap((id) => id ?? []),
        240,
      );
      const ends = await withEach(ids, async (id) => {
        const { body } = id === undefined ? { body: { status: "refused" } } : await ask("GET", `/files/${id}`);
        return body as Record<string, unknown>;
      });
      expect(ends.map(({ status, reason }, index) => ({ file: samples.all[index]?.file, status, reason }))).toEqual(
        samples.all.map((sample) => {
          const { file, status, reason } = sample;
          return isTaken(sample, samples.read(sample)) ? { file, status, reason } : { file, status: "refused" };
        }),
      );
      for (const [index, { file, result, status }] of samples.all.entries())
        if (status === "processed" && result !== undefined)
          expect({ file, ...ends[index] }).toMatchObject({ file, result });
    });
  });

  scenario(
    "an image is processed, listed, downloaded with what was made of it, and deleted",
    [
      { function: "files/image", action: "dynamodb:UpdateItem" },
      { function: "files/catalog", action: "dynamodb:PutItem" },
      { function: "files/catalog", action: "dynamodb:Query" },
      { function: "files/catalog", action: "s3:GetObject" },
      { function: "files/catalog", action: "s3:GetObjectVersion" },
      { function: "files/catalog", action: "s3:DeleteObject" },
    ],
    async () => {
      const { sample, detail } = await processed("image");
      expect(await contentOf(detail.downloadUrl)).toEqual(samples.read(sample));
      const { outputs } = detail.result;
      expect(outputs.map(({ name }) => name).sort()).toEqual(["image.jpg", "thumbnail-128.webp", "thumbnail-512.webp"]);
      for (const { url } of outputs) expect((await contentOf(url)).length).toBeGreaterThan(100);
      const listed = async () => {
        const { status, body } = await ask("GET", "/files?limit=100");
        if (status !== 200) throw new Error(`The list: ${JSON.stringify(body)}`);
        return (body.files as { id: string }[]).some(({ id }) => id === detail.id);
      };
      expect(await listed()).toBe(true);
      expect((await ask("DELETE", `/files/${detail.id}`)).status).toBe(204);
      expect((await ask("GET", `/files/${detail.id}`)).status).toBe(404);
      expect(await listed()).toBe(false);
    },
  );

  for (const { processor, queue } of processors) {
    scenario(
      `what S3 tells the ${processor} processor of twice is processed once`,
      ["s3:GetObjectVersion", "s3:PutObject", "dynamodb:GetItem"].map((action) => ({
        function: `files/${processor}`,
        action,
      })),
      async () => {
        const from = Date.now();
        const { sample, detail } = await processed(processor);
        const { key, versionId, sequencer } = await headOf(detail.id);
        const Bucket = targetOf("files/uploads", "aws_s3_bucket").name;
        const sizeBytes = samples.read(sample).length;
        await tellOf(queue, { Bucket, Key: key, VersionId: versionId, sequencer, sizeBytes });
        await eventually(
          "What the processor says of the second message",
          () => entriesOf(`files/${processor}`, from),
          (entries) =>
            entries.some(({ message, file_id }) => message === "File was finished before" && file_id === detail.id),
        );
      },
    );

    scenario(
      `a message that tells of no ${processor} goes to the dead letters, with the reason`,
      { function: `files/${processor}`, action: "sqs:SendMessage" },
      async () => {
        const id = randomUUID();
        const message = JSON.stringify({ id });
        await sendTo(queue, message);
        const { Body, MessageAttributes } = await deadLetter(`${queue}-dead-letters`, id);
        expect(Body).toBe(message);
        expect(MessageAttributes?.reason?.StringValue).toBe("The message is no notification of S3");
      },
    );
  }

  scenario(
    "data that come while the processors rest are processed once they go on",
    { function: "files/data", action: "ssm:GetParameters", isKept: true },
    () =>
      withVisibility("files/datasets", 3, async () => {
        const from = Date.now();
        const sample = sampleOf("data");
        await setPaused(true);
        try {
          const id = (await uploaded(sample, samples.read(sample))) ?? "";
          await eventually(
            "What the processor says of it",
            () => entriesOf("files/data", from),
            (entries) => entries.some(({ message }) => message === "Processing is paused"),
          );
          expect((await ask("GET", `/files/${id}`)).body.status).toBe("awaiting-upload");
          await setPaused(false);
          // Where it came twice meanwhile, it is sent afresh, and comes in a minute.
          await untilEnded([id], 90);
          expect((await ask("GET", `/files/${id}`)).body.status).toBe("processed");
        } finally {
          await setPaused(false);
        }
      }),
  );

  test("a URL takes the announced content alone, and none once its signer may no longer upload", async () => {
    const sample = sampleOf("data");
    const content = samples.read(sample);
    const announced = await announce(sample, content);
    const other = await upload(announced, content, { "content-type": "text/html" });
    expect([other.status, await other.text()]).toEqual([403, expect.stringContaining("SignatureDoesNotMatch")]);
    const denied = await withoutPermission({ function: "files/catalog", action: "s3:PutObject" }, () =>
      upload(announced, content),
    );
    expect([denied.status, await denied.text()]).toEqual([403, expect.stringContaining("AccessDenied")]);
    expect((await upload(announced, content)).status).toBe(200);
    await untilEnded([announced.id]);
  });
});
