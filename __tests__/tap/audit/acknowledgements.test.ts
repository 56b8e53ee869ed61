import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../config/errors";
import {
  type Acknowledgement,
  applyAcknowledgements,
  noAuditFile,
  parseAuditFile,
  readAuditFile,
} from "../../../tap/audit/acknowledgements";
import { betweenLinearAndQuadratic, growth } from "../../support/growth";
import { findingsOf, ruleOf } from "./report/results";

/* Findings that somebody answers for, and what is wrong with such words. */

const today = "2026-03-01";
const rule = ruleOf("s3-bucket-versioning");

const acknowledgement: Acknowledgement = {
  rule: "s3-bucket-versioning",
  stack: "tap-files-dev-us-east-1",
  address: "aws_s3_bucket.Logs",
  reason: "The log service writes each object once and never again",
  owner: "platform-team",
  expires: "2026-12-31",
};

const finding = { stack: acknowledgement.stack, address: acknowledgement.address, message: "must have versioning on" };

const apply = (changes: Partial<Acknowledgement> = {}) =>
  applyAcknowledgements(findingsOf(rule, finding), [{ ...acknowledgement, ...changes }], today);

const summarized = ({ left, acknowledged, problems }: ReturnType<typeof applyAcknowledgements>) => ({
  left: left.length,
  acknowledged: acknowledged.length,
  problems: problems.map((each) => `${each.rule.id}: ${each.message}`),
});

test("takes out every finding of the rule on the resource", () => {
  const findings = findingsOf(rule, finding, { ...finding, message: "must keep old versions" });
  const { left, acknowledged, problems } = applyAcknowledgements(findings, [acknowledgement], today);
  expect({ left, problems }).toEqual({ left: [], problems: [] });
  expect(acknowledged).toEqual(findings.map((each) => ({ finding: each, acknowledgement })));
});

test.each([
  ["rule", { rule: "s3-bucket-version" }],
  ["stack", { stack: "tap-files-dev-us-west-2" }],
  ["address", { address: "aws_s3_bucket.Logs2" }],
] as const)("another %s is another finding, and the acknowledgement unused", (_, changes) => {
  const { left, acknowledged, problems } = apply(changes);
  expect([left.length, acknowledged.length]).toEqual([1, 0]);
  expect(problems.map((each) => each.rule.id)).toEqual(["acknowledgement-unused"]);
});

test("an unused one says which rule was meant", () => {
  expect(apply({ rule: "s3-bucket-versionin" }).problems).toEqual([
    expect.objectContaining({
      stack: acknowledgement.stack,
      address: acknowledgement.address,
      message:
        'has an acknowledgement of s3-bucket-versionin, by platform-team, that is of no finding (did you mean "s3-bucket-versioning"?)',
    }),
  ]);
});

test("of a stack that wasn't judged nobody knows whether it is used", () => {
  const isStack = (id: string) => id === "tap-jobs-dev-us-east-1";
  expect(applyAcknowledgements([], [acknowledgement], today, { isStack }).problems).toEqual([]);
});

test("of a rule that wasn't judged nobody knows either; of one that there isn't everybody does", () => {
  const problemsWith = (knownRules: readonly string[]) =>
    applyAcknowledgements([], [acknowledgement], today, { rules: new Set(["kms-key-rotation"]), knownRules }).problems;
  expect(problemsWith(["kms-key-rotation", acknowledgement.rule])).toEqual([]);
  expect(
    problemsWith(["kms-key-rotation", "s3-bucket-version"]).map(({ rule, message }) => [rule.id, message]),
  ).toEqual([
    [
      "acknowledgement-unused",
      'has an acknowledgement of s3-bucket-versioning, by platform-team, that names no rule that there is (did you mean "s3-bucket-version"?)',
    ],
  ]);
});

test("an empty address is of a finding about the whole stack", () => {
  const whole = findingsOf(rule, { stack: "tap-files-dev-us-east-1", message: "must have a bucket" });
  expect(summarized(applyAcknowledgements(whole, [{ ...acknowledgement, address: "" }], today))).toEqual({
    left: 0,
    acknowledged: 1,
    problems: [],
  });
});

test("holds on its last day, and not on the day after", () => {
  expect(summarized(apply({ expires: today }))).toEqual({ left: 0, acknowledged: 1, problems: [] });
  expect(summarized(apply({ expires: "2026-02-28" }))).toEqual({
    left: 1,
    acknowledged: 0,
    problems: [
      "acknowledgement-expired: has an acknowledgement of s3-bucket-versioning, by platform-team, that ended on 2026-02-28",
    ],
  });
});

test("ends within 366 days", () => {
  expect(summarized(apply({ expires: "2027-03-02" })).acknowledged).toBe(1);
  expect(summarized(apply({ expires: "2027-03-03" }))).toEqual({
    left: 1,
    acknowledged: 0,
    problems: [
      "acknowledgement-malformed: has an acknowledgement of s3-bucket-versioning, by platform-team, that ends on 2027-03-03, after the latest day that it may, 2027-03-02",
    ],
  });
});

test.each([
  "not needed",
  "This is not needed here for now.",
  "False positive, it is really a false positive",
  "TODO: will be fixed later, not important now",
  "todo todo todo todo todo todo",
  "Won't fix this finding for now, we accepted risk",
  "Written once alone",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "                              ",
])("gives no fact: %s", (reason) => {
  const { left, problems } = apply({ reason });
  expect(left).toHaveLength(1);
  expect(problems.map((each) => each.rule.id)).toEqual(["acknowledgement-malformed"]);
});

test.each([
  "Buckets of logs take SSE-S3 alone: the log delivery service can't use the key",
  "Not applicable to replicas: the table in us-east-1 has the backups, AWS refuses a second plan",
  "CloudFront reads it, and its distribution is in stack cdn",
])("gives a fact: %s", (reason) => {
  expect(summarized(apply({ reason }))).toEqual({ left: 0, acknowledged: 1, problems: [] });
});

test("a reason of any length is judged in linear time", () => {
  const grown = growth({
    size: 20_000,
    times: 10,
    make: (size) => ["not ".repeat(size), "won't fix ".repeat(size / 2)],
    work: (reasons) => reasons.map((reason) => apply({ reason })),
  });
  expect(grown).toBeLessThan(betweenLinearAndQuadratic(10));
});

describe("audit.json", () => {
  test("gives settings and acknowledgements", () => {
    const file = { publicRoutes: ["GET /health"], accountConcurrency: 500, acknowledgements: [acknowledgement] };
    expect(parseAuditFile(JSON.stringify(file))).toEqual({
      settings: { publicRoutes: ["GET /health"], accountConcurrency: 500 },
      acknowledgements: [acknowledgement],
    });
  });

  test("may be nearly empty, or missing", () => {
    expect(parseAuditFile("{}")).toEqual(noAuditFile);
    expect(noAuditFile).toEqual({ settings: { publicRoutes: [], accountConcurrency: 1_000 }, acknowledgements: [] });
  });

  test("is named by its own name where it is wrong", () => {
    const path = join(mkdtempSync(join(tmpdir(), "tap-test-")), "other.json");
    writeFileSync(path, "{");
    expect(() => readAuditFile(path)).toThrow(/^other\.json: is no JSON: /);
  });

  test("is told everything that is wrong with it at once", () => {
    const wrong = {
      publicRoute: [],
      publicRoutes: ["health"],
      accountConcurrency: "many",
      acknowledgements: [
        { ...acknowledgement, rule: "s3-*", stack: "", address: "*", owner: " ", expires: "2026-02-30" },
        { rule: "x-y", because: "…" },
      ],
    };
    const problems = problemsOf(() => parseAuditFile(JSON.stringify(wrong)));
    const at = (path: string) => problems.find((each) => each.path === `audit.json.${path}`);
    expect(problems.map(({ path }) => path.replace("audit.json.", "")).sort()).toEqual(
      [
        "accountConcurrency",
        ...["address", "expires", "owner", "rule", "stack"].map((key) => `acknowledgements.0.${key}`),
        ...["address", "because", "expires", "owner", "reason", "stack"].map((key) => `acknowledgements.1.${key}`),
        "publicRoute",
        "publicRoutes.0",
      ].sort(),
    );
    expect(at("acknowledgements.0.expires")).toMatchObject({
      value: "2026-02-30",
      message: "must be a day as YYYY-MM-DD, e.g. 2026-12-31",
    });
    expect(at("acknowledgements.0.rule")?.message).toMatch(/one alone, without wildcards$/);
    expect(at("acknowledgements.1.stack")?.message).toBe(
      "is missing; it must be a stack's id, e.g. tap-files-prod-us-east-1",
    );
    expect(at("publicRoute")?.message).toMatch(/did you mean "publicRoutes"\?/);
  });

  test("has one acknowledgement of a thing", () => {
    const file = { acknowledgements: [acknowledgement, { ...acknowledgement, owner: "files-team" }] };
    expect(problemsOf(() => parseAuditFile(JSON.stringify(file)))).toEqual([
      { path: "audit.json.acknowledgements.1", message: "is of what 0 is of: one of them is too many" },
    ]);
  });

  test.each([
    "null",
    "[]",
    "1",
    '"x"',
    '{"acknowledgements":{}}',
    '{"acknowledgements":[null]}',
    '{"acknowledgements":[[]]}',
  ])("%s is refused in words", (text) => {
    expect(problemsOf(() => parseAuditFile(text)).length).toBeGreaterThan(0);
  });
});

function problemsOf(parse: () => unknown) {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
