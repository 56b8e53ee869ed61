import { Cloudtrail, type CloudtrailAdvancedEventSelector } from "@cdktf/provider-aws/lib/cloudtrail";
import { Construct } from "constructs";
import { CustomerKey } from "./customer-key";
import { EncryptedBucket } from "./encrypted-bucket";
import type { Statement } from "./policy";
import { TapStack } from "./tap-stack";

export interface AuditTrailProps {
  /** Name of the bucket that takes the access logs of the trail's own. */
  readonly accessLogBucketName: string;
  /** Days that what it recorded is kept, 1 or more. */
  readonly retentionDays: number;
  /** Whether it records what belongs to no region (IAM, STS); one trail of an environment does. */
  readonly globalServiceEvents: boolean;
}

/**
 * A CloudTrail trail of one region (SEC-05): every management event, among them each use of a key, and who touched
 * which object, item and function of this project. Its files are signed, encrypted, and only added to.
 */
export class AuditTrail extends Construct {
  readonly name: string;
  readonly arn: string;
  readonly bucket: EncryptedBucket;

  constructor(scope: Construct, id: string, props: AuditTrailProps) {
    super(scope, id);
    const stack = TapStack.of(this);
    const { accountId } = stack.environment;
    this.name = stack.nameOf("trail", "audit");
    this.arn = stack.arnOf("cloudtrail", `trail/${this.name}`);

    const key = new CustomerKey(this, "Key", {
      resource: "audit",
      description: "What the audit trail records",
    });
    key.grantTrail(this.arn);
    this.bucket = new EncryptedBucket(this, "Bucket", {
      resource: "audit",
      key,
      bucketKey: false,
      expirationDays: props.retentionDays,
      noncurrentVersionExpirationDays: 30,
      accessLogBucketName: props.accessLogBucketName,
      statements: (bucketArn) => this.delivery(bucketArn, accountId),
    });
    new Cloudtrail(this, "Trail", {
      name: this.name,
      s3BucketName: this.bucket.bucket,
      kmsKeyId: key.arn,
      enableLogFileValidation: true,
      isMultiRegionTrail: false,
      includeGlobalServiceEvents: props.globalServiceEvents,
      advancedEventSelector: this.selectors(),
      dependsOn: this.bucket.parts,
    });
  }

  /** CloudTrail user guide, bucket policy of a trail. */
  private delivery(bucketArn: string, accountId: string): Statement[] {
    const principals = { Service: ["cloudtrail.amazonaws.com"] };
    const ownTrail = { "aws:SourceArn": this.arn };
    return [
      {
        sid: "TrailChecksBucket",
        principals,
        actions: ["s3:GetBucketAcl"],
        resources: [bucketArn],
        conditions: { StringEquals: ownTrail },
      },
      {
        sid: "TrailWrites",
        principals,
        actions: ["s3:PutObject"],
        resources: [`${bucketArn}/AWSLogs/${accountId}/*`],
        conditions: { StringEquals: { ...ownTrail, "s3:x-amz-acl": "bucket-owner-full-control" } },
      },
    ];
  }

  private selectors(): CloudtrailAdvancedEventSelector[] {
    const data = (name: string, type: string, startsWith: string, except: readonly string[] = []) => ({
      name,
      fieldSelector: [
        { field: "eventCategory", equalTo: ["Data"] },
        { field: "resources.type", equalTo: [type] },
        {
          field: "resources.ARN",
          startsWith: [startsWith],
          ...(except.length > 0 ? { notStartsWith: [...except] } : {}),
        },
      ],
    });
    const own = (service: string, resource: string) => TapStack.of(this).arnOf(service, resource);
    return [
      {
        name: "Management events, the use of keys among them",
        fieldSelector: [{ field: "eventCategory", equalTo: ["Management"] }],
      },
      // What the trail and the access logs write would be recorded in its turn, for ever.
      data("Objects", "AWS::S3::Object", "arn:aws:s3:::tap-", ["arn:aws:s3:::tap-security-"]),
      data("Items", "AWS::DynamoDB::Table", own("dynamodb", "table/tap-")),
      data("Invocations", "AWS::Lambda::Function", own("lambda", "function:tap-")),
    ];
  }
}
