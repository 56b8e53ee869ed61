import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { Fate } from "../front";
import { type Answer, refusal } from "./local-answer";
import { LocalDynamo } from "./local-dynamo";
import { LocalKinesis } from "./local-kinesis";
import { LocalObjects } from "./local-objects";
import { LocalSecret } from "./local-secrets";

export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** `PutRecords`, `GetSecretValue`, …; of S3, `PUT` and `GET`. */
export function operationOf({ method, headers }: AwsRequest): string {
  return headers["x-amz-target"]?.split(".")[1] ?? method;
}

/**
 * What the functions of the stream system call, in this process: of each service the few calls that they make. How the
 * services behave otherwise is for the emulator (*.aws.test.ts).
 */
export class LocalAws {
  readonly dynamo = new LocalDynamo();
  readonly kinesis = new LocalKinesis();
  readonly objects = new LocalObjects();
  readonly secret = new LocalSecret();
  /** Messages that were sent, with their delays. */
  readonly sent: { readonly body: string; readonly delaySeconds: number }[] = [];
  readonly requests: { readonly operation: string; readonly body: string; readonly headers: object }[] = [];

  answer(request: AwsRequest): Answer {
    const { method, path, query, headers, body } = request;
    const [service = "", operation = ""] = (headers["x-amz-target"] ?? "").split(".");
    this.requests.push({ operation: operationOf(request), body, headers });
    if (service === "") return this.objects.answer(method, path, query, headers, body);
    const parsed = JSON.parse(body) as never;
    if (service.startsWith("DynamoDB")) return this.dynamo.answer(operation, parsed);
    if (service.startsWith("Kinesis")) return this.kinesis.answer(operation, parsed);
    if (service === "secretsmanager") return this.secret.answer(operation, parsed);
    if (service === "AmazonSQS") return this.send(parsed);
    return refusal("UnknownOperationException");
  }

  private send({ MessageBody, DelaySeconds = 0 }: { MessageBody: string; DelaySeconds?: number }): Answer {
    this.sent.push({ body: MessageBody, delaySeconds: DelaySeconds });
    // The SDK compares them.
    const md5 = createHash("md5").update(MessageBody).digest("hex");
    return { body: { MessageId: String(this.sent.length), MD5OfMessageBody: md5 } };
  }
}

const contentOf = ({ body }: Answer): string | Buffer | Readable =>
  typeof body === "string" || Buffer.isBuffer(body) || body instanceof Readable ? body : JSON.stringify(body);

function headersOf(answer: Answer): Record<string, string> {
  const content = contentOf(answer);
  return {
    "content-type": "application/x-amz-json-1.1",
    ...(!(content instanceof Readable) && { "content-length": String(Buffer.byteLength(content)) }),
    ...answer.headers,
  };
}

type Decide = (request: AwsRequest) => Fate | Promise<Fate>;

/** A request as the SDK hands it on. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

function askedOf({ method, path, query, headers, body }: SdkRequest): AwsRequest {
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: textOf(body),
  };
}

type Send = (request: SdkRequest, asked: AwsRequest, options: object) => unknown;

/** What a client's requests go through on their way. */
const requestHandlerOver = (send: Send, decide: Decide) => ({
  async handle(request: SdkRequest, options: object) {
    const asked = askedOf(request);
    const fate = await decide(asked);
    if (fate === "lose-request") throw connectionBroke();
    const answer = typeof fate === "object" ? responseOf(fate) : await send(request, asked, options);
    if (fate === "lose-answer") throw connectionBroke();
    return answer;
  },
});

/** To services in this process, without a network. */
export function requestHandlerTo(aws: LocalAws, decide: Decide = () => "pass") {
  return requestHandlerOver((_, asked) => responseOf(aws.answer(asked)), decide);
}

/** To where the client's endpoint is. */
export function requestHandlerThrough(decide: Decide) {
  const inner = new NodeHttpHandler();
  return requestHandlerOver((request, _, options) => inner.handle(request as never, options), decide);
}

const responseOf = (answer: Answer) => ({
  response: { statusCode: answer.status ?? 200, headers: headersOf(answer), body: streamOf(contentOf(answer)) },
});

const streamOf = (content: string | Buffer | Readable) =>
  content instanceof Readable ? content : Readable.from([content]);

function textOf(body: unknown): string {
  if (!ArrayBuffer.isView(body)) return String(body ?? "");
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}

function connectionBroke(): Error {
  return Object.assign(new Error("The connection broke"), { code: "ECONNRESET" });
}

/** The same, with a network. */
export interface AwsServer {
  aws: LocalAws;
  /** `http://127.0.0.1:{port}` */
  readonly endpoint: string;
  fateOf: (operation: string, request: AwsRequest) => Fate | Promise<Fate>;
  stop(): Promise<void>;
}

export async function startAws(): Promise<AwsServer> {
  const server = createServer((request, response) => {
    handle(started, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const started: AwsServer = {
    aws: new LocalAws(),
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fateOf: () => "pass",
    stop: () => stop(server),
  };
  return started;
}

async function handle(server: AwsServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const asked: AwsRequest = {
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers as Record<string, string>,
    body: await text(request),
  };
  const fate = await server.fateOf(operationOf(asked), asked);
  if (fate === "lose-request") return void response.destroy();
  const answer = typeof fate === "object" ? fate : server.aws.answer(asked);
  if (fate === "lose-answer") return void response.destroy();
  const content = contentOf(answer);
  response.writeHead(answer.status ?? 200, headersOf(answer));
  if (!(content instanceof Readable)) return void response.end(content);
  // Whoever asked may be gone before its end.
  await pipeline(content, response).catch(() => response.destroy());
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
