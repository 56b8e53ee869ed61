import type { CheckReview } from "./model";
import type { PlannedCheck } from "./plan";
import { cleanAddress, cleanSentence } from "./shown";

/** Checks that don't hold, or whose end isn't known yet; those that hold say nothing. */
export function reviewChecks(checks: Iterable<PlannedCheck>): CheckReview[] {
  const found: CheckReview[] = [];
  for (const { address, status, instances } of checks) {
    if (status !== "fail" && status !== "error" && status !== "unknown") continue;
    const messages = (instances ?? []).flatMap(({ problems }) => problems ?? []).map(({ message }) => message ?? "");
    found.push({
      address: cleanAddress(address?.to_display ?? "a check"),
      status,
      problems: messages.slice(0, 10).map((message) => cleanSentence(message, 300)),
    });
  }
  return found;
}
