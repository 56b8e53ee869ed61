/** How a type of resource is named in AWS. */
export interface Identity {
  /** Attribute that holds its name. */
  readonly name: string;
  /**
   * ARN without `arn:{partition}:`. `{region}`, `{account}` and `{name}`, and other attributes by their names; one
   * that is missing and has no value in `otherwise` leaves the ARN unknown. `{/name}` is the name with one slash before
   * it; `{event_bus_name/}` is the bus with a slash behind it, and nothing for the default bus.
   */
  readonly arn?: string;
  readonly otherwise?: Readonly<Record<string, string>>;
  /** What stands between its ARN and that of a part of it: `/` of a bucket and its objects. */
  readonly parts?: string;
  /** What its `id` is, as far as the configuration determines it. @default name */
  readonly id?: "name" | "arn" | "url";
  /** Where names are unique, for what has no ARN here. @default what the ARN says, else region */
  readonly scope?: "region" | "account" | "global";
  /** AWS puts a hyphen and six characters of its own behind the name in the ARN. */
  readonly endsAtRandom?: true;
}

/** Types whose names or ARNs the configuration determines: the ARN formats of the Service Authorization Reference. */
export const identities: Readonly<Record<string, Identity>> = {
  aws_api_gateway_rest_api: { name: "name" },
  aws_apigatewayv2_api: { name: "name" },
  aws_athena_workgroup: { name: "name", arn: "athena:{region}:{account}:workgroup/{name}" },
  aws_backup_plan: { name: "name" },
  aws_backup_vault: { name: "name", arn: "backup:{region}:{account}:backup-vault:{name}" },
  aws_cloudtrail: { name: "name", arn: "cloudtrail:{region}:{account}:trail/{name}", id: "arn" },
  aws_cloudwatch_composite_alarm: { name: "alarm_name", arn: "cloudwatch:{region}:{account}:alarm:{name}" },
  aws_cloudwatch_dashboard: { name: "dashboard_name", arn: "cloudwatch::{account}:dashboard/{name}" },
  aws_cloudwatch_event_archive: { name: "name", arn: "events:{region}:{account}:archive/{name}" },
  aws_cloudwatch_event_bus: { name: "name", arn: "events:{region}:{account}:event-bus/{name}" },
  aws_cloudwatch_event_rule: {
    name: "name",
    arn: "events:{region}:{account}:rule/{event_bus_name/}{name}",
    otherwise: { event_bus_name: "default" },
  },
  aws_cloudwatch_log_group: { name: "name", arn: "logs:{region}:{account}:log-group:{name}", parts: ":" },
  aws_cloudwatch_metric_alarm: { name: "alarm_name", arn: "cloudwatch:{region}:{account}:alarm:{name}" },
  aws_codebuild_project: { name: "name", arn: "codebuild:{region}:{account}:project/{name}", id: "arn" },
  aws_codedeploy_app: { name: "name", arn: "codedeploy:{region}:{account}:application:{name}" },
  aws_codepipeline: { name: "name", arn: "codepipeline:{region}:{account}:{name}", parts: "/" },
  aws_db_instance: { name: "identifier", arn: "rds:{region}:{account}:db:{name}" },
  aws_dynamodb_table: { name: "name", arn: "dynamodb:{region}:{account}:table/{name}", parts: "/" },
  aws_ecr_repository: { name: "name", arn: "ecr:{region}:{account}:repository/{name}" },
  aws_ecs_cluster: { name: "name", arn: "ecs:{region}:{account}:cluster/{name}", id: "arn" },
  aws_glue_catalog_database: { name: "name", arn: "glue:{region}:{account}:database/{name}" },
  aws_iam_instance_profile: {
    name: "name",
    arn: "iam::{account}:instance-profile{path}{name}",
    otherwise: { path: "/" },
  },
  aws_iam_group: { name: "name", arn: "iam::{account}:group{path}{name}", otherwise: { path: "/" } },
  aws_iam_policy: { name: "name", arn: "iam::{account}:policy{path}{name}", otherwise: { path: "/" }, id: "arn" },
  aws_iam_role: { name: "name", arn: "iam::{account}:role{path}{name}", otherwise: { path: "/" } },
  aws_iam_user: { name: "name", arn: "iam::{account}:user{path}{name}", otherwise: { path: "/" } },
  aws_kinesis_firehose_delivery_stream: {
    name: "name",
    arn: "firehose:{region}:{account}:deliverystream/{name}",
    id: "arn",
  },
  aws_kinesis_stream: { name: "name", arn: "kinesis:{region}:{account}:stream/{name}", parts: "/", id: "arn" },
  aws_kms_alias: { name: "name", arn: "kms:{region}:{account}:{name}" },
  aws_lambda_alias: { name: "name", arn: "lambda:{region}:{account}:function:{function_name}:{name}", id: "arn" },
  aws_lambda_function: { name: "function_name", arn: "lambda:{region}:{account}:function:{name}", parts: ":" },
  aws_lambda_layer_version: { name: "layer_name" },
  aws_opensearch_domain: { name: "domain_name", arn: "es:{region}:{account}:domain/{name}", parts: "/", id: "arn" },
  aws_rds_cluster: { name: "cluster_identifier", arn: "rds:{region}:{account}:cluster:{name}" },
  aws_s3_bucket: { name: "bucket", arn: "s3:::{name}", parts: "/" },
  aws_scheduler_schedule_group: { name: "name", arn: "scheduler:{region}:{account}:schedule-group/{name}" },
  aws_secretsmanager_secret: {
    name: "name",
    arn: "secretsmanager:{region}:{account}:secret:{name}",
    id: "arn",
    endsAtRandom: true,
  },
  aws_sfn_state_machine: { name: "name", arn: "states:{region}:{account}:stateMachine:{name}", parts: ":", id: "arn" },
  aws_sns_topic: { name: "name", arn: "sns:{region}:{account}:{name}", parts: ":", id: "arn" },
  aws_sqs_queue: { name: "name", arn: "sqs:{region}:{account}:{name}", id: "url" },
  aws_ssm_parameter: { name: "name", arn: "ssm:{region}:{account}:parameter{/name}" },
  aws_wafv2_web_acl: { name: "name" },
};

/** Where names of a type are unique. */
export function scopeOf(identity: Identity): "region" | "account" | "global" {
  if (identity.scope !== undefined || identity.arn === undefined) return identity.scope ?? "region";
  if (identity.arn.includes("{region}")) return "region";
  return identity.arn.includes("{account}") ? "account" : "global";
}
