#!/usr/bin/env node
/*
 * Shows what promotions and rollbacks come to when something goes wrong: real Terraform with its S3 backend and both
 * locks, ledgers and all in an AWS emulator, a stand-in for the provider. Prints a table, and writes
 * reports/promotion.json.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    kills: { type: "boolean" },
    scenarios: { type: "boolean" },
    "whole-app": { type: "boolean" },
    only: { type: "string" },
    lanes: { type: "string", default: "2" },
  },
});

if (values.help) {
  console.log(`npm run prove:promotion [-- --kills] [--scenarios] [--whole-app] [--only <pattern>] [--lanes <n>]

  --kills       kill -9 at each boundary of a promotion and during applies; then the next command goes on
  --scenarios   two at once, an expired lease, a ledger that is down, a rollback that would lose data, …
  --whole-app   the project's own stacks, once
Without any of them: the first two. Needs Terraform, a provider (TF_CLI_CONFIG_FILE) and Python.

Examples:
  npm run prove:promotion
  npm run prove:promotion -- --scenarios --only lease`);
} else await main();

async function main() {
  const { prove, proveWholeApp } = await load();
  const all = !values.kills && !values.scenarios && !values["whole-app"];
  const start = Date.now();
  const onTried = ({ name, passed, outcome, seconds }) =>
    console.log(`${passed ? "✔" : "✖"} ${name.padEnd(72)} ${seconds.toFixed(1).padStart(6)} s  ${outcome}`);
  const tried = await prove({
    kills: all || values.kills === true,
    scenarios: all || values.scenarios === true,
    ...(values.only === undefined ? {} : { only: new RegExp(values.only) }),
    lanes: Number(values.lanes),
    onTried,
  });
  if (values["whole-app"]) tried.push(...(await proveWholeApp(onTried)));
  const failed = tried.filter(({ passed }) => !passed).length;
  mkdirSync(join(projectRoot, "reports"), { recursive: true });
  writeFileSync(join(projectRoot, "reports", "promotion.json"), `${JSON.stringify(tried, null, 2)}\n`);
  console.log(`\n${tried.length - failed} passed, ${failed} failed, in ${((Date.now() - start) / 1_000).toFixed(0)} s`);
  process.exitCode = failed === 0 && tried.length > 0 ? 0 : 1;
}

/** The tests' own world, which is TypeScript; two folders below the project's root, as its modules are. */
async function load() {
  const outfile = join(projectRoot, ".cache", "prove", `promotion-${process.pid}.cjs`);
  await build({
    stdin: {
      contents:
        'export * from "./__tests__/support/promotion/prove"; export * from "./__tests__/support/promotion/whole-app";',
      resolveDir: projectRoot,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    packages: "external",
    outfile,
    logLevel: "error",
  });
  // What the tests' helpers ask Jest for when they are loaded.
  globalThis.describe = Object.assign(() => {}, { skip: () => {} });
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  try {
    return createRequire(import.meta.url)(outfile);
  } finally {
    rmSync(outfile, { force: true });
  }
}
