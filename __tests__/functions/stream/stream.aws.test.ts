import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import {
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { SecretsManagerRotationEventStep } from "aws-lambda";
import { describeWithEmulator } from "../../support/emulator";
import { lambdaContext } from "../lambda";
import { type Emulated, startEmulated } from "./emulated";
import { calmTests } from "./local-consumer";
import { type Handlers, ingest, loadHandlers, message } from "./local-stream";
import { type OnShard, type SampleRecord, sampleRecord, shardEvent, streamVariables } from "./sample-records";

/*
 * All functions over Kinesis, S3, SQS, Secrets Manager and DynamoDB as they behave together. The event source mappings,
 * and Secrets Manager where it calls the rotation, are played here.
 */

const { STREAM_NAME: streamName, SECRET_NAME: secretName } = streamVariables;
const name = "tap-stream";
const versions = [1, 2].map((number) => `${number}`.repeat(8).concat("-0000-4000-8000-000000000000"));
const steps: SecretsManagerRotationEventStep[] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

describeWithEmulator("stream", () => {
  let emulated: Emulated;
  let handlers: Handlers;
  let secrets: SecretsManagerClient;
  let kinesis: KinesisClient;
  let sqs: SQSClient;
  let queueUrl: string;

  beforeAll(async () => {
    emulated = await startEmulated();
    process.env.TABLE_NAME = name;
    [secrets, sqs] = [new SecretsManagerClient({}), new SQSClient({})];
    kinesis = new KinesisClient({ requestHandler: new NodeHttpHandler() });
    await emulated.create(name);
    await kinesis.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: 2 }));
    ({ QueueUrl: queueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "imports" })));
    process.env.QUEUE_URL = queueUrl;
    await notifyOfObjects();
    await secrets.send(new CreateSecretCommand({ Name: secretName }));
    // The emulator's own rotation makes a version without a value; what Secrets Manager begins with is put by hand.
    await secrets.send(
      new RotateSecretCommand({
        SecretId: secretName,
        RotationLambdaARN: "arn:aws:lambda:us-east-1:111111111111:function:rotate",
      }),
    );
    handlers = await loadHandlers();
  });
  afterAll(() => emulated.emulator.stop());
  calmTests();

  async function notifyOfObjects(): Promise<void> {
    const { s3 } = emulated;
    await s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: "Enabled" } }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }),
    );
    const filter = { Key: { FilterRules: [{ Name: "prefix" as const, Value: "incoming/" }] } };
    const queue = { QueueArn: Attributes?.QueueArn, Events: ["s3:ObjectCreated:*" as const], Filter: filter };
    const NotificationConfiguration = { QueueConfigurations: [queue] };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: name, NotificationConfiguration }));
  }

  async function rotateTo(token: string): Promise<void> {
    await secrets.send(
      new PutSecretValueCommand({
        SecretId: secretName,
        ClientRequestToken: token,
        VersionStages: ["AWSPENDING"],
      }),
    );
    for (const Step of [...steps, ...steps])
      await handlers.rotate({ Step, SecretId: secretName as string, ClientRequestToken: token }, lambdaContext());
    // Execution environments of their own: five minutes later.
    handlers = await loadHandlers();
  }

  /** All that is on the stream, shard by shard. */
  async function shardsOfStream(): Promise<[shardId: string, records: OnShard[]][]> {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: streamName }));
    return await Promise.all(
      Shards.map(async ({ ShardId = "" }): Promise<[string, OnShard[]]> => {
        const from = { StreamName: streamName, ShardId, ShardIteratorType: "TRIM_HORIZON" as const };
        const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(from));
        const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
        return [
          ShardId,
          Records.map(({ SequenceNumber = "", Data }) => ({
            sequenceNumber: SequenceNumber,
            data: Buffer.from(Data ?? []).toString(),
          })),
        ];
      }),
    );
  }

  async function consumeAll(): Promise<void> {
    for (const [shardId, records] of await shardsOfStream()) {
      if (records.length === 0) continue;
      const answer = await handlers.consume(shardEvent(shardId, records), lambdaContext());
      expect(answer).toEqual({ batchItemFailures: [] });
    }
  }

  const records = (length: number, changes: Partial<SampleRecord>): SampleRecord[] =>
    Array.from({ length }, (_, index) => sampleRecord({ id: `record-${index}`, value: 0.1, ...changes }));

  test("STR-05 the first rotation makes a key, the next another, and the one before is known yet", async () => {
    await rotateTo(versions[0] as string);
    expect(await ingest({ handlers }, { records: records(3, { source: "before" }) })).toMatchObject({ status: 200 });
    await rotateTo(versions[1] as string);
    const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId: secretName }));
    expect(VersionIdsToStages[versions[1] as string]).toContain("AWSCURRENT");
    expect(VersionIdsToStages[versions[0] as string]).toContain("AWSPREVIOUS");
    expect(await ingest({ handlers }, { records: records(3, { source: "after" }) })).toMatchObject({ status: 200 });
    const keys = (await shardsOfStream()).flatMap(([, all]) => all.map(({ data }) => JSON.parse(data).keyId));
    expect(keys.sort()).toEqual([versions[0], versions[0], versions[0], versions[1], versions[1], versions[1]]);
    await consumeAll();
    expect((await emulated.outcomeIn(name)).aggregates).toMatchObject({
      "before#temperature-celsius#2026-01-01T07": "3 0.3",
      "after#temperature-celsius#2026-01-01T07": "3 0.3",
    });
  });

  test("STR-03 what is put twice, and read twice, counts once", async () => {
    const body = { records: ["one", "two", "three"].flatMap((source) => records(120, { source })) };
    expect(await ingest({ handlers }, body)).toMatchObject({ status: 200, body: { accepted: 360 } });
    expect(await ingest({ handlers }, body)).toMatchObject({ status: 200, body: { accepted: 360 } });
    await consumeAll();
    const once = await emulated.outcomeIn(name);
    for (const source of ["one", "two", "three"])
      expect(once.aggregates[`${source}#temperature-celsius#2026-01-01T07`]).toBe("120 12");
    expect(new Set(once.archive).size).toBe(once.archive.length);
    await consumeAll();
    expect(await emulated.outcomeIn(name)).toEqual(once);
  });

  test("STR-04 an object under incoming/ is told of, imported as that version, and counted once", async () => {
    const { s3 } = emulated;
    const Key = "incoming/a b+c/ü.ndjson";
    const store = (source: string) =>
      s3.send(
        new PutObjectCommand({
          Bucket: name,
          Key,
          Body: records(700, { source })
            .map((record) => `${JSON.stringify(record)}\n`)
            .join(""),
        }),
      );
    await store("first-version");
    await store("second-version");
    await s3.send(new PutObjectCommand({ Bucket: name, Key: "elsewhere/a", Body: "{}" }));
    const told = await receiveAll();
    for (const body of [...told, ...told.reverse()])
      expect(
        await handlers.import({ Records: [message(body)] }, lambdaContext({ getRemainingTimeInMillis: () => 60_000 })),
      ).toEqual({ batchItemFailures: [] });
    await consumeAll();
    const { aggregates } = await emulated.outcomeIn(name);
    for (const source of ["first-version", "second-version"])
      expect(aggregates[`${source}#temperature-celsius#2026-01-01T07`]).toBe("700 70");
    const imports = [...(await emulated.itemsOf(name)).values()].filter(({ id }) => id?.S?.startsWith("import#"));
    expect(imports.map(({ status, imported }) => [status?.S, imported?.N])).toEqual([
      ["imported", "700"],
      ["imported", "700"],
    ]);
  });

  /** Messages of the queue, until there are none. */
  async function receiveAll(): Promise<string[]> {
    const bodies: string[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      if (Messages.length === 0) return bodies;
      bodies.push(...Messages.map(({ Body = "" }) => Body));
    }
  }

  test("STR-04 bytes from elsewhere than where they were asked for are refused: the emulator has no ranges of versions", async () => {
    const { objectBytes } = await import("../../../functions/stream/import/object-bytes");
    const { s3 } = emulated;
    const { VersionId: versionId = "" } = await s3.send(
      new PutObjectCommand({ Bucket: name, Key: "incoming/range", Body: "0123456789" }),
    );
    const read = async (offset: number) => {
      const parts: Buffer[] = [];
      const object = { bucketName: name, key: "incoming/range", versionId, sizeBytes: 10, sequencer: "0A" };
      for await (const part of objectBytes({ client: s3, name }, object, offset, AbortSignal.timeout(10_000)))
        parts.push(Buffer.from(part));
      return Buffer.concat(parts).toString();
    };
    expect(await read(0)).toBe("0123456789");
    await expect(read(4)).rejects.toThrow("S3 answered with another range");
  });

  test("STR-02 the stream's health is that of the stream", async () => {
    const { httpEvent } = await import("../http-events");
    const { body } = await handlers.health(
      httpEvent({ method: "GET", resource: "/health", apiKeyId: null }),
      lambdaContext(),
    );
    expect(JSON.parse(body)).toEqual({ status: "ok", dependencies: { stream: "ok" } });
  });
});
