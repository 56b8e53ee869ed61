import { CommandError, type Context } from "../context";
import { binaryOf, type TerraformResult, terraform } from "./run";

export interface TerraformVersion {
  readonly product: "Terraform" | "OpenTofu";
  /** `1.11.4` */
  readonly version: string;
}

/** The first with the lock file beside the state (`use_lockfile`): Terraform 1.10, OpenTofu 1.10. */
const oldest = { major: 1, minor: 10 } as const;

/** Variables that would change what is planned or applied without anybody seeing it in what is reviewed. */
const changing = ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply", "TF_CLI_ARGS_show"];

/**
 * Which Terraform it is that runs.
 * @throws CommandError with all that is wrong with it: not there, too old, made to do something else by variables
 */
export async function checkTerraform(context: Context): Promise<TerraformVersion> {
  const problems: string[] = [];
  const found = await versionOf(context).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    problems.push(error.message);
    return undefined;
  });
  if (found !== undefined && isTooOld(found.version))
    problems.push(
      `${found.product} ${found.version} ("${binaryOf(context)}") is too old: ${oldest.major}.${oldest.minor} or newer is needed, which locks a state by a file beside it. Install one, or name it in TERRAFORM_BINARY_NAME.`,
    );
  for (const name of changing.filter((name) => context.variables[name]))
    problems.push(
      `${name} is ${JSON.stringify(context.variables[name])}: it would change what is planned, and nobody who reads the plan would know. Take it out of the environment.`,
    );
  if (found === undefined || problems.length > 0) throw new CommandError(problems.join("\n"));
  return found;
}

async function versionOf(context: Context): Promise<TerraformVersion> {
  const result = await terraform(context, context.projectRoot, ["version"]);
  return readVersion(result, binaryOf(context));
}

/** From the first line of `terraform version`; its JSON doesn't tell the products apart. */
export function readVersion({ exitCode, stdout, stderr }: TerraformResult, binary: string): TerraformVersion {
  const [, product, version] = /^(Terraform|OpenTofu) v(\d+\.\d+\.\d+\S*)/m.exec(stdout) ?? [];
  if (exitCode === 0 && product && version) return { product: product as TerraformVersion["product"], version };
  const said = (stderr.trim() || stdout.trim()).split("\n")[0] ?? "";
  throw new CommandError(`"${binary} version" names neither Terraform nor OpenTofu; it said ${JSON.stringify(said)}.`);
}

export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < oldest.major || (major === oldest.major && minor < oldest.minor);
}
