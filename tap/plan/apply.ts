import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../context";
import { readMessage, terraformLogged, whyFailed } from "../terraform";
import { explained } from "./explained";
import type { StackPlan } from "./plan";

export interface ApplyOptions {
  /** Passed on to Terraform as one SIGINT; it ends what it is doing, and is waited for. */
  readonly signal?: AbortSignal | undefined;
  /** What is done to each resource, as Terraform says it: `aws_sqs_queue.Queue: Creating...` */
  onResource?(line: string): void;
}

export type ApplyResult =
  | { readonly applied: true }
  | {
      readonly applied: false;
      /** Terraform's errors, short. */
      readonly error: string;
      /** Whether anything was begun. False: the plan is stale, another run holds the lock, or it didn't come so far. */
      readonly partly: boolean;
      /** All that Terraform said, absolute. */
      readonly log?: string;
    };

/** Applies a stack's saved plan in the folder where it was made, which has the archives that it names. */
export async function applyPlan(context: Context, plan: StackPlan, options: ApplyOptions = {}): Promise<ApplyResult> {
  const { folder, planFile, stackId } = plan;
  if (planFile === undefined || !existsSync(planFile))
    return { applied: false, partly: false, error: `${stackId} has no plan to apply: it is "${plan.status}"` };
  const log = join(folder, "apply.log");
  writeFileSync(log, "", { mode: 0o600 });
  let partly = false;
  const result = await terraformLogged(context, folder, ["apply", "-json", "-input=false", planFile], {
    log,
    signal: options.signal,
    onLine: (line) => {
      const message = readMessage(line);
      if (message?.address === undefined || message.action === undefined || message.action === "read") return;
      if (message.type.startsWith("apply_")) partly = true;
      if (applyEvents.has(message.type)) options.onResource?.(message.text);
    },
  });
  if (result.exitCode === 0) return { applied: true };
  const said = whyFailed(result.text);
  const error = options.signal?.aborted ? ["interrupted", said].filter((text) => text !== "").join(": ") : said;
  return { applied: false, partly, error: explained(stackId, error || `terraform ended with ${result.exitCode}`), log };
}

const applyEvents: ReadonlySet<string> = new Set(["apply_start", "apply_progress", "apply_complete", "apply_errored"]);
