import { str04 } from "../../../../tap/audit/requirements/str-04";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { synthesizeFailedOver } from "../../../support/failed-over";
import { type Mutation, prove } from "../../../support/prove";
import { backend, copied, resource } from "../../../support/synthesized";
import { add, adding, assign, changing, nameOf, remove, rewrite, without } from "./mutations";
import { judgedOn, roleAllowed, stream, streamResource, streamRights, streamSetting } from "./stream-mutations";

/** Adds another thing of a type beside what is there, as it is but for some attributes. */
const another = (type: string, name: string, attributes: Attributes): Mutation =>
  stream((stack) => add(stack, type, { ...resource(stack, type, name), ...attributes }));

const notification = (attributes: Attributes) => streamSetting("aws_s3_bucket_notification", undefined, attributes);

/** Changes the one queue that the notification names. */
const landed = (attributes: Attributes): Mutation =>
  streamResource("aws_s3_bucket_notification", undefined, ({ queue }) =>
    assign((queue as Attributes[])[0] as Attributes, attributes),
  );

const mapping = (attributes: Attributes) =>
  streamSetting("aws_lambda_event_source_mapping", "LandedObjects", attributes);

const queue = (attributes: Attributes) => streamSetting("aws_sqs_queue", "Imports_Queue", attributes);

const queuePolicy = (change: Parameters<typeof rewrite>[2]) =>
  streamResource("aws_sqs_queue_policy", "Imports_Queue_Policy", (attributes) => rewrite(attributes, "policy", change));

const setting = (type: string, attributes: Attributes) => streamSetting(`aws_s3_bucket_${type}`, "Bucket_", attributes);

const rule = (change: (rule: Attributes) => void): Mutation =>
  streamResource("aws_s3_bucket_lifecycle_configuration", "Bucket_Lifecycle", ({ rule: rules }) =>
    change((rules as Attributes[])[0] as Attributes),
  );

function queueReference(stack: StackJson, part: string): string {
  return `\${aws_sqs_queue.${nameOf(stack, "aws_sqs_queue", part)}.arn}`;
}

/** What holds of a bucket that the stack makes. */
const made: Record<string, Mutation> = {
  "there is no bucket": stream((stack) => remove(stack, "aws_s3_bucket", "Bucket")),
  "there is a second bucket": another("aws_s3_bucket", "Bucket_", { bucket: "tap-stream-other" }),
  "the bucket has another name": streamSetting("aws_s3_bucket", "Bucket_", { bucket: "records" }),
  "no versions are kept": setting("versioning", { versioning_configuration: { status: "Suspended" } }),
  "versions are left to the default": stream((stack) => remove(stack, "aws_s3_bucket_versioning", "Bucket_V")),
  "objects are under AWS's own key": setting("server_side_encryption_configuration", {
    rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "aws:kms" }, bucket_key_enabled: true }],
  }),
  "S3 may not use the key for the bucket": streamResource("aws_kms_key", "Key_", (key) =>
    rewrite(key, "policy", without("S3")),
  ),
  "each object costs a call to KMS": streamResource(
    "aws_s3_bucket_server_side_encryption_configuration",
    "Bucket_E",
    ({ rule: rules }) => {
      ((rules as Attributes[])[0] as Attributes).bucket_key_enabled = false;
    },
  ),
  "old versions are kept for ever": rule((each) => {
    delete each.noncurrent_version_expiration;
  }),
  "unfinished uploads are kept": rule((each) => {
    delete each.abort_incomplete_multipart_upload;
  }),
  "objects expire at another time than configured": rule((each) => {
    each.expiration = [{ days: 1 }];
  }),
  "the lifecycle is switched off": rule((each) => {
    each.status = "Disabled";
  }),
  "the lifecycle is of some objects alone": rule((each) => {
    each.filter = [{ prefix: "records/" }];
  }),
  "there is no lifecycle": stream((stack) => remove(stack, "aws_s3_bucket_lifecycle_configuration", "Bucket_L")),
  "public access isn't blocked": setting("public_access_block", { restrict_public_buckets: false }),
  "public access is left to the account": stream((stack) =>
    remove(stack, "aws_s3_bucket_public_access_block", "Bucket_P"),
  ),
  "objects belong to who wrote them": setting("ownership_controls", { rule: { object_ownership: "ObjectWriter" } }),
  "the bucket has an access list": stream((stack) =>
    add(stack, "aws_s3_bucket_acl", {
      bucket: resource(stack, "aws_s3_bucket_versioning", "Bucket_V").bucket,
      acl: "public-read",
    }),
  ),
  "plain HTTP is taken": stream((stack) => remove(stack, "aws_s3_bucket_policy", "Bucket_Policy")),
  "plain HTTP is taken for objects": streamResource("aws_s3_bucket_policy", "Bucket_Policy", (policy) =>
    rewrite(
      policy,
      "policy",
      changing("DenyPlainHttp", ({ Resource }) => ({ Resource: Resource?.slice(0, 1) })),
    ),
  ),
  "the bucket lets another account in": streamResource("aws_s3_bucket_policy", "Bucket_Policy", (policy) =>
    rewrite(policy, "policy", adding({ Principal: { AWS: "999999999999" }, Action: "s3:*", Resource: "*" })),
  ),
  "the importer is told of another bucket": streamResource("aws_lambda_function", "import", ({ environment }) => {
    (environment as { variables: Attributes }).variables.BUCKET_NAME = "other";
  }),
};

/** What holds of whichever bucket the system works on. */
const landing: Record<string, Mutation> = {
  "nothing is told of new objects": stream((stack) => remove(stack, "aws_s3_bucket_notification", "Notification")),
  "a second notification overwrites the first": another("aws_s3_bucket_notification", "Notification", { queue: [] }),
  "the notification is of another bucket": notification({ bucket: "other" }),
  "EventBridge is off, and AWS Backup blind": notification({ eventbridge: false }),
  "EventBridge is left out": notification({ eventbridge: undefined }),
  "a function is told as well": notification({
    lambda_function: [{ lambda_function_arn: "arn:x", events: ["s3:ObjectRemoved:*"] }],
  }),
  "objects are told of wherever they are": landed({ filter_prefix: undefined }),
  "objects are told of elsewhere": landed({ filter_prefix: "records/" }),
  "some objects aren't told of": landed({ filter_suffix: ".json" }),
  "copies aren't told of": landed({ events: ["s3:ObjectCreated:Put"] }),
  "another queue is told": stream((stack) => {
    const [first] = resource(stack, "aws_s3_bucket_notification").queue as Attributes[];
    (first as Attributes).queue_arn = queueReference(stack, "Imports_DeadLetters");
  }),

  "the importer is fed by nothing": stream((stack) =>
    remove(stack, "aws_lambda_event_source_mapping", "LandedObjects"),
  ),
  "the importer is fed from its dead letters": stream((stack) => {
    resource(stack, "aws_lambda_event_source_mapping", "LandedObjects").event_source_arn = queueReference(
      stack,
      "Imports_DeadLetters",
    );
  }),
  "the importer is fed twice": another("aws_lambda_event_source_mapping", "LandedObjects", {}),
  "ten objects are imported by one invocation": mapping({ batch_size: 10 }),
  "a failure fails the batch": mapping({ function_response_types: undefined }),
  "the queue takes more invocations than are reserved": mapping({ scaling_config: { maximum_concurrency: 1000 } }),
  "the importer isn't fed": mapping({ enabled: false }),
  "objects are received again while they are imported": queue({ visibility_timeout_seconds: 300 }),
  "messages are kept for a day": queue({ message_retention_seconds: 86_400 }),
  "messages are given out later": queue({ delay_seconds: 900 }),
  "a message is tried a thousand times": streamResource("aws_sqs_queue", "Imports_Queue", (attributes) => {
    attributes.redrive_policy = String(attributes.redrive_policy).replace(
      /"maxReceiveCount":\d+/,
      '"maxReceiveCount":1000',
    );
  }),

  "the bucket may not send": queuePolicy(without("BucketSends")),
  "each bucket of the account may send": queuePolicy(
    changing("BucketSends", ({ Condition }) => ({ Condition: { StringEquals: Condition?.StringEquals ?? {} } })),
  ),
  "a bucket of that name of whatever account may send": queuePolicy(
    changing("BucketSends", ({ Condition }) => ({ Condition: { ArnEquals: Condition?.ArnEquals ?? {} } })),
  ),
  "another bucket may send": queuePolicy(
    changing("BucketSends", ({ Condition }) => ({
      Condition: { ...Condition, ArnEquals: { "aws:SourceArn": "arn:aws:s3:::other" } },
    })),
  ),
  "everybody may send": queuePolicy(changing("BucketSends", () => ({ Principal: "*" }))),
  "S3 may receive too": queuePolicy(
    changing("BucketSends", () => ({ Action: ["sqs:SendMessage", "sqs:ReceiveMessage"] })),
  ),
  "another account may send": queuePolicy(
    adding({ Principal: { AWS: "999999999999" }, Action: "sqs:SendMessage", Resource: "*" }),
  ),
  "the queue has a second policy": another("aws_sqs_queue_policy", "Imports_Queue_Policy", {}),
  "S3 may not use the queue's key": streamResource("aws_kms_key", "Key_", (key) =>
    rewrite(key, "policy", without("Publishs3amazonawscom")),
  ),
  "ingest may send": streamRights("ingest", adding({ Action: ["sqs:SendMessage"], Resource: ["*"] })),
  "consume may do everything with queues": streamRights("consume", adding({ Action: ["sqs:*"], Resource: ["*"] })),
  "a role beside the functions may send": roleAllowed("sqs:Send*"),
  "the importer can't send what is left": streamRights("import", without("SendImports")),
  "the importer isn't let receive": streamRights("import", without("ConsumeImports")),
  "the importer may empty its queue": streamRights(
    "import",
    changing("ConsumeImports", ({ Action }) => ({ Action: [...(Action ?? []), "sqs:PurgeQueue"] })),
  ),

  "the importer can't read what is landed": streamRights("import", without("BucketObjects")),
  "the importer reads whatever is there": streamRights(
    "import",
    changing("BucketObjects", ({ Resource }) => ({ Resource: [String(Resource).replace("incoming/", "")] })),
  ),
  "the importer may delete": streamRights("import", adding({ Action: ["s3:DeleteObject"], Resource: ["*"] })),
  "the consumer may land objects itself": streamRights(
    "consume",
    changing("BucketObjects", ({ Resource }) => ({ Resource: [String(Resource).replace("records/", "")] })),
  ),
  "ingest may read objects": streamRights("ingest", adding({ Action: ["s3:GetObject"], Resource: ["*"] })),
};

prove(str04, { ...made, ...landing }, judgedOn("stream"));

describe("after a failover", () => {
  const { stacks, environments, remove: removeOutdir } = synthesizeFailedOver();
  removeOutdir();

  prove(
    str04,
    {
      "the bucket of before is told of": notification({ bucket: "tap-stream-records-prod-us-east-1-333333333333" }),
      "the importer works on the bucket of before": streamResource(
        "aws_lambda_function",
        "import",
        ({ environment }) => {
          (environment as { variables: Attributes }).variables.BUCKET_NAME =
            "tap-stream-records-prod-us-east-1-333333333333";
        },
      ),
      "the bucket of before may send, and the replica not": queuePolicy(
        changing("BucketSends", ({ Condition }) => ({
          Condition: {
            ...Condition,
            ArnEquals: { "aws:SourceArn": "arn:aws:s3:::tap-stream-records-prod-us-east-1-333333333333" },
          },
        })),
      ),
      "nothing is told of new objects": landing["nothing is told of new objects"] as Mutation,
      "EventBridge is off, and AWS Backup blind": landing["EventBridge is off, and AWS Backup blind"] as Mutation,
      "S3 may not use the queue's key": landing["S3 may not use the queue's key"] as Mutation,
    },
    {
      environments: ["prod"],
      synthesized: () =>
        copied({ stacks: stacks.filter(({ component }) => component === "stream"), environments, backend }),
    },
  );
});
