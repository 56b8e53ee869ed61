import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping";
import { Construct } from "constructs";
import { destinationAlarm, iteratorAgeAlarm } from "./function-alarms";
import type { NodeFunction } from "./node-function";
import { requireInRange } from "./ranges";
import type { Table } from "./table";

export interface TableEventSourceProps {
  readonly function: NodeFunction;
  /** A table with a stream. */
  readonly table: Table;
  /** Changes that one invocation gets at most, 1 to 10,000 (Lambda developer guide, DynamoDB event sources). @default 100 */
  readonly batchSize?: number;
  /** Attempts after the first before a change goes to the dead letters, 0 to 10,000 (same page). @default 10 */
  readonly maximumRetryAttempts?: number;
  /** Hours that the function may be behind before an alarm fires, 1 to 23: a change is on the stream for 24 (DynamoDB developer guide, streams). @default 1 */
  readonly maximumAgeHours?: number;
}

/**
 * A table's changes as invocations of a function, in order per item; what fails again and again is split off and goes to
 * the function's dead letters, so that one change can't hold up the others for a day.
 */
export class TableEventSource extends Construct {
  constructor(scope: Construct, id: string, props: TableEventSourceProps) {
    super(scope, id);
    const { batchSize = 100, maximumRetryAttempts = 10, maximumAgeHours = 1 } = props;
    requireInRange("batchSize", batchSize, 1, 10_000, "changes");
    requireInRange("maximumRetryAttempts", maximumRetryAttempts, 0, 10_000, "attempts");
    requireInRange("maximumAgeHours", maximumAgeHours, 1, 23, "hours, less than a change is on the stream");
    const streamArn = props.table.grantStream(props.function);
    new LambdaEventSourceMapping(this, "Mapping", {
      eventSourceArn: streamArn,
      functionName: props.function.aliasArn,
      startingPosition: "TRIM_HORIZON",
      batchSize,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts,
      functionResponseTypes: ["ReportBatchItemFailures"],
      destinationConfig: { onFailure: { destinationArn: props.function.deadLetters.targetArn } },
      dependsOn: [...props.function.role.policies],
    });
    iteratorAgeAlarm(this, props.function.resource, props.function.name, maximumAgeHours);
    destinationAlarm(this, props.function.resource, props.function.name);
  }
}
