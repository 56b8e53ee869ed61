import { KinesisStream } from "@cdktf/provider-aws/lib/kinesis-stream";
import { Construct } from "constructs";
import { Alarms, type Metric } from "./alarms";
import type { CustomerKey } from "./customer-key";
import { keyUse } from "./key-use";
import type { NodeFunction } from "./node-function";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

export interface DataStreamProps {
  /** Its part of the name pattern. @default none: the one stream of its component */
  readonly resource?: string;
  readonly key: CustomerKey;
  /** Shards, 1 to 200 (Kinesis quotas: the lowest of all regions); each takes 1 MB or 1,000 records a second. */
  readonly shardCount: number;
  /** Hours that a record can be read again, 24 to 8,760 (IncreaseStreamRetentionPeriod). */
  readonly retentionHours: number;
  /** Hours that the reader may be behind before an alarm fires, from 1 and less than the retention: what is lost with the region, at most. @default 1 */
  readonly maximumAgeHours?: number;
}

/** Calls that a function can be granted, by their IAM names; reading is Lambda's. @see StreamEventSource */
export type StreamAction = "kinesis:DescribeStreamSummary" | "kinesis:PutRecords";

/**
 * A Kinesis data stream under a customer key; alarms when its reader falls behind, and when it refuses writes or reads.
 *
 * @example
 * const stream = new DataStream(this, "Stream", { key, shardCount: 2, retentionHours: 48 });
 * stream.grant(ingest, ["kinesis:PutRecords"]);
 */
export class DataStream extends Construct {
  readonly name: string;
  /** Computed, for policies. */
  readonly arn: string;
  /** ARN as the stream itself has it, for what must wait until it is there. */
  readonly targetArn: string;
  readonly retentionHours: number;
  /** Hours that its reader may be behind. */
  readonly maximumAgeHours: number;
  private readonly keyArn: string;

  constructor(scope: Construct, id: string, props: DataStreamProps) {
    super(scope, id);
    const { key, shardCount, retentionHours } = props;
    requireInRange("shardCount", shardCount, 1, 200, "shards");
    requireInRange("retentionHours", retentionHours, 24, 8_760, "hours");
    const stack = TapStack.of(this);
    this.name = stack.nameOf("dataStream", props.resource);
    this.arn = stack.arnOf("kinesis", `stream/${this.name}`);
    this.retentionHours = retentionHours;
    this.maximumAgeHours = props.maximumAgeHours ?? 1;
    this.keyArn = key.arn;
    key.grantDataStream(this.arn);
    const stream = new KinesisStream(this, "Stream", {
      name: this.name,
      streamModeDetails: { streamMode: "PROVISIONED" },
      shardCount,
      retentionPeriod: retentionHours,
      encryptionType: "KMS",
      kmsKeyId: key.arn,
      // Consumers with a throughput of their own are none of Terraform's: they would keep the stream from going.
      enforceConsumerDeletion: !stack.environment.deletionProtection,
      ...(stack.environment.deletionProtection ? { lifecycle: { preventDestroy: true } } : {}),
    });
    this.targetArn = stream.arn;
    this.createAlarms(props);
  }

  /** Lets a function make exactly these calls on this stream, and encrypt what it puts there through Kinesis alone. */
  grant(grantee: NodeFunction, actions: readonly StreamAction[]): void {
    const encrypt = this.keyUse(`${this.node.id}Key`, "kms:GenerateDataKey");
    grantee.allowDataAccess(
      { sid: this.node.id, actions, resources: [this.arn] },
      ...(actions.includes("kinesis:PutRecords") ? [encrypt] : []),
    );
  }

  /** Lets Lambda read the stream in a function's name (Lambda developer guide, Kinesis event sources). */
  grantRead(grantee: NodeFunction): void {
    grantee.allowDataAccess(
      {
        sid: `Read${this.node.id}`,
        actions: [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ],
        resources: [this.arn],
      },
      this.keyUse(`Read${this.node.id}Key`, "kms:Decrypt"),
    );
  }

  private keyUse(sid: string, action: "kms:Decrypt" | "kms:GenerateDataKey") {
    return keyUse(TapStack.of(this), {
      sid,
      keyArn: this.keyArn,
      actions: [action],
      service: "kinesis",
      context: "aws:kinesis:arn",
      value: this.arn,
    });
  }

  private createAlarms({ resource }: DataStreamProps): void {
    const { maximumAgeHours } = this;
    requireInRange("maximumAgeHours", maximumAgeHours, 1, this.retentionHours - 1, "hours, less than the retention");
    const metric = (name: string, statistic: Metric["statistic"]): Metric => ({
      namespace: "AWS/Kinesis",
      name,
      dimensions: { StreamName: this.name },
      statistic,
    });
    new Alarms(this, "Alarms", {
      ...(resource === undefined ? {} : { resource }),
      alarms: {
        "iterator-age": {
          description: `What is read from ${this.name} was put there over ${maximumAgeHours} hours ago; after ${this.retentionHours} it is gone. Does its consumer fail, or is there more than it can take?`,
          metric: metric("GetRecords.IteratorAgeMilliseconds", "Maximum"),
          threshold: maximumAgeHours * 3_600_000,
        },
        unread: {
          description: `Records are put on ${this.name}, and none are read. Is the event source of its consumer enabled, and may its role read?`,
          // Of a stream that nobody reads there is no iterator age.
          expression: "IF(FILL(put, 0) > 0 AND FILL(taken, 0) == 0, 1, 0)",
          label: "Records put and none read",
          metrics: { put: metric("IncomingRecords", "Sum"), taken: metric("GetRecords.Records", "Sum") },
          threshold: 0,
          periodSeconds: 300,
          evaluationPeriods: 3,
        },
        "write-throttles": {
          description: `${this.name} refuses records: more than its shards take, or too many with one partition key. More shards, or other keys?`,
          metric: metric("WriteProvisionedThroughputExceeded", "Sum"),
          threshold: 0,
        },
        "read-throttles": {
          description: `${this.name} refuses reads: a shard gives 2 MB and five calls a second, to all its readers together. Who else reads it?`,
          metric: metric("ReadProvisionedThroughputExceeded", "Sum"),
          threshold: 0,
        },
      },
    });
  }
}
