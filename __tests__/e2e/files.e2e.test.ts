import { createHash, randomUUID } from "node:crypto";
import { makeSamples, type Sample, type Samples } from "../functions/files/samples";
import { describeWithEmulator } from "../support/emulator";
import { eventually, expectDenied, request, scenario, withoutPermission } from "../support/local-environment";

jest.setTimeout(600_000);

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

/** How many are on their way at a time. */
const atOnce = 4;
const mebibyte = 1_048_576;

interface Announced {
  readonly status: number;
  readonly id: string;
  readonly uploadUrl: string;
  readonly uploadHeaders: Readonly<Record<string, string>>;
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

async function upload({ uploadUrl, uploadHeaders }: Announced, content: Buffer): Promise<Response> {
  // fetch says the length itself, and refuses to be told.
  const { "content-length": _, ...headers } = uploadHeaders;
  return fetch(uploadUrl, { method: "PUT", headers, body: new Uint8Array(content) });
}

const read = async (id: string) => (await request({ system: "files", path: `/files/${id}` })).body;

/** Whether the API takes a file of this size at all. */
function isTaken({ processor }: Sample, { length }: Buffer): boolean {
  return length > 0 && (processor === "data" || length <= (processor === "image" ? 25 : 50) * mebibyte);
}

/** Announces, uploads and waits for the end; `refused` where the API takes no such file. */
async function endOf(sample: Sample, content: Buffer): Promise<Record<string, unknown>> {
  const announced = await announce(sample, content);
  if (announced.status === 400) return { status: "refused" };
  expect({ file: sample.file, status: announced.status }).toEqual({ file: sample.file, status: 201 });
  expect((await upload(announced, content)).status).toBe(200);
  return eventually(
    `The end of ${sample.file}`,
    () => read(announced.id),
    ({ status }) => status === "processed" || status === "failed",
    { seconds: 240, everyMilliseconds: 250 },
  );
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
  const process = async (processor: string) => {
    const sample = sampleOf(processor);
    expect(await endOf(sample, samples.read(sample))).toMatchObject({ status: "processed" });
  };

  test("every sample ends as it is to end, and with what is found in it", async () => {
    const left = [...samples.all];
    const ends: [Sample, Record<string, unknown>][] = [];
    const work = async () => {
      for (let sample = left.shift(); sample !== undefined; sample = left.shift())
        ends.push([sample, await endOf(sample, samples.read(sample))]);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const seen = ends.map(([{ file }, { status, reason }]) => ({ file, status, reason }));
    expect(seen).toEqual(
      ends.map(([sample]) => {
        if (!isTaken(sample, samples.read(sample))) return { file: sample.file, status: "refused" };
        return { file: sample.file, status: sample.status, reason: sample.reason };
      }),
    );
    for (const [{ file, result, status }, end] of ends)
      if (status === "processed" && result !== undefined) expect({ file, ...end }).toMatchObject({ file, result });
  });

  test.each([
    ["image", "dynamodb:UpdateItem"],
    ["image", "s3:GetObjectVersion"],
    ["document", "s3:PutObject"],
    ["data", "s3:GetObjectVersion"],
  ])("%s ends nowhere without %s", (processor, action) =>
    expectDenied({ function: `files/${processor}`, action }, () => process(processor)),
  );

  scenario("a file is announced", { function: "files/catalog", action: "dynamodb:PutItem" }, async () => {
    const sample = sampleOf("data");
    expect((await announce(sample, samples.read(sample))).status).toBe(201);
  });

  test("a URL that was signed by who may no longer upload is denied", async () => {
    const sample = sampleOf("data");
    const content = samples.read(sample);
    const announced = await announce(sample, content);
    const denied = await withoutPermission({ function: "files/catalog", action: "s3:PutObject" }, () =>
      upload(announced, content),
    );
    expect([denied.status, await denied.text()]).toEqual([403, expect.stringContaining("AccessDenied")]);
    expect((await upload(announced, content)).status).toBe(200);
  });
});
