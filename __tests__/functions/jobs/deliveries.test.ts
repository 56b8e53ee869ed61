import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { maximumInputBytes } from "../../../routes/jobs";
import type { SentMessage } from "../../support/local-services";
import { type Fate, type Front, startFront } from "../front";
import { lambdaContext } from "../lambda";
import { patient } from "../patient";
import {
  delivered,
  itemOf,
  jobsVariables,
  type LocalJobs,
  maximumReceives,
  queueUrl,
  resultObject,
  startJobs,
  submitEvent,
} from "./local-jobs";

/*
 * One job: submitted, and its message delivered to several workers, also to two at once, and again when it was deleted.
 * Each has a network of its own, that loses requests and answers, and each may be gone between any two requests. One
 * request at a time gets through, in an order that fast-check chooses; a lease may run out at any moment, also of a
 * worker that is only slow.
 */

type Handle<Event, Answer> = (event: Event, context: ReturnType<typeof lambdaContext>) => Promise<Answer>;
type Work = Handle<{ Records: ReturnType<typeof delivered>[] }, { batchItemFailures: { itemIdentifier: string }[] }>;
type Submit = Handle<ReturnType<typeof submitEvent>, { statusCode: number; body: string }>;

/** A submitter or a worker, behind a network of its own. */
interface Actor {
  readonly front: Front;
  /** Lets the request that waits in its network get through. */
  release: ((fate: Fate) => void) | undefined;
  isBusy: boolean;
  /** Nothing of what it still sends arrives. */
  isGone: boolean;
}

/** In the queue, until it is done. */
interface Message {
  readonly body: string;
  receives: number;
  /** Workers that have it. */
  held: number;
  isDone: boolean;
}

type Choice =
  | { readonly kind: "request"; readonly actor: number; readonly fate: Fate }
  | { readonly kind: "deliver"; readonly message: number; readonly isDuplicate: boolean }
  | { readonly kind: "crash"; readonly actor: number }
  | { readonly kind: "lease runs out" };

const workerCount = 3;

const request = fc.record({
  kind: fc.constant("request" as const),
  actor: fc.nat(workerCount),
  fate: fc.constantFrom<Fate>("pass", "pass", "pass", "pass", "lose-request", "lose-answer"),
});
const deliver = fc.record({
  kind: fc.constant("deliver" as const),
  message: fc.nat(3),
  isDuplicate: fc.boolean(),
});
const crash = fc.record({ kind: fc.constant("crash" as const), actor: fc.nat(workerCount) });
const expiry = fc.constant({ kind: "lease runs out" as const });
/** A service is down for a while. */
const outage = fc
  .integer({ min: 2, max: 6 })
  .map((length) =>
    Array.from({ length }, () => ({ kind: "request" as const, actor: 0, fate: "lose-request" as const })),
  );
const choices: fc.Arbitrary<Choice[]> = fc
  .array(
    fc.oneof(
      { weight: 16, arbitrary: request },
      { weight: 6, arbitrary: deliver },
      { weight: 2, arbitrary: crash },
      { weight: 2, arbitrary: expiry },
      { weight: 1, arbitrary: outage },
    ),
    { minLength: 10, maxLength: 60 },
  )
  .map((parts) => parts.flat());

let jobs: LocalJobs;
let works: Work[];
let submit: Submit;
let actors: Actor[];
let noticeChange = () => {};

beforeAll(async () => {
  jobs = await startJobs();
  const { createWorkHandler } = await import("../../../functions/jobs/work/handler");
  const { createSubmitHandler } = await import("../../../functions/jobs/submit/handler");
  actors = await Promise.all(Array.from({ length: workerCount + 1 }, startActor));
  const services = actors.map(({ front: { endpoint } }) => {
    // A request may wait long for its turn.
    const settings = { ...patient, endpoint, maxAttempts: 2 };
    const queue = (name: "jobs" | "dead-letters") => ({
      client: new SQSClient(settings),
      url: queueUrl(endpoint, name),
    });
    return {
      table: { client: new DynamoDBClient(settings), name: "jobs" },
      queue: queue("jobs"),
      deadLetters: queue("dead-letters"),
      results: { client: new S3Client(settings), name: jobsVariables.BUCKET_NAME as string },
      settings: async () => ({ paused: false, "maximum-input-bytes": maximumInputBytes }),
      maximumReceives,
    };
  });
  const [first, ...others] = services as [(typeof services)[0], ...typeof services];
  submit = createSubmitHandler(first.table, first.queue);
  works = others.map((worker) => createWorkHandler(worker));
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await Promise.all(actors.map(({ front }) => front.stop()));
  await jobs.stop();
});

async function startActor(): Promise<Actor> {
  const actor: Actor = {
    front: await startFront(jobs.aws.endpoint, () => {
      if (actor.isGone) return "lose-request";
      return new Promise<Fate>((resolve) => {
        actor.release = resolve;
        noticeChange();
      });
    }),
    release: undefined,
    isBusy: false,
    isGone: false,
  };
  return actor;
}

/** What happened over all runs: a property of nothing would prove nothing. */
const seen = { succeeded: 0, failed: 0, duplicates: 0, takenOver: 0, crashes: 0, returned: 0, resent: 0 };

test("PLAT-07 whatever is lost, repeated or gone, a job has one result and one end, and its messages are done or told why not", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom([1, 2, 3], [1, 2, 3], [1.7e308, 1.7e308]),
      // Some have been given out before.
      fc.constantFrom(0, 0, maximumReceives - 1),
      choices,
      async (input, receivesBefore, sequence) => {
        run += 1;
        await new Run(`run-${run}-of-deliveries`, input, receivesBefore).play(sequence);
      },
    ),
    { numRuns: 60 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
}, 180_000);

class Run {
  private readonly messages: Message[] = [];
  private readonly deadLetters: SentMessage[] = [];
  private readonly sentBefore = jobs.aws.sent.length;
  private sentSeen = this.sentBefore;
  private id = "";
  private end: string | undefined;
  private rank = 0;
  private isOver = false;

  constructor(
    private readonly key: string,
    private readonly input: readonly number[],
    private readonly receivesBefore: number,
  ) {}

  async play(choices: readonly Choice[]): Promise<void> {
    const { idempotentId } = await import("../../../functions/shared/idempotency");
    this.id = idempotentId("abcde12345", this.key);
    this.startSubmitting();
    try {
      for (const next of choices) {
        await untilAllWait();
        await this.apply(next);
        await untilAllWait();
        await this.observe();
      }
      await this.finish();
      await this.judge();
    } finally {
      this.isOver = true;
    }
  }

  private async apply(next: Choice): Promise<void> {
    if (next.kind === "request") return letThrough(next.actor, next.fate);
    if (next.kind === "deliver") return this.deliver(next.message, next.isDuplicate);
    if (next.kind === "lease runs out") return await this.expireLease();
    const actor = actors[next.actor] as Actor;
    if (!actor.isBusy || actor.isGone) return;
    seen.crashes += 1;
    actor.isGone = true;
    releaseOf(actor)?.("lose-request");
  }

  /** The client repeats its request until it is answered, or gone; no longer than the run, which may fail before. */
  private startSubmitting(): void {
    const actor = actors[0] as Actor;
    actor.isBusy = true;
    const event = submitEvent({ idempotencyKey: this.key, body: { type: "sum", input: this.input } });
    submit(event, lambdaContext({ getRemainingTimeInMillis: () => 1_000_000 })).then(({ statusCode }) => {
      const isAnswered = statusCode === 202;
      const isGone = actor.isGone;
      actor.isBusy = false;
      actor.isGone = false;
      if (!isAnswered && !isGone) expect(statusCode).toBe(503);
      if (!isAnswered && !this.isOver) this.startSubmitting();
      noticeChange();
    });
  }

  private deliver(index: number, isDuplicate: boolean): void {
    const worker = actors.findIndex(({ isBusy }, position) => position > 0 && !isBusy);
    const candidates = this.messages.filter(({ isDone, held }) => isDuplicate || (!isDone && held === 0));
    const message = candidates[index % candidates.length];
    if (worker === -1 || message === undefined) return;
    if (message.held > 0 || message.isDone) seen.duplicates += 1;
    const actor = actors[worker] as Actor;
    actor.isBusy = true;
    message.receives += 1;
    message.held += 1;
    const record = delivered(message.body, message.receives);
    const context = lambdaContext({ getRemainingTimeInMillis: () => 1_000_000 });
    (works[worker - 1] as Work)({ Records: [record] }, context).then(({ batchItemFailures }) => {
      // What one that is gone would have said, SQS doesn't hear.
      if (!actor.isGone && batchItemFailures.length === 0) message.isDone = true;
      if (!actor.isGone && batchItemFailures.length > 0) seen.returned += 1;
      message.held -= 1;
      actor.isBusy = false;
      actor.isGone = false;
      noticeChange();
    });
  }

  private async expireLease(): Promise<void> {
    const item = await itemOf(jobs.aws, this.id);
    if (item?.status?.S !== "running" || item.leaseExpiresAt?.N === "0") return;
    if (actors.some(({ isBusy, isGone }, index) => index > 0 && isBusy && !isGone)) seen.takenOver += 1;
    await jobs.aws.dynamo.call("UpdateItem", {
      TableName: "jobs",
      Key: { id: { S: this.id } },
      UpdateExpression: "SET leaseExpiresAt = :past",
      ExpressionAttributeValues: { ":past": { N: "0" } },
    });
  }

  /** What holds after each step. */
  private async observe(): Promise<void> {
    for (const sent of jobs.aws.sent.slice(this.sentSeen)) {
      this.sentSeen += 1;
      if (sent.queue === "jobs") {
        const receives = sent.delaySeconds > 0 ? 0 : this.receivesBefore;
        this.messages.push({ body: sent.body, receives, held: 0, isDone: false });
      } else this.deadLetters.push(sent);
      if (sent.delaySeconds > 0) seen.resent += 1;
    }
    const status = (await itemOf(jobs.aws, this.id))?.status?.S;
    const rank = status === undefined ? 0 : ["queued", "running"].indexOf(status) + 1 || 3;
    expect(rank).toBeGreaterThanOrEqual(this.rank);
    if (this.end !== undefined) expect(status).toBe(this.end);
    if (rank === 3) this.end = status;
    this.rank = rank;
    expect(resultObject(jobs.aws, this.id)?.versions ?? 1).toBe(1);
  }

  /** From here on everything works. */
  private async finish(): Promise<void> {
    for (let step = 0; step < 500; step += 1) {
      await untilAllWait();
      await this.observe();
      const waiting = actors.findIndex(({ release }) => release !== undefined);
      if (waiting >= 0) letThrough(waiting, "pass");
      else if (actors.some(({ isBusy }) => isBusy)) await untilChange();
      else if (this.messages.every(({ isDone }) => isDone)) {
        if (this.end !== undefined || this.deadLetters.length === 0) return;
        // The table was down: as `tap redrive` does.
        this.messages.push({ body: this.deadLetters[0]?.body ?? "", receives: 0, held: 0, isDone: false });
      } else {
        await this.expireLease();
        this.deliver(0, false);
      }
    }
    throw new Error("It doesn't come to an end");
  }

  private async judge(): Promise<void> {
    const item = await itemOf(jobs.aws, this.id);
    const result = resultObject(jobs.aws, this.id);
    const isPossible = Number.isFinite(this.input.reduce((sum, number) => sum + number, 0));
    for (const { attributes } of this.deadLetters) expect(attributes.reason).toMatch(/^(Not done in|\/input) /);
    if (this.deadLetters.length === 0) expect(item?.status?.S).toBe("succeeded");
    if (item?.status?.S === "succeeded") {
      seen.succeeded += 1;
      expect(isPossible).toBe(true);
      expect(result).toEqual({ body: JSON.stringify({ id: this.id, type: "sum", result: 6 }), versions: 1 });
    } else {
      seen.failed += 1;
      expect(item?.status?.S).toBe("failed");
      expect(this.deadLetters.map(({ attributes }) => attributes.reason)).toContain(item?.reason?.S);
      if (!isPossible) expect(result).toBeUndefined();
    }
    expect(item).not.toHaveProperty("leaseOwner");
  }
}

function releaseOf(actor: Actor): ((fate: Fate) => void) | undefined {
  const { release } = actor;
  actor.release = undefined;
  return release;
}

function letThrough(index: number, fate: Fate): void {
  const waiting = actors.filter(({ release }) => release !== undefined);
  const actor = waiting[index % waiting.length];
  if (actor !== undefined) releaseOf(actor)?.(fate);
}

/** Until every actor is idle, gone, or waits for its network. */
async function untilAllWait(): Promise<void> {
  while (actors.some(({ isBusy, isGone, release }) => isBusy && !isGone && release === undefined)) await untilChange();
}

function untilChange(): Promise<void> {
  return new Promise((resolve) => {
    noticeChange = resolve;
  });
}
