import { gunzipSync, gzipSync } from "node:zlib";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import {
  type EnvironmentRecord,
  emptyRecord,
  type Good,
  type GoodEntry,
  type HistoryEntry,
  type Ledger,
  LedgerConflict,
  LedgerUnreachable,
  type VersionedRecord,
} from "./ledger";
import type { Run } from "./run";

export interface DynamoLedgerOptions {
  readonly tableName: string;
  readonly region: string;
  /** Segment of the environment in the partition key. */
  readonly environment: string;
  /** How to reach it otherwise than as the caller: another account's, through a role. @default the caller's own */
  readonly client?: DynamoDBClient;
}

/** A ledger in a DynamoDB table: `environment#{suffix}`, and there `current`, `run#{id}` and `good#{id}`. */
export class DynamoLedger implements Ledger {
  readonly place: string;
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #pk: string;

  constructor({ tableName, region, environment, client }: DynamoLedgerOptions) {
    this.#client = client ?? ledgerClient(region);
    this.#tableName = tableName;
    this.#pk = `environment#${environment}`;
    this.place = `DynamoDB table ${tableName} (${region})`;
  }

  async read(): Promise<VersionedRecord> {
    const { Item } = await this.#ask("read", () =>
      this.#client.send(
        new GetItemCommand({ TableName: this.#tableName, Key: this.#key("current"), ConsistentRead: true }),
      ),
    );
    if (Item === undefined) return { version: 0, record: emptyRecord };
    return { version: Number(Item.version?.N), record: bodyIn(Item) as EnvironmentRecord };
  }

  async write(record: EnvironmentRecord, expectedVersion: number): Promise<void> {
    await this.#ask("written", () =>
      this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: {
            ...this.#key("current"),
            version: { N: String(expectedVersion + 1) },
            // For whoever looks at the table; the body has it too.
            token: { N: String(record.lease.token) },
            ...bodyOf(record),
          },
          ConditionExpression: expectedVersion === 0 ? "attribute_not_exists(sk)" : "version = :expected",
          ...(expectedVersion === 0
            ? {}
            : { ExpressionAttributeValues: { ":expected": { N: String(expectedVersion) } } }),
        }),
      ),
    );
  }

  async append({ key, ...entry }: HistoryEntry): Promise<void> {
    try {
      await this.#ask("written", () =>
        this.#client.send(
          new PutItemCommand({
            TableName: this.#tableName,
            Item: { ...this.#key(key), ...bodyOf(entry) },
            ConditionExpression: "attribute_not_exists(sk)",
          }),
        ),
      );
    } catch (error) {
      if (!(error instanceof LedgerConflict)) throw error;
    }
  }

  async runs(limit: number): Promise<Run[]> {
    return (await this.#newest<{ run: Run }>("run#", limit)).map(({ run }) => run);
  }

  async goods(limit: number): Promise<Good[]> {
    return (await this.#newest<GoodEntry>("good#", limit)).map(({ good }) => good);
  }

  async #newest<T>(prefix: string, limit: number): Promise<T[]> {
    const found: T[] = [];
    let start: Record<string, { S: string }> | undefined;
    do {
      const page = await this.#ask("read", () =>
        this.#client.send(
          new QueryCommand({
            TableName: this.#tableName,
            KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues: { ":pk": { S: this.#pk }, ":prefix": { S: prefix } },
            ScanIndexForward: false,
            ConsistentRead: true,
            Limit: limit - found.length,
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        ),
      );
      found.push(...(page.Items ?? []).map((item) => bodyIn(item) as T));
      start = page.LastEvaluatedKey as typeof start;
    } while (start !== undefined && found.length < limit);
    return found;
  }

  #key(sk: string) {
    return { pk: { S: this.#pk }, sk: { S: sk } };
  }

  async #ask<T>(done: "read" | "written", send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException)
        throw new LedgerConflict(`${this.place}: somebody else has written ${this.#pk} in between`);
      const { name, message } = error as Error;
      const first =
        name === "ResourceNotFoundException"
          ? ". The delivery stack makes it, and is deployed by hand before the first promotion: docs/operations/promotion.md"
          : "";
      throw new LedgerUnreachable(`The ledger, ${this.place}, can't be ${done}: ${name}: ${message}${first}`);
    }
  }
}

/** An item may have 400 kB. What is long is packed: plans that were made again and again are nearly all repetition. */
const longestPlain = 100_000;

function bodyOf(content: object): Record<string, AttributeValue> {
  const text = JSON.stringify(content);
  return text.length <= longestPlain ? { body: { S: text } } : { packed: { B: gzipSync(text) } };
}

function bodyIn({ body, packed }: Record<string, AttributeValue>): unknown {
  return JSON.parse(packed?.B === undefined ? (body?.S ?? "") : gunzipSync(packed.B).toString("utf8"));
}

/** Gives up within seconds: a ledger that can't be reached stops a run, and mustn't hang it. */
export function ledgerClient(region: string, more: object = {}): DynamoDBClient {
  return new DynamoDBClient({
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000 },
    ...more,
  });
}
