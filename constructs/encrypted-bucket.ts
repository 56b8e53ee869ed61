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
import { policyJson, type Statement } from "./policy";

export interface EncryptedBucketProps {
  /** Full name of the bucket, 3 to 63 characters; `stack.nameOf("bucket", …)` but for the state's. */
  readonly bucket: string;
  /** ARN of the customer key. @default SSE-S3, which is for access-log buckets: S3 can't log into a bucket of a customer key without its key policy naming it */
  readonly kmsKeyArn?: string;
  /** Days after which versions that are no longer current are removed, 1 or more. */
  readonly noncurrentVersionExpirationDays: number;
  /** Days after which objects expire, 1 or more. @default never */
  readonly expirationDays?: number;
  /** Bucket that takes the access logs. @default none, which is for the access-log bucket itself */
  readonly accessLogBucket?: EncryptedBucket;
  /** Statements beside the denial of plain HTTP. @default none */
  readonly statements?: (bucketArn: string) => readonly Statement[];
  /** Terraform refuses to destroy it. @default false */
  readonly preventDestroy?: boolean;
}

/** A private bucket: versions, encryption, bucket-owner ownership, TLS only, unfinished uploads removed after 7 days. */
export class EncryptedBucket extends Construct {
  readonly bucket: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: EncryptedBucketProps) {
    super(scope, id);
    requireDays("noncurrentVersionExpirationDays", props.noncurrentVersionExpirationDays);
    if (props.expirationDays !== undefined) requireDays("expirationDays", props.expirationDays);

    const bucket = new S3Bucket(this, "Bucket", {
      bucket: props.bucket,
      ...(props.preventDestroy ? { lifecycle: { preventDestroy: true } } : {}),
    });
    // Computed, so that the policy is whole in the JSON; the id makes Terraform wait for the bucket.
    this.arn = `arn:aws:s3:::${props.bucket}`;
    this.bucket = bucket.id;

    this.blockPublicAccess();
    this.encrypt(props.kmsKeyArn);
    const versioning = this.keepVersions();
    this.expire(props, versioning);
    if (props.accessLogBucket) this.logAccess(props.accessLogBucket, props.bucket);
    new S3BucketPolicy(this, "Policy", {
      bucket: this.bucket,
      policy: policyJson([denyPlainHttp(this.arn), ...(props.statements?.(this.arn) ?? [])]),
    });
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

  private encrypt(kmsKeyArn: string | undefined): void {
    const byDefault =
      kmsKeyArn === undefined ? { sseAlgorithm: "AES256" } : { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn };
    new S3BucketServerSideEncryptionConfigurationA(this, "Encryption", {
      bucket: this.bucket,
      rule: [
        {
          applyServerSideEncryptionByDefault: byDefault,
          ...(kmsKeyArn === undefined ? {} : { bucketKeyEnabled: true }),
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
    { expirationDays, noncurrentVersionExpirationDays }: EncryptedBucketProps,
    versioning: S3BucketVersioningA,
  ): void {
    const rule: S3BucketLifecycleConfigurationRule = {
      id: "expire",
      status: "Enabled",
      filter: [{ prefix: "" }],
      abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
      noncurrentVersionExpiration: [{ noncurrentDays: noncurrentVersionExpirationDays }],
      ...(expirationDays === undefined ? {} : { expiration: [{ days: expirationDays }] }),
    };
    new S3BucketLifecycleConfiguration(this, "Lifecycle", {
      bucket: this.bucket,
      rule: [rule],
      dependsOn: [versioning],
    });
  }

  private logAccess(target: EncryptedBucket, prefix: string): void {
    new S3BucketLoggingA(this, "Logging", {
      bucket: this.bucket,
      targetBucket: target.bucket,
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

function denyPlainHttp(bucketArn: string): Statement {
  return {
    sid: "DenyPlainHttp",
    effect: "Deny",
    principals: "*",
    actions: ["s3:*"],
    resources: [bucketArn, `${bucketArn}/*`],
    conditions: { Bool: { "aws:SecureTransport": "false" } },
  };
}

function requireDays(option: string, days: number): void {
  if (!Number.isInteger(days) || days < 1)
    throw new RangeError(`${option} must be a whole number of days from 1 (given ${days})`);
}
