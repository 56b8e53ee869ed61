import { short } from "../release";
import { table } from "../text";
import type { DeliveryResult } from "./engine";
import type { EnvironmentRecord, Good } from "./ledger";
import { directionOf, targetOf } from "./machine";
import type { PlannedChange, RecordedEvent, Run, StepName } from "./run";

/** What a result is in one line. */
export function headline({ status, run }: DeliveryResult): string {
  const { environment, release } = run;
  const target = targetOf(run);
  const lines: Record<DeliveryResult["status"], string> = {
    good: `${short(release)} is in ${environment}, validated and recorded good.`,
    "rolled back": `${environment} is back at ${short(target ?? release)}, validated and recorded good.`,
    refused: `${short(release)} was not promoted to ${environment}: nothing was changed.`,
    abandoned: `The run of ${short(release)} had changed nothing in ${environment}, and is given up.`,
    waiting: `${short(release)} waits for somebody who agrees to its plan of ${environment}.`,
    stopped: `The run of ${short(release)} in ${environment} stopped before its end; it stays open.`,
    "needs a person": `${environment} needs a person: ${target === undefined ? "there is nothing to go back to" : `it isn't at ${short(target)}`}.`,
  };
  return lines[status];
}

/** What somebody does next. */
export function nextText({ status, run, left }: DeliveryResult): string {
  const { environment, release } = run;
  const target = targetOf(run);
  switch (status) {
    case "good":
      return `Next: watch its alarms; tap rollback --env ${environment} takes it back.`;
    case "rolled back":
      return `Next: mend what was wrong with ${badOf(run)}, make a new release, and promote that.`;
    case "refused":
      return `Next: see to what is named above, then tap promote --to ${environment} --release ${short(release)}.`;
    case "abandoned":
      return `Next: tap history --env ${environment} shows where it is.`;
    case "waiting":
      return `Next: whoever has looked at the plan: tap promote --to ${environment} --approve ${left?.hash} --approver <name>`;
    case "stopped":
      return `Next: see to what is named above; then the same command goes on with the run, or tap rollback --env ${environment} takes it back.`;
    case "needs a person":
      return left === undefined
        ? `Next: docs/operations/promotion.md, "A person is needed". Then tap rollback --env ${environment}, or promote a release that mends it.`
        : `Next: look at what would be lost; copy it away or let it go; then tap rollback --env ${environment}${target === undefined ? "" : ` --to ${short(target)}`} --approve ${left.hash} --approver <name>, or promote a release that keeps it.`;
  }
}

/** What was taken back: a rollback's own release is the one that it went to. */
function badOf({ kind, release, lastGood }: Run): string {
  if (kind === "promote") return short(release);
  return lastGood === undefined || lastGood === release ? "what was there before" : short(lastGood);
}

/** A result for people: what came of it, why, what is left, what was done, and what to do next. */
export function resultText(result: DeliveryResult): string {
  const { problems, left, run } = result;
  const parts = [
    headline(result),
    problems.map((problem) => `  ${problem.replaceAll("\n", "\n  ")}`).join("\n"),
    left === undefined ? "" : `Left to decide:\n${left.stacks.map((stack) => `  ${stackText(stack)}`).join("\n")}`,
    stepsTable(run),
    validatedText(result),
    nextText(result),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What a release that is good was asked, and what not; and what there is beside it. */
function validatedText({ status, run }: DeliveryResult): string {
  if (status !== "good" && status !== "rolled back") return "";
  const notesOf = (step: StepName) => {
    const last = run.events.findLast((event) => event.type === "done" && event.step === step);
    return last?.type === "done" ? (last.notes ?? []) : [];
  };
  const validated = notesOf("validate");
  return [...(validated.length === 0 ? [] : [`Validated by: ${validated.join("; ")}.`]), ...notesOf("open")].join("\n");
}

function stackText({ stackId, class: level, summary, losesData }: PlannedChange): string {
  const loss = losesData.length === 0 ? "" : `; holds data: ${losesData.join(", ")}`;
  return `${stackId}: ${level}, ${summary}${loss}`;
}

/** One line per step that was ended or broken off. */
function stepsTable(run: Run): string {
  const rows = stepRows(run);
  return rows.length === 0 ? "" : table(["Step", "Outcome", "Took"], rows);
}

export function stepRows({ events }: Run): [string, string, string][] {
  return events.flatMap((event, index): [string, string, string][] => {
    if (event.type === "turned back")
      return [["turned back", event.because[0]?.split("\n")[0]?.slice(0, 60) ?? "", ""]];
    if (event.type === "approved") return [[`approved by ${event.approver}`, event.hash.slice(0, 12), ""]];
    if (event.type !== "begun") return [];
    const name = nameOf(event);
    const end = events.slice(index + 1).find((each) => isEndOf(event, each));
    if (end === undefined) return [[name, "broke off", ""]];
    return [[name, end.type, `${((Date.parse(end.at) - Date.parse(event.at)) / 1_000).toFixed(1)} s`]];
  });
}

function nameOf({ step, stackId }: Extract<RecordedEvent, { step: StepName }>): string {
  return stackId === undefined ? step : `${step} ${stackId}`;
}

function isEndOf(begun: Extract<RecordedEvent, { type: "begun" }>, event: RecordedEvent): boolean {
  return (
    (event.type === "done" || event.type === "failed") &&
    event.token === begun.token &&
    event.step === begun.step &&
    event.stackId === begun.stackId
  );
}

/** For a pull request's or a workflow's summary: the result first, then what there is to decide. */
export function resultMarkdown(result: DeliveryResult): string {
  const { problems, left, run } = result;
  const mark =
    result.status === "good" || result.status === "abandoned" ? "✅" : result.status === "waiting" ? "⏸️" : "❌";
  const list = (lines: readonly string[]) => lines.map((line) => `- ${inline(line)}`).join("\n");
  const decide =
    left === undefined
      ? ""
      : `### To decide\n\nPlan \`${left.hash}\`\n\n| Stack | Class | Plan | Holds data |\n| --- | --- | --- | --- |\n${left.stacks
          .map(
            (stack) =>
              `| ${[stack.stackId, stack.class, stack.summary, stack.losesData.join(", ")].map(inline).join(" | ")} |`,
          )
          .join("\n")}`;
  const steps = stepRows(run).map((row) => `| ${row.map(inline).join(" | ")} |`);
  const parts = [
    `## ${mark} ${inline(headline(result))}`,
    list(problems),
    inline(validatedText(result)),
    decide,
    `<details><summary>${steps.length} steps of run ${inline(run.id)}, by ${inline(run.by.who)}</summary>\n\n| Step | Outcome | Took |\n| --- | --- | --- |\n${steps.join("\n")}\n\n</details>`,
    inline(nextText(result)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** GitHub finds mentions whatever an `@` is written as; not where something stands behind it, though nobody sees it. */
const withoutMention = "@\u200b";

/** Text that ends no table, mentions nobody and opens no tag. */
function inline(text: string): string {
  return text
    .replaceAll(/[\r\n]+/g, " ")
    .replaceAll(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`)
    .replaceAll(/[\\`*_[\]|#!]/g, (letter) => `\\${letter}`)
    .replaceAll("@", withoutMention);
}

/** The history of an environment, the newest first. */
export function historyText(
  environment: string,
  { lease, run: open, good }: EnvironmentRecord,
  runs: readonly Run[],
  goods: readonly Good[],
): string {
  const held =
    lease.holder === undefined
      ? "Nobody has its lease."
      : `Lease: ${lease.holder.who} (${lease.holder.host}, process ${lease.holder.pid}) for ${lease.purpose}, until ${new Date(lease.expiresAt).toISOString()}.`;
  const rows = [...(open === undefined ? [] : [open]), ...runs].map((run) => [
    run.id,
    run.kind,
    short(run.release),
    outcomeOf(run),
    run.startedAt,
    run.by.who,
    run.commit?.slice(0, 12) ?? "",
  ]);
  return [
    good === undefined
      ? `No release was ever good in ${environment}.`
      : `${environment} was last good at ${short(good.release)}, since ${good.at}. ${held}`,
    rows.length === 0 ? "" : table(["Run", "Kind", "Release", "Outcome", "Started", "By", "Commit"], rows),
    goods.length === 0 ? "" : `Good releases: ${[...new Set(goods.map(({ release }) => short(release)))].join(", ")}`,
    open === undefined
      ? ""
      : `Next: the run ${open.id} is open. tap promote --to ${environment} goes on with it, tap rollback --env ${environment} takes it back.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function outcomeOf(run: Run): string {
  const end = run.events.findLast(({ type }) => type === "finished");
  if (end?.type === "finished") return end.outcome;
  return directionOf(run) === "back" ? "open, going back" : "open";
}

/** All of one run, event by event. */
export function runText(run: Run): string {
  const lines = run.events.map((event) => `${event.at}  #${event.token}  ${eventText(event)}`);
  return [
    `Run ${run.id}: ${run.kind} ${run.release} in ${run.environment}, by ${run.by.who}, ${outcomeOf(run)}`,
    ...lines,
  ].join("\n");
}

function eventText(event: RecordedEvent): string {
  switch (event.type) {
    case "session":
      return `taken up by ${event.by.who} (${event.by.host}, process ${event.by.pid})${event.tookOver ? ", who took the lease over" : ""}`;
    case "begun":
      return `${nameOf(event)} begins`;
    case "done":
      return `${nameOf(event)} is done${event.notes ? `: ${event.notes.join("; ")}` : ""}${event.plan ? `: ${event.plan.stacks.map(stackText).join("; ")}` : ""}`;
    case "failed":
      return `${nameOf(event)} failed: ${event.problems.join("; ")}`;
    case "approved":
      return `${event.approver} agreed to ${event.hash}, said ${event.by.who}`;
    case "waiting":
      return `waits for somebody who agrees to ${event.hash}`;
    case "interrupted":
      return `interrupted: ${event.problems.join("; ")}`;
    case "turned back":
      return `turned back: ${event.because.join("; ")}`;
    case "finished":
      return `finished: ${event.outcome}${event.problems.length === 0 ? "" : `: ${event.problems.join("; ")}`}`;
  }
}
