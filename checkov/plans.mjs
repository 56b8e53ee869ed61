import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { copyAssets, prepareStack } from "./stacks.mjs";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const standIn = join(projectRoot, "..", "shared", "terraform", "install.sh");

/** The Terraform CLI configuration with which nothing leaves this machine, or why there is none. */
export function findTerraform() {
  if (spawnSync("terraform", ["version"]).status !== 0)
    return { missing: "terraform is not on PATH: install Terraform 1.10 or newer" };
  // Plans are judged after an apply: a real provider would create what it is asked for.
  if (!existsSync(standIn)) return { missing: "there is no stand-in for the provider, and a plan needs one" };
  const folder = join(projectRoot, ".cache", "terraform-standin-checkov");
  const { status, stderr } = spawnSync("bash", [standIn, folder], { encoding: "utf8" });
  return status === 0
    ? { config: join(folder, "terraform.tfrc") }
    : { missing: `the stand-in provider could not be set up: ${stderr}` };
}

/**
 * Writes a stack's plan to `target`, as JSON. It is the second plan, after an apply by the stand-in: in a first one
 * every policy that names an id or ARN still unknown is unknown as a whole, and no check looks at it.
 */
export async function planStack(config, source, folder, target) {
  const addresses = prepareStack(source, folder);
  copyAssets(source, folder);
  writeFileSync(join(folder, "backend_override.tf.json"), JSON.stringify({ terraform: { backend: { local: {} } } }));
  const terraform = (...args) =>
    promisify(execFile)("terraform", args, {
      cwd: folder,
      maxBuffer: 2 ** 28,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        TF_CLI_CONFIG_FILE: config,
        TF_IN_AUTOMATION: "1",
        TF_INPUT: "0",
        CHECKPOINT_DISABLE: "1",
      },
    });
  await terraform("init", "-no-color");
  await terraform("apply", "-no-color", "-auto-approve");
  await terraform("plan", "-no-color", "-refresh=false", "-out=plan");
  const { stdout } = await terraform("show", "-json", "plan");
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, stdout);
  return addresses;
}
