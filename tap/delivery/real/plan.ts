import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../files";
import { hashOf } from "../../hash";
import { dependenciesOf, planFolders, type StackFolder, type StackPlan } from "../../plan";
import { archiveProblems, copyProblems, type Manifest } from "../../release";
import { reviewPlans } from "../../review";
import { terraform } from "../../terraform";
import type { PlannedChange, PlanSummary } from "../run";
import { StopsHere } from "../steps";
import { isExpired } from "./expired";
import type { RealOptions, Session } from "./options";
import { emptyState } from "./settle";

/** A release that lies here, verified, for this process alone. */
export interface Opened {
  readonly folder: string;
  readonly manifest: Manifest;
  /** What is promoted: bootstrap isn't, which people apply with credentials of their own. */
  readonly stacks: readonly StackFolder[];
  /** All of the environment: what they write is known by them. */
  readonly known: readonly StackFolder[];
}

export interface Planned {
  readonly summary: PlanSummary;
  readonly plans: readonly StackPlan[];
}

/** Plans stacks of an opened release. @throws Error with all that couldn't be planned */
export async function planRelease(
  options: RealOptions,
  session: Session,
  { folder, manifest, stacks, known }: Opened,
  wanted: readonly string[] | undefined,
): Promise<Planned> {
  const chosen = stacks.filter(({ stackId }) => wanted?.includes(stackId) ?? true);
  const ids = chosen.map(({ stackId }) => stackId);
  refuse(copyProblems(folder, manifest, ids));
  const plan = (some: readonly StackFolder[]) =>
    planFolders(options.context, some, {
      known,
      backendConfig: options.backendConfig,
      roleArn: options.providerRoleArn,
      parallelism: options.parallelism,
      lock: !options.readOnly,
      signal: session.signal,
      onProgress: (stackId, state) => session.say(`${stackId}: ${state}`),
    });
  const first = await plan(chosen);
  const begun = options.readOnly ? [] : await beginStates(options, first);
  const again = begun.length === 0 ? [] : await plan(chosen.filter(({ stackId }) => begun.includes(stackId)));
  const plans = first.map((each) => again.find(({ stackId }) => stackId === each.stackId) ?? each);
  refuseFailed(plans);
  refuse(
    archiveProblems(
      folder,
      manifest,
      plans.filter(({ planFile }) => planFile !== undefined).map(({ stackId }) => stackId),
    ),
  );
  return { plans, summary: { release: manifest.id, stacks: summarize(plans, stacks) } };
}

/**
 * Gives a stack that was never applied an empty state: a saved plan is bound to a state's lineage and serial, and of
 * one without a state nothing would ever be stale.
 */
async function beginStates({ context }: RealOptions, plans: readonly StackPlan[]): Promise<string[]> {
  const begun: string[] = [];
  for (const { stackId, folder, planJsonFile, status } of plans) {
    if (planJsonFile === undefined || status !== "changes") continue;
    const { prior_state: prior } = JSON.parse(readFileSync(planJsonFile, "utf8")) as {
      prior_state?: { values?: object };
    };
    if (prior?.values !== undefined && Object.keys(prior.values).length > 0) continue;
    const pulled = await terraform(context, folder, ["state", "pull"]);
    if (pulled.exitCode !== 0 || pulled.stdout.trim() !== "") continue;
    const file = join(folder, "empty.tfstate");
    writeWhole(file, JSON.stringify({ ...emptyState(), serial: 1 }));
    if ((await terraform(context, folder, ["state", "push", file])).exitCode === 0) begun.push(stackId);
  }
  return begun;
}

function refuseFailed(plans: readonly StackPlan[]): void {
  const failed = plans.filter(({ status }) => status === "failed");
  const texts = failed.map(({ stackId, error = "" }) => `${stackId}: ${error}`);
  if (texts.some(isExpired)) throw new StopsHere(expiredText(texts.join("\n")));
  refuse(texts);
}

export function expiredText(said: string): string {
  return `The credentials have expired, or are none: sign in, and run the same command again; it goes on from here.\n${said}`;
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** What the ledger keeps of a plan, and what the gate goes by, in the order in which stacks are applied. */
function summarize(plans: readonly StackPlan[], stacks: readonly StackFolder[]): PlannedChange[] {
  const json = new Map(
    plans.flatMap(({ stackId, planJsonFile }) =>
      planJsonFile === undefined
        ? []
        : [[stackId, JSON.parse(readFileSync(planJsonFile, "utf8")) as PlanJson] as const],
    ),
  );
  const review = reviewPlans([...json].map(([stackId, plan]) => ({ stackId, plan })));
  const dependencies = dependenciesOf(stacks);
  const order = inOrder(dependencies);
  const changeOf = ({ stackId, status, counts, waitingFor = [], outdatedBy = [] }: StackPlan): PlannedChange => ({
    stackId,
    status: status === "failed" ? "waiting" : status,
    hash: changeHash(json.get(stackId)),
    class: review.stacks.find((stack) => stack.stackId === stackId)?.highest ?? "none",
    losesData: review.losesData.filter((change) => change.stackId === stackId).map(({ address }) => address),
    dependsOn: dependencies.get(stackId) ?? [],
    outdatedBy,
    summary: counts
      ? `${counts.add} to add, ${counts.change} to change, ${counts.destroy} to destroy`
      : `waits for ${waitingFor.join(", ")}`,
  });
  return plans.map(changeOf).sort((a, b) => order.indexOf(a.stackId) - order.indexOf(b.stackId));
}

/** Each after those that it depends on; what depends on itself by others is in the order of names. */
export function inOrder(dependencies: ReadonlyMap<string, readonly string[]>): string[] {
  const order: string[] = [];
  const visit = (id: string, path: readonly string[]) => {
    if (order.includes(id) || path.includes(id)) return;
    for (const before of dependencies.get(id) ?? []) visit(before, [...path, id]);
    order.push(id);
  };
  for (const id of [...dependencies.keys()].sort()) visit(id, []);
  return order;
}

interface PlanJson {
  readonly resource_changes?: readonly { readonly change: { readonly actions: readonly string[] } }[];
  readonly output_changes?: Readonly<Record<string, { readonly actions: readonly string[] }>>;
}

/** Of what a plan would do: the same for the same change, whenever and wherever it is planned. */
function changeHash(plan: PlanJson | undefined): string {
  const resources = (plan?.resource_changes ?? []).filter(({ change }) => change.actions.join() !== "no-op");
  const outputs = Object.entries(plan?.output_changes ?? {}).filter(([, { actions }]) => actions.join() !== "no-op");
  return hashOf([resources, outputs]);
}
