import { DataAwsKmsAlias } from "@cdktf/provider-aws/lib/data-aws-kms-alias";
import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { policyJson, type Statement } from "./policy";
import { TapStack } from "./tap-stack";

export interface CustomerKeyProps {
  /** What it encrypts, in a sentence. */
  readonly description: string;
  /** Its part of the name pattern, e.g. `flow-logs`. @default none: the one key of its component */
  readonly resource?: string;
  /** Full alias, where something outside the pattern fixes it. @default alias/tap-{component}[-{resource}]-{environment}-{region} */
  readonly alias?: string;
  /** Where it is. @default the region of its stack */
  readonly region?: string;
  /** Terraform refuses to destroy it: what it encrypted would be lost, also what is in backups. @default deletionProtection of the environment */
  readonly preventDestroy?: boolean;
}

/** What a statement of the key's policy grows by, as grants are added. */
interface Use {
  readonly statement: Statement;
  readonly operator: "StringEquals" | "StringLike" | "ArnEquals" | "ArnLike";
  readonly conditionKey: string;
  readonly values: Set<string>;
}

/**
 * A customer managed key with yearly rotation, an alias, and a policy that names the services that use it.
 * Nobody uses it otherwise: the account may administer it, and encrypts or decrypts through the services that
 * were granted, with their encryption context, and only where IAM allows it too (docs/decisions/0005).
 *
 * @example
 * const key = new CustomerKey(this, "Key", { description: "The records" });
 * key.grantTable(tableName);     // what Table does with the key that it is given
 */
export class CustomerKey extends Construct {
  readonly id: string;
  readonly arn: string;
  readonly aliasName: string;
  readonly region: string;
  private readonly stack: TapStack;
  private readonly props: CustomerKeyProps;
  private readonly uses = new Map<string, Use>();
  /** Services that keep using the key after the caller has gone, by grants that they make in the caller's name. */
  private readonly grantingServices = new Set<string>();

  constructor(scope: Construct, id: string, props: CustomerKeyProps) {
    super(scope, id);
    this.stack = TapStack.of(this);
    this.props = props;
    this.region = props.region ?? this.stack.region;
    const { kms, deletionProtection } = this.stack.environment;
    const elsewhere = this.stack.elsewhere(this.region);
    const key = new KmsKey(this, "Key", {
      ...elsewhere,
      description: props.description,
      enableKeyRotation: true,
      deletionWindowInDays: kms.deletionWindowDays,
      policy: Lazy.stringValue({ produce: () => policyJson(this.statements()) }),
      ...((props.preventDestroy ?? deletionProtection) ? { lifecycle: { preventDestroy: true } } : {}),
    });
    this.id = key.keyId;
    this.arn = key.arn;
    this.aliasName = props.alias ?? this.stack.nameOf("keyAlias", props.resource, this.region);
    new KmsAlias(this, "Alias", { ...elsewhere, name: this.aliasName, targetKeyId: key.keyId });
  }

  /**
   * The key, in the region where what this one encrypts is replicated to, of the replicas; there once. Of its own, and
   * no multi-Region one: S3 and DynamoDB encrypt anew there, and a key that is in one region can't leak from another.
   */
  replicaIn(region: string): CustomerKey {
    const existing = this.node.tryFindChild("Replica") as CustomerKey | undefined;
    const { description, alias, preventDestroy } = this.props;
    return (
      existing ??
      new CustomerKey(this, "Replica", {
        region,
        description: `${description}: replicas`,
        resource: this.replicaResource,
        ...(alias === undefined ? {} : { alias }),
        ...(preventDestroy === undefined ? {} : { preventDestroy }),
      })
    );
  }

  /** ARN of the replicas' key, as the region of before left it here: found by its alias, because that region may be down. */
  get leftReplicaArn(): string {
    const existing = this.node.tryFindChild("LeftReplica") as DataAwsKmsAlias | undefined;
    const name = this.stack.nameOf("keyAlias", this.replicaResource);
    return (existing ?? new DataAwsKmsAlias(this, "LeftReplica", { name })).targetKeyArn;
  }

  private get replicaResource(): string {
    return this.props.resource === undefined ? "replica" : `${this.props.resource}-replica`;
  }

  /** A table, and tables restored beside it under `{table}-…` (DynamoDB developer guide, encryption at rest: usage notes). */
  grantTable(tableName: string): void {
    const context = "kms:EncryptionContext:aws:dynamodb:tableName";
    this.grantService("DynamoDb", "dynamodb", "StringLike", context, [tableName, `${tableName}-*`]);
    this.grantingServices.add(this.via("dynamodb"));
  }

  /** A bucket: with a bucket key the context is the bucket's ARN, without one the object's (S3 user guide, SSE-KMS). */
  grantBucket(bucketArn: string): void {
    this.grantService("S3", "s3", "ArnLike", "kms:EncryptionContext:aws:s3:arn", [bucketArn, `${bucketArn}/*`]);
  }

  /** A queue (SQS developer guide, key management). */
  grantQueue(queueArn: string): void {
    this.grantService("Sqs", "sqs", "ArnEquals", "kms:EncryptionContext:aws:sqs:arn", [queueArn]);
  }

  /** A topic (SNS developer guide, key management). */
  grantTopic(topicArn: string): void {
    this.grantService("Sns", "sns", "ArnEquals", "kms:EncryptionContext:aws:sns:topicArn", [topicArn]);
  }

  /** A data stream (Kinesis developer guide, permissions to use user-generated KMS keys). */
  grantDataStream(streamArn: string): void {
    this.grantService("Kinesis", "kinesis", "ArnEquals", "kms:EncryptionContext:aws:kinesis:arn", [streamArn]);
  }

  /** A secret, by the pattern of its ARN; the other value is what Secrets Manager tries a key with (Secrets Manager user guide, encryption context). */
  grantSecret(arnPattern: string): void {
    const context = "kms:EncryptionContext:SecretARN";
    this.grantService("Secrets", "secretsmanager", "StringLike", context, [arnPattern, "RequestToValidateKeyAccess"]);
  }

  /** A service that publishes to a topic or sends to a queue by itself, as CloudWatch does for `arn:…:alarm:…`. */
  grantPublisher(service: string, sourceArn: string): void {
    this.use(
      `Publish${service.replaceAll(/[^A-Za-z0-9]/g, "")}`,
      {
        principals: { Service: [service] },
        actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
        conditions: { StringEquals: { "aws:SourceAccount": this.stack.environment.accountId } },
      },
      "ArnLike",
      "aws:SourceArn",
      [sourceArn],
    );
  }

  /** A function's settings, through its callers, and its code, by Lambda itself (Lambda developer guide, encrypting environment variables and .zip packages). */
  grantFunction(functionArn: string): void {
    const context = "kms:EncryptionContext:aws:lambda:FunctionArn";
    const arns = [functionArn, `${functionArn}:*`];
    this.grantService("LambdaSettings", "lambda", "ArnLike", context, arns);
    this.grantingServices.add(this.via("lambda"));
    const byLambda = {
      principals: { Service: ["lambda.amazonaws.com"] },
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
    };
    this.use("LambdaCode", byLambda, "ArnLike", context, arns);
  }

  /** A log group (CloudWatch Logs user guide, encrypt log data with KMS). */
  grantLogGroup(logGroupName: string): void {
    const byLogs = {
      principals: { Service: [`logs.${this.region}.amazonaws.com`] },
      actions: ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    };
    const logGroupArn = this.stack.arnOf("logs", `log-group:${logGroupName}`);
    this.use("Logs", byLogs, "ArnEquals", "kms:EncryptionContext:aws:logs:arn", [logGroupArn]);
  }

  /** A trail, and those who read what it wrote (CloudTrail user guide, configure key policies). */
  grantTrail(trailArn: string): void {
    const byTrail = {
      principals: { Service: ["cloudtrail.amazonaws.com"] },
      actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
      conditions: { StringEquals: { "aws:SourceArn": trailArn } },
    };
    this.use("TrailWrites", byTrail, "ArnEquals", "kms:EncryptionContext:aws:cloudtrail:arn", [trailArn]);
    const describing = { principals: byTrail.principals, actions: ["kms:DescribeKey"] };
    this.use("TrailDescribesKey", describing, "ArnEquals", "aws:SourceArn", [trailArn]);
    this.use(
      "TrailIsRead",
      this.throughService(this.via("s3"), ["kms:Decrypt"]),
      "ArnEquals",
      "kms:EncryptionContext:aws:cloudtrail:arn",
      [trailArn],
    );
  }

  /**
   * A backup vault: the roles of AWS Backup, through it, in the regions that copies come from and go to; the service
   * keeps using the key by grants (AWS Backup developer guide, encryption). The context is the vault's ARN or name.
   */
  grantBackupVault(vaultName: string, regions: readonly string[]): void {
    const services = regions.map((region) => `backup.${region}.amazonaws.com`);
    this.use(
      "Backup",
      this.throughService(services, ["kms:Decrypt", "kms:GenerateDataKey"]),
      "StringLike",
      "kms:EncryptionContext:aws:backup:backup-vault",
      [`*${vaultName}`],
    );
    for (const service of services) this.grantingServices.add(service);
  }

  /** Principals of this account may use the key through a service, where IAM lets them. */
  private grantService(
    sid: string,
    service: string,
    operator: Use["operator"],
    conditionKey: string,
    values: readonly string[],
  ): void {
    const actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
    this.use(sid, this.throughService(this.via(service), actions), operator, conditionKey, values);
  }

  /** @param services by their host names */
  private throughService(services: string | string[], actions: readonly string[]): Omit<Statement, "sid"> {
    const { accountId } = this.stack.environment;
    return {
      principals: { AWS: [rootOf(accountId)] },
      actions,
      conditions: { StringEquals: { "kms:CallerAccount": accountId, "kms:ViaService": services } },
    };
  }

  private use(
    sid: string,
    statement: Omit<Statement, "sid">,
    operator: Use["operator"],
    conditionKey: string,
    values: readonly string[],
  ): void {
    const known = this.uses.get(sid);
    if (known !== undefined && JSON.stringify(known.statement) !== JSON.stringify({ sid, ...statement }))
      throw new RangeError(`${this.node.path} has a grant ${sid} already, for somebody else`);
    const use = known ?? { statement: { sid, ...statement }, operator, conditionKey, values: new Set() };
    for (const value of values) use.values.add(value);
    this.uses.set(sid, use);
  }

  private via(service: string): string {
    return `${service}.${this.region}.amazonaws.com`;
  }

  private statements(): Statement[] {
    const { accountId } = this.stack.environment;
    return [
      keyAdministration(accountId),
      ...[...this.uses.values()].map(({ statement, operator, conditionKey, values }) => ({
        ...statement,
        resources: ["*"],
        conditions: {
          ...statement.conditions,
          [operator]: { ...statement.conditions?.[operator], [conditionKey]: [...values] },
        },
      })),
      ...(this.grantingServices.size === 0 ? [] : [grants(accountId, [...this.grantingServices])]),
    ];
  }
}

function rootOf(accountId: string): string {
  return `arn:aws:iam::${accountId}:root`;
}

/** Without it, a key is locked for ever once its policy is wrong (KMS developer guide, default key policy). It lets nobody encrypt, decrypt or pass that on by a grant. */
export function keyAdministration(accountId: string): Statement {
  return {
    sid: "AccountAdministers",
    principals: { AWS: [rootOf(accountId)] },
    actions: [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:Describe*",
      "kms:DisableKey*",
      "kms:EnableKey*",
      "kms:Get*",
      "kms:List*",
      "kms:PutKeyPolicy",
      "kms:RevokeGrant",
      "kms:RotateKeyOnDemand",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ],
    resources: ["*"],
  };
}

function grants(accountId: string, services: readonly string[]): Statement {
  return {
    sid: "ServicesKeepUsing",
    principals: { AWS: [rootOf(accountId)] },
    actions: ["kms:CreateGrant"],
    resources: ["*"],
    conditions: { StringEquals: { "kms:CallerAccount": accountId, "kms:ViaService": services } },
  };
}
