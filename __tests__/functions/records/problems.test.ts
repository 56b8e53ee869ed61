import { type Fate, type Front, startFront } from "../front";
import { linesOf, recordsVariables } from "../lambda";
import { inTime } from "../passing-time";
import { type LocalRecords, newId, startRecords } from "./local-records";

/*
 * What goes wrong on this side: DynamoDB answers with errors, answers late, or not at all. Callers and
 * Lambda are told enough to repeat, and nothing more; the log has the cause, and no data.
 */

let records: LocalRecords;
let front: Front;
/** Of the next requests, one after the other, and of all after them. */
let fates: (Fate | Promise<Fate>)[] = [];
let lastFate: Fate | Promise<Fate> = "pass";
/** Bodies of requests. */
let sent: Record<string, unknown>[] = [];
beforeAll(async () => {
  records = await startRecords();
  front = await startFront(records.dynamo.endpoint, (body) => {
    sent.push(JSON.parse(body));
    return fates.shift() ?? lastFate;
  });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = front.endpoint;
});
afterAll(() => Promise.all([front.stop(), records.dynamo.stop()]));
afterEach(() => {
  fates = [];
  lastFate = "pass";
  sent = [];
});

const never = new Promise<Fate>(() => undefined);
const event = () => ({ id: newId(), expectedVersion: 0, data: { name: "Erika" } });

const dynamoError = (status: number, name: string, message = "Internals of DynamoDB") => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message },
});

/** What Lambda answers a thrown error with, and the lines that were written until then. */
async function failure(work: () => Promise<unknown>): Promise<{
  errorType: string;
  errorMessage: string;
  trace: string[];
  problem: Record<string, unknown>;
  lines: Record<string, unknown>[];
}> {
  let thrown: unknown;
  const lines = await linesOf(() =>
    work().catch((error) => {
      thrown = error;
    }),
  );
  // As aws-lambda-nodejs-runtime-interface-client makes its answer.
  const { name, message, stack } = thrown as Error;
  return {
    errorType: name,
    errorMessage: message,
    trace: (stack ?? "").split("\n"),
    problem: JSON.parse(message),
    lines,
  };
}

const awsRequestId = "6b1d7a5e-0000-4000-8000-000000000003";
const unavailable = {
  type: "urn:tap:problem:unavailable",
  title: "Temporarily unavailable",
  status: 503,
  detail:
    "Whether the request was carried out is not known. Repeat it later, unchanged and with the same id or key of its own.",
  instance: `urn:uuid:${awsRequestId}`,
  retryAfterSeconds: 2,
};
const internal = {
  type: "urn:tap:problem:internal",
  title: "Something went wrong on the server's side",
  status: 500,
  detail: "The logs have the cause, under this instance.",
  instance: `urn:uuid:${awsRequestId}`,
};

test.each<[string, Fate, object, string]>([
  ["the connection breaks", "lose-request", unavailable, "Unavailable"],
  ["DynamoDB is broken", dynamoError(500, "InternalServerError"), unavailable, "Unavailable"],
  ["throughput is used up", dynamoError(400, "ProvisionedThroughputExceededException"), unavailable, "Unavailable"],
  ["DynamoDB throttles", dynamoError(400, "ThrottlingException"), unavailable, "Unavailable"],
  ["the role lacks a right", dynamoError(400, "AccessDeniedException"), internal, "InternalError"],
  ["the table is gone", dynamoError(400, "ResourceNotFoundException"), internal, "InternalError"],
  ["the request is malformed", dynamoError(400, "ValidationException"), internal, "InternalError"],
])(
  "REC-06 trouble of this side is thrown, as problem details without internals: %s",
  async (_, what, problem, metric) => {
    lastFate = what;
    const answered = await failure(() => records.write(event(), { awsRequestId }));
    expect(answered).toMatchObject({ errorType: "Problem", problem });
    expect(answered.problem).toEqual(problem);
    expect(answered.trace).toEqual([`Problem: ${(problem as { title: string }).title}`]);
    expect(answered.lines).toContainEqual(expect.objectContaining({ [metric]: 1, service: "records" }));
  },
);

test("REC-06 the log has the cause, which the answer hasn't", async () => {
  lastFate = dynamoError(400, "AccessDeniedException");
  const { lines } = await failure(() => records.write(event(), { awsRequestId }));
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: "ERROR",
      correlation_id: awsRequestId,
      error: expect.objectContaining({
        name: "AccessDeniedException",
        message: "Internals of DynamoDB",
        stack: expect.stringContaining("\n    at "),
      }),
    }),
  );
});

test("REC-06 a reader is told the same, and is answered again when DynamoDB is back", async () => {
  const written = event();
  await linesOf(() => records.write(written));
  lastFate = "lose-request";
  expect(await failure(() => records.read({ id: written.id }, { awsRequestId }))).toMatchObject({
    problem: unavailable,
  });
  lastFate = "pass";
  await linesOf(async () => expect(await records.read({ id: written.id })).toMatchObject({ status: 200 }));
});

test("REC-06 a function ends its work before Lambda ends the function", async () => {
  lastFate = never;
  const getRemainingTimeInMillis = () => 1_200;
  const { answer, milliseconds } = await inTime(200, () =>
    failure(() => records.write(event(), { awsRequestId, getRemainingTimeInMillis })),
  );
  expect(answer.problem).toEqual(unavailable);
  expect(milliseconds).toBe(200);
});

test("REC-06 a request that DynamoDB is late for is given up, and sent again", async () => {
  fates = [never];
  await linesOf(async () => expect(await records.write(event())).toMatchObject({ status: 201 }));
});

test("REC-06 a write whose answer is lost on the way is answered as if it had come", async () => {
  const written = event();
  fates = ["lose-answer"];
  await linesOf(async () =>
    expect(await records.write(written)).toMatchObject({ status: 201, record: { version: 1, data: written.data } }),
  );
});

test("REC-06 reads are consistent: what was written before is seen, also by who looks for the cause of a refusal", async () => {
  const written = event();
  await linesOf(async () => {
    await records.write(written);
    await records.write(written);
    await records.read({ id: written.id });
  });
  const reads = sent.filter((body) => !("UpdateExpression" in body));
  expect(reads).toEqual(Array(2).fill(expect.objectContaining({ ConsistentRead: true })));
});

describe("what nobody may see", () => {
  const secret = "Erika-Mustermann";
  const data = { name: secret, [secret]: { deep: [secret] } };
  let deep: object = { secret };
  for (let level = 0; level < 40; level += 1) deep = { [secret]: deep };

  async function putStored(id: string, changes: object): Promise<void> {
    const item = {
      id: { S: id },
      version: { N: "1" },
      data: { S: JSON.stringify(data) },
      createdAt: { S: "2026-01-01T00:00:00.000Z" },
      updatedAt: { S: "2026-01-01T00:00:00.000Z" },
      writtenBy: { S: "another" },
      ...changes,
    };
    await records.dynamo.call("PutItem", { TableName: "records", Item: item });
  }

  /** Everything that leaves the function, but a record itself. */
  async function everythingSaid(work: () => Promise<unknown>): Promise<string> {
    let said = "";
    const lines = await linesOf(async () => {
      said = await work().then(
        (answer) => JSON.stringify({ ...(answer as object), record: undefined }),
        ({ name, message, stack, ...more }: Error) => JSON.stringify({ name, message, stack, more }),
      );
    });
    expect(lines).not.toEqual([]);
    return said + JSON.stringify(lines);
  }

  test.each<[string, (id: string) => Promise<unknown>]>([
    ["written", (id) => records.write({ id, expectedVersion: 0, data })],
    ["stale", (id) => putStored(id, {}).then(() => records.write({ id, expectedVersion: 0, data }))],
    ["read", (id) => putStored(id, {}).then(() => records.read({ id }))],
    ["not an object", (id) => records.write({ id, expectedVersion: 0, data: secret })],
    ["too deep", (id) => records.write({ id, expectedVersion: 0, data: deep })],
    ["an id that can't be one", () => records.write({ id: `${secret}@example.com`, expectedVersion: 0, data })],
    ["a version that can't be one", (id) => records.write({ id, expectedVersion: secret, data })],
    ["keys that there are not", (id) => records.write({ id, expectedVersion: 0, data, [secret]: secret })],
    ["data in its place", () => records.write(data)],
    ["a text", () => records.write(secret)],
    [
      "data that was stored as no JSON",
      (id) => putStored(id, { data: { S: secret } }).then(() => records.read({ id })),
    ],
    [
      "data that was stored as another type",
      (id) => putStored(id, { data: { M: { a: { S: secret } } } }).then(() => records.read({ id })),
    ],
    [
      "broken connections",
      (id) => {
        lastFate = "lose-request";
        return records.write({ id, expectedVersion: 0, data });
      },
    ],
    [
      "an error of DynamoDB",
      (id) => {
        lastFate = dynamoError(400, "ValidationException");
        return records.write({ id, expectedVersion: 0, data });
      },
    ],
  ])("SEC-04 no log, metric or problem has anything of the data: %s", async (_, work) => {
    expect(await everythingSaid(() => work(newId()))).not.toContain(secret);
  });
});

describe("settings", () => {
  test("REC-06 a function that lacks settings fails before it takes a request, and names all of them", () => {
    for (const name of ["POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"]) delete process.env[name];
    const load = (module: string) => () => jest.isolateModules(() => require(`../../../functions/${module}`));
    expect(load("records/write/handler")).toThrow(
      "The function's environment lacks POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE",
    );
    Object.assign(process.env, recordsVariables, { TABLE_NAME: "" });
    expect(load("records/read/handler")).toThrow("The function's environment lacks TABLE_NAME");
  });
});
