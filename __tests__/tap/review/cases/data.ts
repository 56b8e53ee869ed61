import { casesOf, type PlanCase } from "./case";

const table = {
  name: "orders",
  billing_mode: "PAY_PER_REQUEST",
  hash_key: "id",
  attribute: [{ name: "id", type: "S" }],
};
const gone = undefined;

/** What holds data: deleted, made anew, less protected. */
export const dataCases: readonly PlanCase[] = [
  ...casesOf(
    "aws_dynamodb_table",
    table,
    [
      ["deleted", {}, gone, "irreversible", "deletes items; it is no longer in the configuration"],
      [
        "deleted, though protected",
        { deletion_protection_enabled: true },
        gone,
        "irreversible",
        "it is protected: AWS will refuse",
      ],
      [
        "replaced by its key",
        {},
        { hash_key: "pk", attribute: [{ name: "pk", type: "S" }] },
        "irreversible",
        "because “hash_key” can't be changed in place: that deletes items",
      ],
      ["replaced by its name", {}, { name: "orders-2" }, "irreversible", "because “name” can't be changed in place"],
      ["new", gone, {}, "safe", "is new"],
      [
        "protection off",
        { deletion_protection_enabled: true },
        { deletion_protection_enabled: false },
        "dangerous",
        "protection against deletion is turned off",
      ],
      [
        "protection on",
        { deletion_protection_enabled: false },
        { deletion_protection_enabled: true },
        "review",
        "changes “deletion_protection_enabled”",
      ],
      [
        "recovery off",
        { point_in_time_recovery: { enabled: true } },
        { point_in_time_recovery: { enabled: false } },
        "dangerous",
        "recovery to a point in time is turned off",
      ],
      [
        "own key gone",
        {
          server_side_encryption: {
            enabled: true,
            kms_key_arn: "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111",
          },
        },
        { server_side_encryption: { enabled: false } },
        "dangerous",
        "encryption with a key of its own is turned off",
      ],
      [
        "another key",
        {
          server_side_encryption: {
            enabled: true,
            kms_key_arn: "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111",
          },
        },
        {
          server_side_encryption: {
            enabled: true,
            kms_key_arn: "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222",
          },
        },
        "dangerous",
        "it is encrypted with another key",
      ],
      [
        "TTL on",
        {},
        { ttl: { enabled: true, attribute_name: "expires" } },
        "dangerous",
        "items are deleted by themselves",
      ],
      [
        "replica gone",
        { stream_enabled: true, stream_view_type: "NEW_AND_OLD_IMAGES", replica: [{ region_name: "us-west-2" }] },
        { stream_enabled: true, stream_view_type: "NEW_AND_OLD_IMAGES" },
        "irreversible",
        "the replica in “us-west-2” is deleted with its items",
      ],
      ["tags", { tags: { a: "1" } }, { tags: { a: "2" } }, "safe", "only describes: “tags”"],
    ],
    true,
  ),
  ...casesOf(
    "aws_dynamodb_table_replica",
    { global_table_arn: "arn:aws:dynamodb:us-east-1:123456789012:table/orders" },
    [["deleted", {}, gone, "irreversible", "deletes items in a second region"]],
    true,
  ),
  ...casesOf(
    "aws_s3_bucket",
    { bucket: "orders-archive" },
    [
      ["deleted", {}, gone, "irreversible", "deletes objects"],
      [
        "replaced by its name",
        {},
        { bucket: "orders-archive-2" },
        "irreversible",
        "because “bucket” can't be changed in place: that deletes objects",
      ],
      [
        "Terraform's state deleted",
        { bucket: "tap-state-123456789012-us-east-1" },
        gone,
        "irreversible",
        "the state of Terraform itself",
      ],
      ["force_destroy on", {}, { force_destroy: true }, "dangerous", "it can be deleted with all that is in it"],
    ],
    true,
  ),
  ...casesOf(
    "aws_kinesis_stream",
    { name: "events", shard_count: 1, retention_period: 48 },
    [
      ["deleted", {}, gone, "irreversible", "deletes records that may not have been read"],
      [
        "records kept shorter",
        {},
        { retention_period: 24 },
        "dangerous",
        "“retention_period” goes down from “48” to “24”",
      ],
      [
        "encryption off",
        { encryption_type: "KMS", kms_key_id: "alias/aws/kinesis" },
        { encryption_type: "NONE" },
        "dangerous",
        "encryption is turned off",
      ],
      ["more shards", {}, { shard_count: 2 }, "review", "changes “shard_count”"],
    ],
    true,
  ),
  ...casesOf(
    "aws_kms_key",
    { enable_key_rotation: true },
    [
      ["deleted", {}, gone, "irreversible", "what it has encrypted can't be read again"],
      ["replaced", {}, { multi_region: true }, "irreversible", "because “multi_region” can't be changed in place"],
      ["no rotation", {}, { enable_key_rotation: false }, "dangerous", "the key is no longer exchanged every year"],
      ["disabled", {}, { is_enabled: false }, "dangerous", "the key is disabled"],
      [
        "deletion sooner",
        { deletion_window_in_days: 30 },
        { deletion_window_in_days: 7 },
        "dangerous",
        "can be undone for “7” instead of “30” days",
      ],
    ],
    true,
  ),
  ...casesOf(
    "aws_secretsmanager_secret",
    { name: "signing" },
    [
      ["deleted", {}, gone, "irreversible", "deletes a secret"],
      [
        "deletion sooner",
        { recovery_window_in_days: 30 },
        { recovery_window_in_days: 7 },
        "dangerous",
        "a deletion can be undone for “7” instead of “30” days",
      ],
    ],
    true,
  ),
  ...casesOf(
    "aws_sqs_queue",
    { name: "jobs" },
    [
      ["deleted", {}, gone, "irreversible", "deletes messages that may not have been read"],
      ["replaced", {}, { name: "jobs-2" }, "irreversible", "because “name” can't be changed in place"],
      [
        "encryption off",
        { sqs_managed_sse_enabled: true },
        { sqs_managed_sse_enabled: false },
        "dangerous",
        "encryption is turned off",
      ],
      [
        "own key gone",
        { kms_master_key_id: "alias/jobs" },
        { sqs_managed_sse_enabled: true },
        "dangerous",
        "it is no longer encrypted with its own key",
      ],
      [
        "messages kept shorter",
        { message_retention_seconds: 1209600 },
        { message_retention_seconds: 86400 },
        "dangerous",
        "“message_retention_seconds” goes down",
      ],
      [
        "no dead-letter queue",
        {
          redrive_policy: JSON.stringify({
            deadLetterTargetArn: "arn:aws:sqs:us-east-1:123456789012:dead",
            maxReceiveCount: 3,
          }),
        },
        { redrive_policy: "" },
        "dangerous",
        "there is no dead-letter queue any more",
      ],
      [
        "visibility",
        { visibility_timeout_seconds: 30 },
        { visibility_timeout_seconds: 60 },
        "review",
        "changes “visibility_timeout_seconds”",
      ],
    ],
    true,
  ),
  ...casesOf(
    "aws_cognito_user_pool",
    { name: "users" },
    [["deleted", {}, gone, "irreversible", "deletes users with their passwords"]],
    true,
  ),
  ...casesOf(
    "aws_efs_file_system",
    { encrypted: true },
    [["deleted", {}, gone, "irreversible", "deletes files"]],
    true,
  ),
  ...casesOf(
    "aws_ebs_volume",
    { availability_zone: "us-east-1a", size: 10 },
    [["deleted", {}, gone, "irreversible", "deletes a disk"]],
    true,
  ),
  ...casesOf("aws_backup_vault", { name: "vault" }, [["deleted", {}, gone, "irreversible", "deletes backups"]], true),
  ...casesOf(
    "aws_api_gateway_api_key",
    { name: "client" },
    [["deleted", {}, gone, "irreversible", "deletes an API key"]],
    true,
  ),
  ...casesOf(
    "aws_db_instance",
    {
      identifier: "orders",
      engine: "postgres",
      instance_class: "db.t4g.micro",
      allocated_storage: 20,
      username: "app",
      password: "correct horse battery",
      skip_final_snapshot: true,
    },
    [
      ["deleted", {}, gone, "irreversible", "deletes a database"],
      ["public", { publicly_accessible: false }, { publicly_accessible: true }, "dangerous", "the internet reaches it"],
      ["one zone", { multi_az: true }, { multi_az: false }, "dangerous", "it no longer stands in several zones"],
      [
        "backups shorter",
        { backup_retention_period: 30 },
        { backup_retention_period: 1 },
        "dangerous",
        "“backup_retention_period” goes down",
      ],
      ["another password", {}, { password: "another horse battery" }, "review", "changes “password”"],
    ],
    true,
  ),
  ...casesOf("aws_cloudwatch_log_group", { name: "/orders", retention_in_days: 365 }, [
    ["deleted", {}, gone, "dangerous", "logs, for good"],
    ["kept shorter", {}, { retention_in_days: 30 }, "dangerous", "logs are kept for “30” instead of “365” days"],
    ["kept longer", { retention_in_days: 30 }, {}, "safe", "logs are kept longer"],
    ["kept for ever, and then not", { retention_in_days: 0 }, {}, "dangerous", "older ones are deleted"],
  ]),
  ...casesOf("aws_s3_bucket_versioning", { bucket: "orders-archive" }, [
    [
      "off",
      { versioning_configuration: { status: "Enabled" } },
      { versioning_configuration: { status: "Suspended" } },
      "dangerous",
      "versions are turned off",
    ],
    ["deleted", { versioning_configuration: { status: "Enabled" } }, gone, "dangerous", "can't be had back"],
  ]),
  ...casesOf("aws_s3_bucket_server_side_encryption_configuration", { bucket: "orders-archive" }, [
    [
      "S3's own key",
      { rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "aws:kms" } }] },
      { rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }] },
      "dangerous",
      "encrypted with S3's key instead of its own",
    ],
  ]),
  ...casesOf("aws_s3_bucket_lifecycle_configuration", { bucket: "orders-archive" }, [
    [
      "deleted sooner",
      { rule: [{ id: "old", status: "Enabled", filter: [{ prefix: "" }], expiration: [{ days: 365 }] }] },
      { rule: [{ id: "old", status: "Enabled", filter: [{ prefix: "" }], expiration: [{ days: 30 }] }] },
      "dangerous",
      "objects are deleted after “30” instead of “365” days",
    ],
  ]),
  ...casesOf("aws_s3_bucket_object_lock_configuration", { bucket: "orders-archive" }, [
    [
      "weaker",
      { rule: { default_retention: { mode: "COMPLIANCE", days: 30 } } },
      { rule: { default_retention: { mode: "GOVERNANCE", days: 30 } } },
      "dangerous",
      "locks on objects can be taken off",
    ],
    [
      "shorter",
      { rule: { default_retention: { mode: "GOVERNANCE", days: 30 } } },
      { rule: { default_retention: { mode: "GOVERNANCE", days: 3 } } },
      "dangerous",
      "new objects are locked for “3” instead of “30”",
    ],
  ]),
  ...casesOf("aws_backup_plan", { name: "daily" }, [
    [
      "kept shorter",
      {
        rule: [
          {
            rule_name: "daily",
            target_vault_name: "vault",
            schedule: "cron(0 5 * * ? *)",
            lifecycle: { delete_after: 35 },
          },
        ],
      },
      {
        rule: [
          {
            rule_name: "daily",
            target_vault_name: "vault",
            schedule: "cron(0 5 * * ? *)",
            lifecycle: { delete_after: 7 },
          },
        ],
      },
      "dangerous",
      "backups are kept for “7” instead of “35” days",
    ],
    [
      "deleted",
      { rule: [{ rule_name: "daily", target_vault_name: "vault" }] },
      gone,
      "dangerous",
      "backups are no longer made",
    ],
  ]),
  ...casesOf(
    "aws_ssm_parameter",
    { name: "/orders/setting" },
    [
      [
        "a secret one deleted",
        { type: "SecureString", value: "correct horse battery" },
        gone,
        "irreversible",
        "deletes a secret parameter",
      ],
      ["deleted", { type: "String", value: "subnet-1" }, gone, "dangerous", "whoever reads it fails"],
    ],
    true,
  ),
];
