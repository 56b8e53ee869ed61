import * as z from "zod/mini";
import { idempotencyKey, text } from "./parameters";
import { bodyErrors, problem } from "./problem";
import type { ApiDefinition, Model } from "./route";

/** What can be done: counts the words of a text, or sums numbers up. */
const jobTypes = ["count-words", "sum"] as const;

/**
 * SQS takes messages of 262,144 bytes. The rest is for what a message says beside its input, and for the reason that
 * goes with it when it ends among the dead letters.
 */
export const maximumInputBytes = 250_000;

const typeRule = `must be one of ${jobTypes.join(", ")}`;
const inputRule = "must be a text of 1 to 100,000 characters, or a list of 1 to 10,000 numbers";
const fitRule = "must be a text for count-words, and a list of numbers for sum";
const sizeRule = `must not be longer than ${maximumInputBytes} bytes of JSON in UTF-8: SQS takes messages of 256 KB`;

/** A job as it is submitted. What a schema in JSON can't say is checked by the functions alone. */
export const jobInput = z
  .strictObject(
    {
      type: z.enum(jobTypes, typeRule),
      /** What to do it with; a text, or numbers. */
      input: z.union(
        [
          z.string().check(z.minLength(1, inputRule), z.maxLength(100_000, inputRule)),
          z.array(z.number()).check(z.minLength(1, inputRule), z.maxLength(10_000, inputRule)),
        ],
        inputRule,
      ),
    },
    "must be an object with type and input, and no other keys",
  )
  .check(
    z.refine(({ type, input }) => (type === "count-words") === (typeof input === "string"), {
      path: ["input"],
      error: fitRule,
    }),
    z.refine(({ input }) => Buffer.byteLength(JSON.stringify(input)) <= maximumInputBytes, {
      path: ["input"],
      error: sizeRule,
    }),
  );

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
  example: {
    id: "0198c7a2-5d0e-7b5e-9b1c-6f1d2c3b4a59",
    type: "sum",
    status: "running",
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:01.000Z",
  },
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
        "idempotency-key": idempotencyKey("the job that was made", "b6c2a1f0-submit-1"),
      },
      body: { name: "JobInput", schema: jobInput, example: { type: "sum", input: [1, 2, 3.5] } },
      responses: {
        202: { description: "Queued", body: job, headers: { location: "Path of the job" } },
        409: { description: "The idempotency key was used for another job", body: problem },
        ...bodyErrors,
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
        id: {
          description: "Id of the job",
          schema: text(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ -"),
          example: "0198c7a2-5d0e-7b5e-9b1c-6f1d2c3b4a59",
        },
      },
      responses: {
        200: { description: "The job", body: job },
        404: { description: "There is no such job", body: problem },
      },
    },
  ],
};
