import type { ReviewClass } from "../review/classes";

/** Who did something, as an audit trail names them. */
export interface Identity {
  /** ARN of the caller (STS), or user of the machine where no account is asked. */
  readonly who: string;
  /** Machine and process. */
  readonly host: string;
  readonly pid: number;
}

/** One stack of a plan. */
export interface PlannedChange {
  readonly stackId: string;
  readonly status: "no changes" | "changes" | "waiting";
  /** Of what the plan would do to the stack: the same plan has the same one, whoever makes it. */
  readonly hash: string;
  readonly class: ReviewClass;
  /** Addresses that the plan deletes or replaces, and that hold data. */
  readonly losesData: readonly string[];
  /** Stacks that have to be there before it. */
  readonly dependsOn: readonly string[];
  /** Stacks whose plans change what it has read: once they are applied, it may be planned otherwise. */
  readonly outdatedBy: readonly string[];
  /** What it adds, changes and destroys, in a few words. */
  readonly summary: string;
}

/** A plan of some stacks of one release, in the order in which they are applied. */
export interface PlanSummary {
  readonly release: string;
  readonly stacks: readonly PlannedChange[];
}

/** What is done once per stack or per run, in the order of a promotion; `functions` belongs to a rollback. */
export const stepNames = [
  "settle",
  "verify",
  "order",
  "copy",
  "open",
  "audit",
  "drift",
  "functions",
  "plan",
  "apply",
  "validate",
] as const;
export type StepName = (typeof stepNames)[number];

/** `good`: the release is in, and was validated. `rolled back`: the last good one is again. Each of the others says what is left. */
export type Outcome = "good" | "rolled back" | "refused" | "abandoned" | "needs a person";

export type RunEvent =
  /** A process has taken the run up. */
  | { readonly type: "session"; readonly by: Identity; readonly tookOver: boolean }
  | { readonly type: "begun"; readonly step: StepName; readonly stackId?: string }
  | {
      readonly type: "done";
      readonly step: StepName;
      readonly stackId?: string;
      readonly notes?: readonly string[];
      readonly plan?: PlanSummary;
    }
  | {
      readonly type: "failed";
      readonly step: StepName;
      readonly stackId?: string;
      readonly problems: readonly string[];
    }
  | { readonly type: "approved"; readonly hash: string; readonly approver: string; readonly by: Identity }
  | { readonly type: "waiting"; readonly hash: string }
  | { readonly type: "interrupted"; readonly problems: readonly string[] }
  | { readonly type: "turned back"; readonly because: readonly string[] }
  | {
      readonly type: "finished";
      readonly outcome: Outcome;
      readonly problems: readonly string[];
      /** What a person has to decide about, and the hash that approves it. */
      readonly left?: { readonly hash: string; readonly stacks: readonly PlannedChange[] };
    };

/** An event with its time, and the fencing token under which it was recorded: one token is one process. */
export type RecordedEvent = RunEvent & { readonly at: string; readonly token: number };

/** One promotion or rollback: what was asked for, and all that has happened since. */
export interface Run {
  /** Sorts by time. */
  readonly id: string;
  readonly environment: string;
  readonly kind: "promote" | "rollback";
  /** The release that is to be in the environment. */
  readonly release: string;
  /** The last good release of the environment when the run began: where a promotion goes back to. */
  readonly lastGood?: string;
  /** The run before it, where that ended half-way, at a person: it may have put functions' code back and no more. */
  readonly follows?: string;
  /** Changes up to this class need nobody's approval. */
  readonly automaticUpTo: ReviewClass;
  /** Commit that the command was run from. */
  readonly commit?: string;
  readonly by: Identity;
  readonly startedAt: string;
  readonly events: readonly RecordedEvent[];
}
