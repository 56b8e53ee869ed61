import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import { TapStack } from "./tap-stack";

export interface LogGroupProps {
  /** Full name, from `stack.nameOf("logGroup", …)` or one of the forced forms. */
  readonly name: string;
  readonly key: CustomerKey;
  /** Days that events are kept, one of CloudWatch's values (config/schema.ts). @default logs.retentionDays of the environment */
  readonly retentionDays?: number;
}

/** A log group under a customer key, with an end to what it keeps. */
export class LogGroup extends Construct {
  readonly name: string;
  readonly arn: string;
  /** What writes to it should wait for it, or the service makes one of its own, without key and end. */
  readonly resource: CloudwatchLogGroup;

  constructor(scope: Construct, id: string, props: LogGroupProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    props.key.grantLogGroup(props.name);
    this.resource = new CloudwatchLogGroup(this, "LogGroup", {
      name: props.name,
      kmsKeyId: props.key.arn,
      retentionInDays: props.retentionDays ?? stack.environment.logs.retentionDays,
    });
    this.name = props.name;
    this.arn = stack.arnOf("logs", `log-group:${props.name}`);
  }
}
