import type { DeliveryResult } from "../../../tap/delivery/engine";
import { historyText, resultMarkdown, resultText, runText } from "../../../tap/delivery/report";
import type { RecordedEvent, Run, RunEvent } from "../../../tap/delivery/run";

const by = { who: "arn:aws:sts::111111111111:assumed-role/deploy/anna", host: "ci", pid: 7 };
const release = "4f1c09".padEnd(64, "0");
const good = "9e2b77".padEnd(64, "0");

function runOf(events: readonly RunEvent[], more: Partial<Run> = {}): Run {
  const recorded = events.map(
    (event, index): RecordedEvent => ({
      ...event,
      at: new Date(1_800_000_000_000 + index * 1_500).toISOString(),
      token: 3,
    }),
  );
  return {
    id: "run1",
    environment: "prod",
    kind: "promote",
    release,
    lastGood: good,
    automaticUpTo: "review",
    by,
    startedAt: "2027-01-15T08:00:00.000Z",
    events: recorded,
    ...more,
  };
}

const stack = {
  stackId: "tap-jobs-prod-us-east-1",
  status: "changes",
  hash: "h",
  class: "irreversible",
  losesData: ["aws_dynamodb_table.Jobs"],
  dependsOn: [],
  outdatedBy: [],
  summary: "0 to add, 0 to change, 1 to destroy",
} as const;

const results: DeliveryResult[] = [
  { status: "good", problems: [], run: runOf([]) },
  {
    status: "rolled back",
    problems: ["smoke: /health answers 500"],
    run: runOf([{ type: "turned back", because: ["smoke"] }]),
  },
  { status: "refused", problems: ["audit: a finding", "parity: another"], run: runOf([]) },
  { status: "abandoned", problems: [], run: runOf([]) },
  { status: "waiting", problems: [], run: runOf([]), left: { hash: "a".repeat(64), stacks: [stack] } },
  { status: "stopped", problems: ["The ledger can't be reached"], run: runOf([]) },
  { status: "needs a person", problems: ["no good release"], run: runOf([]) },
  {
    status: "needs a person",
    problems: ["it holds data"],
    run: runOf([]),
    left: { hash: "b".repeat(64), stacks: [stack] },
  },
];

test.each(results)("$status: what is, why, and what to do next", (result) => {
  const text = resultText(result);
  expect(text.split("\n")[0]).toMatch(/4f1c09000000|9e2b77000000|prod/);
  for (const problem of result.problems) expect(text).toContain(problem);
  expect(text).toMatch(/\nNext: /);
  if (result.left !== undefined) {
    expect(text).toContain(`--approve ${result.left.hash}`);
    expect(text).toContain("holds data: aws_dynamodb_table.Jobs");
  }
});

test("each step with its outcome and how long it took; one that broke off is told so", () => {
  const run = runOf([
    { type: "session", by, tookOver: false },
    { type: "begun", step: "verify" },
    { type: "done", step: "verify" },
    { type: "approved", hash: "c".repeat(64), approver: "anna", by },
    { type: "begun", step: "apply", stackId: stack.stackId },
  ]);
  const text = resultText({ status: "stopped", problems: [], run });
  expect(text).toMatch(/verify +done +1\.5 s/);
  expect(text).toMatch(/approved by anna +cccccccccccc/);
  expect(text).toMatch(/apply tap-jobs-prod-us-east-1 +broke off/);
});

test("Markdown: what comes from outside ends no table, mentions nobody and opens no tag", () => {
  const hostile = "x | y\n## @everyone <img src=x> `code` [a](b) #1";
  const markdown = resultMarkdown({
    status: "waiting",
    problems: [hostile],
    run: runOf([], { by: { ...by, who: hostile } }),
    left: { hash: "d".repeat(64), stacks: [{ ...stack, summary: hostile, losesData: [hostile] }] },
  });
  expect(markdown).toMatch(/^## ⏸️ /);
  expect(markdown.split("\n").filter((line) => line.startsWith("#"))).toHaveLength(2);
  // GitHub looks for mentions in what comes of it: there an escape is as good as none.
  expect(markdown).toContain("everyone");
  expect(markdown).not.toMatch(/@everyone|<img|[^\\]\[a\]/);
  for (const row of markdown.split("\n").filter((line) => line.startsWith("| tap-")))
    expect(row.match(/(?<!\\)\|/g)).toHaveLength(5);
});

test("the history: where it is, who has it, what is open, and every run", () => {
  const open = runOf([{ type: "session", by, tookOver: true }]);
  const finished = runOf([{ type: "finished", outcome: "good", problems: [] }], {
    id: "run0",
    commit: "abcdef".repeat(7),
  });
  const lease = {
    token: 4,
    holder: by,
    purpose: "promote",
    since: "2027-01-15T08:00:00Z",
    expiresAt: 1_800_000_000_000,
  };
  const record = { lease, run: open, good: { release: good, runId: "run0", at: "2027-01-14T08:00:00Z" }, nonce: "" };
  const text = historyText("prod", record, [finished], [record.good]);
  expect(text).toMatch(
    /^prod was last good at 9e2b77000000, since .* Lease: arn:.*anna \(ci, process 7\) for promote, until 2027/,
  );
  expect(text).toMatch(/run1 +promote +4f1c09000000 +open/);
  expect(text).toMatch(/run0 +promote +4f1c09000000 +good .* abcdefabcdef/);
  expect(text).toMatch(/Next: the run run1 is open/);
  expect(historyText("dev", { lease: { token: 0, expiresAt: 0 }, nonce: "" }, [], [])).toMatch(
    /No release was ever good in dev/,
  );
  expect(runText(open)).toMatch(/#3 {2}taken up by arn:.* who took the lease over/);
});
