import fc from "fast-check";
import type { Fate } from "../front";
import { lambdaContext, linesOf } from "../lambda";
import { type LocalStream, message, s3Message, useStream } from "./local-stream";
import { type SampleRecord, sampleRecord, sealed, versionIds } from "./sample-records";

let stream: LocalStream;
useStream((started) => {
  stream = started;
});

const key = "incoming/a b+c/Erika.ndjson";

function store(content: string | Buffer, name = key, version = "version-1"): void {
  stream.aws.objects.versions.set(`${name}?${version}`, Buffer.from(content));
}

/** Messages that are to be delivered again. */
async function deliver(records = [s3Message(key)], remainingMilliseconds = 60_000): Promise<number> {
  const context = lambdaContext({ getRemainingTimeInMillis: () => remainingMilliseconds });
  const { batchItemFailures } = await stream.handlers.import({ Records: records }, context);
  return batchItemFailures.length;
}

const records = (length: number): SampleRecord[] =>
  Array.from({ length }, (_, index) => sampleRecord({ id: `record-${index}` }));
const ndjson = (all: readonly object[]) => all.map((record) => `${JSON.stringify(record)}\n`).join("");
const idsOnStream = () => stream.aws.kinesis.records.map(({ data }) => JSON.parse(data).record.id);
const progress = () => [...stream.aws.dynamo.items.values()].find(({ id }) => id?.S?.startsWith("import#"));
const gets = () => stream.aws.requests.filter(({ operation }) => operation === "GET");

describe("an object under incoming/", () => {
  test("STR-04 its lines are signed and put on the stream, and what became of them is put down", async () => {
    store(ndjson(records(1_234)));
    expect(await deliver()).toBe(0);
    expect(stream.aws.kinesis.calls).toEqual([500, 500, 234]);
    expect(idsOnStream()).toEqual(records(1_234).map(({ id }) => id));
    const [first] = stream.aws.kinesis.records;
    const { correlationId } = JSON.parse(first?.data ?? "{}");
    expect(correlationId).toMatch(/^import-[0-9a-f]{57}$/);
    expect(first).toEqual({
      data: sealed(sampleRecord({ id: "record-0" }), versionIds[1], { correlationId }),
      partitionKey: "press-7",
    });
    expect(progress()).toMatchObject({
      id: { S: expect.stringMatching(/^import#[0-9a-f]{64}$/) },
      status: { S: "imported" },
      lines: { N: "1234" },
      imported: { N: "1234" },
      refused: { N: "0" },
    });
  });

  test("STR-04 lines may end as they do elsewhere, be empty, and begin with a byte order mark", async () => {
    const [first, second, third] = records(3).map((record) => JSON.stringify(record));
    store(`\uFEFF${first}\r\n\n \t\r\n  ${second}  \n${third}`);
    expect(await deliver()).toBe(0);
    expect(idsOnStream()).toEqual(["record-0", "record-1", "record-2"]);
    expect(progress()).toMatchObject({ lines: { N: "5" }, refused: { N: "0" } });
  });

  test("STR-04 lines that are no records are counted, the first of them told of by number and rule, and the rest imported", async () => {
    const good = JSON.stringify(sampleRecord());
    const bad = [
      "Erika",
      '{"id":"Erika"',
      JSON.stringify({ ...sampleRecord(), id: "Erika Musterfrau" }),
      JSON.stringify({ ...sampleRecord(), Erika: 1 }),
      good.replace("{", '{"__proto__":{"Erika":1},'),
      "x".repeat(65_537),
      "[".repeat(60_000),
    ];
    const object = "must be an object with id, source, metric, value and occurredAt, and no other keys";
    store(
      Buffer.concat([...bad.map((line) => Buffer.from(`${line}\n`)), Buffer.from([0xff, 0x0a]), Buffer.from(good)]),
    );
    const lines = await linesOf(() => deliver());
    expect(idsOnStream()).toEqual(["record-1"]);
    const refusals = [
      `line 1: ${object}`,
      `line 2: ${object}`,
      "line 3: /id must be 1 to 64 of A-Z a-z 0-9 _ -",
      `line 4: ${object}`,
      `line 5: ${object}`,
      "line 6: must not be longer than 65536 bytes",
      `line 7: ${object}`,
      "line 8: must be UTF-8",
    ];
    expect(progress()).toMatchObject({
      lines: { N: "9" },
      imported: { N: "1" },
      refused: { N: "8" },
      refusals: { L: refusals.map((S) => ({ S })) },
    });
    expect(lines).toContainEqual(expect.objectContaining({ message: "Import is finished", refused: 8, refusals }));
    expect(lines).toContainEqual(expect.objectContaining({ RecordsImported: 1, LinesRefused: 8 }));
    for (const text of [lines, progress(), stream.aws.dynamo.items])
      expect(JSON.stringify(text)).not.toContain("Erika");
  });

  test("STR-04 of many lines that are none, twenty are told of", async () => {
    store("Erika\n".repeat(1_000));
    expect(await deliver()).toBe(0);
    expect(progress()).toMatchObject({ refused: { N: "1000" }, refusals: { L: { length: 20 } } });
    expect(stream.aws.kinesis.calls).toEqual([]);
  });

  test("STR-04 an empty one is imported", async () => {
    store("");
    expect(await deliver()).toBe(0);
    expect(progress()).toMatchObject({ status: { S: "imported" }, lines: { N: "0" } });
  });

  test("STR-04 exactly the version that the message names is read", async () => {
    store(ndjson([sampleRecord({ id: "old" })]), key, "version-1");
    store(ndjson([sampleRecord({ id: "new" })]), key, "version-2");
    await deliver([s3Message(key, "version-2")]);
    await deliver([s3Message(key, "version-1")]);
    expect(idsOnStream()).toEqual(["new", "old"]);
  });

  test("STR-04 a message that is delivered again finds it finished, and reads nothing", async () => {
    store(ndjson(records(3)));
    await deliver([s3Message(key), s3Message(key)]);
    const before = gets().length;
    expect(await deliver()).toBe(0);
    expect(gets().length).toBe(before);
    expect(new Set(idsOnStream()).size).toBe(3);
  });

  test("STR-04 one that was deleted meanwhile is left alone", async () => {
    expect(await deliver()).toBe(0);
    expect(stream.aws.kinesis.calls).toEqual([]);
  });
});

describe("messages", () => {
  test.each<[string, string]>([
    ["a test of S3's", JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "b" })],
    ["an object that was removed", s3Message(key, "version-1", { eventName: "ObjectRemoved:Delete" }).body],
    ["what the system has archived itself", s3Message("records/shardId-000000000000/0.ndjson").body],
    [
      "another bucket",
      s3Message(key, "version-1", {
        s3: { bucket: { name: "other" }, object: { key: "incoming%2Fa", versionId: "v", size: 1, sequencer: "0A" } },
      }).body,
    ],
  ])("STR-04 are done with, and nothing is imported: %s", async (_, body) => {
    store(ndjson(records(1)));
    store(ndjson(records(1)), "records/shardId-000000000000/0.ndjson");
    expect(await deliver([message(body)])).toBe(0);
    expect(stream.aws.requests).toEqual([]);
  });

  test.each<[string, string]>([
    ["no JSON", "Erika"],
    ["no notification", "{}"],
    ["no version", s3Message(key, "").body],
    ["a key in no encoding", s3Message(key).body.replace("incoming", "%E0%A4%A")],
  ])("STR-04 that are none go back to the queue, which has a place for them: %s", async (_, body) => {
    const lines = await linesOf(async () => {
      expect(await deliver([message(body)])).toBe(1);
    });
    expect(JSON.stringify(lines)).not.toContain("Erika");
  });
});

describe("a message that goes back", () => {
  test("STR-04 says why, also where S3 denies the object: without its key", async () => {
    store(ndjson(records(1)));
    const denied = "User: arn:aws:sts::111111111111:assumed-role/r/f is not authorized to perform: s3:GetObjectVersion";
    const resource = ` on resource: "arn:aws:s3:::b/${key}" because no identity-based policy allows it`;
    const body = `<Error><Code>AccessDenied</Code><Message>${denied}${resource}</Message></Error>`;
    stream.fateOf = (operation) => (operation === "GET" ? { status: 403, body } : "pass");
    const lines = await linesOf(async () => {
      expect(await deliver()).toBe(1);
    });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        message: "Message goes back to the queue",
        message_id: expect.any(String),
        error_name: "AccessDenied",
        error_message: denied,
      }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ MessageReturned: 1, service: "stream" }));
    expect(JSON.stringify(lines)).not.toContain("Erika");
  });
});

describe("an import that takes longer", () => {
  test("STR-04 when time is nearly up its message is sent afresh, and the next goes on where it was", async () => {
    store(ndjson(records(1_700)));
    // Each portion takes 1.5 s of the eight; five are for the end.
    let remaining = 8_000;
    stream.fateOf = (operation) => {
      if (operation === "PutRecords") remaining -= 1_500;
      return "pass";
    };
    const context = lambdaContext({ getRemainingTimeInMillis: () => remaining });
    const record = s3Message(key);
    expect(await stream.handlers.import({ Records: [record] }, context)).toEqual({ batchItemFailures: [] });
    expect(stream.aws.sent).toEqual([{ body: record.body, delaySeconds: 0 }]);
    expect(idsOnStream()).toHaveLength(1_000);
    expect(progress()).toMatchObject({ status: { S: "importing" }, imported: { N: "1000" } });
    expect(await deliver([message(stream.aws.sent[0]?.body ?? "")])).toBe(0);
    expect(idsOnStream()).toEqual(records(1_700).map(({ id }) => id));
    expect(gets().at(-1)?.headers).toMatchObject({ range: `bytes=${ndjson(records(1_000)).length}-` });
  });

  test("STR-04 where nothing could be put in all its time, the queue counts the attempt", async () => {
    jest.spyOn(Math, "random").mockReturnValue(0);
    store(ndjson(records(3)));
    let remaining = 8_000;
    stream.aws.kinesis.refuse = () => {
      remaining -= 1_000;
      return "ProvisionedThroughputExceededException";
    };
    const context = lambdaContext({ getRemainingTimeInMillis: () => remaining });
    const { batchItemFailures } = await stream.handlers.import({ Records: [s3Message(key)] }, context);
    expect(batchItemFailures).toHaveLength(1);
    expect(stream.aws.sent).toEqual([]);
  });

  test("STR-04 another that imports the same object goes on, and this one looks again in a minute", async () => {
    store(ndjson(records(1_700)));
    let another: Promise<unknown> | undefined;
    let saves = 0;
    stream.fateOf = async (operation): Promise<Fate> => {
      if (operation !== "PutItem" || another !== undefined) return "pass";
      saves += 1;
      if (saves < 2) return "pass";
      another = deliver([s3Message(key)]);
      await another;
      return "pass";
    };
    const record = s3Message(key);
    expect(await deliver([record])).toBe(0);
    await another;
    expect(stream.aws.sent).toEqual([{ body: record.body, delaySeconds: 60 }]);
    expect(progress()).toMatchObject({ status: { S: "imported" }, imported: { N: "1700" } });
  });

  test("STR-04 a connection that breaks is opened again, from the progress on", async () => {
    store(ndjson(records(1_700)));
    const length = ndjson(records(1_200)).length;
    let cuts = 0;
    stream.aws.objects.cutAfter = () => (++cuts <= 2 ? length : Number.POSITIVE_INFINITY);
    expect(await deliver()).toBe(0);
    expect(progress()).toMatchObject({ imported: { N: "1700" }, lines: { N: "1700" } });
    expect(new Set(idsOnStream()).size).toBe(1_700);
    expect(gets().map(({ headers }) => (headers as Record<string, string>).range)).toEqual([
      undefined,
      `bytes=${ndjson(records(1_000)).length}-`,
    ]);
  });

  test("STR-04 one that breaks again and again is left to the queue", async () => {
    store(ndjson(records(100)));
    stream.aws.objects.cutAfter = () => 10;
    expect(await deliver()).toBe(1);
    expect(gets()).toHaveLength(3);
  });
});

test("STR-04 whatever is lost or gone, every line is on the stream in the end, and counted once in the report", async () => {
  jest.spyOn(Math, "random").mockReturnValue(0);
  const fate = fc.constantFrom<Fate>("pass", "pass", "pass", "pass", "lose-request", "lose-answer");
  const seen = { attempts: 0, again: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("good", "good", "good", "bad"), { minLength: 1, maxLength: 1_600 }),
      fc.array(fc.record({ fates: fc.array(fate, { maxLength: 30 }), gone: fc.integer({ min: 1, max: 20 }) }), {
        maxLength: 4,
      }),
      async (kinds, attempts) => {
        stream.aws = new (stream.aws.constructor as new () => typeof stream.aws)();
        stream.aws.secret.put(versionIds[1], JSON.stringify({ key: Buffer.alloc(32).toString("base64") }), [
          "AWSCURRENT",
        ]);
        const good = kinds.flatMap((kind, index) => (kind === "good" ? [`record-${index}`] : []));
        store(
          kinds
            .map((kind, index) => (kind === "good" ? JSON.stringify(sampleRecord({ id: `record-${index}` })) : kind))
            .join("\n"),
        );
        for (const { fates, gone } of attempts) {
          let request = 0;
          stream.fateOf = () => {
            request += 1;
            return request >= gone ? "lose-request" : (fates[request] ?? "pass");
          };
          seen.attempts += 1;
          // Long enough for some attempts at each call.
          let remaining = 10_000;
          const context = lambdaContext({ getRemainingTimeInMillis: () => (remaining -= 200) });
          const { batchItemFailures } = await stream.handlers.import({ Records: [s3Message(key)] }, context);
          seen.again += batchItemFailures.length;
        }
        stream.fateOf = () => "pass";
        expect(await deliver()).toBe(0);
        expect([...new Set(idsOnStream())].sort()).toEqual([...good].sort());
        expect(progress()).toMatchObject({
          status: { S: "imported" },
          lines: { N: String(kinds.length) },
          imported: { N: String(good.length) },
          refused: { N: String(kinds.length - good.length) },
        });
      },
    ),
    { numRuns: 40 },
  );
  expect(seen.again).toBeGreaterThan(5);
});
