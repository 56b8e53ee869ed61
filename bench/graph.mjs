// The graph of 1×, 2×, 4×, … environments of this project's own app: twice the stacks, twice the time.
import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { copyProject } from "../scripts/copy-project.mjs";
import { measure } from "./support/measure.mjs";
import { megabytes, seconds, table, times } from "./support/table.mjs";
import { declareEnvironments } from "./synth/scaled-app.mjs";

const help = `Usage: node bench/graph.mjs [--environments <n>] [--rounds <n>] [--json]

Synthesizes this project's own app, as it stands in the working tree, with many environments, and builds the graph of
3, 6, 12, … of them, each in a process of its own:
  build      buildGraph() of the parsed JSON; all times are processor time, which other programs add little to
  questions  references from and to every node, patterns to every node, the order of all
  patterns   targets of every ARN pattern; by nature as many as there are
  memory     heap that the graph holds, without the JSON

  --environments <n>  the most environments (default: 96)
  --rounds <n>        processes per size; the fastest counts, as others only disturb it (default: 5)
  --json              print the results as JSON
  --help              this text

Exit codes: 0 measured, wanted figure reached or not; 1 the app didn't synthesize.
`;

const wantedPerDoubling = 2.2;
const smallest = 3;
const benchFolder = dirname(fileURLToPath(import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);

async function main() {
  const { values: options } = parseArgs({
    options: {
      environments: { type: "string", default: "96" },
      rounds: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) return process.stdout.write(help);
  const most = wholeNumber("--environments", options.environments);
  const rounds = wholeNumber("--rounds", options.rounds);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tap-bench-")));
  try {
    const results = await run(folder, most, rounds);
    process.stdout.write(`${options.json ? JSON.stringify(results, null, 2) : format(results)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function wholeNumber(option, text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new RangeError(`${option} takes a whole number from 1 (given ${text})`);
}

async function run(folder, most, rounds) {
  const app = join(folder, "app");
  copyProject(dirname(benchFolder), app);
  declareEnvironments(app, most);
  say(`Synthesizing ${most} environments`);
  await measure({ command: process.execPath, args: ["bin/tap.mjs", "synth"], cwd: app });
  const bundle = join(folder, "graph.cjs");
  await bundleGraph(bundle);
  const sizes = [];
  for (let size = smallest; size <= most; size *= 2) sizes.push(size);
  const runs = new Map(sizes.map((size) => [size, []]));
  // In turns, so that what else the machine does falls on all sizes.
  for (let round = 1; round <= rounds; round += 1) {
    say(`Round ${round} of ${rounds}: ${sizes.join(", ")} environments`);
    for (const size of sizes) runs.get(size).push(inProcess(bundle, join(app, "cdktf.out"), size));
  }
  const rows = sizes.map((size) => ({ environments: size, ...leastOf(runs.get(size)) }));
  return rows.map((row, index) => ({ ...row, ratio: index === 0 ? undefined : row.build / rows[index - 1].build }));
}

/** The graph as the command would have it, in one file. */
async function bundleGraph(outfile) {
  await build({
    stdin: {
      contents: `export { buildGraph } from "./build"; export { dependencyOrder } from "./order"; export { readStackSources } from "./read";`,
      resolveDir: join(dirname(benchFolder), "tap", "graph"),
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile,
    logLevel: "error",
  });
}

function inProcess(bundle, out, environments) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--expose-gc", fileURLToPath(import.meta.url), "--measure", bundle, out, String(environments)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Counts are the same in all runs; of times and memory the least is what the work itself takes. */
function leastOf(runs) {
  return Object.fromEntries(Object.keys(runs[0]).map((key) => [key, Math.min(...runs.map((run) => run[key]))]));
}

/** In a process of its own: the graph of the first environments of a synthesized folder. */
function measureHere(bundle, out, environments) {
  const { buildGraph, dependencyOrder, readStackSources } = createRequire(import.meta.url)(bundle);
  const all = readStackSources(out);
  const suffixes = new Set([...new Set(all.map(({ environmentSuffix }) => environmentSuffix))].slice(0, environments));
  const sources = all.filter(({ environmentSuffix }) => suffixes.has(environmentSuffix));
  // Once for the compiler, on one environment, which is a small part of every size.
  buildGraph(sources.filter(({ environmentSuffix }) => environmentSuffix === sources[0].environmentSuffix));
  global.gc();
  const before = process.memoryUsage().heapUsed;
  const start = processorTime();
  const graph = buildGraph(sources);
  const built = processorTime();
  global.gc();
  const memory = process.memoryUsage().heapUsed - before;
  const asked = processorTime();
  let references = 0;
  for (const node of graph.nodes)
    references += graph.referencesFrom(node).length + graph.referencesTo(node).length + graph.patternsTo(node).length;
  dependencyOrder(graph);
  const answered = processorTime();
  const targets = graph.nodes
    .flatMap((node) => graph.referencesFrom(node))
    .reduce((sum, reference) => sum + (reference.kind === "arn-pattern" ? reference.targets.length : 0), 0);
  return {
    stacks: sources.length,
    nodes: graph.nodes.length,
    references,
    targets,
    build: built - start,
    questions: answered - asked,
    patterns: processorTime() - answered,
    memory,
  };
}

function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function format(rows) {
  const lines = rows.map(({ environments, stacks, nodes, references, build, ratio, questions, patterns, memory }) => [
    String(environments),
    String(stacks),
    String(nodes),
    String(references),
    seconds(build),
    ratio === undefined ? "" : times(ratio),
    seconds(questions),
    seconds(patterns),
    megabytes(memory),
  ]);
  const [first, last] = [rows[0], rows.at(-1)];
  const whole = 2 ** (Math.log2(last.build / first.build) / Math.log2(last.nodes / first.nodes));
  return [
    table(
      ["environments", "stacks", "nodes", "references", "build", "ratio", "questions", "patterns", "memory"],
      lines,
    ),
    "",
    `${first.environments} to ${last.environments} environments: ${times(whole)} per doubling of the nodes, wanted at most ${wantedPerDoubling}×: ${whole <= wantedPerDoubling ? "reached" : "not reached"}`,
  ].join("\n");
}

if (process.argv[2] === "--measure") {
  const [bundle, out, environments] = process.argv.slice(3);
  process.stdout.write(JSON.stringify(measureHere(bundle, out, Number(environments))));
} else await main();
