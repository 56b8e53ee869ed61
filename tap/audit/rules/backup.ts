import { isPattern, parseArn } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { trustedBy } from "../roles";
import { findings, isOn, isSet, judgeResources, type Rule } from "../rule";
import { blockOf, isCustomerKey, isKept, isOpenText, isSwitchedOff, named, shown, textsOf } from "./attribute-values";
import { hasUnreadablePolicy, isPublic, judgeStatements, nameOf } from "./exposure";
import { numberOf } from "./invoked";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const trusting = (service: string) =>
  JSON.stringify({ Statement: { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" } });

/** A table, a plan that backs it up each day, and what of it is another way. */
function backedUp({
  vault,
  rule,
  selection,
  lock,
  role,
  more,
}: {
  vault?: Attributes;
  rule?: Attributes;
  selection?: Attributes | "none";
  lock?: Attributes | "none";
  role?: string;
  more?: Readonly<Record<string, Record<string, Attributes>>>;
}) {
  const daily = {
    rule_name: "daily",
    target_vault_name: "${aws_backup_vault.Main.name}",
    lifecycle: { delete_after: 35 },
  };
  const selected = {
    name: "tables",
    plan_id: "${aws_backup_plan.Daily.id}",
    iam_role_arn: "${aws_iam_role.Backup.arn}",
    resources: ["arn:aws:dynamodb:us-east-1:111111111111:table/orders-*"],
  };
  return {
    provider,
    resource: {
      aws_dynamodb_table: { Orders: { name: "orders-prod" } },
      aws_iam_role: { Backup: { name: "backup", assume_role_policy: trusting(role ?? "backup.amazonaws.com") } },
      aws_backup_vault: { Main: { name: "main", kms_key_arn: "${aws_kms_key.Backup.arn}", ...vault } },
      aws_backup_plan: { Daily: { name: "daily", rule: [{ ...daily, ...rule }] } },
      ...(selection === "none" ? {} : { aws_backup_selection: { Tables: { ...selected, ...selection } } }),
      ...(lock === "none"
        ? {}
        : {
            aws_backup_vault_lock_configuration: {
              Main: { backup_vault_name: "main", min_retention_days: 35, ...lock },
            },
          }),
      ...more,
    },
  };
}

const passing = backedUp({});

/** Days that cold storage takes at least. */
const coldDays = 90;

function lifecycleProblems(graph: Graph, node: GraphNode, owner: Attributes, what: string): string[] {
  const [lifecycle] = blocksOf(owner, "lifecycle");
  if (lifecycle === undefined || !isSet(lifecycle.delete_after))
    return [`must end recovery points: ${what} has no lifecycle with delete_after`];
  const [end, cold] = [lifecycle.delete_after, lifecycle.cold_storage_after].map((days) => numberOf(graph, node, days));
  return end !== undefined && cold !== undefined && cold > 0 && end < cold + coldDays
    ? [
        `must keep recovery points ${coldDays} days in cold storage: ${what} has delete_after ${end}, cold_storage_after ${cold}`,
      ]
    : [];
}

function planProblems(node: GraphNode, graph: Graph): string[] {
  const rules = blocksOf(node.attributes, "rule");
  if (rules.length === 0 && blockOf(node.attributes, "rule") === undefined)
    return ["must have a rule: it backs up nothing"];
  return rules.flatMap((rule) => {
    const name = `its rule ${shown(rule.rule_name)}`;
    const copies = blocksOf(rule, "copy_action");
    return [
      ...lifecycleProblems(graph, node, rule, name),
      ...copies.flatMap((copy) => lifecycleProblems(graph, node, copy, `the copy of ${name}`)),
    ];
  });
}

function hasSelection(node: GraphNode, graph: Graph): boolean {
  return graph.referencesTo(node).some(({ from, path }) => from.type === "aws_backup_selection" && path === "plan_id");
}

/** What patterns of ARNs match that is managed; undefined where the configuration has nothing of the kind. */
function selected(graph: Graph, node: GraphNode, value: unknown): Set<GraphNode> | undefined {
  const patterns = textsOf(graph, node, value);
  if (patterns.some((pattern) => isOpenText(pattern) || pattern === "*")) return undefined;
  const found = patterns.flatMap((pattern) =>
    isPattern(pattern) ? graph.matching(pattern, node.accountId) : graph.byArn(pattern),
  );
  return new Set(found.filter(({ mode }) => mode === "managed"));
}

/** Types of what is backed up, by service of the ARN. */
const typesOf: Readonly<Record<string, readonly string[]>> = {
  dynamodb: ["aws_dynamodb_table"],
  rds: ["aws_db_instance", "aws_rds_cluster"],
  s3: ["aws_s3_bucket"],
};

/** Services of which the configuration has something that is backed up, with account and region. */
const backedUpPlaces = rememberingObjects((graph: Graph): ReadonlySet<string> => {
  const places = Object.entries(typesOf).flatMap(([service, types]) =>
    types.flatMap((type) => graph.ofType(type).map((node) => placeOf(service, node))),
  );
  return new Set(places);
});

function placeOf(service: string | undefined, { accountId, region }: GraphNode): string {
  return JSON.stringify([service, accountId, region]);
}

function selectionProblems(node: GraphNode, graph: Graph): string[] {
  const { resources, not_resources, selection_tag, condition } = node.attributes;
  const patterns = textsOf(graph, node, resources);
  const byTags = [selection_tag, condition].some((each) => isSet(each) && [each].flat().length > 0);
  if (patterns.length === 0)
    return byTags || isSet(not_resources) || typeof resources === "string"
      ? []
      : ["must select something: it names no resources"];
  const found = selected(graph, node, resources);
  if (
    found === undefined ||
    byTags ||
    !patterns.some((pattern) => backedUpPlaces(graph).has(placeOf(parseArn(pattern)?.service, node)))
  )
    return [];
  const left = selected(graph, node, not_resources) ?? new Set();
  return [...found].some((each) => !left.has(each))
    ? []
    : [`must select something: nothing here matches ${patterns.map(shown).join(", ")}`];
}

function roleProblems(graph: Graph): Finding[] {
  return graph.ofType("aws_backup_selection").flatMap((node) => {
    const role = graph.resolve(node.attributes.iam_role_arn, node.stack);
    if (role?.type !== "aws_iam_role" || role.mode === "data" || hasUnreadablePolicy(graph, role)) return [];
    const trusted = trustedBy(graph, role);
    const isTrusted = trusted.some((each) => each === "backup.amazonaws.com" || isOpenText(each));
    return findings(role, isTrusted ? [] : [`must trust backup.amazonaws.com, for ${named(node, role)}`]);
  });
}

function locksOf(graph: Graph, vault: GraphNode): GraphNode[] {
  return graph
    .referencesTo(vault)
    .filter(({ from }) => from.type === "aws_backup_vault_lock_configuration")
    .map(({ from }) => from);
}

/** A vault that is emptied when it is destroyed belongs to an environment that comes and goes. */
function lockProblems(node: GraphNode, graph: Graph): string[] {
  const isLocked = locksOf(graph, node).length > 0;
  const isEmptied = isOn(graph, node, node.attributes.force_destroy);
  return [
    ...(isLocked || isEmptied ? [] : ["must be locked: it has no aws_backup_vault_lock_configuration"]),
    ...(isEmptied && (isLocked || isKept(node)) ? ["must not have force_destroy: it is meant to stay"] : []),
  ];
}

/** Where a plan keeps recovery points for other times than the vault's lock takes. */
function unlocked(graph: Graph, plan: GraphNode, owner: Attributes, value: unknown): Finding[] {
  const vault = graph.resolve(value, plan.stack, { types: ["aws_backup_vault"] });
  const days = blocksOf(owner, "lifecycle").map(({ delete_after }) => numberOf(graph, plan, delete_after))[0];
  if (vault?.type !== "aws_backup_vault" || days === undefined) return [];
  return locksOf(graph, vault).flatMap((lock) => {
    const [least, most] = [lock.attributes.min_retention_days, lock.attributes.max_retention_days].map((each) =>
      numberOf(graph, lock, each),
    );
    return findings(plan, [
      ...(least !== undefined && days < least
        ? [
            `must keep recovery points ${least} days or more, as the lock of ${named(vault, plan)} asks (it has ${days})`,
          ]
        : []),
      ...(most !== undefined && days > most
        ? [`must keep recovery points ${most} days at most, as the lock of ${named(vault, plan)} asks (it has ${days})`]
        : []),
    ]);
  });
}

/** A copy that goes to no vault of the configuration, where it has vaults of that account and region. */
function lostCopies(node: GraphNode, graph: Graph): string[] {
  return blocksOf(node.attributes, "rule")
    .flatMap((rule) => blocksOf(rule, "copy_action"))
    .flatMap(({ destination_vault_arn }) => {
      const [text = ""] = textsOf(graph, node, destination_vault_arn);
      const arn = parseArn(text);
      if (arn === undefined || isOpenText(text) || graph.byArn(text).length > 0) return [];
      const isHere = graph
        .ofType("aws_backup_vault")
        .some(({ accountId, region }) => accountId === arn.accountId && region === arn.region);
      return isHere ? [`must copy to a vault that is there (${text} isn't)`] : [];
    });
}

export const backupRules: readonly Rule[] = [
  {
    id: "backup-vault-customer-key",
    title: "Backups are encrypted with a customer key",
    severity: "medium",
    why: "With AWS's own key, no copy goes to another account, and no key policy limits who restores.",
    fix: "Set kms_key_arn of the vault to a customer key.",
    references: ["CKV_AWS_166"],
    examples: { failing: backedUp({ vault: { kms_key_arn: null } }), passing },
    judge: judgeResources("aws_backup_vault", (node, graph) =>
      isCustomerKey(graph, node, node.attributes.kms_key_arn) ? [] : ["must have a customer key in kms_key_arn"],
    ),
  },
  {
    id: "backup-plan-lifecycle",
    title: "Backups end some day, and not before cold storage lets them",
    severity: "low",
    why: "Each day's recovery points are kept and paid for, for ever; or AWS Backup refuses the plan.",
    fix: "Set lifecycle.delete_after of each rule and of each copy, 90 days above cold_storage_after.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup-plan.html"],
    examples: {
      failing: backedUp({ rule: { lifecycle: null }, lock: "none", vault: { force_destroy: true } }),
      passing,
    },
    judge: judgeResources("aws_backup_plan", planProblems),
  },
  {
    id: "backup-plan-selects",
    title: "Backup plans have a selection",
    severity: "high",
    why: "A plan without a selection backs up nothing, and no job fails.",
    fix: "Add an aws_backup_selection with the plan's id.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html"],
    examples: { failing: backedUp({ selection: "none" }), passing },
    judge: judgeResources("aws_backup_plan", (node, graph) =>
      hasSelection(node, graph) ? [] : ["must have an aws_backup_selection: it backs up nothing"],
    ),
  },
  {
    id: "backup-selection-matches",
    title: "Selections of backups match something",
    severity: "high",
    why: "After a rename the pattern matches nothing any more: no job runs, and none fails.",
    fix: "Write resources as the ARNs, or patterns of them, of what is to be backed up.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html"],
    examples: {
      failing: backedUp({ selection: { resources: ["arn:aws:dynamodb:us-east-1:111111111111:table/invoices-*"] } }),
      passing,
    },
    judge: judgeResources("aws_backup_selection", selectionProblems),
  },
  {
    id: "backup-role-trusts",
    title: "AWS Backup may take on the role of a selection",
    severity: "high",
    why: "Each backup job fails.",
    fix: "Let backup.amazonaws.com do sts:AssumeRole in the role's trust policy.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html"],
    examples: { failing: backedUp({ role: "ec2.amazonaws.com" }), passing },
    judge: roleProblems,
  },
  {
    id: "backup-vault-lock",
    title: "Nobody deletes recovery points before their time",
    severity: "medium",
    why: "Who has the account deletes the backups first, then the data.",
    fix: "Add an aws_backup_vault_lock_configuration; force_destroy is for environments that come and go.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html"],
    examples: { failing: backedUp({ lock: "none" }), passing },
    judge: judgeResources("aws_backup_vault", lockProblems),
  },
  {
    id: "backup-retention-in-lock",
    title: "Plans keep recovery points as long as the vault's lock asks",
    severity: "high",
    why: "Each job of the plan fails: the vault takes no recovery point with another retention.",
    fix: "Set delete_after within min_retention_days and max_retention_days of the lock, for copies of theirs.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html"],
    examples: { failing: backedUp({ rule: { lifecycle: { delete_after: 7 } } }), passing },
    judge: (graph) =>
      graph
        .ofType("aws_backup_plan")
        .flatMap((plan) =>
          blocksOf(plan.attributes, "rule").flatMap((rule) => [
            ...unlocked(graph, plan, rule, rule.target_vault_name),
            ...blocksOf(rule, "copy_action").flatMap((copy) => unlocked(graph, plan, copy, copy.destination_vault_arn)),
          ]),
        ),
  },
  {
    id: "backup-copy-destination",
    title: "Copies of backups go to a vault that is there",
    severity: "high",
    why: "The backup is made and its copy fails: it is missed when the region is.",
    fix: "Name the vault's ARN as its own region's stack has it.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-region-backup.html"],
    examples: { failing: copiedTo("others"), passing: copiedTo("copies") },
    judge: judgeResources("aws_backup_plan", lostCopies),
  },
  {
    id: "backup-services-on",
    title: "AWS Backup is on for the services that are backed up",
    severity: "high",
    why: "What a plan selects of a service that the region has switched off is left out without a word.",
    fix: "Set the service true in resource_type_opt_in_preference of aws_backup_region_settings.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/working-with-supported-services.html"],
    examples: {
      failing: backedUp({ more: optIn({ DynamoDB: false }) }),
      passing: backedUp({ more: optIn({ DynamoDB: true, EFS: false }) }),
    },
    judge: switchedOff,
  },
  {
    id: "backup-vault-policy-not-public",
    title: "No vault's policy lets everyone in",
    severity: "critical",
    why: "Everyone with an AWS account copies your backups into theirs, or deletes them.",
    fix: "Name principals in the statement, or limit it by aws:PrincipalOrgID.",
    references: ["https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html"],
    examples: {
      failing: backedUp({ more: vaultPolicy("*") }),
      passing: backedUp({ more: vaultPolicy({ AWS: "arn:aws:iam::222222222222:root" }) }),
    },
    judge: (graph) =>
      judgeStatements(graph, ["aws_backup_vault", "aws_backup_vault_policy"], (statement) =>
        isPublic(statement) ? [`must not let everyone in, as ${nameOf(statement)} does`] : [],
      ),
  },
];

/** Names that AWS Backup has for services of ARNs. */
const optInNames: Readonly<Record<string, string>> = {
  dynamodb: "DynamoDB",
  elasticfilesystem: "EFS",
  rds: "RDS",
  s3: "S3",
};

function switchedOff(graph: Graph): Finding[] {
  const services = new Map<string, Set<string>>();
  for (const node of graph.ofType("aws_backup_selection")) {
    const key = JSON.stringify([node.accountId, node.region]);
    const names = textsOf(graph, node, node.attributes.resources).flatMap((text) => parseArn(text)?.service ?? []);
    services.set(key, new Set([...(services.get(key) ?? []), ...names]));
  }
  return graph.ofType("aws_backup_region_settings").flatMap((node) => {
    const [preference = {}] = blocksOf(node.attributes, "resource_type_opt_in_preference");
    const wanted = [...(services.get(JSON.stringify([node.accountId, node.region])) ?? [])];
    return findings(
      node,
      wanted.flatMap((service) => {
        const name = optInNames[service];
        return name !== undefined && isSwitchedOff(graph, node, preference[name])
          ? [`must have ${name} true in resource_type_opt_in_preference: a plan backs it up`]
          : [];
      }),
    );
  });
}

function optIn(resource_type_opt_in_preference: Attributes) {
  return { aws_backup_region_settings: { Here: { resource_type_opt_in_preference } } };
}

function vaultPolicy(principal: unknown) {
  const statement = { Effect: "Allow", Principal: principal, Action: "backup:CopyIntoBackupVault", Resource: "*" };
  return {
    aws_backup_vault_policy: { Main: { backup_vault_name: "main", policy: JSON.stringify({ Statement: statement }) } },
  };
}

function copiedTo(name: string) {
  const destination_vault_arn = `arn:aws:backup:us-west-2:111111111111:backup-vault:${name}`;
  const { resource } = backedUp({ rule: { copy_action: { destination_vault_arn, lifecycle: { delete_after: 35 } } } });
  const copies = { name: "copies", region: "us-west-2", kms_key_arn: "alias/copies", force_destroy: true };
  return { provider, resource: { ...resource, aws_backup_vault: { ...resource.aws_backup_vault, Copies: copies } } };
}
