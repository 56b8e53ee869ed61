import { createHash, createHmac } from "node:crypto";
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Http1KinesisClient } from "../../tap/local/kinesis-client";
import { describeWithEmulator } from "../support/emulator";
import {
  awsClient,
  endExecutionEnvironments,
  entriesOf,
  eventually,
  expectDenied,
  request,
  scenario,
  targetOf,
} from "../support/local-environment";
import type { LandedObject } from "../support/local-queues";

jest.setTimeout(300_000);

/* Records, from those who send them, by requests and by objects, to the sums that they come to. */

interface StreamRecord {
  readonly id: string;
  readonly source: string;
  readonly metric: string;
  readonly value: number;
  readonly occurredAt: string;
}

/** As many as a request takes. */
const perRequest = 500;

/** Records of sources that nobody else has; the last tenth repeats the first. */
function newRecords(count: number): StreamRecord[] {
  const run = crypto.randomUUID().slice(0, 8);
  const fresh = Array.from({ length: Math.ceil(count * 0.9) }, (_, index) => ({
    id: `record-${index}`,
    source: `${run}-${index % 4}`,
    metric: `metric-${index % 3}`,
    // Hundredths: binary fractions that don't add up by themselves.
    value: ((index * 7_919) % 20_001) / 100 - 100,
    occurredAt: `2026-01-01T0${index % 5}:30:00.000Z`,
  }));
  return [...fresh, ...fresh.slice(0, count - fresh.length)].map((record) => ({
    ...record,
    value: Number(record.value.toFixed(2)),
  }));
}

type Aggregates = Record<string, { readonly count: number; readonly hundredths: number }>;

/** What records come to, each counted once: worked out from them alone. */
function modelOf(records: readonly StreamRecord[]): Aggregates {
  const aggregates: Aggregates = {};
  for (const { source, metric, occurredAt, value } of new Map(
    records.map((record) => [`${record.source} ${record.id}`, record]),
  ).values()) {
    const id = `aggregate#${source}#${metric}#${occurredAt.slice(0, 13)}`;
    const { count, hundredths } = aggregates[id] ?? { count: 0, hundredths: 0 };
    aggregates[id] = { count: count + 1, hundredths: hundredths + Math.round(value * 100) };
  }
  return aggregates;
}

const tableName = () => targetOf("stream", "aws_dynamodb_table").name;

/** What the table has under some ids: no more than a hundred. */
async function aggregatesAt(ids: readonly string[]): Promise<Aggregates> {
  const name = tableName();
  const Keys = ids.map((id) => ({ id: { S: id } }));
  const get = new BatchGetItemCommand({ RequestItems: { [name]: { Keys, ConsistentRead: true } } });
  const { Responses } = await awsClient(DynamoDBClient).send(get);
  return Object.fromEntries(
    (Responses?.[name] ?? []).map(({ id, count, sum }) => [
      id?.S ?? "",
      { count: Number(count?.N), hundredths: Math.round(Number(sum?.N) * 100) },
    ]),
  );
}

/** @param least how many; all, where it is left out */
async function untilCounted(records: readonly StreamRecord[], least?: number): Promise<void> {
  const model = modelOf(records);
  const total = (aggregates: Aggregates) => Object.values(aggregates).reduce((sum, { count }) => sum + count, 0);
  const found = await eventually(
    `${least ?? total(model)} records`,
    () => aggregatesAt(Object.keys(model)),
    (aggregates) => total(aggregates) >= (least ?? total(model)),
    { seconds: 120, everyMilliseconds: 150 },
  );
  if (least === undefined) expect(found).toEqual(model);
}

async function send(records: readonly StreamRecord[], headers = {}): Promise<void> {
  for (let start = 0; start < records.length; start += perRequest) {
    const body = { records: records.slice(start, start + perRequest) };
    // Until the key that records are signed with is made; what is sent twice counts once.
    const answer = await eventually(
      "An answer of /process",
      () => request({ system: "stream", method: "POST", path: "/process", body, headers }),
      ({ status }) => status === 200,
    );
    expect(answer.body).toMatchObject({ accepted: body.records.length, failed: 0 });
  }
}

/** An object that says records a line each, with lines before and behind them that are none. */
async function land(
  records: readonly StreamRecord[],
  before: readonly string[],
  behind: readonly string[],
): Promise<LandedObject> {
  const Body = [...before, ...records.map((record) => JSON.stringify(record)), ...behind].join("\n");
  const object = {
    Bucket: targetOf("stream/records", "aws_s3_bucket").name,
    Key: `incoming/${crypto.randomUUID()}.ndjson`,
  };
  const { VersionId = "" } = await awsClient(S3Client).send(new PutObjectCommand({ ...object, Body }));
  return { ...object, VersionId };
}

/** Of what is put down about the import of an object. */
function importKey({ Key, VersionId }: LandedObject): { id: { S: string } } {
  const hash = createHash("sha256")
    .update(JSON.stringify([Key, VersionId]))
    .digest("hex");
  return { id: { S: `import#${hash}` } };
}

/** Until what became of an object is put down. */
async function untilImported(object: LandedObject, imported: number, refused: number): Promise<void> {
  const get = new GetItemCommand({ TableName: tableName(), Key: importKey(object), ConsistentRead: true });
  const Item = await eventually(
    `The import of ${object.Key}`,
    async () => (await awsClient(DynamoDBClient).send(get)).Item,
    (item) => item?.status?.S === "imported",
  );
  expect(Item).toMatchObject({ imported: { N: String(imported) }, refused: { N: String(refused) } });
}

/** Another that imports an object puts down how far it is. */
async function saveProgressOfAnother(object: LandedObject, revision: number): Promise<void> {
  const numbers = { revision, offset: 0, lines: 0, imported: 0, refused: 0 };
  const Item = {
    ...importKey(object),
    ...Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, { N: String(number) }])),
    status: { S: "importing" },
    owner: { S: "another" },
    isInsideLine: { BOOL: false },
    refusals: { L: [] },
  };
  await awsClient(DynamoDBClient).send(new PutItemCommand({ TableName: tableName(), Item }));
}

/** With lines that say nothing, or what is no record; one of them is empty. */
async function importAll(records: readonly StreamRecord[]): Promise<void> {
  const none = ["{", '{"id":"no record"}', "", JSON.stringify({ ...records[0], value: "much" })];
  await untilImported(await land(records, none.slice(0, 2), none.slice(2)), records.length, 3);
}

async function currentKey(): Promise<{ readonly keyId: string; readonly key: Buffer }> {
  const get = new GetSecretValueCommand({ SecretId: targetOf("stream/signing-key", "aws_secretsmanager_secret").name });
  const { SecretString = "{}", VersionId = "" } = await awsClient(SecretsManagerClient).send(get);
  return { keyId: VersionId, key: Buffer.from(JSON.parse(SecretString).key ?? "", "base64") };
}

/** As whoever puts a record on the stream signs it. */
function sealed(record: StreamRecord, { keyId, key }: Awaited<ReturnType<typeof currentKey>>): string {
  const { id, source, metric, value, occurredAt } = record;
  const signature = createHmac("sha256", key)
    .update(JSON.stringify([id, source, metric, value, occurredAt]))
    .digest("base64");
  return JSON.stringify({ record, correlationId: crypto.randomUUID(), keyId, signature });
}

async function put(texts: readonly string[]): Promise<void> {
  const StreamName = targetOf("stream", "aws_kinesis_stream").name;
  const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: "a" }));
  await awsClient(Http1KinesisClient).send(new PutRecordsCommand({ StreamName, Records }));
}

/**
 * A record, and behind it one that nobody has signed. Poison at a batch's beginning is tried again until Lambda gives
 * up, which the emulator never does; behind another it passes over it (docs/operations/local.md).
 */
async function putPoison(record: StreamRecord): Promise<void> {
  const from = Date.now();
  const good = sealed(record, await currentKey());
  await put([good, good.replace(/"signature":"./, '"signature":"_')]);
  await eventually(
    "What the consumer says of poison",
    () => entriesOf("stream/consume", from),
    (entries) => entries.some(({ message }) => message === "A record is poison"),
  );
}

/** The correlation id of the request that a record was counted for. */
async function correlationIdOf({ source, id }: StreamRecord): Promise<string | undefined> {
  const get = new GetItemCommand({ TableName: tableName(), Key: { id: { S: `record#${source}#${id}` } } });
  return (await awsClient(DynamoDBClient).send(get)).Item?.correlationId?.S;
}

/** Lines that are none: enough of them to be at them for half a second. */
const longLines: readonly string[] = Array.from({ length: 50_000 }, () => "{}");

async function rotate(): Promise<void> {
  const { keyId } = await currentKey();
  const SecretId = targetOf("stream/signing-key", "aws_secretsmanager_secret").name;
  await awsClient(SecretsManagerClient).send(new RotateSecretCommand({ SecretId }));
  await untilRotated(keyId);
}

async function untilRotated(before: string): Promise<void> {
  const look = async () => (await currentKey()).keyId;
  await eventually("Another key", look, (keyId) => keyId !== before);
}

describeWithEmulator("stream", () => {
  test("10,000 records come to what they are, with repetitions, poison, and the consumer killed", async () => {
    const records = newRecords(10_000);
    const half = records.slice(0, 4_000);
    const killed = async () => {
      await untilCounted(half, 1);
      expect(await endExecutionEnvironments("stream/consume")).toBeGreaterThan(0);
    };
    await Promise.all([send(half), killed()]);
    await untilCounted(half);
    await putPoison(records[0] as StreamRecord);
    await Promise.all([importAll(records.slice(4_000)), send(records.slice(0, 1_000))]);
    await untilCounted(records);
  });

  scenario(
    "what is sent is counted and archived, under the request's correlation id",
    [
      { function: "stream/ingest", action: "kinesis:PutRecords" },
      { function: "stream/consume", action: "dynamodb:UpdateItem" },
      { function: "stream/consume", action: "secretsmanager:GetSecretValue", isKept: true },
    ],
    async () => {
      const records = newRecords(60);
      const correlationId = crypto.randomUUID();
      await send(records, { "x-correlation-id": correlationId });
      await untilCounted(records);
      expect(await correlationIdOf(records[0] as StreamRecord)).toBe(correlationId);
    },
  );

  scenario(
    "what is landed is counted, and it is put down what became of each line",
    [
      { function: "stream/import", action: "s3:GetObjectVersion" },
      { function: "stream/import", action: "dynamodb:PutItem" },
      { function: "stream/consume", action: "s3:PutObject" },
    ],
    async () => {
      const records = newRecords(60);
      await importAll(records);
      await untilCounted(records);
    },
  );

  scenario(
    "an object that another imports at the same time is left to it, and looked at again later",
    { function: "stream/import", action: "sqs:SendMessage" },
    async () => {
      const from = Date.now();
      const object = await land([], longLines, []);
      let revision = 0;
      const look = async () => {
        revision += 1;
        await saveProgressOfAnother(object, revision);
        return entriesOf("stream/import", from);
      };
      await eventually("A message that was sent afresh", look, (entries) =>
        entries.some(({ message }) => message === "Message sent afresh"),
      );
    },
  );

  scenario(
    "health looks at the stream",
    { function: "stream/health", action: "kinesis:DescribeStreamSummary", isKept: true },
    async () => {
      const { body } = await request({ system: "stream", path: "/health" });
      expect(body).toMatchObject({ status: "ok", dependencies: { stream: "ok" } });
    },
  );

  // The last: what is signed with a key from before the one before is poison.
  describe("rotation", () => {
    afterAll(async () => {
      for (const name of ["ingest", "import", "consume"]) await endExecutionEnvironments(`stream/${name}`);
    });

    test("the signing key is made anew, and what was signed before counts as well", async () => {
      const before = await currentKey();
      await rotate();
      const [old, ...fresh] = newRecords(10);
      await endExecutionEnvironments("stream/ingest");
      await put([sealed(old as StreamRecord, before)]);
      await send(fresh);
      await untilCounted([old as StreamRecord, ...fresh]);
    });

    test("it isn't without secretsmanager:PutSecretValue of stream/rotate", async () => {
      const { keyId } = await currentKey();
      await expectDenied({ function: "stream/rotate", action: "secretsmanager:PutSecretValue" }, rotate);
      // Secrets Manager asks again, and leaves nothing half done.
      await untilRotated(keyId);
    });
  });
});
