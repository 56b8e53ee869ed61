import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { StackJson } from "../tap/audit/stack-json";
import {
  delivered,
  followEvent,
  type Handlers,
  jobsVariables,
  loadHandlers,
  resultOf,
  submitEvent,
} from "./functions/jobs/local-jobs";
import { lambdaContext } from "./functions/lambda";
import { type Emulator, startEmulator } from "./support/emulator";
import { type FailedOver, synthesizeFailedOver } from "./support/failed-over";
import { projectRoot, temporaryFolder } from "./support/project";
import { createBucket, createStateStorage, emulatorBackend } from "./support/state-storage";
import { resource, stackOf, subjectOf } from "./support/synthesized";
import { terraformFolder } from "./support/terraform";
import { describeWithTerraformAndEmulator } from "./support/terraform-and-emulator";

/*
 * docs/operations/recovery.md, rehearsed: prod loses us-east-1 and goes on in us-west-2. Terraform is real, with its S3
 * backend; the functions are real, told what the synthesized JSON tells them; S3, DynamoDB, SQS and Parameter Store
 * are the emulator's. Replication is played here, as S3 and DynamoDB do it; the stand-in provider makes nothing.
 */

jest.setTimeout(300_000);

const [east, west] = ["us-east-1", "us-west-2"] as const;
type Region = typeof east | typeof west;
const now = Date.now.bind(Date);

describeWithTerraformAndEmulator("PLAT-14 a failover", () => {
  const before = subjectOf("prod");
  let after: FailedOver;
  let emulator: Emulator;

  beforeAll(async () => {
    after = synthesizeFailedOver();
    emulator = await startEmulator();
    Object.assign(process.env, jobsVariables, emulator.variables);
  });
  afterAll(async () => {
    after.remove();
    await emulator.stop();
  });
  beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
  });
  afterEach(() => jest.restoreAllMocks());

  const jobsIn = (region: Region): StackJson =>
    stackOf(region === east ? before : { ...before, stacks: after.stacks }, "prod", "jobs", region);

  /** What the JSON tells the worker, where it is a text. */
  const variablesIn = (region: Region) => {
    const { variables } = resource(jobsIn(region), "aws_lambda_function", "work").environment as {
      variables: Record<string, string>;
    };
    return { TABLE_NAME: String(variables.TABLE_NAME), BUCKET_NAME: bucketIn(region, variables) };
  };

  /** In the first region a reference to the bucket that is made there. */
  const bucketIn = (region: Region, { BUCKET_NAME = "" }: Record<string, string>) =>
    region === west ? BUCKET_NAME : String(resource(jobsIn(east), "aws_s3_bucket", "Results_Bucket").bucket);

  describe("of the states", () => {
    const id = "tap-network-prod-us-west-2";
    const bucketOf = (stacks: readonly StackJson[]) => {
      const { json } = stackOf({ ...before, stacks }, "prod", "network", west);
      return (json.terraform?.backend?.s3 as { bucket?: string } | undefined)?.bucket ?? "";
    };
    const init = ["init", "-no-color", "-reconfigure", ...emulatorBackend.map((option) => `-backend-config=${option}`)];
    const folder = (outdir: string, stack: string) =>
      terraformFolder(join(outdir, "stacks", stack), temporaryFolder(), {
        ownBackend: true,
        variables: emulator.variables,
      });

    test("PLAT-14 Terraform finds them in their replica, and has nothing to change", async () => {
      const [home, replica] = [bucketOf(before.stacks), bucketOf(after.stacks)];
      expect([home, replica]).toEqual(["tap-state-333333333333-us-east-1", "tap-state-333333333333-us-west-2"]);
      await createStateStorage(emulator, home, east);
      await createStateStorage(emulator, replica, west);
      const deployed = folder(join(projectRoot, ".cache", "test-synth", "declared"), id);
      deployed.run(...init);
      deployed.run("apply", "-no-color", "-auto-approve");
      await copyObjects(home, replica);

      const again = folder(after.outdir, id);
      again.run(...init);
      expect(again.run("state", "list").trim()).not.toBe("");
      expect(again.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
    });

    test("PLAT-14 a lock file that a run left behind keeps Terraform out, until it is removed", async () => {
      const replica = bucketOf(after.stacks);
      const lock = `${replica}/${id}.tflock`;
      await emulator.s3("PUT", lock, JSON.stringify({ ID: "00000000-0000-0000-0000-000000000000", Who: "lost" }));
      const again = folder(after.outdir, id);
      again.run(...init);
      expect(again.try("plan", "-no-color").stderr).toContain("Error acquiring the state lock");
      await emulator.s3("DELETE", lock);
      expect(again.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
    });

    test("PLAT-14 without the replica, it would make the region's network a second time", async () => {
      const elsewhere = folder(after.outdir, id);
      await createStateStorage(emulator, "tap-state-without-replica", west);
      elsewhere.run(...init, "-backend-config=bucket=tap-state-without-replica");
      expect(elsewhere.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(2);
    });

    test.each(["jobs", "records", "stream", "files"])(
      "PLAT-14 the %s come up in the second region, and a second plan is empty",
      (component) => {
        const stack = `tap-${component}-prod-us-west-2`;
        const moved = folder(after.outdir, stack);
        moved.run(...init);
        moved.run("apply", "-no-color", "-auto-approve");
        expect(moved.run("state", "list")).not.toMatch(/^aws_(dynamodb_table|s3_bucket)\./m);
        expect(moved.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
      },
    );
  });

  describe("of the jobs", () => {
    const done = { idempotencyKey: "done-before", body: { type: "count-words", input: "three words here" } };
    const lost = { idempotencyKey: "queued-before", body: { type: "sum", input: [1, 2, 3] } };
    const ids: Record<string, string> = {};
    let handlers: Handlers;
    let queueUrl: string;

    /** What a region has for the jobs, as its JSON says, and the functions that it tells so. */
    async function startIn(region: Region): Promise<void> {
      const stack = jobsIn(region);
      const variables = variablesIn(region);
      const name = resource(stack, "aws_sqs_queue", "Queue_C399BAB1").name as string;
      const { QueueUrl } = await new SQSClient({ region }).send(new CreateQueueCommand({ QueueName: name }));
      queueUrl = QueueUrl as string;
      const CONFIG_PATH = "/tap/prod/jobs/config/";
      for (const [setting, Value] of [
        ["paused", "false"],
        ["maximum-input-bytes", "250000"],
      ])
        await new SSMClient({ region }).send(
          new PutParameterCommand({ Name: `${CONFIG_PATH}${setting}`, Value, Type: "String", Overwrite: true }),
        );
      Object.assign(process.env, variables, {
        AWS_REGION: region,
        QUEUE_URL: queueUrl,
        DEAD_LETTER_QUEUE_URL: `${queueUrl}-dead-letters`,
        CONFIG_PATH,
      });
      await jest.isolateModulesAsync(async () => {
        handlers = await loadHandlers();
      });
    }

    async function createData(region: Region): Promise<void> {
      const { TABLE_NAME, BUCKET_NAME } = variablesIn(region);
      await createBucket(emulator, BUCKET_NAME, region);
      await new DynamoDBClient({ region }).send(
        new CreateTableCommand({
          TableName: TABLE_NAME,
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    }

    const submit = async (request: object) => resultOf(await handlers.submit(submitEvent(request), lambdaContext()));
    const follow = async (id = "") => resultOf(await handlers.follow(followEvent(id), lambdaContext()));

    /** Works on what is queued in the region, message by message. */
    async function work(region: Region): Promise<number> {
      const sqs = new SQSClient({ region });
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ["ApproximateReceiveCount"],
        }),
      );
      for (const { Body = "", ReceiptHandle } of Messages) {
        const { batchItemFailures } = await handlers.work({ Records: [delivered(Body)] }, lambdaContext());
        expect(batchItemFailures).toEqual([]);
        await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      }
      return Messages.length;
    }

    test("PLAT-14 before: one job is done in the first region, and one is queued", async () => {
      await createData(east);
      await createData(west);
      await startIn(east);
      ids.done = String((await submit(done)).body.id);
      expect(await work(east)).toBe(1);
      ids.lost = String((await submit(lost)).body.id);
      expect((await follow(ids.done)).body.status).toBe("succeeded");
      expect((await follow(ids.lost)).body.status).toBe("queued");
    });

    test("PLAT-14 replicas have the names that the second region looks for", async () => {
      const [from, to] = [variablesIn(east), variablesIn(west)];
      expect(to).toEqual({
        TABLE_NAME: from.TABLE_NAME,
        BUCKET_NAME: resource(jobsIn(east), "aws_s3_bucket", "Results_Replica").bucket,
      });
      const { Items = [] } = await new DynamoDBClient({ region: east }).send(
        new ScanCommand({ TableName: from.TABLE_NAME }),
      );
      expect(Items).toHaveLength(2);
      for (const Item of Items)
        await new DynamoDBClient({ region: west }).send(new PutItemCommand({ TableName: to.TABLE_NAME, Item }));
      expect(await copyObjects(from.BUCKET_NAME, to.BUCKET_NAME)).toBe(1);
    });

    test("PLAT-14 after: the second region answers what was done, result and all", async () => {
      await startIn(west);
      const { body } = await follow(ids.done);
      expect(body).toMatchObject({ status: "succeeded" });
      expect(String(body.resultUrl)).toContain(variablesIn(west).BUCKET_NAME);
      expect(await (await fetch(String(body.resultUrl))).json()).toMatchObject({ result: 3 });
    });

    test("PLAT-14 after: what was queued and lost is done when its caller asks again", async () => {
      expect(await work(west)).toBe(0);
      jest.spyOn(Date, "now").mockImplementation(() => now() + 15 * 60_000);
      expect((await submit(lost)).body).toMatchObject({ id: ids.lost, status: "queued" });
      expect(await work(west)).toBe(1);
      expect((await follow(ids.lost)).body.status).toBe("succeeded");
    });
  });

  /** All objects of one bucket in another, as replication leaves them. */
  async function copyObjects(from: string, to: string): Promise<number> {
    const [source, target] = [east, west].map((region) => new S3Client({ region, forcePathStyle: true })) as [
      S3Client,
      S3Client,
    ];
    const { Contents = [] } = await source.send(new ListObjectsV2Command({ Bucket: from }));
    for (const { Key } of Contents) {
      const { Body, ContentType } = await source.send(new GetObjectCommand({ Bucket: from, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      await target.send(new PutObjectCommand({ Bucket: to, Key, Body: bytes, ContentType }));
    }
    return Contents.length;
  }
});
