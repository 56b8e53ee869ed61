import { stripVTControlCharacters } from "node:util";
import { inBraces } from "../../../../tap/audit/report/lines";
import { type TextOptions, textReport } from "../../../../tap/audit/report/text";
import type { Finding } from "../../../../tap/audit/requirement";
import { findingsOf, high, resultOf } from "./results";

/* What people read in a terminal. */

const plain = (result = resultOf()) => textReport(result, { colour: false });

test("groups by severity and rule, the worst first, with the fix once", () => {
  const text = plain();
  const order = [
    " CRITICAL ",
    "sqs-policy-everyone  ",
    " HIGH ",
    "s3-bucket-versioning  ",
    " LOW ",
    "alarm-missing-data  ",
  ];
  expect(order.map((each) => text.indexOf(each))).toEqual(
    order.map((each) => text.indexOf(each)).sort((a, b) => a - b),
  );
  expect(text.match(/Fix: Do what s3-bucket-versioning asks for\./g)).toHaveLength(1);
  expect(text).toContain(
    "  files/aws_s3_bucket.Uploads\n    must have versioning on (it has Suspended)\n    stacks/files/cdk.tf.json\n",
  );
  expect(text).toContain("  jobs/aws_sqs_queue.Jobs\n    must not let everyone send\n");
});

test("ends with the verdict and what to do next", () => {
  expect(plain().split("\n\n").at(-1)).toBe(
    [
      "Note: Requirements were not judged.",
      "✗ 4 findings (1 critical, 2 high, 1 low), 1 acknowledged (until 2026-12-31): 4 rules on 2 stacks, 2,123 resources, in 0.9 s",
      "  tap audit --explain sqs-policy-everyone  a rule, with an example that breaks it and one that doesn't",
      "  tap audit --html audit.html              one page: search, filters, a graph of each stack",
      "  tap audit --changed <folder>             only what is new against another synthesis",
    ].join("\n"),
  );
});

test("is short where there is nothing", () => {
  expect(plain(resultOf({ findings: [], acknowledged: [], notes: [] }))).toBe(
    "✓ 0 findings: 4 rules on 2 stacks, 2,123 resources, in 0.9 s\n  tap audit --html audit.html  all stacks as graphs",
  );
});

test("says when the first of what is acknowledged has to be looked at again", () => {
  const { acknowledged } = resultOf();
  const later = acknowledged.map(({ finding, acknowledgement }) => ({
    finding,
    acknowledgement: { ...acknowledgement, expires: "2027-02-01" },
  }));
  expect(plain(resultOf({ findings: [], acknowledged: [...later, ...acknowledged], notes: [] }))).toMatch(
    /^✓ 0 findings, 2 acknowledged \(the first until 2026-12-31\): 4 rules on 2 stacks, 2,123 resources, in 0\.9 s$/m,
  );
});

describe("the same in several stacks", () => {
  const regions = ["dev-us-east-1", "prod-us-east-1", "prod-us-west-2"];
  const stacks = regions.map((region) => ({
    id: `tap-api-${region}`,
    resources: 1,
    file: `stacks/tap-api-${region}/cdk.tf.json`,
  }));
  const same = stacks.map(({ id }) => ({ stack: id, address: "aws_s3_bucket.A", message: "must have versioning on" }));
  const report = (findings: readonly Finding[], options: Partial<TextOptions> = {}) =>
    textReport(resultOf({ stacks, findings: findingsOf(high, ...findings) }), { colour: false, ...options });

  test("is said once, with all files", () => {
    expect(report(same)).toContain(
      [
        "  aws_s3_bucket.A in 3 stacks",
        "    must have versioning on",
        "    stacks/tap-api-{dev-us-east-1,prod-us-east-1,prod-us-west-2}/cdk.tf.json",
        "  Why: ",
      ].join("\n"),
    );
    expect(report(same)).toContain("✗ 3 findings (3 high)");
  });

  test("names the files once for resources that are in the same stacks", () => {
    const others = same.map((each) => ({ ...each, address: "aws_s3_bucket.B" }));
    const text = report([
      ...same,
      ...others,
      ...others.slice(1).map((each) => ({ ...each, address: "aws_s3_bucket.C" })),
    ]);
    expect(text).toContain(
      "  aws_s3_bucket.B in the same 3 stacks\n    must have versioning on\n  aws_s3_bucket.C in 2 stacks\n",
    );
    expect(text.match(/stacks\/tap-api-/g)).toHaveLength(2);
  });

  test("is said apart where words, resource or both differ", () => {
    const [first, ...others] = same.map((each, at) => ({ ...each, ...(at === 0 ? { message: "must be there" } : {}) }));
    const text = report([...(first ? [first] : []), ...others]);
    expect(text).toContain("  tap-api-dev-us-east-1/aws_s3_bucket.A\n    must be there\n");
    expect(text).toContain("  aws_s3_bucket.A in 2 stacks\n    must have versioning on\n");
    expect(report(same.map(({ address: _, ...each }) => each)).match(/^ {2}tap-api-/gm)).toHaveLength(3);
  });

  test("of one, file and line are named as an editor takes them", () => {
    const locator = { locate: () => ({ file: "stacks/x/cdk.tf.json", line: 17 }) };
    expect(report(same.slice(0, 1), { locator, prefix: "cdktf.out" })).toContain(
      "\n    cdktf.out/stacks/x/cdk.tf.json:17\n",
    );
  });

  test("long reports end with a list of the rules", () => {
    const findings = ["a", "b", "c", "d"].flatMap((id) => findingsOf({ ...high, id: `rule-${id}` }, ...same));
    const list = textReport(resultOf({ stacks, findings }), { colour: false }).split("\n\n").at(-2);
    expect(list?.split("\n")).toEqual(
      ["a", "b", "c", "d"].map((id) => `  high      rule-${id}  3 findings in 1 place`),
    );
  });
});

describe("a terminal's width", () => {
  const narrow = textReport(resultOf(), { colour: false, columns: 50 });

  test("breaks sentences between words, and changes none", () => {
    for (const line of narrow.split("\n")) if (/ .* /.test(line.trim())) expect(line.length).toBeLessThanOrEqual(50);
    const words = (text: string) => text.split(/\s+/).join(" ");
    expect(words(narrow)).toContain("must have versioning on (it has Suspended)");
    expect(words(narrow)).toContain("Fix: Do what s3-bucket-versioning asks for.");
  });

  test("never breaks names: they are copied", () => {
    expect(narrow).toContain("https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html");
  });
});

test.each<[readonly string[], string]>([
  [["a"], "a"],
  [["stacks/a/x.json", "stacks/b/x.json"], "stacks/{a,b}/x.json"],
  [["tap-api-dev-us-east-1", "tap-api-dev-us-west-2"], "tap-api-dev-us-{east-1,west-2}"],
  [["api-1", "jobs-1"], "{api,jobs}-1"],
  [["a", "b-c"], "{a,b-c}"],
  [["x-a-a", "x-a"], "x-{a-a,a}"],
])("%j in one is %s", (names, expected) => {
  expect(inBraces(names)).toBe(expected);
});

test("has colours when asked for them, and says the same", () => {
  const coloured = textReport(resultOf(), { colour: true });
  expect(coloured).toContain("\u001b[");
  expect(plain()).not.toContain("\u001b");
  expect(stripVTControlCharacters(coloured)).toBe(plain());
});

test("lists twenty of a rule, and says how many more there are", () => {
  const many = Array.from({ length: 50 }, (_, index) => ({
    stack: "files",
    address: `aws_s3_bucket.B${index}`,
    message: "m",
  }));
  const text = plain(resultOf({ findings: findingsOf(high, ...many) }));
  expect(text.match(/aws_s3_bucket\.B/g)).toHaveLength(20);
  expect(text).toContain("… and 30 more findings: --json and --html have all");
});

test("names can't steer the terminal", () => {
  const hostile = { stack: "a\u001b[2Jb", address: "x.\u202ey", message: "must\nnot \u0007 \u009b31m" };
  const text = plain(resultOf({ findings: findingsOf(high, hostile), notes: ["\u001b]0;title\u0007"] }));
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(text).toContain("a\ufffd[2Jb/x.\ufffdy");
});
