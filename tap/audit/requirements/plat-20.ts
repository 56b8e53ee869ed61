import type { Environment } from "../../../config/environment";
import { expectThat, type Finding, judgeEach, type Requirement, type Subject, sameJson } from "../requirement";
import { type Attributes, type Resource, reference, resourcesOf, type StackJson, statementsOf } from "../stack-json";

export const plat20: Requirement = {
  id: "PLAT-20",
  checks:
    "Every stack's state is in the account's bucket under its own id, locked by table and lock file, encrypted with the customer key; no two stacks share one; bootstrap makes bucket, table and key, protected.",
  why: "A state that is shared, unlocked or lost is the one thing that Terraform can't bring back.",
  judge: (subject) => [
    ...judgeEach(subject, "all", (stack, environment) => backendOf(stack, environment, subject)),
    ...sharedKeys(subject),
    ...(subject.stacks.some(({ component }) => component === "bootstrap")
      ? judgeEach(subject, "bootstrap", (stack, environment) => storage(stack, environment, subject))
      : []),
  ],
};

function backendOf(stack: StackJson, { accountId, account }: Environment, { backend }: Subject): Finding[] {
  const expected = {
    bucket: `tap-state-${accountId}-${account.region}`,
    key: stack.id,
    region: account.region,
    ...backend,
  };
  return [
    ...expectThat(
      sameJson(stack.json.terraform?.backend?.s3, expected),
      stack,
      `must have its state in ${JSON.stringify(expected)}`,
    ),
    ...expectThat(
      backend.encrypt && backend.use_lockfile && backend.kms_key_id.startsWith("alias/"),
      stack,
      "must have its state encrypted and locked",
    ),
  ];
}

function sharedKeys({ stacks }: Subject): Finding[] {
  const places = stacks.map(
    (stack) =>
      `${(stack.json.terraform?.backend?.s3 as Attributes | undefined)?.bucket}/${(stack.json.terraform?.backend?.s3 as Attributes | undefined)?.key}`,
  );
  return stacks.flatMap((stack, index) =>
    expectThat(
      places.indexOf(places[index] as string) === index,
      stack,
      `shares its state ${places[index]} with another stack`,
    ),
  );
}

function storage(stack: StackJson, { accountId, account }: Environment, { backend }: Subject): Finding[] {
  const bucket = find(stack, "aws_s3_bucket", "bucket", `tap-state-${accountId}-${account.region}`);
  const table = find(stack, "aws_dynamodb_table", "name", backend.dynamodb_table);
  const alias = find(stack, "aws_kms_alias", "name", backend.kms_key_id);
  const key = resourcesOf(stack, "aws_kms_key").find(
    ({ address }) => alias?.attributes.target_key_id === reference(`${address}.key_id`),
  );
  if (bucket === undefined || table === undefined || key === undefined)
    return [
      { stack: stack.id, message: "must make the bucket, the table and the key with its alias that all states use" },
    ];
  return [
    ...[bucket, table, key].flatMap(({ attributes, address }) =>
      expectThat(
        sameJson(attributes.lifecycle, { prevent_destroy: true }),
        stack,
        "is not protected from destruction",
        address,
      ),
    ),
    ...expectThat(key.attributes.enable_key_rotation === true, stack, "is not rotated", key.address),
    ...bucketSettings(stack, bucket, key),
    ...tableSettings(stack, table, key),
  ];
}

function bucketSettings(stack: StackJson, bucket: Resource, key: Resource): Finding[] {
  const of = (type: string) =>
    resourcesOf(stack, type).find(({ attributes }) => attributes.bucket === reference(`${bucket.address}.id`))
      ?.attributes ?? {};
  const keyUsed = JSON.stringify(of("aws_s3_bucket_server_side_encryption_configuration").rule ?? "").includes(
    reference(`${key.address}.arn`),
  );
  const access = of("aws_s3_bucket_public_access_block");
  const denials = statementsOf(of("aws_s3_bucket_policy").policy).filter(
    ({ Effect, Condition }) => Effect === "Deny" && Condition?.Bool?.["aws:SecureTransport"] === "false",
  );
  const checks: [string, boolean][] = [
    ["versions", sameJson(of("aws_s3_bucket_versioning").versioning_configuration, { status: "Enabled" })],
    ["the customer key", keyUsed],
    [
      "public access blocked",
      ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"].every(
        (setting) => access[setting] === true,
      ),
    ],
    ["TLS only", denials.length === 1],
    ["access logs", of("aws_s3_bucket_logging").target_bucket !== undefined],
  ];
  return checks.flatMap(([what, holds]) => expectThat(holds, stack, `lacks ${what}`, bucket.address));
}

function tableSettings(stack: StackJson, { attributes, address }: Resource, key: Resource): Finding[] {
  return [
    ...expectThat(attributes.hash_key === "LockID", stack, "is no lock table of Terraform's", address),
    ...expectThat(
      sameJson(attributes.server_side_encryption, { enabled: true, kms_key_arn: reference(`${key.address}.arn`) }),
      stack,
      "lacks the customer key",
      address,
    ),
    ...expectThat(attributes.deletion_protection_enabled === true, stack, "lacks deletion protection", address),
  ];
}

function find(stack: StackJson, type: string, attribute: string, value: string): Resource | undefined {
  return resourcesOf(stack, type).find(({ attributes }) => attributes[attribute] === value);
}
