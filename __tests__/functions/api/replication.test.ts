import fc from "fast-check";
import type { PeerMessage } from "../../../functions/api/message";
import { linesOf } from "../lambda";
import {
  create,
  type Image,
  type LocalApi,
  type LocalRegion,
  list,
  read,
  remove,
  scheduled,
  startApi,
  streamRecord,
  update,
} from "./local-api";

let api: LocalApi;
let east: LocalRegion;
let west: LocalRegion;
beforeAll(async () => {
  api = await startApi();
  ({ east, west } = api);
});
afterAll(() => api.stop());
beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const region of [east, west]) {
    region.sns.published.length = 0;
    region.lastFate = "pass";
  }
});

const at = "2026-01-01T00:00:00.000Z";
const time = { createdAt: at, updatedAt: at };
const image = (changes: Image = {}): Image => ({
  id: { S: "item" },
  version: { N: "1" },
  origin: { S: "us-east-1" },
  createdAt: { S: at },
  updatedAt: { S: at },
  correlationId: { S: "correlation-1" },
  name: { S: "one" },
  ...changes,
});
let ids = 0;
const newId = () => {
  ids += 1;
  return `copy-${ids}`;
};
type Item = Extract<PeerMessage, { kind: "change" }>["item"];
const change = (item: Partial<Item> & { id: string; version: number }, origin = "us-west-2"): PeerMessage => ({
  kind: "change",
  origin,
  correlationId: "correlation-1",
  item: { ...time, name: `version ${item.version}`, ...item } as Item,
});
const deletion = (id: string, version: number, expiresAt = 4_000_000_000): PeerMessage => ({
  kind: "change",
  origin: "us-west-2",
  correlationId: "correlation-1",
  item: { ...time, id, version, expiresAt },
});
const texts = (...messages: object[]) => messages.map((message) => JSON.stringify(message));
const none = { batchItemFailures: [] };

describe("publishing", () => {
  test("API-07 a change of this region is published, with its region and its correlation id", async () => {
    const lines = await linesOf(async () => {
      expect(
        await east.replicate({ Records: [streamRecord(image({ attributes: { S: '{"a":1}' } }), "INSERT")] }),
      ).toEqual(none);
    });
    expect(east.sns.published).toEqual([
      {
        topicArn: "arn:aws:sns:us-east-1:111111111111:changes",
        attributes: { kind: "change", origin: "us-east-1", correlationId: "correlation-1" },
        body: expect.any(String),
      },
    ]);
    expect(JSON.parse(east.sns.published[0]?.body ?? "")).toEqual({
      kind: "change",
      origin: "us-east-1",
      correlationId: "correlation-1",
      item: { id: "item", version: 1, ...time, name: "one", attributes: { a: 1 } },
    });
    expect(lines).toContainEqual(
      expect.objectContaining({
        message: "Change published",
        correlation_id: "correlation-1",
        itemId: "item",
        version: 1,
      }),
    );
  });

  test("API-07 nothing echoes: copies, heartbeats and what DynamoDB removes are not published", async () => {
    const records = [
      streamRecord(image({ origin: { S: "us-west-2" } })),
      streamRecord({ id: { S: "~peer#us-west-2" }, heartbeatAt: { S: at } }),
      streamRecord(undefined, "REMOVE"),
    ];
    expect(await east.replicate({ Records: records })).toEqual(none);
    expect(east.sns.published).toEqual([]);
  });

  test("API-07 the first change that can't be published ends the batch, so that the order stays", async () => {
    const records = [1, 2, 3].map((version) => streamRecord(image({ version: { N: String(version) } })));
    await east.replicate({ Records: records.slice(0, 1) });
    east.sns.fail(500, 3);
    const lines = await linesOf(async () => {
      expect(await east.replicate({ Records: records.slice(1) })).toEqual({
        batchItemFailures: [{ itemIdentifier: records[1]?.dynamodb?.SequenceNumber }],
      });
    });
    expect(lines).toContainEqual(expect.objectContaining({ PublishFailed: 1 }));
    expect(east.sns.published).toHaveLength(1);
    expect(await east.replicate({ Records: records.slice(1) })).toEqual(none);
    expect(east.sns.published.map(({ body }) => JSON.parse(body).item.version)).toEqual([1, 2, 3]);
  });

  test("API-07 a change that can never be published is passed over, and counted; its values are not logged", async () => {
    const secret = "Erika-Mustermann";
    const broken = streamRecord({ ...image({ name: { BOOL: true } }), attributes: { S: secret } });
    const noJson = streamRecord(image({ attributes: { S: secret } }));
    const lines = await linesOf(async () => {
      expect(await east.replicate({ Records: [broken, noJson, streamRecord(image())] })).toEqual(none);
    });
    expect(east.sns.published).toHaveLength(1);
    expect(lines).toContainEqual(expect.objectContaining({ UnpublishableChange: [1, 1], ChangePublished: 1 }));
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test("API-07 each minute the region says that it works", async () => {
    expect(await east.replicate(scheduled)).toEqual(none);
    const [heartbeat] = east.sns.published;
    expect(heartbeat?.attributes).toEqual({ kind: "heartbeat", origin: "us-east-1", correlationId: scheduled.id });
    expect(JSON.parse(heartbeat?.body ?? "")).toEqual({
      kind: "heartbeat",
      origin: "us-east-1",
      at: expect.stringMatching(/Z$/),
    });
  });

  test("API-07 a heartbeat that can't be published, and an event of another kind, are failures of the function", async () => {
    east.sns.fail(500, 3);
    await expect(east.replicate(scheduled)).rejects.toThrow("urn:tap:problem:unavailable");
    await expect(east.replicate({ source: "somebody" })).rejects.toThrow("urn:tap:problem:internal");
  });
});

describe("taking in", () => {
  test("API-16 a copy is marked with its origin, and can be read and listed here", async () => {
    const id = newId();
    expect(await east.takeIn(...texts(change({ id, version: 3, attributes: { a: 1 } } as never)))).toEqual(none);
    expect(await east.stored(id)).toEqual({
      id: { S: id },
      version: { N: "3" },
      origin: { S: "us-west-2" },
      createdAt: { S: at },
      updatedAt: { S: at },
      correlationId: { S: "correlation-1" },
      name: { S: "version 3" },
      attributes: { S: '{"a":1}' },
    });
    const item = { id, version: 3, name: "version 3", attributes: { a: 1 }, origin: "us-west-2", ...time };
    expect((await east.call(read(id))).body).toEqual(item);
    expect((await east.call(list({ limit: "100" }))).body.items).toContainEqual(item);
  });

  test("API-07 in whatever order, and however often versions come, the newest stays; a deletion is a version", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 1 }),
        fc.array(fc.nat(4), { maxLength: 5 }),
        fc.constantFrom(2, 5, 9),
        async (order, again, deletedAt) => {
          const id = newId();
          const message = (version: number) =>
            version === deletedAt ? deletion(id, version) : change({ id, version });
          const versions = [...order, ...again.map((index) => order[index % order.length] as number)];
          for (const version of versions) expect(await east.takeIn(...texts(message(version)))).toEqual(none);
          const newest = Math.max(...versions);
          const stored = await east.stored(id);
          expect(stored?.version).toEqual({ N: String(newest) });
          expect(stored?.deleted?.BOOL).toBe(newest === deletedAt ? true : undefined);
          expect(stored?.name?.S).toBe(newest === deletedAt ? undefined : `version ${newest}`);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("API-16 a copy never takes the place of this region's item, nor one region's copy that of another's", async () => {
    const { id } = (await east.call(create({ name: "east" }))).body;
    await east.takeIn(...texts(change({ id, version: 7 })));
    expect(await east.stored(id)).toMatchObject({ origin: { S: "us-east-1" }, version: { N: "1" } });
    const other = newId();
    await east.takeIn(...texts(change({ id: other, version: 1 }), change({ id: other, version: 2 }, "eu-west-1")));
    expect(await east.stored(other)).toMatchObject({ origin: { S: "us-west-2" }, version: { N: "1" } });
  });

  test("API-07 a message of this region itself is refused: it changes nothing, and doesn't come again", async () => {
    const id = newId();
    const lines = await linesOf(async () => {
      const echoes = texts(change({ id, version: 1 }, "us-east-1"), { kind: "heartbeat", origin: "us-east-1", at });
      expect(await east.takeIn(...echoes)).toEqual(none);
    });
    expect(await east.stored(id)).toBeUndefined();
    expect(await east.stored("~peer#us-east-1")).toBeUndefined();
    expect(lines).toContainEqual(expect.objectContaining({ EchoRefused: [1, 1] }));
  });

  test("API-07 a deletion past its time is as good as none", async () => {
    const id = newId();
    await east.takeIn(...texts(deletion(id, 5, 1_000_000_000), change({ id, version: 1 })));
    await east.takeIn(...texts(change({ id, version: 1 })));
    expect(await east.stored(id)).toMatchObject({ version: { N: "1" }, name: { S: "version 1" } });
  });

  const id = "malformed";
  test.each<[string, string | object, string]>([
    ["no JSON", "{Erika", ""],
    ["another kind", { ...change({ id, version: 1 }), kind: "Erika" }, "/kind"],
    ["no origin", { ...change({ id, version: 1 }), origin: "Erika" }, "/origin"],
    ["no correlation id", { ...change({ id, version: 1 }), correlationId: "Erika!" }, "/correlationId"],
    ["an id that is none of an item", change({ id: "~peer#us-west-2", version: 1 }), "/item"],
    ["a version that is none", change({ id, version: 0 }), "/item"],
    ["neither a name nor an end", { ...change({ id, version: 1 }), item: { id, version: 1, ...time } }, "/item"],
    ["a heartbeat at no time", { kind: "heartbeat", origin: "us-west-2", at: "Erika" }, "/at"],
  ])(
    "API-07 a malformed message goes to the dead letters in the end, and the log says why: %s",
    async (_, message, pointer) => {
      const text = typeof message === "string" ? message : JSON.stringify(message);
      const good = newId();
      const lines = await linesOf(async () => {
        const { batchItemFailures } = await east.takeIn(text, ...texts(change({ id: good, version: 1 })));
        expect(batchItemFailures).toEqual([{ itemIdentifier: expect.stringMatching(/^message-/) }]);
      });
      expect(await east.stored(good)).toBeDefined();
      expect(await east.stored(id)).toBeUndefined();
      expect(lines).toContainEqual(expect.objectContaining({ MalformedMessage: 1, MessageTakenIn: 1 }));
      expect(lines).toContainEqual(
        expect.objectContaining({
          level: "ERROR",
          message: "A message is malformed",
          errors: expect.arrayContaining([expect.objectContaining({ pointer: expect.stringContaining(pointer) })]),
        }),
      );
      expect(JSON.stringify(lines)).not.toContain("Erika");
    },
  );

  test("API-07 a message that can't be kept now comes again, alone", async () => {
    const [first, second] = [newId(), newId()];
    east.fates = Array(3).fill({ status: 500, body: { __type: "InternalServerError" } });
    const { batchItemFailures } = await east.takeIn(...texts(change({ id: first, version: 1 })));
    expect(batchItemFailures).toHaveLength(1);
    expect(await east.takeIn(...texts(change({ id: first, version: 1 }), change({ id: second, version: 1 })))).toEqual(
      none,
    );
    expect(await east.stored(first)).toBeDefined();
    expect(await east.stored(second)).toBeDefined();
  });

  test("API-10 the correlation id goes from the request through both regions, into each line of the log", async () => {
    const correlationId = "from-request-1";
    const lines = await linesOf(async () => {
      const { id } = (await west.call(create({ name: "one" }, undefined, { "x-correlation-id": correlationId }))).body;
      await west.replicate({ Records: [streamRecord(await west.stored(id), "INSERT")] });
      await east.takeIn(...west.sns.published);
      expect(await east.stored(id)).toMatchObject({ correlationId: { S: correlationId } });
    });
    const logged = lines.filter((line) => "level" in line);
    expect(logged.map(({ message }) => message)).toEqual(["Item created", "Change published", "Message taken in"]);
    for (const line of logged) expect(line).toMatchObject({ correlation_id: correlationId });
  });

  test("API-10 messages of one batch are told apart in the log", async () => {
    const messages = [1, 2, 3].map((number) => ({
      ...change({ id: newId(), version: 1 }),
      correlationId: `correlation-${number}`,
    }));
    const lines = await linesOf(() => east.takeIn(...texts(...messages)));
    const logged = lines.filter((line) => "level" in line);
    expect(logged.map(({ itemId, correlation_id }) => [itemId, correlation_id]).sort()).toEqual(
      messages.map((message) => [message.kind === "change" && message.item.id, message.correlationId]).sort(),
    );
  });

  test("API-16 a deletion in one region ends the item in the other", async () => {
    const { id } = (await west.call(create({ name: "one" }))).body;
    const events = [streamRecord(await west.stored(id), "INSERT")];
    await west.call(update(id, 1, { name: "two" }));
    events.push(streamRecord(await west.stored(id)));
    await west.call(remove(id, 2));
    events.push(streamRecord(await west.stored(id)));
    await west.replicate({ Records: events });
    // The last first.
    for (const message of [...west.sns.published].reverse()) await east.takeIn(message);
    expect(await east.call(read(id))).toMatchObject({ status: 404 });
    const { createHash, ...left } = (await west.stored(id)) as Image;
    expect(await east.stored(id)).toEqual(left);
  });
});
