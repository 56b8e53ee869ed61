import { str09 } from "../../../../tap/audit/requirements/str-09";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { delivery } from "./delivery-mutations";
import { add, assign, jobs, network, remove, security } from "./mutations";
import { judgedOn, stream, streamResource, streamSetting } from "./stream-mutations";

const going = ["dev", "staging", "pr12"];
const judged = judgedOn("stream", "security", "network us-west-2", "jobs", "delivery");

const of =
  (mutation: (mutate: (stack: StackJson) => void) => Mutation) =>
  (type: string, name: string | undefined, attributes: Attributes): Mutation =>
    mutation((stack) => assign(resource(stack, type, name), attributes));

const ofSecurity = of(security);
const ofNetwork = of(network);
const ofJobs = of(jobs);

/** Takes one dependency of a resource away. */
const early =
  (component: string, type: string, name: string | undefined, on: string): Mutation =>
  (subject, environment) => {
    const attributes = resource(stackOf(subject, environment, component), type, name);
    const waits = attributes.depends_on as string[];
    attributes.depends_on = waits.filter((address) => !address.includes(on));
  };

const setting =
  (attributes: object): Mutation =>
  (subject, environment) =>
    Object.assign(subject.environments.find((each) => each.environmentSuffix === environment) ?? {}, attributes);

const preventing = { lifecycle: { prevent_destroy: true } };

const order: Record<string, Mutation> = {
  "a function goes before its log group": early("stream", "aws_lambda_function", "ingest", "aws_cloudwatch_log_group"),
  "a function goes after its rights": early("stream", "aws_lambda_function", "import", "data-access"),
  "a function of the jobs goes after what it needs to run": early(
    "jobs",
    "aws_lambda_function",
    "submit",
    "basic-execution",
  ),
  "the stream is read without rights": early("stream", "aws_lambda_event_source_mapping", "Records", "data-access"),
  "a queue is read without rights": early(
    "stream",
    "aws_lambda_event_source_mapping",
    "LandedObjects",
    "basic-execution",
  ),
  "the jobs' queue is read without rights": early("jobs", "aws_lambda_event_source_mapping", undefined, "data-access"),
  "a bucket is told of a queue that doesn't let it in": early(
    "stream",
    "aws_s3_bucket_notification",
    undefined,
    "aws_sqs_queue_policy",
  ),
  "a secret is rotated by a function that may not be called": early(
    "stream",
    "aws_secretsmanager_secret_rotation",
    undefined,
    "aws_lambda_permission",
  ),
  "a secret is rotated by a function without rights": early(
    "stream",
    "aws_secretsmanager_secret_rotation",
    undefined,
    "data-access",
  ),
  "a flow log has no rights": early("network", "aws_flow_log", undefined, "aws_iam_role_policy"),
  "a lifecycle comes before versions": early(
    "stream",
    "aws_s3_bucket_lifecycle_configuration",
    "Bucket_Lifecycle",
    "versioning",
  ),
};

const keys: Record<string, Mutation> = {
  "a key goes at another time than configured": streamSetting("aws_kms_key", "Key_", { deletion_window_in_days: 15 }),
  "a key goes when KMS likes": ofNetwork("aws_kms_key", "FlowLogKey", { deletion_window_in_days: undefined }),
  "keys go after a day": (subject, environment) => {
    setting({ kms: { deletionWindowDays: 1 } })(subject, environment);
    for (const { json } of subject.stacks)
      for (const key of Object.values(json.resource?.aws_kms_key ?? {})) key.deletion_window_in_days = 1;
  },
};

prove(
  str09,
  {
    ...order,
    ...keys,
    "the environment is protected": setting({ deletionProtection: true }),
    "a table is kept": streamSetting("aws_dynamodb_table", undefined, preventing),
    "a table has deletion protection": ofJobs("aws_dynamodb_table", undefined, { deletion_protection_enabled: true }),
    "a bucket is kept": ofJobs("aws_s3_bucket", "Results", preventing),
    "a bucket goes only when it is empty": streamSetting("aws_s3_bucket", "Bucket_", { force_destroy: undefined }),
    "the access logs stay": ofSecurity("aws_s3_bucket", "AccessLog", { force_destroy: false }),
    "a bucket locks its objects": streamSetting("aws_s3_bucket", "Bucket_", { object_lock_enabled: true }),
    "releases can't be removed by anybody": of(delivery)("aws_s3_bucket_object_lock_configuration", undefined, {
      rule: { default_retention: { mode: "COMPLIANCE", days: 1 } },
    }),
    "the bucket of releases goes only when it is empty": of(delivery)("aws_s3_bucket", undefined, {
      force_destroy: undefined,
    }),
    "objects are locked": stream((stack) =>
      add(stack, "aws_s3_bucket_object_lock_configuration", { bucket: "x", rule: {} }),
    ),
    "the vault goes only when it is empty": ofSecurity("aws_backup_vault", "Backups", { force_destroy: undefined }),
    "the vault is locked": security((stack) =>
      add(stack, "aws_backup_vault_lock_configuration", { backup_vault_name: "x", min_retention_days: 7 }),
    ),
    "the secret's name stays blocked": streamSetting("aws_secretsmanager_secret", undefined, {
      recovery_window_in_days: 7,
    }),
    "the secret's name is blocked as long as AWS likes": streamSetting("aws_secretsmanager_secret", undefined, {
      recovery_window_in_days: undefined,
    }),
    "the stream stays while somebody reads it": streamSetting("aws_kinesis_stream", undefined, {
      enforce_consumer_deletion: undefined,
    }),
    "a key is kept": streamSetting("aws_kms_key", "Key_", preventing),
    "the network is kept": ofNetwork("aws_vpc", "Vpc", preventing),
    "a log group stays behind": streamSetting("aws_cloudwatch_log_group", "rotate", { skip_destroy: true }),
    "versions of a function stay behind": streamSetting("aws_lambda_function", "rotate", { skip_destroy: true }),
    "something that nobody thought of is protected": stream((stack) =>
      add(stack, "aws_cognito_user_pool", { name: "x", deletion_protection: "ACTIVE" }),
    ),
  },
  { ...judged, environments: going },
);

prove(
  str09,
  {
    ...order,
    ...keys,
    "the environment isn't protected": setting({ deletionProtection: false }),
    "a table isn't kept": streamSetting("aws_dynamodb_table", undefined, {
      lifecycle: { ignore_changes: ["replica"] },
    }),
    "a table has no deletion protection": ofJobs("aws_dynamodb_table", undefined, {
      deletion_protection_enabled: false,
    }),
    "a replica isn't kept": streamSetting("aws_dynamodb_table_replica", undefined, { lifecycle: undefined }),
    "a replica has no deletion protection": streamSetting("aws_dynamodb_table_replica", undefined, {
      deletion_protection_enabled: undefined,
    }),
    "a bucket isn't kept": ofJobs("aws_s3_bucket", "Results_Bucket", { lifecycle: undefined }),
    "a bucket is emptied": streamSetting("aws_s3_bucket", "Bucket_", { force_destroy: true }),
    "the replica of a bucket isn't kept": stream((stack) => {
      const [replica] = Object.values(stack.json.resource?.aws_s3_bucket ?? {}).filter(({ region }) => region);
      delete replica?.lifecycle;
    }),
    "the trail's bucket isn't kept": ofSecurity("aws_s3_bucket", "AuditTrail", { lifecycle: undefined }),
    "the vault isn't kept": ofSecurity("aws_backup_vault", "Backups", { lifecycle: undefined }),
    "the vault is emptied": ofSecurity("aws_backup_vault", "Backups", { force_destroy: true }),
    "the vault isn't locked": security((stack) => remove(stack, "aws_backup_vault_lock_configuration", "Backups")),
    "another vault is locked": ofSecurity("aws_backup_vault_lock_configuration", "Backups", {
      backup_vault_name: "other",
    }),
    "the secret is gone at once": streamSetting("aws_secretsmanager_secret", undefined, {
      recovery_window_in_days: 0,
    }),
    "the secret isn't kept": streamSetting("aws_secretsmanager_secret", undefined, { lifecycle: undefined }),
    "the stream isn't kept": streamResource("aws_kinesis_stream", undefined, (attributes) => {
      delete attributes.lifecycle;
    }),
    "the stream goes while somebody reads it": streamSetting("aws_kinesis_stream", undefined, {
      enforce_consumer_deletion: true,
    }),
    "a key isn't kept": streamSetting("aws_kms_key", "Key_", { lifecycle: undefined }),
    "the network isn't kept": ofNetwork("aws_vpc", "Vpc", { lifecycle: { prevent_destroy: false } }),
    "the trail starts before its bucket lets it in": early("security", "aws_cloudtrail", undefined, "bucket_policy"),
    "the trail starts before it may write its log": early(
      "security",
      "aws_cloudtrail",
      undefined,
      "aws_iam_role_policy",
    ),
  },
  { ...judged, environments: ["prod"] },
);
