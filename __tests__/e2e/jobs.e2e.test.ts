import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DeleteMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describeWithEmulator } from "../support/emulator";
import {
  awsClient,
  entriesOf,
  eventually,
  type HttpAnswer,
  localRoot,
  localState,
  ownUserVariables,
  queueUrlOf,
  request,
  scenario,
  targetOf,
  withoutPermission,
  withUsagePlan,
} from "../support/local-environment";
import { deadLetter, sendTo, withVisibility } from "../support/local-queues";
import { tap } from "../support/project";

jest.setTimeout(300_000);

/* Jobs: submitted and followed over HTTP, done by the worker, among the dead letters where they can't be done. */

const system = "jobs";
const newKey = (): string => crypto.randomUUID();

function submit(input: number[] | string, key = newKey()): Promise<HttpAnswer> {
  const body = { type: typeof input === "string" ? "count-words" : "sum", input };
  return request({ system, method: "POST", path: "/jobs", body, headers: { "idempotency-key": key } });
}

/** Submits a job, and wants it taken. Who is turned away, because others are there, comes again with the same key. */
async function taken(input: number[] | string, key = newKey()): Promise<string> {
  const isHeard = (answer: HttpAnswer) => answer.status !== 429;
  const answer = await eventually("Room for a submission", () => submit(input, key), isHeard);
  if (answer.status !== 202) throw new Error(`The job wasn't taken: ${JSON.stringify(answer.body)}`);
  return String(answer.body.id);
}

function status(id: string, wanted: string): Promise<HttpAnswer> {
  return eventually(
    `Job ${id}, ${wanted}`,
    () => request({ system, path: `/jobs/${id}` }),
    ({ body }) => body.status === wanted,
  );
}

/** What the result's link leads to. */
async function resultOf({ body }: HttpAnswer): Promise<unknown> {
  const response = await fetch(String(body.resultUrl));
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

const submitPut = { function: "jobs/submit", action: "dynamodb:PutItem" };
const submitSend = { function: "jobs/submit", action: "sqs:SendMessage" };
const workUpdate = { function: "jobs/work", action: "dynamodb:UpdateItem" };

/** The message that a job was queued with. */
async function messageOf(id: string, input: object): Promise<string> {
  const get = new GetItemCommand({ TableName: targetOf("jobs", "aws_dynamodb_table").name, Key: { id: { S: id } } });
  const { Item } = await awsClient(DynamoDBClient).send(get);
  const identity = ["correlationId", "requestedBy", "createdAt"].map((name) => [name, Item?.[name]?.S]);
  return JSON.stringify({ id, ...input, ...Object.fromEntries(identity) });
}

describeWithEmulator("jobs", () => {
  scenario(
    "a job is submitted, done, and its result fetched",
    [
      submitPut,
      submitSend,
      workUpdate,
      { function: "jobs/work", action: "s3:PutObject" },
      { function: "jobs/follow", action: "dynamodb:GetItem" },
      { function: "jobs/follow", action: "s3:GetObject" },
    ],
    async () => {
      const id = await taken([1, 2, 3.5]);
      const done = await status(id, "succeeded");
      const result = { id, type: "sum", result: 6.5 };
      expect(await resultOf(done)).toEqual(result);
      const object = await awsClient(S3Client).send(
        new GetObjectCommand({ Bucket: targetOf("jobs/results", "aws_s3_bucket").name, Key: `results/${id}.json` }),
      );
      expect(JSON.parse((await object.Body?.transformToString()) ?? "")).toEqual(result);
      const words = await taken("one two  three");
      expect(await resultOf(await status(words, "succeeded"))).toMatchObject({ result: 3 });
      expect((await request({ system, path: `/jobs/${newKey()}` })).status).toBe(404);
    },
  );

  scenario(
    "a message that SQS delivers twice is done once",
    { function: "jobs/work", action: "dynamodb:GetItem" },
    async () => {
      const from = Date.now();
      const id = await taken([1, 2]);
      await status(id, "succeeded");
      await sendTo("jobs", await messageOf(id, { type: "sum", input: [1, 2] }));
      await eventually(
        "What the worker says of the second delivery",
        () => entriesOf("jobs/work", from),
        (entries) => entries.some(({ message, job_id }) => message === "Job was finished before" && job_id === id),
      );
    },
  );

  scenario(
    "a repeated submission is the same job, done once",
    { function: "jobs/submit", action: "dynamodb:GetItem" },
    async () => {
      const key = newKey();
      const id = await taken([1], key);
      expect(await taken([1], key)).toBe(id);
      expect(await submit([2], key)).toMatchObject({
        status: 409,
        body: { type: "urn:tap:problem:idempotency-conflict" },
      });
      await status(id, "succeeded");
      expect(await submit([1], key)).toMatchObject({ status: 202, body: { id, status: "succeeded" } });
    },
  );

  scenario("many jobs at once are all done, each with its own result", workUpdate, async () => {
    // More than functions may run at once: who is turned away comes again, with the same key.
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const key = newKey();
        const answer = await eventually(
          `Job ${n}, taken`,
          () => submit([n, n], key),
          (each) => each.status === 202,
          { everyMilliseconds: 500 },
        );
        return String(answer.body.id);
      }),
    );
    expect(new Set(ids).size).toBe(40);
    const results: unknown[] = [];
    for (const id of ids) results.push(await resultOf(await status(id, "succeeded")));
    expect(results).toEqual(ids.map((id, n) => ({ id, type: "sum", result: 2 * n })));
  });

  scenario(
    "whoever submits faster than the plan allows is told to wait, and can come again with the same key",
    submitSend,
    async () => {
      // What is denied is seen before limits are.
      await taken([0]);
      const keys = Array.from({ length: 8 }, newKey);
      const slow = { "/throttle/rateLimit": 1, "/throttle/burstLimit": 2 };
      const refused = await withUsagePlan(system, slow, async () => {
        const answers = await Promise.all(keys.map((key) => submit([1], key)));
        const late = keys.filter((_, index) => answers[index]?.status === 429);
        expect(late.length).toBeGreaterThan(0);
        const [first = ""] = late;
        const isTaken = (answer: HttpAnswer) => answer.status === 202;
        await eventually("Room for a submission", () => submit([1], first), isTaken);
        return late;
      });
      for (const key of refused) await status(await taken([1], key), "succeeded");
    },
  );

  scenario(
    "a message that asks for nothing that can be done goes to the dead letters, with the reason",
    { function: "jobs/work", action: "sqs:SendMessage", sid: "SendDeadLetters" },
    async () => {
      const id = `poison-${newKey()}`;
      const body = JSON.stringify({ id, type: "launch", input: "rocket" });
      await sendTo("jobs", body);
      const letter = await deadLetter("jobs/dead-letters", id);
      expect(letter.Body).toBe(body);
      expect(letter.MessageAttributes?.reason?.StringValue).toMatch(/^The message breaks rules: /);
      const { ReceiptHandle } = letter;
      await awsClient(SQSClient).send(
        new DeleteMessageCommand({ QueueUrl: queueUrlOf("jobs/dead-letters"), ReceiptHandle }),
      );
    },
  );

  scenario(
    "a job that nobody could do is done after tap redrive, once what was wrong is mended",
    { function: "jobs/work", action: "sqs:SendMessage", sid: "SendDeadLetters" },
    () =>
      withVisibility("jobs", 1, async () => {
        const { id, messageId } = await withoutPermission(workUpdate, async () => {
          const job = await taken([20, 22]);
          // SQS alone would move it there, too, and say nothing of why.
          const letter = await deadLetter("jobs/dead-letters", job);
          expect(letter.MessageAttributes?.reason?.StringValue).toMatch(/^Not done in 3 receives/);
          return { id: job, messageId: letter.MessageId };
        });
        expect((await request({ system, path: `/jobs/${id}` })).body.status).toBe("queued");
        const queue = targetOf("jobs/dead-letters", "aws_sqs_queue").name;
        const redriven = await eventually(
          `Job ${id} among what tap redrive sends back`,
          async () =>
            tap(["redrive", queue, "--env", "dev", "--outdir", localState().outdir, "--json"], {
              root: localRoot(),
              variables: ownUserVariables(),
            }),
          ({ exitCode, stdout }) =>
            exitCode !== 0 ||
            JSON.parse(stdout).messages.some((each: { messageId: string }) => each.messageId === messageId),
        );
        expect(redriven).toMatchObject({ exitCode: 0 });
        expect(await resultOf(await status(id, "succeeded"))).toEqual({ id, type: "sum", result: 42 });
      }),
  );
});
