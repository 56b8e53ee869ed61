import { Cloudtrail, type CloudtrailAdvancedEventSelector } from "@cdktf/provider-aws/lib/cloudtrail";
import { Construct } from "constructs";
import { CustomerKey } from "./customer-key";
import { EncryptedBucket } from "./encrypted-bucket";
import { LogGroup } from "./log-group";
import { policyJson, type Statement } from "./policy";
import { TapStack } from "./tap-stack";
import { WorkloadRole } from "./workload-role";

export interface AuditTrailProps {
  /** Name of the bucket that takes the access logs of the trail's own. */
  readonly accessLogBucketName: string;
  /** Days that its files are kept, 1 or more; the log group keeps what all log groups of the environment do. */
  readonly retentionDays: number;
}

/**
 * The one CloudTrail trail of an environment (SEC-05), of all regions: every management event, among them each use of a
 * key, and who touched which object, item and function of this project. Its files are signed, encrypted, and only added
 * to; a log group has the same, to search and to filter.
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
    const logGroup = new LogGroup(this, "Logs", { name: stack.nameOf("logGroup", "audit"), key });
    const role = this.createLogRole(logGroup);
    new Cloudtrail(this, "Trail", {
      name: this.name,
      s3BucketName: this.bucket.bucket,
      kmsKeyId: key.arn,
      // As CloudTrail wants it: the group with all of its streams.
      cloudWatchLogsGroupArn: `${logGroup.resource.arn}:*`,
      cloudWatchLogsRoleArn: role.arn,
      enableLogFileValidation: true,
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      advancedEventSelector: this.selectors(),
      dependsOn: [...this.bucket.parts, ...role.policies],
    });
  }

  /** CloudTrail user guide, role policy document for CloudWatch Logs: a stream for each region, or several. */
  private createLogRole(logGroup: LogGroup): WorkloadRole {
    const { accountId } = TapStack.of(this).environment;
    const role = new WorkloadRole(this, "LogRole", {
      resource: "audit",
      description: "Writes what the audit trail records into its log group",
      trust: policyJson([
        {
          sid: "AssumeByService",
          principals: { Service: ["cloudtrail.amazonaws.com"] },
          actions: ["sts:AssumeRole"],
          // The guide doesn't say whether CloudTrail names the trail here; where it does, it must be this one (docs/decisions/0005).
          conditions: {
            StringEqualsIfExists: { "aws:SourceAccount": accountId },
            ArnEqualsIfExists: { "aws:SourceArn": this.arn },
          },
        },
      ]),
    });
    role.allow("access", {
      sid: "WriteTrail",
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [`${logGroup.arn}:log-stream:${accountId}_CloudTrail_*`],
    });
    return role;
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
    const data = (name: string, type: string, startsWith: readonly string[], except: readonly string[] = []) => ({
      name,
      fieldSelector: [
        { field: "eventCategory", equalTo: ["Data"] },
        { field: "resources.type", equalTo: [type] },
        {
          field: "resources.ARN",
          startsWith: [...startsWith],
          ...(except.length > 0 ? { notStartsWith: [...except] } : {}),
        },
      ],
    });
    const stack = TapStack.of(this);
    // In one order, whichever region is the primary one.
    const regions = [...stack.environment.regionNames].sort();
    const own = (service: string, resource: string) => regions.map((region) => stack.arnOf(service, resource, region));
    return [
      {
        name: "Management events, the use of keys among them",
        fieldSelector: [{ field: "eventCategory", equalTo: ["Management"] }],
      },
      // What the trail and the access logs write would be recorded in its turn, for ever.
      data("Objects", "AWS::S3::Object", ["arn:aws:s3:::tap-"], ["arn:aws:s3:::tap-security-"]),
      data("Items", "AWS::DynamoDB::Table", own("dynamodb", "table/tap-")),
      data("Invocations", "AWS::Lambda::Function", own("lambda", "function:tap-")),
    ];
  }
}
