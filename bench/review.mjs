// The review of a large plan in cold processes.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { busyElsewhere, measure, median } from "./support/measure.mjs";

const help = `Usage: node bench/review.mjs [--rounds <n>] [--changes <n>] [--json]

Multiplies the plans that real Terraform made for the tests (__tests__/fixtures/plans) to one of many changes, with what
was and will be there beside them, as terraform show -json writes it, and reviews it in cold processes.

  --rounds <n>   the median counts (default: 5)
  --changes <n>  changes of the plan (default: 20000)
  --json         print the results as JSON
  --help         this text
`;

const wanted = { milliseconds: 2_000, bytes: 300_000_000, characters: 65_536 };
const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

async function main() {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      changes: { type: "string", default: "20000" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) return process.stdout.write(help);
  const folder = mkdtempSync(join(tmpdir(), "tap-bench-"));
  try {
    const results = await run(folder, Number(options.rounds), Number(options.changes));
    process.stdout.write(`${options.json ? JSON.stringify(results, null, 2) : format(results)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(folder, rounds, changes) {
  const plan = join(folder, "large.json");
  writePlan(plan, changes);
  const comment = join(folder, "comment.md");
  const what = {
    command: process.execPath,
    args: ["bin/tap.mjs", "review", plan, "--markdown", "--out", comment],
    cwd: projectRoot,
  };
  // Once without counting: bundles the command, and leaves its compiled code.
  spawnSync(what.command, what.args, { cwd: what.cwd, stdio: "inherit" });
  const busy = await busyElsewhere();
  const runs = [];
  for (let round = 1; round <= rounds; round += 1) runs.push(await measure(what));
  const text = readFileSync(comment, "utf8");
  const of = (key) => median(runs.map((one) => one[key]));
  return {
    machine: { node: process.version, cores: availableParallelism(), cpu: cpus()[0]?.model.trim(), busy },
    plan: { changes, bytes: statSync(plan).size },
    milliseconds: of("milliseconds"),
    processor: of("processor"),
    largest: of("largest"),
    comment: { characters: text.length, bytes: Buffer.byteLength(text), first: text.split("\n")[0] },
  };
}

/** In parts: a text of all of it would be as large as what is measured. */
function writePlan(path, count) {
  const recorded = ["access", "data", "other"]
    .flatMap((group) =>
      readFileSync(join(projectRoot, "__tests__", "fixtures", "plans", `${group}.jsonl`), "utf8")
        .trim()
        .split("\n"),
    )
    .flatMap((line) => JSON.parse(line).plan.resource_changes ?? [])
    .filter(({ change }) => change.actions.join() !== "no-op");
  const file = openSync(path, "w");
  const list = (make) => {
    for (let at = 0; at < count; at += 1)
      writeSync(file, `${at === 0 ? "" : ","}${JSON.stringify(make(recorded[at % recorded.length], at))}`);
  };
  const addressOf = ({ type, name }, at) => `module.part[${Math.floor(at / 100)}].${type}.${name}[${at}]`;
  const values = (side) => (one, at) => ({
    address: addressOf(one, at),
    mode: "managed",
    type: one.type,
    name: one.name,
    values: one.change[side],
  });
  writeSync(
    file,
    '{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{"resources":[',
  );
  list(values("after"));
  writeSync(file, ']}},"resource_changes":[');
  list((one, at) => ({ ...one, address: addressOf(one, at) }));
  writeSync(file, '],"prior_state":{"values":{"root_module":{"resources":[');
  list(values("before"));
  writeSync(file, ']}}},"complete":true,"errored":false}');
  closeSync(file);
}

function format({ machine, plan, milliseconds, processor, largest, comment }) {
  const line = (name, value, goal, isGood) =>
    `${name.padEnd(12)} ${value.padStart(12)}   wanted ${goal}   ${isGood ? "reached" : "MISSED"}`;
  return [
    `A plan of ${plan.changes.toLocaleString("en-US")} changes, ${(plan.bytes / 1e6).toFixed(0)} MB; Node ${machine.node}, ${machine.cores} cores, ${Math.round(machine.busy * 100)} % busy elsewhere`,
    line("time", `${(milliseconds / 1_000).toFixed(2)} s`, "< 2 s", milliseconds < wanted.milliseconds),
    `${"processor".padEnd(12)} ${`${(processor / 1_000).toFixed(2)} s`.padStart(12)}`,
    line("memory", `${(largest / 1e6).toFixed(0)} MB`, "< 300 MB", largest < wanted.bytes),
    line("comment", `${comment.characters}`, "≤ 65,536 characters", comment.bytes <= wanted.characters),
    comment.first,
  ].join("\n");
}

await main();
