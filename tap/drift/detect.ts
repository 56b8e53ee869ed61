import { readFileSync } from "node:fs";
import type { Context } from "../context";
import { todaysDay } from "../day";
import type { StackFolder } from "../plan/folders";
import { type PlanOptions, planFolders, type StackPlan } from "../plan/plan";
import { terraform } from "../terraform";
import { applyKnown, type KnownDrift } from "./known";
import { type DriftPlan, isDeployed } from "./plan-json";
import { driftIn } from "./read";
import type { DriftedResource, DriftReport } from "./report";

export interface DriftOptions
  extends Pick<PlanOptions, "backendConfig" | "roleArn" | "parallelism" | "signal" | "known" | "onProgress"> {
  /** By its suffix. */
  readonly environment: string;
  /** What drift.json says. @default nothing is known */
  readonly knownDrift?: readonly KnownDrift[];
  /** `2026-01-31` @default today */
  readonly today?: string;
}

/** What is of one stack. */
type StackDrift =
  | { readonly compared: readonly DriftedResource[] }
  | { readonly notDeployed: true }
  | { readonly incomplete: string };

/**
 * Compares what there is with the states of an environment's stacks, by refresh-only plans without locks: nothing is
 * written anywhere but in the stacks' folders.
 */
export async function detectDrift(
  context: Context,
  stacks: readonly StackFolder[],
  { environment, knownDrift = [], today = todaysDay(), ...options }: DriftOptions,
): Promise<DriftReport> {
  const plans = await planFolders(context, stacks, { ...options, lock: false, refreshOnly: true });
  const found = await Promise.all(plans.map(async (plan) => [plan.stackId, await driftOf(context, plan)] as const));
  const compared = found.flatMap(([stackId, drift]) => ("compared" in drift ? [stackId] : []));
  const all = found.flatMap(([, drift]) => ("compared" in drift ? drift.compared : []));
  return {
    environment,
    ...applyKnown(all, knownDrift, compared, today),
    incomplete: found.flatMap(([stackId, drift]) =>
      "incomplete" in drift ? [{ stackId, why: drift.incomplete }] : [],
    ),
    notDeployed: found.flatMap(([stackId, drift]) => ("notDeployed" in drift ? [stackId] : [])),
    compared,
  };
}

async function driftOf(context: Context, plan: StackPlan): Promise<StackDrift> {
  const { stackId, status, planJsonFile, waitingFor = [], error = "" } = plan;
  if (planJsonFile !== undefined) {
    const json = JSON.parse(readFileSync(planJsonFile, "utf8")) as DriftPlan;
    return isDeployed(json) ? { compared: driftIn(stackId, json) } : { notDeployed: true };
  }
  if (status !== "waiting") return { incomplete: error };
  return (await isStateEmpty(context, plan))
    ? { notDeployed: true }
    : { incomplete: `it reads parameters that are gone; ${waitingFor.join(", ")} writes them` };
}

/** A stack that was never applied reads what isn't there, and has no state; one that was has lost its inputs. */
async function isStateEmpty(context: Context, { folder }: StackPlan): Promise<boolean> {
  const { exitCode, stdout } = await terraform(context, folder, ["state", "pull"]);
  if (exitCode !== 0) return false;
  const state = stdout.trim() === "" ? {} : (JSON.parse(stdout) as { resources?: unknown[] });
  return (state.resources ?? []).length === 0;
}
