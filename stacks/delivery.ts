import type { Construct } from "constructs";
import { deliveryNames, driftMetrics, releaseReaderRoleArn } from "../config/delivery";
import { Alarms } from "../constructs/alarms";
import { CustomerKey } from "../constructs/customer-key";
import { EncryptedBucket } from "../constructs/encrypted-bucket";
import { keyUse } from "../constructs/key-use";
import { accountNames } from "../constructs/names";
import { Table } from "../constructs/table";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";
import { roleTrust } from "../constructs/trust";
import { WorkloadRole } from "../constructs/workload-role";

/** Seconds between two detections of drift at most, as .github/workflows/drift.yml has them: four a day. */
const driftPeriodSeconds = 6 * 3_600;

/**
 * What releases move by (PLAT-08, PLAT-10): a bucket where nothing is overwritten, the ledger of promotions and the lease,
 * and the role by which the next environment takes releases over; and who hears of drift (PLAT-09).
 */
export class DeliveryStack extends TapStack {
  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "delivery" });

    const key = new CustomerKey(this, "Key", { description: "Releases and the ledger of promotions" });
    const releases = this.createReleaseBucket(key);
    const ledger = this.createLedger(key);
    const reader = this.createReleaseReader(releases, ledger, key);
    if (this.environment.delivery.driftAlarms) this.createDriftAlarms();

    this.addOutputs({
      release_bucket_name: { description: "Bucket of releases", value: releases.bucket },
      release_bucket_arn: { description: "ARN of the bucket of releases", value: releases.arn },
      release_reader_role_arn: {
        description: "Role by which the next environment copies releases",
        value: reader.arn,
      },
      ledger_table_name: { description: "Table of promotions and the lease", value: ledger.name },
      ledger_table_arn: { description: "ARN of the table of promotions", value: ledger.arn },
      key_arn: { description: "ARN of the key of releases and ledger", value: key.arn },
    });
  }

  /** Objects are named by their content, and each version is locked: what was released stays as it was. */
  private createReleaseBucket(key: CustomerKey): EncryptedBucket {
    const { releaseLockMode, releaseRetentionDays } = this.environment.delivery;
    this.requireName(deliveryNames(this.environment).releaseBucketName, this.nameOf("bucket", "releases"));
    return new EncryptedBucket(this, "Releases", {
      resource: "releases",
      key,
      objectLock: { mode: releaseLockMode, days: releaseRetentionDays },
      // `tap release gc` hides a release; what is hidden goes when nothing locks it any more.
      noncurrentVersionExpirationDays: releaseRetentionDays,
    });
  }

  /** Its items stay: they are the history. */
  private createLedger(key: CustomerKey): Table {
    const ledger = new Table(this, "Ledger", {
      resource: "ledger",
      key,
      partitionKey: "pk",
      sortKey: "sk",
      pointInTimeRecovery: true,
    });
    this.requireName(deliveryNames(this.environment).ledgerTableName, ledger.name);
    return ledger;
  }

  /**
   * Reads releases and which of them were good, and nothing else, for the deploy role of the environment that comes next;
   * behind the last one comes itself.
   */
  private createReleaseReader(releases: EncryptedBucket, ledger: Table, key: CustomerKey): WorkloadRole {
    const { releaseTarget } = this.environment;
    const arn = `arn:aws:iam::${this.environment.accountId}:role/${this.nameOf("role", "release-reader")}`;
    this.requireName(releaseReaderRoleArn(this.environment), arn);
    const keyArn = this.isFailedOver ? key.leftReplicaArn : key.arn;
    const role = new WorkloadRole(this, "ReleaseReader", {
      resource: "release-reader",
      description: "Copies good releases to the next environment",
      trust: roleTrust(accountNames(releaseTarget).deployRoleArn),
    });
    role.allow(
      "releases",
      { sid: "ListReleases", actions: ["s3:ListBucket"], resources: [releases.arn] },
      {
        sid: "ReadReleases",
        actions: ["s3:GetObject", "s3:GetObjectVersion"],
        resources: [`${releases.arn}/*`],
      },
      keyUse(this, {
        sid: "DecryptReleases",
        keyArn,
        actions: ["kms:Decrypt"],
        service: "s3",
        context: "aws:s3:arn",
        value: releases.arn,
      }),
    );
    role.allow(
      "ledger",
      { sid: "ReadLedger", actions: ["dynamodb:GetItem"], resources: [ledger.arn] },
      keyUse(this, {
        sid: "DecryptLedger",
        keyArn,
        actions: ["kms:Decrypt"],
        service: "dynamodb",
        context: "aws:dynamodb:tableName",
        value: ledger.name,
      }),
    );
    return role;
  }

  private createDriftAlarms(): void {
    const { environmentSuffix } = this.environment;
    const metric = (name: string, statistic: "Maximum" | "Sum") => ({
      namespace: driftMetrics.namespace,
      name,
      dimensions: { [driftMetrics.dimension]: environmentSuffix },
      statistic,
    });
    new Alarms(this, "DriftAlarms", {
      resource: "drift",
      alarms: {
        found: {
          description: `Resources of ${environmentSuffix} aren't as they were applied: somebody changed them by hand. The report of the last drift workflow says which, and docs/operations/alarms.md what to do.`,
          metric: metric(driftMetrics.driftedResources, "Maximum"),
          threshold: 0,
          periodSeconds: driftPeriodSeconds,
          evaluationPeriods: 1,
          // Until the next detection, the last one holds.
          missingData: "ignore",
        },
        silent: {
          description: `Nobody has looked for drift in ${environmentSuffix} for a day: the drift workflow fails, or doesn't run (docs/operations/alarms.md).`,
          metric: metric(driftMetrics.detectionCompleted, "Sum"),
          fires: "below",
          threshold: 1,
          periodSeconds: driftPeriodSeconds,
          evaluationPeriods: 86_400 / driftPeriodSeconds,
          missingData: "breaching",
        },
      },
    });
  }

  /** `tap` finds what is here by config/delivery.ts, which other names would lead nowhere. */
  private requireName(expected: string, name: string): void {
    if (name !== expected)
      throw new RangeError(`config/delivery.ts calls it ${expected}, and the name pattern ${name}: make them agree`);
  }
}
