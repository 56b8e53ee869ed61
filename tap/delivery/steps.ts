import type { PlanSummary } from "./run";

/** How a step went: it is done where there are no problems. */
export interface StepResult {
  readonly problems: readonly string[];
  /** What it found or did, for the history. */
  readonly notes?: readonly string[];
}

/**
 * All that a promotion does to the world; the engine decides what is done, and when. Each may be asked again after it was
 * done, or half done, by another process.
 */
export interface PromotionSteps {
  /** Waits until nobody holds Terraform's locks of the environment, and makes saved plans of others useless. */
  settle(): Promise<StepResult>;
  /** The release is whole where it comes from. */
  verify(release: string): Promise<StepResult>;
  /** It is the last good one of the environment before. */
  order(release: string): Promise<StepResult>;
  /** It is in the environment's own store. */
  copy(release: string): Promise<StepResult>;
  /** A verified, writable copy of it is here. */
  open(release: string): Promise<StepResult>;
  /** Audit and parity (PLAT-08). */
  audit(release: string): Promise<StepResult>;
  /** The environment is as its states say. */
  drift(release: string): Promise<StepResult>;
  /** Lets functions run the code of the release, by their aliases. */
  functions(release: string): Promise<StepResult>;
  /** Plans some stacks, or all. @throws where one can't be planned */
  plan(release: string, stackIds?: readonly string[]): Promise<PlanSummary>;
  /** Applies what was planned last. */
  apply(stackId: string): Promise<StepResult>;
  /** The release works (PLAT-10). */
  validate(release: string): Promise<StepResult>;
}

/** The run can't go on now, and nothing is wrong with the release: it stays open, and the next command goes on with it. */
export class StopsHere extends Error {
  override readonly name = "StopsHere";
}
