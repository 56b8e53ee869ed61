import type { Statement } from "../policy";

/** What the roles of AWS Backup reach: one environment's tables, buckets and vaults of one region. */
export interface BackupReach {
  readonly accountId: string;
  readonly region: string;
  /** Patterns. */
  readonly tableArns: readonly string[];
  /** Patterns. */
  readonly bucketArns: readonly string[];
  /** Patterns of the keys of both. */
  readonly keyAliases: readonly string[];
  /** The vault, and the one that gets copies. */
  readonly vaults: readonly { readonly arn: string; readonly region: string; readonly keyAlias: string }[];
}

/** By inline policy. */
type Rights = Record<"tables" | "buckets" | "keys", readonly Statement[]>;

/**
 * What AWSBackupServiceRolePolicyForBackup and …ForS3Backup let do with tables, buckets, vaults and their keys, narrowed
 * to one environment's (AWS managed policy reference). Lists take no resource.
 */
export function backUp(reach: BackupReach): Rights {
  const { accountId, region, tableArns, bucketArns, vaults } = reach;
  const vaultArns = vaults.map(({ arn }) => arn);
  return {
    tables: [
      {
        sid: "BackUpTables",
        actions: ["dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"],
        resources: tableArns,
      },
      { sid: "FindThings", actions: ["tag:GetResources"], resources: ["*"] },
      {
        sid: "UseVaults",
        actions: ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
        resources: vaultArns,
      },
      ...(vaults.length > 1 ? [copyTo(vaultArns)] : []),
      // A backup carries the tags of what it is of.
      {
        sid: "TagBackups",
        actions: ["backup:TagResource"],
        resources: vaults.map(({ region: of }) => `arn:aws:backup:${of}:${accountId}:recovery-point:*`),
      },
    ],
    buckets: [
      {
        sid: "BackUpBuckets",
        actions: [
          "s3:GetBucketAcl",
          "s3:GetBucketLocation",
          "s3:GetBucketNotification",
          "s3:GetBucketTagging",
          "s3:GetBucketVersioning",
          "s3:GetInventoryConfiguration",
          "s3:ListBucket",
          "s3:ListBucketVersions",
          "s3:PutBucketNotification",
          "s3:PutInventoryConfiguration",
        ],
        resources: bucketArns,
      },
      {
        sid: "ReadObjects",
        actions: [
          "s3:GetObject",
          "s3:GetObjectAcl",
          "s3:GetObjectTagging",
          "s3:GetObjectVersion",
          "s3:GetObjectVersionAcl",
          "s3:GetObjectVersionTagging",
        ],
        resources: objectsOf(bucketArns),
      },
      // AWS Backup learns of changed objects by a rule of its own.
      {
        sid: "FollowChanges",
        actions: [
          "events:DeleteRule",
          "events:DescribeRule",
          "events:DisableRule",
          "events:EnableRule",
          "events:ListTargetsByRule",
          "events:PutRule",
          "events:PutTargets",
          "events:RemoveTargets",
        ],
        resources: [`arn:aws:events:${region}:${accountId}:rule/AwsBackupManagedRule*`],
      },
      {
        sid: "ListBucketsRulesAndMetrics",
        actions: ["cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets"],
        resources: ["*"],
      },
    ],
    keys: [readEncrypted(reach), ...useVaultKeys(reach)],
  };
}

/** It takes no resource; where to, the condition says (service authorization reference, AWS Backup). */
function copyTo(vaultArns: readonly string[]): Statement {
  return {
    sid: "CopyToVaults",
    actions: ["backup:CopyFromBackupVault"],
    resources: ["*"],
    conditions: { "ForAllValues:ArnEquals": { "backup:CopyTargets": vaultArns } },
  };
}

function objectsOf(bucketArns: readonly string[]): string[] {
  return bucketArns.map((arn) => `${arn}/*`);
}

/** Keys of tables and buckets are other stacks'; their aliases, which follow the name pattern, say whose. */
function readEncrypted({ accountId, region, keyAliases }: BackupReach): Statement {
  return {
    sid: "ReadEncrypted",
    actions: ["kms:Decrypt", "kms:GenerateDataKey"],
    resources: [`arn:aws:kms:${region}:${accountId}:key/*`],
    conditions: {
      StringEquals: {
        "kms:CallerAccount": accountId,
        "kms:ViaService": ["dynamodb", "s3"].map((service) => `${service}.${region}.amazonaws.com`),
      },
      "ForAnyValue:StringLike": { "kms:ResourceAliases": keyAliases },
    },
  };
}

/** Vaults encrypt by AWS Backup itself, which makes grants in the role's name (AWS Backup developer guide, encryption). */
function useVaultKeys({ accountId, vaults }: BackupReach): Statement[] {
  const resources = vaults.map(({ region }) => `arn:aws:kms:${region}:${accountId}:key/*`);
  const byAlias = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": vaults.map(({ keyAlias }) => keyAlias) } };
  const conditions = {
    StringEquals: {
      "kms:CallerAccount": accountId,
      "kms:ViaService": vaults.map(({ region }) => `backup.${region}.amazonaws.com`),
    },
    ...byAlias,
  };
  return [
    { sid: "UseVaultKeys", actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources, conditions },
    // Not through a service: AWS Backup asks for the key itself.
    { sid: "DescribeVaultKeys", actions: ["kms:DescribeKey"], resources, conditions: byAlias },
    {
      sid: "LetVaultsUseKeys",
      actions: ["kms:CreateGrant"],
      resources,
      conditions: { ...conditions, Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}
