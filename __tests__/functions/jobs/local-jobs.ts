import { randomUUID } from "node:crypto";
import type {
  APIGatewayProxyEvent,
  APIGatewayProxyResult,
  Context,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from "aws-lambda";
import { sqsRecord } from "../../support/local-services";
import { type Fate, type Front, startFront } from "../front";
import { lambdaContext } from "../lambda";
import { knowErrorsOfNode } from "../node-errors";
import { type LocalAws, startAws } from "./local-aws";

export const configPath = "/tap/dev/jobs/config/";
export const maximumReceives = 3;

/** What the infrastructure, and Lambda itself, set for the functions of the jobs system. */
export const jobsVariables: Readonly<Record<string, string>> = {
  TABLE_NAME: "jobs",
  BUCKET_NAME: "tap-jobs-results",
  MAX_RECEIVE_COUNT: String(maximumReceives),
  CONFIG_PATH: configPath,
  ALLOWED_ORIGINS: "https://app.example.com",
  POWERTOOLS_SERVICE_NAME: "jobs",
  POWERTOOLS_METRICS_NAMESPACE: "tap",
  POWERTOOLS_TRACE_ENABLED: "false",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  _HANDLER: "index.handler",
};

/** The SDK calls the host of a queue's URL. */
export function queueUrl(endpoint: string, name: "jobs" | "dead-letters"): string {
  return `${endpoint}/111111111111/${name}`;
}

export interface Handlers {
  work(event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  submit(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult>;
  follow(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult>;
}

/** All three functions, as Lambda has them, over services in this process. */
export interface LocalJobs {
  readonly aws: LocalAws;
  /** What becomes of the functions' requests, by what they are: `DynamoDB_20120810.UpdateItem`, `PUT bucket/key`. */
  fateOf: (operation: string, body: string) => Fate | Promise<Fate>;
  /** Messages that are to be delivered again, of those that are delivered. */
  work(records: readonly SQSRecord[], context?: Partial<Context>): Promise<readonly string[]>;
  submit(request: Partial<SubmitRequest>): Promise<HttpResult>;
  follow(id: string, apiKeyId?: string): Promise<HttpResult>;
  stop(): Promise<void>;
}

export interface SubmitRequest {
  readonly idempotencyKey: string;
  readonly apiKeyId: string;
  readonly correlationId: string;
  readonly body: unknown;
}

export interface HttpResult {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
}

export async function startJobs(): Promise<LocalJobs> {
  const aws = await startAws();
  const pass = () => "pass" as const;
  const front: Front = await startFront(aws.endpoint, (body, { method, url, headers }) =>
    jobs.fateOf(String(headers["x-amz-target"] ?? `${method} ${url}`), body),
  );
  // Functions read their environment when they are loaded.
  Object.assign(process.env, jobsVariables, {
    AWS_ENDPOINT_URL: front.endpoint,
    QUEUE_URL: queueUrl(front.endpoint, "jobs"),
    DEAD_LETTER_QUEUE_URL: queueUrl(front.endpoint, "dead-letters"),
  });
  const handlers = await loadHandlers();
  const jobs: LocalJobs = {
    aws,
    fateOf: pass,
    work: async (records, context) => {
      const { batchItemFailures } = await handlers.work({ Records: [...records] }, lambdaContext(context));
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
    submit: async (request) => resultOf(await handlers.submit(submitEvent(request), lambdaContext())),
    follow: async (id, apiKeyId) => resultOf(await handlers.follow(followEvent(id, apiKeyId), lambdaContext())),
    stop: () => Promise.all([front.stop(), aws.stop()]).then(() => undefined),
  };
  return jobs;
}

/** The system for all tests of a file, which gives it to them; the functions' own lines are looked at where they matter. */
export function useJobs(give: (jobs: LocalJobs) => void): void {
  let jobs: LocalJobs;
  beforeAll(async () => {
    jobs = await startJobs();
    give(jobs);
  });
  afterAll(() => jobs.stop());
  beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jobs.fateOf = () => "pass";
  });
}

/** Messages that are sent while a piece of work runs. */
export async function sentDuring({ aws }: LocalJobs, work: () => Promise<unknown>) {
  const before = aws.sent.length;
  await work();
  return aws.sent.slice(before);
}

export const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** With the environment as it is now. */
export async function loadHandlers(): Promise<Handlers> {
  knowErrorsOfNode();
  const [work, submit, follow] = await Promise.all([
    import("../../../functions/jobs/work/handler"),
    import("../../../functions/jobs/submit/handler"),
    import("../../../functions/jobs/follow/handler"),
  ]);
  return { work: work.handler, submit: submit.handler, follow: follow.handler };
}

export function resultOf({ statusCode, headers, body }: APIGatewayProxyResult): HttpResult {
  return { status: statusCode, headers: headers as Record<string, string>, body: body === "" ? {} : JSON.parse(body) };
}

export const ownApiKeyId = "abcde12345";
export const ownCorrelationId = "correlation-1";

const httpEvent = (
  httpMethod: string,
  resource: string,
  path: string,
  apiKeyId: string,
  changes: Partial<APIGatewayProxyEvent>,
): APIGatewayProxyEvent =>
  ({
    httpMethod,
    resource,
    path,
    headers: {},
    pathParameters: null,
    queryStringParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: { path: `/dev${path}`, identity: { apiKeyId }, extendedRequestId: "gateway-1" },
    ...changes,
  }) as APIGatewayProxyEvent;

export function submitEvent({
  idempotencyKey = randomUUID(),
  apiKeyId = ownApiKeyId,
  correlationId = ownCorrelationId,
  body = { type: "sum", input: [1, 2, 3] },
}: Partial<SubmitRequest>): APIGatewayProxyEvent {
  return httpEvent("POST", "/jobs", "/jobs", apiKeyId, {
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": idempotencyKey,
      "X-Correlation-Id": correlationId,
    },
    body: JSON.stringify(body),
  });
}

export function followEvent(id: string, apiKeyId = ownApiKeyId): APIGatewayProxyEvent {
  return httpEvent("GET", "/jobs/{id}", `/jobs/${id}`, apiKeyId, { pathParameters: { id } });
}

let created = 0;

/** A whole job, as the queue carries it, with an id that no other test has. */
export function jobMessage(changes: object = {}) {
  created += 1;
  return {
    id: `job-${created}`,
    type: "sum",
    input: [1, 2, 3] as unknown,
    correlationId: ownCorrelationId,
    requestedBy: ownApiKeyId,
    createdAt: "2026-01-01T00:00:00.000Z",
    ...changes,
  };
}

/** A message as Lambda hands it over; a text is its body as it stands. */
export function delivered(message: object | string, receives = 1): SQSRecord {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  return sqsRecord("tap-jobs-dev-us-east-1", body, receives);
}

export type Item = Record<string, { readonly S?: string; readonly N?: string }>;

/** A job's item, as it lies in the table. */
export async function itemOf(aws: LocalAws, id: string): Promise<Item | undefined> {
  const { Item } = await aws.dynamo.call("GetItem", {
    TableName: "jobs",
    Key: { id: { S: id } },
    ConsistentRead: true,
  });
  return Item as Item | undefined;
}

export function resultObject(aws: LocalAws, id: string) {
  return aws.objects.get(`${jobsVariables.BUCKET_NAME}/results/${id}.json`);
}
