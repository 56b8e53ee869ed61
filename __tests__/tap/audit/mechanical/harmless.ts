import type { MechanicalMutation } from "./mutations";

/*
 * Changes that needn't be found, each with the reason why nobody's data, access, alarms or backups are worse off. What
 * Terraform refuses by itself is not among them (schema.ts), and neither is what only looks harmless: a role that loses
 * a right in operation, an alarm that fires later.
 */

export interface Harmless {
  readonly reason: string;
  /** Also where one environment alone is changed. @default true; otherwise the comparison of environments tells of it */
  readonly inOneEnvironment?: false;
  is(mutation: MechanicalMutation): boolean;
}

const changed = ({ kind }: MechanicalMutation) => kind === "dropped" || kind === "renamed";
const raised = ({ kind }: MechanicalMutation) => kind === "doubled";

/** A change of some attributes of some types; paths are without indices. */
const of =
  (types: RegExp, paths: RegExp, kinds: (mutation: MechanicalMutation) => boolean = changed) =>
  (mutation: MechanicalMutation): boolean =>
    types.test(mutation.type) && paths.test(mutation.path.replace(/\[\d+\]/g, "")) && kinds(mutation);

const anyType = /^/;
/** What deploys, plans and hands on: people see it fail, at the first plan of dev. */
const administration = /^aws_iam_policy\.(DeployRole|PlanRole)_/;

const switchedOn = (type: string, name: string) => of(new RegExp(`^${type}$`), new RegExp(`^${name}$`), ({ kind, before }) => kind === "flipped" && before === undefined);

export const harmless: readonly Harmless[] = [
  { reason: "A description is for people; no service goes by it.", is: of(anyType, /(^|\.)(alarm_)?description$/) },
  {
    reason: "A statement's Sid is a label: no policy is decided by it.",
    is: of(anyType, /\.Statement\.Sid$/),
  },
  {
    reason: "The name of a role's inline policy is a label: the role has its statements under any name.",
    is: of(/^aws_iam_role_policy$/, /^name$/),
  },
  {
    reason: "The id of a permission's statement is a label: Lambda decides by principal and source.",
    is: of(/^aws_lambda_permission$/, /^statement_id$/),
  },
  {
    reason: "A tag Name is for people; rights and costs go by the provider's default tags, which are no resource's own.",
    is: of(anyType, /^tags(\.(Name|Region))?$/),
  },
  {
    reason: "The end of trouble is told of for people's comfort; what tells of trouble is alarm_actions.",
    is: of(/^aws_cloudwatch_metric_alarm$/, /^ok_actions$/, () => true),
  },
  {
    reason: "What a line of metric math is called is shown in the console alone.",
    is: of(/^aws_cloudwatch_metric_alarm$/, /^metric_query\.label$/),
  },
  {
    reason: "A saved query is a text for people who look for something; it reads nothing by itself, and nothing depends on it.",
    is: ({ type }) => type === "aws_cloudwatch_query_definition",
  },
  {
    reason: "Where on a dashboard something is drawn, how large and under which title, changes no measurement and no alarm.",
    is: of(
      /^aws_cloudwatch_dashboard$/,
      /^dashboard_body\.(start|periodOverride|widgets\.(x|y|width|height|properties\.(title|view|stacked|period|stat|yAxis.*|markdown|legend.*|sparkline|setPeriodToTimeRange|metrics\.(label|id|color|visible|yAxis|period|stat))))$/,
      () => true,
    ),
  },
  {
    reason: "Under another address Terraform makes the same thing again; the account ends with the same, and the plan says what is replaced. What keeps data is referred to, so that its old address is missed.",
    inOneEnvironment: false,
    is: ({ kind }) => kind === "readdressed",
  },
  {
    reason: "A right that the deploy or plan role lost fails closed: the first plan or deployment, which is dev's, stops with AccessDenied, and nothing that runs has it.",
    is: (mutation) =>
      administration.test(mutation.address) &&
      of(/^aws_iam_policy$/, /^policy\.Statement(\.(Action|Resource|NotAction))?$/)(mutation) &&
      !isDeny(mutation),
  },
  {
    reason: "A condition of the deploy or plan role whose value is another one holds for less: it fails closed, as a lost right does.",
    is: (mutation) =>
      administration.test(mutation.address) &&
      mutation.kind === "renamed" &&
      of(/^aws_iam_policy$/, /^policy\.Statement\.Condition\.(ForAllValues:|ForAnyValue:)?(String|Arn)(Equals|Like)\.[^.]+(\.[^.]+)*$/)(mutation),
  },
  {
    reason: "One of several values that a condition of the deploy or plan role takes: without it the condition holds for less, and fails closed.",
    is: (mutation) =>
      administration.test(mutation.address) &&
      mutation.kind === "dropped" &&
      mutation.path.endsWith("]") &&
      /\.Condition\.[^.]*(Equals|Like)\./.test(mutation.path),
  },
  {
    reason: "A right to administer a key that its account lost: AWS Support gives it back, no data is read by it, and CreateKey itself refuses a policy under which nobody may change it.",
    is: (mutation) => mutation.type === "aws_kms_key" && /^policy\.Statement\[\d+\]\.Action\[\d+\]$/.test(mutation.path) && changed(mutation) && /^kms:(Create|Describe|Enable|List|Put|Update|Revoke|Disable|Get|Delete|TagResource|UntagResource|ScheduleKeyDeletion|CancelKeyDeletion|ReplicateKey|RotateKeyOnDemand)/.test(String(mutation.before)),
  },
  {
    reason: "A longer time before a message is handed out again, or a job must have begun: it waits, and is not lost.",
    is: of(/^(aws_sqs_queue|aws_backup_plan)$/, /^(visibility_timeout_seconds|rule\.(start_window|completion_window))$/, raised),
  },
  {
    reason: "More memory, capacity or time is paid for, and makes nothing fail that went well.",
    is: of(
      /^(aws_lambda_function|aws_dynamodb_table|aws_appautoscaling_target|aws_kinesis_stream)$/,
      /^(memory_size|read_capacity|write_capacity|global_secondary_index\.(read|write)_capacity|min_capacity|shard_count|ephemeral_storage\.size)$/,
      raised,
    ),
  },
  {
    reason: "What is kept for longer is paid for, and not lost; it is as well protected as before.",
    is: of(
      /^(aws_s3_bucket_lifecycle_configuration|aws_backup_plan|aws_sqs_queue|aws_kms_key|aws_cloudwatch_log_group|aws_kinesis_stream)$/,
      /(days|noncurrent_days|delete_after|message_retention_seconds|deletion_window_in_days|retention_in_days|retention_period|days_after_initiation)$/,
      raised,
    ),
  },
  ...(
    [
      ["aws_iam_role", "force_detach_policies", "It matters when the role is deleted: its policies go with it, which is what deleting it means."],
      ["aws_security_group|aws_default_security_group", "revoke_rules_on_delete", "It matters when the group is deleted: its rules go first, and nothing is let in by that."],
      ["aws_cloudwatch_log_group", "(skip_destroy|deletion_protection_enabled)", "Logs stay where they would have been deleted."],
      ["aws_dynamodb_table(_replica)?", "deletion_protection_enabled", "A table can be deleted less easily."],
      ["aws_dynamodb_table", "restore_to_latest_time", "It is read with a source to restore from alone, and there is none."],
      ["aws_lambda_function", "(skip_destroy|replace_security_groups_on_destroy)", "It matters when the function is deleted: old versions, or its interfaces' groups, are left as they are."],
      ["aws_s3_bucket_public_access_block", "skip_destroy", "The block stays where it would have been deleted."],
      ["aws_subnet|aws_vpc", "(enable_network_address_usage_metrics|enable_resource_name_dns_a+_record_on_launch|enable_dns64)", "It counts addresses, or names instances and translates for IPv6, of which there are none."],
      ["aws_kinesis_stream", "enforce_consumer_deletion", "It matters when the stream is deleted: there are no registered consumers that would be left."],
      ["aws_vpc_endpoint", "auto_accept", "It is for services of the same account; those of AWS accept by themselves."],
      ["aws_sns_topic|aws_sqs_queue", "content_based_deduplication", "AWS takes it for FIFO alone, and refuses it for these at the first deployment, which is dev's."],
      ["aws_secretsmanager_secret", "force_overwrite_replica_secret", "It is about copies in other regions, and there are none."],
    ] as const
  ).map(([types, name, reason]) => ({ reason, is: switchedOn(`(${types})`, name) })),
];

/** Whether it is a change of a statement that denies: the statement's own value, or a part of it. */
function isDeny({ before }: MechanicalMutation): boolean {
  return JSON.stringify(before)?.includes('"Effect":"Deny"') ?? false;
}

/** Why a change doesn't matter; undefined where it does. */
export function harmlessBecause(mutation: MechanicalMutation, { everywhere }: { readonly everywhere: boolean }): string | undefined {
  return harmless.find((row) => (everywhere || row.inOneEnvironment !== false) && row.is(mutation))?.reason;
}
