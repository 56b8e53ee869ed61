import { addAudit } from "./commands/audit";
import { addBootstrap } from "./commands/bootstrap";
import { addDrift } from "./commands/drift";
import { addHistory } from "./commands/history";
import { addList } from "./commands/list";
import { addLocal } from "./commands/local";
import { addOpenApi } from "./commands/openapi";
import { addOutputs } from "./commands/outputs";
import { addParity } from "./commands/parity";
import { addPlan } from "./commands/plan";
import { addPromote } from "./commands/promote";
import { addRedrive } from "./commands/redrive";
import { addRelease } from "./commands/release";
import { addRequirements } from "./commands/requirements";
import { addReview } from "./commands/review";
import { addRollback } from "./commands/rollback";
import { addStart } from "./commands/start";
import { addSynth } from "./commands/synth";
import { type MainOptions, runProgram } from "./program";

export { runBatch } from "./synth/batch";

/** The `tap` command; returns its exit code. */
export function main(options: MainOptions): Promise<number> {
  return runProgram(options, [
    addStart,
    addSynth,
    addList,
    addBootstrap,
    addOutputs,
    addLocal,
    addOpenApi,
    addAudit,
    addParity,
    addPlan,
    addDrift,
    addRedrive,
    addRelease,
    addPromote,
    addRollback,
    addHistory,
    addRequirements,
    addReview,
  ]);
}
