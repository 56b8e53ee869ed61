import type { Fate } from "../front";
import { lambdaContext, linesOf } from "../lambda";
import { expectedOf, outcomeOf } from "./expected";
import { type AwsRequest, type LocalAws, operationOf } from "./local-aws";
import { calmTests, loadConsumer, type MakeConsumer, newAws } from "./local-consumer";
import { type SampleRecord, sampleRecord, sealed, secretValueOf, shardEvent, versionIds } from "./sample-records";
import { type Occurrence, shardIdOf } from "./shards";

calmTests();

let makeConsumer: MakeConsumer;
beforeAll(async () => {
  makeConsumer = await loadConsumer();
});

const records = (length: number, changes: (index: number) => Partial<SampleRecord> = () => ({})): SampleRecord[] =>
  Array.from({ length }, (_, index) => sampleRecord({ id: `record-${index}`, ...changes(index) }));

const occurrence = (record: SampleRecord, index: number, version?: string): Occurrence => ({
  record,
  sequenceNumber: String(index + 1),
  data: sealed(record, version),
});

const poison = (data: string, index: number): Occurrence => ({
  record: undefined,
  sequenceNumber: String(index + 1),
  data,
});

/** Sequence number of the first that isn't done. */
async function consume(
  aws: LocalAws,
  batch: readonly Occurrence[],
  decide?: (request: AwsRequest) => Fate,
  shard = 0,
): Promise<string | undefined> {
  const event = shardEvent(shardIdOf(shard), batch);
  const { batchItemFailures } = await makeConsumer(aws, decide)(event, lambdaContext());
  expect(batchItemFailures.length).toBeLessThanOrEqual(1);
  return batchItemFailures[0]?.itemIdentifier;
}

const outcome = (aws: LocalAws) => outcomeOf(aws.dynamo.items, aws.objects.written);

describe("what is left", () => {
  test("STR-03 records are summed up exactly, by source, metric and hour, and archived in their order", async () => {
    const aws = newAws();
    const all = [
      sampleRecord({ id: "a", value: 0.1 }),
      sampleRecord({ id: "b", value: 0.2 }),
      sampleRecord({ id: "c", value: 1e12, occurredAt: "2026-01-01T08:00:00Z" }),
      sampleRecord({ id: "d", value: 0.000001, occurredAt: "2026-01-01T08:59:59.999Z" }),
      sampleRecord({ id: "e", value: -0.000001, metric: "offset" }),
      sampleRecord({ id: "f", value: -12.5, metric: "offset" }),
      sampleRecord({ id: "a", value: 7, source: "press-8" }),
    ];
    expect(
      await consume(
        aws,
        all.map((record, index) => occurrence(record, index)),
      ),
    ).toBeUndefined();
    expect(outcome(aws).aggregates).toEqual({
      "press-7#temperature-celsius#2026-01-01T07": "2 0.3",
      "press-7#temperature-celsius#2026-01-01T08": "2 1000000000000.000001",
      "press-7#offset#2026-01-01T07": "2 -12.500001",
      "press-8#temperature-celsius#2026-01-01T07": "1 7",
    });
    const key = `records/records/${shardIdOf(0)}/${"0".repeat(56)}.ndjson`;
    expect([...aws.objects.written]).toEqual([[key, all.map((record) => `${JSON.stringify(record)}\n`).join("")]]);
  });

  test("STR-03 a record leaves a marker that outlives all its repetitions, with the request that it came with", async () => {
    const aws = newAws();
    await consume(aws, [occurrence(sampleRecord(), 0)]);
    const marker = aws.dynamo.items.get("record#press-7#record-1");
    expect(marker).toEqual({
      id: { S: "record#press-7#record-1" },
      correlationId: { S: "correlation-1" },
      expiresAt: { N: expect.stringMatching(/^\d{10}$/) },
    });
    const days = (Number(marker?.expiresAt?.N) - Date.now() / 1_000) / (24 * 60 * 60);
    expect(Math.round(days)).toBe(35);
  });

  test("STR-03 a transaction has as many records as it can: a hundred actions, with the checkpoint", async () => {
    for (const [metrics, chunks] of [
      [1, [98, 98, 4]],
      [2, [97, 97, 6]],
      [200, [49, 49, 49, 49, 4]],
    ] as const) {
      const aws = newAws();
      const all = records(200, (index) => ({ metric: `metric-${index % metrics}` }));
      await consume(
        aws,
        all.map((record, index) => occurrence(record, index)),
      );
      const actions = aws.requests.flatMap(({ operation, body }) =>
        operation === "TransactWriteItems" ? [JSON.parse(body).TransactItems as object[]] : [],
      );
      for (const { length } of actions) expect(length).toBeLessThanOrEqual(100);
      const isMarker = (action: object) => JSON.stringify(action).includes('"record#');
      expect(actions.map((list) => list.filter(isMarker).length)).toEqual(chunks);
    }
  });

  test("STR-03 an archive that was not written when Lambda gave a batch up is written with the next batch", async () => {
    const aws = newAws();
    const all = records(3).map((record, index) => occurrence(record, index));
    const noArchive = (request: AwsRequest): Fate => (operationOf(request) === "PUT" ? "lose-request" : "pass");
    await expect(consume(aws, all.slice(0, 2), noArchive)).rejects.toThrow();
    expect(outcome(aws).archive).toEqual([]);
    expect(await consume(aws, all.slice(2))).toBeUndefined();
    expect(outcome(aws)).toEqual(expectedOf([all]));
  });

  test("STR-03 an attempt that was thought to be gone changes nothing when it goes on", async () => {
    const aws = newAws();
    const all = records(30).map((record, index) => occurrence(record, index));
    let another: Promise<unknown> | undefined;
    const slow = (request: AwsRequest): Fate | Promise<Fate> => {
      if (operationOf(request) !== "TransactWriteItems" || another !== undefined) return "pass";
      // Lambda has split the batch meanwhile.
      another = consume(aws, all.slice(0, 20));
      return another.then(() => "pass" as const);
    };
    const { batchItemFailures } = await makeConsumer(aws, slow)(shardEvent(shardIdOf(0), all), lambdaContext());
    expect(batchItemFailures).toEqual([]);
    expect(outcome(aws)).toEqual(expectedOf([all]));
    expect(aws.objects.written.size).toBe(2);
  });

  test("STR-03 a record that comes again counts once: in its batch, in a later one, and in another shard", async () => {
    const aws = newAws();
    // Keys are answered for a few at a time.
    aws.dynamo.batchLength = 7;
    const all = records(20);
    const twice = [...all, ...all].map((record, index) => occurrence(record, index));
    expect(await consume(aws, twice)).toBeUndefined();
    const lines = await linesOf(() => consume(aws, twice.slice(0, 20), undefined, 1));
    expect(lines).toContainEqual(expect.objectContaining({ RecordsConsumed: 0, RepeatedRecords: 20 }));
    expect(outcome(aws)).toEqual(expectedOf([twice, twice.slice(0, 20)]));
  });

  test("STR-03 a record that two shards have at the same moment counts once", async () => {
    const aws = newAws();
    const shards = [
      [0, 1, 2, 3],
      [2, 3, 4, 5],
    ].map((numbers) => numbers.map((number, index) => occurrence(sampleRecord({ id: `record-${number}` }), index)));
    let another: Promise<unknown> | undefined;
    const slow = (request: AwsRequest): Fate | Promise<Fate> => {
      if (operationOf(request) !== "TransactWriteItems" || another !== undefined) return "pass";
      another = consume(aws, shards[1] ?? [], undefined, 1);
      return another.then(() => "pass" as const);
    };
    const { batchItemFailures } = await makeConsumer(aws, slow)(
      shardEvent(shardIdOf(0), shards[0] ?? []),
      lambdaContext(),
    );
    expect(batchItemFailures).toEqual([]);
    expect(outcome(aws)).toEqual(expectedOf(shards));
  });

  test("STR-03 the stream that follows after a failover has shards of the same names: all is archived", async () => {
    const aws = newAws();
    const batches = records(2).map((record, index) => [occurrence(record, index)]);
    for (const [index, batch] of batches.entries())
      await makeConsumer(aws)(shardEvent(shardIdOf(0), batch, `records-${index}`), lambdaContext());
    expect(outcome(aws).archive).toEqual(expectedOf(batches).archive);
  });

  test("STR-03 a shard never goes back, also where there is nothing to count", async () => {
    for (const begun of [0, 1]) {
      const aws = newAws();
      const all = records(5).map((record, index) => occurrence(record, index));
      // Another shard has had them all.
      await consume(aws, all, undefined, 1);
      await consume(aws, all.slice(0, begun));
      let another: Promise<unknown> | undefined;
      const slow = (request: AwsRequest): Fate | Promise<Fate> => {
        if (operationOf(request) !== "TransactWriteItems" || another !== undefined) return "pass";
        another = consume(aws, all.slice(begun));
        return another.then(() => "pass" as const);
      };
      const first = all.slice(begun, begun + 2);
      await makeConsumer(aws, slow)(shardEvent(shardIdOf(0), first), lambdaContext());
      expect(outcome(aws).checkpoints[shardIdOf(0)]).toBe("5");
    }
  });
});

describe("poison", () => {
  const record = sampleRecord({ id: "poison", source: "Erika" });
  test.each<[string, string, string]>([
    ["no JSON", "{Erika", "must be an object with record, correlationId, keyId and signature, and no other keys"],
    [
      "a record that breaks a rule",
      sealed({ ...record, value: 1e13 }),
      "/record/value must be a number from -1000000000000 to 1000000000000 with at most 6 decimal places",
    ],
    ["a key that there isn't", sealed(record, "33333333-0000-4000-8000-000000000003"), "a key that there isn't"],
    [
      "a signature of another record",
      sealed(record, undefined, { record: { ...record, value: 1 } }),
      "signature is wrong",
    ],
    ["a signature of another key", sealed(record, undefined, { keyId: versionIds[1] }), "signature is wrong"],
    ["no signature", sealed(record, undefined, { signature: undefined }), "/signature must be base64 of 32 bytes"],
  ])("STR-03 %s is returned, all before it is done, and nothing after it", async (_, data, reason) => {
    const aws = newAws();
    const good = records(120).map((one, index) => occurrence(one, index));
    const batch = good.with(110, poison(data, 110));
    let failure: string | undefined;
    const lines = await linesOf(async () => {
      failure = await consume(aws, batch);
    });
    expect(failure).toBe("111");
    expect(outcome(aws)).toEqual(expectedOf([good.slice(0, 110)]));
    expect(lines).toContainEqual(expect.objectContaining({ PoisonRecord: 1 }));
    const told = lines.find(({ message }) => message === "A record is poison");
    expect(told).toMatchObject({ level: "ERROR", sequence_number: "111", shard_id: shardIdOf(0) });
    expect(told?.reason).toContain(reason);
    expect(JSON.stringify(lines)).not.toContain("Erika");
    // At the beginning of a batch it fails the whole, which Lambda halves until it is alone; and goes on behind it.
    await expect(consume(aws, batch.slice(110))).rejects.toThrow();
    expect(await consume(aws, batch.slice(111))).toBeUndefined();
    expect(outcome(aws)).toEqual(expectedOf([batch]));
  });

  test("STR-03 what is after poison that another has left behind is done all the same", async () => {
    const aws = newAws();
    const good = records(6).map((one, index) => occurrence(one, index));
    const batch = good.with(2, poison("no JSON", 2));
    let another: Promise<unknown> | undefined;
    const slow = (request: AwsRequest): Fate | Promise<Fate> => {
      if (operationOf(request) !== "TransactWriteItems" || another !== undefined) return "pass";
      another = consume(aws, batch.slice(0, 2)).then(() => consume(aws, batch.slice(3, 4)));
      return another.then(() => "pass" as const);
    };
    const { batchItemFailures } = await makeConsumer(aws, slow)(shardEvent(shardIdOf(0), batch), lambdaContext());
    expect(batchItemFailures).toEqual([]);
    expect(outcome(aws)).toEqual(expectedOf([batch]));
  });

  test("STR-05 records that were signed before a rotation pass behind it, and each key is read once", async () => {
    const aws = newAws();
    const batch = records(40).map((one, index) => occurrence(one, index, versionIds[index < 25 ? 0 : 1]));
    const consumer = makeConsumer(aws);
    for (const part of [batch.slice(0, 30), batch.slice(30)])
      expect(await consumer(shardEvent(shardIdOf(0), part), lambdaContext())).toEqual({ batchItemFailures: [] });
    expect(outcome(aws)).toEqual(expectedOf([batch]));
    expect(aws.requests.filter(({ operation }) => operation === "GetSecretValue")).toHaveLength(2);
  });
});

test("STR-05 records that were signed with a key that was taken back are poison, though it can be read", async () => {
  const aws = newAws();
  const takenBack = "44444444-0000-4000-8000-000000000004";
  aws.secret.put(takenBack, secretValueOf(takenBack), []);
  const batch = records(3).map((one, index) => occurrence(one, index, index === 2 ? takenBack : versionIds[0]));
  expect(await consume(aws, batch)).toBe("3");
  expect(outcome(aws)).toEqual(expectedOf([batch.slice(0, 2)]));
});

test("STR-05 a key that records are judged by is read again after an hour", async () => {
  const aws = newAws();
  const consumer = makeConsumer(aws);
  const reads = () => aws.requests.filter(({ operation }) => operation === "GetSecretValue").length;
  const all = records(3).map((one, index) => occurrence(one, index));
  const now = Date.now();
  const clock = jest.spyOn(Date, "now");
  for (const [minutes, expected] of [
    [0, 1],
    [59, 1],
    [61, 2],
  ] as const) {
    clock.mockReturnValue(now + minutes * 60_000);
    const next = all[minutes === 0 ? 0 : minutes === 59 ? 1 : 2] as Occurrence;
    expect(await consumer(shardEvent(shardIdOf(0), [next]), lambdaContext())).toEqual({ batchItemFailures: [] });
    expect(reads()).toBe(expected);
  }
  clock.mockRestore();
});

describe("what can't be done now", () => {
  const down = (operation: string) => (request: AwsRequest) =>
    operationOf(request) === operation ? ("lose-request" as const) : ("pass" as const);

  test("STR-03 Lambda is told how far it came: it goes on from there", async () => {
    const aws = newAws();
    const batch = records(30).map((one, index) => occurrence(one, index, versionIds[index < 25 ? 0 : 1]));
    let reads = 0;
    const secondKeyIsOut = (request: AwsRequest): Fate => {
      if (operationOf(request) !== "GetSecretValue") return "pass";
      reads += 1;
      return reads === 1 ? "pass" : "lose-request";
    };
    let failure: string | undefined;
    const lines = await linesOf(async () => {
      failure = await consume(aws, batch, secondKeyIsOut);
    });
    expect(failure).toBe("26");
    expect(outcome(aws)).toEqual(expectedOf([batch.slice(0, 25)]));
    expect(lines).toContainEqual(expect.objectContaining({ BatchInterrupted: 1 }));
    expect(JSON.stringify(lines)).not.toContain("PoisonRecord");
  });

  test.each(["GetItem", "GetSecretValue", "BatchGetItem", "TransactWriteItems"])(
    "STR-03 where nothing can be done, it is an error that alarms see: %s",
    async (operation) => {
      const aws = newAws();
      const batch = records(3).map((one, index) => occurrence(one, index));
      await expect(consume(aws, batch, down(operation))).rejects.toMatchObject({ details: { status: 503 } });
      expect(outcome(aws)).toEqual(expectedOf([]));
    },
  );

  test("STR-03 a transaction that is cancelled again and again is left to Lambda's attempts", async () => {
    const aws = newAws();
    const cancelled = { status: 400, body: { __type: "com.amazonaws#TransactionCanceledException", message: "" } };
    let attempts = 0;
    const conflict = (request: AwsRequest): Fate => {
      if (operationOf(request) !== "TransactWriteItems") return "pass";
      attempts += 1;
      return cancelled;
    };
    await expect(consume(aws, [occurrence(sampleRecord(), 0)], conflict)).rejects.toMatchObject({
      details: { status: 500 },
    });
    expect(attempts).toBe(5);
  });

  test("STR-03 a batch of several shards is none of Lambda's", async () => {
    const { Records } = shardEvent(shardIdOf(0), [occurrence(sampleRecord(), 0)]);
    const { Records: others } = shardEvent(shardIdOf(1), [occurrence(sampleRecord(), 0)]);
    const event = { Records: [...Records, ...others] };
    await expect(makeConsumer(newAws())(event, lambdaContext())).rejects.toMatchObject({ details: { status: 500 } });
  });
});
