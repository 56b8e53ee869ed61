import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { jobInput } from "../../routes/jobs";
import { correlationIdPattern } from "../shared/correlation-id";
import { parseJson } from "../shared/json";
import { rulesBroken } from "../shared/rules";
import { Refusal } from "./refusal";

export type JobStatus = "queued" | "running" | "succeeded" | "failed";

/** A job as its submitter sees it. */
export interface JobView {
  readonly id: string;
  readonly type: string;
  readonly status: JobStatus;
  /** Of a job that failed: why. */
  readonly reason?: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What is to be done, and with what. */
export type JobInput = z.output<typeof jobInput>;

/** What belongs to a job from the beginning, and never changes. */
export interface JobIdentity {
  readonly id: string;
  readonly type: string;
  /** Id of the API key that it was submitted with: who may see it. */
  readonly requestedBy: string;
  readonly correlationId: string;
  readonly createdAt: string;
  /** Of what is to be done: another request for the same id is known by it. */
  readonly requestHash: string;
}

/** A whole job, as the queue carries it. */
export interface JobMessage extends JobInput {
  readonly id: string;
  readonly correlationId: string;
  readonly requestedBy: string;
  readonly createdAt: string;
}

const text = (rule: string, pattern: RegExp) => z.string(rule).check(z.regex(pattern, rule));
const id = text("must be 1 to 64 of A-Z a-z 0-9 _ -", /^[A-Za-z0-9_-]{1,64}$/);
const type = text("must be 1 to 64 characters", /^.{1,64}$/);
const requestedBy = text("must be the id of an API key", /^[A-Za-z0-9-]{1,64}$/);
const correlationId = text("must be 8 to 64 of A-Z a-z 0-9 _ -", correlationIdPattern);
const createdAt = text("must be a time in ISO 8601, UTC", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const jobMessage = z.strictObject(
  { id, type, input: z.unknown(), correlationId, requestedBy, createdAt },
  "must be an object with id, type, input, correlationId, requestedBy and createdAt, and no other keys",
);

export function requestHashOf({ type, input }: { readonly type?: unknown; readonly input?: unknown }): string {
  return createHash("sha256")
    .update(JSON.stringify([type, input]))
    .digest("hex");
}

export function identityOf(message: JobMessage): JobIdentity {
  const { id, type, requestedBy, correlationId, createdAt } = message;
  return { id, type, requestedBy, correlationId, createdAt, requestHash: requestHashOf(message) };
}

/** What a message is about, also where it breaks rules otherwise; undefined where it has no id. */
export function readIdentity(body: string): JobIdentity | undefined {
  const message = parseJson(body);
  if (typeof message !== "object" || message === null) return undefined;
  const part = <Value>(schema: z.ZodMiniType<Value>, name: string, otherwise: Value): Value => {
    const result = schema.safeParse((message as Record<string, unknown>)[name]);
    return result.success ? result.data : otherwise;
  };
  const known = part(z.optional(id), "id", undefined);
  if (known === undefined) return undefined;
  return {
    id: known,
    type: part(type, "type", "unknown"),
    // No API key has such an id.
    requestedBy: part(requestedBy, "requestedBy", "-"),
    correlationId: part(correlationId, "correlationId", known),
    createdAt: part(createdAt, "createdAt", new Date().toISOString()),
    requestHash: requestHashOf(message),
  };
}

/** What a message asks for, or a refusal that says which rules it breaks: never a value. */
export function readJob(body: string, maximumInputBytes: number): JobInput | Refusal {
  const message = jobMessage.safeParse(parseJson(body));
  if (!message.success) return refusal(message.error);
  const { type, input } = message.data;
  const job = jobInput.safeParse({ type, input });
  if (!job.success) return refusal(job.error);
  if (Buffer.byteLength(JSON.stringify(input)) > maximumInputBytes)
    return new Refusal(`/input must not be longer than ${maximumInputBytes} bytes of JSON in UTF-8 at this time`);
  return job.data;
}

function refusal(error: z.core.$ZodError): Refusal {
  return new Refusal(`The message breaks rules: ${rulesBroken(error).join("; ")}`);
}
