import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { projectRoot } from "../../support/project";
import { loudlySkipped } from "../../support/skipped";
import { bundles } from "../bundle";
import { type AwsServer, startAws } from "./local-aws";
import { newAws } from "./local-consumer";
import type { MadeObject } from "./local-objects";
import { queueUrl, s3Message } from "./local-stream";
import { sampleRecord, streamVariables } from "./sample-records";

/* Objects that are larger than the function's memory, through the real bundle in a Node of its own, watched from outside. */

jest.setTimeout(300_000);

const megabyte = 1024 * 1024;

/** Node and the bundle have some 90 MB before the first byte is read. */
const maximumBytes = 180 * megabyte;

let folder = "";
let server: AwsServer;
beforeAll(async () => {
  const [own, started] = await Promise.all([bundles(projectRoot), startAws()]);
  folder = own["stream/import"]?.folder ?? "";
  server = started;
});
afterAll(() => server.stop());
beforeEach(() => {
  server.aws = newAws();
});

/** Waits when it is done, so that whoever started it can look at it. */
const child = `
const { handler } = await import(process.argv[1] + "/index.mjs");
const context = { awsRequestId: "r", functionName: "f", getRemainingTimeInMillis: () => 900_000 };
const answer = await handler({ Records: [JSON.parse(process.argv[2])] }, context);
console.log("answer " + JSON.stringify(answer));
process.stdin.resume();`;

/** Peak of resident memory, in bytes, as the kernel counts it. */
async function importAndMeasure(): Promise<number> {
  const variables = { ...streamVariables, AWS_ENDPOINT_URL: server.endpoint, QUEUE_URL: queueUrl(server.endpoint) };
  const process_ = spawn(
    process.execPath,
    ["--input-type=module", "--eval", child, folder, JSON.stringify(s3Message("incoming/large.ndjson"))],
    { env: { PATH: process.env.PATH, ...variables }, stdio: "pipe" },
  );
  const errors = text(process_.stderr);
  try {
    for await (const line of createInterface({ input: process_.stdout })) {
      if (!line.startsWith("answer ")) continue;
      expect(line).toBe('answer {"batchItemFailures":[]}');
      const status = readFileSync(`/proc/${process_.pid}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    }
    throw new Error(`The function ended without an answer: ${await errors}`);
  } finally {
    process_.kill();
    await once(process_, "exit");
  }
}

/** So many times the same bytes, from any place on. */
function repeated(part: Buffer, times: number, end = Buffer.alloc(0)): MadeObject {
  return {
    length: part.length * times + end.length,
    *from(start) {
      const first = Math.floor(start / part.length);
      for (let index = first; index < times; index += 1)
        yield index === first ? part.subarray(start - first * part.length) : part;
      yield end.subarray(Math.max(0, start - part.length * times));
    },
  };
}

const progress = () => [...server.aws.dynamo.items.values()].find(({ id }) => id?.S?.startsWith("import#"));

const describeOnLinux = existsSync("/proc/self/status")
  ? describe
  : loudlySkipped("STR-04's memory: there is no /proc here to read it from");

describeOnLinux("an object that is larger than the function's memory", () => {
  test("STR-04 an object of 300 MB is imported in memory that doesn't grow with it", async () => {
    // A line of 4 KB, most of it white space, 16 times.
    const line = Buffer.from(`${JSON.stringify(sampleRecord()).padEnd(4_095)}\n`);
    const object = repeated(Buffer.concat(Array(16).fill(line)), (300 * megabyte) / 65_536);
    server.aws.objects.versions.set("incoming/large.ndjson?version-1", object);
    // Only counted: this process is to hold them no more than that one.
    let records = 0;
    server.aws.kinesis.records.push = () => ++records;
    Object.assign(server.aws.requests, { push: () => 0 });
    const peak = await importAndMeasure();
    expect(records).toBe(76_800);
    expect(progress()).toMatchObject({ status: { S: "imported" }, imported: { N: "76800" } });
    expect(peak).toBeLessThan(maximumBytes);
  });

  test("STR-04 a line of 300 MB is refused in as little memory, and the next one imported", async () => {
    const end = Buffer.from(`\n${JSON.stringify(sampleRecord())}`);
    server.aws.objects.versions.set(
      "incoming/large.ndjson?version-1",
      repeated(Buffer.alloc(65_536, "x"), (300 * megabyte) / 65_536, end),
    );
    const peak = await importAndMeasure();
    expect(progress()).toMatchObject({ imported: { N: "1" }, refused: { N: "1" }, lines: { N: "2" } });
    expect(peak).toBeLessThan(maximumBytes);
  });
});
