import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { Construct } from "constructs";
import type { NodeFunction } from "./node-function";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

export interface ScheduleProps {
  readonly function: NodeFunction;
  /** Its part of the name pattern, e.g. `heartbeat`. */
  readonly resource: string;
  /** What it is for, in a sentence. */
  readonly description: string;
  /** Minutes between invocations, from 1 (EventBridge user guide, schedules by rate). */
  readonly everyMinutes: number;
}

/** Invokes a function again and again. An invocation that fails is the function's own: retries, then its dead letters. */
export class Schedule extends Construct {
  constructor(scope: Construct, id: string, props: ScheduleProps) {
    super(scope, id);
    requireInRange("everyMinutes", props.everyMinutes, 1, Number.POSITIVE_INFINITY, "minutes");
    const rule = new CloudwatchEventRule(this, "Rule", {
      name: TapStack.of(this).nameOf("rule", props.resource),
      description: props.description,
      scheduleExpression: props.everyMinutes === 1 ? "rate(1 minute)" : `rate(${props.everyMinutes} minutes)`,
    });
    const permission = new LambdaPermission(this, "Permission", {
      statementId: "Schedule",
      action: "lambda:InvokeFunction",
      functionName: props.function.name,
      qualifier: props.function.aliasName,
      principal: "events.amazonaws.com",
      sourceArn: rule.arn,
    });
    new CloudwatchEventTarget(this, "Target", {
      rule: rule.name,
      arn: props.function.aliasArn,
      dependsOn: [permission],
    });
  }
}
