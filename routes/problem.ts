import * as z from "zod/mini";
import type { Model, Response } from "./route";

/** Problem details (RFC 9457), the body of every error. */
export const problem: Model = {
  name: "Problem",
  schema: z.object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    instance: z.optional(z.string()),
    errors: z.optional(z.array(z.object({ pointer: z.string(), detail: z.string() }))),
    currentVersion: z.optional(z.number()),
    retryAfterSeconds: z.optional(z.number()),
  }),
  example: {
    type: "urn:tap:problem:invalid-request",
    title: "The request is not valid",
    status: 400,
    detail: "See errors: each names a place in the request, and its rule.",
    instance: "urn:uuid:c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    errors: [{ pointer: "/query/limit", detail: "must be a whole number from 1 to 100" }],
  },
};

const error = (description: string): Response => ({ description, body: problem });

/** What every route can answer, whatever it is about; the gateway's own answers have the same shape. */
export const commonErrors: Readonly<Record<number, Response>> = {
  400: error("The request breaks a rule; `errors` names all of them"),
  403: error("No API key, or one that isn't valid"),
  429: error("Too many requests for this key, or for all; later again"),
  500: error("Something went wrong on the server's side; the logs have it under `instance`"),
  503: { ...error("A dependency is down; later again"), headers: { "retry-after": "Seconds to wait" } },
  504: error("No answer in time; whether the request was carried out is not known"),
};

/** What every route with a body can answer. */
export const bodyErrors: Readonly<Record<number, Response>> = {
  413: error("The body is too large"),
  415: error("The body is of another type than application/json"),
};
