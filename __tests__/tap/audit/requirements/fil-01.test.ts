import { fil01 } from "../../../../tap/audit/requirements/fil-01";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import {
  aloneWith,
  files,
  filesPolicy,
  filesResource,
  filesSetting,
  filesWith,
  filesWithin,
  filesWithout,
} from "./files-mutations";
import { adding, changing, referenceTo, without } from "./mutations";

const bucket = "aws_s3_bucket";
const set = (name: string) => `${bucket}_${name}`;
const lifecycle = set("lifecycle_configuration");
const encryption = set("server_side_encryption_configuration");
const cors = set("cors_configuration");
const ofBucket = "Bucket_";

prove(
  fil01,
  {
    "there is no bucket": filesWithout(bucket, "Bucket_"),
    "there is a second bucket": filesWith(bucket, { bucket: "tap-files-other" }),
    "the bucket has another name": filesSetting(bucket, ofBucket, { bucket: "uploads" }),
    "the bucket isn't what the environment protects": filesSetting(bucket, ofBucket, {
      lifecycle: undefined,
      force_destroy: undefined,
    }),
    "versions are suspended": filesWithin(set("versioning"), ofBucket, "versioning_configuration.status", "Suspended"),
    "nobody says anything of versions": filesWithout(set("versioning"), ofBucket),
    "versions are of another bucket": filesSetting(set("versioning"), ofBucket, { bucket: "tap-files-other" }),
    "objects are under S3's own key": filesWithin(
      encryption,
      ofBucket,
      "rule.0.apply_server_side_encryption_by_default",
      { sse_algorithm: "AES256" },
    ),
    "objects are under AWS's key": filesWithin(
      encryption,
      ofBucket,
      "rule.0.apply_server_side_encryption_by_default.kms_master_key_id",
      "alias/aws/s3",
    ),
    "objects are encrypted twice over, by S3 alone": filesWithin(
      encryption,
      ofBucket,
      "rule.0.apply_server_side_encryption_by_default.sse_algorithm",
      "aws:kms:dsse",
    ),
    "each object has a call to KMS": filesWithin(encryption, ofBucket, "rule.0.bucket_key_enabled", false),
    "the key isn't meant for the bucket": filesPolicy("aws_kms_key", "Key_", without("S3")),
    "old versions stay": filesWithin(lifecycle, ofBucket, "rule.0.noncurrent_version_expiration", undefined),
    "old versions stay longer": filesWithin(
      lifecycle,
      ofBucket,
      "rule.0.noncurrent_version_expiration.0.noncurrent_days",
      31,
    ),
    "old versions go at once": filesWithin(
      lifecycle,
      ofBucket,
      "rule.0.noncurrent_version_expiration.0.noncurrent_days",
      1,
    ),
    "some old versions stay": filesWithin(
      lifecycle,
      ofBucket,
      "rule.0.noncurrent_version_expiration.0.newer_noncurrent_versions",
      5,
    ),
    "unfinished uploads stay": filesWithin(lifecycle, ofBucket, "rule.0.abort_incomplete_multipart_upload", undefined),
    "unfinished uploads stay longer": filesWithin(
      lifecycle,
      ofBucket,
      "rule.0.abort_incomplete_multipart_upload.0.days_after_initiation",
      30,
    ),
    "the rule is off": filesWithin(lifecycle, ofBucket, "rule.0.status", "Disabled"),
    "the rule is for uploads alone": filesWithin(lifecycle, ofBucket, "rule.0.filter", [{ prefix: "uploads/" }]),
    "objects expire when nobody said so": filesWithin(lifecycle, ofBucket, "rule.0.expiration", [{ days: 3 }]),
    "another rule deletes all": filesResource(lifecycle, ofBucket, (attributes) => {
      const rules = attributes.rule as object[];
      rules.push({ id: "all", status: "Enabled", filter: [{ prefix: "" }], expiration: [{ days: 1 }] });
    }),
    "a second resource sets the lifecycle": filesWith(lifecycle, (stack) => resource(stack, lifecycle, ofBucket)),
    "ACLs may be public": filesSetting(set("public_access_block"), ofBucket, { block_public_acls: false }),
    "policies may be public": filesSetting(set("public_access_block"), ofBucket, { block_public_policy: undefined }),
    "public access isn't blocked": filesWithout(set("public_access_block"), ofBucket),
    "ACLs count": filesWithin(set("ownership_controls"), ofBucket, "rule.object_ownership", "ObjectWriter"),
    "plain HTTP will do": filesPolicy(set("policy"), ofBucket, () => []),
    "plain HTTP will do for reading": filesPolicy(
      set("policy"),
      ofBucket,
      changing("DenyPlainHttp", () => ({ Action: ["s3:Put*"] })),
    ),
    "plain HTTP will do for objects": filesPolicy(
      set("policy"),
      ofBucket,
      changing("DenyPlainHttp", ({ Resource = [] }) => ({ Resource: Resource.slice(0, 1) })),
    ),
    "plain HTTP will do for whoever is no root": filesPolicy(
      set("policy"),
      ofBucket,
      changing("DenyPlainHttp", () => ({ Principal: { AWS: ["arn:aws:iam::111111111111:root"] } })),
    ),
    "somebody else may read": filesPolicy(
      set("policy"),
      ofBucket,
      adding({ Principal: { AWS: ["999999999999"] }, Action: ["s3:GetObject"], Resource: ["*"] }),
    ),
    "any page may upload": filesWithin(cors, ofBucket, "cors_rule.0.allowed_origins", ["*"]),
    "a page more may upload": filesResource(cors, ofBucket, ({ cors_rule }) => {
      const [rule] = cors_rule as { allowed_origins: string[] }[];
      rule?.allowed_origins.push("https://evil.example.com");
    }),
    "no page may upload": filesWithout(cors, ofBucket),
    "pages can't upload": filesWithin(cors, ofBucket, "cors_rule.0.allowed_methods", ["GET"]),
    "pages may delete": filesWithin(cors, ofBucket, "cors_rule.0.allowed_methods", ["GET", "PUT", "DELETE"]),
    "pages can't send the checksum": filesWithin(cors, ofBucket, "cors_rule.0.allowed_headers", ["content-type"]),
    "pages may send any header": filesWithin(cors, ofBucket, "cors_rule.0.allowed_headers", ["*"]),
    "pages can't tell which version they made": filesWithin(cors, ofBucket, "cors_rule.0.expose_headers", ["etag"]),
    "browsers keep the answer for a year": filesWithin(cors, ofBucket, "cors_rule.0.max_age_seconds", 31_536_000),
    "another rule lets pages in": filesResource(cors, ofBucket, (attributes) => {
      const rules = attributes.cors_rule as object[];
      rules.push({ allowed_origins: ["*"], allowed_methods: ["GET"] });
    }),
    "the bucket tells nobody": filesWithout(set("notification")),
    "a second resource overwrites what the bucket tells": filesWith(set("notification"), (stack) => ({
      bucket: referenceTo(stack, bucket, ofBucket, "id"),
    })),
    "AWS Backup doesn't hear of changes": filesSetting(set("notification"), undefined, { eventbridge: undefined }),
    "a function is told as well": filesSetting(set("notification"), undefined, {
      lambda_function: [{ lambda_function_arn: "arn:aws:lambda:us-east-1:1:function:x", events: ["s3:*"] }],
    }),
    "a topic is told as well": filesSetting(set("notification"), undefined, {
      topic: [{ topic_arn: "arn:aws:sns:us-east-1:1:x", events: ["s3:*"] }],
    }),
    "an access point leads to it": filesWith("aws_s3_access_point", (stack) => ({
      name: "tap-files-point",
      bucket: referenceTo(stack, bucket, ofBucket, "id"),
    })),
    "it has an ACL": filesWith(set("acl"), (stack) => ({
      bucket: referenceTo(stack, bucket, ofBucket, "id"),
      acl: "public-read",
    })),
    "it is a website": filesWith(set("website_configuration"), (stack) => ({
      bucket: referenceTo(stack, bucket, ofBucket, "id"),
    })),
    "there are no files": files((stack) => {
      Object.assign(stack, { component: "jobs" });
    }),
  },
  aloneWith(["files"]),
);
