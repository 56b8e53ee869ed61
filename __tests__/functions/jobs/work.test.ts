import fc from "fast-check";
import { maximumInputBytes } from "../../../routes/jobs";
import { linesOf } from "../lambda";
import { inTime } from "../passing-time";
import {
  delivered,
  type Item,
  itemOf,
  jobMessage,
  type LocalJobs,
  maximumReceives,
  ownApiKeyId,
  ownCorrelationId,
  resultObject,
  sentDuring,
  timestamp,
  useJobs,
} from "./local-jobs";

let jobs: LocalJobs;
useJobs((started) => {
  jobs = started;
});

const statusOf = async (id: string) => (await itemOf(jobs.aws, id))?.status?.S;

async function putItem(id: string, changes: Item): Promise<void> {
  const { requestHash } = (await itemOf(jobs.aws, id)) ?? {};
  const item = {
    id: { S: id },
    type: { S: "sum" },
    status: { S: "queued" },
    requestedBy: { S: ownApiKeyId },
    requestHash,
    correlationId: { S: ownCorrelationId },
    createdAt: { S: "2026-01-01T00:00:00.000Z" },
    updatedAt: { S: "2026-01-01T00:00:00.000Z" },
    ...changes,
  };
  await jobs.aws.dynamo.call("PutItem", { TableName: "jobs", Item: item });
}

/** A job that is done, and its message. */
async function doneJob() {
  const message = jobMessage();
  await jobs.work([delivered(message)]);
  return message;
}

describe("work", () => {
  test.each([
    ["count-words", "one two\n three", 3],
    ["count-words", " \t ", 0],
    ["count-words", "größer—als ﷺ 👩‍👩‍👧", 3],
    ["sum", [1, 2.5, -4], -0.5],
  ])("a job is done, and its result stored: %s of %j", async (type, input, result) => {
    const message = jobMessage({ type, input });
    expect(await jobs.work([delivered(message)])).toEqual([]);
    expect(JSON.parse(resultObject(jobs.aws, message.id)?.body ?? "")).toEqual({ id: message.id, type, result });
    expect(await itemOf(jobs.aws, message.id)).toEqual({
      id: { S: message.id },
      type: { S: type },
      status: { S: "succeeded" },
      requestedBy: { S: ownApiKeyId },
      requestHash: { S: expect.stringMatching(/^[0-9a-f]{64}$/) },
      correlationId: { S: ownCorrelationId },
      createdAt: { S: message.createdAt },
      updatedAt: { S: timestamp },
    });
  });

  test("a result is stored as JSON, and never over another", async () => {
    const { id } = await doneJob();
    expect(
      jobs.aws.requests.find(({ operation }) => operation === `PUT tap-jobs-results/results/${id}.json`),
    ).toMatchObject({
      headers: { "content-type": "application/json", "if-none-match": "*" },
    });
  });

  test("a message that is delivered again, or twice at once, has one effect", async () => {
    const message = jobMessage();
    await Promise.all(Array.from({ length: 5 }, () => jobs.work([delivered(message)])));
    const before = await itemOf(jobs.aws, message.id);
    expect(await jobs.work([delivered(message), delivered(message)])).toEqual([]);
    expect(before?.status?.S).toBe("succeeded");
    expect(await itemOf(jobs.aws, message.id)).toEqual(before);
    expect(resultObject(jobs.aws, message.id)?.versions).toBe(1);
  });

  test("PLAT-07 of a batch, only what failed is delivered again", async () => {
    const [first, second, third] = [jobMessage(), jobMessage(), jobMessage()] as const;
    jobs.fateOf = (operation) => (operation.includes(second.id) ? { status: 503, body: {} } : "pass");
    const records = [first, second, third].map((message) => delivered(message));
    expect(await jobs.work(records)).toEqual([records[1]?.messageId]);
    expect(await Promise.all([first, second, third].map(({ id }) => statusOf(id)))).toEqual([
      "succeeded",
      "running",
      "succeeded",
    ]);
    jobs.fateOf = () => "pass";
    // At once: who fails lets go of the job.
    expect(await jobs.work([delivered(second, 2)])).toEqual([]);
    expect(await statusOf(second.id)).toBe("succeeded");
  });
});

describe("leases", () => {
  /** A job that another works on, until a moment. */
  async function runningJob(leaseExpiresAt: number) {
    const message = await doneJob();
    jobs.aws.objects.clear();
    await putItem(message.id, {
      status: { S: "running" },
      leaseOwner: { S: "another" },
      leaseExpiresAt: { N: String(leaseExpiresAt) },
    });
    return message;
  }

  test("a job that another works on is left to it, and its message delivered again", async () => {
    const message = await runningJob(Date.now() + 60_000);
    const before = await itemOf(jobs.aws, message.id);
    const record = delivered(message);
    expect(await jobs.work([record])).toEqual([record.messageId]);
    expect(await itemOf(jobs.aws, message.id)).toEqual(before);
    expect(resultObject(jobs.aws, message.id)).toBeUndefined();
  });

  test("PLAT-07 such a message isn't lost on its last receive: it is sent afresh, when the lease will have run out", async () => {
    const message = await runningJob(Date.now() + 45_000);
    const sent = await sentDuring(jobs, async () =>
      expect(await jobs.work([delivered(message, maximumReceives)])).toEqual([]),
    );
    expect(sent).toEqual([{ queue: "jobs", body: JSON.stringify(message), delaySeconds: 60, attributes: {} }]);
    expect(await statusOf(message.id)).toBe("running");
  });

  test("a job whose lease has run out is taken over", async () => {
    const message = await runningJob(Date.now() - 1);
    expect(await jobs.work([delivered(message, 2)])).toEqual([]);
    expect(await statusOf(message.id)).toBe("succeeded");
  });

  test("a job that failed meanwhile stays as it is, also where a slow worker has its result after all", async () => {
    const message = jobMessage();
    jobs.fateOf = async (operation) => {
      if (operation.startsWith("PUT")) await putItem(message.id, { status: { S: "failed" }, reason: { S: "Why not" } });
      return "pass" as const;
    };
    expect(await jobs.work([delivered(message)])).toEqual([]);
    expect(await itemOf(jobs.aws, message.id)).toMatchObject({ status: { S: "failed" }, reason: { S: "Why not" } });
  });

  test("a lease holds as long as its owner can work, with 15 s for clocks that differ, and no longer", async () => {
    const message = jobMessage();
    let seen: Item | undefined;
    jobs.fateOf = async (operation) => {
      if (operation.startsWith("PUT")) seen = await itemOf(jobs.aws, message.id);
      return "pass" as const;
    };
    const start = Date.now();
    jest.spyOn(Date, "now").mockReturnValue(start);
    await jobs.work([delivered(message)], { getRemainingTimeInMillis: () => 20_000 });
    expect(seen?.status?.S).toBe("running");
    expect(Number(seen?.leaseExpiresAt?.N)).toBe(start + 35_000);
  });

  test("a claim whose answer is lost on the way is known again", async () => {
    const message = jobMessage();
    let isLost = false;
    jobs.fateOf = (operation) => {
      if (isLost || !operation.endsWith("UpdateItem")) return "pass";
      isLost = true;
      return "lose-answer";
    };
    expect(await jobs.work([delivered(message)])).toEqual([]);
    expect(await statusOf(message.id)).toBe("succeeded");
  });

  test("a result whose answer is lost on the way is stored once", async () => {
    const message = jobMessage();
    let isLost = false;
    jobs.fateOf = (operation) => {
      if (isLost || !operation.startsWith("PUT")) return "pass";
      isLost = true;
      return "lose-answer";
    };
    expect(await jobs.work([delivered(message)])).toEqual([]);
    expect(resultObject(jobs.aws, message.id)?.versions).toBe(1);
    expect(await statusOf(message.id)).toBe("succeeded");
  });
});

const sizeRule = `must not be longer than ${maximumInputBytes} bytes of JSON in UTF-8: SQS takes messages of 256 KB`;

describe("permanent trouble", () => {
  const rules = "The message breaks rules: ";
  test.each<[string, object, string]>([
    ["an unknown type", { type: "divide" }, `${rules}/type must be one of count-words, sum`],
    [
      "an input of another type",
      { input: "text" },
      `${rules}/input must be a text for count-words, and a list of numbers for sum`,
    ],
    [
      "no input",
      { input: [] },
      `${rules}/input must be a text of 1 to 100,000 characters, or a list of 1 to 10,000 numbers`,
    ],
    [
      "a long input",
      { type: "count-words", input: "a".repeat(100_001) },
      `${rules}/input must be a text of 1 to 100,000 characters, or a list of 1 to 10,000 numbers`,
    ],
    ["a large input", { type: "count-words", input: "€".repeat(83_400) }, `${rules}/input ${sizeRule}`],
    ["a sum that is none", { input: [1.7e308, 1.7e308] }, "/input has a sum that is beyond the range of a number"],
    [
      "another key",
      { more: 1 },
      `${rules}must be an object with id, type, input, correlationId, requestedBy and createdAt, and no other keys`,
    ],
    ["nobody who wants it", { requestedBy: undefined }, `${rules}/requestedBy must be the id of an API key`],
    [
      "two at once",
      { createdAt: 1, requestedBy: 2 },
      `${rules}/requestedBy must be the id of an API key; /createdAt must be a time in ISO 8601, UTC`,
    ],
  ])(
    "PLAT-07 the job fails, and its message is among the dead letters with the reason: %s",
    async (_, changes, reason) => {
      const message = jobMessage(changes);
      const record = delivered(message);
      const sent = await sentDuring(jobs, async () => expect(await jobs.work([record])).toEqual([]));
      expect(sent).toEqual([
        {
          queue: "dead-letters",
          body: record.body,
          delaySeconds: 0,
          attributes: { reason, correlationId: ownCorrelationId, sourceMessageId: record.messageId, receiveCount: "1" },
        },
      ]);
      expect(await itemOf(jobs.aws, message.id)).toMatchObject({ status: { S: "failed" }, reason: { S: reason } });
      expect(resultObject(jobs.aws, message.id)).toBeUndefined();
      // Delivered once more, there is nothing to say.
      expect(await sentDuring(jobs, () => jobs.work([delivered(message, 2)]))).toEqual([]);
    },
  );

  test.each([["no JSON"], ["null"], ["[]"], ['{"id":7}'], ['{"id":"a/b"}']])(
    "PLAT-07 a message without an id of a job is among the dead letters with the reason: %s",
    async (body) => {
      const record = delivered(body);
      const sent = await sentDuring(jobs, async () => expect(await jobs.work([record])).toEqual([]));
      expect(sent).toMatchObject([
        {
          queue: "dead-letters",
          body,
          attributes: { reason: "The message has no id of a job", correlationId: record.messageId },
        },
      ]);
    },
  );

  test("PLAT-07 a message that can't be put among the dead letters is delivered again, and its job not failed before", async () => {
    const message = jobMessage({ type: "divide" });
    const record = delivered(message);
    jobs.fateOf = (operation) => (operation.endsWith("SendMessage") ? "lose-request" : "pass");
    expect(await jobs.work([record])).toEqual([record.messageId]);
    expect(await statusOf(message.id)).toBe("running");
  });

  test("a message that breaks rules has no effect on another job of the same id", async () => {
    const message = await doneJob();
    await putItem(message.id, { status: { S: "queued" } });
    const sent = await sentDuring(jobs, () => jobs.work([delivered({ ...message, type: "divide" })]));
    expect(sent).toMatchObject([{ queue: "dead-letters" }]);
    expect(await statusOf(message.id)).toBe("queued");
  });

  test("what another request with the same id wants isn't done", async () => {
    const message = await doneJob();
    await putItem(message.id, { status: { S: "queued" } });
    jobs.aws.objects.clear();
    const sent = await sentDuring(jobs, async () =>
      expect(await jobs.work([delivered({ ...message, input: [4] })])).toEqual([]),
    );
    expect([sent, await statusOf(message.id), jobs.aws.objects.size]).toEqual([[], "queued", 0]);
  });
});

describe("transient trouble", () => {
  const failing = (part: string) => (operation: string) =>
    operation.includes(part) ? { status: 503, body: {} } : ("pass" as const);

  test("PLAT-07 on the last receive the job fails, and its message is among the dead letters with the reason", async () => {
    const message = jobMessage();
    jobs.fateOf = failing("PUT");
    for (let receives = 1; receives < maximumReceives; receives += 1) {
      const record = delivered(message, receives);
      expect(await jobs.work([record])).toEqual([record.messageId]);
      expect(await statusOf(message.id)).toBe("running");
    }
    const sent = await sentDuring(jobs, async () =>
      expect(await jobs.work([delivered(message, maximumReceives)])).toEqual([]),
    );
    const reason = expect.stringMatching(/^Not done in 3 receives; at last: \w+$/);
    expect(sent).toMatchObject([{ queue: "dead-letters", body: JSON.stringify(message), attributes: { reason } }]);
    expect(await itemOf(jobs.aws, message.id)).toMatchObject({ status: { S: "failed" }, reason: { S: reason } });
  });

  test("PLAT-07 where the table is down on the last receive, the message waits among the dead letters for a redrive", async () => {
    const message = jobMessage();
    jobs.fateOf = failing("DynamoDB");
    const sent = await sentDuring(jobs, async () =>
      expect(await jobs.work([delivered(message, maximumReceives)])).toEqual([]),
    );
    expect(sent).toMatchObject([
      { queue: "dead-letters", attributes: { reason: expect.stringContaining("Not done") } },
    ]);
    jobs.fateOf = () => "pass";
    expect(await jobs.work([delivered(sent[0]?.body ?? "")])).toEqual([]);
    expect(await statusOf(message.id)).toBe("succeeded");
  });

  test("PLAT-07 a message that was given out more often than it may be isn't tried once more: whoever had it didn't come back", async () => {
    const message = jobMessage();
    const sent = await sentDuring(jobs, async () =>
      expect(await jobs.work([delivered(message, maximumReceives + 1)])).toEqual([]),
    );
    expect(sent).toMatchObject([{ queue: "dead-letters", attributes: { reason: "Not done in 3 receives" } }]);
    expect(await statusOf(message.id)).toBe("failed");
    expect(resultObject(jobs.aws, message.id)).toBeUndefined();
  });

  test("a worker ends its work before Lambda ends the function, and says which messages are open", async () => {
    const [slow, quick] = [jobMessage(), jobMessage()];
    jobs.fateOf = (operation) => (operation.includes(slow.id) ? new Promise<never>(() => undefined) : "pass");
    const records = [delivered(slow), delivered(quick)];
    const quickIsDone = () => jest.mocked(process.stdout.write).mock.calls.join().includes("Job succeeded");
    const { answer, milliseconds } = await inTime(
      500,
      () => jobs.work(records, { getRemainingTimeInMillis: () => 1_500 }),
      quickIsDone,
    );
    expect(answer).toEqual([records[0]?.messageId]);
    expect(milliseconds).toBe(500);
    expect(await statusOf(quick.id)).toBe("succeeded");
  });
});

describe("lines", () => {
  test("API-10 the correlation id of its job is in every line about a message, and no other's", async () => {
    const messages = ["correlation-a", "correlation-b"].map((correlationId) => jobMessage({ correlationId }));
    const refused = jobMessage({ type: "divide", correlationId: "correlation-c" });
    const lines = await linesOf(() => jobs.work([...messages, refused].map((message) => delivered(message))));
    const about = lines.filter((line) => "message_id" in line);
    expect(about.length).toBeGreaterThanOrEqual(4);
    for (const message of [...messages, refused]) {
      const own = about.filter(({ job_id }) => job_id === message.id);
      expect(own.length).toBeGreaterThan(0);
      for (const line of own) expect(line.correlation_id).toBe(message.correlationId);
    }
    for (const line of lines.filter((line) => "level" in line)) expect(line.correlation_id).toEqual(expect.any(String));
  });

  test("what happens is counted", async () => {
    const done = await doneJob();
    const lines = await linesOf(async () => {
      await jobs.work([delivered(jobMessage()), delivered(done), delivered("no JSON")]);
      await jobs.work([delivered(jobMessage({ type: "divide" })), delivered({ ...done, input: [7] })]);
      jobs.fateOf = (operation) => (operation.startsWith("PUT") ? "lose-request" : "pass");
      await jobs.work([delivered(jobMessage())]);
    });
    const metrics = lines.filter((line) => "_aws" in line);
    for (const expected of [
      { JobSucceeded: 1, RepeatedDelivery: 1, DeadLettered: 1 },
      { JobFailed: 1, DeadLettered: 1, IdempotencyConflict: 1 },
      { MessageReturned: 1 },
    ])
      expect(metrics).toContainEqual(expect.objectContaining({ ...expected, service: "jobs" }));
  });

  const secret = "Erika-Mustermann";
  test.each<[string, object | string]>([
    ["a job that is done", jobMessage({ type: "count-words", input: secret })],
    ["an unknown type", jobMessage({ type: secret })],
    ["an input of another kind", jobMessage({ input: { [secret]: secret } })],
    ["numbers that are none", jobMessage({ input: [secret] })],
    ["another key", jobMessage({ [secret]: secret })],
    ["a time that is none", jobMessage({ createdAt: secret })],
    ["no JSON", `${secret} {`],
    ["no id", JSON.stringify({ [secret]: secret })],
  ])("SEC-04 no log, metric or reason has anything of the payload: %s", async (_, message) => {
    let sent: unknown[] = [];
    const lines = await linesOf(async () => {
      sent = await sentDuring(jobs, () => jobs.work([delivered(message)]));
    });
    expect(lines).not.toEqual([]);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(JSON.stringify(sent.map((letter) => ({ ...(letter as object), body: "" })))).not.toContain(secret);
  });

  test.each(["PUT", "UpdateItem", "SendMessage"])("SEC-04 nor where a service is down: %s", async (part) => {
    jobs.fateOf = (operation) => (operation.includes(part) ? "lose-request" : "pass");
    const message = jobMessage({ type: part === "SendMessage" ? secret : "count-words", input: secret });
    const lines = await linesOf(() => jobs.work([delivered(message)]));
    expect(lines.filter(({ level }) => level === "ERROR" || level === "INFO")).not.toEqual([]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });
});

test("a job is told from another by what it is to do", async () => {
  const { requestHashOf } = await import("../../../functions/jobs/job");
  const input = fc.record({ type: fc.constantFrom("sum", "count-words"), input: fc.jsonValue() });
  fc.assert(
    fc.property(input, input, (one, other) => {
      expect(requestHashOf(one) === requestHashOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      expect(requestHashOf(JSON.parse(JSON.stringify(one)))).toBe(requestHashOf(one));
    }),
  );
});
