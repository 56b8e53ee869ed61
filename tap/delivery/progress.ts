import type { Context } from "../context";
import { runSteps } from "../progress";
import type { PlanSummary } from "./run";
import type { PromotionSteps, StepResult } from "./steps";

const titles: Readonly<Record<Exclude<keyof PromotionSteps, "apply">, string>> = {
  settle: "Settle what another process may have left",
  verify: "Verify the release",
  order: "Last good release of the environment before",
  copy: "Copy the release to the environment's store",
  open: "Open a verified copy",
  audit: "Audit and parity",
  drift: "Drift of the environment",
  functions: "Put functions' code back",
  plan: "Plan",
  validate: "Validate",
};

/** A step that is told of as failed; what it found is told at the end. */
class Found extends Error {}

/** Shows each step while it runs. `say` of the steps leads to the line of the one that runs. */
export function withProgress(context: Context, make: (say: (text: string) => void) => PromotionSteps): PromotionSteps {
  let line: (text: string) => void = () => {};
  const steps = make((text) => line(text));
  const show = async <T>(title: string, run: () => Promise<T>, isFine: (result: T) => boolean): Promise<T> => {
    let result: { value: T } | undefined;
    const task = async (say: (text: string) => void) => {
      line = say;
      result = { value: await run() };
      if (!isFine(result.value)) throw new Found("see below");
    };
    try {
      await runSteps(context, [{ title, run: task }], { areInterruptible: true });
    } catch (error) {
      if (!(error instanceof Found)) throw error;
    }
    return (result as { value: T } | undefined)?.value as T;
  };
  const simple = (name: Exclude<keyof PromotionSteps, "apply" | "plan">) => (release: string) =>
    show(titles[name], () => steps[name](release), isDone);
  return {
    settle: () => show(titles.settle, () => steps.settle(), isDone),
    verify: simple("verify"),
    order: simple("order"),
    copy: simple("copy"),
    open: simple("open"),
    audit: simple("audit"),
    drift: simple("drift"),
    functions: simple("functions"),
    validate: simple("validate"),
    apply: (stackId) => show(`Apply ${stackId}`, () => steps.apply(stackId), isDone),
    plan: (release, stackIds) =>
      show(
        stackIds === undefined ? titles.plan : `Plan ${stackIds.length} stacks again`,
        () => steps.plan(release, stackIds),
        (_: PlanSummary) => true,
      ),
  };
}

const isDone = ({ problems }: StepResult) => problems.length === 0;
