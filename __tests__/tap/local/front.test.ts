import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "../../support/project";

/* What stands before the emulator: what it adds, takes away and writes down. */

const folder = temporaryFolder();
const calls = join(folder, "calls.jsonl");
let emulator: Server;
let front: ChildProcess;
let endpoint: string;
const received: { headers: IncomingHttpHeaders; body: string }[] = [];

beforeAll(async () => {
  emulator = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    response.writeHead(403, { "x-amz-crc32": "1", "x-kept": "yes" }).end("denied");
  });
  await new Promise<void>((resolve) => emulator.listen(0, "127.0.0.1", resolve));
  const emulatorPort = (emulator.address() as AddressInfo).port;
  const settings = JSON.stringify({ emulatorPort, https: true, calls });
  const script = join(projectRoot, "tap", "local", "front.mjs");
  front = spawn(process.execPath, [script, settings], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<string>((resolve) =>
    front.stdout?.once("data", (line) => resolve(String(line).trim())),
  );
  endpoint = `http://127.0.0.1:${port}`;
});

afterAll(() => {
  front.kill();
  emulator.close();
  emulator.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const signed = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=ASIAX/20260101/us-west-2/${service}/aws4_request, SignedHeaders=host, Signature=s`,
});

async function recorded(count: number): Promise<Record<string, unknown>[]> {
  const lines = () => readFileSync(calls, "utf8").trim().split("\n");
  for (let attempt = 0; attempt < 3_000 && lines().length < count; attempt += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return lines().map((line) => JSON.parse(line));
}

test("requests go through as they are, by TLS as far as the emulator knows; answers without their checksum", async () => {
  const answer = await fetch(`${endpoint}/items?x=1`, { method: "POST", body: "text" });
  expect([answer.status, await answer.text(), answer.headers.get("x-kept")]).toEqual([403, "denied", "yes"]);
  expect(answer.headers.get("x-amz-crc32")).toBeNull();
  expect(received.at(-1)).toMatchObject({
    body: "text",
    headers: { "x-forwarded-proto": "https", host: new URL(endpoint).host },
  });
  await fetch(endpoint, { headers: { "x-forwarded-proto": "http" } });
  expect(received.at(-1)?.headers["x-forwarded-proto"]).toBe("http");
});

test("each call of AWS is written down with who made it and what became of it; a call of a REST API isn't", async () => {
  await fetch(endpoint, {
    method: "POST",
    headers: { ...signed("dynamodb"), "x-amz-target": "DynamoDB_20120810.GetItem" },
  });
  const form = { ...signed("sns"), "content-type": "application/x-www-form-urlencoded" };
  await fetch(endpoint, { method: "POST", headers: form, body: "Action=Publish&Message=Action%3DNone" });
  await fetch(`${endpoint}/bucket/key?X-Amz-Credential=ASIAY%2F20260101%2Fus-east-1%2Fs3%2Faws4_request`, {
    method: "PUT",
  });
  await fetch(`${endpoint}/_aws/execute-api/a/live/items`);
  const TransactItems = [{ Put: {} }, { Update: {} }, { Put: {} }];
  await fetch(endpoint, {
    method: "POST",
    headers: { ...signed("dynamodb"), "x-amz-target": "DynamoDB_20120810.TransactWriteItems" },
    body: JSON.stringify({ TransactItems }),
  });
  expect(await recorded(4)).toEqual([
    expect.objectContaining({ accessKeyId: "ASIAX", region: "us-west-2", service: "dynamodb", operation: "GetItem" }),
    expect.objectContaining({ accessKeyId: "ASIAX", service: "sns", operation: "Publish", status: 403 }),
    expect.objectContaining({ accessKeyId: "ASIAY", region: "us-east-1", service: "s3", method: "PUT", status: 403 }),
    expect.objectContaining({ operation: "TransactWriteItems", parts: ["Put", "Update"], status: 403 }),
  ]);
});
