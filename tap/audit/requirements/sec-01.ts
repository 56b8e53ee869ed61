import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { conditionsOn, isForEveryone } from "../../graph/statement";
import { blocksOf } from "../../graph/terraform-json";
import { settingsOf } from "../buckets";
import { keyPolicyProblems } from "../key-policy";
import { type Finding, judgeNodes, type Requirement, type Subject } from "../requirement";

/** Attributes that name the key, of every type that keeps something at rest and takes a customer key. */
const encrypted: Readonly<Record<string, readonly string[]>> = {
  aws_backup_vault: ["kms_key_arn"],
  aws_cloudtrail: ["kms_key_id"],
  aws_cloudwatch_log_group: ["kms_key_id"],
  aws_dynamodb_table: ["server_side_encryption.kms_key_arn"],
  aws_dynamodb_table_replica: ["kms_key_arn"],
  aws_kinesis_stream: ["kms_key_id"],
  aws_lambda_function: ["kms_key_arn", "source_kms_key_arn"],
  aws_secretsmanager_secret: ["kms_key_id"],
  aws_sns_topic: ["kms_master_key_id"],
  aws_sqs_queue: ["kms_master_key_id"],
};

/** What keeps nothing of a caller's at rest, or takes no key; a type that is on neither list is a finding, until somebody has looked. */
const withoutData = new RegExp(
  `^aws_(${[
    "acm_certificate(_validation)?",
    // An API keeps nothing but its keys' values; a stage of this project has no cache.
    "api_gateway_\\w+",
    "appautoscaling_\\w+",
    "backup_(plan|region_settings|selection|vault_lock_configuration)",
    "cloudwatch_(dashboard|event_rule|event_target|metric_alarm|query_definition)",
    "default_security_group",
    "flow_log",
    "iam_\\w+",
    "kms_(alias|key)",
    "lambda_(alias|event_source_mapping|function_event_invoke_config|permission)",
    "route53_(health_check|record)",
    "route_table(_association)?",
    "s3_bucket_(cors_configuration|lifecycle_configuration|logging|notification|object_lock_configuration|ownership_controls|policy|public_access_block|replication_configuration|server_side_encryption_configuration|versioning)",
    // What it rotates is on the other list.
    "secretsmanager_secret_rotation",
    "security_group",
    "sns_topic_(policy|subscription)",
    "sqs_queue_(policy|redrive_allow_policy)",
    // Outputs: names and ARNs; what is a secret is no parameter here (SEC-04).
    "ssm_parameter",
    "subnet",
    "vpc(_endpoint|_security_group_(egress|ingress)_rule)?",
    "wafv2_\\w+",
  ].join("|")})$`,
);

/** Types with a policy of their own that must deny plain HTTP, with what it must deny. */
const inTransit: Readonly<Record<string, string>> = {
  aws_s3_bucket: "s3:*",
  aws_sns_topic: "sns:Publish",
  aws_sqs_queue: "sqs:*",
};

export const sec01: Requirement = {
  id: "SEC-01",
  checks:
    "Everything that keeps data names a customer key of the project; buckets for access logs alone have S3's own. Buckets, queues and topics deny plain HTTP.",
  why: "AWS's own keys can't be revoked, audited or denied to one service; data in plain text on the way is anybody's.",
  judge: (subject) => [
    ...unknownTypes(subject),
    ...atRest(subject),
    ...keys(subject),
    ...buckets(subject),
    ...transit(subject),
  ],
};

function unknownTypes({ graph }: Subject): Finding[] {
  const known = (type: string) => type in encrypted || type === "aws_s3_bucket" || withoutData.test(type);
  return graph.nodes
    .filter(({ mode, type }) => mode === "managed" && !known(type))
    .map(({ stack, address, type }) => ({
      stack: stack.id,
      address,
      message: `is of a type that nobody has said of whether it keeps data: put ${type} on a list of SEC-01`,
    }));
}

function atRest(subject: Subject): Finding[] {
  return judgeNodes(subject, Object.keys(encrypted), (node) =>
    (encrypted[node.type] ?? [])
      .filter((path) => keyOf(subject.graph, node, path) === undefined)
      .map((path) => `must name a customer key in ${path}`)
      .concat(isSwitchedOff(node) ? ["has its encryption switched off"] : []),
  );
}

function keys(subject: Subject): Finding[] {
  return judgeNodes(subject, ["aws_kms_key"], (key, { accountId }) => keyPolicyProblems(subject.graph, key, accountId));
}

/** The customer key that an attribute leads to, in whatever stack. */
function keyOf(graph: Graph, node: GraphNode, path: string): GraphNode | undefined {
  const value = path
    .split(".")
    .reduce<unknown>(
      (part, name) => ([part].flat()[0] as Record<string, unknown> | undefined)?.[name],
      node.attributes,
    );
  const key = graph.resolve(value, node.stack);
  return key?.type === "aws_kms_key" ? key : undefined;
}

function buckets(subject: Subject): Finding[] {
  const { graph } = subject;
  return judgeNodes(subject, ["aws_s3_bucket"], (bucket) => [...encryption(graph, bucket), ...privacy(graph, bucket)]);
}

function encryption(graph: Graph, bucket: GraphNode): string[] {
  const settings = settingsOf(graph, bucket, "aws_s3_bucket_server_side_encryption_configuration");
  const [setting] = settings;
  if (setting === undefined || settings.length > 1) return ["must have its encryption set once"];
  const [rule] = blocksOf(setting.attributes, "rule");
  const [byDefault] = blocksOf(rule ?? {}, "apply_server_side_encryption_by_default");
  const key = graph.resolve(byDefault?.kms_master_key_id, setting.stack);
  const byKey = byDefault?.sse_algorithm === "aws:kms" && key?.type === "aws_kms_key";
  return byKey || takesAccessLogs(graph, bucket) ? [] : ["must be encrypted with a customer key"];
}

const publicAccess = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

function privacy(graph: Graph, bucket: GraphNode): string[] {
  const [setting, ...others] = settingsOf(graph, bucket, "aws_s3_bucket_public_access_block");
  const blocked = setting !== undefined && publicAccess.every((name) => setting.attributes[name] === true);
  return blocked && others.length === 0 ? [] : ["must have all public access blocked"];
}

/** A table keeps the name of a key that it doesn't use. */
function isSwitchedOff({ attributes }: GraphNode): boolean {
  return blocksOf(attributes, "server_side_encryption").some(({ enabled }) => enabled !== true);
}

/** S3 delivers access logs into a bucket with its own key alone; such a bucket takes nothing else. */
function takesAccessLogs(graph: Graph, bucket: GraphNode): boolean {
  const statements = documentsOf(graph, bucket).filter(({ effect }) => effect === "Allow");
  const delivers = ({ principals, actions }: Statement) =>
    principals.every(({ value }) => value === "logging.s3.amazonaws.com") && actions.join() === "s3:PutObject";
  const isTarget = graph
    .referencesTo(bucket)
    .some(({ from, path }) => from.type === "aws_s3_bucket_logging" && path === "target_bucket");
  return statements.length > 0 && statements.every(delivers) && (isTarget || isNamedForLogs(bucket));
}

/** Of an environment where no bucket is there yet whose access is logged. */
function isNamedForLogs({ physicalName = "" }: GraphNode): boolean {
  return /^tap-[a-z]+-access-logs-/.test(physicalName);
}

function transit(subject: Subject): Finding[] {
  return judgeNodes(subject, Object.keys(inTransit), (node) => {
    const action = inTransit[node.type] as string;
    return documentsOf(subject.graph, node).some((statement) => deniesPlainHttp(statement, action, node))
      ? []
      : [`must deny ${action} over plain HTTP to everyone`];
  });
}

function deniesPlainHttp(statement: Statement, action: string, { type, arn = "" }: GraphNode): boolean {
  const resources = type === "aws_s3_bucket" ? [arn, `${arn}/*`] : [arn];
  const [condition] = conditionsOn(statement, "aws:SecureTransport");
  return (
    statement.effect === "Deny" &&
    isForEveryone(statement) &&
    statement.actions.includes(action) &&
    resources.every((resource) => statement.resources.includes(resource)) &&
    statement.conditions.length === 1 &&
    condition?.operator === "Bool" &&
    condition.values.join() === "false"
  );
}

function documentsOf(graph: Graph, node: GraphNode): Statement[] {
  return graph.policiesOf(node).flatMap(({ statements }) => statements);
}
