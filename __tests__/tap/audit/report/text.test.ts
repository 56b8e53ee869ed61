import { stripVTControlCharacters } from "node:util";
import { textReport } from "../../../../tap/audit/report/text";
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
    "  files/aws_s3_bucket.Uploads (stacks/files/cdk.tf.json)\n    must have versioning on (it has Suspended)\n",
  );
  expect(text).toContain("  jobs/aws_sqs_queue.Jobs\n    must not let everyone send\n");
});

test("ends with the verdict and what to do next", () => {
  expect(plain().split("\n\n").at(-1)).toBe(
    [
      "Note: Requirements were not judged.",
      "4 findings (1 critical, 2 high, 1 low), 1 acknowledged: 4 rules on 2 stacks, 2,123 resources, in 0.9 s",
      "  tap audit --explain sqs-policy-everyone  a rule, with an example that breaks it and one that doesn't",
      "  tap audit --html audit.html              one page: search, filters, a graph of each stack",
      "  tap audit --changed <folder>             only what is new against another synthesis",
    ].join("\n"),
  );
});

test("is short where there is nothing", () => {
  expect(plain(resultOf({ findings: [], acknowledged: [], notes: [] }))).toBe(
    "0 findings: 4 rules on 2 stacks, 2,123 resources, in 0.9 s\n  tap audit --html audit.html  all stacks as graphs",
  );
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
