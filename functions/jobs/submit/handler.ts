import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { jobs } from "../../../routes/jobs";
import { type DynamoDbTable, ownTable } from "../../shared/dynamodb-table";
import { createHttpHandler, type HttpInvocation } from "../../shared/http";
import type { HttpAnswer } from "../../shared/http-response";
import { idempotentId } from "../../shared/idempotency";
import { type MessageQueue, ownQueue } from "../../shared/message-queue";
import { logger, metrics } from "../../shared/powertools";
import { Problem } from "../../shared/problem";
import { identityOf, type JobInput, type JobMessage, type JobView, requestHashOf } from "../job";
import { sendJob } from "../job-queue";
import { createJob, getJob, type StoredJob } from "../job-table";

interface SubmitRequest {
  readonly url: string;
  readonly headers: { readonly "idempotency-key": string };
  readonly body: JobInput;
  readonly apiKeyId: string;
}

/**
 * Sends first, then writes: what is in the queue will be done, whatever happens here afterwards. The worker writes the
 * job where it isn't there yet, and so does the caller's repetition.
 */
export function createSubmitHandler(table: DynamoDbTable, queue: MessageQueue) {
  const submitJob = async ({ url, headers, body, apiKeyId }: SubmitRequest, invocation: HttpInvocation) => {
    const { correlationId, signal } = invocation;
    const id = idempotentId(apiKeyId, headers["idempotency-key"]);
    logger.appendKeys({ job_id: id });
    // Of another request with this key, nothing may reach the queue.
    const before = await getJob(table, id, signal);
    const createdAt = before?.view.createdAt ?? new Date().toISOString();
    const job: JobMessage = { id, ...body, correlationId, requestedBy: apiKeyId, createdAt };
    if (before !== undefined) {
      const known = answer(before, body, `${url}/${id}`, true);
      if (isStranded(before.view)) await sendJob(queue, job, signal);
      return known;
    }
    await sendJob(queue, job, signal);
    return answer(await createJob(table, identityOf(job), signal), body, `${url}/${id}`, false);
  };
  return createHttpHandler(jobs, "submit", { submitJob });
}

/** Minutes without a change after which a repetition queues a job again: a queue is lost with its region (docs/operations/recovery.md). */
const strandedAfterMinutes = 15;

/** A job that was taken, isn't done, and of which nothing has been heard; a second message of one that is well does no harm. */
function isStranded({ status, updatedAt }: JobView): boolean {
  const minutes = (Date.now() - Date.parse(updatedAt)) / 60_000;
  return (status === "queued" || status === "running") && minutes >= strandedAfterMinutes;
}

function answer(job: StoredJob, body: JobInput, location: string, isRepeated: boolean): HttpAnswer {
  const { view, requestedBy, requestHash } = job;
  // Two requests with one key at once: the job is that of whichever was written first, and so is the work.
  if (requestHash !== requestHashOf(body))
    throw new Problem("idempotency-conflict", "Another job was submitted with this idempotency key.");
  // Who, what and when, as API-11 has it of items; the correlation id is in every line.
  const { id, type, createdAt } = view;
  logger.info(isRepeated ? "Job submitted before" : "Job submitted", {
    audit: {
      action: "submit",
      jobId: id,
      type,
      who: requestedBy,
      at: createdAt,
      ...(isRepeated && { repeated: true }),
    },
  });
  metrics.addMetric(isRepeated ? "RepeatedSubmission" : "JobSubmitted", MetricUnit.Count, 1);
  return { status: 202, body: view, headers: { location } };
}

export const handler = createSubmitHandler(ownTable(), ownQueue());
