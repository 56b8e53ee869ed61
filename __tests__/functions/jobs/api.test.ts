import fc from "fast-check";
import { linesOf } from "../lambda";
import {
  delivered,
  itemOf,
  type LocalJobs,
  ownApiKeyId,
  ownCorrelationId,
  resultObject,
  type SubmitRequest,
  sentDuring,
  timestamp,
  useJobs,
} from "./local-jobs";

/* What callers of the API see: jobs are submitted and followed. */

let jobs: LocalJobs;
useJobs((started) => {
  jobs = started;
});

let keys = 0;
function newKey(): string {
  keys += 1;
  return `idempotency-${keys}`;
}

/** Submits a job, and does what the queue has then. */
async function submitAndWork(request: Partial<SubmitRequest> = {}): Promise<string> {
  let id = "";
  const sent = await sentDuring(jobs, async () => {
    id = String((await jobs.submit(request)).body.id);
  });
  await jobs.work(sent.map(({ body }) => delivered(body)));
  return id;
}

describe("submit", () => {
  test("a job is queued, put down, and answered with its place", async () => {
    const idempotencyKey = newKey();
    let answered: Awaited<ReturnType<LocalJobs["submit"]>> | undefined;
    const sent = await sentDuring(jobs, async () => {
      answered = await jobs.submit({ idempotencyKey, body: { type: "count-words", input: "a b" } });
    });
    const id = answered?.body.id as string;
    expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(answered).toMatchObject({
      status: 202,
      headers: { location: `/dev/jobs/${id}`, "x-correlation-id": ownCorrelationId },
    });
    expect(answered?.body).toEqual({
      id,
      type: "count-words",
      status: "queued",
      createdAt: timestamp,
      updatedAt: timestamp,
    });
    const createdAt = answered?.body.createdAt;
    expect(sent.map(({ queue, body }) => [queue, JSON.parse(body)])).toEqual([
      [
        "jobs",
        { id, type: "count-words", input: "a b", correlationId: ownCorrelationId, requestedBy: ownApiKeyId, createdAt },
      ],
    ]);
    expect(await itemOf(jobs.aws, id)).toEqual({
      id: { S: id },
      type: { S: "count-words" },
      status: { S: "queued" },
      requestedBy: { S: ownApiKeyId },
      requestHash: { S: expect.stringMatching(/^[0-9a-f]{64}$/) },
      correlationId: { S: ownCorrelationId },
      createdAt: { S: createdAt },
      updatedAt: { S: timestamp },
    });
  });

  test("a repeated request is answered with the job as it is now, and queues nothing", async () => {
    const request = { idempotencyKey: newKey() };
    const first = await jobs.submit(request);
    expect(await sentDuring(jobs, async () => expect((await jobs.submit(request)).body).toEqual(first.body))).toEqual(
      [],
    );
    const id = await submitAndWork({ idempotencyKey: newKey() });
    expect(id).not.toBe(first.body.id);
    const done = { idempotencyKey: newKey() };
    await submitAndWork(done);
    expect(await jobs.submit(done)).toMatchObject({ status: 202, body: { status: "succeeded" } });
  });

  describe("PLAT-14 after a region was lost with its queue", () => {
    const minute = 60_000;
    const timeIs = (milliseconds: number) => jest.spyOn(Date, "now").mockReturnValue(milliseconds);

    test("PLAT-14 a job that nobody has heard of for 15 minutes is queued again, as it was submitted", async () => {
      const request = { idempotencyKey: newKey(), correlationId: "correlation-2" };
      const first = await sentDuring(jobs, async () =>
        expect(await jobs.submit(request)).toMatchObject({ status: 202 }),
      );
      const { updatedAt } = (await itemOf(jobs.aws, JSON.parse(first[0]?.body ?? "").id)) ?? {};
      const submittedAt = Date.parse(updatedAt?.S ?? "");
      timeIs(submittedAt + 15 * minute - 1);
      expect(await sentDuring(jobs, () => jobs.submit(request))).toEqual([]);
      timeIs(submittedAt + 15 * minute);
      expect(await sentDuring(jobs, () => jobs.submit(request))).toEqual(first);
    });

    test("PLAT-14 a job that is done, or another's, is not", async () => {
      const done = { idempotencyKey: newKey() };
      await submitAndWork(done);
      const waiting = { idempotencyKey: newKey(), body: { type: "sum", input: [1] } };
      await jobs.submit(waiting);
      timeIs(Date.now() + 60 * minute);
      expect(await sentDuring(jobs, () => jobs.submit(done))).toEqual([]);
      const other = { ...waiting, body: { type: "sum", input: [2] } };
      expect(
        await sentDuring(jobs, async () => expect(await jobs.submit(other)).toMatchObject({ status: 409 })),
      ).toEqual([]);
    });
  });

  test("an idempotency key that was used for another job is refused, and nothing is queued", async () => {
    const idempotencyKey = newKey();
    await jobs.submit({ idempotencyKey, body: { type: "sum", input: [1] } });
    for (const body of [
      { type: "sum", input: [1, 0] },
      { type: "count-words", input: "1" },
    ])
      expect(
        await sentDuring(jobs, async () =>
          expect(await jobs.submit({ idempotencyKey, body })).toMatchObject({
            status: 409,
            body: { type: "urn:tap:problem:idempotency-conflict" },
          }),
        ),
      ).toEqual([]);
  });

  test("two callers may have the same idempotency key", async () => {
    const idempotencyKey = newKey();
    const ids = await Promise.all(
      ["abcde12345", "fghij67890"].map(async (apiKeyId) => (await jobs.submit({ idempotencyKey, apiKeyId })).body.id),
    );
    expect(new Set(ids).size).toBe(2);
  });

  test("an id is of one caller and one key, whatever they are", async () => {
    const { idempotentId } = await import("../../../functions/shared/idempotency");
    const apiKeyId = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const key = fc.stringMatching(/^[A-Za-z0-9_-]{1,4}$/);
    fc.assert(
      fc.property(apiKeyId, key, apiKeyId, key, (caller, one, other, another) => {
        expect(idempotentId(caller, one) === idempotentId(other, another)).toBe(caller === other && one === another);
      }),
    );
    expect(idempotentId("a1", "2")).not.toBe(idempotentId("a", "12"));
  });

  test("of two requests with one key at the same time, one is taken, and its job alone is done", async () => {
    for (let round = 0; round < 5; round += 1) {
      const idempotencyKey = newKey();
      const inputs = [[1], [2], [3]];
      const sent = await sentDuring(jobs, async () => {
        const answers = await Promise.all(
          inputs.map((input) => jobs.submit({ idempotencyKey, body: { type: "sum", input } })),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
        const id = String(answers.find(({ status }) => status === 202)?.body.id);
        const taken = answers.findIndex(({ status }) => status === 202) + 1;
        const records = jobs.aws.sent
          .filter(({ body }) => JSON.parse(body).id === id)
          .map(({ body }) => delivered(body));
        expect(await jobs.work(records)).toEqual([]);
        expect(JSON.parse(resultObject(jobs.aws, id)?.body ?? "")).toMatchObject({ result: taken });
      });
      expect(sent.every(({ queue }) => queue === "jobs")).toBe(true);
    }
  });

  test("what was sent and not put down is done all the same, and its repetition answered", async () => {
    const request = { idempotencyKey: newKey() };
    jobs.fateOf = (operation) => (operation.endsWith("PutItem") ? "lose-request" : "pass");
    const sent = await sentDuring(jobs, async () => expect(await jobs.submit(request)).toMatchObject({ status: 503 }));
    jobs.fateOf = () => "pass";
    expect(await jobs.work(sent.map(({ body }) => delivered(body)))).toEqual([]);
    const again = await jobs.submit(request);
    expect(again).toMatchObject({ status: 202, body: { status: "succeeded" } });
    expect(resultObject(jobs.aws, String(again.body.id))?.versions).toBe(1);
  });

  test("what can't be queued isn't put down: nobody waits for it", async () => {
    const request = { idempotencyKey: newKey() };
    jobs.fateOf = (operation) => (operation.endsWith("SendMessage") ? "lose-request" : "pass");
    expect(await jobs.submit(request)).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
    jobs.fateOf = () => "pass";
    expect(await sentDuring(jobs, () => jobs.submit(request))).toHaveLength(1);
  });

  test.each<[string, unknown, object[]]>([
    [
      "an unknown type",
      { type: "divide", input: [1] },
      [{ pointer: "/body/type", detail: "must be one of count-words, sum" }],
    ],
    [
      "an input of the other type",
      { type: "sum", input: "text" },
      [{ pointer: "/body/input", detail: "must be a text for count-words, and a list of numbers for sum" }],
    ],
    [
      "an input that no message takes",
      { type: "count-words", input: "€".repeat(90_000) },
      [
        {
          pointer: "/body/input",
          detail: "must not be longer than 250000 bytes of JSON in UTF-8: SQS takes messages of 256 KB",
        },
      ],
    ],
    [
      "an unknown key",
      { type: "sum", input: [1], more: 1 },
      [{ pointer: "/body", detail: "must be an object with type and input, and no other keys" }],
    ],
  ])("what is wrong is said: %s", async (_, body, errors) => {
    const sent = await sentDuring(jobs, async () =>
      expect(await jobs.submit({ body })).toMatchObject({ status: 400, body: { errors } }),
    );
    expect(sent).toEqual([]);
  });

  test("any text and any numbers reach the worker as they were, in characters that SQS takes", async () => {
    const input = fc.oneof(
      fc
        .string({ unit: "binary", minLength: 1 })
        .map((text) => ({ type: "count-words", input: `${text}\uFFFE\uFFFF` })),
      fc.array(fc.double({ noDefaultInfinity: true, noNaN: true }), { minLength: 1 }).map((numbers) => ({
        type: "sum",
        input: numbers.map((number) => number + 0),
      })),
    );
    await fc.assert(
      fc.asyncProperty(input, async (body) => {
        const [sent] = await sentDuring(jobs, () => jobs.submit({ idempotencyKey: newKey(), body }));
        // SendMessage: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF
        expect(sent?.body).toMatch(/^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u);
        expect(JSON.parse(sent?.body ?? "")).toMatchObject(JSON.parse(JSON.stringify(body)));
      }),
      { numRuns: 40 },
    );
  });
});

describe("follow", () => {
  test("a job is answered as it is: queued, running, and failed with its reason", async () => {
    let id = "";
    const [sent] = await sentDuring(jobs, async () => {
      id = String((await jobs.submit({ body: { type: "sum", input: [1.7e308, 1.7e308] } })).body.id);
    });
    const job = { id, type: "sum", createdAt: timestamp, updatedAt: timestamp };
    expect((await jobs.follow(id)).body).toEqual({ ...job, status: "queued" });
    jobs.fateOf = (operation) => (operation.endsWith("SendMessage") ? "lose-request" : "pass");
    await jobs.work([delivered(sent?.body ?? "")]);
    jobs.fateOf = () => "pass";
    expect((await jobs.follow(id)).body).toEqual({ ...job, status: "running" });
    await jobs.aws.dynamo.call("UpdateItem", {
      TableName: "jobs",
      Key: { id: { S: id } },
      UpdateExpression: "SET leaseExpiresAt = :past",
      ExpressionAttributeValues: { ":past": { N: "0" } },
    });
    await jobs.work([delivered(sent?.body ?? "")]);
    const reason = "/input has a sum that is beyond the range of a number";
    expect(await jobs.follow(id)).toMatchObject({ status: 200 });
    expect((await jobs.follow(id)).body).toEqual({ ...job, status: "failed", reason });
  });

  test("of a job that succeeded there is a link to its result, for 15 minutes", async () => {
    const id = await submitAndWork();
    const { status, body } = await jobs.follow(id);
    expect([status, body.status]).toEqual([200, "succeeded"]);
    const url = new URL(String(body.resultUrl));
    expect(url.pathname).toBe(`/tap-jobs-results/results/${id}.json`);
    expect(url.searchParams.get("X-Amz-Expires")).toBe("900");
    expect(url.searchParams.get("X-Amz-SignedHeaders")).toBe("host");
    expect(url.searchParams.get("X-Amz-Signature")).toMatch(/^[0-9a-f]{64}$/);
  });

  test("a job is seen by the caller that submitted it alone: for others it isn't there", async () => {
    const id = await submitAndWork();
    const instance = expect.any(String);
    const [others, nobodys] = await Promise.all([jobs.follow(id, "fghij67890"), jobs.follow("nobodys-job")]);
    expect(others).toMatchObject({ status: 404, body: { type: "urn:tap:problem:not-found" } });
    expect({ ...others.body, instance }).toEqual({ ...nobodys.body, instance });
    // Of a message that says nobody, no caller is the one.
    expect(await jobs.follow(id, "-")).toMatchObject({ status: 404 });
  });

  test("reads are consistent: what was submitted is there", async () => {
    const bodies: string[] = [];
    jobs.fateOf = (operation, body) => {
      if (operation.endsWith("GetItem")) bodies.push(body);
      return "pass";
    };
    const { body } = await jobs.submit({});
    await jobs.follow(String(body.id));
    expect(bodies.map((text) => JSON.parse(text))).toEqual(
      Array(2).fill(expect.objectContaining({ ConsistentRead: true })),
    );
  });

  test("a caller is told when the table is down", async () => {
    jobs.fateOf = () => "lose-request";
    expect(await jobs.follow("any-job")).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
  });
});

describe("lines", () => {
  test("API-10 a correlation id goes from the request through the queue to the worker, and back in the response", async () => {
    const correlationId = "correlation-through-all";
    const lines = await linesOf(async () => {
      const sent = await sentDuring(jobs, async () =>
        expect((await jobs.submit({ correlationId })).headers["x-correlation-id"]).toBe(correlationId),
      );
      await jobs.work(sent.map(({ body }) => delivered(body)));
    });
    const about = lines.filter(({ level, job_id }) => level !== undefined && job_id !== undefined);
    expect(about.map(({ message, correlation_id }) => [message, correlation_id])).toEqual([
      ["Job submitted", correlationId],
      ["Job succeeded", correlationId],
    ]);
  });

  test("what happens is counted", async () => {
    const request = { idempotencyKey: newKey() };
    const lines = await linesOf(async () => {
      const { body } = await jobs.submit(request);
      await jobs.submit(request);
      await jobs.follow(String(body.id));
    });
    for (const metric of ["JobSubmitted", "RepeatedSubmission", "JobRead"])
      expect(lines).toContainEqual(expect.objectContaining({ [metric]: 1, service: "jobs" }));
  });

  test("API-11 who submitted what, and when, is in the log, and so is a repetition", async () => {
    const request = { idempotencyKey: newKey() };
    let job: Record<string, unknown> = {};
    const lines = await linesOf(async () => {
      job = (await jobs.submit(request)).body;
      await jobs.submit(request);
    });
    const audit = { action: "submit", jobId: job.id, type: "sum", who: ownApiKeyId, at: job.createdAt };
    expect(lines.filter((line) => "audit" in line)).toEqual([
      expect.objectContaining({ audit, correlation_id: ownCorrelationId }),
      expect.objectContaining({ audit: { ...audit, repeated: true }, correlation_id: ownCorrelationId }),
    ]);
  });

  test("SEC-04 no log or metric has anything of an input, or of a link to a result", async () => {
    const secret = "Erika-Mustermann";
    let url = new URL("https://example.com");
    const lines = await linesOf(async () => {
      const id = await submitAndWork({ body: { type: "count-words", input: secret } });
      url = new URL(String((await jobs.follow(id)).body.resultUrl));
      await jobs.submit({ body: { type: secret, input: { [secret]: secret }, [secret]: secret } });
      jobs.fateOf = (operation) => (operation.endsWith("SendMessage") ? "lose-request" : "pass");
      await jobs.submit({ body: { type: "count-words", input: secret } });
    });
    expect(lines.length).toBeGreaterThan(6);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(JSON.stringify(lines)).not.toContain(url.searchParams.get("X-Amz-Signature"));
    expect(JSON.stringify(lines)).not.toContain("results/");
  });
});
