import { sec01 } from "../../../../tap/audit/requirements/sec-01";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, adding, changing, records, recordsResource, remove, rewrite, security, without } from "./mutations";

const plainHttp = (type: string, name: string, change: Parameters<typeof rewrite>[2]) =>
  recordsResource(type, name, (policy) => rewrite(policy, "policy", change));

prove(
  sec01,
  {
    "a table is under DynamoDB's own key": recordsResource("aws_dynamodb_table", "Table", (table) => {
      table.server_side_encryption = { enabled: true };
    }),
    "a table names a key and doesn't use it": recordsResource("aws_dynamodb_table", "Table", (table) => {
      table.server_side_encryption = { ...(table.server_side_encryption as object), enabled: false };
    }),
    "a key is off": recordsResource("aws_kms_key", "Key", (key) => {
      key.is_enabled = false;
    }),
    "everyone may use a key": security((stack) =>
      rewrite(
        resource(stack, "aws_kms_key", "AlarmKey"),
        "policy",
        adding({ Principal: { AWS: "*" }, Action: ["kms:*"], Resource: ["*"] }),
      ),
    ),
    "a bucket may be public": security((stack) => {
      resource(stack, "aws_s3_bucket_public_access_block", "AccessLogBucket").block_public_policy = false;
    }),
    "a bucket's public access is not blocked": security((stack) => {
      remove(stack, "aws_s3_bucket_public_access_block", "AccessLogBucket");
    }),
    "a queue has SQS's own encryption": recordsResource("aws_sqs_queue", "Write", (queue) => {
      delete queue.kms_master_key_id;
      queue.sqs_managed_sse_enabled = true;
    }),
    "a queue is under SQS's own key": recordsResource("aws_sqs_queue", "Write", (queue) => {
      queue.kms_master_key_id = "alias/aws/sqs";
    }),
    "a log group is under CloudWatch's own key": recordsResource("aws_cloudwatch_log_group", "Read", (group) => {
      delete group.kms_key_id;
    }),
    "a function's settings are under Lambda's own key": recordsResource("aws_lambda_function", "Read", (lambda) => {
      delete lambda.kms_key_arn;
    }),
    "a function's code is under Lambda's own key": recordsResource("aws_lambda_function", "Read", (lambda) => {
      delete lambda.source_kms_key_arn;
    }),
    "a key is one that nobody here made": recordsResource("aws_lambda_function", "Read", (lambda) => {
      lambda.kms_key_arn = "arn:aws:kms:us-east-1:111111111111:key/1";
    }),
    "a topic is under no key": security((stack) => {
      delete resource(stack, "aws_sns_topic").kms_master_key_id;
    }),
    "a stream is under Kinesis's own key": records((stack) =>
      add(stack, "aws_kinesis_stream", {
        name: "tap-records-stream",
        encryption_type: "KMS",
        kms_key_id: "alias/aws/kinesis",
      }),
    ),
    "a secret is under Secrets Manager's own key": records((stack) =>
      add(stack, "aws_secretsmanager_secret", { name: "tap-records-secret" }),
    ),
    "a bucket's encryption isn't set": security((stack) => {
      remove(stack, "aws_s3_bucket_server_side_encryption_configuration", "AccessLogBucket");
    }),
    "a bucket with S3's own key takes more than access logs": security((stack) => {
      rewrite(
        resource(stack, "aws_s3_bucket_policy", "AccessLogBucket"),
        "policy",
        changing("AccessLogDelivery", () => ({ Principal: { Service: ["config.amazonaws.com"] } })),
      );
    }),
    "a bucket with S3's own key takes nothing that must go there": security((stack) => {
      rewrite(resource(stack, "aws_s3_bucket_policy", "AccessLogBucket"), "policy", without("AccessLogDelivery"));
    }),
    "something is of a type that nobody has looked at": records((stack) => add(stack, "aws_efs_file_system", {})),
    "a queue takes plain HTTP": plainHttp("aws_sqs_queue_policy", "Write", without("DenyPlainHttp")),
    "a queue has no policy": records((stack) => {
      remove(stack, "aws_sqs_queue_policy", "Write");
    }),
    "a queue denies plain HTTP to some": plainHttp(
      "aws_sqs_queue_policy",
      "Write",
      changing("DenyPlainHttp", () => ({ Principal: { AWS: ["arn:aws:iam::111111111111:root"] } })),
    ),
    "a queue denies plain HTTP of some calls": plainHttp(
      "aws_sqs_queue_policy",
      "Write",
      changing("DenyPlainHttp", () => ({ Action: ["sqs:SendMessage"] })),
    ),
    "a queue denies plain HTTP of another queue": plainHttp(
      "aws_sqs_queue_policy",
      "Write",
      changing("DenyPlainHttp", () => ({ Resource: ["arn:aws:sqs:us-east-1:111111111111:other"] })),
    ),
    "a queue denies TLS": plainHttp(
      "aws_sqs_queue_policy",
      "Write",
      changing("DenyPlainHttp", () => ({ Condition: { Bool: { "aws:SecureTransport": "true" } } })),
    ),
    "a queue denies plain HTTP under a further condition": plainHttp(
      "aws_sqs_queue_policy",
      "Write",
      changing("DenyPlainHttp", ({ Condition }) => ({
        Condition: { ...Condition, StringEquals: { "aws:PrincipalAccount": "999999999999" } },
      })),
    ),
    "a topic takes plain HTTP": security((stack) =>
      rewrite(resource(stack, "aws_sns_topic_policy"), "policy", without("DenyPlainHttp")),
    ),
    "a bucket takes plain HTTP": security((stack) =>
      rewrite(resource(stack, "aws_s3_bucket_policy", "AccessLogBucket"), "policy", without("DenyPlainHttp")),
    ),
    "a bucket takes plain HTTP of its objects": security((stack) =>
      rewrite(
        resource(stack, "aws_s3_bucket_policy", "AccessLogBucket"),
        "policy",
        changing("DenyPlainHttp", ({ Resource = [] }) => ({ Resource: Resource.slice(0, 1) })),
      ),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);

prove(
  sec01,
  {
    "the trail is under no key": security((stack) => {
      delete resource(stack, "aws_cloudtrail").kms_key_id;
    }),
    "the trail's bucket has S3's own key": security((stack) => {
      resource(stack, "aws_s3_bucket_server_side_encryption_configuration", "AuditTrail").rule = [
        { apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } },
      ];
    }),
  },
  { alone: true, environments: ["prod"] },
);
