import type { LifecycleRule } from "@aws-sdk/client-s3";
import type { Arguments } from "../arguments";

/** A rule of a bucket's lifecycle, as S3's API has it. */
export function lifecycleRule(rule: Arguments): LifecycleRule {
  const expiration = rule.block("expiration");
  const noncurrent = rule.block("noncurrent_version_expiration");
  const multipart = rule.block("abort_incomplete_multipart_upload");
  return {
    ID: rule.text("id"),
    Status: rule.text("status") as "Enabled",
    Filter: { Prefix: rule.block("filter")?.textIf("prefix") ?? "" },
    Expiration: expiration && {
      Days: expiration.numberIf("days"),
      ExpiredObjectDeleteMarker: expiration.flagIf("expired_object_delete_marker"),
    },
    NoncurrentVersionExpiration: noncurrent && {
      NoncurrentDays: noncurrent.numberIf("noncurrent_days"),
      NewerNoncurrentVersions: noncurrent.numberIf("newer_noncurrent_versions"),
    },
    AbortIncompleteMultipartUpload: multipart && { DaysAfterInitiation: multipart.numberIf("days_after_initiation") },
    Transitions: rule.blocks("transition").map((transition) => ({
      Days: transition.numberIf("days"),
      StorageClass: transition.text("storage_class") as "GLACIER",
    })),
  };
}
