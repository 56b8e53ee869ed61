import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./project";

/** A program in Terraform's place: it answers `version`, and does for other verbs what the script says (`$1` is the verb). */
export function fakeTerraform(script: string, version = "Terraform v1.11.4"): Record<string, string> {
  const path = join(temporaryFolder(), "terraform");
  writeFileSync(path, `#!/bin/bash\nif [ "$1" = version ]; then echo "${version}"; exit 0; fi\n${script}\n`);
  chmodSync(path, 0o755);
  return { TERRAFORM_BINARY_NAME: path };
}

/** A line of `-json` that tells of an error. */
export function errorLine(summary: string, detail = "", address?: string): string {
  const diagnostic = { severity: "error", summary, detail, ...(address === undefined ? {} : { address }) };
  return JSON.stringify({ "@level": "error", "@message": `Error: ${summary}`, type: "diagnostic", diagnostic });
}
