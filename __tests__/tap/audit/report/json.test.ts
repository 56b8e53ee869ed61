import { jsonReport, toJson } from "../../../../tap/audit/report/json";
import { resultOf } from "./results";

/* What programs read. */

test("has counts, findings in order, rules and stacks", () => {
  const report = toJson(resultOf());
  expect(report.summary).toEqual({
    findings: 4,
    bySeverity: { critical: 1, high: 2, medium: 0, low: 1 },
    acknowledged: 1,
    rules: 4,
    stacks: 2,
    resources: 2_123,
    milliseconds: 912,
  });
  expect(report.findings.map(({ rule, stack, address }) => [rule, stack, address])).toEqual([
    ["sqs-policy-everyone", "jobs", "aws_sqs_queue.Jobs"],
    ["s3-bucket-versioning", "files", undefined],
    ["s3-bucket-versioning", "files", "aws_s3_bucket.Uploads"],
    ["alarm-missing-data", "jobs", "aws_cloudwatch_metric_alarm.Late"],
  ]);
  expect(report.rules.map(({ id, findings }) => [id, findings])).toEqual([
    ["alarm-missing-data", 1],
    ["kms-key-rotation", 0],
    ["s3-bucket-versioning", 2],
    ["sqs-policy-everyone", 1],
  ]);
  expect(report.acknowledged).toEqual([
    expect.objectContaining({
      rule: "s3-bucket-versioning",
      address: "aws_s3_bucket.Logs",
      acknowledgement: {
        reason: "The log service writes each object once and never again",
        owner: "platform-team",
        expires: "2026-12-31",
      },
    }),
  ]);
});

test("is the same for findings in another order", () => {
  const result = resultOf();
  const turned = { ...result, findings: result.findings.toReversed(), rules: result.rules.toReversed() };
  expect(jsonReport(turned)).toBe(jsonReport(result));
});

test("keeps its form: programs rely on it", () => {
  const { findings, ...rest } = JSON.parse(jsonReport(resultOf())) as Record<string, unknown> & { findings: object[] };
  expect(rest.version).toBe(1);
  expect(Object.keys(rest)).toEqual(["version", "summary", "acknowledged", "rules", "stacks", "notes"]);
  expect(Object.keys(findings[0] ?? {})).toEqual(["rule", "severity", "stack", "address", "message", "fingerprint"]);
});
