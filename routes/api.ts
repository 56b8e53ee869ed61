import * as z from "zod/mini";
import { text } from "./parameters";
import { bodyErrors, problem } from "./problem";
import type { ApiDefinition, Model, Parameter } from "./route";

const id: Parameter = {
  description: "Id of the item",
  schema: text(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -"),
  example: "0198c7a2-5d0e-7b5e-9b1c-6f1d2c3b4a59",
};

const ifMatch: Parameter = {
  description: 'The entity tag that the change is based on, from ETag: "3"',
  schema: text(/^"[1-9][0-9]{0,14}"$/, 'must be one entity tag, as ETag had it, such as "3"'),
  required: true,
  example: '"3"',
};

const idempotencyKey: Parameter = {
  description: "The same for every repetition of one request: an answer that was lost is given again",
  schema: text(/^[A-Za-z0-9_-]{8,64}$/, "must be 8 to 64 of A-Z a-z 0-9 _ -"),
  required: true,
  example: "b6c2a1f0-create-1",
};

/** In UTF-8, as JSON. A page of a hundred fits into what Lambda answers (6 MB), a change into a message (256 KB, SNS). */
export const maximumAttributesBytes = 32_768;

const nameRule = "must be a text of 1 to 200 characters";
const attributesRule = `must be an object of at most ${maximumAttributesBytes} bytes of JSON in UTF-8`;

const name = z.string(nameRule).check(
  z.minLength(1, nameRule),
  z.maxLength(200, nameRule),
  // Half a character has no UTF-8: it would not come back as it was.
  z.refine((value) => !/\p{Cs}/u.test(value), nameRule),
);
const attributes = z
  .record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean()], "must be a text, a number, true or false"),
    attributesRule,
  )
  .check(z.refine((value) => Buffer.byteLength(JSON.stringify(value)) <= maximumAttributesBytes, attributesRule));

const itemInputSchema = z.strictObject(
  { name, attributes: z.optional(attributes) },
  "must be an object with name and, optionally, attributes, and no other keys",
);

export type ItemInput = z.output<typeof itemInputSchema>;

const exampleInput: ItemInput = { name: "Bolt", attributes: { lengthMillimetres: 25, galvanized: true } };

const itemInput: Model = { name: "ItemInput", schema: itemInputSchema, example: exampleInput };

const itemFields = {
  id: z.string(),
  /** 1 when it is created; every change adds 1. */
  version: z.number(),
  name: z.string(),
  attributes: z.optional(attributes),
  /** The region that it belongs to, and that alone changes it (API-16). */
  origin: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
};

const itemSchema = z.object(itemFields);

/** An item as clients see it. */
export type Item = z.output<typeof itemSchema>;

const exampleItem: Item = {
  ...exampleInput,
  id: "0198c7a2-5d0e-7b5e-9b1c-6f1d2c3b4a59",
  version: 3,
  origin: "us-east-1",
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-02T00:00:00.000Z",
};

const item: Model = { name: "Item", schema: itemSchema, example: exampleItem };

const itemPage: Model = {
  name: "ItemPage",
  schema: z.object({ items: z.array(itemSchema), nextCursor: z.optional(z.string()) }),
  example: { items: [exampleItem] },
};

const healthSchema = z.object({
  status: z.enum(["ok", "degraded"]),
  region: z.string(),
  /** `items`: the table of this region; and each other region, by its name. */
  dependencies: z.record(z.string(), z.enum(["ok", "impaired", "unknown"])),
});

export type Health = z.output<typeof healthSchema>;

const exampleHealth: Health = {
  status: "degraded",
  region: "us-east-1",
  dependencies: { items: "ok", "us-west-2": "impaired" },
};

const health: Model = { name: "Health", schema: healthSchema, example: exampleHealth };

const stale = { description: "The item has another version", body: problem };
const unconditional = { description: "The request has no If-Match", body: problem };
const missing = { description: "There is no such item", body: problem };
const etag = { etag: "Version of the item, in quotes" };

/** The multi-region API (API-08): items, each of one region, readable in all. */
export const api: ApiDefinition = {
  component: "api",
  title: "tap items",
  description: "Items with versions. Each belongs to the region that it was created in; every region can read it.",
  version: "1.0.0",
  routes: [
    {
      method: "GET",
      path: "/health",
      operationId: "getHealth",
      summary: "Whether the API works here, and what is impaired",
      access: "public",
      function: "health",
      responses: { 200: { description: "It answers; `dependencies` says what is impaired", body: health } },
    },
    {
      method: "POST",
      path: "/items",
      operationId: "createItem",
      summary: "Creates an item",
      access: "key",
      function: "items",
      headers: { "idempotency-key": idempotencyKey },
      body: itemInput,
      responses: {
        201: { description: "Created", body: item, headers: { ...etag, location: "Path of the item" } },
        409: { description: "The idempotency key was used for another request", body: problem },
        ...bodyErrors,
      },
    },
    {
      method: "GET",
      path: "/items",
      operationId: "listItems",
      summary: "Lists items, a page at a time",
      access: "key",
      function: "items",
      queryParameters: {
        limit: {
          description:
            "Items on a page at most, 1 to 100; 25 where it is left out. A page with nextCursor can have fewer",
          schema: text(/^([1-9][0-9]?|100)$/, "must be a whole number from 1 to 100"),
          example: "25",
        },
        cursor: {
          description: "Where to go on, from nextCursor of the page before; it is good for an hour",
          schema: text(/^[A-Za-z0-9_.-]{1,512}$/, "must be nextCursor of the page before"),
        },
      },
      responses: { 200: { description: "A page", body: itemPage } },
    },
    {
      method: "GET",
      path: "/items/{id}",
      operationId: "getItem",
      summary: "Reads an item",
      access: "key",
      function: "items",
      pathParameters: { id },
      responses: { 200: { description: "The item", body: item, headers: etag }, 404: missing },
    },
    {
      method: "PUT",
      path: "/items/{id}",
      operationId: "updateItem",
      summary: "Replaces an item, if its version is the expected one",
      access: "key",
      function: "items",
      pathParameters: { id },
      headers: { "if-match": ifMatch },
      body: itemInput,
      responses: {
        200: { description: "Replaced", body: item, headers: etag },
        ...bodyErrors,
        404: missing,
        409: { description: "The item belongs to another region", body: problem },
        412: stale,
        428: unconditional,
      },
    },
    {
      method: "DELETE",
      path: "/items/{id}",
      operationId: "deleteItem",
      summary: "Deletes an item, if its version is the expected one",
      access: "key",
      function: "items",
      pathParameters: { id },
      headers: { "if-match": ifMatch },
      responses: {
        204: { description: "Deleted, or deleted before by the same request" },
        404: missing,
        409: { description: "The item belongs to another region", body: problem },
        412: stale,
        428: unconditional,
      },
    },
  ],
};
