import { createBatchHandler } from "../../shared/batch";
import { ownQueues } from "../../shared/delivery";
import { ownTable } from "../../shared/dynamodb-table";
import { ownBucket } from "../../shared/s3-bucket";
import { jobSettings } from "../settings";
import { deliver, type Worker } from "./delivery";

export function createWorkHandler(worker: Worker) {
  return createBatchHandler((record, invocation) => deliver(worker, record, invocation));
}

export const handler = createWorkHandler({
  table: ownTable(),
  ...ownQueues(),
  results: ownBucket(),
  settings: jobSettings(),
});
