import type { Environment } from "../../../config/environment";
import type { Attributes } from "../../graph/terraform-json";
import { stateRegions } from "../account-arns";
import { type KeyUse, keyPolicyProblems, keyUses } from "../key-policy";
import { sameInPolicy } from "../policies";
import {
  expectThat,
  type Finding,
  judgeBootstraps,
  judgeEach,
  type Requirement,
  type Subject,
  sameJson,
} from "../requirement";
import { type Resource, reference, resourcesOf, type StackJson, statementsOf } from "../stack-json";
import { stateKeyOf } from "../state-key";

export const plat20: Requirement = {
  id: "PLAT-20",
  checks:
    "Every stack's state is in the account's bucket under its own id, locked by table and lock file, encrypted with the customer key; no two stacks share one; bootstrap makes bucket, table and key, protected, also where they are replicated to.",
  why: "A state that is shared, unlocked or lost is the one thing that Terraform can't bring back.",
  judge: (subject) => [
    ...judgeEach(subject, "all", (stack, environment) => backendOf(stack, environment, subject)),
    ...sharedKeys(subject),
    ...judgeBootstraps(subject, (stack, environment) =>
      stateRegions(environment.account).flatMap((region) => storage(stack, environment, subject, region)),
    ),
  ],
};

function backendOf(stack: StackJson, { accountId, account }: Environment, { backend }: Subject): Finding[] {
  const expected = {
    bucket: `tap-state-${accountId}-${account.stateRegion}`,
    key: stack.id,
    region: account.stateRegion,
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

function storage(stack: StackJson, { accountId }: Environment, subject: Subject, region: string): Finding[] {
  const { backend } = subject;
  const bucket = find(stack, region, "aws_s3_bucket", "bucket", `tap-state-${accountId}-${region}`);
  const table = find(stack, region, "aws_dynamodb_table", "name", backend.dynamodb_table);
  const key = stateKeyOf(stack, backend, region);
  if (bucket === undefined || table === undefined || key === undefined)
    return [
      {
        stack: stack.id,
        message: `must make the bucket, the table and the key with its alias that all states use in ${region}`,
      },
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
    ...stateKeyUses(subject, stack, key, bucket, table),
    ...bucketSettings(stack, bucket, key),
    ...contents(stack, bucket),
    ...bucketPolicy(stack, bucket, accountId),
    ...accessLogs(stack, bucket),
    ...tableSettings(stack, table, key),
  ];
}

/** Used by S3 and DynamoDB alone, for the bucket and the table of the states. */
function stateKeyUses(
  { graph }: Subject,
  stack: StackJson,
  key: Resource,
  bucket: Resource,
  table: Resource,
): Finding[] {
  const node = graph.node(`${stack.id}/${key.address}`);
  if (node === undefined) return [{ stack: stack.id, address: key.address, message: "is not in the graph" }];
  const bucketArn = `arn:aws:s3:::${bucket.attributes.bucket}`;
  const tableName = String(table.attributes.name);
  const expected: KeyUse[] = [
    { service: "s3", by: "caller", context: "aws:s3:arn", values: [bucketArn, `${bucketArn}/*`] },
    { service: "dynamodb", by: "caller", context: "aws:dynamodb:tableName", values: [tableName, `${tableName}-*`] },
  ];
  const asTexts = (uses: readonly KeyUse[]) => uses.map((use) => JSON.stringify(use));
  return [
    ...keyPolicyProblems(graph, node, String(node.accountId)),
    ...(sameInPolicy(asTexts(keyUses(graph, node)), asTexts(expected))
      ? []
      : [`must be used for the states alone: ${JSON.stringify(expected)}`]),
  ].map((message) => ({ stack: stack.id, address: key.address, message }));
}

/** What a stack says of one of its buckets in resources of a type, by whatever it names the bucket. */
function settingsOf(stack: StackJson, type: string, { address, attributes: { bucket } }: Resource): Attributes[] {
  const names = [reference(`${address}.id`), reference(`${address}.bucket`), bucket];
  return resourcesOf(stack, type)
    .filter(({ attributes }) => names.includes(attributes.bucket))
    .map(({ attributes }) => attributes);
}

/** The one resource of a type that is about a bucket; where there are two, they undo each other. */
function settingOf(stack: StackJson, type: string, bucket: Resource): Attributes {
  const [setting, ...others] = settingsOf(stack, type, bucket);
  return others.length === 0 ? (setting ?? {}) : {};
}

function bucketSettings(stack: StackJson, bucket: Resource, key: Resource): Finding[] {
  const encryption = settingOf(stack, "aws_s3_bucket_server_side_encryption_configuration", bucket);
  const versioning = settingOf(stack, "aws_s3_bucket_versioning", bucket);
  const checks: [string, boolean][] = [
    ["versions", sameJson(versioning.versioning_configuration, { status: "Enabled" })],
    ["the customer key", JSON.stringify(encryption.rule ?? "").includes(reference(`${key.address}.arn`))],
    ["public access blocked", isPrivate(stack, bucket)],
  ];
  return checks.flatMap(([what, holds]) => expectThat(holds, stack, `lacks ${what}`, bucket.address));
}

function isPrivate(stack: StackJson, bucket: Resource): boolean {
  const access = settingOf(stack, "aws_s3_bucket_public_access_block", bucket);
  return ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"].every(
    (setting) => access[setting] === true,
  );
}

/** A state that nobody changes for long is still the state: only versions before it may go. */
function contents(stack: StackJson, bucket: Resource): Finding[] {
  const rules = settingsOf(stack, "aws_s3_bucket_lifecycle_configuration", bucket).flatMap(({ rule }) =>
    [rule ?? []].flat(),
  ) as Attributes[];
  const { lifecycle_rule, force_destroy } = bucket.attributes;
  return [
    ...expectThat(
      lifecycle_rule === undefined && rules.every(({ expiration }) => expiration === undefined),
      stack,
      "lets states expire",
      bucket.address,
    ),
    ...expectThat(force_destroy !== true, stack, "may be emptied by its destruction", bucket.address),
  ];
}

function bucketPolicy(stack: StackJson, bucket: Resource, accountId: string): Finding[] {
  const arn = `arn:aws:s3:::${bucket.attributes.bucket}`;
  const tlsOnly = {
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:*"],
    Resource: [arn, `${arn}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  const statements = statementsOf(settingOf(stack, "aws_s3_bucket_policy", bucket).policy);
  const strangers = statements.filter(
    ({ Effect, Principal, NotPrincipal }) =>
      Effect !== "Deny" && (NotPrincipal !== undefined || !isOfAccount(Principal, accountId)),
  );
  return [
    ...expectThat(
      statements.some(({ Sid, ...statement }) => sameInPolicy(statement, tlsOnly)),
      stack,
      "lacks TLS only",
      bucket.address,
    ),
    ...strangers.map(({ Sid }) => ({
      stack: stack.id,
      address: bucket.address,
      message: `lets others than the account's own in by its statement ${Sid}`,
    })),
  ];
}

function isOfAccount(principal: unknown, accountId: string): boolean {
  const { AWS, ...others } = (typeof principal === "object" && principal !== null ? principal : {}) as Attributes;
  const arns = [AWS ?? []].flat().map(String);
  return (
    Object.keys(others).length === 0 &&
    arns.length > 0 &&
    arns.every((arn) => arn.startsWith(`arn:aws:iam::${accountId}:`))
  );
}

/** Who read which state is told by logs, in another bucket that is as private. */
function accessLogs(stack: StackJson, bucket: Resource): Finding[] {
  const { target_bucket } = settingOf(stack, "aws_s3_bucket_logging", bucket);
  const target = resourcesOf(stack, "aws_s3_bucket").find(
    ({ address }) => address !== bucket.address && target_bucket === reference(`${address}.id`),
  );
  if (target === undefined)
    return [{ stack: stack.id, address: bucket.address, message: "lacks access logs in another bucket of the stack" }];
  return expectThat(isPrivate(stack, target), stack, "lacks public access blocked", target.address);
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

function find(stack: StackJson, region: string, type: string, attribute: string, value: string): Resource | undefined {
  return resourcesOf(stack, type).find(
    ({ attributes }) => attributes[attribute] === value && (attributes.region ?? stack.region) === region,
  );
}
