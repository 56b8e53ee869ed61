import { AppautoscalingPolicy } from "@cdktf/provider-aws/lib/appautoscaling-policy";
import { AppautoscalingTarget } from "@cdktf/provider-aws/lib/appautoscaling-target";
import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import { DynamodbTableReplicaA } from "@cdktf/provider-aws/lib/dynamodb-table-replica";
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
  /** Second attribute of the key; a string. @default none: one item for each partition key */
  readonly sortKey?: string;
  /** Other ways to find items, by the index's name: 3 to 255 characters (DynamoDB, naming rules); all attributes are in each. @default none */
  readonly indexes?: Readonly<Record<string, TableIndex>>;
  /** @default on demand */
  readonly capacity?: ProvisionedCapacity;
  /** Whether the table can be restored to any second of the last 35 days. */
  readonly pointInTimeRecovery: boolean;
  /** Attribute with the second (of the Unix epoch) after which DynamoDB removes an item, within days. @default items stay */
  readonly expiryAttribute?: string;
  /** What the table's stream tells of a change. @default no stream */
  readonly streamViewType?: "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";
}

/** A global secondary index; both attributes are strings. */
export interface TableIndex {
  readonly partitionKey: string;
  readonly sortKey: string;
}

/** What the stream of a table with replicas tells (DynamoDB developer guide, global tables). */
const replicatedView = "NEW_AND_OLD_IMAGES";

/** Minutes that a replica may be behind (PLAT-14). */
const replicationMinutes = 15;

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
 * Where the environment protects what holds data, neither DynamoDB nor Terraform removes it. What exists once per
 * environment has a replica in the second region, where the configuration says so, and after a failover is that
 * replica (docs/operations/recovery.md).
 *
 * @example
 * const table = new Table(this, "Table", { key, partitionKey: "id", pointInTimeRecovery: true });
 * table.grant(reader, ["dynamodb:GetItem"]);
 */
export class Table extends Construct {
  readonly name: string;
  /** Computed, for policies. */
  readonly arn: string;
  private readonly keyArn: string;
  /** Undefined after a failover, when the table is the replica that the region of before left here. */
  private readonly resource: DynamodbTable | undefined;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const { isFailedOver, replicaRegion } = stack;
    if (props.capacity) refuseImpossible(props.capacity);
    if (replicaRegion !== undefined && props.streamViewType !== undefined && props.streamViewType !== replicatedView)
      throw new RangeError(
        `streamViewType of a table that is replicated must be ${replicatedView}, DynamoDB's own need (given ${props.streamViewType})`,
      );
    // All replicas of a table have its name, wherever they are.
    this.name = stack.nameOf("table", props.resource, isFailedOver ? stack.environment.dataRegion : stack.region);
    this.arn = stack.arnOf("dynamodb", `table/${this.name}`);
    this.keyArn = isFailedOver ? props.key.leftReplicaArn : props.key.arn;
    this.resource = isFailedOver ? undefined : this.createTable(props);
    const scaling = this.resource && props.capacity ? this.scale(this.resource, props.capacity) : [];
    if (this.resource && replicaRegion !== undefined) this.replicate(this.resource, props, replicaRegion, scaling);
    this.createAlarms(props.resource);
    for (const index of Object.keys(props.indexes ?? {})) this.createIndexAlarm(index, props.resource);
  }

  /**
   * Lets a function make exactly these calls on this table, and use its key for them through DynamoDB alone
   * (REC-04). Exact, because a right that no code uses is a finding (PLAT-19).
   */
  grant(grantee: NodeFunction, actions: readonly TableAction[]): void {
    grantee.allowDataAccess({ sid: this.node.id, actions, resources: [this.arn] }, this.decrypt(`${this.node.id}Key`));
  }

  /** Lets a function query one of the table's indexes. */
  grantIndex(grantee: NodeFunction, index: string): void {
    const resources = [`${this.arn}/index/${index}`];
    grantee.allowDataAccess({ sid: `${this.node.id}Index`, actions: ["dynamodb:Query"], resources });
  }

  /**
   * Lets Lambda read the table's changes in a function's name.
   * @returns ARN of the stream
   * @throws TypeError where the table has no stream
   */
  grantStream(grantee: NodeFunction): string {
    if (!this.resource?.streamViewTypeInput)
      throw new TypeError(`${this.node.path} has no stream: give it streamViewType`);
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
      keyArn: this.keyArn,
      actions: ["kms:Decrypt"],
      service: "dynamodb",
      context: "aws:dynamodb:tableName",
      value: this.name,
    });
  }

  private createTable(props: TableProps): DynamodbTable {
    const { key, partitionKey, sortKey, indexes = {}, capacity, pointInTimeRecovery, expiryAttribute } = props;
    const stack = TapStack.of(this);
    const { deletionProtection } = stack.environment;
    const streamViewType = stack.replicaRegion === undefined ? props.streamViewType : replicatedView;
    const ignoreChanges = [
      // Auto scaling changes them all day long.
      ...(capacity === undefined ? [] : ["read_capacity", "write_capacity"]),
      // A resource of its own (provider documentation, aws_dynamodb_table_replica).
      ...(stack.replicaRegion === undefined ? [] : ["replica"]),
    ];
    const lifecycle = {
      ...(deletionProtection ? { preventDestroy: true } : {}),
      ...(ignoreChanges.length > 0 ? { ignoreChanges } : {}),
    };
    key.grantTable(this.name);
    return new DynamodbTable(this, "Table", {
      name: this.name,
      hashKey: partitionKey,
      ...(sortKey === undefined ? {} : { rangeKey: sortKey }),
      attribute: keyAttributes(props).map((name) => ({ name, type: "S" })),
      ...(Object.keys(indexes).length === 0 ? {} : { globalSecondaryIndex: Object.entries(indexes).map(indexOf) }),
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

  /**
   * The replica takes the table's settings, its write capacity's scaling among them, which must be there first
   * (DynamoDB developer guide, global tables); it can be restored wherever the table can.
   */
  private replicate(
    table: DynamodbTable,
    { key, pointInTimeRecovery, resource }: TableProps,
    region: string,
    scaling: readonly AppautoscalingPolicy[],
  ): void {
    const { deletionProtection } = TapStack.of(this).environment;
    const replicaKey = key.replicaIn(region);
    replicaKey.grantTable(this.name);
    new DynamodbTableReplicaA(this, "Replica", {
      region,
      globalTableArn: table.arn,
      kmsKeyArn: replicaKey.arn,
      pointInTimeRecovery,
      deletionProtectionEnabled: deletionProtection,
      ...(deletionProtection ? { lifecycle: { preventDestroy: true } } : {}),
      ...(scaling.length > 0 ? { dependsOn: [...scaling] } : {}),
    });
    new Alarms(this, "ReplicationAlarms", {
      ...(resource === undefined ? {} : { resource }),
      alarms: {
        "table-replication-latency": {
          description: `${this.name} is more than ${replicationMinutes} minutes ahead of its replica in ${region}. Until it is mended, a loss of this region would lose that much (docs/operations/recovery.md).`,
          metric: {
            namespace: "AWS/DynamoDB",
            name: "ReplicationLatency",
            dimensions: { TableName: this.name, ReceivingRegion: region },
            statistic: "Maximum",
          },
          // Milliseconds.
          threshold: replicationMinutes * 60_000,
        },
      },
    });
  }

  private scale(
    table: DynamodbTable,
    { read, write, targetUtilizationPercent }: ProvisionedCapacity,
  ): AppautoscalingPolicy[] {
    const directions = [
      ["Read", read],
      ["Write", write],
    ] as const;
    return directions.map(([direction, range]) => {
      const target = new AppautoscalingTarget(this, `${direction}Target`, {
        serviceNamespace: "dynamodb",
        resourceId: `table/${table.name}`,
        scalableDimension: `dynamodb:table:${direction}CapacityUnits`,
        minCapacity: range.minimum,
        maxCapacity: range.maximum,
      });
      return new AppautoscalingPolicy(this, `${direction}Scaling`, {
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
    });
  }

  /** Where an index can't follow, the table refuses writes; its own metric says nothing of that (DynamoDB developer guide, metrics). */
  private createIndexAlarm(index: string, resource: string | undefined): void {
    new Alarms(this, `Alarms-${index}`, {
      ...(resource === undefined ? {} : { resource }),
      alarms: {
        [`${index}-write-throttles`]: {
          description: `DynamoDB refuses writes of ${this.name} for its index ${index}: too much for one of its keys.`,
          metric: {
            namespace: "AWS/DynamoDB",
            name: "WriteThrottleEvents",
            dimensions: { TableName: this.name, GlobalSecondaryIndexName: index },
            statistic: "Sum",
          },
          threshold: 0,
        },
      },
    });
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

/** DynamoDB wants to know the attributes of keys, and of no others (CreateTable). */
function keyAttributes({ partitionKey, sortKey, indexes = {} }: TableProps): string[] {
  const ofIndexes = Object.values(indexes).flatMap((index) => [index.partitionKey, index.sortKey]);
  return [...new Set([partitionKey, ...(sortKey === undefined ? [] : [sortKey]), ...ofIndexes])];
}

function indexOf([name, { partitionKey, sortKey }]: [string, TableIndex]) {
  return { name, hashKey: partitionKey, rangeKey: sortKey, projectionType: "ALL" };
}

function refuseImpossible({ read, write, targetUtilizationPercent }: ProvisionedCapacity): void {
  for (const [name, { minimum, maximum }] of Object.entries({ read, write })) {
    requireInRange(`capacity.${name}.minimum`, minimum, 1, 40_000, "capacity units");
    requireInRange(`capacity.${name}.maximum`, maximum, minimum, 40_000, "capacity units, from the minimum");
  }
  requireInRange("capacity.targetUtilizationPercent", targetUtilizationPercent, 20, 90, "percent");
}
