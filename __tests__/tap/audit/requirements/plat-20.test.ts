import { plat20 } from "../../../../tap/audit/requirements/plat-20";
import type { Attributes, StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";

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

const storage =
  (change: (stack: StackJson) => void): Mutation =>
  (subject, environment) =>
    change(stackOf(subject, environment, "bootstrap"));

prove(
  plat20,
  {
    "the bucket may be destroyed": storage((stack) => {
      delete resource(stack, "aws_s3_bucket", "StateBucket").lifecycle;
    }),
    "the bucket keeps no versions": storage((stack) => {
      delete stack.json.resource?.aws_s3_bucket_versioning?.[nameOf(stack, "aws_s3_bucket_versioning", "StateBucket")];
    }),
    "the bucket is encrypted with S3's own key": storage((stack) => {
      resource(stack, "aws_s3_bucket_server_side_encryption_configuration", "StateBucket").rule = [];
    }),
    "the bucket may be public": storage((stack) => {
      resource(stack, "aws_s3_bucket_public_access_block", "StateBucket").restrict_public_buckets = false;
    }),
    "the bucket takes plain HTTP": storage((stack) => {
      resource(stack, "aws_s3_bucket_policy", "StateBucket").policy = '{"Statement":[]}';
    }),
    "access to the bucket is not logged": storage((stack) => {
      delete stack.json.resource?.aws_s3_bucket_logging;
    }),
    "the table may be destroyed": storage((stack) => {
      resource(stack, "aws_dynamodb_table").deletion_protection_enabled = false;
    }),
    "the table is encrypted with DynamoDB's own key": storage((stack) => {
      delete resource(stack, "aws_dynamodb_table").server_side_encryption;
    }),
    "the table locks nothing": storage((stack) => {
      resource(stack, "aws_dynamodb_table").hash_key = "Id";
    }),
    "the key is not rotated": storage((stack) => {
      resource(stack, "aws_kms_key").enable_key_rotation = false;
    }),
    "the key has another alias": storage((stack) => {
      resource(stack, "aws_kms_alias").name = "alias/other";
    }),
  },
  { environments: ["dev", "staging", "prod"] },
);

function nameOf(stack: StackJson, type: string, part: string): string {
  const names = Object.keys(stack.json.resource?.[type] ?? {}).filter((name) => name.includes(part));
  if (names.length !== 1) throw new Error(`${stack.id} has ${names.length} ${type} with "${part}" in their names`);
  return names[0] as string;
}
