import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Command } from "commander";
import { stateLocation } from "../../config/backend";
import type { Environment } from "../../config/environment";
import { type PlannedStack, planStacks } from "../../main";
import { CommandError, type Context, loadConfiguration } from "../context";
import { writeWhole } from "../files";
import { initArguments, writeBackendFolder } from "../remote-state";
import { addBackendConfig, addEnvironment, idOf, type SelectionOptions } from "../selection";
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
  addBackendConfig(addEnvironment(bootstrap.command("apply").summary("create or change what the account has once")))
    .option("--auto-approve", "don't ask before applying")
    .action((options: BootstrapOptions) => apply(context, options));
  addBackendConfig(addEnvironment(bootstrap.command("migrate").summary("move the local state into the bucket"))).action(
    (options: BootstrapOptions) => migrate(context, options),
  );
}

async function apply(context: Context, options: BootstrapOptions): Promise<void> {
  const folder = prepare(context, options);
  const local = readState(folder.localState);
  const remote = await pullRemote(context, folder, options);
  if (local !== undefined && remote !== "no bucket" && remote.length > 0) {
    throw new CommandError(
      `The state of ${folder.id} is in the bucket, and another one is in ${folder.localState}. If the local one is a left-over, remove it; \`tap bootstrap migrate\` removes it by itself where both are the same.`,
    );
  }
  if (local === undefined && remote !== "no bucket" && remote.length === 0) {
    throw new CommandError(
      `The bucket ${folder.state.bucket} exists, and holds no state of ${folder.id}: it was applied elsewhere, and not migrated. Run \`tap bootstrap migrate --env ${folder.environmentSuffix}\` there.`,
    );
  }
  const isLocal = local !== undefined || remote === "no bucket";
  await initialize(context, folder, isLocal, options);
  context.remark(`${folder.id}: state ${isLocal ? "local, to be migrated after this" : "in the bucket"}`);
  const exitCode = await terraformOnTerminal(context, folder.path, [
    "apply",
    ...(options.autoApprove ? ["-auto-approve"] : []),
  ]);
  if (exitCode !== 0) {
    throw new CommandError(
      `terraform apply ended with exit code ${exitCode}; mend what it says and run the same command again: it goes on from ${isLocal ? relative(context.cwd, folder.localState) : "the remote state"}.`,
    );
  }
  if (isLocal) context.print(`\nNext:\n  tap bootstrap migrate --env ${folder.environmentSuffix}`);
}

async function migrate(context: Context, options: BootstrapOptions): Promise<void> {
  const folder = prepare(context, options);
  const local = readState(folder.localState);
  if (local === undefined) {
    throw new CommandError(
      `There is no local state of ${folder.id} to migrate: run \`tap bootstrap apply --env ${folder.environmentSuffix}\` first, on this machine, unless it was migrated already.`,
    );
  }
  const before = await pullRemote(context, folder, options);
  if (before === "no bucket")
    throw new CommandError(
      `The bucket ${folder.state.bucket} doesn't exist: run \`tap bootstrap apply --env ${folder.environmentSuffix}\` to its end first. The local state stays.`,
    );
  if (before.length > 0 && !isSameState(before, local)) {
    throw new CommandError(
      `The bucket holds another state of ${folder.id} (${before.length} resources; ${local.length} locally), which this would replace: nothing was done. One of them is a left-over; the local one is ${folder.localState}.`,
    );
  }
  if (before.length === 0) await copyToBucket(context, folder, local, options);
  for (const file of [folder.localState, `${folder.localState}.backup`]) rmSync(file, { force: true });
  context.print(
    `The state of ${local.length} resources is at s3://${folder.state.bucket}/${folder.state.key}; the local one is removed.\n\nNext:\n  npx cdktf deploy tap-network-${folder.environmentSuffix}-${folder.state.region}`,
  );
}

async function copyToBucket(
  context: Context,
  folder: BootstrapFolder,
  local: StateResource[],
  options: BootstrapOptions,
): Promise<void> {
  const original = readFileSync(folder.localState, "utf8");
  rmSync(folder.localBackend, { force: true });
  try {
    await terraformOrRefuse(context, folder.path, [
      ...initArguments(options.backendConfig, "-migrate-state"),
      "-force-copy",
    ]);
    const after = await pullRemote(context, folder, options);
    if (after === "no bucket" || !isSameState(after, local))
      throw new CommandError("The state in the bucket is not the local one after the copy. The local state stays.");
  } catch (error) {
    // The next run finds what this one found.
    writeWhole(folder.localState, original);
    throw error;
  }
}

interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly instances: unknown;
}

/** A migrated state has a lineage of its own; what it knows is the same. */
function isSameState(a: readonly StateResource[], b: readonly StateResource[]): boolean {
  const byAddress = (resources: readonly StateResource[]) =>
    Object.fromEntries(resources.map(({ type, name, instances }) => [`${type}.${name}`, instances]));
  return isDeepStrictEqual(byAddress(a), byAddress(b));
}

/** Resources of a state file; undefined where there is none, or one that Terraform left empty. */
function readState(path: string): StateResource[] | undefined {
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (text === "") return undefined;
  const { resources } = JSON.parse(text) as { resources?: StateResource[] };
  return resources === undefined || resources.length === 0 ? undefined : resources;
}

interface BootstrapFolder {
  readonly id: string;
  readonly path: string;
  /** A folder with the stack's backend and nothing else, to look at the remote state from. */
  readonly remotePath: string;
  readonly environmentSuffix: string;
  readonly state: ReturnType<typeof stateLocation>;
  readonly localState: string;
  /** Terraform merges `*_override.tf.json` over the rest; there while the state is local. */
  readonly localBackend: string;
}

/** The synthesized bootstrap stack, in a folder per account that keeps its local state from one command to the next. */
function prepare(context: Context, options: BootstrapOptions): BootstrapFolder {
  const { environments, backend } = loadConfiguration(context, options);
  const stack = theOneBootstrap(environments);
  const { environment } = stack;
  const id = idOf(stack);
  const home = join(context.projectRoot, ".tap", "bootstrap", environment.accountId);
  mkdirSync(home, { recursive: true });
  const path = synthesizeStack(stack, { backend, functionBundles: {}, outdir: home }).folder;
  const remotePath = join(home, "remote");
  writeBackendFolder(remotePath, environment, id, backend);
  return {
    id,
    path,
    remotePath,
    environmentSuffix: environment.environmentSuffix,
    state: stateLocation(environment, id),
    localState: join(path, "terraform.tfstate"),
    localBackend: join(path, "backend_override.tf.json"),
  };
}

function theOneBootstrap(environments: readonly Environment[]): PlannedStack {
  const [stack, ...others] = planStacks(environments).filter(({ component }) => component === "bootstrap");
  if (stack !== undefined && others.length === 0) return stack;
  const [environment, ...more] = environments;
  const owner = environment?.account.environmentSuffix;
  throw new CommandError(
    more.length > 0
      ? "Name one environment: tap bootstrap apply --env dev"
      : `${environment?.environmentSuffix} lives in the account of ${owner}, which has its bootstrap: --env ${owner}`,
  );
}

async function initialize(
  context: Context,
  folder: BootstrapFolder,
  isLocal: boolean,
  options: BootstrapOptions,
): Promise<void> {
  if (isLocal) writeWhole(folder.localBackend, JSON.stringify({ terraform: { backend: { local: {} } } }));
  else rmSync(folder.localBackend, { force: true });
  await terraformOrRefuse(context, folder.path, initArguments(isLocal ? [] : options.backendConfig));
}

/** What the remote state holds; a missing bucket is how the first run is told from a later one. */
async function pullRemote(
  context: Context,
  folder: BootstrapFolder,
  options: BootstrapOptions,
): Promise<StateResource[] | "no bucket"> {
  const args = initArguments(options.backendConfig);
  const result = await terraform(context, folder.remotePath, args);
  if (result.exitCode !== 0) {
    if (result.stderr.replaceAll(/\s+/g, " ").includes(`S3 bucket "${folder.state.bucket}" does not exist`))
      return "no bucket";
    throw new CommandError(failure(args, result));
  }
  const text = (await terraformOrRefuse(context, folder.remotePath, ["state", "pull"])).trim();
  return text === "" ? [] : ((JSON.parse(text) as { resources?: StateResource[] }).resources ?? []);
}
