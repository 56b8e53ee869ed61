import { join } from "node:path";
import { type BackendSettings, backendConfig } from "../config/backend";
import type { PlannedStack } from "../main";
import { writeWhole } from "./files";
import { idOf } from "./selection";

/** Writes a folder that holds a stack's backend and nothing else: no provider is needed to read a state. */
export function writeBackendFolder(folder: string, stack: PlannedStack, backend: BackendSettings): void {
  const s3 = backendConfig(stack.environment, idOf(stack), backend);
  writeWhole(join(folder, "main.tf.json"), JSON.stringify({ terraform: { backend: { s3 } } }));
}

/** Arguments of `terraform init` for a remote state, with the caller's `--backend-config`. */
export function initArguments(
  backendOptions: readonly string[] = [],
  mode: "-reconfigure" | "-migrate-state" = "-reconfigure",
): string[] {
  return ["init", "-no-color", mode, ...backendOptions.map((option) => `-backend-config=${option}`)];
}
