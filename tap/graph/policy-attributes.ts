import type { PolicyKind } from "./policy";

/** An attribute that holds a policy. */
export interface PolicyAttribute {
  /** Way to it; of a nested block its name comes first. */
  readonly path: string;
  readonly kind: PolicyKind;
  /** Attribute that tells what the policy is attached to. @default the resource itself */
  readonly on?: string;
}

const attribute = (path: string, kind: PolicyKind, on?: string): PolicyAttribute => ({
  path,
  kind,
  ...(on === undefined ? {} : { on }),
});

/** Where policies are. Others are found by their looks, and taken for policies of the thing that they are on. */
export const policyAttributes: Readonly<Record<string, readonly PolicyAttribute[]>> = {
  aws_api_gateway_rest_api: [attribute("policy", "resource")],
  aws_api_gateway_rest_api_policy: [attribute("policy", "resource", "rest_api_id")],
  aws_backup_vault_policy: [attribute("policy", "resource", "backup_vault_name")],
  aws_cloudwatch_event_bus_policy: [attribute("policy", "resource", "event_bus_name")],
  aws_cloudwatch_log_destination_policy: [attribute("access_policy", "resource", "destination_name")],
  aws_cloudwatch_log_resource_policy: [attribute("policy_document", "resource")],
  aws_dynamodb_resource_policy: [attribute("policy", "resource", "resource_arn")],
  aws_ecr_repository_policy: [attribute("policy", "resource", "repository")],
  aws_efs_file_system_policy: [attribute("policy", "resource", "file_system_id")],
  aws_elasticsearch_domain: [attribute("access_policies", "resource")],
  aws_iam_group_policy: [attribute("policy", "identity", "group")],
  aws_iam_policy: [attribute("policy", "identity")],
  aws_iam_role: [attribute("assume_role_policy", "trust"), attribute("inline_policy.policy", "identity")],
  aws_iam_role_policy: [attribute("policy", "identity", "role")],
  aws_iam_user_policy: [attribute("policy", "identity", "user")],
  aws_kinesis_resource_policy: [attribute("policy", "resource", "resource_arn")],
  aws_kms_external_key: [attribute("policy", "key")],
  aws_kms_key: [attribute("policy", "key")],
  aws_kms_key_policy: [attribute("policy", "key", "key_id")],
  aws_kms_replica_key: [attribute("policy", "key")],
  aws_opensearch_domain: [attribute("access_policies", "resource")],
  aws_opensearch_domain_policy: [attribute("access_policies", "resource", "domain_name")],
  aws_organizations_policy: [attribute("content", "organization")],
  aws_s3_access_point: [attribute("policy", "resource")],
  aws_s3_bucket: [attribute("policy", "resource")],
  aws_s3_bucket_policy: [attribute("policy", "resource", "bucket")],
  aws_secretsmanager_secret: [attribute("policy", "resource")],
  aws_secretsmanager_secret_policy: [attribute("policy", "resource", "secret_arn")],
  aws_sns_topic: [attribute("policy", "resource")],
  aws_sns_topic_policy: [attribute("policy", "resource", "arn")],
  aws_sqs_queue: [attribute("policy", "resource")],
  aws_sqs_queue_policy: [attribute("policy", "resource", "queue_url")],
  aws_ssoadmin_permission_set_inline_policy: [attribute("inline_policy", "identity", "permission_set_arn")],
  aws_vpc_endpoint: [attribute("policy", "endpoint")],
  aws_vpc_endpoint_policy: [attribute("policy", "endpoint", "vpc_endpoint_id")],
};

/** Resources that attach a managed policy to those that it is for, with the attributes of both. */
export const policyAttachments: Readonly<Record<string, { readonly policy: string; readonly on: readonly string[] }>> =
  {
    aws_iam_group_policy_attachment: { policy: "policy_arn", on: ["group"] },
    aws_iam_policy_attachment: { policy: "policy_arn", on: ["roles", "users", "groups"] },
    aws_iam_role_policy_attachment: { policy: "policy_arn", on: ["role"] },
    aws_iam_user_policy_attachment: { policy: "policy_arn", on: ["user"] },
  };
