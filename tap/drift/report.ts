/** An attribute that is not as the state has it. */
export interface AttributeDrift {
  /** `versioning_configuration[0].status`; into JSON in strings as well: `policy.Statement[0].Effect`. */
  readonly path: string;
  /** What Terraform made, as its state has it. */
  readonly state: unknown;
  /** What there is. */
  readonly actual: unknown;
}

export interface DriftedResource {
  readonly stackId: string;
  readonly address: string;
  readonly type: string;
  /** Empty for what has vanished. */
  readonly attributes: readonly AttributeDrift[];
  /** Whether it is there no more. */
  readonly vanished: boolean;
}

/** Drift that drift.json answers for. */
export interface KnownResource extends DriftedResource {
  readonly reason: string;
  /** Last day on which that holds. */
  readonly until: string;
}

export interface DriftReport {
  /** By its suffix. */
  readonly environment: string;
  readonly drifted: readonly DriftedResource[];
  readonly known: readonly KnownResource[];
  /** Stacks of which it isn't known whether they differ. */
  readonly incomplete: readonly { readonly stackId: string; readonly why: string }[];
  /** Stacks without anything in their state. */
  readonly notDeployed: readonly string[];
  /** Stacks that were compared. */
  readonly compared: readonly string[];
  /** What is wrong with drift.json: entries that have expired, or are of nothing. */
  readonly remarks: readonly string[];
}

/** What stands in place of a value that may not be shown. */
export const hidden = "(sensitive)";

const longestValue = 160;

/** A value on one line. */
export function shownValue(value: unknown): string {
  if (value === hidden) return hidden;
  const text = JSON.stringify(value ?? null);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
