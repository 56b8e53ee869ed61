import { push } from "../graph/sorted";
import { table } from "../text";
import { outdatedWords, type PlannedStackSummary, type PlanSummary } from "./summary";

/** A run for people: every stack with its counts, what waits for what, what failed, and what to do next. */
export function planText(summary: PlanSummary, plans: readonly Located[], out: string): string {
  const { stacks } = summary;
  const parts = [countsTable(stacks), waitingText(stacks), outdatedText(stacks), failedText(plans), next(summary, out)];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** A stack that failed, with where the whole log is. */
export interface Located {
  readonly stackId: string;
  readonly error?: string;
  readonly log?: string;
}

function countsTable(stacks: readonly PlannedStackSummary[]): string {
  const total = (key: "add" | "change" | "destroy") =>
    stacks.reduce((sum, { counts }) => sum + (counts?.[key] ?? 0), 0);
  return table(
    ["Stack", "Result", "Add", "Change", "Destroy"],
    stacks.map(({ stackId, status, counts }) => [
      stackId,
      status,
      ...[counts?.add, counts?.change, counts?.destroy].map((count) => (count === undefined ? "" : String(count))),
    ]),
    [
      `${stacks.length} ${stacks.length === 1 ? "stack" : "stacks"}`,
      "",
      ...(["add", "change", "destroy"] as const).map((key) => String(total(key))),
    ],
  );
}

function waitingText(stacks: readonly PlannedStackSummary[]): string {
  return stacks
    .filter(({ status }) => status === "waiting")
    .map(
      ({ stackId, waitingFor = [] }) =>
        `${stackId} waits for ${waitingFor.join(", ")}: it reads what isn't written yet.`,
    )
    .join("\n");
}

function outdatedText(stacks: readonly PlannedStackSummary[]): string {
  return stacks
    .flatMap(({ stackId, outdatedBy = [] }) =>
      outdatedBy.length === 0
        ? []
        : [`${stackId} reads what the plan of ${outdatedBy.join(", ")} changes: ${outdatedWords}.`],
    )
    .join("\n");
}

/** What fails in many stacks, as a wrong credential does, is told once. */
function failedText(plans: readonly Located[]): string {
  const byError = new Map<string, Located[]>();
  for (const plan of plans) if (plan.error !== undefined) push(byError, plan.error, plan);
  return [...byError]
    .map(([error, [first, ...others]]) => {
      const log = first?.log === undefined ? "" : `\n  All of it: ${first.log}`;
      const also = others.length === 0 ? "" : `\n  The same: ${others.map(({ stackId }) => stackId).join(", ")}`;
      return `${first?.stackId}: ${error.replaceAll("\n", "\n  ")}${log}${also}`;
    })
    .join("\n");
}

function next({ stacks, interrupted, shard }: PlanSummary, out: string): string {
  const ids = (status: PlannedStackSummary["status"]) =>
    stacks.filter((stack) => stack.status === status).map(({ stackId }) => stackId);
  const planned = [...ids("changes"), ...ids("no changes")];
  if (interrupted)
    return `Interrupted. Not planned: ${ids("failed").join(", ") || "nothing is left"}.\nNext: the same command again.`;
  if (ids("failed").length > 0) return "Next: mend what failed, and run the same command again.";
  if (shard !== undefined && shard.count > 1)
    return `Part ${shard.index} of ${shard.count}. Next: put the parts' files into one folder, and tap review <folder>`;
  if (ids("changes").length > 0) {
    const after = ids("waiting").length > 0 ? "; what waits is planned after what it waits for is applied" : "";
    return `Next: tap review ${out}${after}`;
  }
  return planned.length === stacks.length
    ? "Nothing to do: what there is, is what the code says."
    : "Next: apply what the others wait for.";
}
