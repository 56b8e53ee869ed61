import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import { writeWhole } from "../files";
import { readJson } from "../graph/read-cdktf";
import { isObject } from "../graph/terraform-json";
import type { TerraformVersion } from "../terraform";
import { forReview } from "./for-review";
import type { StackPlan } from "./plan";
import type { Shard } from "./shards";

/** A stack's plan as the summary has it: without paths of the machine that made it. */
export interface PlannedStackSummary extends Omit<StackPlan, "folder" | "planFile" | "planJsonFile" | "log"> {
  /** File of its plan as JSON, beside the summary. */
  readonly file?: string;
}

/** What one run of `tap plan` found; those of a matrix's jobs, put into one folder, are read as one. */
export interface PlanSummary {
  readonly version: 1;
  readonly terraform: TerraformVersion;
  readonly shard?: Shard;
  readonly destroy?: true;
  readonly interrupted?: true;
  readonly stacks: readonly PlannedStackSummary[];
}

/** Of a plan that reads what another one changes: it was made from the old value. */
export const outdatedWords = "planned again after that, it may look otherwise";

const summaryPattern = /^summary(-\d+-of-\d+)?\.json$/;

function summaryName(shard: Shard | undefined): string {
  return shard === undefined ? "summary.json" : `summary-${shard.index}-of-${shard.count}.json`;
}

/** Writes plans and summary; what an earlier run left of the same is gone, so that nobody reviews an old plan. */
export function writePlans(
  out: string,
  plans: readonly StackPlan[],
  rest: Omit<PlanSummary, "version" | "stacks">,
): PlanSummary {
  mkdirSync(out, { recursive: true, mode: 0o700 });
  clear(out, rest.shard);
  const stacks = plans.map(({ folder: _, planFile: __, planJsonFile, log: ___, ...plan }) => {
    const file = `${plan.stackId}.json`;
    rmSync(join(out, file), { force: true });
    if (planJsonFile === undefined) return plan;
    writeWhole(join(out, file), JSON.stringify(forReview(readJson(planJsonFile))));
    return { ...plan, file };
  });
  const summary: PlanSummary = { version: 1, ...rest, stacks };
  writeWhole(join(out, summaryName(rest.shard)), `${JSON.stringify(summary, null, 2)}\n`);
  return summary;
}

/** A shard replaces its own part; a run of everything, everything. */
function clear(out: string, shard: Shard | undefined): void {
  const own = readdirSync(out).filter((name) =>
    shard === undefined ? summaryPattern.test(name) : name === summaryName(shard) || name === summaryName(undefined),
  );
  for (const name of own) {
    for (const { file } of readSummary(join(out, name)).stacks)
      if (file !== undefined) rmSync(join(out, file), { force: true });
    rmSync(join(out, name), { force: true });
  }
}

/** Whether a folder is one that `tap plan --out` wrote. */
export function hasSummary(folder: string): boolean {
  return readdirSync(folder).some((name) => summaryPattern.test(name));
}

/**
 * What all runs found whose results are in a folder.
 * @throws CommandError where there is none, where parts of a matrix are missing, or where a stack was planned twice
 */
export function readSummaries(folder: string): PlanSummary {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => summaryPattern.test(name)) : [];
  const summaries = names.map((name) => readSummary(join(folder, name)));
  const [first] = summaries;
  if (first === undefined) throw new CommandError(`${folder} has no summary.json: tap plan --out ${folder} writes it`);
  const problems = [...missingShards(summaries), ...twice(summaries.flatMap(({ stacks }) => stacks))];
  if (problems.length > 0) throw new CommandError(`${folder}: ${problems.join("; ")}`);
  const stacks = summaries.flatMap((summary) => summary.stacks);
  const { shard: _, ...rest } = first;
  return {
    ...rest,
    ...(summaries.some(({ interrupted }) => interrupted) ? { interrupted: true } : {}),
    stacks: stacks.sort((a, b) => (a.stackId < b.stackId ? -1 : 1)),
  };
}

function readSummary(path: string): PlanSummary {
  const json = readJson(path);
  if (!isObject(json) || json.version !== 1 || !Array.isArray(json.stacks))
    throw new CommandError(`${path} is no summary of tap plan`);
  return json as unknown as PlanSummary;
}

function missingShards(summaries: readonly PlanSummary[]): string[] {
  const count = summaries.find(({ shard }) => shard)?.shard?.count ?? 0;
  const there = new Set(summaries.map(({ shard }) => shard?.index));
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((index) => !there.has(index));
  return missing.length === 0 ? [] : [`parts ${missing.join(", ")} of ${count} are missing`];
}

function twice(stacks: readonly PlannedStackSummary[]): string[] {
  const ids = stacks.map(({ stackId }) => stackId);
  const repeated = [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
  return repeated.map((id) => `${id} was planned twice`);
}
