import fc from "fast-check";
import { maximumDataBytes, maximumDataDepth, type RecordView } from "../../../functions/records/record";
import type { WriteAnswer } from "../../../functions/records/write/handler";
import { linesOf } from "../lambda";
import { type LocalRecords, newId, startRecords } from "./local-records";

let records: LocalRecords;
beforeAll(async () => {
  records = await startRecords();
});
afterAll(() => records.dynamo.stop());
// The functions' own lines are looked at where they matter.
beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("versions", () => {
  test("REC-06 a record is created at version 1, changed at the version that is expected, and read as it was written", async () => {
    const id = newId();
    const record = { id, version: 1, data: { name: "one" }, createdAt: timestamp, updatedAt: timestamp };
    const created = await records.write({ id, expectedVersion: 0, data: { name: "one" } });
    expect(created).toEqual({ status: 201, record });
    // Another millisecond, at least.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const changed = await records.write({ id, expectedVersion: 1, data: { other: 2 } });
    expect(changed).toEqual({ status: 200, record: { ...record, version: 2, data: { other: 2 } } });
    const [{ createdAt }, later] = [created, changed].map((answer) => (answer as WriteAnswer).record) as [
      RecordView,
      RecordView,
    ];
    expect(later).toMatchObject({ createdAt });
    expect(later.updatedAt > createdAt).toBe(true);
    expect(await records.read({ id })).toEqual(changed);
  });

  test.each([
    ["older", 1, "The record has version 2; version 1 was expected."],
    ["newer", 3, "The record has version 2; version 3 was expected."],
    ["none", 0, "The record has version 2; there was to be none."],
  ])("REC-06 a stale version is refused, and the current one named: %s", async (_, expectedVersion, detail) => {
    const id = newId();
    await records.write({ id, expectedVersion: 0, data: {} });
    const current = await records.write({ id, expectedVersion: 1, data: { is: "current" } });
    expect(await records.write({ id, expectedVersion, data: { is: "stale" } })).toMatchObject({
      type: "urn:tap:problem:stale-version",
      status: 409,
      detail,
      currentVersion: 2,
    });
    expect(await records.read({ id })).toEqual(current);
  });

  test("REC-06 a change of what isn't there is refused, and makes nothing", async () => {
    const id = newId();
    expect(await records.write({ id, expectedVersion: 7, data: {} })).toMatchObject({
      status: 409,
      detail: "There is no record; version 7 was expected.",
      currentVersion: 0,
    });
    expect(await records.read({ id })).toMatchObject({ type: "urn:tap:problem:not-found", status: 404 });
  });

  test("REC-06 of many writers that expect the same version, exactly one is told that it wrote", async () => {
    const id = newId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, writer) => records.write({ id, expectedVersion: 0, data: { writer } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
    const winner = answers.find(({ status }) => status === 201);
    expect(await records.read({ id })).toEqual({ ...winner, status: 200 });
  });
});

describe("repetitions", () => {
  test("REC-06 a request that is repeated by its caller is answered as the first time, and writes nothing", async () => {
    const event = { id: newId(), expectedVersion: 0, data: { a: 1 }, requestId: "request-1" };
    const first = await records.write(event);
    expect(await records.write(event)).toEqual(first);
    expect(await records.read({ id: event.id })).toEqual({ ...first, status: 200 });
  });

  test("REC-06 an invocation that Lambda repeats is known by its request id", async () => {
    const event = { id: newId(), expectedVersion: 0, data: { a: 1 } };
    const invocation = { awsRequestId: "6b1d7a5e-0000-4000-8000-000000000001" };
    const first = await records.write(event, invocation);
    expect(await records.write(event, invocation)).toEqual(first);
    expect(await records.write(event)).toMatchObject({ status: 409, currentVersion: 1 });
  });

  test("REC-06 a request id on another write is no repetition", async () => {
    const event = { id: newId(), expectedVersion: 0, data: { a: 1 }, requestId: "request-1" };
    await records.write(event);
    expect(await records.write({ ...event, data: { a: 2 } })).toMatchObject({ status: 409, currentVersion: 1 });
    expect(await records.write({ ...event, expectedVersion: 1 })).toMatchObject({ status: 200 });
    expect(await records.write(event)).toMatchObject({ status: 409, currentVersion: 2 });
  });

  test("REC-06 a repetition that another write has overtaken is told the current version", async () => {
    const event = { id: newId(), expectedVersion: 0, data: { a: 1 }, requestId: "request-1" };
    await records.write(event);
    await records.write({ ...event, expectedVersion: 1, requestId: "request-2" });
    expect(await records.write(event)).toMatchObject({ status: 409, currentVersion: 2 });
  });
});

describe("data", () => {
  test("REC-06 any JSON object comes back as it was written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), async (value) => {
        const id = newId();
        // As Lambda hands it over; -0 has no JSON of its own.
        const data = JSON.parse(JSON.stringify(value));
        expect(await records.write({ id, expectedVersion: 0, data })).toMatchObject({ status: 201 });
        const answer = (await records.read({ id })) as { record: { data: unknown } };
        expect(JSON.stringify(answer.record.data)).toBe(JSON.stringify(data));
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    '{"__proto__":{"a":1}}',
    '{"toJSON":"x","constructor":null}',
    '{"large":1.7976931348623157e+308,"small":5e-324,"exact":0.1}',
    '{"half of a pair":"\\ud800","":""}',
  ])("REC-06 awkward data comes back as it was written: %s", async (json) => {
    const id = newId();
    await records.write({ id, expectedVersion: 0, data: JSON.parse(json) });
    const answer = (await records.read({ id })) as { record: { data: unknown } };
    expect(JSON.stringify(answer.record.data)).toBe(json);
  });

  test("REC-06 the largest record that is accepted fits into the table, and one byte more is refused", async () => {
    const textOf = (bytes: number) => "x".repeat(bytes - '{"text":""}'.length);
    const event = { id: "i".repeat(128), expectedVersion: 0, requestId: "r".repeat(64) };
    const largest = { ...event, data: { text: textOf(maximumDataBytes) } };
    expect(await records.write(largest)).toMatchObject({ status: 201 });
    // As many characters, and two bytes more: what counts is UTF-8.
    for (const text of [textOf(maximumDataBytes + 1), textOf(maximumDataBytes).replace("x", "€")])
      expect(await records.write({ ...event, data: { text } })).toMatchObject({
        status: 400,
        errors: [{ pointer: "/data", detail: expect.stringContaining(`${maximumDataBytes} bytes`) }],
      });
  });
});

const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

describe("validation", () => {
  const valid = { id: "a", expectedVersion: 0, data: {} };
  const idRule = "must be 1 to 128 of A-Z a-z 0-9 . _ : -";
  const versionRule = "must be a whole number from 0 to 9007199254740990; 0 says that there is no record yet";
  const requestIdRule = "must be 1 to 64 of A-Z a-z 0-9 . _ : -";
  const keysRule = "must be an object with id, expectedVersion, data and, optionally, requestId, and no other keys";

  test.each<[string, unknown, [string, string][]]>([
    ["no id", { ...valid, id: undefined }, [["/id", idRule]]],
    ["an empty id", { ...valid, id: "" }, [["/id", idRule]]],
    ["a long id", { ...valid, id: "a".repeat(129) }, [["/id", idRule]]],
    ["an id with a space", { ...valid, id: "a b" }, [["/id", idRule]]],
    ["an id that ends with a new line", { ...valid, id: "a\n" }, [["/id", idRule]]],
    ["a number as id", { ...valid, id: 1 }, [["/id", idRule]]],
    ["no version", { id: "a", data: {} }, [["/expectedVersion", versionRule]]],
    ["a version below 0", { ...valid, expectedVersion: -1 }, [["/expectedVersion", versionRule]]],
    ["half a version", { ...valid, expectedVersion: -1.5 }, [["/expectedVersion", versionRule]]],
    [
      "a version that can't be counted on",
      { ...valid, expectedVersion: 2 ** 53 - 1 },
      [["/expectedVersion", versionRule]],
    ],
    ["a version beyond numbers", { ...valid, expectedVersion: 1e300 }, [["/expectedVersion", versionRule]]],
    ["a text as version", { ...valid, expectedVersion: "1" }, [["/expectedVersion", versionRule]]],
    ["no data", { id: "a", expectedVersion: 0 }, [["/data", "must be a JSON object"]]],
    ["null as data", { ...valid, data: null }, [["/data", "must be a JSON object"]]],
    ["a list as data", { ...valid, data: [] }, [["/data", "must be a JSON object"]]],
    ["a text as data", { ...valid, data: "{}" }, [["/data", "must be a JSON object"]]],
    [
      "deep data",
      { ...valid, data: nested(maximumDataDepth + 1) },
      [["/data", `must not nest deeper than ${maximumDataDepth} levels`]],
    ],
    ["a long request id", { ...valid, requestId: "a".repeat(65) }, [["/requestId", requestIdRule]]],
    ["null as request id", { ...valid, requestId: null }, [["/requestId", requestIdRule]]],
    ["an unknown key", { ...valid, verison: 1 }, [["", keysRule]]],
    ["null", null, [["", keysRule]]],
    ["a list", [valid], [["", keysRule]]],
    ["a text", JSON.stringify(valid), [["", keysRule]]],
    ["nothing", undefined, [["", keysRule]]],
    [
      "all at once",
      { id: "", expectedVersion: -1, data: 1, requestId: "", more: 1 },
      [
        ["/id", idRule],
        ["/expectedVersion", versionRule],
        ["/data", "must be a JSON object"],
        ["/requestId", requestIdRule],
        ["", keysRule],
      ],
    ],
  ])("REC-06 a write is refused, and all that is wrong is said: %s", async (_, event, errors) => {
    expect(await records.write(event)).toEqual({
      type: "urn:tap:problem:invalid-request",
      title: "The request is not valid",
      status: 400,
      detail: "See errors: each names a place in the request, and its rule.",
      instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
      errors: errors.map(([pointer, detail]) => ({ pointer, detail })),
    });
  });

  test.each([
    ["no id", {}, "/id"],
    ["an id with a slash", { id: "a/b" }, "/id"],
    ["an unknown key", { id: "a", version: 1 }, ""],
    ["nothing", undefined, ""],
  ])("REC-06 a read is refused: %s", async (_, event, pointer) => {
    expect(await records.read(event)).toMatchObject({ status: 400, errors: [{ pointer }] });
  });

  test.each([
    ["the longest id", { ...valid, id: "A-Za-z0-9._:".repeat(10) + "a".repeat(8) }],
    ["the deepest data", { ...valid, id: "deepest", data: nested(maximumDataDepth) }],
    ["the longest request id", { ...valid, id: "longest", requestId: "r".repeat(64) }],
  ])("REC-06 a write is accepted: %s", async (_, event) => {
    expect(await records.write(event)).toMatchObject({ status: 201 });
  });
});

describe("log and metrics", () => {
  const metricsOf = (lines: Record<string, unknown>[]) =>
    lines.filter((line) => "_aws" in line).map(({ _aws, service, function_name, ...metrics }) => metrics);

  test("REC-06 what happens is counted, by service", async () => {
    const id = newId();
    const event = { id, expectedVersion: 0, data: {}, requestId: "request-1" };
    const lines = await linesOf(async () => {
      await records.write(event);
      await records.write(event);
      await records.write({ ...event, requestId: "request-2" });
      await records.write({ ...event, data: null });
      await records.read({ id });
      await records.read({ id: newId() });
    });
    expect(metricsOf(lines)).toEqual([
      { RecordWritten: 1 },
      { RepeatedWrite: 1 },
      { StaleVersion: 1 },
      { InvalidRequest: 1 },
      { RecordRead: 1 },
      { NotFound: 1 },
    ]);
    for (const line of lines.filter((candidate) => "_aws" in candidate))
      expect(line).toMatchObject({
        _aws: { CloudWatchMetrics: [{ Namespace: "tap", Dimensions: [["service"]] }] },
        service: "records",
      });
  });

  test("REC-06 every line of the log has the request's id: the caller's, else Lambda's", async () => {
    const awsRequestId = "6b1d7a5e-0000-4000-8000-000000000002";
    const event = { id: newId(), expectedVersion: 0, data: {} };
    const lines = await linesOf(async () => {
      await records.write({ ...event, requestId: "request-1" }, { awsRequestId });
      await records.write(event, { awsRequestId });
      await records.write({}, { awsRequestId });
    });
    expect(lines.filter((line) => "level" in line)).toMatchObject([
      { level: "INFO", message: "Record written", correlation_id: "request-1", function_request_id: awsRequestId },
      { level: "WARN", correlation_id: awsRequestId, function_request_id: awsRequestId },
      { level: "WARN", correlation_id: awsRequestId, function_request_id: awsRequestId },
    ]);
  });
});
