import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import { Construct } from "constructs";
import { stateBucketName } from "../config/backend";
import { AccountRole } from "./account-role";
import { BucketReplication, type ReplicationEnd } from "./bucket-replication";
import { CustomerKey } from "./customer-key";
import { accessLogDelivery, EncryptedBucket } from "./encrypted-bucket";
import { TapStack } from "./tap-stack";

export interface StateStorageProps {
  /** Name of the lock table, from backend.hcl. */
  readonly lockTable: string;
  /** Alias of the key, from backend.hcl. */
  readonly keyAlias: string;
  /** Boundary of the role that replicates the states, if they are; the workloads' keeps them from the states. */
  readonly replicationBoundaryArn: string;
}

/** Days that a state's earlier versions can be brought back from. */
const stateVersionDays = 90;
/** Days that access logs are kept. */
const accessLogDays = 365;

/**
 * Bucket, lock table and customer key of an account's Terraform states, and a second set in the region that they are
 * replicated to, if they are (PLAT-14). Terraform refuses to destroy them.
 */
export class StateStorage extends Construct {
  readonly bucket: EncryptedBucket;
  readonly key: CustomerKey;
  /** The keys of the states and of their replica. */
  readonly keyArns: readonly string[];
  private readonly stack: TapStack;

  constructor(scope: Construct, id: string, props: StateStorageProps) {
    super(scope, id);
    this.stack = TapStack.of(this);
    const { region, stateReplicaRegion } = this.stack.environment.account;
    this.key = new CustomerKey(this, "StateKey", {
      resource: "state",
      alias: props.keyAlias,
      description: "Terraform states of this account",
      preventDestroy: true,
    });
    this.bucket = this.createBucket("", this.key, region);
    this.createLockTable("LockTable", this.key, props.lockTable);
    this.keyArns = [this.key.arn];
    if (stateReplicaRegion === undefined) return;

    const replicaKey = this.key.replicaIn(stateReplicaRegion);
    const replica = this.createBucket("Replica", replicaKey, stateReplicaRegion);
    this.createLockTable("ReplicaLockTable", replicaKey, props.lockTable);
    this.replicate(
      { bucket: this.bucket, key: this.key },
      { bucket: replica, key: replicaKey },
      props.replicationBoundaryArn,
    );
    this.keyArns = [this.key.arn, replicaKey.arn];
  }

  private createBucket(prefix: "" | "Replica", key: CustomerKey, region: string): EncryptedBucket {
    const accessLogs = new EncryptedBucket(this, `${prefix}AccessLogBucket`, {
      region,
      resource: "access-logs",
      expirationDays: accessLogDays,
      noncurrentVersionExpirationDays: 30,
      accessLogBucketName: "none",
      statements: accessLogDelivery(this.stack.environment.accountId),
      preventDestroy: true,
    });
    return new EncryptedBucket(this, prefix === "" ? "StateBucket" : "ReplicaBucket", {
      region,
      resource: "state",
      bucket: stateBucketName(this.stack.environment, region),
      key,
      noncurrentVersionExpirationDays: stateVersionDays,
      accessLogBucketName: accessLogs.bucket,
      preventDestroy: true,
    });
  }

  /** Locks aren't replicated: a region that takes over has none, and whoever held one is cut off. */
  private createLockTable(id: string, key: CustomerKey, name: string): void {
    key.grantTable(name);
    new DynamodbTable(this, id, {
      ...this.stack.elsewhere(key.region),
      name,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "LockID",
      attribute: [{ name: "LockID", type: "S" }],
      serverSideEncryption: { enabled: true, kmsKeyArn: key.arn },
      pointInTimeRecovery: { enabled: true },
      deletionProtectionEnabled: true,
      lifecycle: { preventDestroy: true },
    });
  }

  /** One way: after a failover, who goes back decides which states are the newer ones (docs/operations/recovery.md). */
  private replicate(bucket: ReplicationEnd, replica: ReplicationEnd, boundaryArn: string): void {
    new BucketReplication(this, "Replication", {
      resource: "state",
      bucket,
      replica,
      bothWays: false,
      // The alarm topic is an environment's, and may not be there yet.
      alarms: false,
      createRole: (trust, statements) =>
        new AccountRole(this, "ReplicationRole", {
          resource: "state-replication",
          description: "Replicates the Terraform states to the second region",
          boundaryArn,
          trust,
          policies: { replication: statements },
        }),
    });
  }
}
