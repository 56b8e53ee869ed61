import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { describeWithEmulator, type Emulator, startEmulator } from "../../support/emulator";
import { lambdaContext } from "../lambda";
import {
  configPath,
  delivered,
  followEvent,
  type Handlers,
  jobMessage,
  jobsVariables,
  loadHandlers,
  resultOf,
  type SubmitRequest,
  submitEvent,
} from "./local-jobs";

/*
 * All three functions over S3, SQS, Parameter Store and DynamoDB as they behave together: submitted, queued, worked
 * on, followed. The event source mapping, which the emulator's would be in a Lambda of its own, is played here.
 */

const maximumReceives = 2;
const visibilitySeconds = 1;
const now = Date.now.bind(Date);

describeWithEmulator("jobs", () => {
  let emulator: Emulator;
  let handlers: Handlers;
  let sqs: SQSClient;
  let s3: S3Client;
  let ssm: SSMClient;
  const bucketName = jobsVariables.BUCKET_NAME as string;
  let later = 0;

  beforeAll(async () => {
    emulator = await startEmulator();
    Object.assign(process.env, jobsVariables, emulator.variables, { MAX_RECEIVE_COUNT: String(maximumReceives) });
    [sqs, s3, ssm] = [new SQSClient({}), new S3Client({}), new SSMClient({})];
    await s3.send(new CreateBucketCommand({ Bucket: bucketName }));
    process.env.DEAD_LETTER_QUEUE_URL = await createQueue("jobs-dead-letters");
    process.env.QUEUE_URL = await createQueue("jobs");
    await setParameter("paused", "false");
    await setParameter("maximum-input-bytes", "250000");
    await new DynamoDBClient({}).send(
      new CreateTableCommand({
        TableName: jobsVariables.TABLE_NAME,
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    handlers = await loadHandlers();
  });
  afterAll(() => emulator.stop());
  beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
  });
  afterEach(() => jest.restoreAllMocks());

  async function createQueue(name: string): Promise<string> {
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout: String(visibilitySeconds) } }),
    );
    return QueueUrl as string;
  }

  async function setParameter(name: string, value: string): Promise<void> {
    await ssm.send(new PutParameterCommand({ Name: configPath + name, Value: value, Type: "String", Overwrite: true }));
  }

  /** A minute later: settings are read again. */
  function aMinuteLater(): void {
    later += 60_000;
    jest.spyOn(Date, "now").mockImplementation(() => now() + later);
  }

  async function receive(queueUrl = process.env.QUEUE_URL): Promise<Message[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 2,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
        MessageAttributeNames: ["All"],
      }),
    );
    return Messages;
  }

  /** One batch, as the event source mapping hands it over: what isn't reported as failed is deleted. */
  async function poll(): Promise<{ received: number; failed: number }> {
    const messages = await receive();
    const records = messages.map(({ MessageId, Body, Attributes }) => ({
      ...delivered(Body ?? "", Number(Attributes?.ApproximateReceiveCount)),
      messageId: MessageId as string,
    }));
    if (records.length === 0) return { received: 0, failed: 0 };
    const { batchItemFailures } = await handlers.work({ Records: records }, lambdaContext());
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { MessageId, ReceiptHandle } of messages)
      if (!failed.has(MessageId as string))
        await sqs.send(new DeleteMessageCommand({ QueueUrl: process.env.QUEUE_URL, ReceiptHandle }));
    return { received: records.length, failed: failed.size };
  }

  const submit = async (request: Partial<SubmitRequest>) =>
    resultOf(await handlers.submit(submitEvent(request), lambdaContext()));
  const follow = async (id: unknown) => resultOf(await handlers.follow(followEvent(String(id)), lambdaContext()));

  test("PLAT-07 a job is submitted, queued, done and followed to its result", async () => {
    const submitted = await submit({ body: { type: "count-words", input: "a job \uFFFF ﷺ" } });
    expect(submitted).toMatchObject({ status: 202, body: { status: "queued" } });
    expect(await poll()).toEqual({ received: 1, failed: 0 });
    const { body } = await follow(submitted.body.id);
    expect(body).toMatchObject({ id: submitted.body.id, status: "succeeded" });
    const result = await fetch(String(body.resultUrl));
    expect([result.status, result.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(await result.json()).toEqual({ id: submitted.body.id, type: "count-words", result: 4 });
    expect(await poll()).toEqual({ received: 0, failed: 0 });
  });

  test("PLAT-07 a job that is submitted and delivered twice has one result", async () => {
    const idempotencyKey = "submitted-twice";
    const [first, second] = await Promise.all([submit({ idempotencyKey }), submit({ idempotencyKey })]);
    expect(second.body).toEqual(first.body);
    while ((await poll()).received > 0);
    expect(await submit({ idempotencyKey })).toMatchObject({ status: 202, body: { status: "succeeded" } });
    const { Contents } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucketName, Prefix: `results/${first.body.id}` }),
    );
    expect(Contents).toHaveLength(1);
  });

  test("PLAT-07 a result that is there is never written again", async () => {
    const message = jobMessage({ id: "result-before" });
    const key = `results/${message.id}.json`;
    await emulator.s3("PUT", `${bucketName}/${key}`, "the first");
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: JSON.stringify(message) }));
    expect(await poll()).toEqual({ received: 1, failed: 0 });
    expect((await follow(message.id)).body.status).toBe("succeeded");
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: key }));
    expect(await Body?.transformToString()).toBe("the first");
  });

  test.each<[string, string, string]>([
    ["no job", "not a job", "The message has no id of a job"],
    [
      "a job that can't be done",
      JSON.stringify(jobMessage({ id: "poison", input: [1.7e308, 1.7e308] })),
      "/input has a sum that is beyond the range of a number",
    ],
  ])("PLAT-07 a poison message ends among the dead letters with its reason: %s", async (_, body, reason) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: body }));
    expect(await poll()).toEqual({ received: 1, failed: 0 });
    const dead = await receive(process.env.DEAD_LETTER_QUEUE_URL);
    expect(dead.map(({ Body, MessageAttributes }) => [Body, MessageAttributes?.reason?.StringValue])).toEqual([
      [body, reason],
    ]);
    await sqs.send(
      new DeleteMessageCommand({
        QueueUrl: process.env.DEAD_LETTER_QUEUE_URL,
        ReceiptHandle: dead[0]?.ReceiptHandle,
      }),
    );
    expect(await poll()).toEqual({ received: 0, failed: 0 });
  });

  test("PLAT-07 a job that can't be done now fails on its last receive, and its message says why", async () => {
    process.env.BUCKET_NAME = "there-is-no-such-bucket";
    const { body } = await submit({});
    let other: Handlers = handlers;
    await jest.isolateModulesAsync(async () => {
      other = await loadHandlers();
    });
    process.env.BUCKET_NAME = bucketName;
    const before = handlers;
    handlers = other;
    try {
      expect(await poll()).toEqual({ received: 1, failed: 1 });
      expect((await follow(body.id)).body.status).toBe("running");
      expect(await poll()).toEqual({ received: 1, failed: 0 });
    } finally {
      handlers = before;
    }
    const reason = "Not done in 2 receives; at last: NoSuchBucket";
    expect((await follow(body.id)).body).toMatchObject({ status: "failed", reason });
    const [dead] = await receive(process.env.DEAD_LETTER_QUEUE_URL);
    expect(dead?.MessageAttributes).toMatchObject({
      reason: { StringValue: reason },
      correlationId: { StringValue: "correlation-1" },
      receiveCount: { StringValue: "2" },
    });
  });

  test("PLAT-18 a changed parameter takes effect without a deployment", async () => {
    await setParameter("paused", "true");
    aMinuteLater();
    const { body } = await submit({});
    expect(await poll()).toEqual({ received: 1, failed: 1 });
    expect((await follow(body.id)).body.status).toBe("queued");
    await setParameter("paused", "false");
    await setParameter("maximum-input-bytes", "3");
    aMinuteLater();
    expect(await poll()).toEqual({ received: 1, failed: 0 });
    expect((await follow(body.id)).body).toMatchObject({
      status: "failed",
      reason: "/input must not be longer than 3 bytes of JSON in UTF-8 at this time",
    });
  });
});
