import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import type { FileVersion } from "../../../functions/files/file-item";
import { files as definition } from "../../../routes/files";
import type { LocalDynamo } from "../../support/dynalite";
import type { Fate } from "../front";
import { expectPromised, type HttpCall, type HttpSeen, httpEvent, seen } from "../http-events";
import { lambdaContext } from "../lambda";
import { knowErrorsOfNode } from "../node-errors";
import { type Item, itemsOf, startFilesDynamo } from "./files-table";
import { LocalS3 } from "./local-s3";

export const secretAccessKey = "secret-of-the-function";

/** What the infrastructure, and Lambda itself, set for the function of the files API. */
export const catalogVariables: Readonly<Record<string, string>> = {
  TABLE_NAME: "files",
  BUCKET_NAME: "tap-files",
  ALLOWED_ORIGINS: "https://app.example.com",
  POWERTOOLS_SERVICE_NAME: "files",
  POWERTOOLS_METRICS_NAMESPACE: "tap",
  POWERTOOLS_TRACE_ENABLED: "false",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: "session-of-the-function",
  _HANDLER: "index.handler",
};

type Handler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;

/** The function of the files API over services in this process: DynamoDB as it is, S3 as far as it matters. */
export interface LocalFiles {
  readonly endpoint: string;
  readonly dynamo: LocalDynamo;
  readonly s3: LocalS3;
  /** Calls of the function, in their order: `Query`, `DELETE tap-files/uploads/…`. */
  readonly operations: string[];
  /** What becomes of the function's calls. */
  fateOf: (operation: string, body: string) => Fate;
  call(call: HttpCall, changes?: Partial<APIGatewayProxyEvent>): Promise<HttpSeen>;
  items(id: unknown): Promise<Record<string, Item>>;
  stop(): Promise<void>;
}

/** What every route can answer. */
const commonStatuses = [400, 403, 429, 500, 503, 504];

export async function startFiles(): Promise<LocalFiles> {
  const dynamo = await startFilesDynamo("files");
  const server = createServer((request, response) => {
    answer(local, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Functions read their environment when they are loaded.
  Object.assign(process.env, catalogVariables, { AWS_ENDPOINT_URL: endpoint });
  knowErrorsOfNode();
  const { handler }: { handler: Handler } = await import("../../../functions/files/catalog/handler");
  const local: LocalFiles = {
    endpoint,
    dynamo,
    s3: new LocalS3(secretAccessKey),
    operations: [],
    fateOf: () => "pass",
    call: async (call, changes) => {
      const answered = seen(await handler(httpEvent(call, changes), lambdaContext()));
      expectPromised(definition, commonStatuses, call, answered);
      return answered;
    },
    items: (id) => itemsOf(dynamo, "files", String(id)),
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await dynamo.stop();
    },
  };
  return local;
}

async function answer(local: LocalFiles, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const [, target] = String(request.headers["x-amz-target"] ?? "").split(".");
  const operation = target ?? `${request.method} ${decodeURIComponent(request.url?.slice(1).split("?")[0] ?? "")}`;
  local.operations.push(operation);
  const fate = local.fateOf(operation, body.toString());
  if (typeof fate === "object") {
    response.writeHead(fate.status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(fate.body));
    return;
  }
  if (fate === "lose-request") return void response.destroy();
  const answered = target === undefined ? local.s3.answer(request, body) : await ofDynamo(local, request, body);
  if (fate === "lose-answer") return void response.destroy();
  response.writeHead(answered.status, answered.headers).end(answered.body);
}

async function ofDynamo({ dynamo }: LocalFiles, { headers }: IncomingMessage, body: Buffer) {
  const { host, connection, "content-length": length, ...others } = headers;
  const passed = await fetch(dynamo.endpoint, { method: "POST", headers: others as Record<string, string>, body });
  const contentType = passed.headers.get("content-type") ?? "";
  return { status: passed.status, body: await passed.text(), headers: { "content-type": contentType } };
}

/** The system for all tests of a file, which gives it to them; the function's own lines are looked at where they matter. */
export function useFiles(give: (local: LocalFiles) => void): void {
  let local: LocalFiles;
  beforeAll(async () => {
    local = await startFiles();
    give(local);
  });
  afterAll(() => local.stop());
  beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    local.fateOf = () => "pass";
  });
}

export const sha256Of = (content: string) => createHash("sha256").update(content).digest("hex");

export const content = "a,b\n1,2\n";

/** A file as it is announced. */
export function fileInput(changes: object = {}) {
  return {
    name: "data.csv",
    contentType: "text/csv",
    sizeBytes: Buffer.byteLength(content),
    sha256: sha256Of(content),
    ...changes,
  };
}

export function create(
  body: unknown = fileInput(),
  changes: Partial<HttpCall> & { readonly key?: string } = {},
): HttpCall {
  const { key = randomUUID(), headers, ...others } = changes;
  return {
    method: "POST",
    resource: "/files",
    body,
    headers: { "Idempotency-Key": key, ...headers },
    ...others,
  };
}

export const list = (query: Record<string, string> = {}, changes: Partial<HttpCall> = {}): HttpCall => ({
  method: "GET",
  resource: "/files",
  query,
  ...changes,
});

export const read = (id: unknown, changes: Partial<HttpCall> = {}): HttpCall => ({
  method: "GET",
  resource: "/files/{id}",
  path: { id: String(id) },
  ...changes,
});

export const remove = (id: unknown, changes: Partial<HttpCall> = {}): HttpCall => ({
  ...read(id, changes),
  method: "DELETE",
});

/** What Cognito's authorizer adds to a request. */
export function asUser(call: HttpCall, sub: unknown): Partial<APIGatewayProxyEvent> {
  const { requestContext } = httpEvent(call);
  return { requestContext: { ...requestContext, authorizer: { claims: { sub, email: "erika@example.com" } } } };
}

/** Uploads as the answer to `createFile` says. */
export async function upload(answer: HttpSeen, body = content): Promise<Response> {
  const { uploadUrl, uploadHeaders } = answer.body;
  return await fetch(uploadUrl, { method: "PUT", headers: uploadHeaders, body });
}

const never = new AbortController().signal;

/** The newest version of a file's object, as S3 tells of it. */
export function newestVersion(local: LocalFiles, id: string, extension = "csv"): FileVersion {
  const key = `uploads/${id}.${extension}`;
  const { versionId = "", sequencer = "", content: stored } = local.s3.versions.get(`tap-files/${key}`)?.at(-1) ?? {};
  return { id, versionId, sequencer, key, sizeBytes: stored?.length ?? 0 };
}

/** What a processor does with a version: claims it, and ends it with a result, or with a reason. */
export async function processed(version: FileVersion, end: object | string): Promise<void> {
  const { claimVersion, completeVersion, failVersion } = await import("../../../functions/files/file-table");
  const { ownTable } = await import("../../../functions/shared/dynamodb-table");
  const [table, lease] = [ownTable(), { owner: randomUUID(), expiresAt: Date.now() + 60_000 }];
  expect(await claimVersion(table, version, lease, 3, never)).toBe("claimed");
  if (typeof end === "string") expect(await failVersion(table, version, lease, end, never)).toBe(true);
  else expect(await completeVersion(table, version, lease, end, never)).toBe(true);
}

/** A file that is there, uploaded and processed. */
export async function processedFile(local: LocalFiles, result: object = {}, changes: Partial<HttpCall> = {}) {
  const answer = await local.call(create(fileInput(), changes));
  expect((await upload(answer)).status).toBe(200);
  const version = newestVersion(local, answer.body.id);
  await processed(version, result);
  return version;
}
