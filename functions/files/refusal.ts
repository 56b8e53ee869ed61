/** Why a file is refused: what its owner is told, and all that is. */
export const reasons = [
  "bad-encoding",
  "corrupt",
  "crashed",
  "deleted",
  "empty",
  "encrypted",
  "gone",
  "not-a-table",
  "out-of-memory",
  "out-of-time",
  "superseded",
  "too-deep",
  "too-large",
  "too-long-a-line",
  "too-long-a-name",
  "too-many-columns",
  "too-many-pages",
  "too-many-pixels",
  "too-many-rows",
  "too-much-text",
  "too-ragged",
  "truncated",
  "type-mismatch",
  "unavailable",
  "unsupported-type",
] as const;

export type Reason = (typeof reasons)[number];

/** Permanent trouble with a file: no repetition helps. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly reason: Reason) {
    super(reason);
  }
}
