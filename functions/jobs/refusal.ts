/** Permanent trouble: no repetition helps. The reason is for the job's submitter and for operators, without any value. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly reason: string) {
    super(reason);
  }
}
