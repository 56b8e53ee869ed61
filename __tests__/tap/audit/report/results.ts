import type { Finding } from "../../../../tap/audit/requirement";
import { type AuditResult, auditFindings, type RuleMeta } from "../../../../tap/audit/result";
import type { Severity } from "../../../../tap/audit/rule";

/** A rule of a severity, with a reference of either kind. */
export function ruleOf(id: string, severity: Severity = "high"): RuleMeta {
  return {
    id,
    severity,
    title: `Title of ${id}`,
    why: `What goes wrong without ${id}.`,
    fix: `Do what ${id} asks for.`,
    references: ["FSBP S3.14", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"],
  };
}

export function findingsOf(rule: RuleMeta, ...findings: Finding[]) {
  return auditFindings(rule, findings);
}

export const critical = ruleOf("sqs-policy-everyone", "critical");
export const high = ruleOf("s3-bucket-versioning", "high");
export const low = ruleOf("alarm-missing-data", "low");

/** Two stacks with a finding of three rules, and one that is acknowledged. */
export function resultOf(changes: Partial<AuditResult> = {}): AuditResult {
  const [known, ...findings] = [
    ...findingsOf(high, { stack: "files", address: "aws_s3_bucket.Logs", message: "must have versioning on" }),
    ...findingsOf(
      high,
      { stack: "files", address: "aws_s3_bucket.Uploads", message: "must have versioning on (it has Suspended)" },
      { stack: "files", message: "must have a bucket" },
    ),
    ...findingsOf(low, {
      stack: "jobs",
      address: "aws_cloudwatch_metric_alarm.Late",
      message: "must say what it means",
    }),
    ...findingsOf(critical, { stack: "jobs", address: "aws_sqs_queue.Jobs", message: "must not let everyone send" }),
  ];
  return {
    stacks: [
      { id: "files", resources: 2, file: "stacks/files/cdk.tf.json" },
      { id: "jobs", resources: 2_121 },
    ],
    rules: [low, high, critical, ruleOf("kms-key-rotation", "medium")],
    findings,
    acknowledged:
      known === undefined
        ? []
        : [
            {
              finding: known,
              acknowledgement: {
                rule: high.id,
                stack: "files",
                address: "aws_s3_bucket.Logs",
                reason: "The log service writes each object once and never again",
                owner: "platform-team",
                expires: "2026-12-31",
              },
            },
          ],
    milliseconds: 912.4,
    notes: ["Requirements were not judged."],
    ...changes,
  };
}
