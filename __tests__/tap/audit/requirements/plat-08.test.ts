import { plat08 } from "../../../../tap/audit/requirements/plat-08";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import {
  accountStatement,
  declared,
  delivery,
  deliveryResource,
  readerStatement,
  withoutAction,
} from "./delivery-mutations";
import { add, adding, allowing, changing, policy, remove, rewrite } from "./mutations";

const bucket = (mutate: (attributes: Attributes) => void): Mutation =>
  deliveryResource("aws_s3_bucket", "Releases_Bucket", mutate);

const lock = (changes: Attributes): Mutation =>
  deliveryResource("aws_s3_bucket_object_lock_configuration", "Releases_Lock", (attributes) => {
    const [{ default_retention }] = [attributes.rule].flat() as [{ default_retention: Attributes }];
    attributes.rule = { default_retention: { ...default_retention, ...changes } };
  });

const table = (mutate: (attributes: Attributes) => void): Mutation =>
  deliveryResource("aws_dynamodb_table", "Ledger", mutate);

const trust = (change: Parameters<typeof changing>[1]): Mutation =>
  deliveryResource("aws_iam_role", "ReleaseReader", (role) =>
    rewrite(role, "assume_role_policy", changing("NamedRoles", change)),
  );

const monitoring = "DeployRole_Policy-monitoring";

prove(plat08, {
  "there is no delivery stack": (subject, environment) => {
    subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "delivery")), 1);
  },
  "releases have no bucket": delivery((stack) => remove(stack, "aws_s3_bucket", "Releases_Bucket")),
  "the bucket is called otherwise than it is looked for": bucket((attributes) => {
    attributes.bucket = `${attributes.bucket}-x`;
  }),
  "the bucket is made without locks": bucket((attributes) => {
    delete attributes.object_lock_enabled;
  }),
  "nothing locks what is put into the bucket": delivery((stack) =>
    remove(stack, "aws_s3_bucket_object_lock_configuration", "Releases_Lock"),
  ),
  "releases are locked for another time than is configured": lock({ days: 2_000 }),
  "releases are locked in another mode than is configured": deliveryResource(
    "aws_s3_bucket_object_lock_configuration",
    "Releases_Lock",
    (attributes) => {
      const text = JSON.stringify(attributes.rule);
      const other = text.includes("GOVERNANCE") ? "COMPLIANCE" : "GOVERNANCE";
      attributes.rule = JSON.parse(text.replace(/GOVERNANCE|COMPLIANCE/, other)) as Attributes;
    },
  ),
  "the bucket keeps no versions": deliveryResource("aws_s3_bucket_versioning", "Releases_Versioning", (attributes) => {
    attributes.versioning_configuration = { status: "Suspended" };
  }),
  "releases are under S3's own key": deliveryResource(
    "aws_s3_bucket_server_side_encryption_configuration",
    "Releases_Encryption",
    (attributes) => {
      attributes.rule = [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }];
    },
  ),
  "releases go by their age": deliveryResource(
    "aws_s3_bucket_lifecycle_configuration",
    "Releases_Lifecycle",
    (attributes) => {
      attributes.rule = [{ ...(attributes.rule as [Attributes])[0], expiration: [{ days: 30 }] }];
    },
  ),
  "the record has no table": delivery((stack) => remove(stack, "aws_dynamodb_table", "Ledger")),
  "the table is called otherwise than it is looked for": table((attributes) => {
    attributes.name = `${attributes.name}-x`;
  }),
  "the table has another key": table((attributes) => {
    attributes.range_key = "id";
  }),
  "the table can't be restored": table((attributes) => {
    attributes.point_in_time_recovery = { enabled: false };
  }),
  "records expire": table((attributes) => {
    attributes.ttl = { enabled: true, attribute_name: "expires" };
  }),
  "the table is under AWS's own key": table((attributes) => {
    delete attributes.server_side_encryption;
  }),
  "the table is protected otherwise than is configured": table((attributes) => {
    attributes.deletion_protection_enabled = attributes.deletion_protection_enabled !== true;
  }),
  "nobody can read releases for the next environment": delivery((stack) =>
    remove(stack, "aws_iam_role", "ReleaseReader"),
  ),
  "the reader is called otherwise than the next environment knows it": deliveryResource(
    "aws_iam_role",
    "ReleaseReader",
    (role) => {
      role.name = `${role.name}-x`;
    },
  ),
  "the reader lets another account in": trust(() => ({ Principal: { AWS: ["arn:aws:iam::444444444444:root"] } })),
  "the reader lets any role of the next account in": trust(() => ({ Condition: {} })),
  "the reader lets another role in": trust(() => ({
    Condition: { ArnEquals: { "aws:PrincipalArn": ["arn:aws:iam::222222222222:role/somebody"] } },
  })),
  "the reader may be entered by the deploy roles of all": trust(({ Condition }) => ({
    Condition: { ArnLike: Condition?.ArnEquals },
  })),
  "the reader may read other buckets": readerStatement("ReadReleases", () => ({ Resource: ["arn:aws:s3:::tap-*/*"] })),
  "the reader may write releases": readerStatement("ReadReleases", ({ Action }) => ({
    Action: [...(Action ?? []), "s3:PutObject"],
  })),
  "the reader may not list releases": readerStatement("ListReleases", () => ({ Action: ["s3:GetBucketLocation"] })),
  "the reader may not decrypt releases": readerStatement("DecryptReleases", () => ({ Action: ["kms:DescribeKey"] })),
  "the reader may decrypt all that the key encrypts": readerStatement("DecryptReleases", () => ({ Condition: {} })),
  "the reader may read other tables": deliveryResource("aws_iam_role_policy", "ReleaseReader_ledger", (attributes) =>
    rewrite(
      attributes,
      "policy",
      adding({ Action: ["dynamodb:GetItem"], Resource: ["arn:aws:dynamodb:*:*:table/tap-*"] }),
    ),
  ),
  "the reader may not say which release was good": readerStatement("ReadLedger", () => ({
    Action: ["dynamodb:Query"],
  })),
  "the reader may write the record": readerStatement("ReadLedger", ({ Action }) => ({
    Action: [...(Action ?? []), "dynamodb:PutItem"],
  })),
  "the reader may not decrypt the record": readerStatement("DecryptLedger", () => ({ Action: ["kms:DescribeKey"] })),
  "there is a second bucket, of another name": delivery((stack) =>
    add(stack, "aws_s3_bucket", {
      ...resource(stack, "aws_s3_bucket", "Releases_Bucket"),
      bucket: "tap-delivery-other",
    }),
  ),
});

// What deploys belongs to the account.
prove(
  plat08,
  {
    "the deploy role may not write releases": withoutAction(monitoring, "KeepReleases", "s3:PutObject"),
    "the deploy role may not read the versions of releases": withoutAction(
      monitoring,
      "KeepReleases",
      "s3:GetObjectVersion",
    ),
    "the deploy role may not write the record": withoutAction(monitoring, "KeepLedger", "dynamodb:PutItem"),
    "the deploy role may remove records": accountStatement(monitoring, "KeepLedger", ({ Action }) => ({
      Action: [...(Action ?? []), "dynamodb:DeleteItem"],
    })),
    "the deploy role may change records in place": accountStatement(monitoring, "KeepLedger", ({ Action }) => ({
      Action: [...(Action ?? []), "dynamodb:UpdateItem"],
    })),
    "the deploy role may lock a release for ever": accountStatement(monitoring, "KeepReleases", ({ Action }) => ({
      Action: [...(Action ?? []), "s3:PutObjectRetention"],
    })),
    "the deploy role may lock a release for a century": accountStatement(
      monitoring,
      "LockReleasesForLonger",
      ({ Condition }) => ({
        Condition: { ...Condition, NumericLessThanEquals: { "s3:object-lock-remaining-retention-days": "36500" } },
      }),
    ),
    "the deploy role may lock a release in either mode": accountStatement(
      monitoring,
      "LockReleasesForLonger",
      ({ Condition }) => ({
        Condition: {
          ...Condition,
          StringEquals: { ...Condition?.StringEquals, "s3:object-lock-mode": ["COMPLIANCE", "GOVERNANCE"] },
        },
      }),
    ),
    "the deploy role may not lock what is released again": withoutAction(
      monitoring,
      "LockReleasesForLonger",
      "s3:PutObjectRetention",
    ),
    "the deploy role may not take releases over": accountStatement(monitoring, "TakeReleases", () => ({
      Resource: ["arn:aws:iam::444444444444:role/tap-delivery-release-reader-dev-us-east-1"],
    })),
  },
  { environments: declared },
);

prove(
  plat08,
  {
    "the deploy role of what is protected lifts locks": policy(
      "aws_iam_policy",
      monitoring,
      "policy",
      allowing("s3:BypassGovernanceRetention", ["arn:aws:s3:::tap-delivery-releases-*/*"]),
    ),
    "the deploy role of what is protected deletes releases": policy(
      "aws_iam_policy",
      monitoring,
      "policy",
      allowing("s3:DeleteObject", ["arn:aws:s3:::tap-delivery-releases-*/*"]),
    ),
  },
  { environments: ["prod"] },
);

prove(
  plat08,
  {
    "the deploy role of what is destroyable can't lift locks": accountStatement(
      monitoring,
      "RemoveLockedReleases",
      () => ({ Action: ["s3:GetObject"] }),
    ),
  },
  { environments: ["dev", "staging"] },
);
