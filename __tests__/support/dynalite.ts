import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The package has no types. */
const dynalite: (options: { createTableMs: number }) => Server = require("dynalite");

/** A DynamoDB in this process. */
export interface LocalDynamo {
  /** `http://127.0.0.1:{port}` */
  readonly endpoint: string;
  /** What an AWS client needs to find it, in the variables of a Lambda function. */
  readonly variables: Record<string, string>;
  /** One call of its API: `call("GetItem", {…})`. */
  call(operation: string, body: object): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Starts a fresh one with one table, whose key is the text `id`. */
export async function startDynamo(tableName: string, port = 0): Promise<LocalDynamo> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dynamo: LocalDynamo = {
    endpoint,
    variables: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    call: (operation, body) => call(endpoint, operation, body),
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error?: Error) => (error ? reject(error) : resolve()));
        // Clients keep their connections, and would keep the server.
        server.closeAllConnections();
      }),
  };
  await createTable(dynamo, tableName);
  return dynamo;
}

/** One table more, of the same kind. */
export async function createTable(dynamo: LocalDynamo, tableName: string): Promise<void> {
  await dynamo.call("CreateTable", {
    TableName: tableName,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  await untilActive(dynamo, tableName);
}

/** DynamoDB makes tables in its own time. */
export async function untilActive(dynamo: LocalDynamo, tableName: string): Promise<void> {
  const { Table } = (await dynamo.call("DescribeTable", { TableName: tableName })) as {
    Table: { TableStatus: string };
  };
  if (Table.TableStatus === "ACTIVE") return;
  await new Promise((resolve) => setTimeout(resolve, 5));
  await untilActive(dynamo, tableName);
}

async function call(endpoint: string, operation: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "X-Amz-Target": `DynamoDB_20120810.${operation}`,
      "X-Amz-Date": "20260101T000000Z",
      "Content-Type": "application/x-amz-json-1.0",
      // Signatures are not checked, but have to be there.
      Authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none",
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${operation}: ${JSON.stringify(answer)}`);
  return answer;
}
