import * as z from "zod/mini";

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A record as callers see it. */
export interface RecordView {
  readonly id: string;
  /** 1 when it is created; every write adds 1. */
  readonly version: number;
  readonly data: JsonObject;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** DynamoDB's limit of an item, names of attributes included, is 400 KB (1 KB is 1,024 bytes); 1 KB is for the others. */
export const maximumDataBytes = 399 * 1_024;

/** As deep as DynamoDB's own documents, and far from what any JSON parser fears. */
export const maximumDataDepth = 32;

/** Safe as a JavaScript number, and so is the next one. */
const maximumVersion = Number.MAX_SAFE_INTEGER - 1;

const idRule = "must be 1 to 128 of A-Z a-z 0-9 . _ : -";
const versionRule = `must be a whole number from 0 to ${maximumVersion}; 0 says that there is no record yet`;
const requestIdRule = "must be 1 to 64 of A-Z a-z 0-9 . _ : -";

const id = z.string(idRule).check(z.regex(/^[A-Za-z0-9._:-]{1,128}$/, idRule));

const data = z.custom<JsonObject>((value) => refusalOf(value) === undefined, {
  error: ({ input }) => refusalOf(input),
});

export const writeRequest = z.strictObject(
  {
    id,
    expectedVersion: z.number(versionRule).check(z.refine(isVersion, versionRule)),
    data,
    requestId: z.optional(z.string(requestIdRule).check(z.regex(/^[A-Za-z0-9._:-]{1,64}$/, requestIdRule))),
  },
  "must be an object with id, expectedVersion, data and, optionally, requestId, and no other keys",
);

export const readRequest = z.strictObject({ id }, "must be an object with id, and no other keys");

export type WriteRequest = z.output<typeof writeRequest>;

function isVersion(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maximumVersion;
}

/** The rule that a value breaks as data of a record, or undefined. */
function refusalOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "must be a JSON object";
  if (isDeeperThan(maximumDataDepth, value)) return `must not nest deeper than ${maximumDataDepth} levels`;
  // JSON as it is stored: UTF-8.
  if (Buffer.byteLength(JSON.stringify(value)) > maximumDataBytes)
    return `must not be longer than ${maximumDataBytes} bytes of JSON in UTF-8: DynamoDB takes items of 400 KB`;
  return undefined;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeperThan(levels - 1, part));
}
