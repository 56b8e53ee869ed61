import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf, ownValue } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isOn, isSet, judgeResources, type Rule } from "../rule";
import { isKept, isMadeLater, isOpenText, isSwitchedOff, mustHave, textOf, textsOf } from "./attribute-values";
import { numberOf } from "./invoked";

const instanceType = "aws_db_instance";
const clusterType = "aws_rds_cluster";
/** Amazon's other databases whose clusters look alike. */
const kinClusters = ["aws_docdb_cluster", "aws_neptune_cluster"];
const clusters = [clusterType, ...kinClusters];

const orders = { identifier: "orders", engine: "postgres", instance_class: "db.t4g.medium", username: "orders" };
const instance = (attributes: Attributes) => ({
  resource: { [instanceType]: { Orders: { ...orders, ...attributes } } },
});
const aurora = { cluster_identifier: "orders", engine: "aurora-postgresql" };
const cluster = (attributes: Attributes, instances: Readonly<Record<string, Attributes>> = {}) => ({
  resource: { [clusterType]: { Orders: { ...aurora, ...attributes } }, aws_rds_cluster_instance: { ...instances } },
});
const member = { cluster_identifier: "${aws_rds_cluster.Orders.id}", instance_class: "db.r8g.large" };

/** A copy, or a member of a cluster, takes what its origin has. */
function isDerived({ attributes }: GraphNode): boolean {
  return ["replicate_source_db", "replication_source_identifier"].some((name) => isSet(attributes[name]));
}

/** An attribute that must be on, but for some. */
function mustBeOn(name: string, without: (node: GraphNode, graph: Graph) => boolean) {
  return (node: GraphNode, graph: Graph): string[] => (without(node, graph) ? [] : mustHave(name)(node, graph));
}

/** Days for which AWS's own standard wants databases to be restorable. */
const retentionDays = 7;

/** RDS keeps an instance's backups 0 days where Terraform says nothing, a cluster's 1. */
function retentionProblems(node: GraphNode, graph: Graph): string[] {
  if (isDerived(node)) return [];
  const given = node.attributes.backup_retention_period;
  const days = isSet(given) ? numberOf(graph, node, given) : node.type === instanceType ? 0 : 1;
  return days === undefined || days >= retentionDays
    ? []
    : [`must have a backup_retention_period of ${retentionDays} or more (it has ${days})`];
}

/** A cluster of one instance waits for a new one when its zone fails. */
function zones(graph: Graph): Finding[] {
  const single = graph
    .ofType(instanceType)
    .filter((node) => !isDerived(node) && !isOn(graph, node, node.attributes.multi_az))
    .flatMap((node) => findings(node, ["must have multi_az true"]));
  const lone = graph.ofType(clusterType).flatMap((node) => {
    const members = graph
      .referencesTo(node)
      .filter(({ from, path }) => from.type === "aws_rds_cluster_instance" && path === "cluster_identifier");
    const isOne =
      members.length === 1 &&
      !members.some(({ from }) => isSet(from.attributes.count) || isSet(from.attributes.for_each));
    return findings(node, isOne ? ["must have an instance in a second zone"] : []);
  });
  return [...single, ...lone];
}

/** Engines that take tokens of IAM instead of passwords. */
const withIam = /^(aurora|mysql|postgres|mariadb)/;

function hasNoIam(node: GraphNode, graph: Graph): boolean {
  const engine = textOf(graph, node, node.attributes.engine);
  return engine === undefined || !withIam.test(engine) || isDerived(node);
}

function logProblems(node: GraphNode, graph: Graph): string[] {
  const { enabled_cloudwatch_logs_exports: given } = node.attributes;
  const isUnknown = typeof given === "string" && isOpenText(graph.render(given, node.stack));
  return isUnknown || textsOf(graph, node, given).length > 0 ? [] : ["must have enabled_cloudwatch_logs_exports"];
}

/** Attributes that hold passwords, by type. */
const passwords: Readonly<Record<string, string>> = {
  aws_db_instance: "password",
  aws_docdb_cluster: "master_password",
  aws_elasticache_replication_group: "auth_token",
  aws_rds_cluster: "master_password",
  aws_redshift_cluster: "master_password",
  aws_redshiftserverless_namespace: "admin_user_password",
};

function passwordProblems(node: GraphNode, graph: Graph): string[] {
  const name = passwords[node.type] ?? "password";
  return [name, `${name}_wo`].flatMap((each) => {
    const text = textOf(graph, node, node.attributes[each]);
    return text === undefined || text === "" ? [] : [`must not have its password written in ${each}`];
  });
}

/** What a last snapshot is skipped for: an environment that comes and goes says so by having no protection. */
function snapshotProblems(node: GraphNode, graph: Graph): string[] {
  const { skip_final_snapshot, final_snapshot_identifier, deletion_protection } = node.attributes;
  if (isDerived(node)) return [];
  const isStaying = isKept(node) || isOn(graph, node, deletion_protection);
  if (isOn(graph, node, skip_final_snapshot))
    return isStaying ? ["must not have skip_final_snapshot: it is protected from deletion"] : [];
  return isSet(final_snapshot_identifier) || isSet(node.attributes.final_snapshot_identifier_prefix)
    ? []
    : ["must have a final_snapshot_identifier: without it, it can't be destroyed"];
}

/** Parameters that make clients use TLS. */
const tls: Readonly<Record<string, string>> = {
  "rds.force_ssl": "1",
  require_secure_transport: "ON|1",
  tls: "enabled",
};

function plainProblems(node: GraphNode, graph: Graph): string[] {
  if (isMadeLater(node.attributes, "parameter")) return [];
  return blocksOf(node.attributes, "parameter").flatMap(({ name, value }) => {
    const wanted = ownValue(tls, textOf(graph, node, name) ?? "");
    const has = textOf(graph, node, value) ?? (typeof value === "number" ? String(value) : undefined);
    if (wanted === undefined || has === undefined || new RegExp(`^(${wanted}|tls1\\.\\d\\+|fips-.*)$`, "i").test(has))
      return [];
    return [`must have ${String(name)} ${wanted.split("|")[0]} (it has ${has})`];
  });
}

export const rdsRules: readonly Rule[] = [
  {
    id: "rds-storage-encrypted",
    title: "Databases are encrypted",
    severity: "high",
    why: "Disks, backups and snapshots are plain, and encryption can't be switched on later: only a copy can have it.",
    fix: "Set storage_encrypted to true, with kms_key_id of a customer key.",
    references: ["FSBP RDS.3", "FSBP RDS.27", "CIS AWS v3.0.0 2.3.1", "CKV_AWS_16", "CKV_AWS_96"],
    examples: { failing: instance({}), passing: instance({ storage_encrypted: true }) },
    judge: judgeResources(
      [instanceType, ...clusters, "aws_rds_global_cluster"],
      mustBeOn(
        "storage_encrypted",
        // A global cluster takes it from the cluster that it is made of; a serverless one is always encrypted.
        (node, graph) =>
          isDerived(node) ||
          isSet(node.attributes.source_db_cluster_identifier) ||
          textOf(graph, node, node.attributes.engine_mode) === "serverless",
      ),
    ),
  },
  {
    id: "rds-not-public",
    title: "Databases have no public address",
    severity: "critical",
    why: "Everyone on the internet can try passwords and flaws of the database.",
    fix: "Leave out publicly_accessible, or set it to false, and reach the database within the VPC.",
    references: ["FSBP RDS.2", "CIS AWS v3.0.0 2.3.3", "CKV_AWS_17"],
    examples: { failing: instance({ publicly_accessible: true }), passing: instance({ publicly_accessible: false }) },
    judge: judgeResources(
      [instanceType, "aws_rds_cluster_instance", "aws_neptune_cluster_instance", "aws_dms_replication_instance"],
      (node, graph) => {
        const given = node.attributes.publicly_accessible;
        return isSet(given) && textOf(graph, node, given) !== undefined && isOn(graph, node, given)
          ? ["must not be publicly_accessible"]
          : given === true
            ? ["must not be publicly_accessible"]
            : [];
      },
    ),
  },
  {
    id: "rds-deletion-protection",
    title: "Databases aren't deleted by one call",
    severity: "high",
    why: "A replaced name or a wrong command deletes the database, with its automatic backups.",
    fix: "Set deletion_protection to true.",
    references: ["FSBP RDS.7", "FSBP RDS.8", "CKV_AWS_139", "CKV_AWS_293"],
    examples: { failing: instance({}), passing: instance({ deletion_protection: true }) },
    judge: judgeResources([instanceType, ...clusters], mustBeOn("deletion_protection", isDerived)),
  },
  {
    id: "rds-backup-retention",
    title: `Databases can be put back to any second of ${retentionDays} days`,
    severity: "medium",
    why: "A slip that is noticed after the weekend can't be undone.",
    fix: `Set backup_retention_period to ${retentionDays} or more.`,
    references: ["FSBP RDS.11", "CKV_AWS_133", "CKV_AWS_360", "CKV_AWS_361"],
    examples: { failing: instance({ backup_retention_period: 1 }), passing: instance({ backup_retention_period: 14 }) },
    judge: judgeResources([instanceType, ...clusters], retentionProblems),
  },
  {
    id: "rds-multiple-zones",
    title: "Databases go on when a zone fails",
    severity: "medium",
    why: "When the zone or the host fails, and at each maintenance, the database is gone until it is made anew.",
    fix: "Set multi_az, or give the cluster a second instance.",
    references: ["FSBP RDS.5", "FSBP RDS.15", "CKV_AWS_157"],
    examples: { failing: cluster({}, { One: member }), passing: cluster({}, { One: member, Two: member }) },
    judge: zones,
  },
  {
    id: "rds-minor-versions",
    title: "Databases take minor versions by themselves",
    severity: "medium",
    why: "Known flaws stay open until somebody thinks of the upgrade.",
    fix: "Leave out auto_minor_version_upgrade, or set it to true.",
    references: ["FSBP RDS.13", "CIS AWS v3.0.0 2.3.2", "CKV_AWS_226"],
    examples: { failing: instance({ auto_minor_version_upgrade: false }), passing: instance({}) },
    judge: judgeResources(
      [instanceType, "aws_rds_cluster_instance", "aws_neptune_cluster_instance", "aws_docdb_cluster_instance"],
      (node, graph) =>
        isSwitchedOff(graph, node, node.attributes.auto_minor_version_upgrade)
          ? ["must have auto_minor_version_upgrade true"]
          : [],
    ),
  },
  {
    id: "rds-iam-authentication",
    title: "Databases take IAM's tokens instead of passwords",
    severity: "low",
    why: "A password is copied, shared and kept; a token ends after fifteen minutes.",
    fix: "Set iam_database_authentication_enabled to true.",
    references: ["FSBP RDS.10", "FSBP RDS.12", "CKV_AWS_161", "CKV_AWS_162"],
    examples: { failing: instance({}), passing: instance({ iam_database_authentication_enabled: true }) },
    judge: judgeResources([instanceType, clusterType], mustBeOn("iam_database_authentication_enabled", hasNoIam)),
  },
  {
    id: "rds-logs-exported",
    title: "Databases send their logs to CloudWatch Logs",
    severity: "low",
    why: "The logs end with the disk, and nobody can tell afterwards who asked what, or why it failed.",
    fix: "Name the engine's logs in enabled_cloudwatch_logs_exports.",
    references: ["FSBP RDS.9", "CKV_AWS_129", "CKV_AWS_324", "CKV_AWS_85", "CKV_AWS_101"],
    examples: { failing: instance({}), passing: instance({ enabled_cloudwatch_logs_exports: ["postgresql"] }) },
    judge: judgeResources([instanceType, clusterType, "aws_docdb_cluster"], logProblems),
  },
  {
    id: "rds-password-not-written",
    title: "No database's password is in the configuration",
    severity: "critical",
    why: "Whoever may read the repository, the synthesized JSON, a plan or the state has it.",
    fix: "Set manage_master_user_password, and have Secrets Manager make and rotate it.",
    references: ["https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html"],
    examples: { failing: instance({ password: "hunter2" }), passing: instance({ manage_master_user_password: true }) },
    judge: judgeResources(Object.keys(passwords), passwordProblems),
  },
  {
    id: "rds-final-snapshot",
    title: "Databases that stay leave a snapshot when they go",
    severity: "medium",
    why: "Once the protection is off, a destroyed database is lost; without a name for the snapshot, it can't be destroyed.",
    fix: "Set final_snapshot_identifier, and leave out skip_final_snapshot.",
    references: [],
    examples: {
      failing: instance({ deletion_protection: true, skip_final_snapshot: true }),
      passing: instance({ deletion_protection: true, final_snapshot_identifier: "orders-final" }),
    },
    judge: judgeResources([instanceType, ...clusters], snapshotProblems),
  },
  {
    id: "rds-tls-required",
    title: "Databases refuse connections without TLS",
    severity: "medium",
    why: "Passwords and rows are read and changed on the way.",
    fix: "Set rds.force_ssl to 1, require_secure_transport to ON, or DocumentDB's tls to enabled.",
    references: ["CKV2_AWS_69", "CKV_AWS_90"],
    examples: { failing: parameters("0"), passing: parameters("1") },
    judge: judgeResources(
      ["aws_db_parameter_group", "aws_rds_cluster_parameter_group", "aws_docdb_cluster_parameter_group"],
      plainProblems,
    ),
  },
  {
    id: "rds-snapshot-private",
    title: "Snapshots of databases are shared with nobody unnamed",
    severity: "critical",
    why: "Everyone with an AWS account restores the database from the snapshot.",
    fix: "Name accounts in shared_accounts, or leave it out.",
    references: ["FSBP RDS.1", "CKV_AWS_302"],
    examples: { failing: snapshot(["all"]), passing: snapshot(["222222222222"]) },
    judge: judgeResources(["aws_db_snapshot", "aws_db_snapshot_copy", "aws_db_cluster_snapshot"], (node, graph) =>
      textsOf(graph, node, node.attributes.shared_accounts).includes("all")
        ? ["must not be shared with all accounts"]
        : [],
    ),
  },
];

function parameters(value: string) {
  const parameter = [{ name: "rds.force_ssl", value }];
  return { resource: { aws_db_parameter_group: { Orders: { family: "postgres17", parameter } } } };
}

function snapshot(shared_accounts: readonly string[]) {
  const db_instance_identifier = "orders";
  return {
    resource: {
      aws_db_snapshot: { Orders: { db_instance_identifier, db_snapshot_identifier: "orders-1", shared_accounts } },
    },
  };
}
