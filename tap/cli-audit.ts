import { addAudit } from "./commands/audit";
import { type MainOptions, runProgram } from "./program";

/** `tap audit` alone, without the constructs that other verbs build stacks of: half the memory, and a fast start. */
export function main(options: MainOptions): Promise<number> {
  return runProgram(options, [addAudit]);
}
