// Size and start of every function's bundle, against bundles of what all functions need anyway.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { bundleFunctions } from "../bin/functions.mjs";
import { packageNames } from "../bin/lambda-packages.mjs";
import { makeBaselines, makeClientBaseline } from "./functions/baselines.mjs";
import { busyElsewhere, median } from "./support/measure.mjs";
import { table, times } from "./support/table.mjs";

const help = `Usage: node bench/functions.mjs [--rounds <n>] [--json]

Measures the bundle of every function: size, size as it is zipped, and how long Node takes to import it, in cold
processes. Beside them stand
  (a)  a DynamoDB client and two of its commands, and nothing else
  (b)  the same, with the SDK's ways to credentials that Lambda has no use for left out
  (c)  (a) with the logger, metrics and tracer of Powertools
and, for each function, a bundle of just the SDK clients and commands that it uses: "its clients".

  --rounds <n>   imports of each, interleaved; the median counts (default: 15)
  --json         print the results as JSON
  --help         this text

Exit codes: 0 measured, wanted figures reached or not; 1 something didn't build or start.
`;

/** What a function is allowed: bytes minified, bytes of gzip, and times the import of its SDK clients alone. */
const allowed = { minified: 470_000, zipped: 142_000, import: 1.5 };

/** What reads files has its parsers in it, and nobody waits for its start: by how much it may be larger. */
const allowedOf = (name) => ({ ...allowed, ...withParsers[name] });
const withParsers = {
  "files/data": { minified: 600_000, zipped: 190_000, import: 2 },
  "files/document": { minified: 2_600_000, zipped: 800_000, import: 2 },
  "files/image": { minified: 660_000, zipped: 210_000, import: 2 },
};

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

async function main() {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: "string", default: "15" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) return process.stdout.write(help);
  if (!/^[1-9]\d*$/.test(options.rounds))
    throw new RangeError(`--rounds takes a whole number from 1 (given ${options.rounds})`);

  const folder = mkdtempSync(join(tmpdir(), "tap-bench-"));
  try {
    const results = await run(folder, Number(options.rounds));
    process.stdout.write(`${options.json ? JSON.stringify(results, null, 2) : format(results)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(folder, rounds) {
  const baselines = await makeBaselines(projectRoot, folder);
  const functions = Object.entries(await bundleFunctions(projectRoot)).map(([name, { folder: own }]) => ({
    name,
    file: startable(name, own, folder),
    isFunction: true,
  }));
  const clients = [];
  for (const { name } of functions)
    clients.push({ name: clientsOf(name), file: await makeClientBaseline(projectRoot, folder, name), isClients: true });
  const variants = [...baselines, ...functions, ...clients].map((variant) => ({
    ...variant,
    ...sizesOf(variant.file),
    runs: [],
  }));
  // Once for the disk cache.
  for (const { file } of variants) await importTime(file);
  const busy = await busyElsewhere();
  for (let round = 1; round <= rounds; round += 1)
    for (const { file, runs } of variants) runs.push(await importTime(file));
  return {
    machine: { node: process.version, cores: availableParallelism(), cpu: cpus()[0]?.model.trim(), busy },
    rounds,
    variants: variants.map(({ name, isFunction = false, isClients = false, minified, zipped, runs }) => ({
      name,
      isFunction,
      isClients,
      minified,
      zipped,
      milliseconds: median(runs),
      lowest: Math.min(...runs),
      highest: Math.max(...runs),
    })),
  };
}

/** A function's code; where it carries packages for Lambda's platform, beside those of this one. */
function startable(name, own, folder) {
  if (packageNames(projectRoot, name).length === 0) return join(own, "index.mjs");
  const beside = join(folder, name);
  mkdirSync(beside, { recursive: true });
  cpSync(join(own, "index.mjs"), join(beside, "index.mjs"));
  symlinkSync(join(projectRoot, "node_modules"), join(beside, "node_modules"));
  return join(beside, "index.mjs");
}

/** What a bundle of a function's SDK clients is called. */
const clientsOf = (name) => `clients of ${name}`;

function sizesOf(file) {
  const code = readFileSync(file);
  return { minified: code.length, zipped: gzipSync(code, { level: 9 }).length };
}

const importing = `
const start = performance.now();
await import(process.argv[1]);
process.stdout.write(String(performance.now() - start));`;

/** Milliseconds of the import alone, in a process of its own, with what Lambda gives a function. */
function importTime(file) {
  const env = {
    PATH: process.env.PATH,
    AWS_REGION: "us-east-1",
    TABLE_NAME: "records",
    TOPIC_ARN: "arn:aws:sns:us-east-1:111111111111:changes",
    CURSOR_KEY_ARN: "arn:aws:kms:us-east-1:111111111111:key/cursors",
    BUCKET_NAME: "results",
    QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/111111111111/jobs",
    DEAD_LETTER_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/111111111111/dead-letters",
    MAX_RECEIVE_COUNT: "3",
    CONFIG_PATH: "/tap/dev/jobs/config/",
    STREAM_NAME: "records",
    SECRET_NAME: "signing-key",
    MODEL_IDS: "us.amazon.nova-lite-v1:0",
    MODEL_DAILY_BUDGET: "100000",
    POWERTOOLS_SERVICE_NAME: "bench",
    POWERTOOLS_METRICS_NAMESPACE: "bench",
    POWERTOOLS_TRACE_ENABLED: "false",
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ["--input-type=module", "--eval", importing, file], { env }, (error, stdout) =>
      error ? reject(error) : resolve(Number(stdout)),
    );
  });
}

function format({ machine, rounds, variants }) {
  const [bare, , withPowertools] = variants;
  const clients = new Map(variants.filter(({ isClients }) => isClients).map((variant) => [variant.name, variant]));
  return [
    `Node ${machine.node}, ${machine.cores} cores, ${machine.cpu}; median of ${rounds} imports, interleaved, cold processes, warm disk cache`,
    ...(machine.busy > 0.1
      ? [
          `The machine was ${(machine.busy * 100).toFixed(0)} % busy with other work: times are longer than they would be`,
        ]
      : []),
    "",
    table(
      [
        "",
        "minified",
        "gzip",
        "import",
        "lowest",
        "highest",
        "gzip of (a)",
        "of (c)",
        "of (a)",
        "of (c)",
        "its clients",
      ],
      variants
        .filter(({ isClients }) => !isClients)
        .map((variant) => row(variant, bare, withPowertools, clients.get(clientsOf(variant.name)))),
    ),
    "",
    table(
      ["wanted", "measured", ""],
      variants
        .filter(({ isFunction }) => isFunction)
        .flatMap(({ name, minified, zipped, milliseconds }) => [
          atMost(
            `${name}: at most ${kilobytes(allowedOf(name).minified)}`,
            minified,
            allowedOf(name).minified,
            kilobytes,
          ),
          atMost(
            `${name}: at most ${kilobytes(allowedOf(name).zipped)} of gzip`,
            zipped,
            allowedOf(name).zipped,
            kilobytes,
          ),
          atMost(
            `${name}: import at most ${times(allowedOf(name).import)} of its clients`,
            milliseconds / clients.get(clientsOf(name)).milliseconds,
            allowedOf(name).import,
            times,
          ),
        ]),
    ),
  ].join("\n");
}

function row({ name, minified, zipped, milliseconds, lowest, highest }, bare, withPowertools, clients) {
  return [
    name,
    kilobytes(minified),
    kilobytes(zipped),
    ...[milliseconds, lowest, highest].map((value) => `${value.toFixed(1)} ms`),
    times(zipped / bare.zipped),
    times(zipped / withPowertools.zipped),
    times(milliseconds / bare.milliseconds),
    times(milliseconds / withPowertools.milliseconds),
    clients === undefined ? "" : `${clients.milliseconds.toFixed(1)} ms, ${times(milliseconds / clients.milliseconds)}`,
  ];
}

function atMost(wanted, measured, limit, inUnits) {
  return [wanted, inUnits(measured), measured <= limit ? "reached" : "missed"];
}

const kilobytes = (bytes) => `${(bytes / 1_000).toFixed(1)} kB`;

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
