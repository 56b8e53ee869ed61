import fc from "fast-check";
import { makeFilter } from "../../../../tap/audit/report/browser/filter";
import { makeIndex } from "../../../../tap/audit/report/browser/index";
import { makeNames } from "../../../../tap/audit/report/browser/names";
import { makeState } from "../../../../tap/audit/report/browser/state";
import { pageData } from "../../../../tap/audit/report/page-data";
import { graphOf, resources } from "../../graph/graph-of";
import { resultOf } from "./results";

/* What the page's code does without a browser. */

const graph = graphOf({
  files: {
    resource: resources({
      "aws_s3_bucket.Uploads": { bucket: "uploads" },
      "aws_s3_bucket.Logs": { bucket: "logs" },
      "aws_s3_bucket_logging.Logging": {
        bucket: "${aws_s3_bucket.Uploads.id}",
        target_bucket: "${aws_s3_bucket.Logs.id}",
        target_prefix: "${aws_s3_bucket.Uploads.id}/",
      },
      "aws_iam_policy.Read": {
        policy: JSON.stringify({
          Statement: [
            { Effect: "Allow", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111111111111:jobs" },
          ],
        }),
      },
      "aws_iam_policy.Wide": {
        policy: JSON.stringify({
          Statement: [
            { Effect: "Allow", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111111111111:j*" },
          ],
        }),
      },
    }),
  },
  jobs: { resource: resources({ "aws_sqs_queue.Jobs": { name: "jobs" } }) },
});
const data = pageData(resultOf(), graph);
const all = { search: "", severities: [], rule: "", stack: "" };

const at = (stack: number, address: string) => data.stacks[stack]?.nodes.findIndex((node) => node[1] === address) ?? -1;

describe("filter", () => {
  const filter = makeFilter(data);
  const shown = (changes: object) => filter.findings(data.findings, { ...all, ...changes }).map(({ place }) => place);

  test.each([
    ["nothing", {}, 4],
    ["words of any case, in whatever order", { search: "suspended  VERSIONING" }, 1],
    ["words of the rule", { search: "sqs-policy" }, 1],
    ["severities", { severities: ["critical", "low"] }, 2],
    ["a rule", { rule: "s3-bucket-versioning" }, 2],
    ["a stack", { stack: "jobs" }, 2],
    ["all of them", { stack: "jobs", severities: ["low"], search: "alarm" }, 1],
    ["what isn't there", { stack: "other" }, 0],
  ])("by %s", (_, changes, count) => {
    expect(shown(changes)).toHaveLength(count);
  });

  test("finds rules and resources", () => {
    expect(filter.rules(data.rules, { ...all, search: "rotation" }).map(({ id }) => id)).toEqual(["kms-key-rotation"]);
    expect(filter.rules(data.rules, { ...all, severities: ["critical"] })).toHaveLength(1);
    const [files] = data.stacks;
    expect(files && filter.nodes(files, "BUCKET logs").map((node) => files.nodes[node]?.[1])).toEqual([
      "aws_s3_bucket.Logs",
    ]);
  });
});

describe("index", () => {
  const index = makeIndex(data);

  test("joins both ends of references, with all ways once per pair", () => {
    const logging = at(0, "aws_s3_bucket_logging.Logging");
    const uploads = at(0, "aws_s3_bucket.Uploads");
    expect(index.refersTo(0, logging)).toContainEqual({ stack: 0, node: uploads, ways: ["bucket", "target_prefix"] });
    expect(index.referredBy(0, uploads)).toEqual([{ stack: 0, node: logging, ways: ["bucket", "target_prefix"] }]);
  });

  test("follows references into other stacks, and keeps patterns as they are written", () => {
    const read = at(0, "aws_iam_policy.Read");
    const way = "policy.Statement[0].Resource (by arn)";
    expect(index.refersTo(0, read)).toEqual([{ stack: 1, node: at(1, "aws_sqs_queue.Jobs"), ways: [way] }]);
    expect(index.referredBy(1, at(1, "aws_sqs_queue.Jobs"))).toEqual([{ stack: 0, node: read, ways: [way] }]);
    expect(data.stacks[0]?.patterns.map(([from, text]) => [from, text])).toEqual([
      [at(0, "aws_iam_policy.Wide"), "arn:aws:sqs:us-east-1:111111111111:j*"],
    ]);
  });

  test("knows the findings of a resource, of a stack as a whole, and of all in it", () => {
    expect(index.findingsOn(1, at(1, "aws_sqs_queue.Jobs"))).toHaveLength(1);
    expect(index.findingsOn(0, at(0, "aws_s3_bucket.Logs"))).toEqual([]);
    expect(index.findingsIn(0)).toHaveLength(2);
    // The other one is of the stack, or of what isn't in it.
    expect(index.findingsOn(0, -1).map(({ place }) => place)).toEqual(["files"]);
  });
});

describe("address bar", () => {
  const states = makeState(["findings", "stacks"], ["critical", "high"]);

  test("has all of a state", () => {
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(
        fc.record({
          view: fc.constantFrom("findings", "stacks"),
          search: text,
          severities: fc.subarray(["critical", "high"]),
          rule: text,
          stack: text,
          node: text,
        }),
        (state) => {
          expect(states.parse(states.format(state))).toEqual(state);
        },
      ),
    );
  });

  test("takes what others wrote, and is empty at the start", () => {
    const start = { view: "findings", search: "", severities: [], rule: "", stack: "", node: "" };
    expect(states.parse("")).toEqual(start);
    expect(states.format(start)).toBe("");
    expect(states.parse("#view=javascript:alert(1)&severities=high,none&&&=%%%")).toEqual({
      ...start,
      severities: ["high"],
    });
  });
});

test.each([
  ["aws_sqs_queue.Jobs_Worker_0A1B2C3D", "aws_sqs_queue", "Jobs_Worker"],
  ["data.aws_region.current", "aws_region", "current"],
  ['module.net["a"].aws_vpc.Vpc[0]', "aws_vpc", 'module.net["a"].Vpc[0]'],
  ["odd", "aws_vpc", "odd"],
])("%s is called for short what tells it from others", (address, type, name) => {
  expect(makeNames().nameOf(address, type)).toBe(name);
});
