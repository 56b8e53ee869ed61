#!/usr/bin/env node
// An outside judge: Checkov on the synthesized JSON of all environments, and on the plans of one (docs/decisions/0014).
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { checkovMissing, installCheckov } from "../checkov/install.mjs";
import { judge, unseen } from "../checkov/judge.mjs";
import { findTerraform, planStack } from "../checkov/plans.mjs";
import { readSkips, weigh } from "../checkov/skips.mjs";
import { prepareStack, probe, stacksIn } from "../checkov/stacks.mjs";

const usage = `Usage: npm run checkov [-- --folder <folder>]

Runs the Checkov that checkov/requirements.txt pins (PyPI; installed once into .cache/) on the synthesized JSON of all
environments, and on the plans that Terraform makes of prod's primary region. Fails on what no line of
checkov/skips.json names, and on lines there that nothing needs.

  --folder <folder>  a synthesized folder (default: dev, staging and prod are synthesized for this run)
  --help             show this

Exit codes: 0 nothing unexpected, or no Python to run Checkov (it says so); 1 a failed check, or a skip without need;
2 called wrongly, or Checkov could not do its work.`;

/**
 * Checks that crash in Checkov's JSON reader, with the reason. They have to work on the plans, which have what they
 * lack; a crash of any other is an error.
 */
const crashesOnJson = new Map([["CKV2_AWS_70", "the JSON reader gives checks no graph of the other resources"]]);

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const log = (text) => process.stderr.write(`${text}\n`);
/** Prod has what the other environments have, and more: replicas, the trail, protection. */
const isPlanned = (stack) => /-prod-us-east-1$/.test(stack);

process.exitCode = await main();

async function main() {
  let options;
  try {
    options = parseArgs({ options: { folder: { type: "string" }, help: { type: "boolean", short: "h" } } }).values;
  } catch (error) {
    log(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const missing = checkovMissing();
  if (missing) {
    console.log(`SKIPPED: Checkov did not run. ${missing}`);
    return 0;
  }
  const workspace = mkdtempSync(join(tmpdir(), "checkov-"));
  // What is interrupted leaves no copies of the stacks behind.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(2));
  process.once("exit", () => rmSync(workspace, { recursive: true, force: true }));
  try {
    return await run(workspace, options.folder);
  } catch (error) {
    log(process.env.TAP_DEBUG ? String(error?.stack) : `${error?.message}\n(TAP_DEBUG=1 shows where)`);
    return 2;
  }
}

async function run(workspace, folder) {
  const program = await installCheckov(log);
  const synthesized = folder === undefined ? await synthesize(workspace) : resolve(folder);
  if (!existsSync(join(synthesized, "stacks")))
    throw new Error(`${synthesized} is no synthesized folder: it has no stacks/`);
  const stacks = stacksIn(synthesized);
  const [onJson, onPlans] = await judgeAll(program, join(synthesized, "stacks"), stacks, workspace);

  const all = [onJson, ...(onPlans ? [onPlans] : [])];
  const weighed = weigh(
    all.flatMap(({ records }) => records),
    readSkips(),
    stacks,
  );
  for (const judgement of all) console.log(summary(judgement, weighed.unexpected));
  for (const line of describe(weighed.unexpected)) console.log(line);
  for (const line of weighed.stale) console.log(`Skipped without need: ${line}`);
  return weighed.failed === 0 && weighed.stale.length === 0 ? 0 : 1;
}

async function synthesize(workspace) {
  const outdir = join(workspace, "synthesized");
  const selecting = /^(ENVIRONMENT|ENVIRONMENT_SUFFIX|AWS_REGION|AWS_DEFAULT_REGION|CDKTF_\w+|TAP_\w+)$/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !selecting.test(name)));
  log("Synthesizing");
  await promisify(execFile)(process.execPath, [join(projectRoot, "bin", "tap.mjs"), "synth", "--outdir", outdir], {
    cwd: projectRoot,
    env: { ...env, CI: "true" },
    maxBuffer: 2 ** 26,
  });
  return outdir;
}

/** On the JSON of all stacks, and on the plans of some, or undefined where there is no Terraform. */
async function judgeAll(program, source, stacks, workspace) {
  const terraform = findTerraform();
  const planned = "missing" in terraform ? [] : stacks.filter(isPlanned);
  if ("missing" in terraform) console.log(`SKIPPED: Checkov judged no plan. ${terraform.missing}`);
  log(`Judging ${stacks.length} stacks, and the plans of ${planned.length}`);

  const limit = limited(Math.max(2, availableParallelism()));
  const start = performance.now();
  const jsonAddresses = new Map();
  const json = halves(stacks).map((half, index) => {
    const folder = join(workspace, `json-${index}`, "stacks");
    for (const stack of half) jsonAddresses.set(stack, prepareStack(join(source, stack), join(folder, stack)));
    return limit(() => judge(program, "terraform_json", folder));
  });
  const planAddresses = new Map();
  const plans = planned.map((stack, index) =>
    limit(async () => {
      const target = join(workspace, `plans-${index % 2}`, "plans", `${stack}.json`);
      planAddresses.set(
        stack,
        await planStack(terraform.config, join(source, stack), join(workspace, "terraform", stack), target),
      );
    }),
  );
  const onJson = joined("terraform_json", await Promise.all(json), jsonAddresses, start);
  await Promise.all(plans);
  if (planned.length === 0) {
    refuseCrashes(onJson, undefined);
    return [onJson, undefined];
  }
  const folders = [0, 1].map((index) => join(workspace, `plans-${index}`, "plans")).filter(existsSync);
  const judged = await Promise.all(folders.map((folder) => limit(() => judge(program, "terraform_plan", folder))));
  const onPlans = joined("terraform_plan", judged, planAddresses, start);
  refuseCrashes(onJson, onPlans);
  return [onJson, onPlans];
}

/** The judgements of both halves as one; it must be one of every resource. The probes are no part of it. */
function joined(framework, judgements, addresses, start) {
  const records = judgements.flatMap((judgement) => judgement.records);
  const blind = unseen(records, addresses);
  if (blind.length > 0) throw new Error(`Checkov (${framework}) did not see everything:\n${listed(blind)}`);
  return {
    framework,
    records: records.filter(({ address }) => address !== probe.address),
    crashed: new Set(judgements.flatMap(({ crashed }) => [...crashed])),
    stacks: addresses.size,
    resources: [...addresses.values()].reduce((sum, own) => sum + own.length, 0),
    seconds: (performance.now() - start) / 1000,
  };
}

function refuseCrashes(onJson, onPlans) {
  for (const check of onJson.crashed) {
    if (!crashesOnJson.has(check)) throw new Error(`${check} crashed in Checkov's JSON reader`);
    if (onPlans && !onPlans.records.some((record) => record.check === check))
      throw new Error(`${check} crashed in Checkov's JSON reader, and judged nothing in the plans`);
  }
  if (onPlans?.crashed.size) throw new Error(`Checks crashed on the plans: ${[...onPlans.crashed].join(", ")}`);
}

/** Of every second stack: those of one component, which are alike, stand side by side. */
function halves(list) {
  return [0, 1].map((half) => list.filter((_, index) => index % 2 === half)).filter(({ length }) => length > 0);
}

/** Runs what it is given, so many at once. */
function limited(most) {
  const waiting = [];
  let running = 0;
  const next = () => {
    if (running >= most || waiting.length === 0) return;
    running++;
    const { action, resolve: done, reject } = waiting.shift();
    action()
      .then(done, reject)
      .finally(() => {
        running--;
        next();
      });
  };
  return (action) =>
    new Promise((done, reject) => {
      waiting.push({ action, resolve: done, reject });
      next();
    });
}

function summary({ framework, records, stacks, resources, seconds }, unexpected) {
  const passed = records.filter((record) => record.passed).length;
  const failed = records.filter((record) => unexpected.includes(record)).length;
  const counts = `${passed} passed, ${failed} failed, ${records.length - passed - failed} skipped`;
  return `${framework}: ${counts} (${stacks} stacks, ${resources} resources, ${seconds.toFixed(0)} s)`;
}

/** By check, each with what it failed. */
function describe(unexpected) {
  return [...grouped(unexpected)].flatMap(([check, records]) => [
    `Failed ${check} ${records[0].title}`,
    ...[...new Set(records.map(({ stack, address }) => `  ${stack}/${address}`))].sort(),
  ]);
}

function grouped(records) {
  const groups = new Map();
  for (const record of records) groups.set(record.check, [...(groups.get(record.check) ?? []), record]);
  return groups;
}

function listed(lines) {
  const more = lines.length > 20 ? [`… and ${lines.length - 20} more`] : [];
  return [...lines.slice(0, 20), ...more].map((line) => `  ${line}`).join("\n");
}
