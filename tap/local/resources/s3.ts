import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { Arguments } from "../arguments";
import {
  type Made,
  type Place,
  put,
  type ResourceType,
  type ResourceTypes,
  tagsIgnored,
  textOf,
} from "./resource-type";
import { lifecycleRule } from "./s3-lifecycle";

const bucket: ResourceType = {
  ignored: { ...tagsIgnored, force_destroy: "buckets go with the emulator" },
  replacedBy: ["bucket"],
  async create(given, place) {
    const { region, client } = place;
    const Bucket = given.text("bucket");
    const location = region === "us-east-1" ? undefined : { LocationConstraint: region as "us-west-2" };
    await client(S3Client).send(
      new CreateBucketCommand({
        Bucket,
        CreateBucketConfiguration: location,
        ObjectLockEnabledForBucket: given.flagIf("object_lock_enabled"),
      }),
    );
    return {
      id: Bucket,
      arn: `arn:aws:s3:::${Bucket}`,
      bucket_regional_domain_name: `${Bucket}.s3.${region}.amazonaws.com`,
      region,
    };
  },
  async update(given, _, before) {
    given.ignore(["bucket", "object_lock_enabled"]);
    return before.computed;
  },
  async remove(place, before) {
    const client = place.client(S3Client);
    const Bucket = textOf(before, "bucket");
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const Objects = [...Versions, ...DeleteMarkers].map(({ Key = "", VersionId }) => ({ Key, VersionId }));
      if (Objects.length === 0) break;
      const { Errors: [refused] = [] } = await client.send(
        // What is locked goes as it does where Terraform destroys its bucket.
        new DeleteObjectsCommand({ Bucket, Delete: { Objects }, BypassGovernanceRetention: true }),
      );
      if (refused) throw new Error(`${Bucket} keeps ${refused.Key}: ${refused.Message ?? refused.Code}`);
    }
    await client.send(new DeleteBucketCommand({ Bucket }));
  },
};

/** A bucket's setting that Terraform has as a resource of its own. */
function setting(
  set: (Bucket: string, given: Arguments, client: S3Client) => Promise<unknown>,
  remove?: (Bucket: string, client: S3Client) => Promise<unknown>,
): ResourceType {
  const rest = { replacedBy: ["bucket"] };
  const make = async (given: Arguments, place: Place) => {
    const Bucket = given.text("bucket");
    await set(Bucket, given, place.client(S3Client));
    return { id: Bucket };
  };
  if (remove === undefined) return put(make, rest);
  return put(make, {
    ...rest,
    remove: async (place: Place, before: Made) => {
      await remove(textOf(before, "bucket"), place.client(S3Client));
    },
  });
}

const versioning = setting((Bucket, given, client) => {
  const Status = given.block("versioning_configuration")?.text("status") as "Enabled" | undefined;
  return client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
});

const encryption = setting((Bucket, given, client) => {
  const Rules = given.blocks("rule").map((rule) => {
    const byDefault = rule.block("apply_server_side_encryption_by_default");
    return {
      BucketKeyEnabled: rule.flagIf("bucket_key_enabled"),
      ApplyServerSideEncryptionByDefault: byDefault && {
        SSEAlgorithm: byDefault.text("sse_algorithm") as "aws:kms",
        KMSMasterKeyID: byDefault.textIf("kms_master_key_id"),
      },
    };
  });
  return client.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
});

/** It stays as long as its bucket: S3 knows no way back. */
const objectLock = setting((Bucket, given, client) => {
  const retention = given.block("rule")?.block("default_retention");
  return client.send(
    new PutObjectLockConfigurationCommand({
      Bucket,
      ObjectLockConfiguration: {
        ObjectLockEnabled: "Enabled",
        Rule: retention && {
          DefaultRetention: { Mode: retention.text("mode") as "GOVERNANCE", Days: retention.number("days") },
        },
      },
    }),
  );
});

const policy = setting(
  (Bucket, given, client) => client.send(new PutBucketPolicyCommand({ Bucket, Policy: given.text("policy") })),
  (Bucket, client) => client.send(new DeleteBucketPolicyCommand({ Bucket })),
);

const publicAccessBlock = setting((Bucket, given, client) =>
  client.send(
    new PutPublicAccessBlockCommand({
      Bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: given.flagIf("block_public_acls"),
        BlockPublicPolicy: given.flagIf("block_public_policy"),
        IgnorePublicAcls: given.flagIf("ignore_public_acls"),
        RestrictPublicBuckets: given.flagIf("restrict_public_buckets"),
      },
    }),
  ),
);

const ownershipControls = setting((Bucket, given, client) => {
  const ObjectOwnership = given.block("rule")?.text("object_ownership") as "BucketOwnerEnforced";
  return client.send(
    new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership }] } }),
  );
});

const logging = setting((Bucket, given, client) =>
  client.send(
    new PutBucketLoggingCommand({
      Bucket,
      BucketLoggingStatus: {
        LoggingEnabled: { TargetBucket: given.text("target_bucket"), TargetPrefix: given.text("target_prefix") },
      },
    }),
  ),
);

const cors = setting(
  (Bucket, given, client) => {
    const CORSRules = given.blocks("cors_rule").map((rule) => ({
      AllowedHeaders: rule.texts("allowed_headers"),
      AllowedMethods: rule.texts("allowed_methods"),
      AllowedOrigins: rule.texts("allowed_origins"),
      ExposeHeaders: rule.texts("expose_headers"),
      MaxAgeSeconds: rule.numberIf("max_age_seconds"),
    }));
    return client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  },
  (Bucket, client) => client.send(new DeleteBucketCorsCommand({ Bucket })),
);

const lifecycle = setting(
  (Bucket, given, client) =>
    client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: given.blocks("rule").map(lifecycleRule) },
      }),
    ),
  (Bucket, client) => client.send(new DeleteBucketLifecycleCommand({ Bucket })),
);

const notification = setting(
  (Bucket, given, client) =>
    client.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          EventBridgeConfiguration: given.flagIf("eventbridge") === true ? {} : undefined,
          QueueConfigurations: given.blocks("queue").map((queue) => ({
            Id: queue.textIf("id"),
            QueueArn: queue.text("queue_arn"),
            Events: queue.texts("events") as "s3:ObjectCreated:*"[],
            Filter: filterOf(queue),
          })),
        },
      }),
    ),
  (Bucket, client) =>
    client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} })),
);

function filterOf(queue: Arguments) {
  const rules = [
    { Name: "prefix" as const, Value: queue.textIf("filter_prefix") },
    { Name: "suffix" as const, Value: queue.textIf("filter_suffix") },
  ].filter(({ Value }) => Value !== undefined);
  return rules.length === 0 ? undefined : { Key: { FilterRules: rules } };
}

export const types: ResourceTypes = {
  aws_s3_bucket: bucket,
  aws_s3_bucket_cors_configuration: cors,
  aws_s3_bucket_lifecycle_configuration: lifecycle,
  aws_s3_bucket_logging: logging,
  aws_s3_bucket_notification: notification,
  aws_s3_bucket_object_lock_configuration: objectLock,
  aws_s3_bucket_ownership_controls: ownershipControls,
  aws_s3_bucket_policy: policy,
  aws_s3_bucket_public_access_block: publicAccessBlock,
  aws_s3_bucket_server_side_encryption_configuration: encryption,
  aws_s3_bucket_versioning: versioning,
};
