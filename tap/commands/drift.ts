import { join } from "node:path";
import type { Command } from "commander";
import type { Environment } from "../../config/environment";
import { ConfigError } from "../../config/errors";
import { CommandError, type Context, loadConfiguration, UsageError } from "../context";
import { todaysDay } from "../day";
import { detectDrift } from "../drift/detect";
import { readKnownDrift } from "../drift/known";
import { driftMarkdown } from "../drift/markdown";
import type { DriftReport } from "../drift/report";
import { driftText } from "../drift/text";
import { counts } from "../drift/told";
import { push } from "../graph/sorted";
import { parseStackId } from "../graph/stack-id";
import { interruptible } from "../interrupt";
import { withLock } from "../lock";
import { type StackFolder, workingCopies } from "../plan/folders";
import type { PlanState } from "../plan/plan";
import { leftOutText, readableByRole, rolesOf } from "../plan/role";
import { runSteps } from "../progress";
import { addBackendConfig, addSelection, type SelectionOptions } from "../selection";
import { checkTerraform } from "../terraform";
import { addParallelism, parseParallelism, progressOf, selectToPlan } from "./plan";

interface DriftCommandOptions extends SelectionOptions {
  from?: string;
  parallelism?: string;
  planRole?: string | true;
  backendConfig?: string[];
  metric?: boolean;
  notify?: boolean;
  json?: boolean;
  markdown?: boolean;
}

export function addDrift(program: Command, context: Context): void {
  addBackendConfig(addSelection(program.command("drift").summary("what differs between the states and what there is")))
    .description(
      "Compares what there is with the Terraform states, by refresh-only plans without locks; nothing is written. What differs is told by resource and attribute, sensitive values never. drift.json names what is known, with a reason and a last day. A stack that was never applied is not deployed, which is no drift.",
    )
    .option("--from <folder>", "what lies there (of tap synth, or of a release), instead of synthesizing")
    .addOption(addParallelism())
    .option("--plan-role [arn]", "work under the account's plan role (default: bootstrap's), which may change nothing")
    .option("--metric", "put what was found into CloudWatch, where alarms are on it; of whole environments only")
    .option("--notify", "tell the environment's alarm topic, where there is anything to tell")
    .option("--json", "print the reports as JSON")
    .option("--markdown", "print them as Markdown, for a workflow's summary")
    .addHelpText(
      "after",
      `
Examples:
  tap drift --env prod
  tap drift --env prod --plan-role --metric --notify --markdown >> "$GITHUB_STEP_SUMMARY"
  tap drift --env dev --stack api
  tap drift --from release --env staging --json

Exit codes: 0 no drift, or all of it known; 1 drift; 2 a stack couldn't be compared, or called wrongly.`,
    )
    .action(async (options: DriftCommandOptions) => {
      try {
        await driftCommand(context, options);
      } catch (error) {
        if (error instanceof Drifted) throw error;
        if (!(error instanceof CommandError || error instanceof ConfigError)) throw error;
        // 1 says that there is drift, and nothing else.
        throw new UsageError(error.message);
      }
    });
}

/** What a plan's result means here. */
const words: Readonly<Record<PlanState, string>> = {
  initializing: "initializing",
  planning: "comparing",
  failed: "not compared",
  waiting: "nothing to compare yet",
  changes: "compared",
  "no changes": "compared",
};

/** The one refusal that is a result. */
class Drifted extends CommandError {}

async function driftCommand(context: Context, options: DriftCommandOptions): Promise<void> {
  refuseContradictions(options);
  const today = todaysDay();
  const knownDrift = readKnownDrift(context, today);
  const parallelism = options.parallelism === undefined ? undefined : parseParallelism(options.parallelism);
  await checkTerraform(context);
  const selected = readableByRole(await selectToPlan(context, options), options);
  const work = join(context.projectRoot, ".tap", "drift");
  await withLock(work, "tap drift", () =>
    interruptible(context, async (signal) => {
      const reports: DriftReport[] = [];
      for (const [environment, stacks] of byEnvironment(selected.wanted)) {
        if (signal.aborted) break;
        const roleArn = rolesOf(stacks, options.planRole);
        const detect = async (say: (text: string) => void) => {
          const onProgress = progressOf(context, stacks.length, say, words);
          const folders = workingCopies(stacks, work);
          const { known } = selected;
          const { backendConfig } = options;
          const report = await detectDrift(context, folders, {
            ...{ environment, knownDrift, today, known, backendConfig, roleArn, parallelism, signal, onProgress },
          });
          const leftOut = selected.leftOut.filter((id) => parseStackId(id)?.environmentSuffix === environment);
          const remarks = [...report.remarks, ...leftOut.map((id) => leftOutText(id, "drift"))];
          reports.push({ ...report, remarks });
        };
        await runSteps(context, [{ title: `Compare ${environment}`, run: detect }], { areInterruptible: true });
      }
      print(context, reports, options);
      if (!signal.aborted) await publish(context, reports, options);
      conclude(reports, signal.aborted);
    }),
  );
}

function refuseContradictions({ stack, metric, json, markdown }: DriftCommandOptions): void {
  const problems = [
    ...(stack !== undefined && metric
      ? ["--metric is of whole environments: with --stack it would say that all is well where nobody has looked"]
      : []),
    ...(json && markdown ? ["--json and --markdown are two forms of the same: give one"] : []),
  ];
  if (problems.length > 0) throw new CommandError(problems.join("\n"));
}

/** Stacks of nobody's environment, as of another project, are one environment without a name. */
function byEnvironment(stacks: readonly StackFolder[]): Map<string, StackFolder[]> {
  const found = new Map<string, StackFolder[]>();
  for (const stack of stacks) push(found, parseStackId(stack.stackId)?.environmentSuffix ?? "(none)", stack);
  return found;
}

function print(context: Context, reports: readonly DriftReport[], { json, markdown }: DriftCommandOptions): void {
  if (json) context.print(JSON.stringify({ environments: reports }, null, 2));
  else context.print(reports.map(markdown ? driftMarkdown : driftText).join("\n\n"));
}

/** @throws CommandError with all that couldn't be told */
async function publish(
  context: Context,
  reports: readonly DriftReport[],
  { metric, notify: isNotifying }: DriftCommandOptions,
): Promise<void> {
  if (!metric && !isNotifying) return;
  // Loaded with AWS's clients where they are wanted.
  const { notify, putMetrics } = await import("../drift/publish");
  const problems: string[] = [];
  for (const report of reports) {
    const environment = environmentOf(context, report);
    const attempt = async (what: string, run: () => Promise<unknown>) => {
      await run().catch((error: Error) => problems.push(`${report.environment}: ${what}: ${error.message}`));
    };
    if (metric) await attempt("the metric couldn't be put", () => putMetrics(environment, report));
    if (isNotifying) await attempt("the alarm topic couldn't be told", () => notify(environment, report));
  }
  if (problems.length > 0) throw new CommandError(problems.join("\n"));
}

function environmentOf(context: Context, { environment }: DriftReport): Environment {
  const [only] = loadConfiguration(context, { environment: [environment] }).environments;
  if (only === undefined) throw new CommandError(`${environment} is no environment of config/`);
  return only;
}

/** @throws CommandError where there is drift, or where it isn't known whether there is */
function conclude(reports: readonly DriftReport[], isInterrupted: boolean): void {
  if (isInterrupted) throw new CommandError("Interrupted: not everything was compared, and nothing was put or told.");
  const incomplete = reports.filter((report) => report.incomplete.length > 0);
  if (incomplete.length > 0)
    throw new CommandError(incomplete.map((report) => `${report.environment}: ${counts(report)}`).join("\n"));
  const drifted = reports.filter((report) => report.drifted.length > 0);
  if (drifted.length > 0)
    throw new Drifted(`Drift: ${drifted.map((report) => `${report.environment}: ${counts(report)}`).join("; ")}.`);
}
