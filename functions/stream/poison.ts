/** What no repetition helps: a record that isn't one, or isn't signed. The reason has no value in it. */
export class Poison extends Error {
  override readonly name = "Poison";

  constructor(
    readonly reason: string,
    /** Where it could be read. */
    readonly correlationId?: string,
  ) {
    super(reason);
  }
}
