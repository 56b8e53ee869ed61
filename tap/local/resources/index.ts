import type { ResourceType, ResourceTypes } from "./resource-type";

type Load = () => Promise<{ readonly types: ResourceTypes }>;

/* Loaded where something of the kind is made: each brings a client of the SDK, and takes its time. */
const apiGateway: Load = () => import("./api-gateway");
const apiGatewayStage: Load = () => import("./api-gateway-stage");
const cloudwatch: Load = () => import("./cloudwatch");
const dynamodb: Load = () => import("./dynamodb");
const events: Load = () => import("./events");
const iam: Load = () => import("./iam");
const kinesis: Load = () => import("./kinesis");
const kms: Load = () => import("./kms");
const lambda: Load = () => import("./lambda");
const logs: Load = () => import("./logs");
const s3: Load = () => import("./s3");
const secretsManager: Load = () => import("./secrets-manager");
const sns: Load = () => import("./sns");
const sqs: Load = () => import("./sqs");
const ssm: Load = () => import("./ssm");

/** Every type that can be made, and where it says how. */
export const createdTypes: Readonly<Record<string, Load>> = {
  aws_api_gateway_account: apiGateway,
  aws_api_gateway_api_key: apiGatewayStage,
  aws_api_gateway_deployment: apiGateway,
  aws_api_gateway_gateway_response: apiGateway,
  aws_api_gateway_integration: apiGateway,
  aws_api_gateway_integration_response: apiGateway,
  aws_api_gateway_method: apiGateway,
  aws_api_gateway_method_response: apiGateway,
  aws_api_gateway_method_settings: apiGatewayStage,
  aws_api_gateway_model: apiGateway,
  aws_api_gateway_request_validator: apiGateway,
  aws_api_gateway_resource: apiGateway,
  aws_api_gateway_rest_api: apiGateway,
  aws_api_gateway_stage: apiGatewayStage,
  aws_api_gateway_usage_plan: apiGatewayStage,
  aws_api_gateway_usage_plan_key: apiGatewayStage,
  aws_cloudwatch_dashboard: cloudwatch,
  aws_cloudwatch_event_rule: events,
  aws_cloudwatch_event_target: events,
  aws_cloudwatch_log_group: logs,
  aws_cloudwatch_metric_alarm: cloudwatch,
  aws_dynamodb_table: dynamodb,
  aws_iam_openid_connect_provider: iam,
  aws_iam_policy: iam,
  aws_iam_role: iam,
  aws_iam_role_policy: iam,
  aws_iam_role_policy_attachment: iam,
  aws_kinesis_stream: kinesis,
  aws_kms_alias: kms,
  aws_kms_key: kms,
  aws_lambda_alias: lambda,
  aws_lambda_event_source_mapping: lambda,
  aws_lambda_function: lambda,
  aws_lambda_function_event_invoke_config: lambda,
  aws_lambda_permission: lambda,
  aws_s3_bucket: s3,
  aws_s3_bucket_cors_configuration: s3,
  aws_s3_bucket_lifecycle_configuration: s3,
  aws_s3_bucket_logging: s3,
  aws_s3_bucket_notification: s3,
  aws_s3_bucket_object_lock_configuration: s3,
  aws_s3_bucket_ownership_controls: s3,
  aws_s3_bucket_policy: s3,
  aws_s3_bucket_public_access_block: s3,
  aws_s3_bucket_server_side_encryption_configuration: s3,
  aws_s3_bucket_versioning: s3,
  aws_secretsmanager_secret: secretsManager,
  aws_secretsmanager_secret_rotation: secretsManager,
  aws_sns_topic: sns,
  aws_sns_topic_policy: sns,
  aws_sns_topic_subscription: sns,
  aws_sqs_queue: sqs,
  aws_sqs_queue_policy: sqs,
  aws_sqs_queue_redrive_allow_policy: sqs,
  aws_ssm_parameter: ssm,
};

/** How a type is made. */
export async function resourceType(name: string): Promise<ResourceType> {
  const found = (await createdTypes[name]?.())?.types[name];
  if (found === undefined) throw new Error(`There is no way to make an ${name}`);
  return found;
}
