import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import { Construct } from "constructs";
import type { NodeFunction } from "./node-function";
import type { Queue } from "./queue";
import { requireInRange } from "./ranges";

export interface QueueEventSourceProps {
  readonly function: NodeFunction;
  readonly queue: Queue;
  /** Messages that one invocation gets at most, 1 to 10,000 (Lambda quotas, SQS event sources); above 10 it needs a window. @default 10 */
  readonly batchSize?: number;
  /** Seconds to wait for a batch to fill up, 0 to 300 (Lambda developer guide, SQS event sources). @default 0 */
  readonly maximumBatchingWindowSeconds?: number;
  /** Invocations at once that the queue may ask for, 2 to 1,000: not above the function's reserved concurrency, or messages come back throttled and end as dead letters. */
  readonly maximumConcurrency: number;
}

/**
 * A queue's messages as invocations of a function that reports which of a batch failed; with the rights that Lambda
 * needs to poll in the function's name.
 */
export class QueueEventSource extends Construct {
  constructor(scope: Construct, id: string, props: QueueEventSourceProps) {
    super(scope, id);
    const { queue, batchSize = 10, maximumBatchingWindowSeconds = 0, maximumConcurrency } = props;
    requireInRange("batchSize", batchSize, 1, maximumBatchingWindowSeconds === 0 ? 10 : 10_000, "messages");
    requireInRange("maximumBatchingWindowSeconds", maximumBatchingWindowSeconds, 0, 300, "seconds");
    requireInRange("maximumConcurrency", maximumConcurrency, 2, 1_000, "invocations at once");
    refuseShortVisibility(queue, props.function);
    queue.grantConsume(props.function);
    new LambdaEventSourceMapping(this, "Mapping", {
      eventSourceArn: queue.targetArn,
      functionName: props.function.aliasArn,
      batchSize,
      ...(maximumBatchingWindowSeconds === 0 ? {} : { maximumBatchingWindowInSeconds: maximumBatchingWindowSeconds }),
      scalingConfig: { maximumConcurrency },
      functionResponseTypes: ["ReportBatchItemFailures"],
      dependsOn: [...props.function.role.policies],
    });
  }
}

/** A message that is seen again while it is still being handled is handled twice (Lambda developer guide, SQS event sources). */
function refuseShortVisibility(queue: Queue, { timeoutSeconds }: NodeFunction): void {
  const least = 6 * timeoutSeconds;
  if (queue.visibilityTimeoutSeconds < least)
    throw new RangeError(
      `visibilityTimeoutSeconds must be at least ${least}, 6 times the function's timeout of ${timeoutSeconds} (given ${queue.visibilityTimeoutSeconds})`,
    );
}
