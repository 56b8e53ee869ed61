import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Http1KinesisClient } from "../../tap/local/kinesis-client";
import { describeWithEmulator } from "../support/emulator";
import {
  awsClient,
  entriesOf,
  eventually,
  expectDenied,
  localRoot,
  request,
  scenario,
  targetOf,
} from "../support/local-environment";

jest.setTimeout(600_000);

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

/** What the table has under some ids: no more than a hundred. */
async function aggregatesAt(ids: readonly string[]): Promise<Aggregates> {
  const { name } = targetTable();
  const Keys = ids.map((id) => ({ id: { S: id } }));
  const request = { RequestItems: { [name]: { Keys, ConsistentRead: true } } };
  const { Responses } = await awsClient(DynamoDBClient).send(new BatchGetItemCommand(request));
  return Object.fromEntries(
    (Responses?.[name] ?? []).map(({ id, count, sum }) => [
      id?.S ?? "",
      { count: Number(count?.N), hundredths: Math.round(Number(sum?.N) * 100) },
    ]),
  );
}

function targetTable(): { readonly name: string } {
  return { name: String(targetOf("stream/consume", "aws_lambda_function").name.replace("-consume", "")) };
}

async function untilCounted(records: readonly StreamRecord[], seconds = 300): Promise<void> {
  const model = modelOf(records);
  const total = (aggregates: Aggregates) => Object.values(aggregates).reduce((sum, { count }) => sum + count, 0);
  const found = await eventually(
    `${total(model)} records`,
    () => aggregatesAt(Object.keys(model)),
    (aggregates) => total(aggregates) >= total(model),
    { seconds, everyMilliseconds: 500 },
  );
  expect(found).toEqual(model);
}

async function send(records: readonly StreamRecord[]): Promise<void> {
  for (let start = 0; start < records.length; start += perRequest) {
    const some = records.slice(start, start + perRequest);
    // Until the key that records are signed with is made; what is sent twice counts once.
    const answer = await eventually(
      "An answer of /process",
      () => request({ system: "stream", method: "POST", path: "/process", body: { records: some } }),
      ({ status }) => status === 200,
    );
    expect(answer.body).toMatchObject({ accepted: some.length, failed: 0 });
  }
}

/** An object that says them a line each, with lines that say nothing between them. */
async function land(records: readonly StreamRecord[]): Promise<void> {
  const lines = records.map((record) => JSON.stringify(record));
  const poison = ["{", '{"id":"no record"}', "", JSON.stringify({ ...records[0], value: "much" })];
  const Body = [...poison.slice(0, 2), ...lines, ...poison.slice(2)].join("\n");
  const Bucket = targetOf("stream/records", "aws_s3_bucket").name;
  const object = { Bucket, Key: `incoming/${crypto.randomUUID()}.ndjson`, Body };
  await awsClient(S3Client).send(new PutObjectCommand(object));
}

/** As whoever puts a record on the stream signs it. */
async function sealed(record: StreamRecord): Promise<string> {
  const SecretId = String(targetOf("stream/consume", "aws_lambda_function").resource.values.function_name).replace(
    "consume",
    "signing-key",
  );
  const { SecretString = "{}", VersionId } = await awsClient(SecretsManagerClient).send(
    new GetSecretValueCommand({ SecretId }),
  );
  const { id, source, metric, value, occurredAt } = record;
  const signature = createHmac("sha256", Buffer.from(JSON.parse(SecretString).key, "base64"))
    .update(JSON.stringify([id, source, metric, value, occurredAt]))
    .digest("base64");
  return JSON.stringify({ record, correlationId: crypto.randomUUID(), keyId: VersionId, signature });
}

/**
 * A record, and behind it one that nobody has signed. Poison at a batch's beginning is tried again until Lambda gives
 * up, which the emulator never does; behind another it passes over it (docs/operations/local.md).
 */
async function putPoison(record: StreamRecord): Promise<void> {
  const from = Date.now();
  const StreamName = targetOf("stream", "aws_kinesis_stream").name;
  const good = await sealed(record);
  const bad = good.replace(/"signature":"./, '"signature":"_');
  const Records = [good, bad].map((text) => ({ Data: Buffer.from(text), PartitionKey: record.source }));
  await awsClient(Http1KinesisClient).send(new PutRecordsCommand({ StreamName, Records }));
  await eventually(
    "What the consumer says of poison",
    () => entriesOf("stream/consume", from),
    (entries) => entries.some(({ message }) => message === "A record is poison"),
  );
}

/** Ends the process that the consumer runs in, in the midst of what it does. */
function killConsumer(): number {
  const { stdout } = spawnSync("ps", ["-A", "-ww", "-o", "pid=,command="], { encoding: "utf8" });
  const found = stdout.split("\n").filter((line) => line.includes(localRoot()) && line.includes("stream-consume"));
  for (const line of found) process.kill(Number.parseInt(line, 10), "SIGKILL");
  return found.length;
}

/** By requests and by an object, with repetitions. */
async function countAll(count: number): Promise<void> {
  const records = newRecords(count);
  const half = Math.floor(count / 2);
  await send(records.slice(0, half));
  await untilCounted(records.slice(0, half));
  await land(records.slice(half));
  await send(records.slice(0, Math.floor(count / 10)));
  await untilCounted(records);
}

describeWithEmulator("stream", () => {
  test("10,000 records come to what they are, with repetitions, poison, and the consumer killed", async () => {
    const records = newRecords(10_000);
    await send(records.slice(0, 4_000));
    expect(killConsumer()).toBeGreaterThan(0);
    await untilCounted(records.slice(0, 4_000));
    const [first] = records;
    if (first !== undefined) await putPoison(first);
    await land(records.slice(4_000));
    await send(records.slice(0, 1_000));
    await untilCounted(records);
  });

  test.each([
    ["stream/ingest", "kinesis:PutRecords"],
    ["stream/import", "s3:GetObjectVersion"],
    ["stream/import", "dynamodb:PutItem"],
    ["stream/consume", "dynamodb:UpdateItem"],
    ["stream/consume", "s3:PutObject"],
  ])("%s counts nothing without %s", (name, action) => expectDenied({ function: name, action }, () => countAll(60)));

  scenario(
    "health looks at the stream",
    { function: "stream/health", action: "kinesis:DescribeStreamSummary" },
    async () => {
      const { status, body } = await request({ system: "stream", path: "/health" });
      expect({ status, ...body }).toMatchObject({ status: "ok", dependencies: { stream: "ok" } });
    },
  );
});
