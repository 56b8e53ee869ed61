/** What a change may cost, from nothing to what nobody can bring back. The order counts. */
export const classes = ["none", "safe", "review", "dangerous", "irreversible"] as const;

export type ReviewClass = (typeof classes)[number];

/** Whether a class is as bad as another one, or worse. */
export function atLeast(given: ReviewClass, least: ReviewClass): boolean {
  return classes.indexOf(given) >= classes.indexOf(least);
}

/** The worst of some; "none" of none. */
export function worst(given: Iterable<ReviewClass>): ReviewClass {
  let found: ReviewClass = "none";
  for (const one of given) if (atLeast(one, found)) found = one;
  return found;
}
