import fc from "fast-check";
import { fileIdOfKey, versionsOf } from "../../../functions/files/s3-event";
import { createdRecord } from "./local-s3";

/* FIL-05: what S3 tells of, and of which file it is. */

const id = "n4bQgYhMfWWaL-qgxVrQFa";
const message = (...records: object[]) => JSON.stringify({ Records: records });

test("FIL-05 an object that was created is a version of its file", () => {
  const record = createdRecord({ key: `uploads/${id}.csv`, versionId: "v1", sequencer: "0A", size: 7 });
  expect(versionsOf(message(record))).toEqual([
    { id, versionId: "v1", key: `uploads/${id}.csv`, sequencer: "0A", sizeBytes: 7 },
  ]);
});

test("FIL-05 all records of a message are read, in their order, and those of other events aren't", () => {
  const records = [
    createdRecord({ key: "uploads/a.csv" }),
    { ...createdRecord({ key: "uploads/b.csv" }), eventName: "ObjectRemoved:DeleteMarkerCreated" },
    { ...createdRecord({ key: "uploads/c.csv" }), eventName: "ObjectCreated:CompleteMultipartUpload" },
    // What is subscribed to is called so.
    { ...createdRecord({ key: "uploads/d.csv" }), eventName: "s3:ObjectCreated:Put" },
  ];
  expect(versionsOf(message(...records)).map(({ key }) => key)).toEqual([
    "uploads/a.csv",
    "uploads/c.csv",
    "uploads/d.csv",
  ]);
});

test("FIL-05 a test event is ignored", () => {
  const event = {
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: "2026-01-01T00:00:00.000Z",
    Bucket: "tap-files",
    RequestId: "5582815E1AEA5ADF",
    HostId: "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
  };
  expect(versionsOf(JSON.stringify(event))).toEqual([]);
});

test.each<[string, string]>([
  ["no JSON", "secret"],
  ["no object", "null"],
  ["another service's", JSON.stringify({ detail: "secret" })],
  ["records of nothing", message({ secret: "secret" })],
  ["no version", message(without("versionId"))],
  ["no sequencer", message(without("sequencer"))],
  ["a sequencer that can't be compared", message(createdRecord({ key: "secret", sequencer: "secret" }))],
])("FIL-05 what is no notification is refused, without a word of it: %s", (_, body) => {
  const refusal = expectRefusal(() => versionsOf(body));
  expect(`${refusal.message} ${refusal.stack}`).not.toContain("secret");
});

test("FIL-05 a key that isn't URL-encoded is refused, without a word of it", () => {
  const record = createdRecord({ key: "" });
  record.s3.object.key = "uploads/secret%";
  expect(expectRefusal(() => versionsOf(message(record))).message).not.toContain("secret");
});

test("FIL-05 keys are decoded: pluses are spaces, whatever else is in them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      const key = `uploads/a + b%/${name}`;
      expect(versionsOf(message(createdRecord({ key }))).map((version) => version.key)).toEqual([key]);
    }),
  );
});

test("FIL-05 an object that was put by other means has an id of its own, always the same", () => {
  expect(fileIdOfKey("uploads/x/PHOTO.JPG")).toBe("g0QG9Jhp4dhmS1quaUaScL");
  const other = [`uploads/${id}.JPG`, `uploads/x/${id}.jpg`, `uploads/${id}`, `uploads/${id}.csv.csv`, `x/${id}.csv`];
  const ids = other.map(fileIdOfKey);
  expect(new Set([...ids, id]).size).toBe(other.length + 1);
  for (const one of ids) expect(one).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

function without(name: "versionId" | "sequencer"): object {
  const record = createdRecord({ key: "secret" });
  delete (record.s3.object as Partial<typeof record.s3.object>)[name];
  return record;
}

function expectRefusal(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("Nothing was refused");
}
