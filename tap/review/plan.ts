import { isObject } from "../graph/terraform-json";

/** `terraform show -json <plan>`, as far as a review reads it. Lists may be read from a file while they are gone through. */
export interface Plan {
  readonly format_version: string;
  readonly resource_changes?: Iterable<PlannedChange>;
  readonly resource_drift?: Iterable<PlannedChange>;
  /** What a later plan has to decide, because too little is known yet. */
  readonly deferred_changes?: Iterable<{ readonly reason?: string; readonly resource_change?: PlannedChange }>;
  readonly action_invocations?: Iterable<ActionInvocation>;
  readonly output_changes?: Readonly<Record<string, ChangedValues>>;
  readonly checks?: Iterable<PlannedCheck>;
  readonly complete?: boolean;
  readonly configuration?: unknown;
}

export interface PlannedChange {
  readonly address: string;
  readonly previous_address?: string;
  readonly mode?: "managed" | "data";
  readonly type: string;
  /** An old copy that a replacement has left behind. */
  readonly deposed?: string;
  readonly action_reason?: string;
  readonly change: ChangedValues;
}

export interface ChangedValues {
  readonly actions: readonly string[];
  readonly before?: unknown;
  readonly after?: unknown;
  /** `true` in the place of everything that is known only after the apply. */
  readonly after_unknown?: unknown;
  /** `true` in the place of everything that nobody may see. */
  readonly before_sensitive?: unknown;
  readonly after_sensitive?: unknown;
  readonly replace_paths?: readonly (readonly (string | number)[])[];
  readonly importing?: { readonly id?: string };
}

export interface ActionInvocation {
  readonly address?: string;
  readonly type?: string;
  readonly lifecycle_action_trigger?: {
    readonly triggering_resource_address?: string;
    readonly action_trigger_event?: string;
  };
}

export interface PlannedCheck {
  readonly address?: { readonly to_display?: string };
  readonly status?: string;
  readonly instances?: readonly { readonly problems?: readonly { readonly message?: string }[] }[];
}

const wanted =
  "Wanted is what terraform show -json <plan> prints, where the plan was saved by terraform plan -out=<plan>";

/** Why something is no plan that can be reviewed; undefined where it is one. */
export function planProblem(plan: unknown): string | undefined {
  if (!isObject(plan)) return `is no plan, but ${describe(plan)}. ${wanted}`;
  const { format_version: version } = plan;
  if (typeof version !== "string") return `has no format_version${looksLikeState(plan)}. ${wanted}`;
  // Terraform promises to keep what it has under version 1 of the format.
  if (!/^1\.\d+$/.test(version)) return `has the format_version ${JSON.stringify(version)}; versions 1.x are read here`;
  if (plan.errored === true)
    return "is of a plan that ended with an error, so that parts of it are missing: correct what Terraform said and plan again";
  if ("values" in plan && !("planned_values" in plan)) return `is a state, and not a plan. ${wanted}`;
  // Terraform leaves resource_changes out where there is nothing at all to do or to keep.
  if (!("planned_values" in plan) && !("resource_changes" in plan))
    return `has neither planned_values nor resource_changes: it is a state, or no complete plan. ${wanted}`;
  return wrongList(plan);
}

function looksLikeState(plan: object): string {
  return "lineage" in plan || "terraform_version" in plan ? ": it is a state file, and not a plan" : "";
}

function wrongList(plan: Readonly<Record<string, unknown>>): string | undefined {
  for (const part of ["resource_changes", "resource_drift"]) {
    const list = plan[part];
    if (list !== undefined && list !== null && !isList(list)) return `has ${part} that are no list. ${wanted}`;
  }
  return undefined;
}

function isList(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
