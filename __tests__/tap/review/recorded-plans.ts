import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../support/project";
import { planCases } from "./cases";
import type { PlanCase } from "./cases/case";

export interface RecordedCase extends PlanCase {
  /** What `terraform show -json` said; read anew for each who asks. */
  plan(): unknown;
}

/** All cases with the plans that real Terraform made of them. Throws where one was never recorded. */
export const recordedCases: readonly RecordedCase[] = Object.entries(planCases).flatMap(([group, cases]) => {
  const text = readFileSync(join(projectRoot, "__tests__", "fixtures", "plans", `${group}.jsonl`), "utf8");
  const plans = new Map(
    text
      .trim()
      .split("\n")
      .map((line) => [(JSON.parse(line) as { name: string }).name, line]),
  );
  return cases.map((one) => {
    const line = plans.get(one.name);
    if (line === undefined) throw new Error(`${one.name} has no plan: node scripts/record-plans.mjs records it`);
    return { ...one, plan: () => (JSON.parse(line) as { plan: unknown }).plan };
  });
});
