import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { jobs } from "../../../routes/jobs";
import { type DynamoDbTable, ownTable } from "../../shared/dynamodb-table";
import { createHttpHandler, type HttpInvocation } from "../../shared/http";
import type { HttpAnswer } from "../../shared/http-response";
import { logger, metrics } from "../../shared/powertools";
import { Problem } from "../../shared/problem";
import { ownBucket, type S3Bucket } from "../../shared/s3-bucket";
import { getJob } from "../job-table";
import { resultUrl } from "../results";

interface FollowRequest {
  readonly path: { readonly id: string };
  readonly apiKeyId: string;
}

export function createFollowHandler(table: DynamoDbTable, bucket: S3Bucket) {
  const getJobById = async (
    { path: { id }, apiKeyId }: FollowRequest,
    { signal }: HttpInvocation,
  ): Promise<HttpAnswer> => {
    logger.appendKeys({ job_id: id });
    const job = await getJob(table, id, signal);
    // Of another's job, not even that it is there.
    if (job?.requestedBy !== apiKeyId) throw new Problem("not-found", "There is no job with this id.");
    const { view } = job;
    logger.info("Job read", { status: view.status });
    metrics.addMetric("JobRead", MetricUnit.Count, 1);
    if (view.status !== "succeeded") return { status: 200, body: view };
    return { status: 200, body: { ...view, resultUrl: await resultUrl(bucket, id) } };
  };
  return createHttpHandler(jobs, "follow", { getJob: getJobById });
}

export const handler = createFollowHandler(ownTable(), ownBucket());
