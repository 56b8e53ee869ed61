import { AppautoscalingPolicy } from "@cdktf/provider-aws/lib/appautoscaling-policy";
import { AppautoscalingTarget } from "@cdktf/provider-aws/lib/appautoscaling-target";
import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import { Construct } from "constructs";
import { Alarms, type Metric } from "./alarms";
import type { CustomerKey } from "./customer-key";
import { keyUse } from "./key-use";
import type { NodeFunction } from "./node-function";
import type { Statement } from "./policy";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

/** Capacity units that auto scaling moves between. */
export interface CapacityRange {
  /** From 1. */
  readonly minimum: number;
  /** Up to 40,000, DynamoDB's quota per table. */
  readonly maximum: number;
}

export interface ProvisionedCapacity {
  readonly read: CapacityRange;
  readonly write: CapacityRange;
  /** Share of the capacity that auto scaling aims to have in use, percent: 20 to 90 (DynamoDB developer guide, auto scaling). */
  readonly targetUtilizationPercent: number;
}

export interface TableProps {
  /** Its part of the name pattern. @default none: the one table of its component */
  readonly resource?: string;
  readonly key: CustomerKey;
  /** Attribute that tells items apart; a string. */
  readonly partitionKey: string;
  /** @default on demand */
  readonly capacity?: ProvisionedCapacity;
  /** Whether the table can be restored to any second of the last 35 days. */
  readonly pointInTimeRecovery: boolean;
  /** Attribute with the second (of the Unix epoch) after which DynamoDB removes an item, within days. @default items stay */
  readonly expiryAttribute?: string;
  /** What the table's stream tells of a change. @default no stream */
  readonly streamViewType?: "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";
}

/** Calls on single items and on tables that a function can be granted, by their IAM names. */
export type TableAction =
  | "dynamodb:BatchGetItem"
  | "dynamodb:BatchWriteItem"
  | "dynamodb:ConditionCheckItem"
  | "dynamodb:DeleteItem"
  | "dynamodb:GetItem"
  | "dynamodb:PutItem"
  | "dynamodb:Query"
  | "dynamodb:Scan"
  | "dynamodb:UpdateItem";

/**
 * A DynamoDB table under a customer key, on demand or with capacity that scales by itself; alarms on throttling.
 * Where the environment protects what holds data, neither DynamoDB nor Terraform removes it.
 *
 * @example
 * const table = new Table(this, "Table", { key, partitionKey: "id", pointInTimeRecovery: true });
 * table.grant(reader, ["dynamodb:GetItem"]);
 */
export class Table extends Construct {
  readonly name: string;
  /** Computed, for policies. */
  readonly arn: string;
  private readonly key: CustomerKey;
  private readonly resource: DynamodbTable;
  private readonly hasStream: boolean;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    this.key = props.key;
    this.name = stack.nameOf("table", props.resource);
    this.arn = stack.arnOf("dynamodb", `table/${this.name}`);
    if (props.capacity) refuseImpossible(props.capacity);

    props.key.grantTable(this.name);
    this.hasStream = props.streamViewType !== undefined;
    this.resource = this.createTable(props);
    if (props.capacity) this.scale(this.resource, props.capacity);
    this.createAlarms(props.resource);
  }

  /**
   * Lets a function make exactly these calls on this table, and use its key for them through DynamoDB alone
   * (REC-04). Exact, because a right that no code uses is a finding (PLAT-19).
   */
  grant(grantee: NodeFunction, actions: readonly TableAction[]): void {
    grantee.allowDataAccess({ sid: this.node.id, actions, resources: [this.arn] }, this.decrypt(`${this.node.id}Key`));
  }

  /**
   * Lets Lambda read the table's changes in a function's name.
   * @returns ARN of the stream
   * @throws TypeError where the table has no stream
   */
  grantStream(grantee: NodeFunction): string {
    if (!this.hasStream) throw new TypeError(`${this.node.path} has no stream: give it streamViewType`);
    grantee.allowDataAccess(
      {
        sid: `${this.node.id}Stream`,
        actions: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        resources: [`${this.arn}/stream/*`],
      },
      // A list of streams is of no stream (service authorization reference, DynamoDB).
      { sid: `${this.node.id}Streams`, actions: ["dynamodb:ListStreams"], resources: ["*"] },
      this.decrypt(`${this.node.id}StreamKey`),
    );
    return this.resource.streamArn;
  }

  private decrypt(sid: string): Statement {
    return keyUse(TapStack.of(this), {
      sid,
      keyArn: this.key.arn,
      actions: ["kms:Decrypt"],
      service: "dynamodb",
      context: "aws:dynamodb:tableName",
      value: this.name,
    });
  }

  private createTable(props: TableProps): DynamodbTable {
    const { key, partitionKey, capacity, pointInTimeRecovery, expiryAttribute, streamViewType } = props;
    const { deletionProtection } = TapStack.of(this).environment;
    const lifecycle = {
      ...(deletionProtection ? { preventDestroy: true } : {}),
      // Auto scaling changes them all day long.
      ...(capacity === undefined ? {} : { ignoreChanges: ["read_capacity", "write_capacity"] }),
    };
    return new DynamodbTable(this, "Table", {
      name: this.name,
      hashKey: partitionKey,
      attribute: [{ name: partitionKey, type: "S" }],
      ...(capacity === undefined
        ? { billingMode: "PAY_PER_REQUEST" }
        : {
            billingMode: "PROVISIONED",
            readCapacity: capacity.read.minimum,
            writeCapacity: capacity.write.minimum,
          }),
      serverSideEncryption: { enabled: true, kmsKeyArn: key.arn },
      pointInTimeRecovery: { enabled: pointInTimeRecovery },
      ...(expiryAttribute === undefined ? {} : { ttl: { enabled: true, attributeName: expiryAttribute } }),
      ...(streamViewType === undefined ? {} : { streamEnabled: true, streamViewType }),
      deletionProtectionEnabled: deletionProtection,
      ...(Object.keys(lifecycle).length > 0 ? { lifecycle } : {}),
    });
  }

  private scale(table: DynamodbTable, { read, write, targetUtilizationPercent }: ProvisionedCapacity): void {
    for (const [direction, range] of [
      ["Read", read],
      ["Write", write],
    ] as const) {
      const target = new AppautoscalingTarget(this, `${direction}Target`, {
        serviceNamespace: "dynamodb",
        resourceId: `table/${table.name}`,
        scalableDimension: `dynamodb:table:${direction}CapacityUnits`,
        minCapacity: range.minimum,
        maxCapacity: range.maximum,
      });
      new AppautoscalingPolicy(this, `${direction}Scaling`, {
        name: `${direction.toLowerCase()}-utilization`,
        policyType: "TargetTrackingScaling",
        serviceNamespace: target.serviceNamespace,
        resourceId: target.resourceId,
        scalableDimension: target.scalableDimension,
        targetTrackingScalingPolicyConfiguration: {
          targetValue: targetUtilizationPercent,
          predefinedMetricSpecification: { predefinedMetricType: `DynamoDB${direction}CapacityUtilization` },
        },
      });
    }
  }

  private createAlarms(resource: string | undefined): void {
    const throttled = (direction: "Read" | "Write"): Metric => ({
      namespace: "AWS/DynamoDB",
      name: `${direction}ThrottleEvents`,
      dimensions: { TableName: this.name },
      statistic: "Sum",
    });
    const description = (what: string) =>
      `DynamoDB refuses ${what} of ${this.name}: more than its capacity, or too much for one key.`;
    new Alarms(this, "Alarms", {
      ...(resource === undefined ? {} : { resource }),
      alarms: {
        "table-read-throttles": { description: description("reads"), metric: throttled("Read"), threshold: 0 },
        "table-write-throttles": { description: description("writes"), metric: throttled("Write"), threshold: 0 },
      },
    });
  }
}

function refuseImpossible({ read, write, targetUtilizationPercent }: ProvisionedCapacity): void {
  for (const [name, { minimum, maximum }] of Object.entries({ read, write })) {
    requireInRange(`capacity.${name}.minimum`, minimum, 1, 40_000, "capacity units");
    requireInRange(`capacity.${name}.maximum`, maximum, minimum, 40_000, "capacity units, from the minimum");
  }
  requireInRange("capacity.targetUtilizationPercent", targetUtilizationPercent, 20, 90, "percent");
}
