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
