import type { Change } from "./change";
import type { ReviewClass } from "./classes";
import type { Difference } from "./differences";

/** Why a change is of a class. */
export interface Reason {
  readonly class: ReviewClass;
  /** A sentence without its full stop. */
  readonly text: string;
  /** Whether data goes, though the resource itself stays. */
  readonly losesData?: true;
}

/** What a rule has found, and the differences that it has judged: those need nobody else's judgement. */
export interface Judgement {
  readonly reasons: readonly Reason[];
  readonly judged?: readonly Difference[];
}

export type Rule = (change: Change) => Judgement;

export const nothing: Judgement = { reasons: [] };

/** Some names in a sentence, and how many are left. */
export function listed(names: readonly string[], most = 5): string {
  const unique = [...new Set(names)];
  const left = unique.length - most;
  return left > 0 ? `${unique.slice(0, most).join(", ")} and ${left} more` : unique.join(", ");
}
