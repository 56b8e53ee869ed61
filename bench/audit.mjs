// The audit in cold processes, against Checkov on the same files.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { availableParallelism, cpus, freemem, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkovMissing, installCheckov } from "../checkov/install.mjs";
import { judge as judgeByCheckov, unseen } from "../checkov/judge.mjs";
import { copyProject } from "../scripts/copy-project.mjs";
import { writeFolders } from "./audit/folders.mjs";
import { format, judge, trend } from "./audit/report.mjs";
import { busyElsewhere, measure, median } from "./support/measure.mjs";
import { declareEnvironments } from "./synth/scaled-app.mjs";

const help = `Usage: node bench/audit.mjs [--rounds <n>] [--environments <n>] [--minutes <n>] [--json] [--keep]

Synthesizes this project's own app, as it stands in the working tree, with many environments, and judges them in cold
processes: by tap audit, with its bundle and the functions' calls cached as tap synth leaves them, and with nothing
cached; and by the Checkov that checkov/requirements.txt pins, on the same files (prepared by checkov/stacks.mjs where
it can't read them). On dev, staging and prod in turns; tap audit on 3, 12, 25, 50 and 100 environments; Checkov on
as many of these as it finishes in time and in memory, and on the rest by its trend, which is called so.

  --rounds <n>        rounds of the comparison; the median counts (default: 3)
  --environments <n>  the most environments (default: 100)
  --minutes <n>       how long Checkov may take on one size (default: 20)
  --json              print the results as JSON
  --keep              leave the folder with all that was made, and print its path
  --help              this text

Exit codes: 0 measured, wanted figures reached or not; 1 the judges didn't run, or not on the same files.
`;

const sizes = [3, 12, 25, 50, 100];
/** Rounds for more than the fewest environments. */
const scalingRounds = 2;
const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`${text}\n`);

async function main() {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      environments: { type: "string", default: "100" },
      minutes: { type: "string", default: "20" },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) return process.stdout.write(help);
  const [rounds, most, minutes] = ["rounds", "environments", "minutes"].map((name) =>
    wholeNumber(`--${name}`, options[name]),
  );
  const missing = checkovMissing();
  if (missing) throw new Error(missing);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tap-bench-")));
  const leave = () => {
    if (options.keep) say(`All that was made: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  };
  const stop = () => {
    leave();
    process.exit(130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    const results = await run(folder, { rounds, most, minutes });
    process.stdout.write(`${options.json ? JSON.stringify(results, null, 2) : format(results)}\n`);
  } finally {
    leave();
  }
}

function wholeNumber(option, text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new RangeError(`${option} takes a whole number from 1 (given ${text})`);
}

async function run(folder, { rounds, most, minutes }) {
  const program = await installCheckov(say);
  const app = join(folder, "app");
  copyProject(projectRoot, app);
  declareEnvironments(app, most);
  say(`Synthesizing ${most} environments`);
  await measure({ command: process.execPath, args: ["bin/tap.mjs", "synth"], cwd: app });
  const chosen = sizes.filter((size) => size <= most);
  const prepared = chosen.map((environments) => ({
    environments,
    ...writeFolders(join(app, "cdktf.out"), environments, join(folder, String(environments))),
  }));
  const setUp = { app, program, home: join(folder, "home") };
  mkdirSync(setUp.home);
  const [first] = prepared;
  await checkSameFiles(setUp, first);

  const busy = [];
  const few = await compare(setUp, first, rounds, busy);
  const scaling = await scale(setUp, prepared, few);
  const { measured, why } = await asFarAsItGoes(setUp, prepared, few, minutes);
  const last = scaling.at(-1);
  const isTrend = measured.length < prepared.length;
  const many = {
    environments: last.environments,
    tap: last,
    checkov: isTrend ? trend(measured, last.environments) : measured.at(-1),
    isTrend,
    ...(isTrend ? { why } : {}),
  };
  return {
    app: { stacks: first.stacks, resources: first.resources, checkov: versionOf(program) },
    machine: {
      node: process.version,
      cores: availableParallelism(),
      cpu: cpus()[0]?.model.trim(),
      busy: Math.max(...busy),
    },
    rounds,
    few,
    scaling,
    checkov: measured,
    many,
    figures: judge({ few, many, scaling }),
  };
}

function versionOf(program) {
  return spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.trim();
}

/** Findings are no failure, of either. */
const exitCodes = [0, 1];

function tapAudit({ app }, { own }) {
  return { command: process.execPath, args: ["bin/tap.mjs", "audit", own], cwd: app, exitCodes };
}

/** As checkov/judge.mjs runs it: without network, and with nothing of the caller's settings. */
function checkov({ program, home }, { theirs }) {
  return {
    command: program,
    args: ["--framework", "terraform_json", "--directory", ".", "--output", "json", "--compact", "--skip-download"],
    cwd: theirs,
    env: { HOME: home, TMPDIR: home, LANG: "C.UTF-8", LOG_LEVEL: "ERROR" },
    exitCodes,
  };
}

/** A judge that didn't read a file is fast: each must have seen every stack and every resource. */
async function checkSameFiles({ app, program }, { own, theirs, addresses, stacks, resources, environments }) {
  say(`Checking that both judge the same ${environments} environments`);
  const { stdout } = spawnSync(process.execPath, ["bin/tap.mjs", "audit", own, "--json"], {
    cwd: app,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const result = JSON.parse(stdout);
  const seen = result.stacks.reduce((sum, stack) => sum + stack.resources, 0);
  if (result.stacks.length !== stacks || seen !== resources)
    throw new Error(`tap audit saw ${seen} resources of ${result.stacks.length} stacks, not ${resources} of ${stacks}`);
  if (!result.rules.some(({ id }) => id === "least-privilege"))
    throw new Error(`tap audit didn't judge least privilege: ${result.notes.join(" ")}`);
  const blind = unseen((await judgeByCheckov(program, "terraform_json", theirs)).records, addresses);
  if (blind.length > 0) throw new Error(`Checkov did not see everything:\n${blind.slice(0, 10).join("\n")}`);
}

/** All in turn, round by round, so that a slow minute of the machine meets all of them. */
async function compare(setUp, prepared, rounds, busy) {
  const variants = [
    { name: "tap audit", what: tapAudit(setUp, prepared), runs: [] },
    {
      name: "tap audit, nothing cached",
      what: tapAudit(setUp, prepared),
      clean: () => rmSync(join(setUp.app, ".cache"), { recursive: true, force: true }),
      runs: [],
    },
    { name: "Checkov", what: checkov(setUp, prepared), runs: [] },
  ];
  for (let round = 1; round <= rounds; round += 1) {
    busy.push(await busyElsewhere());
    for (const { name, what, clean, runs } of variants) {
      say(`Round ${round} of ${rounds}: ${name}, ${prepared.environments} environments`);
      clean?.();
      runs.push(await measure(what));
    }
  }
  const summaries = variants.map(({ name, runs }) => ({ ...sizeOf(prepared), ...summarize(name, runs) }));
  const [tap, , theirs] = summaries;
  return { environments: prepared.environments, variants: summaries, tap, checkov: theirs };
}

const sizeOf = ({ environments, stacks, resources }) => ({ environments, stacks, resources });

function summarize(name, runs) {
  const times = runs.map(({ milliseconds }) => milliseconds);
  const of = (key) => median(runs.map((run) => run[key]));
  return {
    name,
    rounds: runs.length,
    milliseconds: median(times),
    lowest: Math.min(...times),
    highest: Math.max(...times),
    processor: of("processor"),
    tree: of("tree"),
    largest: of("largest"),
  };
}

async function scale(setUp, [, ...larger], few) {
  const runs = new Map(larger.map((prepared) => [prepared, []]));
  for (let round = 1; round <= scalingRounds; round += 1)
    for (const [prepared, own] of runs) {
      say(`Scaling, round ${round} of ${scalingRounds}: tap audit, ${prepared.environments} environments`);
      own.push(await measure(tapAudit(setUp, prepared)));
    }
  return [few.tap, ...[...runs].map(([prepared, own]) => ({ ...sizeOf(prepared), ...summarize("tap audit", own) }))];
}

/** Checkov on more and more, until the next size would take longer than it may, or more memory than there is. */
async function asFarAsItGoes(setUp, [, ...larger], few, minutes) {
  const measured = [few.checkov];
  for (const prepared of larger) {
    const expected = trend(measured, prepared.environments);
    const [length, most] = [Math.ceil(expected.milliseconds / 60_000), `${Math.round(expected.tree / 1e6)} MB`];
    if (expected.milliseconds > minutes * 60_000 || expected.tree > freemem() * 0.8) {
      return {
        measured,
        why: `${prepared.environments} environments would take it about ${length} minutes and ${most}: more than the ${minutes} minutes it may take, or than the memory that is free.`,
      };
    }
    say(`Checkov, ${prepared.environments} environments, once: about ${length} minutes and ${most}`);
    measured.push({ ...sizeOf(prepared), ...summarize("Checkov", [await measure(checkov(setUp, prepared))]) });
  }
  return { measured };
}

try {
  await main();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
