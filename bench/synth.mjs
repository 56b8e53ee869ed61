// Synthesis in cold processes, on this project's own app, against the set-ups that people come from.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { copyProject } from "../scripts/copy-project.mjs";
import { busyElsewhere, inSequence, measure, median } from "./support/measure.mjs";
import { installStock, makeFloor, makePlain, makeStock } from "./synth/baselines.mjs";
import { breakDown } from "./synth/breakdown.mjs";
import { format, judge, perDoubling } from "./synth/report.mjs";
import { compareStacks, identical } from "./synth/same-app.mjs";
import { cleanApp, copyApp, declareEnvironments, readStacks } from "./synth/scaled-app.mjs";

const help = `Usage: node bench/synth.mjs [--rounds <n>] [--stacks <n>] [--json] [--keep]

Measures synthesis of this project's own app, as it stands in the working tree, in cold processes:
  (a)   the stock set-up: ts-node with its type check, imports from package roots
  (b)   a plain esbuild bundle, made and run
  (c)   the floor: Node loads the classes, and writes the finished JSON
  tap   this project's command, with nothing cached and with its bundle cached
and how tap's time and memory grow with the number of environments.

  --rounds <n>   rounds of the comparison; the median counts (default: 5)
  --stacks <n>   about how many stacks to compare on (default: 42)
  --json         print the results as JSON
  --keep         leave the folder with all set-ups, and print its path
  --help         this text

Exit codes: 0 measured, wanted figures reached or not; 1 the set-ups didn't run, or not on the same app.
`;

/** Rounds of the scaling measurement, and its numbers of environments. */
const scalingRounds = 3;
const scalingSizes = [3, 12, 50, 100];

const benchFolder = dirname(fileURLToPath(import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);

async function main() {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      stacks: { type: "string", default: "42" },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) return process.stdout.write(help);
  const rounds = wholeNumber("--rounds", options.rounds);
  const stacks = wholeNumber("--stacks", options.stacks);

  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tap-bench-")));
  const leave = () => {
    if (options.keep) say(`All set-ups: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  };
  const stop = () => {
    leave();
    process.exit(130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    const results = await run(folder, { rounds, stacks });
    process.stdout.write(`${options.json ? JSON.stringify(results, null, 2) : format(results)}\n`);
  } finally {
    leave();
  }
}

function wholeNumber(option, text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new RangeError(`${option} takes a whole number from 1 (given ${text})`);
}

async function run(folder, { rounds, stacks }) {
  installStock(benchFolder, say);
  say("Preparing the app");
  const own = join(folder, "own");
  copyProject(dirname(benchFolder), own);
  const environments = await environmentsFor(stacks, own);
  declareEnvironments(own, environments);

  const variants = await prepareVariants(folder, own);
  const same = await checkSameApp(variants);
  const app = { environments, ...describeStacks(own), same };
  const busy = [];
  const measured = await compare(variants, rounds, busy);
  say("Profiling");
  const breakdown = await explain(variants.warm, measured);
  const scaling = await scale(folder, own);
  return {
    app,
    machine: {
      node: process.version,
      cores: availableParallelism(),
      cpu: cpus()[0]?.model.trim(),
      busy: Math.max(...busy),
    },
    rounds,
    variants: measured,
    breakdown,
    scaling,
    figures: judge({ variants: measured, scaling }),
  };
}

/** How many environments have about that many stacks; what one of them has changes with the project. */
async function environmentsFor(stacks, app) {
  declareEnvironments(app, 1);
  cleanApp(app);
  await measure(tapSynth(app));
  return Math.max(1, Math.round(stacks / readStacks(app).size));
}

function tapSynth(app) {
  return { command: process.execPath, args: ["bin/tap.mjs", "synth"], cwd: app };
}

/** Every set-up, in the order of the table: what is run, and what is removed before each run. */
async function prepareVariants(folder, own) {
  cleanApp(own);
  await measure(tapSynth(own));
  const stock = makeStock(own, join(folder, "stock"), benchFolder);
  const plain = makePlain(own, join(folder, "plain"));
  const floor = makeFloor(own, join(folder, "floor"), own);
  const ours = { folder: own, steps: [tapSynth(own)] };
  const nothing = { folder, steps: [{ command: process.execPath, args: ["--eval", "0"], cwd: folder }] };
  return {
    stock: { name: "(a) stock: ts-node, package roots", ...stock },
    plain: { name: "(b) plain esbuild bundle", ...plain, parts: ["    bundling", "    running"] },
    floor: { name: "(c) floor: load classes, write JSON", ...floor },
    cold: { name: "tap synth, nothing cached", ...ours, clean: { cache: true } },
    // After the one before it, which leaves its bundle.
    warm: { name: "tap synth", ...ours },
    node: { name: "node --eval 0", ...nothing },
  };
}

/** Runs every set-up once, which also warms the disk cache, and compares what they wrote. */
async function checkSameApp({ stock, plain, cold, warm }) {
  await runOnce(warm);
  const reference = readStacks(warm.folder);
  const results = [];
  for (const variant of [stock, plain, cold]) {
    say(`Checking ${variant.name}`);
    await runOnce(variant);
    results.push(compareStacks(variant.name, readStacks(variant.folder), warm.name, reference));
  }
  return results.find((same) => same !== identical) ?? identical;
}

async function runOnce({ folder, steps, clean }) {
  cleanApp(folder, clean);
  const parts = [];
  for (const step of steps) parts.push(await measure(step));
  return { ...parts.reduce(inSequence), parts };
}

function describeStacks(app) {
  const texts = [...readStacks(app).values()];
  const resources = texts.map((text) =>
    Object.values(JSON.parse(text).resource ?? {}).reduce((sum, named) => sum + Object.keys(named).length, 0),
  );
  return {
    stacks: texts.length,
    resources: resources.reduce((sum, count) => sum + count, 0),
    bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  };
}

/**
 * All set-ups in turn, round by round, so that a slow minute of the machine meets all of them. Into `busy` goes
 * how busy it was with other work, before each round.
 */
async function compare(variants, rounds, busy) {
  const runs = Object.fromEntries(Object.keys(variants).map((key) => [key, []]));
  for (let round = 1; round <= rounds; round += 1) {
    busy.push(await busyElsewhere());
    for (const [key, variant] of Object.entries(variants)) {
      say(`Round ${round} of ${rounds}: ${variant.name}`);
      runs[key].push(await runOnce(variant));
    }
  }
  return Object.fromEntries(
    Object.entries(variants).flatMap(([key, { name, parts = [] }]) => [
      [key, summarize(name, runs[key])],
      ...parts.map((part, index) => [
        `${key}.${part.trim()}`,
        summarize(
          part,
          runs[key].map((run) => run.parts[index]),
        ),
      ]),
    ]),
  );
}

function summarize(name, runs) {
  const times = runs.map(({ milliseconds }) => milliseconds);
  return {
    name,
    milliseconds: median(times),
    lowest: Math.min(...times),
    highest: Math.max(...times),
    tree: median(runs.map(({ tree }) => tree)),
    largest: median(runs.map(({ largest }) => largest)),
  };
}

/** Node's own start is measured, because no profile shows it; the rest is divided as a profiled run was. */
async function explain(variant, { warm, node }) {
  cleanApp(variant.folder);
  const purposes = await breakDown(variant.steps[0]);
  const remaining = warm.milliseconds - node.milliseconds;
  return [
    { purpose: "start and end of Node", milliseconds: node.milliseconds },
    ...purposes.map(({ purpose, share }) => ({ purpose, milliseconds: share * remaining })),
  ].map((part) => ({ ...part, share: part.milliseconds / warm.milliseconds }));
}

/** The same app with more and more environments, its bundle cached. */
async function scale(folder, own) {
  const sizes = [];
  for (const environments of scalingSizes) {
    say(`Preparing ${environments} environments`);
    const app = join(folder, `own-${environments}`);
    copyApp(own, app);
    declareEnvironments(app, environments);
    const variant = { folder: app, steps: [tapSynth(app)] };
    await runOnce(variant);
    sizes.push({ environments, variant, stacks: readStacks(app).size, runs: [] });
  }
  for (let round = 1; round <= scalingRounds; round += 1) {
    for (const { environments, variant, runs } of sizes) {
      say(`Scaling, round ${round} of ${scalingRounds}: ${environments} environments`);
      runs.push(await runOnce(variant));
    }
  }
  const summaries = sizes.map(({ environments, stacks, runs }) => ({
    environments,
    stacks,
    rounds: scalingRounds,
    ...summarize("tap synth", runs),
  }));
  return summaries.map((size, index) => withGrowth(size, summaries[index - 1]));
}

function withGrowth(size, before) {
  if (before === undefined) return size;
  const growth = (key) => perDoubling(before.stacks, size.stacks, before[key], size[key]);
  return { ...size, perDoubling: { time: growth("milliseconds"), memory: growth("tree") } };
}

try {
  await main();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
