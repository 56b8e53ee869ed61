import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describeWithEmulator, type Emulator, startEmulator } from "../../support/emulator";
import { projectRoot, tap } from "../../support/project";

const jobs = "tap-jobs-dev-us-east-1";
const deadLetters = "tap-jobs-dead-letters-dev-us-east-1";
const outdir = join(projectRoot, ".cache", "test-synth", "declared");

describeWithEmulator("tap redrive", () => {
  let emulator: Emulator;
  const urls: Record<string, string> = {};
  const sqs = (action: string, body: object) => emulator.call(`AmazonSQS.${action}`, "us-east-1", body);
  const depth = async (name: string) => {
    const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    const { Attributes } = await sqs("GetQueueAttributes", { QueueUrl: urls[name], AttributeNames: names });
    return Object.values(Attributes as Record<string, string>).reduce((sum, value) => sum + Number(value), 0);
  };
  const redrive = (...args: string[]) =>
    tap(["redrive", ...args, "--outdir", outdir], { variables: emulator.variables });

  beforeAll(async () => {
    emulator = await startEmulator();
    for (const name of [jobs, deadLetters]) {
      const { QueueUrl } = await sqs("CreateQueue", { QueueName: name });
      urls[name] = String(QueueUrl);
    }
    for (let index = 0; index < 13; index += 1)
      await sqs("SendMessage", {
        QueueUrl: urls[deadLetters],
        MessageBody: JSON.stringify({ id: `job-${index}` }),
        MessageAttributes: { reason: { DataType: "String", StringValue: "its input breaks a rule" } },
      });
  });
  afterAll(() => emulator.stop());

  test("PLAT-07 a dry run shows every message with its reason once, and leaves it", async () => {
    const { stdout, exitCode } = redrive(deadLetters, "--dry-run");
    expect(stdout).toContain("13 messages");
    expect(stdout.match(/its input breaks a rule/g)).toHaveLength(13);
    expect(stdout).not.toContain("job-1");
    expect(stdout).toContain(`They would go to the queue ${jobs}`);
    expect(exitCode).toBe(0);
    expect(await depth(deadLetters)).toBe(13);
    expect(await depth(jobs)).toBe(0);
  });

  test("PLAT-07 messages go back to the queue that they came from, up to the limit, then all", async () => {
    const { messages } = JSON.parse(redrive(deadLetters, "--limit", "2", "--json").stdout);
    expect(messages).toHaveLength(2);
    expect(await depth(deadLetters)).toBe(11);
    expect(redrive(deadLetters).stdout).toContain("11 messages");
    expect(await depth(deadLetters)).toBe(0);
    expect(await depth(jobs)).toBe(13);
    expect(redrive(deadLetters).stdout).toContain("is empty");
  });

  test("a queue that isn't there says so, and nothing is sent", () => {
    const { stderr, exitCode } = redrive("tap-records-write-dead-letters-dev-us-east-1");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/0 messages were sent before that/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("tap redrive of a function's dead letters", () => {
  const queue = "tap-api-replicate-dead-letters-dev-us-east-1";
  const stream = JSON.stringify({ DDBStreamBatchInfo: { shardId: "1" } });
  const message = (id: string, body: string) => ({
    MessageId: id,
    ReceiptHandle: `r${id}`,
    Body: body,
    MD5OfBody: createHash("md5").update(body).digest("hex"),
    Attributes: { SentTimestamp: "0" },
  });
  const waiting = [message("1", '{"source":"aws.events"}'), message("2", stream)];
  const calls: string[] = [];
  let server: Server;
  let endpoint: string;

  /** What SQS and Lambda answer, as far as this command asks; the wire is the SDK's own. */
  function answer(request: IncomingMessage, body: string): unknown {
    const action = String(request.headers["x-amz-target"] ?? request.url);
    calls.push(`${action} ${body}`);
    if (action.endsWith("GetQueueUrl")) return { QueueUrl: `${endpoint}/queue` };
    if (action.endsWith("ReceiveMessage")) return { Messages: waiting.splice(0) };
    return {};
  }

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => response.writeHead(200).end(JSON.stringify(answer(request, body))));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test("an event goes to the function's live version; a batch of a stream stays", async () => {
    // Not tap(): that one waits in this process, which is to answer.
    const child = spawn(process.execPath, [join(projectRoot, "bin", "tap.mjs"), "redrive", queue, "--outdir", outdir], {
      env: { ...process.env, AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x" },
    });
    let stdout = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    expect(exitCode).toBe(0);
    expect(stdout).toContain("stays here");
    expect(calls.filter((call) => call.includes("/invocations"))).toEqual([
      expect.stringMatching(/tap-api-replicate-dev-us-east-1.*Qualifier=live.*\{"source":"aws\.events"\}/),
    ]);
    expect(calls.filter((call) => call.includes("DeleteMessage"))).toEqual([expect.stringContaining('"r1"')]);
  });
});
