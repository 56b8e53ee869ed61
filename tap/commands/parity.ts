import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { sources } from "../../config/load";
import type { FunctionBundles } from "../../main";
import { CommandError, type Context, loadConfiguration, outputFolder, UsageError } from "../context";
import { type CdktfStack, isCdktfFolder, readCdktfFolder } from "../graph/read-cdktf";
import { parseStackId } from "../graph/stack-id";
import { compareFolders } from "../parity/against";
import { checkParity } from "../parity/parity";
import type { ParityReport } from "../parity/report";
import { againstText, parityText, verdict } from "../parity/text";
import { runSteps } from "../progress";

interface ParityCommandOptions {
  env?: string[];
  against?: string;
  exitCode?: boolean;
  json?: boolean;
}

export function addParity(program: Command, context: Context): void {
  program
    .command("parity")
    .summary("compare environments, or two points in time")
    .description(
      "Compares the environments of a synthesized folder, resource by resource and attribute by attribute. What their names, accounts and regions determine is no difference. Of each other one it is found out by experiment which keys of config/ declare it: single keys are set as in the other environment, and what then changes is theirs. What no key declares is a finding, and so is what was changed in the folder in one environment alone.",
    )
    .argument("[folder]", "what was synthesized (default: CDKTF_OUTDIR, else cdktf.out of the project)")
    .addOption(
      new Option(
        "--env <names>",
        "declared environments, comma-separated; each is compared with the next (default: all that the folder has, in the order of config/)",
      ).argParser((value: string) => value.split(",").map((name) => name.trim())),
    )
    .option(
      "--against <folder>",
      "list what differs from another synthesized folder instead: what was added, removed and changed since",
    )
    .option("--exit-code", "with --against: exit with 1 where anything differs")
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap synth && tap parity                  dev with staging, staging with prod
  tap parity --env dev,prod                these two
  tap parity --json | jq '.findings'
  tap parity --json | jq -r '.pairs[].differences[] | select(.keys[] == "audit.trail") | .address'
  tap parity --against ../release/cdktf.out
  tap parity build/new --against build/old --exit-code

Exit codes: 0 parity holds, or the list of --against was printed; 1 there are findings, or, with --exit-code, anything
differs; 2 called wrongly.`,
    )
    .action(async (folder: string | undefined, options: ParityCommandOptions) => {
      if (options.against === undefined) await parity(context, folder, options);
      else against(context, folder, options.against, options);
    });
}

async function parity(context: Context, folder: string | undefined, options: ParityCommandOptions): Promise<void> {
  if (options.exitCode)
    throw new UsageError("--exit-code goes with --against; without it, findings are exit code 1 anyway");
  const path = outputFolder(context, folder);
  const stacks = readFolder(path);
  const environments = wantedEnvironments(path, stacks, options.env);
  const { backend } = loadConfiguration(context, { environment: environments });
  let functionBundles: FunctionBundles = {};
  let report: ParityReport | undefined;
  await runSteps(context, [
    {
      title: "Bundle functions",
      run: async () => {
        functionBundles = await bundleFunctions(context);
      },
    },
    {
      title: `Compare ${environments.join(" with ")}`,
      run: async (say) => {
        const { variables } = context;
        report = await checkParity({ stacks, sources, variables, backend, functionBundles, environments, say });
      },
    },
  ]);
  if (report === undefined) return;
  context.print(options.json ? JSON.stringify(report, null, 2) : parityText(report));
  if (!report.holds) throw new CommandError(verdict(report));
}

function against(
  context: Context,
  folder: string | undefined,
  other: string,
  { env, exitCode, json }: ParityCommandOptions,
): void {
  const isWanted = ({ id }: CdktfStack) => env === undefined || env.includes(parseStackId(id)?.environmentSuffix ?? "");
  const now = readFolder(outputFolder(context, folder)).filter(isWanted);
  const before = readFolder(resolve(context.cwd, other)).filter(isWanted);
  if (now.length + before.length === 0)
    throw new UsageError(`--env ${env?.join(",")}: neither folder has a stack of these environments`);
  const report = compareFolders(before, now);
  context.print(json ? JSON.stringify(report, null, 2) : againstText(report, other));
  if (exitCode && report.stacks.length > 0) throw new CommandError(`${other} is another one`);
}

function readFolder(folder: string): CdktfStack[] {
  if (!isCdktfFolder(folder))
    throw new UsageError(
      `${folder} is no folder that cdktf wrote: there is no manifest.json in it; tap synth writes one`,
    );
  try {
    return readCdktfFolder(folder);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Declared environments that the folder has: a short-lived one is another's settings, and has none of its own to compare. */
function wantedEnvironments(
  folder: string,
  stacks: readonly CdktfStack[],
  wanted: readonly string[] | undefined,
): readonly string[] {
  const declared = sources.map(({ environment }) => environment);
  const there = new Set(stacks.map(({ id }) => parseStackId(id)?.environmentSuffix));
  const names = wanted ?? declared.filter((name) => there.has(name));
  const unknown = names.filter((name) => !declared.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`--env: ${unknown.join(", ")} is none of the environments of config/: ${declared.join(", ")}`);
  const missing = names.filter((name) => !there.has(name));
  if (missing.length > 0) throw new UsageError(`${folder} has no stack of ${missing.join(", ")}`);
  if (new Set(names).size < Math.max(2, names.length))
    throw new UsageError(
      `Two environments at least are compared (given ${names.join(", ") || "none"}), each with another one`,
    );
  return names;
}

async function bundleFunctions(context: Context): Promise<FunctionBundles> {
  try {
    return await context.bundleFunctions();
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
}
