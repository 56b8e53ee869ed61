import type { ReviewClass } from "./classes";

/** What Terraform will do with a resource; `invoke` runs an action, `unknown` is what a newer Terraform may say. */
export type ReviewAction =
  | "create"
  | "update"
  | "replace"
  | "delete"
  | "forget"
  | "import"
  | "move"
  | "read"
  | "invoke"
  | "unknown"
  | "no-op";

/** One attribute, as it is and as it will be. Values are texts that may be shown to anybody. */
export interface AttributeDiff {
  /** `environment[0].variables.TABLE`; within a text of JSON `policy: Statement[0].Action`. */
  readonly path: string;
  /** Left out where there is nothing. */
  readonly before?: string;
  readonly after?: string;
  /** Because of it Terraform makes the resource anew. */
  readonly forcesReplacement?: true;
}

export interface ReviewedChange {
  readonly stackId: string;
  readonly address: string;
  readonly previousAddress?: string;
  readonly type: string;
  readonly action: ReviewAction;
  readonly class: ReviewClass;
  /** In words, the worst first. */
  readonly reasons: readonly string[];
  /** Whether the resource holds what isn't in the configuration: items, objects, messages, keys. */
  readonly holdsData: boolean;
  /** Whether it happened outside Terraform, and isn't what the plan does. */
  readonly isDrift: boolean;
  readonly attributes: readonly AttributeDiff[];
  /** Attributes that differ and aren't listed: there is a limit for each change. */
  readonly attributesLeft: number;
}

export interface OutputReview {
  readonly name: string;
  readonly action: "create" | "update" | "delete";
  readonly class: ReviewClass;
  readonly attribute: AttributeDiff;
}

/** A check of the configuration (`check`, `precondition`, `postcondition`) that doesn't hold, or whose end isn't known yet. */
export interface CheckReview {
  readonly address: string;
  readonly status: "fail" | "error" | "unknown";
  readonly problems: readonly string[];
}

/** How many there are of each kind. */
export type Counts = Readonly<Partial<Record<ReviewAction, number>>>;

export interface StackReview {
  readonly stackId: string;
  /** `waiting`: for stacks that write what it reads. `failed`: there is no plan of it. */
  readonly status: "changes" | "no changes" | "waiting" | "failed";
  readonly highest: ReviewClass;
  readonly counts: Counts;
  /** Resources that were changed outside Terraform. */
  readonly drifted: number;
  readonly outputs: readonly OutputReview[];
  readonly checks: readonly CheckReview[];
  readonly waitingFor?: readonly string[];
  /** Stacks whose plans change what it reads: planned again after them, it may look otherwise. */
  readonly outdatedBy?: readonly string[];
  readonly error?: string;
  /** What is to be known about the plan as a whole. */
  readonly remarks: readonly string[];
}

export interface Review {
  readonly highest: ReviewClass;
  readonly stacks: readonly StackReview[];
  /** The worst first. */
  readonly changes: readonly ReviewedChange[];
  /** What deletes or replaces something that holds data. */
  readonly losesData: readonly ReviewedChange[];
}

/** A stack that there is no plan of. */
export interface StackNote {
  readonly stackId: string;
  readonly waitingFor?: readonly string[];
  readonly error?: string;
}
