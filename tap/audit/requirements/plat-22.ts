import type { Environment } from "../../../config/environment";
import { matchesArn } from "../../graph/arn";
import { nodesOfStack } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { coversAction, coversResource, valuesOn } from "../../graph/statement";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { reachesSubscriber } from "../alarms";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { grantingServices, keyUses } from "../key-policy";
import { type Finding, ownNodesIn, type Requirement, type Subject, sameJson } from "../requirement";
import { allowedBy, trustedBy } from "../roles";
import type { StackJson } from "../stack-json";
import { dataIn, forBuckets, logsIn, needed } from "./plat-22-data";

export const plat22: Requirement = {
  id: "PLAT-22",
  checks:
    "In each region of an environment, a vault under its own customer key, and one daily plan over every table and bucket there that holds data and nothing else's, by a role that may back up each and nothing more of another environment; kept as configured, copied to another region's vault where the configuration says so; protected where the environment is, and with alarms on jobs that fail.",
  why: "A table that no plan covers is found on the day that somebody wants it back.",
  judge: (subject) =>
    subject.environments.flatMap((environment) =>
      environment.regionNames.flatMap((region) => inRegion(subject, environment, region)),
    ),
};

function inRegion(subject: Subject, environment: Environment, region: string): Finding[] {
  const { graph } = subject;
  const stack = subject.stacks.find(
    (each) =>
      each.component === "security" &&
      each.environmentSuffix === environment.environmentSuffix &&
      each.region === region,
  );
  if (stack === undefined) return [{ message: `${environment.environmentSuffix} has no security stack in ${region}` }];
  const [vault, ...others] = ownNodesIn(graph, stack, "aws_backup_vault");
  const [plan, ...otherPlans] = ownNodesIn(graph, stack, "aws_backup_plan");
  const [selection, ...otherSelections] = ownNodesIn(graph, stack, "aws_backup_selection");
  if (vault === undefined || plan === undefined || selection === undefined)
    return [{ stack: stack.id, message: "must have a backup vault, a plan and a selection" }];
  return [
    ...[...others, ...otherPlans, ...otherSelections].flatMap((node) => findingsOn(node, ["is one too many"])),
    ...judgeVault(graph, stack, environment, vault),
    ...judgePlan(subject, environment, vault, plan),
    ...judgeSelection(subject, environment, region, { plan, selection }),
    ...judgeRole(subject, environment, region, { vault, selection }),
    ...alarms(graph, stack, vault),
  ];
}

function judgeVault(graph: Graph, stack: StackJson, environment: Environment, vault: GraphNode): Finding[] {
  const { deletionProtection, recovery } = environment;
  const key = graph.resolve(vault.attributes.kms_key_arn, vault.stack);
  const name = `tap-security-backups-${environment.environmentSuffix}-${stack.region}`;
  const locks = ownNodesIn(graph, stack, "aws_backup_vault_lock_configuration");
  // Days after which it can't be undone would be for ever; without them who may can.
  const lock = { backup_vault_name: referenceTo(vault, "name"), min_retention_days: recovery.backupRetentionDays };
  const uses = key === undefined ? [] : keyUses(graph, key);
  return [
    ...findingsOn(
      vault,
      differences(graph, vault, {
        ...kept(vault, "kms_key_arn"),
        name,
        ...(deletionProtection ? { lifecycle: { prevent_destroy: true } } : { force_destroy: true }),
      }),
    ),
    ...findingsOn(vault, [
      ...(key?.type === "aws_kms_key" && key.stack === vault.stack
        ? []
        : ["must have a customer key of its own stack"]),
      ...(uses.length > 0 && uses.every(({ service }) => service === "backup")
        ? []
        : ["must have a key for backups alone"]),
      ...(uses.every(({ values }) => sameJson(values, [`*${name}`])) ? [] : ["must have a key for this vault alone"]),
      ...(key !== undefined && grantingServices(graph, key).includes("backup")
        ? []
        : ["must have a key that AWS Backup may go on using"]),
      ...(locks.length === (deletionProtection ? 1 : 0)
        ? []
        : [deletionProtection ? "must be locked" : "must not be locked: it goes with the environment"]),
    ]),
    ...locks.flatMap((node) => findingsOn(node, differences(graph, node, lock))),
  ];
}

function judgePlan(subject: Subject, environment: Environment, vault: GraphNode, plan: GraphNode): Finding[] {
  const { backupRetentionDays } = environment.recovery;
  const [rule, ...others] = blocksOf(plan.attributes, "rule");
  if (rule === undefined || others.length > 0) return findingsOn(plan, ["must have one rule"]);
  const checks: [boolean, string][] = [
    [rule.target_vault_name === referenceTo(vault, "name"), "must put backups into the vault"],
    [/^cron\(\d+ \d+ \* \* \? \*\)$/.test(String(rule.schedule)), "must back up each day"],
    [
      Number(rule.start_window) >= 60 &&
        Number(rule.completion_window) >= 720 &&
        Number(rule.completion_window) <= 1_440,
      "must begin within an hour or more, and be done within half a day to a day",
    ],
    [
      sameJson(blocksOf(rule, "lifecycle"), [{ delete_after: backupRetentionDays }]),
      `must keep backups ${backupRetentionDays} days`,
    ],
  ];
  return findingsOn(plan, [
    ...checks.flatMap(([holds, message]) => (holds ? [] : [message])),
    ...judgeCopies(subject.graph, environment, vault, { plan, rule }),
  ]);
}

function judgeCopies(
  graph: Graph,
  { environmentSuffix, recovery }: Environment,
  vault: GraphNode,
  { plan, rule }: { plan: GraphNode; rule: Attributes },
): string[] {
  const [copy, ...others] = blocksOf(rule, "copy_action");
  if (recovery.secondRegion === "none") return copy === undefined ? [] : ["must not copy backups"];
  const target = copy && graph.resolve(copy.destination_vault_arn, plan.stack);
  const isElsewhere =
    target?.type === "aws_backup_vault" &&
    target.region !== vault.region &&
    target.stack.environmentSuffix === environmentSuffix;
  const isKept = sameJson(blocksOf(copy ?? {}, "lifecycle"), [{ delete_after: recovery.backupRetentionDays }]);
  return isElsewhere && isKept && others.length === 0
    ? []
    : ["must copy backups to the vault of another region, for as long"];
}

interface Chosen {
  readonly plan: GraphNode;
  readonly selection: GraphNode;
}

function judgeSelection(subject: Subject, environment: Environment, region: string, chosen: Chosen): Finding[] {
  const { graph } = subject;
  const { plan, selection } = chosen;
  const resources = [selection.attributes.resources ?? []].flat().map(String);
  const left = [selection.attributes.not_resources ?? []].flat().map(String);
  const covers = (arn: string) =>
    resources.some((pattern) => matchesArn(pattern, arn)) && !left.some((pattern) => matchesArn(pattern, arn));
  // An environment's things end in its suffix and region; what ends otherwise is somebody else's.
  const own = new RegExp(`-${environment.environmentSuffix}-(${regionsOf(environment, region).join("|")})(-\\d{12})?$`);
  const { condition, selection_tag } = selection.attributes;
  return [
    ...findingsOn(selection, [
      ...(graph.resolve(selection.attributes.plan_id, selection.stack) === plan ? [] : ["must be of the plan"]),
      ...resources.filter((arn) => !own.test(arn)).map((arn) => `selects ${arn}, which isn't this environment's alone`),
      ...(condition === undefined && selection_tag === undefined ? [] : ["must select by name alone"]),
    ]),
    ...dataIn(subject, environment, region).flatMap(({ node, arn }) =>
      // Either is wrong: how it is called, or what is selected.
      [node, selection].flatMap((each) =>
        findingsOn(each, covers(arn) ? [] : [`must select ${arn}, which holds data`]),
      ),
    ),
    ...logsIn(subject, environment).flatMap((node) =>
      [node, selection].flatMap((each) =>
        findingsOn(each, covers(String(node.arn)) ? [`${node.arn} holds logs, and is backed up`] : []),
      ),
    ),
  ];
}

/** After a failover, the tables of the region of before are here too, as replicas. */
function regionsOf({ recovery }: Environment, region: string): string[] {
  return [region, ...(recovery.failedOverFrom === undefined ? [] : [recovery.failedOverFrom])];
}

function judgeRole(
  subject: Subject,
  environment: Environment,
  region: string,
  { vault, selection }: { vault: GraphNode; selection: GraphNode },
): Finding[] {
  const { graph } = subject;
  const role = graph.resolve(selection.attributes.iam_role_arn, selection.stack);
  if (role?.type !== "aws_iam_role" || role.stack !== selection.stack)
    return findingsOn(selection, ["must work under a role of its stack"]);
  const allowed = allowedBy(graph, role);
  const lacking = (actions: readonly string[], arn: string) =>
    actions
      .filter((action) => !allowed.some((each) => coversAction(each, action) && coversResource(each, arn)))
      .map((action) => `must be allowed ${action} on ${arn}`);
  const vaults = [vault.arn, ...copiesOf(subject, vault)].map(String);
  const data = dataIn(subject, environment, region);
  return findingsOn(role, [
    ...(sameJson(trustedBy(graph, role), ["backup.amazonaws.com"])
      ? []
      : ["must be entered by AWS Backup, and nobody else"]),
    ...data.flatMap(({ type, arn }) => lacking(needed[type] ?? [], arn)),
    ...data
      .filter(({ type }) => type === "aws_s3_bucket")
      .flatMap(({ arn }) => lacking(["s3:GetObjectVersion", "s3:GetObjectVersionTagging"], `${arn}/object`)),
    ...(data.some(({ type }) => type === "aws_s3_bucket") ? lackingAnywhere(allowed, forBuckets) : []),
    ...vaults.flatMap((arn) => lacking(["backup:CopyIntoBackupVault"], arn)),
    ...vaults.flatMap((arn) =>
      lacking(["backup:TagResource"], `arn:aws:backup:${arn.split(":")[3]}:${environment.accountId}:recovery-point:p`),
    ),
    ...copyRights(allowed, vaults),
    ...vaults.flatMap((arn) => keyRights(allowed, environment, arn.split(":")[3] as string)),
    ...(reads(allowed, environment, region) ? [] : ["must be let decrypt what the environment's keys encrypted"]),
    ...allowed.flatMap(({ actions }) =>
      actions
        .filter((action) =>
          /^(dynamodb:(\w*Write\w*|(Put|Update|Delete)\w+|Restore\w+)|s3:(Put|Delete)Object\w*)$/.test(action),
        )
        .map((action) => `may ${action}: who backs up doesn't write`),
    ),
  ]);
}

function lackingAnywhere(allowed: readonly Statement[], actions: readonly string[]): string[] {
  return actions
    .filter((action) => !allowed.some((each) => coversAction(each, action)))
    .map((action) => `must be allowed ${action}`);
}

/** Copying takes no resource: the condition says to which vaults. */
function copyRights(allowed: readonly Statement[], vaults: readonly string[]): string[] {
  const copying = allowed.filter((each) => coversAction(each, "backup:CopyFromBackupVault"));
  if (vaults.length === 1) return copying.length === 0 ? [] : ["must not copy"];
  const isLimited = (each: Statement) =>
    each.resources.includes("*") && sameJson(valuesOn(each, "backup:CopyTargets").sort(), [...vaults].sort());
  return copying.length > 0 && copying.every(isLimited)
    ? []
    : ["must be allowed to copy to its vaults, and to no others"];
}

/** ARNs of the vaults that a vault's backups are copied to. */
function copiesOf({ graph }: Subject, vault: GraphNode): string[] {
  return nodesOfStack(graph, vault.stack.id, "aws_backup_plan")
    .flatMap(({ attributes }) => blocksOf(attributes, "rule"))
    .flatMap((rule) => blocksOf(rule, "copy_action"))
    .map(({ destination_vault_arn }) => String(destination_vault_arn));
}

/** A vault's key is used by the role through AWS Backup, also by grants; by its alias, because it may be another region's. */
function keyRights(allowed: readonly Statement[], environment: Environment, region: string): string[] {
  const key = `arn:aws:kms:${region}:${environment.accountId}:key/k`;
  const alias = `alias/tap-security-backups-${environment.environmentSuffix}-${region}`;
  const has = (action: string) =>
    allowed.some(
      (each) =>
        coversAction(each, action) &&
        coversResource(each, key) &&
        (action === "kms:DescribeKey" || valuesOn(each, "kms:ViaService").includes(`backup.${region}.amazonaws.com`)) &&
        valuesOn(each, "kms:ResourceAliases").includes(alias) &&
        (action !== "kms:CreateGrant" || valuesOn(each, "kms:GrantIsForAWSResource").includes("true")),
    );
  return ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    .filter((action) => !has(action))
    .map((action) => `must be allowed ${action} with the vault's key in ${region}, through AWS Backup`);
}

function reads(allowed: readonly Statement[], { accountId, environmentSuffix }: Environment, region: string): boolean {
  return allowed.some(
    (each) =>
      coversAction(each, "kms:Decrypt") &&
      coversResource(each, `arn:aws:kms:${region}:${accountId}:key/k`) &&
      sameJson(valuesOn(each, "kms:ViaService").sort(), [
        `dynamodb.${region}.amazonaws.com`,
        `s3.${region}.amazonaws.com`,
      ]) &&
      sameJson(valuesOn(each, "kms:ResourceAliases"), [`alias/tap-*-${environmentSuffix}-${region}`]),
  );
}

/** Somebody hears of a backup and of a copy that failed, of either type. */
function alarms(graph: Graph, stack: StackJson, vault: GraphNode): Finding[] {
  const heard = ownNodesIn(graph, stack, "aws_cloudwatch_metric_alarm").filter(
    (alarm) =>
      reachesSubscriber(graph, alarm) &&
      alarm.attributes.comparison_operator === "GreaterThanThreshold" &&
      alarm.attributes.threshold === 0,
  );
  const watched = heard.flatMap(({ attributes }) =>
    blocksOf(attributes, "metric_query")
      .flatMap((query) => blocksOf(query, "metric"))
      .filter(({ namespace, stat }) => namespace === "AWS/Backup" && stat === "Sum")
      .map(({ metric_name, dimensions }) => `${metric_name} ${JSON.stringify(dimensions)}`),
  );
  return findingsOn(
    vault,
    ["NumberOfBackupJobsFailed", "NumberOfCopyJobsFailed"]
      .flatMap((metric) =>
        ["DynamoDB", "S3"].map(
          (type) => `${metric} ${JSON.stringify({ BackupVaultName: vault.physicalName, ResourceType: type })}`,
        ),
      )
      .filter((metric) => !watched.includes(metric))
      .map((metric) => `must have an alarm on ${metric}`),
  );
}
