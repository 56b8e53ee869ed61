import { CommandError } from "../context";
import { attributesOf } from "./attributes";
import { changeOf, quote } from "./change";
import { reviewChecks } from "./checks";
import { atLeast, classes, type ReviewClass, worst } from "./classes";
import { configuredIn, type IsConfigured } from "./configured";
import { judge } from "./judge";
import type { Review, ReviewAction, ReviewedChange, StackNote, StackReview } from "./model";
import { reviewOutputs } from "./outputs";
import { type ActionInvocation, type Plan, type PlannedChange, planProblem } from "./plan";
import type { Reason } from "./reason";
import { holdsData } from "./rules/lifecycle";
import { cleanAddress, cleanSentence, cleanText, quoted, without } from "./shown";
import { memberOf } from "./values";

export interface StackPlanJson {
  readonly stackId: string;
  /** What `terraform show -json <plan>` prints. */
  readonly plan: unknown;
  /** Stacks whose plans change what it reads. */
  readonly outdatedBy?: readonly string[];
}

export interface ReviewOptions {
  /** Stacks that there is no plan of: they wait for others, or their plan failed. */
  readonly notes?: readonly StackNote[];
}

/** Judges every change of some plans. @throws CommandError where one is no plan */
export function reviewPlans(plans: readonly StackPlanJson[], { notes = [] }: ReviewOptions = {}): Review {
  const problems = plans.flatMap(({ stackId, plan }) => {
    const problem = planProblem(plan);
    return problem === undefined ? [] : [`${cleanId(stackId)} ${problem}`];
  });
  if (problems.length > 0) throw new CommandError(problems.join("\n"));
  const reviewed = plans.map(reviewStack);
  const stacks = [...reviewed.map(({ stack }) => stack), ...notes.map(noted)].sort(byId);
  const changes = inOrder(reviewed.flatMap(({ changes }) => changes));
  const losing = new Set(reviewed.flatMap(({ losing }) => losing));
  return {
    highest: worst(stacks.map(({ highest }) => highest)),
    stacks,
    changes,
    losesData: changes.filter((change) => losing.has(change)),
  };
}

const cleanId = (id: string) => cleanText(id, 200);

const byId = (one: StackReview, other: StackReview) => (one.stackId < other.stackId ? -1 : 1);

/** The worst first, then as the plans have them; drift last of its class. */
function inOrder(changes: readonly ReviewedChange[]): ReviewedChange[] {
  const rank = (change: ReviewedChange) => classes.indexOf(change.class) * 2 + (change.isDrift ? 0 : 1);
  return [...changes].sort((one, other) => rank(other) - rank(one));
}

interface Reviewed {
  readonly stack: StackReview;
  readonly changes: readonly ReviewedChange[];
  readonly losing: readonly ReviewedChange[];
}

function reviewStack({ stackId: id, plan: json, outdatedBy = [] }: StackPlanJson): Reviewed {
  const stackId = cleanId(id);
  const plan = json as Plan;
  const drift = [...(plan.resource_drift ?? [])].filter((planned) => {
    checkChange(stackId, planned);
    return planned.change.actions.join() !== "no-op";
  });
  const drifted = new Map(drift.map((planned) => [planned.address, planned]));
  const isConfigured = configuredIn(plan);
  const changes: ReviewedChange[] = [];
  const losing: ReviewedChange[] = [];
  const add = (planned: PlannedChange, more: readonly Reason[] = []) => {
    checkChange(stackId, planned);
    const one = reviewChange(stackId, planned, more, drifted.get(planned.address), isConfigured);
    if (one === undefined) return;
    changes.push(one.change);
    if (one.losesData) losing.push(one.change);
  };
  for (const planned of plan.resource_changes ?? []) add(planned);
  for (const { resource_change, reason } of plan.deferred_changes ?? [])
    if (resource_change !== undefined) add(resource_change, [deferred(reason)]);
  for (const action of plan.action_invocations ?? []) changes.push(reviewInvocation(stackId, action));
  for (const planned of drift) changes.push(reviewDrift(stackId, planned));
  const stack = stackOf(stackId, plan, changes, drift.length);
  const outdated = outdatedBy.length === 0 ? {} : { outdatedBy: outdatedBy.map(cleanId) };
  return { changes, losing, stack: { ...stack, ...outdated } };
}

/** A plan that Terraform wrote has them. */
function checkChange(stackId: string, planned: unknown): void {
  const address = memberOf(planned, "address");
  const actions = memberOf(memberOf(planned, "change"), "actions");
  if (typeof address !== "string" || typeof memberOf(planned, "type") !== "string" || !Array.isArray(actions))
    throw new CommandError(
      `${stackId} has a change without address, type or actions: it is no complete output of terraform show -json <plan>`,
    );
}

function deferred(reason: string | undefined): Reason {
  return {
    class: "review",
    text: `is put off to a later plan, because too little is known${reason === undefined ? "" : ` (${quoted(reason)})`}: look at that plan, too`,
  };
}

function stackOf(stackId: string, plan: Plan, changes: readonly ReviewedChange[], drifted: number): StackReview {
  const outputs = reviewOutputs(plan.output_changes ?? {});
  const checks = reviewChecks(plan.checks ?? []);
  const counts: Partial<Record<ReviewAction, number>> = {};
  for (const { action, isDrift } of changes) if (!isDrift) counts[action] = (counts[action] ?? 0) + 1;
  const failing: ReviewClass[] = checks.some(({ status }) => status !== "unknown") ? ["review"] : [];
  const highest = worst([
    ...changes.map((change) => change.class),
    ...outputs.map((output) => output.class),
    ...failing,
  ]);
  const hasChanges = changes.length + outputs.length > 0;
  return {
    stackId,
    status: hasChanges ? "changes" : "no changes",
    highest,
    counts,
    drifted,
    outputs,
    checks,
    remarks: plan.complete === false ? ["The plan isn't complete: after its apply there is more to plan."] : [],
  };
}

/** A stack that couldn't be planned can do anything; one that waits does nothing yet. */
function noted({ stackId, waitingFor = [], error }: StackNote): StackReview {
  return {
    stackId: cleanId(stackId),
    status: error === undefined ? "waiting" : "failed",
    highest: error === undefined ? "none" : "dangerous",
    counts: {},
    drifted: 0,
    outputs: [],
    checks: [],
    remarks: [],
    ...(error === undefined ? { waitingFor: waitingFor.map(cleanId) } : { error: cleanSentence(error, 500) }),
  };
}

function reviewChange(
  stackId: string,
  planned: PlannedChange,
  more: readonly Reason[],
  drift: PlannedChange | undefined,
  isConfigured: IsConfigured,
): { change: ReviewedChange; losesData: boolean } | undefined {
  const change = changeOf(planned, isConfigured);
  if (change.action === "no-op" && more.length === 0) return undefined;
  const reasons = [...judge(change), ...more, ...(drift === undefined ? [] : [undoing])];
  const isHolder = holdsData(change);
  const isGone = change.action === "delete" || change.action === "replace";
  const losesData = (isGone && isHolder) || reasons.some((reason) => reason.losesData);
  const { previous_address: previous, address } = planned;
  const reviewed: ReviewedChange = {
    stackId,
    address: addressOf(planned, change.secrets),
    ...(previous === undefined || previous === address ? {} : { previousAddress: cleanAddress(previous) }),
    type: cleanText(planned.type, 100),
    action: change.action,
    class: worst(["safe", ...reasons.map((reason) => reason.class)]),
    reasons: textsOf(reasons, change.secrets),
    holdsData: isHolder,
    isDrift: false,
    ...attributesOf(change),
  };
  return { change: reviewed, losesData };
}

const undoing: Reason = { class: "review", text: "undoes what was changed outside Terraform" };

function addressOf({ address, deposed }: PlannedChange, secrets: readonly string[]): string {
  return `${without(cleanAddress(address), secrets)}${deposed === undefined ? "" : ` (old copy ${cleanText(deposed, 20)})`}`;
}

/** The worst first; what is as bad in the order in which it was found. */
function textsOf(reasons: readonly Reason[], secrets: readonly string[]): string[] {
  const sorted = [...reasons].sort((one, other) =>
    atLeast(one.class, other.class) ? (one.class === other.class ? 0 : -1) : 1,
  );
  // That something is new says nothing where there is more to say.
  const texts = sorted.map(({ text }) => without(text, secrets));
  return [...new Set(texts.length > 1 ? texts.filter((text) => text !== "is new") : texts)];
}

/** What happened outside Terraform: the plan doesn't do it, and mostly undoes it. */
function reviewDrift(stackId: string, planned: PlannedChange): ReviewedChange {
  const change = changeOf(planned);
  const isGone = change.action === "delete";
  const names = [...new Set(change.differences.map(({ name }) => quote(change, name)))];
  const text = isGone
    ? `is gone: somebody deleted it outside Terraform${holdsData(change) ? ", with the data in it" : ""}`
    : names.length === 0
      ? "was read anew, and means the same"
      : `was changed outside Terraform: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
  return {
    stackId,
    address: addressOf(planned, change.secrets),
    type: cleanText(planned.type, 100),
    action: change.action,
    class: isGone || names.length > 0 ? "review" : "safe",
    reasons: [without(text, change.secrets)],
    holdsData: holdsData(change),
    isDrift: true,
    ...attributesOf(change),
  };
}

function reviewInvocation(
  stackId: string,
  { address, type, lifecycle_action_trigger: trigger }: ActionInvocation,
): ReviewedChange {
  const by =
    trigger?.triggering_resource_address === undefined
      ? ""
      : ` (${quoted(trigger.action_trigger_event ?? "because")} of ${quoted(cleanAddress(trigger.triggering_resource_address))})`;
  return {
    stackId,
    address: cleanAddress(address ?? "action"),
    type: cleanText(type ?? "action", 100),
    action: "invoke",
    class: "review",
    reasons: [`runs an action${by}: what that does isn't in the plan`],
    holdsData: false,
    isDrift: false,
    attributes: [],
    attributesLeft: 0,
  };
}
