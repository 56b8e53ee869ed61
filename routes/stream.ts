import * as z from "zod/mini";
import { text } from "./parameters";
import { bodyErrors, problem } from "./problem";
import type { ApiDefinition, Model } from "./route";

/** PutRecords takes as many. */
export const maximumRecords = 500;

/** Of values, in either direction. */
export const maximumValue = 1_000_000_000_000;

/** Places behind the decimal point of a value: sums are exact, of however many records. */
export const valuePlaces = 6;

const nameRule = "must be 1 to 64 of A-Z a-z 0-9 . _ -";
const name = text(/^[A-Za-z0-9._-]{1,64}$/, nameRule);

const valueRule = `must be a number from -${maximumValue} to ${maximumValue} with at most ${valuePlaces} decimal places`;
/** As JSON writes numbers of this size: the shortest decimal that is the same number. */
const valuePattern = new RegExp(`^-?\\d+(\\.\\d{1,${valuePlaces}})?$`);

const timeRule = "must be a time in ISO 8601, UTC, such as 2026-01-01T00:00:00Z, with milliseconds or without";
/** All but days that a month doesn't have. */
const timePattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?Z$/;

/** A measurement. `source` and `id` are its business key: what comes again under them is the same, and counts once. */
export const streamRecord = z.strictObject(
  {
    id: text(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -"),
    /** What it comes from; records of one source are on one shard. */
    source: name,
    metric: name,
    value: z.number(valueRule).check(
      z.minimum(-maximumValue, valueRule),
      z.maximum(maximumValue, valueRule),
      // No multipleOf: that is judged in binary fractions by some.
      z.refine((value) => valuePattern.test(String(value)), valueRule),
    ),
    occurredAt: text(timePattern, timeRule).check(z.refine(isDay, timeRule)),
  },
  "must be an object with id, source, metric, value and occurredAt, and no other keys",
);

function isDay(time: string): boolean {
  const date = new Date(time);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === time.slice(0, 10);
}

const recordsRule = `must be a list of 1 to ${maximumRecords} records`;

/** zod judges the length first: of what is far too long, not every part is named. */
const records = z
  .array(streamRecord, recordsRule)
  .check(z.minLength(1, recordsRule), z.maxLength(maximumRecords, recordsRule));

const exampleRecord: z.output<typeof streamRecord> = {
  id: "b6c2a1f0-1",
  source: "press-7",
  metric: "temperature-celsius",
  value: 71.25,
  occurredAt: "2026-01-01T00:00:00.000Z",
};

const batch: Model = {
  name: "RecordBatch",
  schema: z.strictObject({ records }, "must be an object with records, and no other keys"),
  example: { records: [exampleRecord] },
};

/** Why a record isn't on the stream, or may not be: all of them are worth another attempt, with the same id. */
export const failureReasons = ["throttled", "internal-failure", "no-answer"] as const;

const resultsSchema = z.object({
  accepted: z.number(),
  failed: z.number(),
  results: z.array(
    z.object({
      /** Place in the request, from 0. */
      index: z.number(),
      id: z.string(),
      status: z.enum(["accepted", "failed"]),
      reason: z.optional(z.enum(failureReasons)),
    }),
  ),
});

export type IngestResults = z.output<typeof resultsSchema>;

const results: Model = {
  name: "RecordResults",
  schema: resultsSchema,
  example: { accepted: 1, failed: 0, results: [{ index: 0, id: exampleRecord.id, status: "accepted" }] },
};

const healthSchema = z.object({
  status: z.enum(["ok", "degraded"]),
  dependencies: z.object({ stream: z.enum(["ok", "impaired"]) }),
});

export type StreamHealth = z.output<typeof healthSchema>;

const health: Model = {
  name: "StreamHealth",
  schema: healthSchema,
  example: { status: "ok", dependencies: { stream: "ok" } },
};

/** Records for the stream (STR-02): many at a time, each answered for by itself. */
export const stream: ApiDefinition = {
  component: "stream",
  title: "tap stream",
  description: "Measurements, put on a stream and counted once each, in whatever order they come.",
  version: "1.0.0",
  routes: [
    {
      method: "GET",
      path: "/health",
      operationId: "getHealth",
      summary: "Whether records can be taken",
      access: "public",
      function: "health",
      responses: { 200: { description: "It answers; `dependencies` says what is impaired", body: health } },
    },
    {
      method: "POST",
      path: "/process",
      operationId: "processRecords",
      summary: "Puts records on the stream; those that were put before, under the same source and id, count once",
      access: "key",
      function: "ingest",
      body: batch,
      responses: {
        200: { description: "All records are on the stream", body: results },
        207: { description: "Some are; each of the others says why not, and can be sent again", body: results },
        ...bodyErrors,
        503: {
          description: "None is known to be on the stream; later again, with the same ids",
          body: problem,
          headers: { "retry-after": "Seconds to wait" },
        },
      },
    },
  ],
};
