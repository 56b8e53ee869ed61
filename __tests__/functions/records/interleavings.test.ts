import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import type { WriteAnswer } from "../../../functions/records/write/handler";
import type { ProblemDetails } from "../../../functions/shared/problem";
import { type Fate, type Front, startFront } from "../front";
import { lambdaContext } from "../lambda";
import { patient } from "../patient";
import { type LocalRecords, newId, startRecords } from "./local-records";

/*
 * Several writers of one record, each with a network of its own, that loses requests and answers. One request at a
 * time gets through, in an order that fast-check chooses; which writer's it is, is chosen when each of them waits
 * or is done.
 */

/** What a writer does next: a write that expects a version, or its last request once more. */
interface Step {
  /** Added to the version that it knows of. */
  readonly offset: number;
  readonly repeat: boolean;
}

/** Whose request gets through next, as far as its fate lets it. */
interface Choice {
  readonly writer: number;
  readonly fate: Fate;
}

interface Request {
  readonly id: string;
  readonly requestId: string;
  readonly expectedVersion: number;
  readonly data: { readonly value: string };
}

interface Writer {
  /** The request that its current invocation is about. */
  request?: Request;
  /** Lets the request that waits in its network get through. */
  release?: ((fate: Fate) => void) | undefined;
  /** Lets it go on with the answer that it has. */
  goOn?: (() => void) | undefined;
  isDone: boolean;
}

type Handler = (event: unknown, context: ReturnType<typeof lambdaContext>) => Promise<WriteAnswer | ProblemDetails>;

const maximumWriters = 3;
/** An asynchronous invocation, and Lambda's two repetitions. */
const maximumInvocations = 3;

const step: fc.Arbitrary<Step> = fc.record({
  offset: fc.constantFrom(0, 0, 0, 0, -1, 1),
  repeat: fc.constantFrom(false, false, true),
});
const plan = fc.array(step, { minLength: 1, maxLength: 3 });
const choice: fc.Arbitrary<Choice> = fc.record({
  writer: fc.nat(maximumWriters - 1),
  fate: fc.constantFrom("pass", "pass", "pass", "lose-request", "lose-answer", "lose-answer"),
});

let records: LocalRecords;
let createWriteHandler: (table: { client: DynamoDBClient; name: string }) => Handler;
const fronts: Front[] = [];
/** Who waits behind each front. */
let writers: Writer[] = [];
let noticeChange = () => {};

beforeAll(async () => {
  records = await startRecords();
  ({ createWriteHandler } = await import("../../../functions/records/write/handler"));
  for (let index = 0; index < maximumWriters; index += 1)
    fronts.push(await startFront(records.dynamo.endpoint, () => waitForRelease(writers[index])));
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await Promise.all(fronts.map((front) => front.stop()));
  await records.dynamo.stop();
});

function waitForRelease(writer: Writer | undefined): Promise<Fate> {
  if (writer === undefined) throw new Error("There is no such writer");
  return new Promise((resolve) => {
    writer.release = resolve;
    noticeChange();
  });
}

/** The writes that were applied, in their order: the first made version 1. */
type History = Request[];

/** What happened over all runs: a property of nothing would prove nothing. */
const seen = { written: 0, repeated: 0, stale: 0, unknown: 0 };

test("REC-06 whatever is lost and however writers meet, a write is applied once at most, and its writer told the truth", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(plan, { minLength: 2, maxLength: maximumWriters }),
      fc.array(choice, { maxLength: 40 }),
      async (plans, choices) => {
        const id = newId();
        const history: History = [];
        writers = plans.map(() => ({ isDone: false }));
        const running = plans.map((steps, index) => runWriter(index, steps, id, history));
        await schedule(id, choices, history);
        await Promise.all(running);
      },
    ),
    { numRuns: 60 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});

/** Lets one request after the other get through, and compares what it did to the table with what it may do. */
async function schedule(id: string, choices: readonly Choice[], history: History): Promise<void> {
  const rest = [...choices];
  for (;;) {
    await untilAllWait();
    const waiting = writers.filter(({ release }) => release !== undefined);
    if (waiting.length === 0) return;
    const { writer, fate } = rest.shift() ?? { writer: 0, fate: "pass" };
    const { request, release } = waiting[writer % waiting.length] as Writer;
    for (const one of writers) if (one.release === release) one.release = undefined;
    release?.(fate);
    await untilAllStop();
    await observe(id, request as Request, fate, history);
  }
}

/** Until every writer is done, or its request waits in its network. */
async function untilAllWait(): Promise<void> {
  await untilAllStop();
  for (const writer of writers.filter(({ goOn }) => goOn !== undefined)) {
    const { goOn } = writer;
    writer.goOn = undefined;
    goOn?.();
    await untilAllWait();
  }
}

/** Until every writer is done, or waits for anything. */
async function untilAllStop(): Promise<void> {
  while (writers.some(({ isDone, release, goOn }) => !isDone && release === undefined && goOn === undefined))
    await new Promise<void>((resolve) => {
      noticeChange = resolve;
    });
}

/** Compares the table with the history, to which the last request may have added itself. */
async function observe(id: string, request: Request, fate: Fate, history: History): Promise<void> {
  const { Item } = await records.dynamo.call("GetItem", { TableName: "records", Key: { id: { S: id } } });
  const item = Item as Record<string, { S: string; N: string }> | undefined;
  const version = Number(item?.version?.N ?? 0);
  if (version !== history.length) {
    expect(fate).not.toBe("lose-request");
    expect(request.expectedVersion).toBe(history.length);
    expect(history).not.toContain(request);
    history.push(request);
  }
  expect(version).toBe(history.length);
  const last = history.at(-1);
  expect(item?.data?.S).toBe(last && JSON.stringify(last.data));
  expect(item?.writtenBy?.S).toBe(last?.requestId);
}

async function runWriter(index: number, steps: readonly Step[], id: string, history: History): Promise<void> {
  const writer = writers[index] as Writer;
  const endpoint = fronts[index]?.endpoint as string;
  // A request waits in its network for as long as others are chosen.
  const client = new DynamoDBClient({ ...patient, maxAttempts: 2, endpoint });
  const handler = createWriteHandler({ client, name: "records" });
  let knownVersion = 0;
  for (const [position, { offset, repeat }] of steps.entries()) {
    if (!repeat || writer.request === undefined)
      writer.request = {
        id,
        requestId: `${index}-${position}`,
        expectedVersion: Math.max(0, knownVersion + offset),
        data: { value: `write ${position} of writer ${index}` },
      };
    const answer = await invoke(handler, writer, writer.request, history);
    if (answer) knownVersion = "record" in answer ? answer.record.version : (answer.currentVersion ?? 0);
  }
  client.destroy();
  writer.isDone = true;
  noticeChange();
}

/** Invokes as Lambda does: again, when it fails. */
async function invoke(
  handler: Handler,
  writer: Writer,
  request: Request,
  history: History,
): Promise<WriteAnswer | ProblemDetails | undefined> {
  for (let invocation = 1; invocation <= maximumInvocations; invocation += 1) {
    const before = [...history];
    const answer = await handler(request, lambdaContext()).catch((error: Error) => JSON.parse(error.message));
    // What the request has done is in the history then.
    await new Promise<void>((resolve) => {
      writer.goOn = resolve;
      noticeChange();
    });
    if (answer.status === 503) seen.unknown += 1;
    else {
      judge(request, answer, before, history);
      return answer;
    }
  }
  return undefined;
}

function judge(request: Request, answer: WriteAnswer | ProblemDetails, before: History, history: History): void {
  const { id, expectedVersion, data } = request;
  if ("record" in answer) {
    expect(answer).toMatchObject({
      status: expectedVersion === 0 ? 201 : 200,
      record: { id, version: expectedVersion + 1, data },
    });
    expect(history[expectedVersion]).toBe(request);
    seen[before.includes(request) ? "repeated" : "written"] += 1;
    return;
  }
  expect(answer.status).toBe(409);
  const currentVersion = answer.currentVersion ?? -1;
  expect(currentVersion).toBeGreaterThanOrEqual(before.length);
  expect(currentVersion).toBeLessThanOrEqual(history.length);
  // Not refused for its own write, and not where nothing was in its way.
  expect(history[currentVersion - 1]).not.toBe(request);
  expect([before.length, history.length]).not.toEqual([expectedVersion, expectedVersion]);
  seen.stale += 1;
}
