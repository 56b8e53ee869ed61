import { outdatedWords } from "../../plan/summary";
import { atLeast, classes } from "../classes";
import type { AttributeDiff, Review, ReviewedChange, StackReview } from "../model";
import { cleanText } from "../shown";
import { Budget, commentLimit } from "./budget";
import { cellCode, codeBlock, htmlCode, inlineCode, prose } from "./code";
import { actionWords, changesByStack, classMarks, classWords, counted, countsText, headline } from "./words";

export interface MarkdownOptions {
  /** Written first, and not seen: by it the comment is found again. */
  readonly marker?: string;
  /** @default "Plan review" */
  readonly title?: string;
  /** Most bytes. @default GitHub's limit of characters: no character is less than a byte */
  readonly limit?: number;
}

/** Room for what says how much was cut. */
const closing = 600;

/** A review for a pull request: the result, what is dangerous and why, a table by stack, and all attributes folded. */
export function reviewMarkdown(review: Review, options: MarkdownOptions = {}): string {
  const { marker, title = "Plan review", limit = commentLimit } = options;
  const budget = new Budget(limit);
  if (marker !== undefined) budget.add(marker);
  budget.add(`### ${classMarks[review.highest]} ${prose(cleanText(title, 200))}: ${prose(headline(review))}\n`);
  const room = budget.left - closing;
  const cut = [
    addSection(budget, troubles(review), (text) => text, room * 0.15, ["message", "messages"]),
    addSection(budget, dangers(review), danger, room * 0.45, dangerWords),
    addTable(budget, review, room * 0.25),
    addDetails(budget, review, budget.left - closing),
  ].flat();
  if (cut.length > 0)
    budget.add(
      `\n**Cut to fit GitHub's limit of ${commentLimit.toLocaleString("en-US")} characters:** ${cut.join("; ")}. \`tap review\` on the same plans shows everything.`,
    );
  return budget.toString();
}

function addSection<Item>(
  budget: Budget,
  items: readonly Item[],
  write: (item: Item) => string,
  most: number,
  words: readonly [string, string],
): string[] {
  if (items.length === 0) return [];
  const left = budget.fill(items, write, most);
  budget.add("");
  return left === 0 ? [] : [`${counted(left, ...words)} not listed`];
}

/** What keeps the review from being whole. */
function troubles({ stacks }: Review): string[] {
  return stacks.flatMap(({ stackId, status, error, waitingFor, outdatedBy = [], checks, remarks }) => [
    ...(status === "failed" ? [`- ❌ ${inlineCode(stackId)} could not be planned: ${inlineCode(error ?? "")}`] : []),
    ...(status === "waiting" ? [`- ⏳ ${inlineCode(stackId)} waits for ${namesOf(waitingFor ?? [])}`] : []),
    ...(outdatedBy.length > 0
      ? [`- 🔄 ${inlineCode(stackId)} reads what the plan of ${namesOf(outdatedBy)} changes: ${outdatedWords}`]
      : []),
    ...remarks.map((remark) => `- ${inlineCode(stackId)}: ${prose(remark)}`),
    ...checks.map(
      ({ address, status: state, problems }) =>
        `- ${state === "unknown" ? "❔" : "❗"} ${inlineCode(stackId)}: the check ${inlineCode(address)} ${checkWords[state]}${problems.length > 0 ? `: ${inlineCode(problems.join(" "))}` : ""}`,
    ),
  ]);
}

const checkWords = { fail: "doesn't hold", error: "could not be made", unknown: "is made during the apply" } as const;

/** Some names in code; of many the first. */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(inlineCode).join(", ");
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown || "other stacks";
}

function dangers({ changes }: Review): ReviewedChange[] {
  return changes.filter((change) => atLeast(change.class, "dangerous"));
}

const dangerWords = ["change that is dangerous or irreversible", "changes that are dangerous or irreversible"] as const;

function danger({ stackId, address, action, class: level, reasons }: ReviewedChange): string {
  return `- ${classMarks[level]} **${classWords[level]}**: ${actionWords[action]} ${inlineCode(address)} (${inlineCode(stackId)})\n${reasons
    .slice(0, 8)
    .map((reason) => `  - ${prose(reason)}`)
    .join("\n")}${reasons.length > 8 ? `\n  - and ${counted(reasons.length - 8, "more reason")}` : ""}`;
}

function addTable(budget: Budget, { stacks }: Review, most: number): string[] {
  if (stacks.length < 1) return [];
  const head = "| Stack | Worst | Changes | Outside Terraform | Outputs |\n| :-- | :-- | :-- | --: | --: |";
  if (!budget.add(head, closing)) return [`${counted(stacks.length, "stack")} not in the table`];
  const left = budget.fill(worstFirst(stacks), row, most);
  budget.add("");
  return left === 0 ? [] : [`${counted(left, "stack")} not in the table`];
}

function worstFirst(stacks: readonly StackReview[]): StackReview[] {
  return [...stacks].sort((one, other) => classes.indexOf(other.highest) - classes.indexOf(one.highest));
}

function row({ stackId, highest, status, counts, drifted, outputs }: StackReview): string {
  const state = status === "changes" ? countsText(counts) || "none" : status;
  return `| ${cellCode(stackId)} | ${classMarks[highest]} ${classWords[highest]} | ${state} | ${drifted || ""} | ${outputs.length || ""} |`;
}

/** Folded, stack by stack; attributes are left out before changes are. */
function addDetails(budget: Budget, review: Review, most: number): string[] {
  let [changesLeft, attributesLeft] = [0, 0];
  const floor = budget.left - most;
  const byStack = changesByStack(review);
  for (const stack of worstFirst(review.stacks)) {
    const changes = byStack.get(stack.stackId) ?? [];
    for (const isDrift of [false, true]) {
      const these = changes.filter((change) => change.isDrift === isDrift);
      if (these.length === 0 && (isDrift || stack.outputs.length === 0)) continue;
      const added = addStack(budget, stack, these, isDrift, floor);
      changesLeft += added.changesLeft;
      attributesLeft += added.attributesLeft;
    }
  }
  return [
    ...(changesLeft > 0 ? [`${counted(changesLeft, "change")} without details`] : []),
    ...(attributesLeft > 0 ? [`${counted(attributesLeft, "attribute")} left out`] : []),
  ];
}

function addStack(
  budget: Budget,
  stack: StackReview,
  changes: readonly ReviewedChange[],
  isDrift: boolean,
  floor: number,
): { changesLeft: number; attributesLeft: number } {
  const title = isDrift
    ? `${htmlCode(stack.stackId)}: ${counted(changes.length, "resource")} changed outside Terraform`
    : `${htmlCode(stack.stackId)}: ${countsText(stack.counts) || counted(stack.outputs.length, "output")}`;
  const outputs = isDrift ? [] : outputLines(stack);
  const end = "</details>\n";
  const keep = floor + end.length + 1;
  if (!budget.add(`<details><summary>${title}</summary>\n`, keep))
    return { changesLeft: changes.length, attributesLeft: 0 };
  let [changesLeft, attributesLeft] = [0, 0];
  for (const change of changes) {
    attributesLeft += change.attributesLeft;
    if (changesLeft === 0 && budget.add(detail(change, change.attributes), keep)) continue;
    attributesLeft += change.attributes.length;
    if (changesLeft > 0 || !budget.add(detail(change, []), keep)) changesLeft += 1;
  }
  if (outputs.length > 0 && !budget.add(`Outputs:\n\n${codeBlock("diff", outputs)}`, keep))
    attributesLeft += outputs.length;
  budget.add(end);
  return { changesLeft, attributesLeft };
}

function detail(change: ReviewedChange, attributes: readonly AttributeDiff[]): string {
  const { address, previousAddress, action, class: level, reasons, attributesLeft } = change;
  const moved = previousAddress === undefined ? "" : ` (before: ${inlineCode(previousAddress)})`;
  const head = `${classMarks[level]} ${actionWords[action]} ${inlineCode(address)}${moved}: ${prose(reasons.slice(0, 5).join("; "))}\n`;
  if (attributes.length === 0) return head;
  const more = attributesLeft > 0 ? [`  … ${counted(attributesLeft, "more attribute")}`] : [];
  return `${head}\n${codeBlock("diff", [...attributes.flatMap(diffLines), ...more])}\n`;
}

/** Two lines of a diff, or one where there is one side. */
function diffLines({ path, before, after, forcesReplacement }: AttributeDiff): string[] {
  const why = forcesReplacement ? "  # forces replacement" : "";
  return [
    ...(before === undefined ? [] : [`- ${path}: ${before}${after === undefined ? why : ""}`]),
    ...(after === undefined ? [] : [`+ ${path}: ${after}${why}`]),
  ];
}

function outputLines({ outputs }: StackReview): string[] {
  return outputs.slice(0, 40).flatMap(({ attribute }) => diffLines(attribute));
}
