import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type LocalDynamo, startDynamo } from "../../support/dynalite";
import { askDynamo, getParameters, type SentMessage, sendMessage, stopServer } from "../../support/local-services";

/**
 * What the functions of the jobs system call, in this process: DynamoDB as it is; of S3, SQS and Parameter Store the
 * few calls that they make. How the services behave otherwise is for the emulator (jobs.aws.test.ts).
 */
export interface LocalAws {
  readonly endpoint: string;
  readonly dynamo: LocalDynamo;
  /** By `bucket/key`: an object, and how many versions of it were written. */
  readonly objects: Map<string, { body: string; versions: number }>;
  readonly sent: SentMessage[];
  readonly parameters: Map<string, string>;
  /** All requests, but those to DynamoDB. */
  readonly requests: {
    readonly operation: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[];
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

const json = (body: object, status = 200): Answer => ({ status, body: JSON.stringify(body) });

export async function startAws(): Promise<LocalAws> {
  const dynamo = await startDynamo("jobs");
  const server = createServer((request, response) => {
    answer(aws, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const aws: LocalAws = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dynamo,
    objects: new Map(),
    sent: [],
    parameters: new Map(),
    requests: [],
    stop: () => Promise.all([stopServer(server), dynamo.stop()]).then(() => undefined),
  };
  return aws;
}

async function answer(aws: LocalAws, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const { status, body: answered, contentType } = await answerOf(aws, request, body);
  response.writeHead(status, { "content-type": contentType ?? "application/x-amz-json-1.0" }).end(answered);
}

async function answerOf(aws: LocalAws, { method, url, headers }: IncomingMessage, body: string): Promise<Answer> {
  const target = String(headers["x-amz-target"] ?? "");
  if (target.startsWith("DynamoDB")) {
    return await askDynamo(aws.dynamo, headers, body);
  }
  const path = new URL(url ?? "/", "http://localhost").pathname.slice(1);
  aws.requests.push({ operation: target || `${method} ${path}`, headers, body });
  if (target === "AmazonSQS.SendMessage") return json(sendMessage(aws.sent, body));
  if (target === "AmazonSSM.GetParameters") return json(getParameters(aws.parameters, body));
  if (method === "PUT") return putObject(aws, path, body, headers["if-none-match"]);
  return { status: 501, body: "" };
}

function putObject(aws: LocalAws, path: string, body: string, ifNoneMatch: string | undefined): Answer {
  const before = aws.objects.get(path);
  if (before !== undefined && ifNoneMatch === "*")
    return {
      status: 412,
      body: "<Error><Code>PreconditionFailed</Code><Message>It is there</Message></Error>",
      contentType: "application/xml",
    };
  aws.objects.set(path, { body, versions: (before?.versions ?? 0) + 1 });
  return { status: 200, body: "", contentType: "application/xml" };
}
