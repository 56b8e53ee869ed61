#!/usr/bin/env node
// An outside judge of .github: zizmor, on this machine alone (docs/decisions/0022).
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPythonEnvironment, pythonMissing } from "../bin/python-environment.mjs";

const usage = `Usage: npm run lint:workflows

Judges .github/workflows and .github/actions by the zizmor that scripts/workflow-lint.requirements.txt pins (PyPI;
installed once into .cache/). It asks nobody else: what only GitHub knows isn't judged.

Exit codes: 0 no finding, or no Python to run zizmor (it says so); 1 findings; 2 called wrongly, or zizmor could not
do its work.`;

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const log = (text) => process.stderr.write(`${text}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    return 0;
  }
  if (args.length > 0) {
    log(`There are no options but --help (given ${args.join(" ")})\n\n${usage}`);
    return 2;
  }
  const missing = pythonMissing();
  if (missing) {
    log(`SKIPPED: the workflows aren't linted. ${missing}`);
    return 0;
  }
  const onInstall = () => log("Installing zizmor (10 MB, once)");
  const bin = await installPythonEnvironment("zizmor", "scripts/workflow-lint.requirements.txt", onInstall);
  const { status, error } = spawnSync(
    join(bin, "zizmor"),
    ["--offline", "--no-progress", "--strict-collection", "--persona=pedantic", ".github"],
    { cwd: projectRoot, stdio: "inherit" },
  );
  if (error) log(`zizmor can't be run: ${error.message}`);
  if (status === 0) return 0;
  // From 11 on it says how bad the worst finding is.
  return status !== null && status >= 11 ? 1 : 2;
}
