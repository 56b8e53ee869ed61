import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { createEventHandler } from "./event-handler";

/** What the handling of one message knows beside the message. */
export interface BatchInvocation {
  /** Aborts when time is nearly up. */
  readonly signal: AbortSignal;
  /** Until Lambda ends the invocation, and with it all that it still does. */
  readonly remainingMilliseconds: () => number;
}

/**
 * A handler for messages of SQS, each by itself: one that is thrown for is delivered again, and the others of its
 * batch are not.
 */
export function createBatchHandler(
  handle: (record: SQSRecord, invocation: BatchInvocation) => Promise<void>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const processor = new BatchProcessor(EventType.SQS);
  return createEventHandler((event, signal, context) => {
    const invocation = { signal, remainingMilliseconds: () => context.getRemainingTimeInMillis() };
    // A batch of which all fail is no error of the function: metrics of what failed say more.
    return processPartialResponse(event, (record: SQSRecord) => handle(record, invocation), processor, {
      throwOnFullBatchFailure: false,
    });
  });
}
