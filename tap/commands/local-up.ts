import { resolve } from "node:path";
import type { Command } from "commander";
import type { Environment } from "../../config/environment";
import { type PlannedStack, planStacks } from "../../main";
import { CommandError, type Context, loadConfiguration, UsageError } from "../context";
import { localFolder } from "../local/state";
import type { UpOptions, UpResult } from "../local/up";
import { withLock } from "../lock";
import { addEnvironment, idOf, type SelectionOptions } from "../selection";
import { synthesize } from "./synth";

interface UpCommandOptions extends SelectionOptions {
  outdir?: string;
  endpoint?: string;
  port: string;
  fresh?: boolean;
  apply?: string;
  json?: boolean;
}

/** Wanted, not demanded: the one that emulators of AWS have in general. */
export const defaultPort = 4566;

/** `tap local up` */
export function addUp(local: Command, context: Context): void {
  addEnvironment(local.command("up").summary("start an environment, or bring it up to date"))
    .description(
      "Synthesizes the stacks of one environment where their source has changed, starts the emulator where none runs, and makes what isn't there or isn't as it was synthesized. A second run changes only what changed.",
    )
    .option("--outdir <folder>", "synthesized stacks (default: they are synthesized, beside cdktf.out)")
    .option("--endpoint <url>", "another emulator, that is neither started nor ended here")
    .option("--port <port>", "wanted port; another one where it is taken", String(defaultPort))
    .option("--fresh", "begin with a new emulator, whatever was made before")
    .option("--apply <program>", "terraform: apply the stacks by Terraform and its real provider instead")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap local up                       dev
  tap local up --env staging         another environment, beside it
  tap local up --outdir cdktf.out --env dev
  tap local up --endpoint http://127.0.0.1:4566

Exit codes: 0 all is as it was synthesized; 1 it isn't, or another command is at it; 2 called wrongly.`,
    )
    .action(async (options: UpCommandOptions) => upCommand(context, options));
}

async function upCommand(context: Context, options: UpCommandOptions): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port takes a port, from 1 to 65535 (given ${JSON.stringify(options.port)})`);
  const environment = environmentOf(context, options);
  const name = environment.environmentSuffix;
  if (options.apply !== undefined) {
    const { applyByTerraform } = await import("../local/terraform-apply");
    const synthesizeInto = synthesizerOf(context, environment);
    await applyByTerraform(context, { program: options.apply, name, endpoint: options.endpoint, synthesizeInto });
    return;
  }
  const { upText } = await import("../local/report");
  const result = await bringUp(context, environment, {
    ...(options.outdir === undefined ? {} : { outdir: resolve(context.cwd, options.outdir) }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint.replace(/\/$/, "") }),
    port,
    fresh: options.fresh ?? false,
  });
  if (options.json) {
    const { restApis } = await import("../local/status");
    const { state, ...rest } = result;
    const { emulator, accountId } = state;
    context.print(JSON.stringify({ environment: name, accountId, emulator, apis: restApis(state), ...rest }, null, 2));
  } else context.print(upText(result));
  refuseHalf(result);
}

/** Brings an environment up under its lock, however far that gets: `refuseHalf` says whether it is whole. */
export async function bringUp(
  context: Context,
  environment: Environment,
  options: Omit<UpOptions, "environment" | "synthesize">,
): Promise<UpResult> {
  const { up } = await import("../local/up");
  const name = environment.environmentSuffix;
  return withLock(localFolder(context.projectRoot, name), `tap local up --env ${name}`, () =>
    up(context, { ...options, environment, synthesize: synthesizerOf(context, environment) }),
  );
}

/** Throws where something couldn't be made. */
export function refuseHalf({ failures }: UpResult): void {
  if (failures.length === 0) return;
  throw new CommandError(
    `${failures.length} resources couldn't be made as they were synthesized. tap local up tries again; tap local up --fresh begins anew.`,
  );
}

function synthesizerOf(context: Context, environment: Environment): UpOptions["synthesize"] {
  return async (outdir) => {
    await synthesize(context, { ...stacksFor(context, environment), outdir });
  };
}

/** Its stacks, and the bootstrap of its account: a short-lived environment lives in that of another. */
function stacksFor(context: Context, { environmentSuffix: name, account }: Environment): SelectionOptions {
  const owner = account.environmentSuffix;
  if (owner === name) return { environment: [name] };
  const environment = [name, owner];
  const planned = planStacks(loadConfiguration(context, { environment }).environments);
  const isNeeded = (stack: PlannedStack) =>
    stack.environment.environmentSuffix === name || stack.component === "bootstrap";
  return { environment, stack: planned.filter(isNeeded).map(idOf) };
}

/** The environment that is named, else the first of config/. */
export function environmentOf(context: Context, options: SelectionOptions): Environment {
  const [environment, ...others] = loadConfiguration(context, options).environments;
  if (environment === undefined) throw new CommandError("config/ has no environments");
  const isNamed = namesIn(options) !== undefined || context.variables.ENVIRONMENT !== undefined;
  if (isNamed && others.length > 0) throw new CommandError("One environment is run at a time: name it with --env");
  return environment;
}

/** Names that were given, without looking into the configuration: it may be broken while something runs. */
export function namesIn({ environment, environmentSuffix }: SelectionOptions): string[] | undefined {
  return environment ?? environmentSuffix;
}
