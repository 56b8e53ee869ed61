import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { BackendSettings } from "../../config/backend";
import { components } from "../../config/components";
import { regionRole } from "../../config/environment";
import { ConfigError } from "../../config/errors";
import { type PlannedStack, planStacks } from "../../main";
import { CommandError, type Context, loadConfiguration } from "../context";
import { writeWhole } from "../files";
import { runSteps } from "../progress";
import { initArguments, readOutputs, writeBackendFolder } from "../remote-state";
import { addBackendConfig, addSelection, idOf, type SelectionOptions, selectStacks } from "../selection";
import { terraformOrRefuse } from "../terraform";

interface OutputsOptions extends SelectionOptions {
  backendConfig?: string[];
  out?: string;
  partial?: boolean;
}

export function addOutputs(program: Command, context: Context): void {
  addBackendConfig(addSelection(program.command("outputs").summary("an environment's outputs as one flat JSON file")))
    .description(
      "Reads the outputs of all deployed stacks of one environment from their Terraform states, and prints them as one flat JSON object: {component}_{key}, for components of every region {component}_{primary|secondary|…}_{key}. Lists are joined by commas. Keys are equal in all environments (a short-lived one has no bootstrap; an API with a domain has api_key_id_{client} beside them).",
    )
    .addOption(new Option("--out <file>", "write them to a file, whole or not at all"))
    .addOption(new Option("--partial", "leave out stacks that aren't deployed, instead of refusing"))
    .addHelpText(
      "after",
      `
Examples:
  tap outputs --env dev
  tap outputs --env prod --out outputs.json --backend-config 'assume_role={role_arn="arn:aws:iam::333333333333:role/tap-bootstrap-plan-prod-us-east-1"}'`,
    )
    .action((options: OutputsOptions) => outputs(context, options));
}

async function outputs(context: Context, options: OutputsOptions): Promise<void> {
  const { environments, backend } = loadConfiguration(context, options);
  const [environment, ...others] = environments;
  if (environment === undefined || others.length > 0) {
    throw new ConfigError([{ path: "--env", message: "must name one environment, e.g. --env dev" }]);
  }
  const stacks = selectStacks(planStacks([environment]), options.stack);
  const found = new Map<PlannedStack, StackOutputs>();
  await runSteps(context, [
    {
      title: `Outputs of ${environment.environmentSuffix}`,
      run: async (say) => {
        for (const stack of stacks) {
          say(idOf(stack));
          found.set(stack, await outputsOf(context, stack, backend, options.backendConfig ?? []));
        }
      },
    },
  ]);
  const missing = stacks.filter((stack) => Object.keys(found.get(stack) ?? {}).length === 0).map(idOf);
  if (missing.length > 0 && !options.partial) {
    throw new CommandError(
      `No outputs yet of ${missing.join(", ")}: deploy first, or leave them out with --partial. Nothing was written.`,
    );
  }
  const flat = JSON.stringify(flatten(found), null, 2);
  if (options.out === undefined) context.print(flat);
  else writeWhole(resolve(context.cwd, options.out), `${flat}\n`);
}

/** Values by name. */
type StackOutputs = Readonly<Record<string, unknown>>;

async function outputsOf(
  context: Context,
  stack: PlannedStack,
  backend: BackendSettings,
  backendOptions: readonly string[],
): Promise<StackOutputs> {
  const folder = join(context.projectRoot, ".tap", "outputs", stack.environment.accountId, idOf(stack));
  writeBackendFolder(folder, stack.environment, idOf(stack), backend);
  await terraformOrRefuse(context, folder, initArguments(backendOptions));
  return readOutputs(context, folder);
}

/** One object of strings, its keys in order (PLAT-21). */
export function flatten(found: ReadonlyMap<PlannedStack, StackOutputs>): Record<string, string> {
  const entries = [...found].flatMap(([stack, values]) =>
    Object.entries(values).map(([key, value]) => [`${prefixOf(stack)}_${key}`, asText(value)] as const),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function prefixOf({ component, environment, region }: PlannedStack): string {
  return components[component].scope === "region" ? `${component}_${regionRole(environment, region)}` : component;
}

function asText(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}
