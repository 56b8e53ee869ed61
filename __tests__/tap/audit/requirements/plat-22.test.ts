import { plat22 } from "../../../../tap/audit/requirements/plat-22";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { add, changing, jobs, remove, rewrite, security, without } from "./mutations";

/** A mutation of the attributes of exactly one resource of `security`. */
const backups = (type: string, name: string | undefined, mutate: (attributes: Attributes) => void): Mutation =>
  security((stack) => mutate(resource(stack, type, name)));

const plan = (mutate: (rule: Attributes) => void): Mutation =>
  backups("aws_backup_plan", undefined, ({ rule }) => mutate((rule as [Attributes])[0]));

const selection = (mutate: (attributes: Attributes) => void): Mutation =>
  backups("aws_backup_selection", undefined, mutate);

const roleNames = { tables: "Role_tables", buckets: "Role_buckets", keys: "Role_keys" };

const rights = (name: keyof typeof roleNames, change: Parameters<typeof rewrite>[2]): Mutation =>
  backups("aws_iam_role_policy", `Backups_${roleNames[name]}`, (attributes) => rewrite(attributes, "policy", change));

const lacking = (name: keyof typeof roleNames, sid: string, action: string): Mutation =>
  rights(
    name,
    changing(sid, ({ Action }) => ({ Action: [Action ?? []].flat().filter((each) => each !== action) })),
  );

const isProtected = (stack: StackJson) => stack.json.resource?.aws_backup_vault_lock_configuration !== undefined;

prove(
  plat22,
  {
    "there is no vault": security((stack) => remove(stack, "aws_backup_vault", "Backups")),
    "there is no plan": security((stack) => remove(stack, "aws_backup_plan", "Backups")),
    "nothing is selected": security((stack) => remove(stack, "aws_backup_selection", "Backups")),
    "there is a second vault": security((stack) => add(stack, "aws_backup_vault", { name: "tap-security-other" })),
    "the second region has no vault": (subject, environment) => {
      const stack = stackOf(subject, environment, "security", "us-west-2");
      remove(stack, "aws_backup_vault", "Backups");
    },
    "the vault is under AWS's own key": backups("aws_backup_vault", undefined, (vault) => {
      delete vault.kms_key_arn;
    }),
    "the vault is under the alarms' key": security((stack) => {
      const [alarms] = Object.keys(stack.json.resource?.aws_kms_key ?? {}).filter((name) => /Alarm/.test(name));
      resource(stack, "aws_backup_vault").kms_key_arn = `\${aws_kms_key.${alarms}.arn}`;
    }),
    "the vault's key is for any vault": backups("aws_kms_key", "Backups", (key) =>
      rewrite(
        key,
        "policy",
        changing("Backup", ({ Condition }) => ({
          Condition: { ...Condition, StringLike: { "kms:EncryptionContext:aws:backup:backup-vault": "*" } },
        })),
      ),
    ),
    "AWS Backup may not go on using the vault's key": backups("aws_kms_key", "Backups", (key) =>
      rewrite(key, "policy", without("ServicesKeepUsing")),
    ),
    "the vault is protected otherwise than the environment": security((stack) => {
      const vault = resource(stack, "aws_backup_vault");
      if (isProtected(stack)) delete vault.lifecycle;
      else vault.force_destroy = false;
    }),
    "the vault is locked otherwise than the environment": security((stack) => {
      if (isProtected(stack)) remove(stack, "aws_backup_vault_lock_configuration", "Backups");
      else add(stack, "aws_backup_vault_lock_configuration", { backup_vault_name: "tap", min_retention_days: 7 });
    }),
    "the vault is locked for ever, or has another name": security((stack) => {
      if (isProtected(stack)) resource(stack, "aws_backup_vault_lock_configuration").changeable_for_days = 3;
      else resource(stack, "aws_backup_vault").name = "tap-security-backups";
    }),
    "backups go elsewhere": plan((rule) => {
      rule.target_vault_name = "Default";
    }),
    "backups are made each week": plan((rule) => {
      rule.schedule = "cron(0 5 ? * SUN *)";
    }),
    "backups are never begun": plan((rule) => {
      delete rule.schedule;
    }),
    "backups may take two days": plan((rule) => {
      rule.completion_window = 2_880;
    }),
    "backups are kept for ever": plan((rule) => {
      delete rule.lifecycle;
    }),
    "backups are kept for a day": plan((rule) => {
      rule.lifecycle = { delete_after: 1 };
    }),
    "backups are copied otherwise than configured": plan((rule) => {
      if (rule.copy_action !== undefined) delete rule.copy_action;
      else rule.copy_action = [{ destination_vault_arn: "arn:aws:backup:us-west-2:111111111111:backup-vault:tap" }];
    }),
    "copies go to a vault that isn't there": plan((rule) => {
      const [copy] = (rule.copy_action ?? [{}]) as [Attributes];
      rule.copy_action = [
        { ...copy, destination_vault_arn: "arn:aws:backup:us-west-2:333333333333:backup-vault:gone" },
      ];
    }),
    "copies are kept for a day": plan((rule) => {
      const [copy] = (rule.copy_action ?? [{}]) as [Attributes];
      rule.copy_action = [{ ...copy, lifecycle: { delete_after: 1 } }];
    }),
    "there is a rule more": backups("aws_backup_plan", undefined, (attributes) => {
      attributes.rule = [...(attributes.rule as Attributes[]), {}];
    }),
    "tables aren't selected": selection((attributes) => {
      attributes.resources = (attributes.resources as string[]).filter((arn) => !arn.includes(":dynamodb:"));
    }),
    "buckets aren't selected": selection((attributes) => {
      attributes.resources = (attributes.resources as string[]).filter((arn) => !arn.includes(":s3:"));
    }),
    "the jobs are left out": selection((attributes) => {
      attributes.not_resources = [...(attributes.not_resources as string[]), "arn:aws:s3:::tap-jobs-*"];
    }),
    "other environments' tables are selected": selection((attributes) => {
      attributes.resources = [...(attributes.resources as string[]), "arn:aws:dynamodb:*:*:table/tap-*"];
    }),
    "what is selected needs a tag": selection((attributes) => {
      attributes.selection_tag = [{ type: "STRINGEQUALS", key: "Backup", value: "yes" }];
    }),
    "the selection is of another plan": selection((attributes) => {
      attributes.plan_id = "other";
    }),
    "a table has a name that no plan knows": jobs((stack) => {
      resource(stack, "aws_dynamodb_table").name = "jobs";
    }),
    "the selection's role is another's": selection((attributes) => {
      attributes.iam_role_arn = "arn:aws:iam::111111111111:role/service-role/AWSBackupDefaultServiceRole";
    }),
    "another service enters the role": backups("aws_iam_role", "Backups", (role) =>
      rewrite(role, "assume_role_policy", (statements) =>
        statements.map((each) => ({ ...each, Principal: { Service: ["lambda.amazonaws.com"] } })),
      ),
    ),
    "the role may not back up tables": lacking("tables", "BackUpTables", "dynamodb:StartAwsBackupJob"),
    "the role may not copy": lacking("tables", "UseVaults", "backup:CopyIntoBackupVault"),
    "the role may not tag backups": lacking("tables", "TagBackups", "backup:TagResource"),
    "the role copies anywhere": rights("tables", (statements) => [
      ...statements.filter(({ Sid }) => Sid !== "CopyToVaults"),
      { Sid: "CopyToVaults", Effect: "Allow", Action: ["backup:CopyFromBackupVault"], Resource: ["*"] },
    ]),
    "the role may not look at the vault's key": rights("keys", without("DescribeVaultKeys")),
    "access logs are backed up": selection((attributes) => {
      attributes.not_resources = (attributes.not_resources as string[]).filter((arn) => !arn.includes("security"));
    }),
    "a replica isn't backed up where it is": (subject, environment) => {
      const stack = stackOf(subject, environment, "security", "us-west-2");
      const attributes = resource(stack, "aws_backup_selection");
      if (environment === "prod")
        attributes.resources = (attributes.resources as string[]).filter((arn) => !arn.includes(":s3:"));
      else attributes.resources = [];
    },
    "the role doesn't learn of changed objects": lacking("buckets", "BackUpBuckets", "s3:PutBucketNotification"),
    "the role doesn't read versions": lacking("buckets", "ReadObjects", "s3:GetObjectVersion"),
    "the role may not decrypt": rights("keys", without("ReadEncrypted")),
    "the role may not use the vault's key": rights("keys", without("UseVaultKeys")),
    "the role may not let the vault use its key": rights("keys", without("LetVaultsUseKeys")),
    "the role may give the vault's key to anybody": rights(
      "keys",
      changing("LetVaultsUseKeys", ({ Condition }) => {
        const { Bool: _, ...others } = Condition ?? {};
        return { Condition: others };
      }),
    ),
    "the role may decrypt by any key": rights(
      "keys",
      changing("ReadEncrypted", ({ Condition }) => ({
        Condition: { ...Condition, "ForAnyValue:StringLike": { "kms:ResourceAliases": ["alias/*"] } },
      })),
    ),
    "the role writes": rights(
      "tables",
      changing("BackUpTables", ({ Action }) => ({ Action: [...[Action ?? []].flat(), "dynamodb:PutItem"] })),
    ),
    "nobody hears of a backup that failed": security((stack) =>
      remove(stack, "aws_cloudwatch_metric_alarm", "backup-failures"),
    ),
    "nobody hears of a copy that failed": security((stack) =>
      remove(stack, "aws_cloudwatch_metric_alarm", "backup-copy-failures"),
    ),
    "an alarm waits for the second failure": backups("aws_cloudwatch_metric_alarm", "backup-failures", (alarm) => {
      alarm.threshold = 1;
    }),
    "an alarm writes to nobody": backups("aws_cloudwatch_metric_alarm", "backup-failures", (alarm) => {
      alarm.alarm_actions = [];
    }),
  },
  { alone: true, without: ["files", "stream"] },
);
