import { plat06 } from "../../../../tap/audit/requirements/plat-06";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, jobs, jobsResource } from "./mutations";

type Attributes = Record<string, unknown>;

const rule = (changes: Attributes) =>
  jobsResource("aws_s3_bucket_lifecycle_configuration", undefined, (attributes) => {
    const [only] = attributes.rule as Attributes[];
    attributes.rule = [{ ...only, ...changes }];
  });

prove(
  plat06,
  {
    "nothing expires": jobs((stack) => {
      delete stack.json.resource?.aws_s3_bucket_lifecycle_configuration;
    }),
    "the rule is another bucket's": jobsResource("aws_s3_bucket_lifecycle_configuration", undefined, (attributes) => {
      attributes.bucket = "tap-jobs-other";
    }),
    "the rule is off": rule({ status: "Disabled" }),
    "the rule is for some objects": rule({ filter: [{ prefix: "results/" }] }),
    "the rule is for objects with a tag": rule({ filter: [{ tag: { key: "expires", value: "yes" } }] }),
    "the rule is for large objects": rule({ filter: [{ prefix: "", object_size_greater_than: 1_000_000 }] }),
    "the rule has a prefix in the old form": rule({ prefix: "results/" }),
    "objects expire earlier": rule({ expiration: [{ days: 1 }] }),
    "objects expire earlier, in a block": rule({ expiration: { days: 1 } }),
    "objects expire on a day": rule({ expiration: [{ date: "2030-01-01T00:00:00Z" }] }),
    "objects are tiered later": rule({
      transition: [{ days: 60, storage_class: "INTELLIGENT_TIERING" }],
    }),
    "objects go to the archive": rule({ transition: [{ days: 30, storage_class: "GLACIER" }] }),
    "objects are tiered, and go to the archive": rule({
      transition: [
        { days: 30, storage_class: "INTELLIGENT_TIERING" },
        { days: 90, storage_class: "DEEP_ARCHIVE" },
      ],
    }),
    "old versions stay": rule({ noncurrent_version_expiration: undefined }),
    "old versions stay for years": rule({ noncurrent_version_expiration: [{ noncurrent_days: 3_650 }] }),
    "some old versions stay": rule({
      noncurrent_version_expiration: [{ noncurrent_days: 30, newer_noncurrent_versions: 100 }],
    }),
    "old versions go to the archive": rule({
      noncurrent_version_transition: [{ noncurrent_days: 1, storage_class: "GLACIER" }],
    }),
    "a second rule removes results": jobsResource("aws_s3_bucket_lifecycle_configuration", undefined, (attributes) => {
      const [only] = attributes.rule as Attributes[];
      attributes.rule = [
        only,
        { id: "other", status: "Enabled", filter: [{ prefix: "results/" }], expiration: { days: 1 } },
      ];
    }),
    "a second configuration overwrites the first": jobs((stack) =>
      add(stack, "aws_s3_bucket_lifecycle_configuration", {
        ...resource(stack, "aws_s3_bucket_lifecycle_configuration"),
      }),
    ),
    "the bucket has a rule among its attributes": jobsResource("aws_s3_bucket", undefined, (bucket) => {
      bucket.lifecycle_rule = [{ enabled: true, expiration: [{ days: 1 }] }];
    }),
    "somebody else decides on the rules": jobsResource(
      "aws_s3_bucket_lifecycle_configuration",
      undefined,
      (attributes) => {
        attributes.lifecycle = { ignore_changes: ["rule"] };
      },
    ),
    "there are two buckets": jobs((stack) =>
      add(stack, "aws_s3_bucket", { ...resource(stack, "aws_s3_bucket"), bucket: "tap-jobs-other" }),
    ),
  },
  { alone: true, without: ["files", "stream"] },
);

prove(
  plat06,
  { "objects are never tiered": rule({ transition: undefined }) },
  { alone: true, environments: ["staging", "prod"] },
);

prove(
  plat06,
  {
    "objects are kept": rule({ expiration: undefined }),
  },
  { alone: true, environments: ["dev", "staging", "pr12"] },
);

prove(
  plat06,
  {
    "objects are tiered on the day that they expire": rule({
      transition: [{ days: 30, storage_class: "INTELLIGENT_TIERING" }],
    }),
  },
  { alone: true, environments: ["dev", "pr12"] },
);
