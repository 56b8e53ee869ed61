import { BackupPlan } from "@cdktf/provider-aws/lib/backup-plan";
import { BackupSelection } from "@cdktf/provider-aws/lib/backup-selection";
import { BackupVault } from "@cdktf/provider-aws/lib/backup-vault";
import { BackupVaultLockConfiguration } from "@cdktf/provider-aws/lib/backup-vault-lock-configuration";
import { Construct } from "constructs";
import { Alarms, type Metric } from "./alarms";
import { CustomerKey } from "./customer-key";
import { type BackupReach, backUp } from "./permissions/backup";
import { serviceTrust } from "./policy";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";
import { WorkloadRole } from "./workload-role";

export interface BackupsProps {
  /** Days that a backup is kept: 1 to 36,500 (AWS Backup, lifecycle). */
  readonly retentionDays: number;
  /** Region whose vault gets a copy of each backup. @default none */
  readonly copyToRegion?: string;
}

/** Each day at five in the morning, UTC: quiet hours on both sides of the Atlantic. */
const schedule = "cron(0 5 * * ? *)";

/**
 * Backups of every table and bucket of an environment that holds data, in one region (PLAT-22): a vault under its own
 * customer key, a plan that runs daily, and a role that reads. Who restores does it by a role for that hour
 * (docs/operations/recovery.md): one that may write everywhere would stand here for nothing. What is backed up is found by the
 * name pattern, so that a new system is backed up by itself; access logs and the audit trail, which are `security`'s
 * own, aren't. Where the environment protects what holds data, nobody removes a backup before its time.
 */
export class Backups extends Construct {
  readonly vaultName: string;
  readonly vaultArn: string;
  private readonly stack: TapStack;
  private readonly key: CustomerKey;

  constructor(scope: Construct, id: string, props: BackupsProps) {
    super(scope, id);
    requireInRange("retentionDays", props.retentionDays, 1, 36_500, "days");
    this.stack = TapStack.of(this);
    this.vaultName = this.stack.nameOf("backupVault", "backups");
    this.vaultArn = this.vaultArnIn(this.stack.region);

    this.key = new CustomerKey(this, "Key", { resource: "backups", description: "Backups of tables and buckets" });
    this.key.grantBackupVault(this.vaultName, this.stack.environment.regionNames);
    const reach = this.reachOf(props);
    const vault = this.createVault(props.retentionDays);
    const role = this.createRole(reach);
    const plan = this.createPlan(vault, props);
    this.select(plan, role, reach);
    this.createAlarms();
  }

  private createVault(retentionDays: number): BackupVault {
    const { deletionProtection } = this.stack.environment;
    const vault = new BackupVault(this, "Vault", {
      name: this.vaultName,
      kmsKeyArn: this.key.arn,
      // One or the other: what isn't kept goes in one command, with what is in it.
      ...(deletionProtection ? { lifecycle: { preventDestroy: true } } : { forceDestroy: true }),
    });
    // In governance mode, without a date from which nobody at all could undo it (AWS Backup, vault lock).
    if (deletionProtection)
      new BackupVaultLockConfiguration(this, "Lock", { backupVaultName: vault.name, minRetentionDays: retentionDays });
    return vault;
  }

  private createRole(reach: BackupReach): WorkloadRole {
    const role = new WorkloadRole(this, "Role", {
      resource: "backups",
      description: "Backs up tables and buckets",
      trust: serviceTrust("backup.amazonaws.com", reach.accountId),
    });
    const { tables, buckets, keys } = backUp(reach);
    role.allow("tables", ...tables);
    role.allow("buckets", ...buckets);
    role.allow("keys", ...keys);
    return role;
  }

  private createPlan(vault: BackupVault, { retentionDays, copyToRegion }: BackupsProps): BackupPlan {
    const lifecycle = { deleteAfter: retentionDays };
    return new BackupPlan(this, "Plan", {
      name: this.stack.nameOf("backupPlan", "backups"),
      rule: [
        {
          ruleName: "daily",
          targetVaultName: vault.name,
          schedule,
          // Minutes: begun within an hour, done within twelve.
          startWindow: 60,
          completionWindow: 12 * 60,
          lifecycle,
          ...(copyToRegion === undefined
            ? {}
            : { copyAction: [{ destinationVaultArn: this.vaultArnIn(copyToRegion), lifecycle }] }),
        },
      ],
    });
  }

  private select(plan: BackupPlan, role: WorkloadRole, { tableArns, bucketArns }: BackupReach): void {
    new BackupSelection(this, "Selection", {
      name: this.stack.nameOf("backupPlan", "backups"),
      planId: plan.id,
      iamRoleArn: role.arn,
      resources: [...tableArns, ...bucketArns],
      // Access logs and the audit trail: kept, versioned, and no system's data.
      notResources: this.logBucketArns,
    });
  }

  /** AWS Backup's metrics of the vault, by type of what is backed up (AWS Backup developer guide, metrics with CloudWatch). */
  private createAlarms(): void {
    const failed = (name: string, ResourceType: string): Metric => ({
      namespace: "AWS/Backup",
      name,
      dimensions: { BackupVaultName: this.vaultName, ResourceType },
      statistic: "Sum",
    });
    const alarm = (what: string, label: string, metric: string) => ({
      description: `${what} of ${this.vaultName} failed: its jobs say why. The last good one may be two days old (docs/operations/recovery.md).`,
      expression: "FILL(tables, 0) + FILL(buckets, 0)",
      label,
      metrics: { tables: failed(metric, "DynamoDB"), buckets: failed(metric, "S3") },
      threshold: 0,
      periodSeconds: 3_600,
      evaluationPeriods: 1,
    });
    new Alarms(this, "Alarms", {
      alarms: {
        "backup-failures": alarm("A backup", "Failed backups", "NumberOfBackupJobsFailed"),
        "backup-copy-failures": alarm("A copy of a backup", "Failed copies", "NumberOfCopyJobsFailed"),
      },
    });
  }

  private reachOf({ copyToRegion }: BackupsProps): BackupReach {
    const { accountId, environmentSuffix, dataRegion, recovery } = this.stack.environment;
    const { region } = this.stack;
    const regions = [region, ...(copyToRegion === undefined ? [] : [copyToRegion])];
    // After a failover, the tables here are the replicas, which are named after the region of before.
    const named = recovery.failedOverFrom === undefined ? [region] : [...new Set([region, dataRegion])];
    return {
      accountId,
      region,
      tableArns: named.map((name) => this.stack.arnOf("dynamodb", `table/tap-*-${environmentSuffix}-${name}`)),
      bucketArns: [`arn:aws:s3:::tap-*-${environmentSuffix}-${region}-${accountId}`],
      keyAliases: [`alias/tap-*-${environmentSuffix}-${region}`],
      vaults: regions.map((name) => ({
        arn: this.vaultArnIn(name),
        region: name,
        keyAlias: this.stack.nameOf("keyAlias", "backups", name),
      })),
    };
  }

  private get logBucketArns(): string[] {
    const { accountId, environmentSuffix } = this.stack.environment;
    const end = `${environmentSuffix}-${this.stack.region}-${accountId}`;
    return ["bootstrap", "security"].map((component) => `arn:aws:s3:::tap-${component}-*-${end}`);
  }

  private vaultArnIn(region: string): string {
    return this.stack.arnOf("backup", `backup-vault:${this.stack.nameOf("backupVault", "backups", region)}`, region);
  }
}
