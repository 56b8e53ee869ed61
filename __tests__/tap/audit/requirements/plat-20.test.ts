import { plat20 } from "../../../../tap/audit/requirements/plat-20";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { add, adding, bootstrap, changing, nameOf, policy, referenceTo, withoutBootstraps } from "./mutations";

const backend =
  (change: (s3: Attributes) => void): Mutation =>
  (subject, environment) =>
    change(stackOf(subject, environment, "network", "us-west-2").json.terraform?.backend?.s3 as Attributes);

prove(plat20, {
  ...Object.fromEntries(
    ["bucket", "key", "region", "dynamodb_table", "use_lockfile", "encrypt", "kms_key_id"].map((key) => [
      `a backend lacks ${key}`,
      backend((s3) => {
        delete s3[key];
      }),
    ]),
  ),
  "two stacks have one state": backend((s3) => {
    s3.key = "tap-network";
  }),
  "a state is in another account's bucket": backend((s3) => {
    s3.bucket = "tap-state-999999999999-us-east-1";
  }),
  "a state is encrypted with S3's own key": backend((s3) => {
    s3.kms_key_id = "alias/aws/s3";
  }),
});

prove(
  plat20,
  {
    "the bucket may be destroyed": bootstrap((stack) => {
      delete resource(stack, "aws_s3_bucket", "StateBucket").lifecycle;
    }),
    "the bucket keeps no versions": bootstrap((stack) => {
      delete stack.json.resource?.aws_s3_bucket_versioning?.[nameOf(stack, "aws_s3_bucket_versioning", "StateBucket")];
    }),
    "the bucket is encrypted with S3's own key": bootstrap((stack) => {
      resource(stack, "aws_s3_bucket_server_side_encryption_configuration", "StateBucket").rule = [];
    }),
    "the bucket may be public": bootstrap((stack) => {
      resource(stack, "aws_s3_bucket_public_access_block", "StateBucket").restrict_public_buckets = false;
    }),
    "the bucket takes plain HTTP": bootstrap((stack) => {
      resource(stack, "aws_s3_bucket_policy", "StateBucket").policy = '{"Statement":[]}';
    }),
    "access to the bucket is not logged": bootstrap((stack) => {
      delete stack.json.resource?.aws_s3_bucket_logging;
    }),
    "the table may be destroyed": bootstrap((stack) => {
      resource(stack, "aws_dynamodb_table").deletion_protection_enabled = false;
    }),
    "the table is encrypted with DynamoDB's own key": bootstrap((stack) => {
      delete resource(stack, "aws_dynamodb_table").server_side_encryption;
    }),
    "the table locks nothing": bootstrap((stack) => {
      resource(stack, "aws_dynamodb_table").hash_key = "Id";
    }),
    "the key is not rotated": bootstrap((stack) => {
      resource(stack, "aws_kms_key").enable_key_rotation = false;
    }),
    "the key has another alias": bootstrap((stack) => {
      resource(stack, "aws_kms_alias").name = "alias/other";
    }),
    "no account has its bootstrap": withoutBootstraps,
    "an account lacks its bootstrap": (subject, environment) => {
      subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "bootstrap")), 1);
    },
    "states expire": bootstrap((stack) => {
      const [rule] = resource(stack, "aws_s3_bucket_lifecycle_configuration", "StateBucket").rule as Attributes[];
      Object.assign(rule ?? {}, { expiration: [{ days: 90 }] });
    }),
    "states expire by a second lifecycle": bootstrap((stack) =>
      add(stack, "aws_s3_bucket_lifecycle_configuration", {
        bucket: resource(stack, "aws_s3_bucket", "StateBucket").bucket,
        rule: [{ id: "other", status: "Enabled", expiration: [{ days: 1 }] }],
      }),
    ),
    "the bucket is emptied by its destruction": bootstrap((stack) => {
      resource(stack, "aws_s3_bucket", "StateBucket").force_destroy = true;
    }),
    "the key's policy leaves the account out": bootstrap((stack) => {
      resource(stack, "aws_kms_key").policy = '{"Statement":[]}';
    }),
    "the key's root is another account's": bootstrap((stack) => {
      const key = resource(stack, "aws_kms_key");
      key.policy = String(key.policy).replace(/\d{12}/, "999999999999");
    }),
    "the account may decrypt without a service between": policy(
      "aws_kms_key",
      "StateKey",
      "policy",
      changing("AccountAdministers", () => ({ Action: ["kms:*"] })),
    ),
    "the key may be used for other buckets": policy(
      "aws_kms_key",
      "StateKey",
      "policy",
      changing("S3", ({ Condition }) => ({
        Condition: { ...Condition, ArnLike: { "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::*"] } },
      })),
    ),
    "another service may use the key": policy(
      "aws_kms_key",
      "StateKey",
      "policy",
      changing("S3", ({ Condition }) => ({
        Condition: {
          ...Condition,
          StringEquals: { ...Condition?.StringEquals, "kms:ViaService": "ebs.us-east-1.amazonaws.com" },
        },
      })),
    ),
    "another account may use the key": policy(
      "aws_kms_key",
      "StateKey",
      "policy",
      adding({ Principal: { AWS: ["arn:aws:iam::999999999999:root"] }, Action: ["kms:Decrypt"], Resource: ["*"] }),
    ),
    "plain HTTP is denied of another bucket": bootstrap((stack) => {
      const attributes = resource(stack, "aws_s3_bucket_policy", "StateBucket");
      attributes.policy = String(attributes.policy).replaceAll(":::tap-state-", ":::tap-other-");
    }),
    "plain HTTP is denied of the bucket and not its objects": bootstrap((stack) => {
      const attributes = resource(stack, "aws_s3_bucket_policy", "StateBucket");
      attributes.policy = String(attributes.policy).replace(/,"[^"]*\/\*"/, "");
    }),
    "another account may read states": policy("aws_s3_bucket_policy", "StateBucket", "policy", (statements) => [
      ...statements,
      {
        Sid: "Added",
        Effect: "Allow",
        Principal: { AWS: ["arn:aws:iam::999999999999:root"] },
        Action: ["s3:GetObject"],
        Resource: ["*"],
      },
    ]),
    "everyone may read states": policy(
      "aws_s3_bucket_policy",
      "StateBucket",
      "policy",
      adding({ Principal: "*", Action: ["s3:GetObject"], Resource: ["*"] }),
    ),
    "a second policy replaces the bucket's": bootstrap((stack) =>
      add(stack, "aws_s3_bucket_policy", {
        bucket: referenceTo(stack, "aws_s3_bucket", "StateBucket", "bucket"),
        policy: '{"Statement":[]}',
      }),
    ),
    "the bucket of access logs may be public": bootstrap((stack) => {
      const name = nameOf(stack, "aws_s3_bucket_public_access_block", "AccessLogBucket");
      delete stack.json.resource?.aws_s3_bucket_public_access_block?.[name];
    }),
    "access is logged into the bucket itself": bootstrap((stack) => {
      resource(stack, "aws_s3_bucket_logging").target_bucket = referenceTo(stack, "aws_s3_bucket", "StateBucket", "id");
    }),
  },
  { environments: ["dev", "staging", "prod"], alone: true },
);
