import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import {
  S3BucketLifecycleConfiguration,
  type S3BucketLifecycleConfigurationRule,
} from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketLoggingA } from "@cdktf/provider-aws/lib/s3-bucket-logging";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import { keyUse } from "./key-use";
import type { NodeFunction } from "./node-function";
import { denyPlainHttp, policyJson, type Statement } from "./policy";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

export interface EncryptedBucketProps {
  /** Full name of the bucket, 3 to 63 characters; `stack.nameOf("bucket", …)` but for the state's. */
  readonly bucket: string;
  /** @default SSE-S3, which is for access-log buckets alone: S3 delivers access logs into no other (S3 user guide, server access logging) */
  readonly key?: CustomerKey;
  /** Whether S3 keeps a key for the bucket, which saves calls to KMS; not for a trail's bucket (CloudTrail user guide, configure key policies). @default true */
  readonly bucketKey?: boolean;
  /** Days after which versions that are no longer current are removed, 1 or more. */
  readonly noncurrentVersionExpirationDays: number;
  /** Days after which objects expire, 1 or more. @default never */
  readonly expirationDays?: number;
  /** Days after which objects move to Intelligent-Tiering, 1 or more; where they expire by then they stay, because S3 refuses an expiry that isn't later than a transition (PLAT-06). @default never */
  readonly intelligentTieringAfterDays?: number;
  /** Name of the bucket that takes the access logs. @default none, which is for the access-log bucket itself */
  readonly accessLogBucketName?: string;
  /** Statements beside the denial of plain HTTP. @default none */
  readonly statements?: (bucketArn: string) => readonly Statement[];
  /** Terraform refuses to destroy it. @default false: it goes, and what is in it */
  readonly preventDestroy?: boolean;
}

/** A private bucket: versions, encryption, bucket-owner ownership, TLS only, unfinished uploads removed after 7 days. */
export class EncryptedBucket extends Construct {
  readonly bucket: string;
  readonly arn: string;
  /** What writes to the bucket by its policy should wait for it. */
  readonly policy: S3BucketPolicy;
  private readonly key: CustomerKey | undefined;

  constructor(scope: Construct, id: string, props: EncryptedBucketProps) {
    super(scope, id);
    requireDays("noncurrentVersionExpirationDays", props.noncurrentVersionExpirationDays);
    for (const option of ["expirationDays", "intelligentTieringAfterDays"] as const)
      requireDays(option, props[option] ?? 1);

    const bucket = new S3Bucket(this, "Bucket", {
      bucket: props.bucket,
      // One or the other: what isn't kept goes in one command, with what is in it.
      ...(props.preventDestroy ? { lifecycle: { preventDestroy: true } } : { forceDestroy: true }),
    });
    // Computed, so that the policy is whole in the JSON; the id makes Terraform wait for the bucket.
    this.arn = `arn:aws:s3:::${props.bucket}`;
    this.bucket = bucket.id;

    this.blockPublicAccess();
    this.key = props.key;
    this.encrypt(props);
    const versioning = this.keepVersions();
    this.expire(props, versioning);
    if (props.accessLogBucketName) this.logAccess(props.accessLogBucketName, props.bucket);
    this.policy = new S3BucketPolicy(this, "Policy", {
      bucket: this.bucket,
      policy: policyJson([denyPlainHttp("s3:*", [this.arn, `${this.arn}/*`]), ...(props.statements?.(this.arn) ?? [])]),
    });
  }

  /**
   * Lets a function make these calls on objects under a prefix, and use the bucket's key for them through S3 alone.
   * @example bucket.grantObjects(worker, ["s3:PutObject"], "results/*")
   */
  grantObjects(
    grantee: NodeFunction,
    actions: readonly ("s3:DeleteObject" | "s3:GetObject" | "s3:PutObject")[],
    prefix = "*",
  ): void {
    grantee.allowDataAccess({ sid: `${this.node.id}Objects`, actions, resources: [`${this.arn}/${prefix}`] });
    const keyActions = [
      ...(actions.includes("s3:GetObject") || actions.includes("s3:PutObject") ? (["kms:Decrypt"] as const) : []),
      ...(actions.includes("s3:PutObject") ? (["kms:GenerateDataKey"] as const) : []),
    ];
    if (this.key === undefined || keyActions.length === 0) return;
    const use = keyUse(TapStack.of(this), {
      sid: `${this.node.id}ObjectsKey`,
      keyArn: this.key.arn,
      actions: keyActions,
      service: "s3",
      // With a bucket key, which every bucket has whose objects a function touches.
      context: "aws:s3:arn",
      value: this.arn,
    });
    grantee.allowDataAccess(use);
  }

  private blockPublicAccess(): void {
    new S3BucketPublicAccessBlock(this, "PublicAccessBlock", {
      bucket: this.bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketOwnershipControls(this, "OwnershipControls", {
      bucket: this.bucket,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
  }

  private encrypt({ key, bucketKey = true }: EncryptedBucketProps): void {
    key?.grantBucket(this.arn);
    new S3BucketServerSideEncryptionConfigurationA(this, "Encryption", {
      bucket: this.bucket,
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

  private keepVersions(): S3BucketVersioningA {
    return new S3BucketVersioningA(this, "Versioning", {
      bucket: this.bucket,
      versioningConfiguration: { status: "Enabled" },
    });
  }

  private expire(
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
      bucket: this.bucket,
      rule: [rule],
      dependsOn: [versioning],
    });
  }

  private logAccess(targetBucket: string, prefix: string): void {
    new S3BucketLoggingA(this, "Logging", {
      bucket: this.bucket,
      targetBucket,
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
