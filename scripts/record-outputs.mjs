/*
 * Records what `tap outputs` says of each environment into __tests__/fixtures/outputs: all stacks applied by real
 * Terraform with the provider that `npm run test:aws` finds, states in the AWS emulator. Tests of code that takes
 * outputs run on these files; run it when outputs change.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const { status } = spawnSync(
  process.execPath,
  [
    join(projectRoot, "node_modules", "jest", "bin", "jest.js"),
    "--selectProjects=aws",
    "--testPathPatterns=remote-state/",
  ],
  { cwd: projectRoot, stdio: "inherit", env: { ...process.env, RECORD_OUTPUTS: "1" } },
);
process.exitCode = status ?? 1;
