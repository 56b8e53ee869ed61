import * as z from "zod/mini";
import { problem } from "./problem";
import type { ApiDefinition, Model, Parameter } from "./route";

const id: Parameter = {
  description: "Id of the item",
  schema: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/)),
};

const ifMatch: Parameter = {
  description: 'The entity tag that the change is based on, from ETag: "3"',
  schema: z.string().check(z.regex(/^"[1-9][0-9]{0,14}"$/)),
  required: true,
};

const idempotencyKey: Parameter = {
  description: "The same for every repetition of one request: an answer that was lost is given again",
  schema: z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/)),
  required: true,
};

const name = z.string().check(z.minLength(1), z.maxLength(200));
const attributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const itemInput: Model = {
  name: "ItemInput",
  schema: z.strictObject({ name, attributes: z.optional(attributes) }),
};

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

const item: Model = { name: "Item", schema: z.object(itemFields) };

const itemPage: Model = {
  name: "ItemPage",
  schema: z.object({ items: z.array(z.object(itemFields)), nextCursor: z.optional(z.string()) }),
};

const health: Model = {
  name: "Health",
  schema: z.object({
    status: z.enum(["ok", "degraded"]),
    region: z.string(),
    dependencies: z.record(z.string(), z.enum(["ok", "impaired", "unknown"])),
  }),
};

const stale = { description: "The item has another version", body: problem };
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
          description: "Items on a page, 1 to 100",
          schema: z.string().check(z.regex(/^([1-9][0-9]?|100)$/)),
        },
        cursor: {
          description: "Where to go on, from nextCursor of the page before",
          schema: z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,512}$/)),
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
        404: missing,
        409: { description: "The item belongs to another region", body: problem },
        412: stale,
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
      },
    },
  ],
};
