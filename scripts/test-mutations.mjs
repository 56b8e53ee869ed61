#!/usr/bin/env node
/*
 * Makes each change of __tests__/mutations.mjs in a copy of the project, runs the tests that it names there, and
 * wants at least one of them red. Writes reports/mutations.json, which `tap requirements` reads.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutations } from "../__tests__/mutations.mjs";
import { copyProject } from "./copy-project.mjs";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);

/** Tests that look at no synthesized JSON, or synthesize their own: what an earlier run left there will do. */
const withoutSynthesis = new RegExp(
  `^(${[
    "broken-configurations",
    "config/(load|suffix)",
    "constructs/[\\w.-]+",
    "functions/\\S+",
    "tap/delivery/\\S+",
    "tap/(drift|plan|terraform)/\\w+",
    "tap/local/(apply|front|state|values)",
    "tap/openapi",
    "tap/(commands/)?release\\S*",
    "tap/review/\\S+",
  ].join("|")})$`,
);

/** The slowest takes a tenth of it. */
const longestMilliseconds = 10 * 60_000;

if (wanted.includes("--help")) {
  console.log(
    "npm run test:mutations [-- ID …]\n\nExamples:\n  npm run test:mutations\n  npm run test:mutations -- PLAT-23 STR-08",
  );
} else {
  await main(wanted.length === 0 ? mutations : mutations.filter(({ id }) => wanted.includes(id)));
}

async function main(selected) {
  refuseStale(selected);
  const results = await inParallel(selected);
  const survivors = results.filter(({ red }) => !red);
  if (wanted.length === 0) writeReport(results);
  for (const { id, mutation, output } of survivors) console.log(`\n${id}: nothing noticed that ${mutation}\n${output}`);
  console.log(`\n${results.length - survivors.length} passed, ${survivors.length} failed, 0 skipped`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
}

/** A change whose text is no longer there, or stands twice, would prove nothing. */
function refuseStale(selected) {
  const isStale = ({ file, from }) => readFileSync(join(projectRoot, file), "utf8").split(from).length !== 2;
  const stale = selected.filter(isStale);
  for (const { id, name, file, from } of stale) {
    console.error(`${id}, ${name}: ${file} has not exactly one ${JSON.stringify(from)}`);
  }
  if (stale.length > 0) process.exit(1);
}

/** One copy of the project per core; each takes the next mutation until none is left. */
async function inParallel(selected) {
  const queue = [...selected];
  const results = [];
  const worker = async () => {
    const copy = makeCopy();
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const result = await judge(copy, next);
        results.push(result);
        console.log(`${result.red ? "red " : "MISS"} ${next.id} ${next.name} (${results.length}/${selected.length})`);
      }
    } finally {
      rmSync(dirname(copy), { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

function makeCopy() {
  const copy = join(mkdtempSync(join(tmpdir(), "tap-mutation-")), "project");
  copyProject(projectRoot, copy);
  // Tests of the command copy the project in their turn, and ask git for its files.
  execFileSync("git", ["init", "--quiet"], { cwd: copy });
  execFileSync("git", ["add", "--all"], { cwd: copy });
  return copy;
}

async function judge(copy, { id, name, file, from, to, tests, title }) {
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  writeFileSync(
    path,
    original.replace(from, () => to),
  );
  try {
    const report = join(copy, "mutation.json");
    rmSync(report, { force: true });
    const variables = { TAP_TEST_SEED: "1", ...(withoutSynthesis.test(tests) && { TAP_TEST_SYNTHESIS: "keep" }) };
    const output = await jest(copy, variables, [
      "--selectProjects=unit",
      "--testPathPatterns",
      tests,
      "--testNamePattern",
      title,
      "--json",
      `--outputFile=${report}`,
    ]);
    return { id, mutation: name, red: failedAssertion(report), output };
  } finally {
    writeFileSync(path, original);
  }
}

/** A run that couldn't start proves nothing: a test must have failed, or the synthesis that all tests read. */
function failedAssertion(report) {
  try {
    return JSON.parse(readFileSync(report, "utf8")).numFailedTests > 0;
  } catch {
    return false;
  }
}

function jest(cwd, variables, args) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [join(projectRoot, "node_modules", "jest", "bin", "jest.js"), "--runInBand", "--forceExit", ...args],
      // A mutation can make code that never ends: it is told of as one that nothing noticed.
      { cwd, env: { ...process.env, CI: "true", ...variables }, timeout: longestMilliseconds, killSignal: "SIGKILL" },
    );
    // The end alone: a mutation can make code that prints without one.
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output = (output + text).slice(-10_000)));
    child.on("close", () => resolve(output.split("\n").slice(-25).join("\n")));
  });
}

function writeReport(results) {
  mkdirSync(join(projectRoot, "reports"), { recursive: true });
  const sorted = results
    .map(({ id, mutation, red }) => ({ id, mutation, red }))
    .sort((a, b) => (a.id + a.mutation < b.id + b.mutation ? -1 : 1));
  writeFileSync(join(projectRoot, "reports", "mutations.json"), `${JSON.stringify(sorted, null, 2)}\n`);
}
