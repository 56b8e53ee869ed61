import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { addressesByLine, probe } from "./stacks.mjs";

/**
 * Runs Checkov on a folder: one of stacks (`terraform_json`: `{stack}/cdk.tf.json`, of prepareStack), or one of plans
 * (`terraform_plan`: `{stack}.json`). Returns what it said of each resource, and which checks crashed.
 */
export async function judge(program, framework, folder) {
  const { stdout, stderr, exitCode } = await runCheckov(program, framework, folder);
  const failures = stderr.split("\n").filter((line) => line.includes("[ERROR]"));
  const crashed = new Set();
  for (const line of failures) {
    const check = /Failed to run check (\w+) on /.exec(line)?.[1];
    if (check === undefined) throw new Error(`Checkov (${framework}) could not do its work:\n${line}`);
    crashed.add(check);
  }
  const report = parse(stdout);
  if (report?.results === undefined || exitCode > 1)
    throw new Error(`Checkov (${framework}) ended with ${exitCode} and without results:\n${stdout}\n${stderr}`);
  if (report.summary.parsing_errors > 0)
    throw new Error(`Checkov (${framework}) could not read ${report.summary.parsing_errors} files:\n${stderr}`);
  const addressOf = framework === "terraform_json" ? addressesIn(folder) : ({ resource }) => resource;
  const records = (list, passed) =>
    (list ?? []).map((record) => ({
      stack: /^\/([^/]+?)(?:\.json)?(?:\/|$)/.exec(record.file_path)[1],
      address: addressOf(record),
      check: record.check_id,
      title: record.check_name,
      passed,
    }));
  return {
    crashed,
    records: [...records(report.results.passed_checks, true), ...records(report.results.failed_checks, false)],
  };
}

/** Without network and with nothing of the caller's settings: policies and guidelines are what the package brings. */
function runCheckov(program, framework, folder) {
  // Beside the folder: what lies in it is judged.
  const home = join(dirname(folder), "home");
  mkdirSync(home, { recursive: true });
  const args = ["--framework", framework, "--directory", ".", "--output", "json", "--compact", "--skip-download"];
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: "C.UTF-8", LOG_LEVEL: "ERROR" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    child[stream].setEncoding("utf8");
    child[stream].on("data", (text) => {
      said[stream] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ ...said, exitCode: exitCode ?? 2 }));
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of half of its checks, Checkov's JSON reader names a resource without its type: `resource.Bucket_DC7D6F65`. */
function addressesIn(folder) {
  const known = new Map();
  return ({ file_path, file_line_range, resource }) => {
    if (!resource.startsWith("resource.")) return resource;
    const stack = file_path.split("/")[1];
    if (!known.has(stack)) known.set(stack, addressesByLine(join(folder, stack)));
    const address = known.get(stack).get(file_line_range[0]);
    if (address?.split(".")[1] !== resource.slice("resource.".length))
      throw new Error(`${file_path}: Checkov names ${resource} on line ${file_line_range[0]}, where it isn't`);
    return address;
  };
}

/**
 * Why a judgement can't be believed: a stack whose probe passed, or resources that have no record although others of
 * their type have. `addresses`: those of each stack.
 */
export function unseen(records, addresses) {
  const refused = new Set(
    records
      .filter(({ address, check, passed }) => address === probe.address && check === probe.check && !passed)
      .map(({ stack }) => stack),
  );
  const judgedTypes = new Set(records.map(({ address }) => address.split(".")[0]));
  const seen = new Set(records.map(({ stack, address }) => `${stack}/${address}`));
  return [...addresses].flatMap(([stack, own]) => [
    ...(refused.has(stack) ? [] : [`${stack}: the resource that must fail ${probe.check} did not`]),
    ...own
      .filter((address) => judgedTypes.has(address.split(".")[0]) && !seen.has(`${stack}/${address}`))
      .map((address) => `${stack}/${address}: Checkov judges its type, but said nothing of it`),
  ]);
}
