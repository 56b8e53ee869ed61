import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CommandError } from "../context";
import { parseStackId } from "../graph/stack-id";
import { hasSummary, type PlannedStackSummary, readSummaries } from "../plan/summary";
import type { StackNote } from "./model";
import { type Plan, planProblem } from "./plan";
import { readPlan, readPlanFile } from "./read-plan";
import type { StackPlanJson } from "./review";

const standardInput = 0;

export interface ReadPlans {
  readonly plans: readonly StackPlanJson[];
  /** Stacks without a plan, as the summaries of `tap plan` tell of them. */
  readonly notes: readonly StackNote[];
}

/** Reads all plans that a call names; what can't be read is told together. @throws CommandError */
export function readPlans(paths: readonly string[], cwd: string): ReadPlans {
  const problems: string[] = [];
  const plans: StackPlanJson[] = [];
  const notes: StackNote[] = [];
  for (const { name, read, ...stack } of paths.flatMap((path) => sourcesOf(path, cwd, { problems, notes }))) {
    const plan = attempt(read);
    const problem = "problem" in plan ? plan.problem : planProblem(plan.value);
    if (problem === undefined && "value" in plan) plans.push({ ...stack, plan: plan.value });
    else problems.push(`${name} ${problem}`);
  }
  const twice = [...plans, ...notes].map(({ stackId }) => stackId).filter((id, at, all) => all.indexOf(id) !== at);
  for (const id of new Set(twice))
    problems.push(`${id} has two plans here: name one of them, or call the files after their stacks`);
  if (problems.length > 0) throw new CommandError(problems.join("\n"));
  return { plans, notes };
}

interface Found {
  readonly problems: string[];
  readonly notes: StackNote[];
}

interface Source {
  readonly name: string;
  readonly stackId: string;
  readonly outdatedBy?: readonly string[];
  read(): Plan;
}

function sourcesOf(path: string, cwd: string, found: Found): Source[] {
  const { problems } = found;
  if (path === "-")
    return [{ name: "Standard input", stackId: "standard-input", read: () => readPlan(readFileSync(standardInput)) }];
  const full = resolve(cwd, path);
  if (!existsSync(full)) {
    problems.push(`${path} is not there`);
    return [];
  }
  if (!statSync(full).isDirectory()) return [fileSource(full, path)];
  if (hasSummary(full)) return summarized(full, found);
  const files = plansIn(full);
  if (files.length === 0)
    problems.push(`${path} has no plan in it: wanted are <stack>.json or <stack>/plan.json, from terraform show -json`);
  return files.map((file) => fileSource(file, file));
}

/** What `tap plan --out` wrote: its summary says which stacks there are, and why some have no plan. */
function summarized(folder: string, { problems, notes }: Found): Source[] {
  try {
    const { stacks } = readSummaries(folder);
    notes.push(...stacks.filter(({ file }) => file === undefined).map(noteOf));
    return stacks.flatMap((stack) => (stack.file === undefined ? [] : [planned(folder, stack)]));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    problems.push(error.message);
    return [];
  }
}

/** Under the name that `tap plan` gives it: a summary that came from elsewhere leads to no other file. */
function planned(folder: string, { stackId, outdatedBy = [] }: PlannedStackSummary): Source {
  const file = join(folder, `${basename(stackId)}.json`);
  return { name: file, stackId, outdatedBy, read: () => readPlanFile(file) };
}

function noteOf({ stackId, status, waitingFor = [], error }: PlannedStackSummary): StackNote {
  return status === "waiting" ? { stackId, waitingFor } : { stackId, error: error ?? "the reason wasn't given" };
}

/** `<stackId>.json`, `<stackId>/plan.json` */
function plansIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return entry.name.endsWith(".json") ? [path] : [];
    return entry.isDirectory() && existsSync(join(path, "plan.json")) ? [join(path, "plan.json")] : [];
  });
}

function fileSource(path: string, name: string): Source {
  const own = basename(path)
    .replace(/\.json$/, "")
    .replace(/\.tfplan$|\.plan$/, "");
  const folder = basename(dirname(path));
  // A file that is called after what it is says nothing about its stack; its folder does.
  const stackId = /^(?:tf)?plan$/.test(own) && (parseStackId(folder) !== undefined || folder !== "") ? folder : own;
  return { name, stackId, read: () => readPlanFile(path) };
}

/** As long as the lists of a plan are read from its bytes, what is wrong with those comes out here. */
function attempt(read: () => Plan): { value: Plan } | { problem: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: `is no JSON: ${error.message}. ${howTo}` };
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: `can't be read: ${code === "EACCES" ? "that isn't allowed here" : message}` };
  }
}

const howTo = "A plan that was saved with -out is no JSON yet: terraform show -json <plan> prints it";
