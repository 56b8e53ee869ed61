import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandResult, cleanVariables, projectRoot } from "./project";
import { loudlySkipped } from "./skipped";

/** A stand-in for the AWS provider that lies beside the project where its makers work. */
const standIn = join(projectRoot, "..", "shared", "terraform", "install.sh");

/** The Terraform CLI configuration that finds a provider without a registry, or why there is none. */
function findProvider(): { config: string } | { missing: string } {
  if (spawnSync("terraform", ["version"]).status !== 0)
    return { missing: "terraform is not on PATH: install Terraform 1.10 or newer" };
  const given = process.env.TF_CLI_CONFIG_FILE;
  if (given !== undefined && existsSync(given)) return { config: given };
  if (!existsSync(standIn)) {
    return {
      missing:
        "no provider can be found: name a Terraform CLI configuration with a provider mirror in TF_CLI_CONFIG_FILE",
    };
  }
  // One for each of Jest's workers: two would write it at once.
  const folder = join(projectRoot, ".cache", `terraform-standin-${process.env.JEST_WORKER_ID ?? "1"}`);
  const { status, stderr } = spawnSync("bash", [standIn, folder], { encoding: "utf8" });
  return status === 0
    ? { config: join(folder, "terraform.tfrc") }
    : { missing: `the stand-in provider could not be set up: ${stderr}` };
}

const provider = findProvider();

/** `describe`, or a loud skip where there is no Terraform or no provider. */
export const describeWithTerraform = "missing" in provider ? loudlySkipped(provider.missing) : describe;

export interface TerraformFolder {
  readonly path: string;
  /** Runs Terraform; throws with what it said where it fails. */
  run(...args: string[]): string;
  /** Runs Terraform, whatever comes of it. */
  try(...args: string[]): CommandResult;
}

export interface TerraformFolderOptions {
  /** Environment variables beside the tests' own. */
  readonly variables?: Record<string, string>;
  /** Keeps the stack's own backend, instead of a local one. @default false */
  readonly ownBackend?: boolean;
}

/** A copy of a synthesized stack to run Terraform in; the project's own output stays as it is. */
export function terraformFolder(
  synthesized: string,
  target: string,
  options: TerraformFolderOptions = {},
): TerraformFolder {
  mkdirSync(target, { recursive: true });
  cpSync(synthesized, target, { recursive: true });
  if (!options.ownBackend)
    writeFileSync(join(target, "backend_override.tf.json"), JSON.stringify({ terraform: { backend: { local: {} } } }));
  const attempt = (...args: string[]): CommandResult => {
    const { status, stdout, stderr } = spawnSync("terraform", args, {
      cwd: target,
      encoding: "utf8",
      env: { ...terraformVariables(), ...options.variables },
    });
    return { exitCode: status ?? 1, stdout, stderr };
  };
  return {
    path: target,
    try: attempt,
    run: (...args) => {
      const { exitCode, stdout, stderr } = attempt(...args);
      if (exitCode !== 0)
        throw new Error(`terraform ${args.join(" ")} in ${target} ended with ${exitCode}:\n${stdout}\n${stderr}`);
      return stdout;
    },
  };
}

export function terraformVariables(): Record<string, string> {
  return cleanVariables({
    TF_CLI_CONFIG_FILE: "config" in provider ? provider.config : "",
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
  });
}
