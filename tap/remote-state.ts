import { join } from "node:path";
import { type BackendSettings, backendConfig } from "../config/backend";
import type { Environment } from "../config/environment";
import type { Context } from "./context";
import { writeWhole } from "./files";
import { terraformOrRefuse } from "./terraform";

/** Writes a folder that holds a stack's backend and nothing else: no provider is needed to read a state. */
export function writeBackendFolder(
  folder: string,
  environment: Environment,
  stackId: string,
  backend: BackendSettings,
): void {
  const s3 = backendConfig(environment, stackId, backend);
  writeWhole(join(folder, "main.tf.json"), JSON.stringify({ terraform: { backend: { s3 } } }));
}

/** Arguments of `terraform init` for a remote state, with the caller's `--backend-config`. */
export function initArguments(
  backendOptions: readonly string[] = [],
  mode: "-reconfigure" | "-migrate-state" = "-reconfigure",
): string[] {
  return ["init", "-no-color", mode, ...backendOptions.map((option) => `-backend-config=${option}`)];
}

/** Outputs by name, as the state of an initialized folder has them. @throws CommandError where Terraform can't say */
export async function readOutputs(context: Context, folder: string): Promise<Record<string, unknown>> {
  const text = await terraformOrRefuse(context, folder, ["output", "-no-color", "-json"]);
  const outputs = JSON.parse(text) as Record<string, { value: unknown }>;
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
}
