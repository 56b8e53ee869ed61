import { randomUUID } from "node:crypto";
import type {
  APIGatewayProxyEvent,
  APIGatewayProxyResult,
  Context,
  KinesisStreamEvent,
  SecretsManagerRotationEvent,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from "aws-lambda";
import { type HttpCall, type HttpSeen, httpEvent, seen } from "../http-events";
import { lambdaContext } from "../lambda";
import { knowErrorsOfNode } from "../node-errors";
import { type AwsServer, startAws } from "./local-aws";
import { newAws } from "./local-consumer";
import { streamVariables } from "./sample-records";

type Handle<Event, Answer> = (event: Event, context: Context) => Promise<Answer>;

export interface Handlers {
  readonly health: Handle<APIGatewayProxyEvent, APIGatewayProxyResult>;
  readonly ingest: Handle<APIGatewayProxyEvent, APIGatewayProxyResult>;
  readonly consume: Handle<KinesisStreamEvent, unknown>;
  readonly import: Handle<SQSEvent, SQSBatchResponse>;
  readonly rotate: Handle<SecretsManagerRotationEvent, void>;
}

/** All functions, as Lambda has them, over services in this process. */
export interface LocalStream extends AwsServer {
  handlers: Handlers;
}

/** The SDK calls the host of a queue's URL. */
export const queueUrl = (endpoint: string) => `${endpoint}/111111111111/imports`;

export async function startStream(): Promise<LocalStream> {
  const server = await startAws();
  // Functions read their environment when they are loaded.
  Object.assign(process.env, streamVariables, {
    AWS_ENDPOINT_URL: server.endpoint,
    QUEUE_URL: queueUrl(server.endpoint),
  });
  return Object.assign(server, { handlers: await loadHandlers() });
}

/** With the environment as it is now. */
export async function loadHandlers(): Promise<Handlers> {
  knowErrorsOfNode();
  const [health, ingest, consume, importing, rotate] = await Promise.all([
    import("../../../functions/stream/health/handler"),
    import("../../../functions/stream/ingest/handler"),
    import("../../../functions/stream/consume/handler"),
    import("../../../functions/stream/import/handler"),
    import("../../../functions/stream/rotate/handler"),
  ]);
  const [{ recordStream }, { signingKeys }] = await Promise.all([
    import("../../../functions/stream/record-stream"),
    import("../../../functions/stream/signing-keys"),
  ]);
  return {
    health: health.createHealthHandler(recordStream()),
    ingest: ingest.createIngestHandler(recordStream(), signingKeys()),
    consume: consume.handler,
    import: importing.handler,
    rotate: rotate.handler,
  };
}

/** The system for all tests of a file, which gives it to them; each test has services of its own, without a past. */
export function useStream(give: (stream: LocalStream) => void): void {
  let stream: LocalStream;
  beforeAll(async () => {
    stream = await startStream();
    give(stream);
  });
  afterAll(() => stream.stop());
  beforeEach(async () => {
    stream.aws = newAws();
    for (const output of [process.stdout, process.stderr]) jest.spyOn(output, "write").mockReturnValue(true);
    // Execution environments of their own: they know nothing from before.
    stream.handlers = await loadHandlers();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    stream.fateOf = () => "pass";
  });
}

/** A request to /process. */
export async function ingest(
  { handlers }: Pick<LocalStream, "handlers">,
  body: unknown,
  changes: Partial<HttpCall> = {},
  context: Partial<Context> = {},
): Promise<HttpSeen> {
  const call = { method: "POST", resource: "/process", body, ...changes };
  return seen(await handlers.ingest(httpEvent(call), lambdaContext(context)));
}

/** A message of S3's, as the queue delivers it. */
export function s3Message(key: string, versionId = "version-1", changes: object = {}): SQSRecord {
  const record = {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    eventName: "ObjectCreated:Put",
    s3: {
      bucket: { name: streamVariables.BUCKET_NAME },
      object: { key: encodeURIComponent(key).replaceAll("%20", "+"), size: 1, versionId, sequencer: "0A" },
    },
    ...changes,
  };
  return message(JSON.stringify({ Records: [record] }));
}

export function message(body: string): SQSRecord {
  return {
    messageId: randomUUID(),
    receiptHandle: "receipt",
    body,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1767225600000",
      SenderId: "sender",
      ApproximateFirstReceiveTimestamp: "1767225600001",
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:111111111111:imports",
    awsRegion: "us-east-1",
  };
}
