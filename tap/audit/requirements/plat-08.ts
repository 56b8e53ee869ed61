import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { conditionsOn, coversAction, coversResource } from "../../graph/statement";
import { blocksOf } from "../../graph/terraform-json";
import { releaseRoles } from "../account-arns";
import { settingsOf } from "../buckets";
import { accountRole, judgeDeliveries, lackingRights, surplusRights } from "../delivery";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { ownKey } from "../own-key";
import { sameInPolicy } from "../policies";
import { type Finding, nodesIn, type Requirement, type Subject, sameJson, wanted } from "../requirement";
import { isRight, type Right, throughService } from "../rights";
import { allowedBy } from "../roles";
import type { StackJson } from "../stack-json";

export const plat08: Requirement = {
  id: "PLAT-08",
  checks:
    "Each environment keeps releases in a bucket of its own, versioned, under a customer key, each version locked as long and as strictly as configured, and the record of promotions in a table that can be restored and that nothing expires from. The next environment's deploy role reads the releases by one role and does nothing else by it; the account's own writes both, deletes no record, and lifts a lock only where the environment is to be destroyable.",
  why: "A release that can be changed after it was checked is not what was checked; and what was promoted by whom is asked after something went wrong.",
  judge: (subject) =>
    judgeDeliveries(subject, (stack, environment) =>
      // After a failover it works on the replicas of both, which PLAT-14 judges.
      environment.recovery.failedOverFrom === undefined
        ? [
            ...releases(subject, stack, environment),
            ...ledger(subject.graph, stack, environment),
            ...reader(subject.graph, stack, environment),
            ...deployer(subject.graph, stack, environment),
          ]
        : reader(subject.graph, stack, environment),
    ),
};

function nameOf(what: "releases" | "ledger", { environmentSuffix, accountId }: Environment, region: string): string {
  const name = `tap-delivery-${what}-${environmentSuffix}-${region}`;
  return what === "releases" ? `${name}-${accountId}` : name;
}

/** The bucket of the stack's region; nothing else is in the stack that a release could be looked for in. */
function releases({ graph }: Subject, stack: StackJson, environment: Environment): Finding[] {
  const buckets = nodesIn(graph, stack, "aws_s3_bucket");
  const primary = buckets.find(
    ({ physicalName }) => physicalName === nameOf("releases", environment, environment.region),
  );
  if (primary === undefined)
    return [
      { stack: stack.id, message: `must have the bucket ${nameOf("releases", environment, environment.region)}` },
    ];
  return buckets.flatMap((bucket) => [
    ...findingsOn(
      bucket,
      wanted(
        bucket.physicalName === nameOf("releases", environment, String(bucket.region)),
        "isn't the bucket of releases of its region",
      ),
    ),
    ...locked(graph, bucket, environment),
  ]);
}

function locked(graph: Graph, bucket: GraphNode, { delivery }: Environment): Finding[] {
  const { releaseLockMode: mode, releaseRetentionDays: days } = delivery;
  const [lock, ...others] = settingsOf(graph, bucket, "aws_s3_bucket_object_lock_configuration");
  const [versioning] = settingsOf(graph, bucket, "aws_s3_bucket_versioning");
  const encryption = settingsOf(graph, bucket, "aws_s3_bucket_server_side_encryption_configuration")
    .flatMap(({ attributes }) => blocksOf(attributes, "rule"))
    .flatMap((rule) => blocksOf(rule, "apply_server_side_encryption_by_default"));
  const use = { service: "s3", by: "caller", context: "aws:s3:arn", value: String(bucket.arn) } as const;
  const rules = settingsOf(graph, bucket, "aws_s3_bucket_lifecycle_configuration").flatMap(({ attributes }) =>
    blocksOf(attributes, "rule"),
  );
  return [
    ...findingsOn(bucket, [
      ...wanted(bucket.attributes.object_lock_enabled === true, "must be made with Object Lock"),
      ...wanted(lock !== undefined && others.length === 0, "must lock what is put into it"),
      ...wanted(
        sameJson(
          blocksOf(versioning?.attributes ?? {}, "versioning_configuration").map(({ status }) => status),
          ["Enabled"],
        ),
        "must keep versions",
      ),
      ...wanted(
        encryption.length === 1 &&
          encryption[0]?.sse_algorithm === "aws:kms" &&
          ownKey(graph, bucket, encryption[0].kms_master_key_id, use) !== undefined,
        "must be under a key of its stack that S3 may use for it",
      ),
      ...wanted(
        rules.every((rule) => rule.expiration === undefined),
        "must not remove releases by their age",
      ),
    ]),
    ...(lock === undefined
      ? []
      : findingsOn(
          lock,
          differences(graph, lock, {
            ...kept(lock, "region"),
            bucket: referenceTo(bucket, "id"),
            rule: { default_retention: { mode, days } },
          }),
        )),
  ];
}

function ledger(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const [table, ...others] = nodesIn(graph, stack, "aws_dynamodb_table");
  if (table === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one table" }];
  const name = nameOf("ledger", environment, environment.dataRegion);
  const [sse] = blocksOf(table.attributes, "server_side_encryption");
  const use = { service: "dynamodb", by: "caller", context: "aws:dynamodb:tableName", value: name } as const;
  const key = ownKey(graph, table, sse?.kms_key_arn, use);
  return findingsOn(
    table,
    differences(graph, table, {
      // Protection and streams for replicas are PLAT-14's and STR-09's.
      ...kept(table, "lifecycle", "stream_enabled", "stream_view_type"),
      name,
      hash_key: "pk",
      range_key: "sk",
      attribute: [
        { name: "pk", type: "S" },
        { name: "sk", type: "S" },
      ],
      billing_mode: "PAY_PER_REQUEST",
      server_side_encryption: {
        enabled: true,
        kms_key_arn: key === undefined ? "a key of its stack that DynamoDB may use for it" : referenceTo(key, "arn"),
      },
      point_in_time_recovery: { enabled: true },
      deletion_protection_enabled: environment.deletionProtection,
    }),
  );
}

/** What takes releases to the next environment: one role, of one other, that reads. */
function reader(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const [role, ...others] = nodesIn(graph, stack, "aws_iam_role").filter(({ physicalName }) =>
    physicalName?.startsWith("tap-delivery-release-reader-"),
  );
  if (role === undefined || others.length > 0)
    return [{ stack: stack.id, message: "must have one role by which releases are read" }];
  const trusts = graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "trust")
    .flatMap(({ statements }) => statements);
  const trusted = trusts.every(
    ({ effect, principals, notPrincipals, actions, conditions }) =>
      effect === "Allow" &&
      notPrincipals.length === 0 &&
      sameInPolicy(actions, ["sts:AssumeRole"]) &&
      sameInPolicy(
        principals.map(({ value }) => value),
        [`arn:aws:iam::${environment.releaseTarget.accountId}:root`],
      ) &&
      conditions.length === 1 &&
      conditions[0]?.operator === "ArnEquals" &&
      conditions[0].key === "aws:PrincipalArn" &&
      sameInPolicy(conditions[0].values, [releaseRoles(environment).reader]),
  );
  const rights = readingRights(graph, stack, environment);
  const allowed = allowedBy(graph, role);
  return findingsOn(role, [
    ...wanted(
      role.physicalName === `tap-delivery-release-reader-${environment.environmentSuffix}-${stack.region}`,
      "must have the name by which the next environment knows it",
    ),
    ...wanted(
      trusts.length > 0 && trusted,
      `must be entered by ${releaseRoles(environment).reader}, and by nobody else`,
    ),
    ...rights
      .filter((right) => !allowed.some((statement) => isRight(statement, right)))
      .map((right) => `must be allowed exactly ${JSON.stringify(right)}`),
    ...allowed
      .filter((statement) => !rights.some((right) => isRight(statement, right)))
      .map(
        ({ sid, path }) => `may do more than read releases and what became of them, by its statement ${sid ?? path}`,
      ),
  ]);
}

function readingRights(graph: Graph, stack: StackJson, environment: Environment): Right[] {
  const bucket = `arn:aws:s3:::${nameOf("releases", environment, environment.region)}`;
  const { accountId } = environment;
  const table = nameOf("ledger", environment, environment.dataRegion);
  const purpose = { accountId, region: stack.region };
  const keys = [
    ...nodesIn(graph, stack, "aws_kms_key").filter(({ attributes }) => attributes.region === undefined),
  ].map((key) => referenceTo(key, "arn"));
  const left = environment.recovery.failedOverFrom === undefined ? [] : leftKeys(stack);
  return [
    { actions: ["s3:ListBucket"], resources: [bucket], conditions: {} },
    { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [`${bucket}/*`], conditions: {} },
    {
      actions: ["kms:Decrypt"],
      resources: left.length > 0 ? left : keys,
      conditions: throughService({ ...purpose, service: "s3", context: "aws:s3:arn", value: bucket }),
    },
    {
      actions: ["dynamodb:GetItem"],
      resources: [`arn:aws:dynamodb:${stack.region}:${accountId}:table/${table}`],
      conditions: {},
    },
    {
      actions: ["kms:Decrypt"],
      resources: left.length > 0 ? left : keys,
      conditions: throughService({ ...purpose, service: "dynamodb", context: "aws:dynamodb:tableName", value: table }),
    },
  ];
}

/** It locks for longer what is released again: in the mode and for the time that are configured, so that nothing outlives its environment. */
function lockingRights(graph: Graph, role: GraphNode, object: string, { delivery }: Environment): string[] {
  const statements = allowedBy(graph, role).filter(
    (each) => coversAction(each, "s3:PutObjectRetention") && coversResource(each, object),
  );
  const isLimited = statements.every(
    (each) =>
      conditionsOn(each, "s3:object-lock-mode").some(
        ({ operator, values }) => operator === "StringEquals" && values.join() === delivery.releaseLockMode,
      ) &&
      conditionsOn(each, "s3:object-lock-remaining-retention-days").some(
        ({ operator, values }) =>
          operator === "NumericLessThanEquals" && values.join() === `${delivery.releaseRetentionDays}`,
      ),
  );
  return wanted(
    statements.length > 0 && isLimited,
    `must be allowed to lock releases for longer: ${delivery.releaseLockMode}, ${delivery.releaseRetentionDays} days at most`,
  );
}

/** Keys that the region of before left here, by their aliases. */
function leftKeys({ json }: StackJson): string[] {
  return Object.keys(json.data?.aws_kms_alias ?? {}).map((name) => `\${data.aws_kms_alias.${name}.target_key_arn}`);
}

/** What promotes: it writes releases and the record of what was done with them, and takes nothing of either away. */
function deployer(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const role = accountRole(graph, environment, "deploy");
  if (role === undefined) return [];
  const object = `arn:aws:s3:::${nameOf("releases", environment, stack.region)}/release`;
  const table = `arn:aws:dynamodb:${stack.region}:${environment.accountId}:table/${nameOf("ledger", environment, environment.dataRegion)}`;
  const lifting = ["s3:BypassGovernanceRetention", "s3:DeleteObjectVersion"];
  return findingsOn(role, [
    ...lackingRights(graph, role, ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], object),
    ...lackingRights(graph, role, ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], table),
    ...surplusRights(graph, role, ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"], table),
    ...surplusRights(graph, role, ["s3:PutObjectLegalHold"], object),
    ...lockingRights(graph, role, object, environment),
    ...(environment.deletionProtection
      ? surplusRights(graph, role, [...lifting, "s3:DeleteObject"], object)
      : lackingRights(graph, role, lifting, object)),
    ...releaseRoles(environment).sources.flatMap((arn) => lackingRights(graph, role, ["sts:AssumeRole"], arn)),
  ]);
}
