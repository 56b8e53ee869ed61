import { stream as streamApi } from "../../../routes/stream";
import type { Fate } from "../front";
import { expectPromised, httpEvent, seen } from "../http-events";
import { lambdaContext, linesOf } from "../lambda";
import { ingest, type LocalStream, useStream } from "./local-stream";
import { type SampleRecord, sampleRecord, sealed, secretValueOf, versionIds } from "./sample-records";

let stream: LocalStream;
useStream((started) => {
  stream = started;
});

const records = (length: number): SampleRecord[] =>
  Array.from({ length }, (_, index) => sampleRecord({ id: `record-${index}` }));

/** Waits of nothing at all, and what they would have been. */
function withoutWaits(random = 0): void {
  jest.spyOn(Math, "random").mockReturnValue(random);
}

describe("POST /process", () => {
  test("STR-02 all records are signed, put on the stream by their source, and answered for", async () => {
    const sent = [sampleRecord(), sampleRecord({ id: "record-2", source: "press.8", value: -0.000001 })];
    const answer = await ingest(stream, { records: sent }, { headers: { "X-Correlation-Id": "correlation-1" } });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        accepted: 2,
        failed: 0,
        results: [
          { index: 0, id: "record-1", status: "accepted" },
          { index: 1, id: "record-2", status: "accepted" },
        ],
      },
    });
    expect(stream.aws.kinesis.records).toEqual(
      sent.map((record) => ({ data: sealed(record, versionIds[1]), partitionKey: record.source })),
    );
    expectPromised(streamApi, [], { method: "POST", resource: "/process" }, answer);
  });

  test("STR-02 as many records as one call of Kinesis takes", async () => {
    expect(await ingest(stream, { records: records(500) })).toMatchObject({ status: 200, body: { accepted: 500 } });
    expect(stream.aws.kinesis.calls).toEqual([500]);
  });

  const valueRule = "must be a number from -1000000000000 to 1000000000000 with at most 6 decimal places";
  const timeRule = "must be a time in ISO 8601, UTC, such as 2026-01-01T00:00:00Z, with milliseconds or without";
  const recordsRule = "must be a list of 1 to 500 records";
  test.each<[string, unknown, object[]]>([
    ["no records", { records: [] }, [{ pointer: "/body/records", detail: recordsRule }]],
    ["too many", { records: Array(501).fill(sampleRecord()) }, [{ pointer: "/body/records", detail: recordsRule }]],
    [
      "far too many of nothing",
      { records: Array(400_000).fill(0) },
      [{ pointer: "/body/records", detail: recordsRule }],
    ],
    ["no list", { records: sampleRecord() }, [{ pointer: "/body/records", detail: recordsRule }]],
    [
      "another key",
      { records: [sampleRecord()], more: 1 },
      [{ pointer: "/body", detail: "must be an object with records, and no other keys" }],
    ],
    ["no JSON", "{", [{ pointer: "/body", detail: "must be JSON, without keys named __proto__" }]],
    [
      "all that is wrong, in two records",
      {
        records: [
          sampleRecord(),
          sampleRecord({ value: 1e12 + 1, occurredAt: "2026-02-29T00:00:00Z" }),
          { ...sampleRecord({ id: "a.b", source: "a/b", metric: "", value: 0.1234567 }), unit: "K" },
        ],
      },
      [
        { pointer: "/body/records/1/value", detail: valueRule },
        { pointer: "/body/records/1/occurredAt", detail: timeRule },
        { pointer: "/body/records/2/id", detail: "must be 1 to 64 of A-Z a-z 0-9 _ -" },
        { pointer: "/body/records/2/source", detail: "must be 1 to 64 of A-Z a-z 0-9 . _ -" },
        { pointer: "/body/records/2/metric", detail: "must be 1 to 64 of A-Z a-z 0-9 . _ -" },
        { pointer: "/body/records/2/value", detail: valueRule },
        {
          pointer: "/body/records/2",
          detail: "must be an object with id, source, metric, value and occurredAt, and no other keys",
        },
      ],
    ],
  ])("STR-02 what is wrong is named, and nothing put on the stream: %s", async (_, body, errors) => {
    expect(await ingest(stream, body)).toMatchObject({ status: 400, body: { errors } });
    expect(stream.aws.requests).toEqual([]);
  });

  test.each([
    "2026-13-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00+00:00",
    "now",
  ])("STR-02 no time in UTC: %s", async (occurredAt) => {
    expect(await ingest(stream, { records: [sampleRecord({ occurredAt })] })).toMatchObject({ status: 400 });
  });

  test.each([0, -0, 1e-6, -1e12, 1e12, 0.3, 123_456.789012])("STR-02 %d is a value", async (value) => {
    expect(await ingest(stream, { records: [sampleRecord({ value })] })).toMatchObject({ status: 200 });
  });

  test("STR-02 who has no key, or sends something else, is told so", async () => {
    expect(await ingest(stream, { records: records(1) }, { apiKeyId: null })).toMatchObject({ status: 403 });
    expect(await ingest(stream, { records: records(1) }, { headers: { "Content-Type": "text/csv" } })).toMatchObject({
      status: 415,
    });
    expect(stream.aws.requests).toEqual([]);
  });

  test("STR-02 a page of an allowed origin may read the answer, and of another may not", async () => {
    const origin = (Origin: string) => ingest(stream, { records: records(1) }, { headers: { Origin } });
    expect((await origin("https://app.example.com")).headers).toMatchObject({
      "access-control-allow-origin": "https://app.example.com",
    });
    expect((await origin("https://other.example.com")).headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("records that Kinesis refuses", () => {
  test("STR-02 they alone are put again, until they are there", async () => {
    withoutWaits();
    let refusals = 0;
    stream.aws.kinesis.refuse = (_, place) => {
      if (place % 2 === 0 || refusals >= 75) return undefined;
      refusals += 1;
      return refusals % 2 === 0 ? "InternalFailure" : "ProvisionedThroughputExceededException";
    };
    const answer = await ingest(stream, { records: records(100) });
    expect(answer).toMatchObject({ status: 200, body: { accepted: 100, failed: 0 } });
    expect(stream.aws.kinesis.calls).toEqual([100, 50, 25]);
    expect(stream.aws.kinesis.records).toHaveLength(100);
  });

  test("STR-02 waits between attempts grow twofold up to 2 s, each by chance between nothing and all of it", async () => {
    const waits: number[] = [];
    const { delayMilliseconds } = await import("../../../functions/stream/record-stream");
    for (const random of [0, 0.5, 1]) {
      jest.spyOn(Math, "random").mockReturnValue(random);
      waits.push(...[0, 1, 2, 3, 6, 7, 100].map((attempt) => delayMilliseconds(attempt)));
    }
    expect(waits).toEqual([
      ...[0, 0, 0, 0, 0, 0, 0],
      ...[0, 25, 50, 100, 800, 1_000, 1_000],
      ...[0, 50, 100, 200, 1_600, 2_000, 2_000],
    ]);
  });

  /** Time goes by with each call alone: so many seconds. */
  function callsTake(seconds: number): void {
    let now = 0;
    jest.spyOn(performance, "now").mockImplementation(() => now);
    stream.fateOf = (operation) => {
      if (operation === "PutRecords") now += seconds * 1_000;
      return "pass";
    };
  }

  test("STR-02 those that are left when time is up are told apart, each with its reason", async () => {
    withoutWaits();
    callsTake(3);
    stream.aws.kinesis.refuse = ({ data }) => {
      if (data.includes('"record-1"')) return "ProvisionedThroughputExceededException";
      return data.includes('"record-3"') ? "InternalFailure" : undefined;
    };
    const answer = await ingest(stream, { records: records(4) }, {}, { getRemainingTimeInMillis: () => 10_000 });
    expect(answer).toMatchObject({
      status: 207,
      body: {
        accepted: 2,
        failed: 2,
        results: [
          { index: 0, id: "record-0", status: "accepted" },
          { index: 1, id: "record-1", status: "failed", reason: "throttled" },
          { index: 2, id: "record-2", status: "accepted" },
          { index: 3, id: "record-3", status: "failed", reason: "internal-failure" },
        ],
      },
    });
    expectPromised(streamApi, [], { method: "POST", resource: "/process" }, answer);
    expect(stream.aws.kinesis.calls).toEqual([4, 2, 2]);
  });

  test("STR-02 no wait is begun that there is no time for", async () => {
    withoutWaits(1);
    stream.aws.kinesis.refuse = (_, place) => (place === 0 ? undefined : "ProvisionedThroughputExceededException");
    // Of 6.3 s, 1 is Lambda's and a quarter the answer's: after the call there are 50 ms left, and the wait is 50 ms.
    callsTake(5);
    const answer = await ingest(stream, { records: records(3) }, {}, { getRemainingTimeInMillis: () => 6_300 });
    expect(answer).toMatchObject({ status: 207, body: { accepted: 1, failed: 2 } });
    expect(stream.aws.kinesis.calls).toEqual([3]);
  });

  test("STR-02 where none is taken, it is all to be sent again later", async () => {
    withoutWaits();
    stream.aws.kinesis.refuse = () => "ProvisionedThroughputExceededException";
    expect(await ingest(stream, { records: records(2) }, {}, { getRemainingTimeInMillis: () => 1_600 })).toMatchObject({
      status: 503,
      headers: { "retry-after": "2" },
      body: { type: "urn:tap:problem:unavailable" },
    });
  });
});

describe("calls that Kinesis doesn't answer", () => {
  test.each(["lose-request", "lose-answer"] as const)("STR-02 a call is made again: %s", async (fate) => {
    withoutWaits();
    let calls = 0;
    stream.fateOf = (operation) => {
      if (operation !== "PutRecords") return "pass";
      calls += 1;
      return calls < 4 ? fate : "pass";
    };
    expect(await ingest(stream, { records: records(2) })).toMatchObject({ status: 200, body: { accepted: 2 } });
    expect(calls).toBe(4);
  });

  test("STR-02 a call that is still open when time is up counts as not answered, and what is there is told", async () => {
    withoutWaits();
    stream.aws.kinesis.refuse = (_, place) => (place === 1 ? "InternalFailure" : undefined);
    let calls = 0;
    let release = () => {};
    stream.fateOf = async (operation): Promise<Fate> => {
      if (operation !== "PutRecords") return "pass";
      calls += 1;
      if (calls > 1) await new Promise<void>((resolve) => (release = resolve));
      return "pass";
    };
    const answer = await ingest(stream, { records: records(2) }, {}, { getRemainingTimeInMillis: () => 3_000 });
    release();
    expect(answer).toMatchObject({
      status: 207,
      body: { results: [{ status: "accepted" }, { status: "failed", reason: "no-answer" }] },
    });
  });

  test("STR-02 an error that repeating doesn't help is one of this side, unless something is on the stream", async () => {
    withoutWaits();
    const denied = { status: 400, body: { __type: "com.amazonaws#AccessDeniedException", message: "no" } };
    let calls = 0;
    stream.fateOf = (operation) => {
      if (operation !== "PutRecords") return "pass";
      calls += 1;
      return calls === 2 || calls === 3 ? denied : "pass";
    };
    stream.aws.kinesis.refuse = (_, place) => (place === 1 ? "InternalFailure" : undefined);
    expect(await ingest(stream, { records: records(2) })).toMatchObject({
      status: 207,
      body: { results: [{ status: "accepted" }, { status: "failed", reason: "internal-failure" }] },
    });
    expect(await ingest(stream, { records: records(2) })).toMatchObject({ status: 500 });
    expect(calls).toBe(3);
  });
});

describe("the signing key", () => {
  const minutes = (count: number) => {
    const now = Date.now();
    jest.spyOn(Date, "now").mockImplementation(() => now + count * 60_000);
  };
  const reads = () => stream.aws.requests.filter(({ operation }) => operation === "GetSecretValue").length;
  const keyUsed = () => JSON.parse(stream.aws.kinesis.records.at(-1)?.data ?? "{}").keyId;
  const newest = "44444444-0000-4000-8000-000000000004";

  test("STR-05 it is read once in five minutes, and a rotation is used then", async () => {
    const request = { records: records(1) };
    await ingest(stream, request);
    stream.aws.secret.put(newest, secretValueOf(newest), ["AWSCURRENT"]);
    minutes(4.9);
    await ingest(stream, request);
    expect([reads(), keyUsed()]).toEqual([1, versionIds[1]]);
    minutes(5);
    await ingest(stream, request);
    expect([reads(), keyUsed()]).toEqual([2, newest]);
  });

  test("STR-05 where it can't be read again, the last one is used", async () => {
    const request = { records: records(1) };
    await ingest(stream, request);
    minutes(5);
    stream.fateOf = (operation) => (operation === "GetSecretValue" ? "lose-request" : "pass");
    expect(await ingest(stream, request)).toMatchObject({ status: 200 });
    expect(keyUsed()).toBe(versionIds[1]);
  });

  test("STR-05 before the first rotation nothing is put on the stream, and the log says why", async () => {
    stream.aws.secret.versions.clear();
    let answer: Awaited<ReturnType<typeof ingest>> | undefined;
    const lines = await linesOf(async () => {
      answer = await ingest(stream, { records: records(1) });
    });
    expect(answer).toMatchObject({ status: 503 });
    expect(lines).toContainEqual(expect.objectContaining({ message: "The secret has no value yet: rotate it" }));
    expect(stream.aws.kinesis.calls).toEqual([]);
  });

  test("SEC-04 a value that is no key is an error that doesn't quote it", async () => {
    stream.aws.secret.put(versionIds[1], '{"key":"c2VjcmV0"}', ["AWSCURRENT"]);
    const lines = await linesOf(async () => {
      expect(await ingest(stream, { records: records(1) })).toMatchObject({ status: 500 });
    });
    expect(JSON.stringify(lines)).toContain("The secret's value must be");
    expect(JSON.stringify(lines)).not.toContain("c2VjcmV0");
  });
});

test("SEC-04 what records say is in no line, nor the key; how many there were, and whose, is", async () => {
  const erika = sampleRecord({ id: "Erika", source: "Erika.Musterfrau" });
  const lines = await linesOf(async () => {
    await ingest(stream, { records: [erika] });
    await ingest(stream, { records: [{ ...erika, Erika: 1 }] });
    await ingest(stream, { records: [{ ...erika, value: "Erika" }] });
  });
  expect(JSON.stringify(lines)).not.toContain("Erika");
  expect(JSON.stringify(lines)).not.toContain(JSON.parse(secretValueOf(versionIds[1])).key);
  expect(lines).toContainEqual(
    expect.objectContaining({ message: "Records put on the stream", who: "key1", accepted: 1, failed: 0 }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ RecordsAccepted: 1, RecordsFailed: 0 }));
});

describe("GET /health", () => {
  const health = async () =>
    seen(
      await stream.handlers.health(httpEvent({ method: "GET", resource: "/health", apiKeyId: null }), lambdaContext()),
    );

  test.each([
    ["ACTIVE", "ok"],
    ["UPDATING", "ok"],
    ["DELETING", "degraded"],
    ["CREATING", "degraded"],
  ])("STR-02 a stream that is %s is %s", async (state, status) => {
    stream.aws.kinesis.status = state;
    const answer = await health();
    const dependency = status === "ok" ? "ok" : "impaired";
    expect(answer).toMatchObject({ status: 200, body: { status, dependencies: { stream: dependency } } });
    expectPromised(streamApi, [], { method: "GET", resource: "/health" }, answer);
  });

  test("STR-02 a stream that doesn't answer is degraded", async () => {
    stream.fateOf = () => "lose-request";
    expect(await health()).toMatchObject({ status: 200, body: { status: "degraded" } });
  });

  test("STR-02 whoever asks often is answered from what was seen in the last ten seconds", async () => {
    await health();
    stream.aws.kinesis.status = "DELETING";
    expect(await health()).toMatchObject({ body: { status: "ok" } });
    const now = Date.now();
    jest.spyOn(Date, "now").mockImplementation(() => now + 10_000);
    expect(await health()).toMatchObject({ body: { status: "degraded" } });
    expect(stream.aws.requests).toHaveLength(2);
  });
});
