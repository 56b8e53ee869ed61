import { createBatchHandler } from "../../shared/batch";
import { deadLetterQueue, ownQueue } from "../../shared/message-queue";
import { requiredVariables } from "../../shared/variables";
import { jobTable } from "../job-table";
import { results } from "../results";
import { jobSettings } from "../settings";
import { deliver, type Worker } from "./delivery";

export function createWorkHandler(worker: Worker) {
  return createBatchHandler((record, invocation) => deliver(worker, record, invocation));
}

export const handler = createWorkHandler({
  table: jobTable(),
  queue: ownQueue(),
  deadLetters: deadLetterQueue(),
  results: results(),
  settings: jobSettings(),
  maximumReceives: maximumReceives(),
});

function maximumReceives(): number {
  const { MAX_RECEIVE_COUNT } = requiredVariables("MAX_RECEIVE_COUNT");
  if (!/^[1-9][0-9]{0,2}$/.test(MAX_RECEIVE_COUNT))
    throw new Error(`MAX_RECEIVE_COUNT must be a whole number from 1 to 999 (given ${MAX_RECEIVE_COUNT})`);
  return Number(MAX_RECEIVE_COUNT);
}
