import { S3BucketReplicationConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-replication-configuration";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Alarms } from "./alarms";
import type { CustomerKey } from "./customer-key";
import type { EncryptedBucket } from "./encrypted-bucket";
import { keyUse } from "./key-use";
import { type Statement, trustWithoutSource } from "./policy";
import { TapStack } from "./tap-stack";
import { WorkloadRole } from "./workload-role";

/** Minutes that S3 has for an object, with Replication Time Control, which takes no other value (S3 user guide). */
const replicationMinutes = 15;

/** One end of a replication. */
export interface ReplicationEnd {
  readonly bucket: EncryptedBucket;
  /** Customer key of the bucket. */
  readonly key: CustomerKey | undefined;
}

/** A role that S3 enters. */
interface ReplicationRole {
  readonly arn: string;
  readonly policies: readonly ITerraformDependable[];
}

export interface BucketReplicationProps {
  /** What is replicated: its part of the name pattern. */
  readonly resource: string;
  readonly bucket: ReplicationEnd;
  /** In another region. */
  readonly replica: ReplicationEnd;
  /** Whether what is written to the replica comes back; S3 never sends a replica on, so that nothing goes round. */
  readonly bothWays: boolean;
  /** Whether alarms watch it, in both regions; by the environment's topics there. */
  readonly alarms: boolean;
  /** Makes the role of what it may do. @default a workload role */
  readonly createRole?: (trust: string, statements: readonly Statement[]) => ReplicationRole;
}

/**
 * Replicates a bucket to another region within 15 minutes (PLAT-14), encrypted there with the key of there, deletions
 * as well: a deletion hides an object and keeps its versions, on both sides. Objects that were there before aren't
 * replicated; S3 Batch Replication does that, once.
 */
export class BucketReplication extends Construct {
  constructor(scope: Construct, id: string, props: BucketReplicationProps) {
    super(scope, id);
    const { bucket, replica } = props;
    const role = (props.createRole ?? this.workloadRole(props.resource))(
      // S3 names no source when it assumes the role (S3 user guide, setting up permissions for live replication).
      trustWithoutSource("s3.amazonaws.com"),
      [...this.statements("", bucket, replica), ...(props.bothWays ? this.statements("Back", replica, bucket) : [])],
    );
    this.createRule("Rule", role, bucket, replica);
    if (props.bothWays) this.createRule("RuleBack", role, replica, bucket);
    if (props.alarms) this.createAlarms("Alarms", props.resource, bucket, replica);
    if (props.alarms && props.bothWays) this.createAlarms("AlarmsBack", props.resource, replica, bucket);
  }

  private workloadRole(resource: string): NonNullable<BucketReplicationProps["createRole"]> {
    return (trust, statements) => {
      const role = new WorkloadRole(this, "Role", {
        resource: `${resource}-replication`,
        description: `Replicates ${resource} between regions`,
        trust,
      });
      role.allow("replication", ...statements);
      return role;
    };
  }

  /** S3 user guide, setting up permissions for live replication, and replicating encrypted objects. */
  private statements(suffix: string, from: ReplicationEnd, to: ReplicationEnd): Statement[] {
    const use = (sid: string, { bucket, key }: ReplicationEnd, actions: Parameters<typeof keyUse>[1]["actions"]) =>
      key === undefined
        ? []
        : [
            keyUse(TapStack.of(this), {
              sid: `${sid}${suffix}`,
              keyArn: key.arn,
              actions,
              service: "s3",
              context: "aws:s3:arn",
              value: bucket.arn,
              region: key.region,
            }),
          ];
    return [
      {
        sid: `ReadBucket${suffix}`,
        actions: ["s3:GetReplicationConfiguration", "s3:ListBucket"],
        resources: [from.bucket.arn],
      },
      {
        sid: `ReadVersions${suffix}`,
        actions: [
          // What is locked is replicated with its lock.
          ...(from.bucket.isLocked ? ["s3:GetObjectLegalHold", "s3:GetObjectRetention"] : []),
          "s3:GetObjectVersionAcl",
          "s3:GetObjectVersionForReplication",
          "s3:GetObjectVersionTagging",
        ],
        resources: [`${from.bucket.arn}/*`],
      },
      {
        sid: `WriteReplicas${suffix}`,
        actions: ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
        resources: [`${to.bucket.arn}/*`],
      },
      ...use("Decrypt", from, ["kms:Decrypt"]),
      // GenerateDataKey for the bucket key of the other side.
      ...use("Encrypt", to, ["kms:Encrypt", "kms:GenerateDataKey"]),
    ];
  }

  private createRule(id: string, role: ReplicationRole, from: ReplicationEnd, to: ReplicationEnd): void {
    new S3BucketReplicationConfigurationA(this, id, {
      ...TapStack.of(this).elsewhere(from.bucket.region),
      bucket: from.bucket.bucket,
      role: role.arn,
      rule: [
        {
          id: ruleId(to),
          status: "Enabled",
          priority: 0,
          filter: { prefix: "" },
          deleteMarkerReplication: { status: "Enabled" },
          sourceSelectionCriteria: {
            replicaModifications: { status: "Enabled" },
            sseKmsEncryptedObjects: { status: "Enabled" },
          },
          destination: {
            bucket: to.bucket.arn,
            ...(to.key === undefined ? {} : { encryptionConfiguration: { replicaKmsKeyId: to.key.arn } }),
            metrics: { status: "Enabled", eventThreshold: { minutes: replicationMinutes } },
            replicationTime: { status: "Enabled", time: { minutes: replicationMinutes } },
          },
        },
      ],
      dependsOn: [...role.policies, ...from.bucket.parts, ...to.bucket.parts],
    });
  }

  /**
   * What is behind is told in the region of the destination, what failed in that of the source (S3 user guide, S3
   * Replication metrics).
   */
  private createAlarms(id: string, resource: string, from: ReplicationEnd, to: ReplicationEnd): void {
    const dimensions = { SourceBucket: nameOf(from), DestinationBucket: nameOf(to), RuleId: ruleId(to) };
    const metric = (name: string, statistic: "Maximum" | "Sum") => ({
      namespace: "AWS/S3",
      name,
      dimensions,
      statistic,
    });
    const toDo = `Until it is mended, a loss of ${from.bucket.region} would lose more than ${replicationMinutes} minutes (docs/operations/recovery.md).`;
    new Alarms(this, `${id}Latency`, {
      resource,
      region: to.bucket.region,
      alarms: {
        "replication-latency": {
          description: `${nameOf(from)} is more than ${replicationMinutes} minutes ahead of its replica. ${toDo}`,
          metric: metric("ReplicationLatency", "Maximum"),
          threshold: replicationMinutes * 60,
        },
      },
    });
    new Alarms(this, `${id}Failures`, {
      resource,
      region: from.bucket.region,
      alarms: {
        "replication-failures": {
          description: `Objects of ${nameOf(from)} can't be replicated. ${toDo}`,
          metric: metric("OperationsFailedReplication", "Sum"),
          threshold: 0,
        },
      },
    });
  }
}

/** Names of rules are read in metrics: where to. */
function ruleId({ bucket }: ReplicationEnd): string {
  return `to-${bucket.region}`;
}

function nameOf({ bucket }: ReplicationEnd): string {
  return bucket.arn.replace("arn:aws:s3:::", "");
}
