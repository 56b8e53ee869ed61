import { push } from "../../graph/sorted";
import type { ReviewClass } from "../classes";
import type { Counts, Review, ReviewAction, ReviewedChange, StackReview } from "../model";

/** Names of classes in sentences. */
export const classWords: Readonly<Record<ReviewClass, string>> = {
  irreversible: "irreversible",
  dangerous: "dangerous",
  review: "to review",
  safe: "safe",
  none: "without changes",
};

export const classMarks: Readonly<Record<ReviewClass, string>> = {
  irreversible: "🛑",
  dangerous: "🔴",
  review: "🟡",
  safe: "🟢",
  none: "⚪",
};

export const actionWords: Readonly<Record<ReviewAction, string>> = {
  create: "create",
  update: "update",
  replace: "replace",
  delete: "delete",
  forget: "forget",
  import: "import",
  move: "move",
  read: "read",
  invoke: "run action",
  unknown: "unknown action",
  "no-op": "nothing",
};

/** In the order in which they are told. */
const actions: readonly ReviewAction[] = [
  "delete",
  "replace",
  "create",
  "update",
  "import",
  "move",
  "forget",
  "invoke",
  "unknown",
  "read",
];

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** `2 delete, 1 update` */
export function countsText(counts: Counts): string {
  return actions
    .filter((action) => (counts[action] ?? 0) > 0)
    .map((action) => `${(counts[action] ?? 0).toLocaleString("en-US")} ${actionWords[action]}`)
    .join(", ");
}

export function planned(review: Review): readonly ReviewedChange[] {
  return review.changes.filter(({ isDrift }) => !isDrift);
}

export function changesByStack({ changes }: Review): ReadonlyMap<string, readonly ReviewedChange[]> {
  const byStack = new Map<string, ReviewedChange[]>();
  for (const change of changes) {
    push(byStack, change.stackId, change);
  }
  return byStack;
}

/** The review in one line. */
export function headline(review: Review): string {
  const parts: string[] = [];
  const changes = planned(review);
  const of = (level: ReviewClass) => changes.filter((change) => change.class === level).length;
  for (const level of ["irreversible", "dangerous", "review", "safe"] as const)
    if (of(level) > 0) parts.push(`${of(level).toLocaleString("en-US")} ${classWords[level]}`);
  const stacks = counted(review.stacks.length, "stack");
  const told = parts.length === 0 ? noChanges(review) : `${counted(changes.length, "change")}: ${parts.join(", ")}`;
  return [`${told} (${stacks})`, ...asides(review)].join("; ");
}

function noChanges({ stacks }: Review): string {
  const outputs = stacks.reduce((sum, each) => sum + each.outputs.length, 0);
  return outputs > 0 ? `No resource changes, ${counted(outputs, "output")}` : "No changes";
}

function asides(review: Review): string[] {
  const count = (status: StackReview["status"]) => review.stacks.filter((stack) => stack.status === status).length;
  const drifted = review.stacks.reduce((sum, { drifted }) => sum + drifted, 0);
  const failing = review.stacks.flatMap(({ checks }) => checks).filter(({ status }) => status !== "unknown").length;
  return [
    ...(count("failed") > 0 ? [`${counted(count("failed"), "stack")} could not be planned`] : []),
    ...(review.losesData.length > 0 ? [`data is lost by ${counted(review.losesData.length, "change")}`] : []),
    ...(drifted > 0 ? [`${counted(drifted, "resource")} changed outside Terraform`] : []),
    ...(failing > 0 ? [`${counted(failing, "check")} failed`] : []),
    ...(count("waiting") > 0 ? [`${counted(count("waiting"), "stack")} waiting`] : []),
  ];
}
