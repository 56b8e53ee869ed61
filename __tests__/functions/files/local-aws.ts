import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { LocalDynamo } from "../../support/dynalite";
import { askDynamo, getParameters, type SentMessage, sendMessage, stopServer } from "../../support/local-services";
import { startFilesDynamo } from "../files-api/files-table";

export const tableName = "files";
export const bucketName = "tap-files";
export const configPath = "/tap/dev/files/config/";
export const maximumReceives = 3;

export interface Answer {
  readonly status: number;
  readonly body?: Uint8Array | string;
  readonly headers?: Record<string, string>;
  /** The connection breaks after as many bytes of the body. */
  readonly brokenAfter?: number;
}

/** What is asked of the services, but of DynamoDB: `GET key`, `PUT key`, `AmazonSQS.SendMessage`, `POST model`. */
export interface Asked {
  readonly operation: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

/**
 * What the processors call, in this process: DynamoDB as it is; of S3, SQS, Parameter Store and Bedrock the few calls
 * that they make.
 */
export interface LocalAws {
  readonly endpoint: string;
  readonly dynamo: LocalDynamo;
  /** By key, then by version: what clients put there. */
  readonly uploads: Map<string, Map<string, Uint8Array>>;
  /** By key: what the processors put there. */
  readonly results: Map<string, { readonly bytes: Buffer; readonly contentType: string; readonly writes: number }>;
  readonly sent: SentMessage[];
  readonly parameters: Map<string, string>;
  readonly asked: Asked[];
  /** Answers instead of a service; undefined: the service does. */
  instead: (asked: Asked) => Answer | undefined | Promise<Answer | undefined>;
  /** The model's answer. */
  model: (request: Asked) => Answer | Promise<Answer>;
  stop(): Promise<void>;
}

export async function startAws(): Promise<LocalAws> {
  const dynamo = await startFilesDynamo(tableName);
  const server = createServer((request, response) => {
    answer(aws, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const aws: LocalAws = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dynamo,
    uploads: new Map(),
    results: new Map(),
    sent: [],
    parameters: new Map(),
    asked: [],
    instead: () => undefined,
    model: () => ({ status: 500 }),
    stop: () => Promise.all([stopServer(server), dynamo.stop()]).then(() => undefined),
  };
  return aws;
}

/** What the infrastructure, and Lambda itself, set for a processor. */
export function processorVariables({ endpoint }: LocalAws, changes: Record<string, string> = {}) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    TABLE_NAME: tableName,
    BUCKET_NAME: bucketName,
    QUEUE_URL: `${endpoint}/111111111111/files`,
    DEAD_LETTER_QUEUE_URL: `${endpoint}/111111111111/dead-letters`,
    MAX_RECEIVE_COUNT: String(maximumReceives),
    CONFIG_PATH: configPath,
    MODEL_IDS: "",
    MODEL_DAILY_BUDGET: "100000",
    POWERTOOLS_SERVICE_NAME: "files",
    POWERTOOLS_METRICS_NAMESPACE: "tap",
    POWERTOOLS_TRACE_ENABLED: "false",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    _HANDLER: "index.handler",
    ...changes,
  };
}

async function answer(aws: LocalAws, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bytes = await buffer(request);
  const { status, body = "", headers = {}, brokenAfter } = await answerOf(aws, request, bytes);
  const whole = Buffer.from(body as Uint8Array);
  response.writeHead(status, { "content-type": "application/xml", "content-length": whole.length, ...headers });
  if (brokenAfter === undefined) response.end(whole);
  else response.write(whole.subarray(0, brokenAfter), () => response.destroy());
}

async function answerOf(aws: LocalAws, { method = "", url = "/", headers }: IncomingMessage, bytes: Buffer) {
  const target = String(headers["x-amz-target"] ?? "");
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const path = decodeURIComponent(pathname);
  const key = path.startsWith(`/${bucketName}/`) ? path.slice(bucketName.length + 2) : undefined;
  const operation = target || `${method} ${key ?? path}`;
  const asked = { operation, body: key === undefined ? bytes.toString() : "", headers };
  if (!target.startsWith("DynamoDB")) aws.asked.push(asked);
  const instead = await aws.instead(asked);
  if (instead !== undefined) return instead;
  if (target !== "") return await answerTarget(aws, asked, target);
  if (key === undefined) return await aws.model(asked);
  if (method === "PUT") return putObject(aws, key, bytes, headers);
  return getObject(aws, key, searchParams.get("versionId") ?? "", headers.range);
}

async function answerTarget(aws: LocalAws, { body, headers }: Asked, target: string): Promise<Answer> {
  if (target === "AmazonSQS.SendMessage") return json(sendMessage(aws.sent, body));
  if (target === "AmazonSSM.GetParameters") return json(getParameters(aws.parameters, body));
  return { ...(await askDynamo(aws.dynamo, headers, body)), headers: { "content-type": "application/x-amz-json-1.0" } };
}

function putObject(aws: LocalAws, key: string, bytes: Buffer, headers: IncomingMessage["headers"]): Answer {
  const writes = (aws.results.get(key)?.writes ?? 0) + 1;
  aws.results.set(key, { bytes: unchunked(bytes, headers), contentType: String(headers["content-type"]), writes });
  return { status: 200 };
}

/** The SDK may send a checksum after the body (aws-chunked). */
function unchunked(bytes: Buffer, headers: IncomingMessage["headers"]): Buffer {
  if (!String(headers["content-encoding"] ?? "").includes("aws-chunked")) return bytes;
  const parts: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const lineEnd = bytes.indexOf("\r\n", offset);
    const length = Number.parseInt(bytes.subarray(offset, lineEnd).toString(), 16);
    if (length === 0) break;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    offset = lineEnd + length + 4;
  }
  return Buffer.concat(parts);
}

function getObject({ uploads }: LocalAws, key: string, versionId: string, range = ""): Answer {
  const bytes = uploads.get(key)?.get(versionId);
  if (bytes === undefined) return { status: 404, body: errorBody(uploads.has(key) ? "NoSuchVersion" : "NoSuchKey") };
  const [, from = "0", to = "0"] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (Number(from) >= bytes.length) return { status: 416, body: errorBody("InvalidRange") };
  const part = bytes.subarray(Number(from), Number(to) + 1);
  const contentRange = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
  return { status: 206, body: part, headers: { "content-range": contentRange } };
}

export function errorBody(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>The cause</Message></Error>`;
}

export function json(body: object, status = 200): Answer {
  return { status, body: JSON.stringify(body), headers: { "content-type": "application/x-amz-json-1.0" } };
}
