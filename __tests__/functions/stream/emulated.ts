import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
  type ScanCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { type Emulator, startEmulator } from "../../support/emulator";
import { type Outcome, outcomeOf } from "./expected";
import { streamVariables } from "./sample-records";

/** An emulator, and what tests do to its tables and buckets. */
export interface Emulated {
  readonly emulator: Emulator;
  readonly dynamo: DynamoDBClient;
  readonly s3: S3Client;
  /** A table and a bucket of this name. */
  create(name: string): Promise<void>;
  itemsOf(table: string): Promise<Map<string, Record<string, AttributeValue>>>;
  /** What the functions have left in a table and a bucket of this name. */
  outcomeIn(name: string): Promise<Outcome>;
}

export async function startEmulated(): Promise<Emulated> {
  const emulator = await startEmulator();
  Object.assign(process.env, streamVariables, emulator.variables);
  const [dynamo, s3] = [new DynamoDBClient({}), new S3Client({})];
  const itemsOf = (table: string) => scan(dynamo, table);
  return {
    emulator,
    dynamo,
    s3,
    create: async (name) => {
      await dynamo.send(
        new CreateTableCommand({
          TableName: name,
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
      await s3.send(new CreateBucketCommand({ Bucket: name }));
    },
    itemsOf,
    outcomeIn: async (name) => outcomeOf((await itemsOf(name)) as never, await archiveOf(s3, name)),
  };
}

async function scan(dynamo: DynamoDBClient, table: string): Promise<Map<string, Record<string, AttributeValue>>> {
  const items = new Map<string, Record<string, AttributeValue>>();
  let start: ScanCommandOutput["LastEvaluatedKey"];
  do {
    const page: ScanCommandOutput = await dynamo.send(
      new ScanCommand({ TableName: table, ...(start && { ExclusiveStartKey: start }) }),
    );
    for (const item of page.Items ?? []) items.set(item.id?.S ?? "", item);
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

async function archiveOf(s3: S3Client, bucket: string): Promise<Map<string, string>> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "records/" }));
  return new Map(
    await Promise.all(
      Contents.map(async ({ Key = "" }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
        return [Key, (await Body?.transformToString()) ?? ""] as const;
      }),
    ),
  );
}
