import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketCorsConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-cors-configuration";
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketLoggingA } from "@cdktf/provider-aws/lib/s3-bucket-logging";
import { S3BucketObjectLockConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { BucketReplication } from "./bucket-replication";
import type { CustomerKey } from "./customer-key";
import { keyUse } from "./key-use";
import { securityNames } from "./names";
import type { NodeFunction } from "./node-function";
import { denyPlainHttp, policyJson, type Statement } from "./policy";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

export interface EncryptedBucketProps {
  /** Its part of the name pattern, e.g. `results`. */
  readonly resource: string;
  /** Full name, 3 to 63 characters, where something outside the pattern fixes it. @default tap-{component}-{resource}-{environment}-{region}-{account} */
  readonly bucket?: string;
  /** Where it is. @default the region of its stack */
  readonly region?: string;
  /** @default SSE-S3, which is for access-log buckets alone: S3 delivers access logs into no other (S3 user guide, server access logging) */
  readonly key?: CustomerKey;
  /** Whether S3 keeps a key for the bucket, which saves calls to KMS; not for a trail's bucket (CloudTrail user guide, configure key policies). @default true */
  readonly bucketKey?: boolean;
  /** Days after which versions that are no longer current are removed, 1 or more. */
  readonly noncurrentVersionExpirationDays: number;
  /** Days after which objects expire, 1 or more. @default never */
  readonly expirationDays?: number;
  /** Where browsers may put and get objects from by presigned URLs: exact origins. @default nowhere */
  readonly allowedOrigins?: readonly string[];
  /** Days after which objects move to Intelligent-Tiering, 1 or more; where they expire by then they stay, because S3 refuses an expiry that isn't later than a transition (PLAT-06). @default never */
  readonly intelligentTieringAfterDays?: number;
  /** Name of the bucket that takes the access logs; `"none"` is for access-log buckets themselves. @default the one that `security` makes in the bucket's region */
  readonly accessLogBucketName?: string;
  /** For how long each version can't be changed or removed from when it was written, 1 day or more (S3 user guide, Object Lock). @default removed at will */
  readonly objectLock?: ObjectLock;
  /** Statements beside the denial of plain HTTP. @default none */
  readonly statements?: (bucketArn: string) => readonly Statement[];
  /** Terraform refuses to destroy it; else it goes, and what is in it. @default deletionProtection of the environment */
  readonly preventDestroy?: boolean;
}

export interface ObjectLock {
  /** `GOVERNANCE`: who has `s3:BypassGovernanceRetention` can; `COMPLIANCE`: nobody can. */
  readonly mode: "GOVERNANCE" | "COMPLIANCE";
  readonly days: number;
}

/** Calls on objects that a function can be granted, by their IAM names. */
export type ObjectAction = "s3:DeleteObject" | "s3:GetObject" | "s3:GetObjectVersion" | "s3:PutObject";

/**
 * A private bucket: versions, encryption, bucket-owner ownership, TLS only, unfinished uploads removed after 7 days.
 * What exists once per environment is replicated to the second region, where the configuration says so, and after a
 * failover works on that replica (docs/operations/recovery.md).
 *
 * @example
 * new EncryptedBucket(this, "Results", { resource: "results", key, noncurrentVersionExpirationDays: 30 });
 */
export class EncryptedBucket extends Construct {
  /** Its name; what uses it waits for it. */
  readonly bucket: string;
  readonly arn: string;
  readonly region: string;
  /** Whether its versions are locked. */
  readonly isLocked: boolean;
  /** What Terraform makes of it: what writes to the bucket by its policy, or replicates it, should wait for these. */
  readonly parts: ITerraformDependable[] = [];
  private readonly keyArn: string | undefined;
  /** Where it is, as an argument of what it is made of. */
  private readonly elsewhere: { region?: string };

  constructor(scope: Construct, id: string, props: EncryptedBucketProps) {
    super(scope, id);
    requireDays("noncurrentVersionExpirationDays", props.noncurrentVersionExpirationDays);
    for (const option of ["expirationDays", "intelligentTieringAfterDays"] as const)
      requireDays(option, props[option] ?? 1);
    const stack = TapStack.of(this);
    this.region = props.region ?? stack.region;
    this.elsewhere = stack.elsewhere(this.region);
    this.isLocked = props.objectLock !== undefined;
    requireDays("objectLock.days", props.objectLock?.days ?? 1);

    const name = props.bucket ?? stack.nameOf("bucket", props.resource, this.region);
    // Computed, so that policies are whole in the JSON.
    this.arn = `arn:aws:s3:::${name}`;
    this.bucket = stack.isFailedOver ? name : this.createBucket(name, props);
    this.keyArn = stack.isFailedOver ? props.key?.leftReplicaArn : props.key?.arn;
    if (this.region === stack.region && stack.replicaRegion !== undefined) this.replicate(props, stack.replicaRegion);
  }

  /** @returns the id, which makes Terraform wait for the bucket */
  private createBucket(name: string, props: EncryptedBucketProps): string {
    const { deletionProtection } = TapStack.of(this).environment;
    const bucket = new S3Bucket(this, "Bucket", {
      ...this.elsewhere,
      bucket: name,
      ...(this.isLocked ? { objectLockEnabled: true } : {}),
      // One or the other: what isn't kept goes in one command, with what is in it.
      ...((props.preventDestroy ?? deletionProtection)
        ? { lifecycle: { preventDestroy: true } }
        : { forceDestroy: true }),
    });
    this.blockPublicAccess(bucket.id);
    this.encrypt(bucket.id, props);
    const versioning = this.keepVersions(bucket.id);
    this.expire(bucket.id, props, versioning);
    this.lock(bucket.id, props, versioning);
    this.logAccess(bucket.id, name, props);
    this.letBrowsersIn(bucket.id, props);
    const policy = new S3BucketPolicy(this, "Policy", {
      ...this.elsewhere,
      bucket: bucket.id,
      policy: policyJson([denyPlainHttp("s3:*", [this.arn, `${this.arn}/*`]), ...(props.statements?.(this.arn) ?? [])]),
    });
    this.parts.push(versioning, policy);
    return bucket.id;
  }

  /** Both ways: what is written there during a failover comes back. */
  private replicate({ bucket: _, key, ...props }: EncryptedBucketProps, region: string): void {
    const replicaKey = key?.replicaIn(region);
    const replica = new EncryptedBucket(this, "Replica", {
      ...props,
      ...(replicaKey === undefined ? {} : { key: replicaKey }),
      region,
    });
    new BucketReplication(this, "Replication", {
      resource: props.resource,
      bucket: { bucket: this, key },
      replica: { bucket: replica, key: replicaKey },
      alarms: true,
      bothWays: true,
    });
  }

  /**
   * Lets a function make these calls on objects, by what their keys are like, and use the bucket's key for them through
   * S3 alone.
   * @example bucket.grantObjects(worker, { "results/*": ["s3:PutObject"] })
   */
  grantObjects(grantee: NodeFunction, actionsByKey: Readonly<Record<string, readonly ObjectAction[]>>): void {
    const grants = Object.entries(actionsByKey);
    for (const [index, [pattern, granted]] of grants.entries())
      grantee.allowDataAccess({
        sid: `${this.node.id}Objects${index === 0 ? "" : index + 1}`,
        actions: granted,
        resources: [`${this.arn}/${pattern}`],
      });
    const actions = grants.flatMap(([, granted]) => granted);
    const keyActions = [
      ...(actions.some((action) => action !== "s3:DeleteObject") ? (["kms:Decrypt"] as const) : []),
      ...(actions.includes("s3:PutObject") ? (["kms:GenerateDataKey"] as const) : []),
    ];
    if (this.keyArn === undefined || keyActions.length === 0) return;
    const use = keyUse(TapStack.of(this), {
      sid: `${this.node.id}ObjectsKey`,
      keyArn: this.keyArn,
      actions: keyActions,
      service: "s3",
      // With a bucket key, which every bucket has whose objects a function touches.
      context: "aws:s3:arn",
      value: this.arn,
    });
    grantee.allowDataAccess(use);
  }

  private blockPublicAccess(bucket: string): void {
    new S3BucketPublicAccessBlock(this, "PublicAccessBlock", {
      ...this.elsewhere,
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, "OwnershipControls", {
      ...this.elsewhere,
      bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
  }

  private encrypt(bucket: string, { key, bucketKey = true }: EncryptedBucketProps): void {
    key?.grantBucket(this.arn);
    new S3BucketServerSideEncryptionConfigurationA(this, "Encryption", {
      ...this.elsewhere,
      bucket,
      rule: [
        key === undefined
          ? { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }
          : {
              applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn },
              bucketKeyEnabled: bucketKey,
            },
      ],
    });
  }

  private keepVersions(bucket: string): S3BucketVersioningA {
    return new S3BucketVersioningA(this, "Versioning", {
      ...this.elsewhere,
      bucket,
      versioningConfiguration: { status: "Enabled" },
    });
  }

  private expire(
    bucket: string,
    { expirationDays, noncurrentVersionExpirationDays, intelligentTieringAfterDays }: EncryptedBucketProps,
    versioning: S3BucketVersioningA,
  ): void {
    const tiers =
      intelligentTieringAfterDays !== undefined &&
      (expirationDays === undefined || expirationDays > intelligentTieringAfterDays);
    const rule: S3BucketLifecycleConfigurationRule = {
      id: "expire",
      status: "Enabled",
      filter: [{ prefix: "" }],
      abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
      noncurrentVersionExpiration: [{ noncurrentDays: noncurrentVersionExpirationDays }],
      ...(tiers ? { transition: [{ days: intelligentTieringAfterDays, storageClass: "INTELLIGENT_TIERING" }] } : {}),
      ...(expirationDays === undefined ? {} : { expiration: [{ days: expirationDays }] }),
    };
    new S3BucketLifecycleConfiguration(this, "Lifecycle", {
      ...this.elsewhere,
      bucket,
      rule: [rule],
      dependsOn: [versioning],
    });
  }

  private lock(bucket: string, { objectLock }: EncryptedBucketProps, versioning: S3BucketVersioningA): void {
    if (objectLock === undefined) return;
    new S3BucketObjectLockConfigurationA(this, "Lock", {
      ...this.elsewhere,
      bucket,
      rule: { defaultRetention: { mode: objectLock.mode, days: objectLock.days } },
      dependsOn: [versioning],
    });
  }

  private letBrowsersIn(bucket: string, { allowedOrigins = [] }: EncryptedBucketProps): void {
    if (allowedOrigins.length === 0) return;
    new S3BucketCorsConfiguration(this, "Cors", {
      ...this.elsewhere,
      bucket,
      corsRule: [
        {
          allowedOrigins: [...allowedOrigins],
          allowedMethods: ["GET", "PUT"],
          // What a presigned upload is bound to; the browser sets its length itself.
          allowedHeaders: ["content-type", "x-amz-checksum-sha256"],
          exposeHeaders: ["etag", "x-amz-version-id"],
          maxAgeSeconds: 3_600,
        },
      ],
    });
  }

  private logAccess(bucket: string, prefix: string, { accessLogBucketName }: EncryptedBucketProps): void {
    if (accessLogBucketName === "none") return;
    const { environment } = TapStack.of(this);
    new S3BucketLoggingA(this, "Logging", {
      ...this.elsewhere,
      bucket,
      targetBucket: accessLogBucketName ?? securityNames(environment, this.region).accessLogBucketName,
      targetPrefix: `${prefix}/`,
    });
  }
}

/** Lets S3 deliver the access logs of this account's buckets (S3 user guide, server access logging). */
export function accessLogDelivery(accountId: string): (bucketArn: string) => Statement[] {
  return (bucketArn) => [
    {
      sid: "AccessLogDelivery",
      principals: { Service: ["logging.s3.amazonaws.com"] },
      actions: ["s3:PutObject"],
      resources: [`${bucketArn}/*`],
      conditions: { StringEquals: { "aws:SourceAccount": accountId } },
    },
  ];
}

function requireDays(option: string, days: number): void {
  requireInRange(option, days, 1, Number.POSITIVE_INFINITY, "days");
}
