import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { CommandError, type Context, UsageError } from "../context";
import { type LocalState, localFolder } from "../local/state";
import { addEnvironment, type SelectionOptions } from "../selection";

interface CoverageOptions extends SelectionOptions {
  calls?: string[];
  failUnder?: string;
  json?: boolean;
}

/** What the verbs of `tap local` have in common. */
interface Common {
  running(context: Context, options: SelectionOptions): LocalState;
  bytesOf(context: Context, path: string): Buffer;
}

export function addCoverage(local: Command, context: Context, common: Common): void {
  const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];
  addEnvironment(local.command("coverage").summary("which granted actions have been used, and which haven't"))
    .description(
      "Says of each role which of the actions that it is granted some call has used since the environment was first brought up, which none has, and which the emulator can't exercise, and why.",
    )
    .option("--calls <file>", "recorded calls, repeatable (default: the environment's own)", collect)
    .option("--fail-under <percent>", "fail where less of what the emulator enforces is used")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap local coverage
  tap local coverage --fail-under 95
  tap local coverage --json | jq '.roles[] | select(.unused != []) | {role, unused}'

Exit codes: 0 said; 1 less is used than --fail-under; 2 called wrongly.`,
    )
    .action(async (options: CoverageOptions) => coverageCommand(context, options, common));
}

async function coverageCommand(
  context: Context,
  options: CoverageOptions,
  { running, bytesOf }: Common,
): Promise<void> {
  const least = Number(options.failUnder ?? 0);
  if (!(least >= 0 && least <= 100))
    throw new UsageError(`--fail-under takes a percentage, from 0 to 100 (given ${JSON.stringify(options.failUnder)})`);
  const state = running(context, options);
  const own = join(localFolder(context.projectRoot, state.environment), "calls.jsonl");
  const files = options.calls?.map((file) => resolve(context.cwd, file)) ?? (existsSync(own) ? [own] : []);
  const lines = files.flatMap((file) => bytesOf(context, file).toString().split("\n"));
  const { coverageOf } = await import("../local/coverage");
  const { coverageText } = await import("../local/coverage-text");
  const { readGraph } = await import("../graph/read");
  const coverage = coverageOf(readGraph(state.outdir), state, lines);
  context.print(options.json ? JSON.stringify(coverage, null, 2) : coverageText(state.environment, coverage));
  if (coverage.percent < least)
    throw new CommandError(
      `${coverage.percent.toFixed(1)} % of the granted actions that the emulator enforces have been used: less than ${least} %.`,
    );
}
