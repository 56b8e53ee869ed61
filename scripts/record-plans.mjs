/*
 * Records the plans of __tests__/tap/review/cases into __tests__/fixtures/plans: real Terraform applies what each case
 * has before, with a local state, plans what it has after, and shows the plan as JSON. Needs Terraform, and the
 * stand-in provider of ../shared/terraform, which can also make things change by themselves. Run it when cases change.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const standIn = join(projectRoot, "..", "shared", "terraform", "install.sh");
const target = join(projectRoot, "__tests__", "fixtures", "plans");
const run = promisify(execFile);

const help = `Usage: node scripts/record-plans.mjs [--only <text>]

Records the plans of all cases, or, with --only, those whose names have the text in them.
`;

const provider = {
  terraform: { required_providers: { aws: { source: "hashicorp/aws", version: "6.25.0" } } },
  provider: { aws: { region: "us-east-1" } },
};

async function main() {
  if (process.argv.includes("--help")) return process.stdout.write(help);
  const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
  const folder = mkdtempSync(join(tmpdir(), "tap-plans-"));
  try {
    execFileSync("bash", [standIn, join(folder, "provider")], { stdio: "ignore" });
    const variables = { ...process.env, TF_CLI_CONFIG_FILE: join(folder, "provider", "terraform.tfrc"), TF_INPUT: "0" };
    const groups = await readCases();
    const queue = Object.entries(groups).flatMap(([group, cases]) => cases.map((one) => ({ group, one })));
    const wanted = queue.filter(({ one }) => only === undefined || one.name.includes(only));
    const plans = new Map(only === undefined ? [] : readOld(Object.keys(groups)));
    const failed = [];
    const worker = async (_, index) => {
      const workspace = await prepare(join(folder, String(index)), variables);
      for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
        try {
          plans.set(next.one.name, await record(workspace, variables, next.one));
          process.stderr.write(`${plans.size} ${next.one.name}\n`);
        } catch (error) {
          failed.push(`${next.one.name}: ${error.stderr || error.message}`);
        }
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
    write(groups, plans);
    if (failed.length > 0) throw new Error(`${failed.length} cases could not be recorded:\n${failed.join("\n")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Node 20 runs no TypeScript. */
async function readCases() {
  const { outputFiles } = await build({
    entryPoints: [join(projectRoot, "__tests__", "tap", "review", "cases", "index.ts")],
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
  });
  const { planCases } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
  );
  return planCases;
}

async function prepare(folder, env) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify(provider));
  await run("terraform", ["init", "-no-color"], { cwd: folder, env });
  return folder;
}

async function record(folder, variables, { before, after = {}, drift, options = [] }) {
  const terraform = (args, env = variables) =>
    run("terraform", args, { cwd: folder, env, maxBuffer: 2 ** 26 }).then(({ stdout }) => stdout);
  const configure = (root) => writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ ...provider, ...root }));
  for (const name of ["terraform.tfstate", "terraform.tfstate.backup"]) rmSync(join(folder, name), { force: true });
  if (before !== undefined) {
    configure(before);
    await terraform(["apply", "-no-color", "-auto-approve"]);
  }
  configure(after);
  const driftFile = join(folder, "drift.json");
  if (drift !== undefined) writeFileSync(driftFile, JSON.stringify(drift));
  const env = drift === undefined ? variables : { ...variables, TF_STANDIN_DRIFT: driftFile };
  await terraform(["plan", "-no-color", "-out=plan", ...options], env);
  return withoutCopies(JSON.parse(await terraform(["show", "-json", "plan"])));
}

/** What a review doesn't read is left out: configuration, and what is there and will be, which the changes say again. */
function withoutCopies(plan) {
  const {
    configuration: _,
    prior_state: __,
    relevant_attributes: ___,
    timestamp: ____,
    variables: _____,
    ...rest
  } = plan;
  return { ...rest, planned_values: {} };
}

function readOld(groups) {
  return groups
    .map((group) => join(target, `${group}.jsonl`))
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, "utf8").trim().split("\n"))
    .map((line) => JSON.parse(line))
    .map(({ name, plan }) => [name, plan]);
}

/** One line for each case, in the order of the table. */
function write(groups, plans) {
  mkdirSync(target, { recursive: true });
  for (const [group, cases] of Object.entries(groups)) {
    const lines = cases
      .filter(({ name }) => plans.has(name))
      .map(({ name }) => JSON.stringify({ name, plan: plans.get(name) }));
    writeFileSync(join(target, `${group}.jsonl`), `${lines.join("\n")}\n`);
  }
}

await main();
