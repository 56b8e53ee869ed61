import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { type BatchInvocation, createBatchHandler } from "../shared/batch";
import { ownQueues } from "../shared/delivery";
import { type DynamoDbTable, ownTable } from "../shared/dynamodb-table";
import type { S3Bucket } from "../shared/s3-bucket";
import { type Bounds, workApart } from "./apart";
import { deliver, type Process, type Processor } from "./delivery";
import { extensionOf } from "./extension";
import type { Limits } from "./limits";
import { ownFiles, readObject } from "./objects";
import { fileSettings } from "./settings";

/** What is left for storing what came of a file, and for saying so. */
const reservedMilliseconds = 6_000;

/** Of the function's memory: what all processes together may take before the work on a file is ended. */
const residentShare = 0.85;

export function createProcessorHandler(
  processor: Processor,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  let before: Promise<unknown> = Promise.resolve();
  return createBatchHandler((record, invocation) => {
    // One file at a time has the function's memory. A batch of more than one takes from the later ones' time.
    const work = before.then(() => deliver(processor, record, invocation));
    before = work.catch(() => undefined);
    return work;
  });
}

/** What the function's environment names. */
export function processorOf(
  modelIds: readonly string[] | undefined,
  process: (bucket: S3Bucket, table: DynamoDbTable) => Process,
): Processor {
  const [table, bucket] = [ownTable(), ownFiles()];
  return {
    table,
    bucket,
    ...ownQueues(),
    settings: fileSettings(modelIds),
    process: process(bucket, table),
  };
}

/**
 * Works on files in processes of their own.
 * @param code the module that is running: the processes run it once more
 */
export function processApart(code: URL, bucket: S3Bucket, limits: Limits): Process {
  return (version, _, invocation) => {
    const chunks = readObject(bucket, version, limits.maximumBytes, invocation.signal);
    const input = { extension: extensionOf(version.key) };
    return workApart(code, input, chunks, boundsOf(limits, invocation), invocation.signal);
  };
}

function boundsOf({ heapMegabytes, memoryMegabytes }: Limits, { remainingMilliseconds }: BatchInvocation): Bounds {
  const megabytes = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? memoryMegabytes);
  return {
    milliseconds: Math.max(0, remainingMilliseconds() - reservedMilliseconds),
    residentBytes: megabytes * residentShare * 1_048_576,
    heapMegabytes,
  };
}
