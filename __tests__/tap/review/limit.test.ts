import fc from "fast-check";
import { reviewMarkdown, reviewPlans } from "../../../tap/review";
import { planned, planOf } from "./plans";

const limit = 65_536;

function reviewOf(stacks: number, changes: number, text: string) {
  const one = (at: number) =>
    [
      planned("aws_sqs_queue", { name: text }, null, { address: `aws_sqs_queue.It[${at}]` }),
      planned(
        "aws_glue_job",
        { name: text, max: 1 },
        { name: `${text}2`, max: 2 },
        { address: `aws_glue_job.It[${at}]` },
      ),
    ][at % 2] as object;
  const plan = planOf(...Array.from({ length: changes }, (_, at) => one(at)));
  return reviewPlans(
    Array.from({ length: stacks }, (_, at) => ({ stackId: `stack-${at}`, plan })),
    {
      notes: [{ stackId: "broken", error: text }],
    },
  );
}

test("PLAT-08 a comment is never longer than GitHub takes, in characters or bytes, and its blocks are closed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom("plain", "ä".repeat(190), "😀".repeat(90), "`".repeat(150), "漢".repeat(5_000)),
      (stacks, changes, text) => {
        const markdown = reviewMarkdown(reviewOf(stacks, changes, text), { marker: "<!-- tap-review: dev -->" });
        expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(limit);
        expect((markdown.match(/^<details>/gm) ?? []).length).toBe((markdown.match(/^<\/details>/gm) ?? []).length);
      },
    ),
    { numRuns: 20 },
  );
});

test("PLAT-08 what was cut is counted, and the result and its worst changes come first", () => {
  const review = reviewOf(60, 100, "x".repeat(150));
  const markdown = reviewMarkdown(review);
  expect(markdown.split("\n")[0]).toBe(
    "### 🛑 Plan review: 6,000 changes: 3,000 irreversible, 3,000 to review (61 stacks); 1 stack could not be planned; data is lost by 3,000 changes",
  );
  const [, notListed] = /([\d,]+) changes that are dangerous or irreversible not listed/.exec(markdown) ?? [];
  const listed = (markdown.match(/^- 🛑 \*\*irreversible\*\*/gm) ?? []).length;
  expect(listed).toBeGreaterThan(100);
  expect(Number(notListed?.replace(",", "")) + listed).toBe(3_000);
  const [, without] = /([\d,]+) changes without details/.exec(markdown) ?? [];
  const detailed = (markdown.match(/^(?:🛑|🟡) (?:delete|update)/gm) ?? []).length;
  expect(Number(without?.replace(",", "")) + detailed).toBe(6_000);
  expect((markdown.match(/^\| `stack-/gm) ?? []).length).toBe(60);
});

test("where all fits, nothing is said of a limit", () => {
  expect(reviewMarkdown(reviewOf(2, 4, "x"))).not.toContain("Cut to fit");
});
