import * as z from "zod/mini";
import { problem } from "./problem";
import type { ApiDefinition, Model } from "./route";

const jobInput: Model = {
  name: "JobInput",
  schema: z.strictObject({
    /** What is to be done: counts the words of a text, or sums numbers up. */
    type: z.enum(["count-words", "sum"]),
    /** What to do it with; a text, or numbers. */
    input: z.union([
      z.string().check(z.minLength(1), z.maxLength(100_000)),
      z.array(z.number()).check(z.minLength(1), z.maxLength(10_000)),
    ]),
  }),
};

const job: Model = {
  name: "Job",
  schema: z.object({
    id: z.string(),
    type: z.string(),
    status: z.enum(["queued", "running", "succeeded", "failed"]),
    /** Of a job that succeeded: where its result is, for 15 minutes. */
    resultUrl: z.optional(z.string()),
    /** Of a job that failed: why. */
    reason: z.optional(z.string()),
    createdAt: z.string(),
    updatedAt: z.string(),
  }),
};

/** The jobs of the platform: submit one, follow it. */
export const jobs: ApiDefinition = {
  component: "jobs",
  title: "tap jobs",
  description: "Work that takes longer than a request: submitted, queued, done by a worker, followed by its id.",
  version: "1.0.0",
  routes: [
    {
      method: "POST",
      path: "/jobs",
      operationId: "submitJob",
      summary: "Submits a job",
      access: "key",
      function: "submit",
      headers: {
        "idempotency-key": {
          description: "The same for every repetition of one request: the job that was made is answered again",
          schema: z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/)),
          required: true,
        },
      },
      body: jobInput,
      responses: {
        202: { description: "Queued", body: job, headers: { location: "Path of the job" } },
        409: { description: "The idempotency key was used for another job", body: problem },
      },
    },
    {
      method: "GET",
      path: "/jobs/{id}",
      operationId: "getJob",
      summary: "How far a job is",
      access: "key",
      function: "follow",
      pathParameters: {
        id: { description: "Id of the job", schema: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/)) },
      },
      responses: {
        200: { description: "The job", body: job },
        404: { description: "There is no such job", body: problem },
      },
    },
  ],
};
