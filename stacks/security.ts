import type { Construct } from "constructs";
import { AuditTrail } from "../constructs/audit-trail";
import { Backups } from "../constructs/backups";
import { CustomerKey } from "../constructs/customer-key";
import { accessLogDelivery, EncryptedBucket } from "../constructs/encrypted-bucket";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";
import { Topic } from "../constructs/topic";

/** Days that access logs of buckets are kept. */
const accessLogDays = 90;

/**
 * What the other stacks of a region lean on: where alarms go, where access logs go, the backups of all tables and
 * buckets (PLAT-22), and, where the configuration says so, in one region, the trail of who used which key and touched
 * which data in any of them (SEC-05).
 */
export class SecurityStack extends TapStack {
  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "security" });

    const alarms = this.createAlarmTopic();
    const accessLogs = this.createAccessLogBucket();
    const trail = this.keepsTrail ? this.createAuditTrail(accessLogs) : undefined;
    const backups = this.createBackups();

    this.addOutputs({
      alarm_topic_name: { description: "Topic that every alarm writes to", value: alarms.name },
      alarm_topic_arn: { description: "ARN of the topic that every alarm writes to", value: alarms.arn },
      access_log_bucket_name: { description: "Bucket of the access logs of all buckets", value: accessLogs.bucket },
      access_log_bucket_arn: { description: "ARN of the bucket of access logs", value: accessLogs.arn },
      backup_vault_name: { description: "Vault of the backups", value: backups.vaultName },
      backup_vault_arn: { description: "ARN of the vault of the backups", value: backups.vaultArn },
      // The same keys in every environment and region: one without a trail says so.
      audit_trail_arn: { description: "ARN of the audit trail, or none", value: trail?.arn ?? "none" },
      audit_bucket_name: { description: "Bucket of the audit trail, or none", value: trail?.bucket.bucket ?? "none" },
    });
  }

  /** One of an environment's regions keeps the trail of all of them, during a failover as well: evidence doesn't move. */
  private get keepsTrail(): boolean {
    const { audit, dataRegion } = this.environment;
    return audit.trail && this.region === dataRegion;
  }

  private createAlarmTopic(): Topic {
    const key = new CustomerKey(this, "AlarmKey", { resource: "alarms", description: "Messages of alarms" });
    return new Topic(this, "AlarmTopic", {
      resource: "alarms",
      key,
      publishers: { "cloudwatch.amazonaws.com": this.arnOf("cloudwatch", "alarm:tap-*") },
      emails: this.environment.alarms.emails,
    });
  }

  private createAccessLogBucket(): EncryptedBucket {
    const { accountId } = this.environment;
    return new EncryptedBucket(this, "AccessLogBucket", {
      resource: "access-logs",
      expirationDays: accessLogDays,
      noncurrentVersionExpirationDays: 30,
      statements: accessLogDelivery(accountId),
      accessLogBucketName: "none",
    });
  }

  private createAuditTrail(accessLogs: EncryptedBucket): AuditTrail {
    return new AuditTrail(this, "AuditTrail", {
      accessLogBucketName: accessLogs.bucket,
      retentionDays: this.environment.audit.retentionDays,
    });
  }

  private createBackups(): Backups {
    const { recovery, dataRegion, replicaRegion } = this.environment;
    return new Backups(this, "Backups", {
      retentionDays: recovery.backupRetentionDays,
      // From the second region to the first, from everywhere else to the second.
      ...(replicaRegion === undefined
        ? {}
        : { copyToRegion: this.region === replicaRegion ? dataRegion : replicaRegion }),
    });
  }
}
