import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Command } from "commander";
import { stateLocation } from "../../config/backend";
import { type PlannedStack, planStacks } from "../../main";
import { CommandError, type Context, loadConfiguration } from "../context";
import { addBackendConfig, addSelection, idOf, type SelectionOptions } from "../selection";
import { synthesizeStack } from "../synth/synthesize-stack";
import { failure, terraform, terraformOnTerminal, terraformOrRefuse } from "../terraform";

interface BootstrapOptions extends SelectionOptions {
  backendConfig?: string[];
  autoApprove?: boolean;
}

export function addBootstrap(program: Command, context: Context): void {
  const bootstrap = program
    .command("bootstrap")
    .summary("set up an account: remote state, roles, boundaries")
    .description(
      "Sets up the account of an environment, with the caller's own credentials: `apply` once on local state, because the bucket for remote state is among what it makes, then `migrate`.",
    )
    .addHelpText(
      "after",
      `
Examples:
  tap bootstrap apply --env dev     the first time, and again when the bootstrap stack has changed
  tap bootstrap migrate --env dev   once, after the first apply`,
    );
  addBackendConfig(addSelection(bootstrap.command("apply").summary("create or change what the account has once")))
    .option("--auto-approve", "don't ask before applying")
    .action((options: BootstrapOptions) => apply(context, options));
  addBackendConfig(addSelection(bootstrap.command("migrate").summary("move the local state into the bucket"))).action(
    (options: BootstrapOptions) => migrate(context, options),
  );
}

async function apply(context: Context, options: BootstrapOptions): Promise<void> {
  const folder = prepare(context, options);
  const remote = !existsSync(folder.localState) && (await initRemote(context, folder, options));
  if (!remote) {
    writeFileSync(folder.localBackend, JSON.stringify({ terraform: { backend: { local: {} } } }));
    await terraformOrRefuse(context, folder.path, ["init", "-no-color", "-reconfigure"]);
  }
  context.remark(`${folder.id}: state ${remote ? "in the bucket" : "local, the bucket is not there yet"}`);
  const exitCode = await terraformOnTerminal(context, folder.path, [
    "apply",
    ...(options.autoApprove ? ["-auto-approve"] : []),
  ]);
  if (exitCode !== 0)
    throw new CommandError(
      `terraform apply ended with exit code ${exitCode}; mend what it says and run the same command again: it goes on from ${remote ? "the remote state" : relative(context.cwd, folder.localState)}.`,
    );
  if (!remote) context.print(`\nNext:\n  tap bootstrap migrate --env ${folder.environmentSuffix}`);
}

async function migrate(context: Context, options: BootstrapOptions): Promise<void> {
  const folder = prepare(context, options);
  if (!existsSync(folder.localState)) {
    throw new CommandError(
      `There is no local state of ${folder.id} to migrate: run \`tap bootstrap apply --env ${folder.environmentSuffix}\` first, on this machine, unless it was migrated already.`,
    );
  }
  const local = JSON.parse(readFileSync(folder.localState, "utf8")) as State;
  rmSync(folder.localBackend, { force: true });
  try {
    await terraformOrRefuse(context, folder.path, [
      "init",
      "-no-color",
      "-migrate-state",
      "-force-copy",
      ...backendOptions(options),
    ]);
    const remote = JSON.parse(await terraformOrRefuse(context, folder.path, ["state", "pull"])) as State;
    if (!isDeepStrictEqual(byAddress(remote), byAddress(local))) {
      throw new CommandError(
        `The state in the bucket is not the local one (${remote.resources.length} resources; ${local.resources.length} locally). The local state stays.`,
      );
    }
  } catch (error) {
    // The next run finds what this one found.
    writeFileSync(folder.localState, JSON.stringify(local, null, 2));
    throw error;
  }
  for (const file of [folder.localState, `${folder.localState}.backup`]) rmSync(file, { force: true });
  context.print(
    `Moved ${local.resources.length} resources to s3://${folder.state.bucket}/${folder.state.key}; the local state is removed.\n\nNext:\n  npx cdktf deploy tap-network-${folder.environmentSuffix}-${folder.state.region}`,
  );
}

interface State {
  readonly resources: readonly { readonly type: string; readonly name: string; readonly instances: unknown }[];
}

/** A migrated state has a lineage of its own; what it knows is the same. */
function byAddress({ resources }: State): Record<string, unknown> {
  return Object.fromEntries(resources.map(({ type, name, instances }) => [`${type}.${name}`, instances]));
}

interface BootstrapFolder {
  readonly id: string;
  readonly path: string;
  readonly environmentSuffix: string;
  readonly state: ReturnType<typeof stateLocation>;
  readonly localState: string;
  /** Terraform merges `*_override.tf.json` over the rest; there while the state is local. */
  readonly localBackend: string;
}

/** The synthesized bootstrap stack, in a folder that keeps its local state from one command to the next. */
function prepare(context: Context, options: BootstrapOptions): BootstrapFolder {
  const { environments, backend } = loadConfiguration(context, options);
  const stacks = planStacks(environments).filter(({ component }) => component === "bootstrap");
  const [stack, ...others] = stacks;
  if (stack === undefined || others.length > 0) {
    const owner = environments[0]?.account.environmentSuffix;
    throw new CommandError(
      environments.length > 1
        ? "Name one environment: tap bootstrap apply --env dev"
        : `${environments[0]?.environmentSuffix} lives in the account of ${owner}, which has its bootstrap: --env ${owner}`,
    );
  }
  const id = idOf(stack);
  const home = join(context.projectRoot, ".tap", "bootstrap");
  mkdirSync(home, { recursive: true });
  const path = synthesizeStack(stack, backend, home).folder;
  return folderOf(stack, id, path);
}

function folderOf({ environment }: PlannedStack, id: string, path: string): BootstrapFolder {
  return {
    id,
    path,
    environmentSuffix: environment.environmentSuffix,
    state: stateLocation(environment, id),
    localState: join(path, "terraform.tfstate"),
    localBackend: join(path, "backend_override.tf.json"),
  };
}

/** False where the bucket doesn't exist, which is how the first run is told from a later one. */
async function initRemote(context: Context, folder: BootstrapFolder, options: BootstrapOptions): Promise<boolean> {
  rmSync(folder.localBackend, { force: true });
  const args = ["init", "-no-color", "-reconfigure", ...backendOptions(options)];
  const result = await terraform(context, folder.path, args);
  if (result.exitCode === 0) return true;
  if (/does not exist|NoSuchBucket/.test(result.stderr)) return false;
  throw new CommandError(failure(args, result));
}

function backendOptions({ backendConfig }: BootstrapOptions): string[] {
  return (backendConfig ?? []).map((option) => `-backend-config=${option}`);
}
