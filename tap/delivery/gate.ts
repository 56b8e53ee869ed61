import { createHash } from "node:crypto";
import { atLeast, type ReviewClass } from "../review/classes";
import type { PlannedChange, PlanSummary } from "./run";

/**
 * Whether somebody has to agree to a stack's plan. What loses data always needs a person. Going forward, so does what is
 * above the class that the run was given; going back, nothing else does: the release was good before, and waiting costs.
 */
export function needsPerson(
  { status, class: highest, losesData }: PlannedChange,
  automaticUpTo: ReviewClass,
  direction: "forward" | "back",
): boolean {
  if (status !== "changes") return false;
  if (losesData.length > 0) return true;
  return direction === "forward" && !atLeast(automaticUpTo, highest);
}

/** What isn't applied without an approval: going forward the whole plan, going back what needs a person and what depends on it. */
export function heldStacks(
  plan: PlanSummary,
  automaticUpTo: ReviewClass,
  direction: "forward" | "back",
): PlannedChange[] {
  const changing = plan.stacks.filter(({ status }) => status === "changes");
  const asked = changing.filter((stack) => needsPerson(stack, automaticUpTo, direction));
  if (asked.length === 0 || direction === "forward") return asked.length === 0 ? [] : changing;
  const held = new Set(asked.map(({ stackId }) => stackId));
  const waits = ({ stackId, dependsOn }: PlannedChange) => !held.has(stackId) && dependsOn.some((id) => held.has(id));
  for (let next = plan.stacks.find(waits); next !== undefined; next = plan.stacks.find(waits)) held.add(next.stackId);
  return plan.stacks.filter(({ stackId, status }) => held.has(stackId) && status !== "no changes");
}

/** What an approval is bound to: the release, and what is done to each stack that is held. */
export function approvalHash(plan: PlanSummary, automaticUpTo: ReviewClass, direction: "forward" | "back"): string {
  const held = heldStacks(plan, automaticUpTo, direction).map(({ stackId, hash }) => `${stackId} ${hash}`);
  return createHash("sha256")
    .update([plan.release, ...held].join("\n"))
    .digest("hex");
}
