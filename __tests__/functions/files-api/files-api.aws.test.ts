import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import type * as S3Event from "../../../functions/files/s3-event";
import { describeWithEmulator, type Emulator, startEmulator } from "../../support/emulator";
import { type HttpCall, httpEvent, seen } from "../http-events";
import { lambdaContext } from "../lambda";
import { filesTableDefinition } from "./files-table";
import {
  catalogVariables,
  content,
  create,
  fileInput,
  list,
  processed,
  read,
  remove,
  sha256Of,
  upload,
} from "./local-files";

/* The files API over S3, SQS and DynamoDB as they behave together: announced, uploaded, heard of, read and deleted. */

describeWithEmulator("files API", () => {
  let emulator: Emulator;
  let handler: (event: APIGatewayProxyEvent, context: Context) => Promise<APIGatewayProxyResult>;
  let events: typeof S3Event;
  let s3: S3Client;
  let sqs: SQSClient;
  let queueUrl: string;
  const bucketName = catalogVariables.BUCKET_NAME as string;

  beforeAll(async () => {
    emulator = await startEmulator();
    Object.assign(process.env, catalogVariables, emulator.variables);
    delete process.env.AWS_SESSION_TOKEN;
    [s3, sqs] = [new S3Client({}), new SQSClient({})];
    await new DynamoDBClient({}).send(new CreateTableCommand(filesTableDefinition("files")));
    await s3.send(new CreateBucketCommand({ Bucket: bucketName }));
    const versions = { Bucket: bucketName, VersioningConfiguration: { Status: "Enabled" as const } };
    await s3.send(new PutBucketVersioningCommand(versions));
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "data" }))).QueueUrl as string;
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucketName,
        NotificationConfiguration: {
          QueueConfigurations: [
            { QueueArn: "arn:aws:sqs:us-east-1:000000000000:data", Events: ["s3:ObjectCreated:*"] },
          ],
        },
      }),
    );
    ({ handler } = await import("../../../functions/files/catalog/handler"));
    events = await import("../../../functions/files/s3-event");
  });
  afterAll(() => emulator.stop());
  beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
  });
  afterEach(() => jest.restoreAllMocks());

  const call = async (one: HttpCall) => seen(await handler(httpEvent(one), lambdaContext()));

  /** Versions of objects that S3 has told of since. */
  async function heardOf() {
    const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 });
    const { Messages = [] } = await sqs.send(receive);
    for (const { ReceiptHandle } of Messages)
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    return Messages.flatMap(({ Body }) => events.versionsOf(Body ?? ""));
  }

  async function versionsOf(key: string) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: bucketName, Prefix: key }),
    );
    return { versions: Versions.map(({ VersionId }) => VersionId), markers: DeleteMarkers.length };
  }

  test("FIL-06 a file is announced, uploaded, processed, listed, read, downloaded and deleted", async () => {
    await heardOf();
    const name = "Übersicht 1.csv";
    const created = await call(create(fileInput({ name })));
    const { id } = created.body;
    expect((await upload(created)).status).toBe(200);
    const [version] = await heardOf();
    expect(version).toMatchObject({ id, key: `uploads/${id}.csv`, sizeBytes: content.length });
    await processed(version as never, { rows: 1 });

    expect((await call(list({ status: "processed" }))).body.files).toMatchObject([{ id, name, status: "processed" }]);
    const { body } = await call(read(id));
    expect(body).toMatchObject({ status: "processed", result: { rows: 1 } });
    const download = await fetch(body.downloadUrl);
    expect([download.status, download.headers.get("content-type")]).toEqual([200, "text/csv"]);
    expect(await download.text()).toBe(content);

    expect(await call(remove(id))).toMatchObject({ status: 204 });
    expect(await call(remove(id))).toMatchObject({ status: 204 });
    expect(await call(read(id))).toMatchObject({ status: 404 });
    expect((await call(list())).body.files).toEqual([]);
    expect((await fetch(`${emulator.endpoint}/${bucketName}/uploads/${id}.csv`)).status).toBe(404);
    const { versions, markers } = await versionsOf(`uploads/${id}.csv`);
    expect([versions, markers > 0]).toEqual([[version?.versionId], true]);
  });

  test("FIL-06 content that isn't what was announced is refused by S3", async () => {
    const created = await call(create());
    const other = await upload(created, content.replace("1", "3"));
    expect([other.status, await other.text()]).toEqual([400, expect.stringContaining("checksum")]);
    expect(await versionsOf(`uploads/${created.body.id}.csv`)).toEqual({ versions: [], markers: 0 });
  });

  test("FIL-06 a file that was uploaded again is downloaded as the version that was heard of last", async () => {
    const created = await call(create(fileInput({ sha256: sha256Of(content) })));
    await upload(created);
    await upload(created);
    const found = await heardOf();
    expect(found).toHaveLength(2);
    const newestFirst = [...found].sort((a, b) => (a.sequencer < b.sequencer ? 1 : -1));
    for (const version of found) await processed(version, {}).catch(() => undefined);
    const { body } = await call(read(created.body.id));
    expect(new URL(body.downloadUrl).searchParams.get("versionId")).toBe(newestFirst[0]?.versionId);
    expect(await (await fetch(body.downloadUrl)).text()).toBe(content);
  });
});
