import type { Change } from "./change";
import type { Difference } from "./differences";
import type { Judgement, Reason, Rule } from "./reason";
import { exposureSignals } from "./rules/exposure";
import { judgeLifecycle } from "./rules/lifecycle";
import { judgeNetwork } from "./rules/network";
import { judgePolicies } from "./rules/policies";
import { protectionSignals } from "./rules/protection";
import { judgeSettings } from "./rules/settings";
import { ruleOf } from "./rules/signal";

/** The most particular ones first: what one has judged the next leaves alone. */
const rules: readonly Rule[] = [judgePolicies, judgeNetwork, ruleOf(exposureSignals), ruleOf(protectionSignals)];

/** Why a change is of the class that it is of. */
export function judge(change: Change): readonly Reason[] {
  if (change.planned.mode === "data") return judgeLifecycle(change);
  const judged = new Set<Difference>();
  const reasons: Reason[] = [...judgeLifecycle(change)];
  for (const rule of rules) {
    const found: Judgement = rule(judged.size === 0 ? change : without(change, judged));
    for (const difference of found.judged ?? []) judged.add(difference);
    reasons.push(...found.reasons);
  }
  const left = change.differences.filter((difference) => !judged.has(difference));
  // What is made anew has been judged as such: its settings come with it.
  if (change.action === "update" || change.action === "import") reasons.push(...judgeSettings(change, left));
  return reasons;
}

function without(change: Change, judged: ReadonlySet<Difference>): Change {
  return { ...change, differences: change.differences.filter((difference) => !judged.has(difference)) };
}
