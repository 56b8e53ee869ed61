import { rmSync } from "node:fs";
import { relative } from "node:path";
import type { Command } from "commander";
import type { BackendSettings } from "../../config/backend";
import { type Environment, regionRole } from "../../config/environment";
import { type FunctionBundles, planStacks } from "../../main";
import packageJson from "../../package.json";
import { CommandError, type Context, loadConfiguration, outputFolder } from "../context";
import { runSteps } from "../progress";
import { addSelection, idOf, type SelectionOptions, selectStacks } from "../selection";
import { synthesizeAll } from "../synth/batch";
import { createStaging, type Published, publish, refuseForeignFolder } from "../synth/output-folder";
import type { SynthesizedStack } from "../synth/synthesize-stack";
import { columns, formatBytes, formatMilliseconds, table } from "../text";

interface SynthOptions extends SelectionOptions {
  outdir?: string;
  json?: boolean;
}

export function addSynth(program: Command, context: Context): void {
  addSelection(program.command("synth").summary("synthesize stacks into cdktf.out"))
    .description(
      "Synthesizes the Terraform JSON of all stacks, for dev, staging and prod, or of those that are asked for. What is in cdktf.out then is what this run wrote: whole, or, where anything is wrong, what was there before.",
    )
    .option("--outdir <folder>", "where to write (default: CDKTF_OUTDIR, else cdktf.out of the project)")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap synth                          all stacks of dev, staging and prod
  tap synth --env dev                those of one environment
  tap synth --env pr12               a short-lived environment, from dev's settings
  tap synth --stack network          one component, in all environments
  ENVIRONMENT_SUFFIX=pr12 tap synth  the same as --env pr12`,
    )
    .action(async (options: SynthOptions) => synth(context, options));
}

async function synth(context: Context, options: SynthOptions): Promise<void> {
  const synthesis = await synthesize(context, options);
  context.print(options.json ? json(synthesis) : [summary(context, synthesis), "", nextSteps(synthesis)].join("\n"));
}

/** What a run wrote. */
export interface Synthesis {
  readonly environments: readonly Environment[];
  readonly backend: BackendSettings;
  readonly stacks: readonly SynthesizedStack[];
  readonly published: Published;
  readonly outdir: string;
  readonly milliseconds: number;
}

/** Synthesizes what is selected, whole or not at all. */
export async function synthesize(
  context: Context,
  options: SelectionOptions & { readonly outdir?: string },
): Promise<Synthesis> {
  const start = performance.now();
  const { environments, backend } = loadConfiguration(context, options);
  const planned = selectStacks(planStacks(environments), options.stack);
  const outdir = outputFolder(context, options.outdir);
  refuseForeignFolder(outdir, context.projectRoot);
  const staging = createStaging(outdir);
  const removeStaging = () => rmSync(staging, { recursive: true, force: true });
  process.once("exit", removeStaging);
  try {
    const done = new Map<string, SynthesizedStack>();
    let functionBundles: FunctionBundles = {};
    await runSteps(context, [
      {
        title: "Bundle functions",
        run: async () => {
          functionBundles = await bundleFunctions(context);
        },
      },
      {
        title: `Synthesize ${planned.length} stacks`,
        run: (say) =>
          synthesizeAll({ stacks: planned, backend, functionBundles, outdir: staging }, context.bundlePath, (stack) => {
            done.set(stack.id, stack);
            say(`${done.size}/${planned.length} ${stack.id}`);
          }),
      },
    ]);
    // Children finish in any order; what is shown is always in the same.
    const stacks = planned.flatMap((stack) => done.get(idOf(stack)) ?? []);
    const published = publish(outdir, stacks, packageJson.dependencies.cdktf);
    return { environments, backend, stacks, published, outdir, milliseconds: performance.now() - start };
  } finally {
    removeStaging();
    process.off("exit", removeStaging);
  }
}

async function bundleFunctions(context: Context): Promise<FunctionBundles> {
  try {
    return await context.bundleFunctions();
  } catch (error) {
    throw new CommandError(`${(error as Error).message}\nNothing was written.`);
  }
}

function json({ stacks, published, outdir, milliseconds }: Synthesis): string {
  const shown = stacks.map(({ manifest: _, folder: __, ...stack }) => stack);
  return JSON.stringify({ outdir, milliseconds: Math.round(milliseconds), stacks: shown, ...published }, null, 2);
}

/** The stacks in a table, and what changed. */
export function summary(context: Context, synthesis: Synthesis): string {
  const { environments, stacks, published, outdir, milliseconds } = synthesis;
  const folder = relative(context.cwd, outdir) || ".";
  const total = (key: "resources" | "functions" | "bytes") => stacks.reduce((sum, stack) => sum + stack[key], 0);
  const rows = stacks.map((stack) => [
    stack.id,
    String(stack.resources),
    String(stack.functions),
    formatBytes(stack.bytes),
    formatMilliseconds(stack.milliseconds),
  ]);
  const totals = [
    `${stacks.length} stacks`,
    String(total("resources")),
    String(total("functions")),
    formatBytes(total("bytes")),
    formatMilliseconds(milliseconds),
  ];
  return [
    ...environments.map(describeEnvironment),
    "",
    table(["Stack", "Resources", "Functions", "Size", "Time"], rows, totals),
    "",
    describeChange(published, folder),
    ...published.kept.map(
      (id) =>
        `Left ${folder}/stacks/${id}: no stack of this run, but it holds what no synthesis wrote. Look at it, then remove it.`,
    ),
  ].join("\n");
}

/** What to do with what was written. */
export function nextSteps({ stacks }: Pick<Synthesis, "stacks">): string {
  const steps = columns([
    ["npm start -- --local", "run it on this machine, without an account; a real request, answered"],
    [`npx cdktf diff ${exampleStack(stacks)}`, "what would change in the account"],
    ["npm test", "prove it"],
    ["README.md, Deploy", "the way to a real account"],
  ]);
  return `Next:\n${steps.replaceAll(/^/gm, "  ")}`;
}

function describeEnvironment(environment: Environment): string {
  const { environmentSuffix, name, accountId, region, regionSource, regionNames } = environment;
  const from = name === environmentSuffix ? "" : `, settings of ${name}`;
  const others = regionNames.slice(1).map((other) => `${other} (${regionRole(environment, other)})`);
  return `${environmentSuffix}: account ${accountId}, ${[`${region} (primary, from ${regionSource})`, ...others].join(", ")}${from}`;
}

function describeChange({ changed, dropped }: Published, folder: string): string {
  const parts = [
    changed.length === 0 ? "nothing changed" : `${changed.length} changed`,
    ...(dropped.length === 0 ? [] : [`${dropped.length} of an earlier run dropped`]),
  ];
  return `Written to ${folder}: ${parts.join(", ")}.`;
}

function exampleStack(stacks: readonly SynthesizedStack[]): string {
  return (stacks.find(({ component }) => component === "network") ?? stacks[0])?.id ?? "<stack>";
}
