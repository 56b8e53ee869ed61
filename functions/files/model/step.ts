import { MetricUnit } from "@aws-lambda-powertools/metrics";
import type { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";
import type { BatchInvocation } from "../../shared/batch";
import type { DynamoDbTable } from "../../shared/dynamodb-table";
import { logger, metrics } from "../../shared/powertools";
import { wholeNumber } from "../../shared/variables";
import type { Outcome } from "../apart";
import type { Process } from "../delivery";
import { correctTokens, reserveTokens } from "./budget";
import { ask, bedrockClient, type ModelAnswer, type Question } from "./converse";

/** What a model is asked about a kind of file. */
export interface ModelTask {
  /** Undefined: there is nothing to ask about. */
  readonly question: (outcome: Outcome) => (Question & { readonly estimatedTokens: number }) | undefined;
  /** What the answer adds to the result; undefined where it is none. */
  readonly read: (answer: string) => object | undefined;
}

/** What the step works with. */
export interface ModelStep {
  readonly client: BedrockRuntimeClient;
  readonly table: DynamoDbTable;
  readonly dailyTokens: number;
}

/** Why a result lacks what a model would have said. */
export type Skipped =
  | "switched-off"
  | "nothing-to-ask"
  | "no-time"
  | "no-budget"
  | "denied"
  | "throttled"
  | "timed-out"
  | "no-answer"
  | "unavailable";

/** Left for storing the result. */
const reservedMilliseconds = 5_000;
const longestMilliseconds = 25_000;
const shortestMilliseconds = 1_000;

/** Models that may be called (MODEL_IDS, with commas between them). None: the step is switched off. */
export function modelIds(): readonly string[] {
  return (process.env.MODEL_IDS ?? "").split(",").filter((id) => id !== "");
}

/** Asks a model about each file that is processed. What becomes of that never fails the file (FIL-04). */
export function withModel(table: DynamoDbTable, task: ModelTask, work: Process): Process {
  if (modelIds().length === 0) return work;
  const step: ModelStep = {
    client: bedrockClient(),
    table,
    dailyTokens: wholeNumber("MODEL_DAILY_BUDGET", 0, 9_999_999_999),
  };
  return async (version, settings, invocation) => {
    const outcome = await work(version, settings, invocation);
    const said = await askAbout(step, task, outcome, settings.model, invocation);
    return { ...outcome, result: { ...outcome.result, ...said } };
  };
}

/** What the result says beside what the file itself says. */
export async function askAbout(
  step: ModelStep,
  task: ModelTask,
  outcome: Outcome,
  model: string,
  invocation: BatchInvocation,
): Promise<object> {
  if (model === "") return skip("switched-off");
  const question = task.question(outcome);
  if (question === undefined) return skip("nothing-to-ask");
  try {
    const answer = await askWithinBudget(step, question, model, invocation);
    if (typeof answer === "string") return skip(answer);
    const read = task.read(answer.text);
    return read ?? skip("no-answer");
  } catch (error) {
    // An answer may quote the file: the error's name is all that is logged.
    logger.warn("A model wasn't asked, or didn't answer", { error_name: (error as Error).name });
    return skip(skippedFor(error));
  }
}

async function askWithinBudget(
  { client, table, dailyTokens }: ModelStep,
  question: Question & { readonly estimatedTokens: number },
  model: string,
  { remainingMilliseconds, signal }: BatchInvocation,
): Promise<ModelAnswer | Skipped> {
  const milliseconds = Math.min(longestMilliseconds, remainingMilliseconds() - reservedMilliseconds);
  if (milliseconds < shortestMilliseconds) return "no-time";
  const now = new Date();
  const { estimatedTokens } = question;
  if (!(await reserveTokens(table, now, estimatedTokens, dailyTokens, signal))) return "no-budget";
  try {
    const answer = await ask(client, model, question, AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]));
    await correctTokens(table, now, (answer.tokens ?? estimatedTokens) - estimatedTokens, signal);
    return answer;
  } catch (error) {
    // Of a call that was refused, nothing was used; of one that wasn't answered, nobody knows.
    if (wasRefused(error)) await correctTokens(table, now, -estimatedTokens, signal);
    throw error;
  }
}

interface AwsError {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function wasRefused(error: unknown): boolean {
  const { $metadata } = error as AwsError;
  return ($metadata?.httpStatusCode ?? 0) >= 400;
}

function skippedFor(error: unknown): Skipped {
  const { name = "", $metadata } = error as AwsError;
  if (name === "AbortError" || name === "TimeoutError" || name === "ModelTimeoutException") return "timed-out";
  if ($metadata?.httpStatusCode === 429) return "throttled";
  if (name === "AccessDeniedException") return "denied";
  return "unavailable";
}

function skip(skipped: Skipped): { readonly skipped: Skipped } {
  metrics.addMetric("ModelSkipped", MetricUnit.Count, 1);
  return { skipped };
}
