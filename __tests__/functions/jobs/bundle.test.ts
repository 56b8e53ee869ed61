import { copyProject, projectRoot } from "../../support/project";
import { type Bundles, bundle, bundles, invokeBundle } from "../bundle";
import { type Fate, type Front, startFront } from "../front";
import { type LocalAws, startAws } from "./local-aws";
import {
  delivered,
  followEvent,
  itemOf,
  jobMessage,
  jobsVariables,
  queueUrl,
  resultObject,
  submitEvent,
} from "./local-jobs";

/* What bin/smaller-packages.mjs leaves out of packages is missed by nobody: the bundles work, and say what went wrong. */

let own: Bundles;
let aws: LocalAws;
let front: Front;
let fateOf: (operation: string) => Fate = () => "pass";
let variables: Record<string, string>;
beforeAll(async () => {
  [own, aws] = await Promise.all([bundles(projectRoot), startAws()]);
  front = await startFront(aws.endpoint, (_, { method, url, headers }) =>
    fateOf(String(headers["x-amz-target"] ?? `${method} ${url}`)),
  );
  variables = {
    ...jobsVariables,
    AWS_ENDPOINT_URL: front.endpoint,
    QUEUE_URL: queueUrl(front.endpoint, "jobs"),
    DEAD_LETTER_QUEUE_URL: queueUrl(front.endpoint, "dead-letters"),
  };
});
afterAll(() => Promise.all([front.stop(), aws.stop()]));
afterEach(() => {
  fateOf = () => "pass";
});

const invoke = (name: string, event: unknown) => invokeBundle(own[name]?.folder ?? "", event, variables);

test("API-15 a job is submitted, done and followed by bundles", async () => {
  const submitted = await invoke("jobs/submit", submitEvent({ body: { type: "count-words", input: "one two" } }));
  expect(submitted.answer).toMatchObject({ statusCode: 202 });
  const message = aws.sent.at(-1)?.body ?? "";
  const { id } = JSON.parse(message);
  expect((await invoke("jobs/work", { Records: [delivered(message)] })).answer).toEqual({ batchItemFailures: [] });
  expect(resultObject(aws, id)).toEqual({ body: JSON.stringify({ id, type: "count-words", result: 2 }), versions: 1 });
  // The SDK's own checksum of what it stores.
  expect(aws.requests.findLast(({ operation }) => operation.startsWith("PUT"))?.headers).toMatchObject({
    "x-amz-checksum-crc32": expect.any(String),
  });
  const { answer } = await invoke("jobs/follow", followEvent(id));
  expect(JSON.parse(String(answer.body))).toMatchObject({
    status: "succeeded",
    resultUrl: expect.stringContaining("X-Amz-Signature="),
  });
});

test("API-15 a job that was done before is known by DynamoDB's refusal", async () => {
  const record = delivered(jobMessage());
  await invoke("jobs/work", { Records: [record] });
  const { lines } = await invoke("jobs/work", { Records: [record, record] });
  expect(lines).toContainEqual(expect.objectContaining({ RepeatedDelivery: [1, 1] }));
});

const json = (name: string) => ({ status: 400, body: { __type: `com.amazonaws#${name}`, message: "The cause" } });

test.each<[string, Fate, string]>([
  ["DynamoDB", json("ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException"],
  ["SendMessage", json("InvalidMessageContents"), "InvalidMessageContents"],
  ["GetParameters", json("InternalServerError"), "InternalServerError"],
])("API-15 an error without a class of its own has its name and message all the same: %s", async (part, fate, name) => {
  fateOf = (operation) => (operation.includes(part) ? fate : "pass");
  const record = delivered(jobMessage({ type: "divide" }));
  const { lines } = await invoke("jobs/work", { Records: [record] });
  const causes = lines.flatMap(({ error }) => (error === undefined ? [] : [error as { cause?: object }]));
  expect(causes.map((error) => error.cause ?? error)).toContainEqual(
    expect.objectContaining({ name, message: "The cause" }),
  );
});

test("API-15 who asks for the class of an error that was left out is told so by the build", async () => {
  const project = copyProject();
  try {
    project.replace("functions/shared/s3-bucket.ts", "PutObjectCommand, ", "PutObjectCommand, NoSuchKey, ");
    project.replace(
      "functions/shared/s3-bucket.ts",
      '(error as Error).name !== "PreconditionFailed"',
      "!(error instanceof NoSuchKey)",
    );
    const { exitCode, stderr } = await bundle(project.root);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/functions\/shared\/s3-bucket\.ts:1: No matching export in .* for import "NoSuchKey"/);
  } finally {
    project.remove();
  }
});

test("API-15 an error of S3 is known by its name", async () => {
  const { id } = jobMessage({});
  aws.objects.set(`tap-jobs-results/results/${id}.json`, { body: "before", versions: 1 });
  const message = jobMessage({ id });
  expect((await invoke("jobs/work", { Records: [delivered(message)] })).answer).toEqual({ batchItemFailures: [] });
  expect(await itemOf(aws, id)).toMatchObject({ status: { S: "succeeded" } });
});
