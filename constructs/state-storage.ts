import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import { Construct } from "constructs";
import { stateBucketName } from "../config/backend";
import { CustomerKey } from "./customer-key";
import { accessLogDelivery, EncryptedBucket } from "./encrypted-bucket";
import { TapStack } from "./tap-stack";

export interface StateStorageProps {
  /** Name of the lock table, from backend.hcl. */
  readonly lockTable: string;
  /** Alias of the key, from backend.hcl. */
  readonly keyAlias: string;
}

/** Days that a state's earlier versions can be brought back from. */
const stateVersionDays = 90;
/** Days that access logs are kept. */
const accessLogDays = 365;

/** Bucket, lock table and customer key of an account's Terraform states. Terraform refuses to destroy them. */
export class StateStorage extends Construct {
  readonly bucket: EncryptedBucket;
  readonly keyArn: string;

  constructor(scope: Construct, id: string, props: StateStorageProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const key = new CustomerKey(this, "StateKey", {
      resource: "state",
      alias: props.keyAlias,
      description: "Terraform states of this account",
      preventDestroy: true,
    });
    const accessLogs = new EncryptedBucket(this, "AccessLogBucket", {
      bucket: stack.nameOf("bucket", "access-logs"),
      expirationDays: accessLogDays,
      noncurrentVersionExpirationDays: 30,
      statements: accessLogDelivery(stack.environment.accountId),
      preventDestroy: true,
    });
    this.bucket = new EncryptedBucket(this, "StateBucket", {
      bucket: stateBucketName(stack.environment),
      key,
      noncurrentVersionExpirationDays: stateVersionDays,
      accessLogBucketName: accessLogs.bucket,
      preventDestroy: true,
    });
    key.grantTable(props.lockTable);
    new DynamodbTable(this, "LockTable", {
      name: props.lockTable,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "LockID",
      attribute: [{ name: "LockID", type: "S" }],
      serverSideEncryption: { enabled: true, kmsKeyArn: key.arn },
      pointInTimeRecovery: { enabled: true },
      deletionProtectionEnabled: true,
      lifecycle: { preventDestroy: true },
    });
    this.keyArn = key.arn;
  }
}
