/** Everything that two environments or points in time differ in, as `--json` prints it. */
export interface ParityReport {
  /** Whether there is no finding. */
  readonly holds: boolean;
  readonly pairs: readonly PairReport[];
  /** What nothing in the configuration declares; each once, also where two pairs show it. */
  readonly findings: readonly ParityFinding[];
  /** Places that differ from what the configuration gives now, alike in both of a pair: the folder is of another time. */
  readonly alike: number;
}

export interface PairReport {
  readonly environments: readonly [string, string];
  readonly keys: readonly DeclaringKey[];
  readonly differences: readonly DeclaredDifference[];
}

/** A key of the configuration that the two set differently, and that shows. */
export interface DeclaringKey {
  /** `jobs.queue.messageRetentionDays`; regions by their role. */
  readonly key: string;
  /** What each environment sets it to; left out where it isn't set. */
  readonly before?: unknown;
  readonly after?: unknown;
  /** How many differences it declares, alone or with others. */
  readonly differences: number;
}

export interface DeclaredDifference {
  /** The second environment's stack; the first one's where only that has it. */
  readonly stack: string;
  /** Left out where a whole stack is there in one alone. */
  readonly address?: string;
  /** Way to the attribute; left out where a whole resource is there in one alone. */
  readonly path?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly keys: readonly string[];
}

/**
 * `changed`: the folder has something else than the configuration gives, and not so in the other environment.
 * `named`: it follows from the environment's name, account or region, by no key.
 * `undeclared`: no key could be found that makes it.
 */
export type FindingKind = "changed" | "named" | "undeclared";

export interface ParityFinding {
  readonly kind: FindingKind;
  readonly environments: readonly [string, string];
  readonly stack: string;
  readonly address?: string;
  readonly path?: string;
  /** What there is, and what there would have to be. */
  readonly message: string;
}
