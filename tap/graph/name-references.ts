/** An attribute that holds names of resources. */
export interface NameAttribute {
  /** Types that the name may be of. */
  readonly to: readonly string[];
  /** Where the name is in the value, as the first group; each match is a name. @default the whole value */
  readonly pattern?: RegExp;
}

/** Dimensions of CloudWatch metrics of AWS's own services. */
const dimensions: Readonly<Record<string, string>> = {
  ApiName: "aws_api_gateway_rest_api",
  BackupVaultName: "aws_backup_vault",
  BucketName: "aws_s3_bucket",
  ClusterName: "aws_ecs_cluster",
  DBClusterIdentifier: "aws_rds_cluster",
  DBInstanceIdentifier: "aws_db_instance",
  DeliveryStreamName: "aws_kinesis_firehose_delivery_stream",
  DomainName: "aws_opensearch_domain",
  EventBusName: "aws_cloudwatch_event_bus",
  FunctionName: "aws_lambda_function",
  LogGroupName: "aws_cloudwatch_log_group",
  ProjectName: "aws_codebuild_project",
  QueueName: "aws_sqs_queue",
  RuleName: "aws_cloudwatch_event_rule",
  StreamName: "aws_kinesis_stream",
  TableName: "aws_dynamodb_table",
  TopicName: "aws_sns_topic",
  WebACL: "aws_wafv2_web_acl",
};

const functionName: NameAttribute = { to: ["aws_lambda_function"], pattern: /^([^:]+)/g };
const queueUrl: NameAttribute = {
  to: ["aws_sqs_queue"],
  pattern: /^https:\/\/sqs\.[\w-]+\.amazonaws\.com(?:\.cn)?\/\d+\/(.+)$/g,
};
const scalableResource: NameAttribute = {
  to: ["aws_dynamodb_table", "aws_lambda_function"],
  pattern: /^(?:table\/|function:)([^/:]+)(?:[/:].*)?$/g,
};
const alarms: NameAttribute = { to: ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"] };
const named = (...to: string[]): NameAttribute => ({ to });

/** Attributes that hold names, by type and by the way to them without indices. */
const attributes: Readonly<Record<string, Readonly<Record<string, NameAttribute>>>> = {
  aws_appautoscaling_policy: { resource_id: scalableResource },
  aws_appautoscaling_scheduled_action: { resource_id: scalableResource },
  aws_appautoscaling_target: { resource_id: scalableResource },
  aws_backup_plan: { "rule.target_vault_name": named("aws_backup_vault") },
  aws_backup_vault_lock_configuration: { backup_vault_name: named("aws_backup_vault") },
  aws_backup_vault_notifications: { backup_vault_name: named("aws_backup_vault") },
  aws_backup_vault_policy: { backup_vault_name: named("aws_backup_vault") },
  aws_cloudtrail: { s3_bucket_name: named("aws_s3_bucket") },
  aws_cloudwatch_composite_alarm: {
    alarm_rule: { ...alarms, pattern: /\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*["']?([^"')]+?)["']?\s*\)/g },
    "actions_suppressor.alarm": alarms,
  },
  aws_cloudwatch_event_archive: { event_source_arn: named("aws_cloudwatch_event_bus") },
  aws_cloudwatch_event_permission: { event_bus_name: named("aws_cloudwatch_event_bus") },
  aws_cloudwatch_event_bus_policy: { event_bus_name: named("aws_cloudwatch_event_bus") },
  aws_cloudwatch_event_rule: { event_bus_name: named("aws_cloudwatch_event_bus") },
  aws_cloudwatch_event_target: {
    rule: named("aws_cloudwatch_event_rule"),
    event_bus_name: named("aws_cloudwatch_event_bus"),
  },
  aws_cloudwatch_log_group: { name: { to: ["aws_lambda_function"], pattern: /^\/aws\/lambda\/(.+)$/g } },
  aws_cloudwatch_log_metric_filter: { log_group_name: named("aws_cloudwatch_log_group") },
  aws_cloudwatch_log_stream: { log_group_name: named("aws_cloudwatch_log_group") },
  aws_cloudwatch_log_subscription_filter: { log_group_name: named("aws_cloudwatch_log_group") },
  aws_cloudwatch_query_definition: { log_group_names: named("aws_cloudwatch_log_group") },
  aws_codedeploy_deployment_group: { app_name: named("aws_codedeploy_app"), "alarm_configuration.alarms": alarms },
  aws_dynamodb_contributor_insights: { table_name: named("aws_dynamodb_table") },
  aws_dynamodb_kinesis_streaming_destination: { table_name: named("aws_dynamodb_table") },
  aws_dynamodb_table_item: { table_name: named("aws_dynamodb_table") },
  aws_ecs_service: { cluster: named("aws_ecs_cluster") },
  aws_flow_log: { log_group_name: named("aws_cloudwatch_log_group") },
  aws_iam_group_policy: { group: named("aws_iam_group") },
  aws_iam_group_policy_attachment: { group: named("aws_iam_group") },
  aws_iam_instance_profile: { role: named("aws_iam_role") },
  aws_iam_policy_attachment: {
    groups: named("aws_iam_group"),
    roles: named("aws_iam_role"),
    users: named("aws_iam_user"),
  },
  aws_iam_role_policies_exclusive: { role_name: named("aws_iam_role") },
  aws_iam_role_policy: { role: named("aws_iam_role") },
  aws_iam_role_policy_attachment: { role: named("aws_iam_role") },
  aws_iam_user_policy: { user: named("aws_iam_user") },
  aws_iam_user_policy_attachment: { user: named("aws_iam_user") },
  aws_lambda_alias: { function_name: functionName },
  aws_lambda_event_source_mapping: { function_name: functionName },
  aws_lambda_function: {
    s3_bucket: named("aws_s3_bucket"),
    "logging_config.log_group": named("aws_cloudwatch_log_group"),
  },
  aws_lambda_function_event_invoke_config: { function_name: functionName },
  aws_lambda_function_recursion_config: { function_name: functionName },
  aws_lambda_function_url: { function_name: functionName },
  aws_lambda_invocation: { function_name: functionName },
  aws_lambda_permission: { function_name: functionName },
  aws_lambda_provisioned_concurrency_config: { function_name: functionName },
  aws_lambda_runtime_management_config: { function_name: functionName },
  aws_opensearch_domain_policy: { domain_name: named("aws_opensearch_domain") },
  aws_s3_bucket_logging: { target_bucket: named("aws_s3_bucket") },
  aws_s3_object: { bucket: named("aws_s3_bucket") },
  aws_scheduler_schedule: { group_name: named("aws_scheduler_schedule_group") },
  aws_secretsmanager_secret_policy: { secret_arn: named("aws_secretsmanager_secret") },
  aws_secretsmanager_secret_rotation: { secret_id: named("aws_secretsmanager_secret") },
  aws_secretsmanager_secret_version: { secret_id: named("aws_secretsmanager_secret") },
  aws_sqs_queue_policy: { queue_url: queueUrl },
  aws_sqs_queue_redrive_allow_policy: { queue_url: queueUrl },
  aws_sqs_queue_redrive_policy: { queue_url: queueUrl },
};

const bucketSetting = named("aws_s3_bucket");
const dimensionOf = /^(?:metric_query\.metric\.)?dimensions\.(\w+)$/;

/** A text in an attribute, and where it is. */
export interface NamePlace {
  readonly type: string;
  /** Way to it without indices: `metric_query.metric.dimensions.QueueName`. */
  readonly way: string;
  /** The text before it in the same list: CloudWatch's dashboards list dimensions and values in turns. */
  readonly before: string | undefined;
}

/** What an attribute names; undefined where it isn't known to hold names. */
export function nameAttribute({ type, way, before }: NamePlace, value: string): NameAttribute | undefined {
  const known = attributes[type]?.[way];
  if (known !== undefined) return known;
  if (type.startsWith("aws_s3_bucket_") && way === "bucket") return bucketSetting;
  if (value.startsWith("alias/") && /(kms|key)[a-z_]*$/i.test(way) && type !== "aws_kms_alias")
    return named("aws_kms_alias");
  return dimension(type, way, before);
}

function dimension(type: string, way: string, before: string | undefined): NameAttribute | undefined {
  const [, inAlarm] = type === "aws_cloudwatch_metric_alarm" ? (dimensionOf.exec(way) ?? []) : [];
  const inDashboard =
    type === "aws_cloudwatch_dashboard" && way === "dashboard_body.widgets.properties.metrics" ? before : undefined;
  const target = dimensions[inAlarm ?? inDashboard ?? ""];
  return target === undefined ? undefined : named(target);
}

/** The names in a value. */
export function namesIn({ pattern }: NameAttribute, value: string): string[] {
  if (pattern === undefined) return [value];
  return [...value.matchAll(pattern)].flatMap(([, name]) => name ?? []);
}
