import { driftMetrics, releaseReaderRoleArn } from "../../config/delivery";
import type { Environment } from "../../config/environment";
import type { Statement } from "../policy";
import { anyRegionArn } from "./scope";

const releaseBuckets = "arn:aws:s3:::tap-delivery-releases-*";

/** What moves a release (PLAT-08, PLAT-10): the store, the ledger, and the way to the store of the environment before. */
export function deployDelivery({ accountId, account, delivery, deletionProtection }: Environment): Statement[] {
  const conditions = { StringEquals: { "aws:ResourceAccount": accountId } };
  return [
    {
      sid: "KeepReleases",
      actions: ["s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectVersion", "s3:PutObject"],
      resources: [`${releaseBuckets}/*`],
      conditions,
    },
    // What an earlier release brought is locked anew for the next one: as long as if it were new, and no more strictly.
    {
      sid: "LockReleasesForLonger",
      actions: ["s3:PutObjectRetention"],
      resources: [`${releaseBuckets}/*`],
      conditions: {
        StringEquals: { ...conditions.StringEquals, "s3:object-lock-mode": delivery.releaseLockMode },
        NumericLessThanEquals: { "s3:object-lock-remaining-retention-days": `${delivery.releaseRetentionDays}` },
      },
    },
    {
      sid: "EncryptReleases",
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [anyRegionArn(accountId, "kms", "key/*")],
      conditions: {
        StringEquals: { "kms:CallerAccount": accountId },
        StringLike: {
          "kms:ViaService": "s3.*.amazonaws.com",
          "kms:EncryptionContext:aws:s3:arn": releaseBuckets,
        },
      },
    },
    // What tap/delivery/dynamo-ledger.ts calls. Written on and never deleted: it is the history.
    {
      sid: "KeepLedger",
      actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
      resources: [anyRegionArn(accountId, "dynamodb", "table/tap-delivery-ledger-*")],
    },
    { sid: "TakeReleases", actions: ["sts:AssumeRole"], resources: account.releaseSources.map(releaseReaderRoleArn) },
    // Or an environment couldn't be destroyed before its youngest release is old enough.
    ...(deletionProtection
      ? []
      : [
          {
            sid: "RemoveLockedReleases",
            actions: ["s3:BypassGovernanceRetention"],
            resources: [`${releaseBuckets}/*`],
            conditions,
          },
        ]),
  ];
}

/** What `tap drift` says: a metric of one namespace, and a message to the topic of alarms, through its key. */
export function reportDrift(accountId: string): Statement[] {
  const topics = anyRegionArn(accountId, "sns", "tap-security-alarms-*");
  return [
    // It takes no resource (service authorization reference, CloudWatch).
    {
      sid: "MeasureDrift",
      actions: ["cloudwatch:PutMetricData"],
      resources: ["*"],
      conditions: { StringEquals: { "cloudwatch:namespace": driftMetrics.namespace } },
    },
    { sid: "TellOfDrift", actions: ["sns:Publish"], resources: [topics] },
    {
      sid: "EncryptMessages",
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [anyRegionArn(accountId, "kms", "key/*")],
      conditions: {
        StringEquals: { "kms:CallerAccount": accountId },
        StringLike: { "kms:ViaService": "sns.*.amazonaws.com", "kms:EncryptionContext:aws:sns:topicArn": topics },
      },
    },
  ];
}
