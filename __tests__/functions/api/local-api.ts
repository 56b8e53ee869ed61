import { createHmac } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SNSClient } from "@aws-sdk/client-sns";
import type {
  APIGatewayProxyEvent,
  APIGatewayProxyResult,
  Context,
  DynamoDBBatchResponse,
  DynamoDBRecord,
  SQSBatchResponse,
  SQSRecord,
} from "aws-lambda";
import type { CursorKey } from "../../../functions/api/cursor";
import { awsClientSettings } from "../../../functions/shared/aws-client";
import { api } from "../../../routes/api";
import { bodyErrors, commonErrors } from "../../../routes/problem";
import { createTable, type LocalDynamo, startDynamo } from "../../support/dynalite";
import { type Fate, type Front, startFront } from "../front";
import { expectPromised, type HttpCall, type HttpSeen, httpEvent, seen } from "../http-events";
import { lambdaContext } from "../lambda";
import { knowErrorsOfNode } from "../node-errors";
import { patient } from "../patient";
import { type LocalSns, type Published, startSns } from "./local-sns";

/** What the infrastructure, and Lambda itself, set for the functions of the API. */
export const apiVariables: Readonly<Record<string, string>> = {
  TABLE_NAME: "items-us-east-1",
  TOPIC_ARN: "arn:aws:sns:us-east-1:111111111111:changes",
  CURSOR_KEY_ARN: "arn:aws:kms:us-east-1:111111111111:key/cursors",
  ALLOWED_ORIGINS: "https://app.example.com,https://admin.example.com:8443",
  PEER_REGIONS: "us-west-2",
  POWERTOOLS_SERVICE_NAME: "api",
  POWERTOOLS_METRICS_NAMESPACE: "tap",
  POWERTOOLS_TRACE_ENABLED: "false",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  _HANDLER: "index.handler",
};

/** A key that is here, and made as KMS makes it. */
export const localCursorKey: CursorKey = {
  ofDay: async (day) => createHmac("sha256", "of the tests").update(day).digest(),
};

/** All functions of one region, as Lambda has them, over a table and a topic of its own. */
export interface LocalRegion {
  readonly name: string;
  readonly tableName: string;
  readonly sns: LocalSns;
  /** Of the next requests to DynamoDB, one after the other, and of all after them. */
  fates: (Fate | Promise<Fate>)[];
  lastFate: Fate | Promise<Fate>;
  /** Bodies of the requests to DynamoDB. */
  readonly sent: Record<string, unknown>[];
  /** Answers are checked against the routes. */
  call(call: HttpCall, changes?: Partial<APIGatewayProxyEvent>, context?: Partial<Context>): Promise<HttpSeen>;
  replicate(event: unknown): Promise<DynamoDBBatchResponse>;
  takeIn(...messages: (Published | string)[]): Promise<SQSBatchResponse>;
  /** An item of the table, as DynamoDB has it. */
  stored(id: string): Promise<Image | undefined>;
  put(image: Image): Promise<void>;
  /** The whole table, by id. */
  all(): Promise<Record<string, Image>>;
}

export type Image = Record<string, { S?: string; N?: string; BOOL?: boolean }>;

export interface LocalApi {
  readonly dynamo: LocalDynamo;
  readonly east: LocalRegion;
  readonly west: LocalRegion;
  stop(): Promise<void>;
}

export async function startApi(variables: Record<string, string> = {}): Promise<LocalApi> {
  const dynamo = await startDynamo("items-us-east-1");
  await createTable(dynamo, "items-us-west-2");
  knowErrorsOfNode();
  Object.assign(process.env, apiVariables, dynamo.variables, variables);
  const stops: (() => Promise<void>)[] = [];
  const east = await startRegion(dynamo, "us-east-1", "us-west-2", stops);
  const west = await startRegion(dynamo, "us-west-2", "us-east-1", stops);
  return {
    dynamo,
    east,
    west,
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
      await dynamo.stop();
    },
  };
}

async function startRegion(
  dynamo: LocalDynamo,
  name: string,
  peer: string,
  stops: (() => Promise<void>)[],
): Promise<LocalRegion> {
  const tableName = `items-${name}`;
  const sns = await startSns();
  const local: LocalRegion = {
    name,
    tableName,
    sns,
    fates: [],
    lastFate: "pass",
    sent: [],
    call: async (call, changes, context) => {
      const handler = functions[call.resource === "/health" ? "health" : "items"];
      const answer = seen(await handler(httpEvent(call, changes), lambdaContext(context)));
      const common = Object.keys({ ...commonErrors, ...bodyErrors }).map(Number);
      expectPromised(api, common, call, answer);
      return answer;
    },
    replicate: (event) => functions.replicate(event as never, lambdaContext()),
    takeIn: (...messages) => functions.messages({ Records: messages.map(sqsRecord) }, lambdaContext()),
    stored: async (id) =>
      (await dynamo.call("GetItem", { TableName: tableName, Key: { id: { S: id } } })).Item as Image | undefined,
    put: async (Item) => {
      await dynamo.call("PutItem", { TableName: tableName, Item });
    },
    all: async () => {
      const { Items } = (await dynamo.call("Scan", { TableName: tableName })) as { Items: Image[] };
      return Object.fromEntries(Items.map((image) => [image.id?.S, image]));
    },
  };
  const front: Front = await startFront(dynamo.endpoint, (body) => {
    local.sent.push(JSON.parse(body));
    return local.fates.shift() ?? local.lastFate;
  });
  const functions = await functionsOf(local, front, peer);
  stops.push(front.stop, sns.stop);
  return local;
}

async function functionsOf({ name, tableName, sns }: LocalRegion, front: Front, peer: string) {
  const { createItemsHandler } = await import("../../../functions/api/items/handler");
  const { createHealthHandler } = await import("../../../functions/api/health/handler");
  const { createReplicateHandler } = await import("../../../functions/api/replicate/handler");
  const { createMessagesHandler } = await import("../../../functions/api/messages/handler");
  const settings = { ...awsClientSettings, ...patient, region: name };
  const client = new DynamoDBClient({ ...settings, endpoint: front.endpoint });
  const table = { client, name: tableName, region: name };
  const topic = {
    client: new SNSClient({ ...settings, endpoint: sns.endpoint }),
    arn: `arn:aws:sns:${name}:111111111111:changes`,
    region: name,
  };
  type HttpHandler = (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;
  return {
    items: createItemsHandler(table, localCursorKey) as HttpHandler,
    health: createHealthHandler(table, [peer]) as HttpHandler,
    replicate: createReplicateHandler(topic),
    messages: createMessagesHandler(table),
  };
}

let messages = 0;

/** As SQS hands it over, where the subscription delivers raw. */
function sqsRecord(message: Published | string): SQSRecord {
  messages += 1;
  const { body, attributes } = typeof message === "string" ? { body: message, attributes: {} } : message;
  return {
    messageId: `message-${messages}`,
    body,
    messageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, stringValue]) => [name, { dataType: "String", stringValue }]),
    ),
  } as SQSRecord;
}

let changes = 0;

/** A record of the stream, new images. */
export function streamRecord(
  image: Image | undefined,
  eventName: "INSERT" | "MODIFY" | "REMOVE" = "MODIFY",
): DynamoDBRecord {
  changes += 1;
  return {
    eventID: `change-${changes}`,
    eventName,
    eventSource: "aws:dynamodb",
    dynamodb: {
      ...(image && { NewImage: image }),
      ...(image?.id && { Keys: { id: image.id } }),
      SequenceNumber: String(changes),
      StreamViewType: "NEW_IMAGE",
    },
  } as unknown as DynamoDBRecord;
}

/** Each minute. */
export const scheduled = {
  version: "0",
  id: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: "111111111111",
  time: "2026-01-01T00:00:00Z",
  region: "us-east-1",
  resources: ["arn:aws:events:us-east-1:111111111111:rule/heartbeat"],
  detail: {},
};

let keys = 0;

/** An idempotency key that no other test has. */
export function newKey(): string {
  keys += 1;
  return `request-${String(keys).padStart(6, "0")}`;
}

/** Calls of the API, short. */
export const create = (body: unknown, key = newKey(), headers: Record<string, string> = {}): HttpCall => ({
  method: "POST",
  resource: "/items",
  headers: { "Idempotency-Key": key, ...headers },
  body,
});
export const read = (id: string): HttpCall => ({ method: "GET", resource: "/items/{id}", path: { id } });
export const list = (query?: Record<string, string>): HttpCall => ({
  method: "GET",
  resource: "/items",
  ...(query && { query }),
});
export const update = (id: string, version: number, body: unknown): HttpCall => ({
  method: "PUT",
  resource: "/items/{id}",
  path: { id },
  headers: { "If-Match": `"${version}"` },
  body,
});
export const remove = (id: string, version: number): HttpCall => ({
  method: "DELETE",
  resource: "/items/{id}",
  path: { id },
  headers: { "If-Match": `"${version}"` },
});
export const health: HttpCall = { method: "GET", resource: "/health", apiKeyId: null };
