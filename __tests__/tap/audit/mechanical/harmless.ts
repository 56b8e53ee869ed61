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
export const administration = /^aws_iam_policy\.(DeployRole|PlanRole)_/;

const switchedOn = (type: string, name: string) =>
  of(
    new RegExp(`^${type}$`),
    new RegExp(`^${name}$`),
    ({ kind, before }) => kind === "flipped" && before === undefined,
  );

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
    reason:
      "A tag Name is for people; rights and costs go by the provider's default tags, which are no resource's own.",
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
    reason:
      "A saved query is a text for people who look for something; it reads nothing by itself, and nothing depends on it.",
    is: ({ type }) => type === "aws_cloudwatch_query_definition",
  },
  {
    reason:
      "What a dashboard draws is for people who look at it: what tells them to look are alarms, which measure by themselves.",
    is: of(/^aws_cloudwatch_dashboard$/, /^dashboard_body\./, () => true),
  },
  {
    reason:
      "What replication and the trail wait for is the order of the first deployment alone: there is nothing in their buckets yet that could be left out.",
    is: ({ type, path, kind, before }) =>
      /^aws_(s3_bucket_replication_configuration|cloudtrail)$/.test(type) &&
      kind === "dropped" &&
      /^depends_on\[/.test(path) &&
      /^aws_(iam_role_policy|s3_bucket_(versioning|public_access_block|ownership_controls|lifecycle_configuration|logging|cors_configuration))\.|^aws_s3_bucket_policy\.Bucket_/.test(
        String(before),
      ),
  },
  {
    reason:
      "kms:CallerAccount in a role's own policy says the same twice: the caller is the role, which is of that account.",
    is: of(/^aws_iam_role_policy$/, /\.Condition\.StringEquals\.kms:CallerAccount$/, ({ kind }) => kind === "dropped"),
  },
  {
    reason:
      "Under another address Terraform makes the same thing again; the account ends with the same, and the plan says what is replaced. Where something refers to the old address, as to all that keeps data, Terraform and the audit miss it there.",
    inOneEnvironment: false,
    is: ({ kind, isReferredTo }) => kind === "readdressed" && !isReferredTo,
  },
  {
    reason:
      "A right that the deploy or plan role lost fails closed: the first plan or deployment, which is dev's, stops with AccessDenied, and nothing that runs has it.",
    is: (mutation) =>
      administration.test(mutation.address) &&
      of(/^aws_iam_policy$/, /^policy\.Statement(\.(Action|Resource))?$/)(mutation) &&
      !isDeny(mutation),
  },
  {
    reason:
      "A condition of the deploy or plan role whose value is another one holds for less: it fails closed, as a lost right does.",
    is: (mutation) =>
      administration.test(mutation.address) &&
      mutation.kind === "renamed" &&
      of(
        /^aws_iam_policy$/,
        /^policy\.Statement\.Condition\.(ForAllValues:|ForAnyValue:)?(String|Arn)(Equals|Like)\.[^.]+(\.[^.]+)*$/,
      )(mutation),
  },
  {
    reason:
      "One of several values that a condition of the deploy or plan role takes: without it the condition holds for less, and fails closed.",
    is: (mutation) =>
      administration.test(mutation.address) &&
      mutation.kind === "dropped" &&
      mutation.path.endsWith("]") &&
      /\.Condition\.[^.]*(Equals|Like)\./.test(mutation.path),
  },
  {
    reason:
      "A right to administer a key that its account lost (the first statement of each key): AWS Support gives it back, no data is read by it, and CreateKey itself refuses a policy under which nobody may change it.",
    is: (mutation) =>
      mutation.type === "aws_kms_key" &&
      /^policy\.Statement\[0\]\.Action\[\d+\]$/.test(mutation.path) &&
      changed(mutation) &&
      /^kms:(CreateAlias|CreateKey|Describe|Enable|List|Put|Update|Revoke|Disable|Get|Delete|TagResource|UntagResource|ScheduleKeyDeletion|CancelKeyDeletion|ReplicateKey|RotateKeyOnDemand)/.test(
        String(mutation.before),
      ),
  },
  {
    reason:
      "What a validator, a selector, a rule of a web ACL, of a lifecycle or of a backup plan is called is a label: it is referred to by its id, or by nobody.",
    is: of(
      /^aws_(api_gateway_request_validator|appautoscaling_policy|cloudtrail|wafv2_web_acl|backup_plan|backup_selection|api_gateway_usage_plan|s3_bucket_lifecycle_configuration|s3_bucket_notification|lambda_alias)$/,
      /^(name|queue\.id|advanced_event_selector\.name|rule\.(name|id|rule_name|visibility_config\.metric_name)|visibility_config\.metric_name)$/,
      ({ kind }) => kind === "renamed",
    ),
  },
  {
    reason: "All rules of the web ACL block or count: what one of them blocks is blocked, whichever is asked first.",
    is: of(/^aws_wafv2_web_acl$/, /^rule\.priority$/, ({ kind }) => kind !== "dropped"),
  },
  {
    reason: "Titles and details of problems are for people; programs go by type and status.",
    is: of(
      /^aws_api_gateway_gateway_response$/,
      /^response_templates\.application\/json\.(title|detail)$/,
      ({ kind }) => kind === "renamed",
    ),
  },
  {
    reason:
      "When it was and how long the integration took stand beside an access log's line: CloudWatch notes the time of each, the API's metrics the latency, and a function's status is the answer's.",
    is: of(
      /^aws_api_gateway_stage$/,
      /^access_log_settings\.format\.(requestTime|integrationLatency\w*|integrationStatus|responseLatency\w*)$/,
    ),
  },
  {
    reason: "The API and its models are waited for by what refers to them, the deployment itself among it.",
    is: ({ type, path, kind, before }) =>
      type === "aws_api_gateway_deployment" &&
      kind === "dropped" &&
      /^depends_on\[/.test(path) &&
      /^aws_api_gateway_(rest_api|model|request_validator)\./.test(String(before)),
  },
  {
    reason:
      "The order of the first deployment alone: until the permission is there the schedule's call is refused, and the next one goes well.",
    is: of(/^aws_cloudwatch_event_target$/, /^depends_on$/, ({ kind }) => kind === "dropped"),
  },
  {
    reason:
      "Smaller batches are more invocations, and an unfinished upload is removed sooner: it costs, and nothing is lost.",
    is: of(
      /^(aws_lambda_event_source_mapping|aws_s3_bucket_lifecycle_configuration)$/,
      /^(batch_size|rule\.abort_incomplete_multipart_upload\.days_after_initiation)$/,
      ({ kind, before, after }) => kind === "halved" && Number(after()) > 0 && Number(before) > 1,
    ),
  },
  {
    reason:
      "An empty list of rules and none mean the same for a VPC's default group: Terraform takes all of its rules away when it takes the group on.",
    is: of(
      /^aws_default_security_group$/,
      /^(ingress|egress)$/,
      ({ kind, before }) => kind === "dropped" && JSON.stringify(before) === "[]",
    ),
  },
  {
    reason:
      "Dropped, and the same by default (AWS API reference, and the provider's own documentation of the argument).",
    is: ({ type, path, kind, before }) => kind === "dropped" && isDefault(type, path, before),
  },
  {
    reason: "Dead letters are handed out to people alone, by tap redrive, which hides them as long as it needs.",
    is: ({ type, address, path }) =>
      type === "aws_sqs_queue" && /DeadLetters/.test(address) && path === "visibility_timeout_seconds",
  },
  {
    reason: "How long a browser may keep a preflight's answer: it asks sooner or later, and is told the same.",
    is: of(/^aws_s3_bucket_cors_configuration$/, /^cors_rule\.max_age_seconds$/, () => true),
  },
  {
    reason:
      "What a function's log lines are labelled with, and whether stack traces name lines of the source: logs, metrics and alarms go by the function's own name.",
    is: of(/^aws_lambda_function$/, /^environment\.variables\.(NODE_OPTIONS|POWERTOOLS_SERVICE_NAME)$/),
  },
  {
    reason: "kms:CallerAccount beside a principal that is the account itself says the same twice.",
    is: ({ type, address, path, kind }) =>
      type === "aws_kms_key" &&
      /CursorKey/.test(address) &&
      kind === "dropped" &&
      /^policy\.Statement\[1\]\.Condition/.test(path),
  },
  {
    reason: "A topic's policy is on the topic alone: a wider Resource lets nobody at anything else.",
    is: of(
      /^aws_sns_topic_policy$/,
      /^policy\.Statement(\.Resource)?$/,
      ({ kind, what }) => kind === "widened" && /any (resource|of its name)/.test(what),
    ),
  },
  {
    reason: "aws:SourceAccount beside an aws:SourceArn that has the account in it says the same twice.",
    is: of(
      /^aws_sns_topic_policy$/,
      /\.Condition\.StringEquals(\.aws:SourceAccount)?$/,
      ({ kind, before }) =>
        kind === "dropped" && /^("\d{12}"|\{"aws:SourceAccount":"\d{12}"\})$/.test(JSON.stringify(before)),
    ),
  },
  {
    reason: "With a bucket key S3 calls KMS less often; what it writes is encrypted under the same key.",
    is: of(
      /^aws_s3_bucket_server_side_encryption_configuration$/,
      /^rule\.bucket_key_enabled$/,
      ({ kind, before }) => kind === "flipped" && before === false,
    ),
  },
  {
    reason: "A key of HMAC_256 computes HMAC_SHA_256 alone: the condition says the same.",
    is: of(/^aws_iam_role_policy$/, /\.Condition\.StringEquals\.kms:MacAlgorithm$/, ({ kind }) => kind === "dropped"),
  },
  {
    reason: "The id of a notification or selector is a label; AWS makes one up where there is none.",
    is: of(
      /^aws_(s3_bucket_notification|cloudtrail)$/,
      /^(queue\.id|advanced_event_selector\.name)$/,
      ({ kind }) => kind === "dropped",
    ),
  },
  {
    reason: "A longer time before a message is handed out again, or a job must have begun: it waits, and is not lost.",
    is: of(
      /^(aws_sqs_queue|aws_backup_plan)$/,
      /^(visibility_timeout_seconds|rule\.(start_window|completion_window))$/,
      raised,
    ),
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
      /^(aws_s3_bucket_lifecycle_configuration|aws_kms_key|aws_cloudwatch_log_group)$/,
      /(days|noncurrent_days|deletion_window_in_days|retention_in_days|days_after_initiation)$/,
      raised,
    ),
  },
  ...(
    [
      [
        "aws_iam_role",
        "force_detach_policies",
        "It matters when the role is deleted: its policies go with it, which is what deleting it means.",
      ],
      [
        "aws_security_group|aws_default_security_group",
        "revoke_rules_on_delete",
        "It matters when the group is deleted: its rules go first, and nothing is let in by that.",
      ],
      [
        "aws_cloudwatch_log_group",
        "(skip_destroy|deletion_protection_enabled)",
        "Logs stay where they would have been deleted.",
      ],

      [
        "aws_dynamodb_table",
        "restore_to_latest_time",
        "It is read with a source to restore from alone, and there is none.",
      ],
      [
        "aws_lambda_function",
        "(skip_destroy|replace_security_groups_on_destroy)",
        "It matters when the function is deleted: old versions, or its interfaces' groups, are left as they are.",
      ],
      ["aws_s3_bucket_public_access_block", "skip_destroy", "The block stays where it would have been deleted."],
      [
        "aws_subnet|aws_vpc",
        "(enable_network_address_usage_metrics|enable_resource_name_dns_a+_record_on_launch|enable_dns64)",
        "It counts addresses, or names instances and translates for IPv6, of which there are none.",
      ],
      ["aws_vpc_endpoint", "auto_accept", "It is for services of the same account; those of AWS accept by themselves."],
      [
        "aws_sns_topic|aws_sqs_queue",
        "content_based_deduplication",
        "AWS takes it for FIFO alone, and refuses it for these at the first deployment, which is dev's.",
      ],
      [
        "aws_s3_bucket",
        "object_lock_enabled",
        "Without a retention it locks nothing; that a bucket would be replaced for it is in the plan, and refused where prevent_destroy stands.",
      ],
      [
        "aws_sqs_queue",
        "sqs_managed_sse_enabled",
        "Terraform's provider refuses it beside kms_master_key_id (ConflictsWith), which every queue has.",
      ],
      [
        "aws_api_gateway_rest_api",
        "fail_on_warnings",
        "It is about descriptions that are imported, and there are none.",
      ],
      [
        "aws_lambda_event_source_mapping",
        "bisect_batch_on_function_error",
        "Streams have it; for queues AWS refuses it at the first deployment, which is dev's.",
      ],
      [
        "aws_ssm_parameter",
        "overwrite",
        "It matters where a parameter of the name is there before the stack makes it; names are the stack's own.",
      ],
      [
        "aws_secretsmanager_secret",
        "force_overwrite_replica_secret",
        "It is about copies in other regions, and there are none.",
      ],
    ] as const
  ).map(([types, name, reason]) => ({ reason, is: switchedOn(`(${types})`, name) })),
];

/** Values that mean the same as none, by type and path without indices. */
const defaults: Readonly<Record<string, unknown>> = {
  "aws_api_gateway_request_validator.validate_request_body": false,
  "aws_api_gateway_request_validator.validate_request_parameters": false,
  "aws_api_gateway_method.api_key_required": false,
  "aws_api_gateway_rest_api.disable_execute_api_endpoint": false,
  "aws_s3_bucket_lifecycle_configuration.rule.filter.prefix": "",
  "aws_sqs_queue.visibility_timeout_seconds": 30,
  "aws_lambda_event_source_mapping.batch_size": 10,
  "aws_lambda_event_source_mapping.enabled": true,
  "aws_ssm_parameter.tier": "Standard",
  "aws_vpc.enable_dns_support": true,
  "aws_kms_key.is_enabled": true,
  "aws_lambda_function.package_type": "Zip",
  "aws_dynamodb_table.table_class": "STANDARD",
  "aws_cloudtrail.enable_logging": true,
  "aws_cloudtrail.include_global_service_events": true,
  "aws_cloudwatch_metric_alarm.actions_enabled": true,
  "aws_s3_bucket.force_destroy": false,
};

function isDefault(type: string, path: string, value: unknown): boolean {
  const text = JSON.stringify(value);
  if (type === "aws_dynamodb_table" && path.startsWith("point_in_time_recovery")) return text === '{"enabled":false}';
  if (/^aws_s3_bucket_lifecycle_configuration$/.test(type) && /^rule\[\d+\]\.filter(\[0\])?$/.test(path))
    return text === '[{"prefix":""}]' || text === '{"prefix":""}';
  return defaults[`${type}.${path.replace(/\[\d+\]/g, "")}`] === value && value !== undefined;
}

/** Whether it is a change of a statement that denies: the statement's own value, or a part of it. */
function isDeny({ before }: MechanicalMutation): boolean {
  return JSON.stringify(before)?.includes('"Effect":"Deny"') ?? false;
}

/** Why a change doesn't matter; undefined where it does. */
export function harmlessBecause(
  mutation: MechanicalMutation,
  { everywhere }: { readonly everywhere: boolean },
): string | undefined {
  return harmless.find((row) => (everywhere || row.inOneEnvironment !== false) && row.is(mutation))?.reason;
}
