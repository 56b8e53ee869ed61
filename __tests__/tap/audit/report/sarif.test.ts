import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";
import { sarifReport } from "../../../../tap/audit/report/sarif";
import type { AuditResult } from "../../../../tap/audit/result";
import { projectRoot } from "../../../support/project";
import { findingsOf, high, resultOf, ruleOf } from "./results";

/* SARIF 2.1.0, as code scanning takes it. */

const schemaFile = join(projectRoot, "__tests__", "fixtures", "sarif", "sarif-schema-2.1.0.json");
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const isValid = ajv.compile(JSON.parse(readFileSync(schemaFile, "utf8")));

interface Run {
  readonly tool: {
    readonly driver: { readonly rules: readonly { readonly id: string; readonly [key: string]: unknown }[] };
  };
  readonly invocations: readonly { readonly toolExecutionNotifications: readonly unknown[] }[];
  readonly results: readonly {
    readonly ruleId: string;
    readonly ruleIndex: number;
    readonly level: string;
    readonly message: { readonly text: string };
    readonly locations: readonly {
      readonly physicalLocation?: {
        readonly artifactLocation: { readonly uri: string };
        readonly region: { readonly startLine: number };
      };
      readonly logicalLocations?: readonly { readonly fullyQualifiedName: string }[];
    }[];
    readonly partialFingerprints: Readonly<Record<string, string>>;
    readonly suppressions: readonly { readonly justification: string }[];
  }[];
}

/** A folder as cdktf writes it, with one stack. */
function synthesizedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tap-test-"));
  mkdirSync(join(folder, "stacks", "files"), { recursive: true });
  const resource = { aws_s3_bucket: { Logs: { bucket: "logs" }, Uploads: { bucket: "uploads" } } };
  writeFileSync(join(folder, "stacks", "files", "cdk.tf.json"), JSON.stringify({ resource }, null, 2));
  return folder;
}

const folder = synthesizedFolder();

function runOf(result: AuditResult, root = folder): Run {
  const log = JSON.parse(sarifReport(result, { folder, root })) as { runs: [Run] };
  isValid(log);
  expect(isValid.errors ?? []).toEqual([]);
  return log.runs[0];
}

test("the schema is OASIS's, unchanged, with the notice that has to go with every copy", () => {
  const text = readFileSync(schemaFile);
  expect(createHash("sha256").update(text).digest("hex")).toBe(
    "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e",
  );
  const notice = readFileSync(join(dirname(schemaFile), "NOTICE.md"), "utf8");
  expect(notice).toMatch(/^Copyright © OASIS Open 2023\. All Rights Reserved\.$/m);
  expect(notice).toContain("provided that the above copyright notice and this section are included on all such copies");
});

test("the schema is that of SARIF 2.1.0, and refuses what isn't", () => {
  expect(isValid({ version: "2.1.0", runs: [{ tool: { driver: {} } }] })).toBe(false);
  expect(isValid({ version: "2.0.0", runs: [] })).toBe(false);
});

test("is valid, with findings, without, and where stack or address is missing", () => {
  runOf(resultOf());
  runOf(resultOf({ findings: [], acknowledged: [], notes: [] }));
  runOf(resultOf({ stacks: [], rules: [], findings: findingsOf(high, { message: "there is no stack" }) }));
});

test("has all rules, also those that hold, and those that findings alone name", () => {
  const { tool, results } = runOf(resultOf({ rules: [ruleOf("kms-key-rotation", "medium")] }));
  const ids = tool.driver.rules.map(({ id }) => id);
  expect(ids.toSorted()).toEqual([
    "alarm-missing-data",
    "kms-key-rotation",
    "s3-bucket-versioning",
    "sqs-policy-everyone",
  ]);
  for (const { ruleId, ruleIndex } of results) expect(ids[ruleIndex]).toBe(ruleId);
  expect(tool.driver.rules[ids.indexOf("s3-bucket-versioning")]).toMatchObject({
    name: "S3BucketVersioning",
    helpUri: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    help: { markdown: expect.stringContaining("**Fix:** Do what s3-bucket-versioning asks for.") },
    properties: { "security-severity": "8.0", tags: ["security", "FSBP S3.14"] },
  });
});

test("scores are in the ranges from which code scanning makes the same severities", () => {
  const rules = (["critical", "high", "medium", "low"] as const).map((severity) => ruleOf(`x-${severity}`, severity));
  const { tool } = runOf(resultOf({ rules, findings: [], acknowledged: [] }));
  const scores = tool.driver.rules.map(({ properties }) =>
    Number((properties as Record<string, string>)["security-severity"]),
  );
  const severityOf = (score: number) =>
    score > 9 ? "critical" : score >= 7 ? "high" : score >= 4 ? "medium" : score > 0 ? "low" : "none";
  expect(scores.map(severityOf)).toEqual(["critical", "high", "medium", "low"]);
});

test("names file and line of the resource, and the stack's file where there is none", () => {
  const { results } = runOf(resultOf());
  const places = results.map(({ locations }) => {
    const { physicalLocation, logicalLocations } = locations[0] ?? {};
    return [
      logicalLocations?.[0]?.fullyQualifiedName,
      physicalLocation?.artifactLocation.uri,
      physicalLocation?.region.startLine,
    ];
  });
  expect(places).toEqual([
    ["jobs/aws_sqs_queue.Jobs", undefined, undefined],
    ["files", "stacks/files/cdk.tf.json", 1],
    ["files/aws_s3_bucket.Logs", "stacks/files/cdk.tf.json", 4],
    ["files/aws_s3_bucket.Uploads", "stacks/files/cdk.tf.json", 7],
    ["jobs/aws_cloudwatch_metric_alarm.Late", undefined, undefined],
  ]);
});

test("paths start at the repository's root, where the folder is in it", () => {
  const uri = (root: string) =>
    runOf(resultOf(), root).results[2]?.locations[0]?.physicalLocation?.artifactLocation.uri;
  expect(uri(join(folder, ".."))).toMatch(/^tap-test-\w+\/stacks\/files\/cdk\.tf\.json$/);
  expect(uri(join(folder, "elsewhere"))).toBe("stacks/files/cdk.tf.json");
});

test("a path's letters are escaped as a URI's", () => {
  const odd = resultOf({ stacks: [{ id: "files", resources: 1, file: "a b/ü#?.tf.json" }] });
  expect(runOf(odd).results[1]?.locations[0]?.physicalLocation?.artifactLocation.uri).toBe(
    "a%20b/%C3%BC%23%3F.tf.json",
  );
});

test("acknowledged findings are suppressed, with reason, owner and day; the others say that they aren't", () => {
  const { results } = runOf(resultOf());
  expect(results.map(({ suppressions }) => suppressions.map(({ justification }) => justification))).toEqual([
    [],
    [],
    ["The log service writes each object once and never again (platform-team, until 2026-12-31)"],
    [],
    [],
  ]);
});

test("fingerprints are the findings', and levels their severities", () => {
  const result = resultOf();
  const { results } = runOf(result);
  const known = [...result.findings, ...result.acknowledged.map(({ finding }) => finding)];
  expect(new Set(results.map(({ partialFingerprints }) => partialFingerprints["tapAudit/v1"]))).toEqual(
    new Set(known.map(({ fingerprint }) => fingerprint)),
  );
  expect(results.map(({ level }) => level)).toEqual(["error", "error", "error", "error", "note"]);
});

test("what wasn't judged is said", () => {
  expect(runOf(resultOf()).invocations[0]?.toolExecutionNotifications).toEqual([
    { level: "note", message: { text: "Requirements were not judged." } },
  ]);
});

test("is the same for findings in another order", () => {
  const result = resultOf();
  const turned = { ...result, findings: result.findings.toReversed() };
  expect(sarifReport(turned, { folder, root: folder })).toBe(sarifReport(result, { folder, root: folder }));
});
