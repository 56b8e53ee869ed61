import { addReview } from "./commands/review";
import { type MainOptions, runProgram } from "./program";

/** `tap review` alone, without the constructs that other verbs build stacks of: half the memory, and a fast start. */
export function main(options: MainOptions): Promise<number> {
  return runProgram(options, [addReview]);
}
