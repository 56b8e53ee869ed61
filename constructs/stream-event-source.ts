import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import { Construct } from "constructs";
import type { DataStream } from "./data-stream";
import { destinationAlarm, iteratorAgeAlarm } from "./function-alarms";
import type { NodeFunction } from "./node-function";
import { requireInRange } from "./ranges";

export interface StreamEventSourceProps {
  readonly function: NodeFunction;
  readonly stream: DataStream;
  /** Records that one invocation gets at most, 1 to 10,000 (Lambda, CreateEventSourceMapping). */
  readonly batchSize: number;
  /** Seconds that records are gathered before an invocation, 0 to 300 (same page). */
  readonly maximumBatchingWindowSeconds: number;
  /** Attempts after the first before a record goes to the dead letters, 0 to 10,000 (same page). */
  readonly maximumRetryAttempts: number;
  /** Hours after which a record that isn't done goes to the dead letters, 1 to 168 and less than it stays on the stream: a dead letter says where on the stream it is, and not what it says (same page). */
  readonly maximumRecordAgeHours: number;
}

/**
 * A stream's records as invocations of a function, shard by shard in order. The function says which record of a batch was
 * the first to fail; from there on Lambda tries again, with ever smaller batches, and what never works goes to the
 * function's dead letters, so that one record can't hold up its shard for ever.
 */
export class StreamEventSource extends Construct {
  constructor(scope: Construct, id: string, props: StreamEventSourceProps) {
    super(scope, id);
    const { stream, batchSize, maximumBatchingWindowSeconds, maximumRetryAttempts, maximumRecordAgeHours } = props;
    requireInRange("batchSize", batchSize, 1, 10_000, "records");
    requireInRange("maximumBatchingWindowSeconds", maximumBatchingWindowSeconds, 0, 300, "seconds");
    requireInRange("maximumRetryAttempts", maximumRetryAttempts, 0, 10_000, "attempts");
    const longest = Math.min(168, stream.retentionHours - 1);
    requireInRange("maximumRecordAgeHours", maximumRecordAgeHours, 1, longest, "hours, less than the retention");
    stream.grantRead(props.function);
    new LambdaEventSourceMapping(this, "Mapping", {
      eventSourceArn: stream.targetArn,
      functionName: props.function.aliasArn,
      startingPosition: "TRIM_HORIZON",
      batchSize,
      maximumBatchingWindowInSeconds: maximumBatchingWindowSeconds,
      // One invocation at a time reads a shard: the checkpoints of its consumer stand on that.
      parallelizationFactor: 1,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts,
      maximumRecordAgeInSeconds: maximumRecordAgeHours * 3_600,
      functionResponseTypes: ["ReportBatchItemFailures"],
      destinationConfig: { onFailure: { destinationArn: props.function.deadLetters.targetArn } },
      dependsOn: [...props.function.role.policies],
    });
    iteratorAgeAlarm(this, props.function.resource, props.function.name, stream.maximumAgeHours);
    destinationAlarm(this, props.function.resource, props.function.name);
  }
}
