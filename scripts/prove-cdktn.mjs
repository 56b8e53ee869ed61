#!/usr/bin/env node
// The way out of archived CDKTF, proven: this project with renamed imports synthesizes the same on CDK Terrain
// (cdktn), the maintained fork. What the move takes is in the tables below; `--help` says how to run it.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

/**
 * What replaces each package of CDKTF that package.json may name. Exact versions, so that a proof can be repeated.
 * The bindings ask for Node 22.11: on an older one npm warns, and they work.
 */
const forks = {
  cdktf: { name: "cdktn", version: "0.24.0" },
  "@cdktf/hcl2json": { name: "@cdktn/hcl2json", version: "0.24.0" },
  "@cdktf/provider-archive": { name: "@cdktn/provider-archive", version: "14.0.1" },
  "@cdktf/provider-aws": { name: "@cdktn/provider-aws", version: "25.7.0" },
};

/** The few places that name CDKTF other than by importing it. Each has to be found exactly once. */
const otherPlaces = [
  {
    file: "bin/bundle.mjs",
    from: String.raw`[/\\]cdktf[/\\]lib`,
    to: String.raw`[/\\]cdktn[/\\]lib`,
    why: "the module that the bundle replaces lies in the fork's folder",
  },
  {
    file: "bin/bundle.mjs",
    from: "exports.captureStackTrace =",
    to: "exports.captureCreationStack =",
    why: "what the fork's tokens call to capture a stack trace",
  },
  {
    file: "tap/commands/synth.ts",
    from: "packageJson.dependencies.cdktf",
    to: "packageJson.dependencies.cdktn",
    why: "the manifest names the framework's version",
  },
];

/**
 * Differences in the JSON, beyond versions, that are no difference to Terraform; `*` stands for one step of a
 * path. Whatever is not here fails the proof, and so does a line that nothing needs any more.
 */
const allowedDifferences = [
  {
    path: "terraform.required_providers.aws.source",
    before: "aws",
    after: "hashicorp/aws",
    why: "short for the same provider: without a namespace Terraform takes hashicorp",
  },
];

const usage = `Usage: npm run prove:cdktn [-- --keep]

Proves that this project can leave archived CDKTF for its maintained fork, CDK Terrain (cdktn): copies the
source into a temporary folder, renames the imports, installs the fork, synthesizes with \`tap synth\` here and
there, and compares everything that was written. Only versions and the differences that
scripts/prove-cdktn.mjs lists, each with its reason, may differ.

  --keep   keep the temporary folder: the renamed project, and both outputs
  --help   show this

The first run installs 500 MB with npm and puts them aside in .cache/; later runs take seconds.
ENVIRONMENT and the like narrow what is synthesized, as they do for tap synth.

Exit codes: 0 proven; 1 not proven, the message says why; 2 called wrongly, or a failure of the script itself.`;

/** The proof failed or could not be made, for a reason that the message gives in full. */
class NotProven extends Error {}

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const interrupted = new AbortController();
const log = (text) => process.stderr.write(`${text}\n`);

/** Where the installed fork waits for the next run; the record is there only while it is complete. */
const asideFolder = join(projectRoot, ".cache", `cdktn-${forks.cdktf.version}`);
const recordFile = join(asideFolder, "installed.json");

/** Where a stack names the framework that synthesized it. */
const frameworkVersionPath = "//.metadata.version";

const number = (value) => value.toLocaleString("en-US");
const plural = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
const nameAndVersion = ({ name, version }) => `${name} ${version}`;

process.exitCode = await main();

async function main() {
  let options;
  try {
    options = parseArgs({ options: { keep: { type: "boolean" }, help: { type: "boolean", short: "h" } } }).values;
  } catch (error) {
    log(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  // Ends what runs, so that the folders below are cleaned up on the way out.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interrupted.abort());
  try {
    console.log(await prove(options.keep));
    return 0;
  } catch (error) {
    if (error instanceof NotProven) {
      log(`\nNot proven. ${error.message}`);
      return 1;
    }
    log(
      process.env.TAP_DEBUG ? String(error?.stack ?? error) : `${error?.message ?? error}\n(TAP_DEBUG=1 shows where)`,
    );
    return 2;
  }
}

async function prove(keep) {
  const workspace = mkdtempSync(join(tmpdir(), "prove-cdktn-"));
  const copy = join(workspace, "project");
  // Both sides write to the same place relative to their sources, so that no path can make a difference.
  const outdir = join(".cache", basename(workspace));
  try {
    const files = await copySource(copy);
    log("Synthesizing here, on cdktf");
    await synthesize(projectRoot, outdir);
    await refuseChangedSource(files, copy);
    const renamed = renameSource(files, copy);
    const packages = await withFork(copy, keep, async () => {
      log("Synthesizing the copy, on cdktn");
      await synthesize(copy, outdir);
      return withProviders(renamed.packages, copy);
    });
    return report(packages, renamed, compareOutputs(join(projectRoot, outdir), join(copy, outdir), packages));
  } finally {
    cleanUp(workspace, outdir, keep);
  }
}

function cleanUp(workspace, outdir, keep) {
  const original = join(projectRoot, outdir);
  if (!keep) rmSync(workspace, { recursive: true, force: true });
  else {
    if (existsSync(original)) cpSync(original, join(workspace, "original-output"), { recursive: true });
    log(`Kept ${workspace}: project/, with its output in ${outdir}/, and original-output/`);
  }
  rmSync(original, { recursive: true, force: true });
}

// The copy and its imports

async function copySource(copy) {
  const files = await listSource();
  log(`Copying ${files.length} source files`);
  for (const file of files) cpSync(join(projectRoot, file), join(copy, file));
  return files;
}

async function listSource() {
  const { stdout } = await run("git", ["ls-files", "-coz", "--exclude-standard"], projectRoot).catch(
    refuse("git could not list the source"),
  );
  return stdout.split("\0").filter((file) => file !== "" && existsSync(join(projectRoot, file)));
}

/** An edit between copying and synthesizing would be taken for a difference of the fork. */
async function refuseChangedSource(files, copy) {
  const isSame = (file) => readFileSync(join(projectRoot, file)).equals(readFileSync(join(copy, file)));
  const now = await listSource();
  const changed = [
    ...now.filter((file) => !files.includes(file) || !isSame(file)),
    ...files.filter((file) => !now.includes(file)),
  ];
  if (changed.length > 0)
    throw new NotProven(`The source changed while it was synthesized (${changed.join(", ")}): run it again.`);
}

function renameSource(files, copy) {
  const imports = files
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file))
    .map((file) => renameImports(join(copy, file), file))
    .filter((count) => count > 0);
  for (const place of otherPlaces) renamePlace(copy, place);
  return {
    packages: renameDependencies(join(copy, "package.json")),
    imports: imports.reduce((sum, count) => sum + count, 0),
    files: imports.length,
  };
}

/** Renames what a file imports, requires or mocks, and returns how often. */
function renameImports(path, file) {
  const specifier =
    /(\b(?:from|import|require|require\.resolve|mock)\s*\(?\s*)(["'])(cdktf|@cdktf\/[\w-]+)((?:\/[^"']*)?\2)/g;
  let count = 0;
  const text = readFileSync(path, "utf8").replace(specifier, (_, before, quote, name, after) => {
    count++;
    return `${before}${quote}${forkOf(name, file).name}${after}`;
  });
  if (count > 0) writeFileSync(path, text);
  return count;
}

function renamePlace(copy, { file, from, to }) {
  const path = join(copy, file);
  const parts = existsSync(path) ? readFileSync(path, "utf8").split(from) : [];
  if (parts.length !== 2)
    throw new NotProven(
      `${file} should have \`${from}\` once, and has it ${Math.max(parts.length - 1, 0)} times: bring otherPlaces in scripts/prove-cdktn.mjs up to date.`,
    );
  writeFileSync(path, parts.join(to));
}

/** Renames the dependencies, leaves out those of development, and returns the forks that were put in. */
function renameDependencies(path) {
  const { devDependencies: _, ...packageJson } = readJson(path);
  const replaced = Object.keys(packageJson.dependencies).filter((name) => /^@?cdktf\b/.test(name));
  const packages = replaced.map((name) => ({
    original: { name, version: packageJson.dependencies[name] },
    fork: forkOf(name, "package.json"),
  }));
  for (const { original, fork } of packages) {
    delete packageJson.dependencies[original.name];
    packageJson.dependencies[fork.name] = fork.version;
  }
  writeFileSync(path, JSON.stringify(packageJson, null, 2));
  return packages;
}

function forkOf(name, file) {
  if (!Object.hasOwn(forks, name))
    throw new NotProven(`${file} names ${name}, which \`forks\` in scripts/prove-cdktn.mjs has no replacement for.`);
  return forks[name];
}

// Installing the fork: once, then its node_modules are moved into the copy and back

/** All that decides what npm installs. */
function installationOf(copy) {
  const { dependencies } = readJson(join(copy, "package.json"));
  const lock = sha256(readFileSync(join(copy, "package-lock.json")));
  return JSON.stringify({ dependencies, lock, system: `${process.platform}-${process.arch}` });
}

/** Runs with the fork installed in the copy, and puts it aside again, whatever comes of the run. */
async function withFork(copy, keep, action) {
  const installation = installationOf(copy);
  if (takeAside(copy, installation)) log("Taking the installed fork from .cache/");
  else await installFork(copy);
  try {
    return await action();
  } finally {
    if (!keep) putAside(copy, installation);
  }
}

async function installFork(copy) {
  log("Installing the fork with npm (500 MB, once)");
  // The project's lock file lies beside it, so that all other packages are the ones that the original has.
  await run("npm", ["install", "--omit=dev", "--no-audit", "--no-fund"], copy).catch(
    refuse("npm could not install the fork"),
  );
}

/** Removing the record claims the folder for this run. */
function takeAside(copy, installation) {
  try {
    if (readFileSync(recordFile, "utf8") !== installation) return false;
    unlinkSync(recordFile);
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
  move(join(asideFolder, "node_modules"), join(copy, "node_modules"));
  return true;
}

function putAside(copy, installation) {
  rmSync(asideFolder, { recursive: true, force: true });
  mkdirSync(asideFolder, { recursive: true });
  move(join(copy, "node_modules"), join(asideFolder, "node_modules"));
  writeFileSync(recordFile, installation);
}

function move(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (error.code !== "EXDEV") throw error;
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    rmSync(from, { recursive: true });
  }
}

// Synthesis and comparison

async function synthesize(root, outdir) {
  const which = root === projectRoot ? "The project" : "The copy with renamed imports";
  await run(process.execPath, [join("bin", "tap.mjs"), "synth", "--outdir", join(root, outdir)], root).catch(
    refuse(`${which} does not synthesize`),
  );
}

/** Adds, to providers, the version that each package writes into required_providers. */
function withProviders(packages, copy) {
  const providerOf = (root, name) => {
    const { cdktn, cdktf } = readJson(join(root, "node_modules", name, "package.json"));
    return (cdktn ?? cdktf)?.provider;
  };
  return packages.map(({ original, fork }) => ({
    original: { ...original, provider: providerOf(projectRoot, original.name) },
    fork: { ...fork, provider: providerOf(copy, fork.name) },
  }));
}

function versionDifferences(packages) {
  const framework = packages.find(({ original }) => original.name === "cdktf");
  const versions = { before: framework.original.version, after: framework.fork.version };
  return [
    { path: frameworkVersionPath, ...versions, why: "the framework's version" },
    { path: "version", ...versions, why: "the framework's version, in the manifest" },
    ...packages
      .filter(({ original }) => original.provider !== undefined)
      .map(({ original, fork }) => ({
        path: `terraform.required_providers.${basename(original.provider.name)}.version`,
        before: original.provider.version,
        after: fork.provider.version,
        why: "the provider's version that the bindings were made from",
      })),
  ];
}

function compareOutputs(original, renamed, packages) {
  const files = sameFiles(original, renamed);
  const stacks = countStacks(files);
  log(`Comparing ${plural(stacks, "stack")}, ${plural(files.length, "file")}`);
  const rules = [...versionDifferences(packages), ...allowedDifferences].map((rule) => ({ ...rule, count: 0 }));
  const unexpected = [];
  let bytes = 0;
  let differentBytes = 0;
  for (const file of files) {
    const [before, after] = [original, renamed].map((folder) => readOutput(join(folder, file)));
    bytes += before.bytes;
    for (const difference of differences(before.value, after.value)) {
      const rule = rules.find((candidate) => explains(candidate, difference));
      if (rule === undefined) unexpected.push({ file, ...difference });
      else rule.count++;
      differentBytes += sizeOf(difference.before);
    }
  }
  refuseUnexpected(unexpected);
  refuseStale(rules);
  refuseOtherFramework(rules, stacks);
  return { stacks, files: files.length, bytes, differentBytes, rules };
}

function countStacks(files) {
  const stacks = files.filter((file) => /^stacks[/\\][^/\\]+[/\\]cdk\.tf\.json$/.test(file)).length;
  if (stacks === 0) throw new NotProven("No stack is synthesized: there is nothing to compare.");
  return stacks;
}

/** The files of the outputs, which have to be the same ones, and so as many stacks. */
function sameFiles(original, renamed) {
  const [before, after] = [listFiles(original), listFiles(renamed)];
  const onOneSide = [
    ...before.filter((file) => !after.includes(file)).map((file) => `${file} (only on cdktf)`),
    ...after.filter((file) => !before.includes(file)).map((file) => `${file} (only on cdktn)`),
  ];
  if (onOneSide.length > 0) throw new NotProven(`The outputs don't have the same files:\n${listed(onOneSide)}`);
  return before;
}

function listFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => statSync(join(folder, file)).isFile())
    .sort();
}

/** JSON as its value, since white space and the order of keys mean nothing; any other file (code) by its content. */
function readOutput(path) {
  const content = readFileSync(path);
  if (!path.endsWith(".json")) return { value: `sha256 ${sha256(content)}`, bytes: content.length };
  const value = JSON.parse(content);
  return { value, bytes: sizeOf(value) };
}

/** Every place where two values differ; what one side lacks is undefined there. */
function differences(before, after, path = []) {
  if (before === after) return [];
  const comparable = isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after);
  if (!comparable) return [{ path, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    differences(own(before, key), own(after, key), [...path, key]),
  );
}

function explains(rule, { path, before, after }) {
  const steps = rule.path.split(".");
  return (
    before === rule.before &&
    after === rule.after &&
    steps.length === path.length &&
    steps.every((step, index) => step === "*" || step === path[index])
  );
}

function refuseUnexpected(unexpected) {
  if (unexpected.length === 0) return;
  const lines = unexpected.map(
    ({ file, path, before, after }) => `${[file, path.join(".")].filter(Boolean).join(": ")}: ${change(before, after)}`,
  );
  throw new NotProven(`${plural(lines.length, "difference")} that nothing explains:\n${listed(lines)}`);
}

function refuseStale(rules) {
  const stale = rules.filter((rule) => rule.count === 0 && allowedDifferences.some(({ path }) => path === rule.path));
  if (stale.length > 0)
    throw new NotProven(
      `allowedDifferences in scripts/prove-cdktn.mjs has lines that nothing needs; remove them:\n${listed(stale.map(({ path }) => path))}`,
    );
}

/** Without this, a copy that the original framework synthesized would be a perfect match. */
function refuseOtherFramework(rules, stacks) {
  const { count, after } = rules.find(({ path }) => path === frameworkVersionPath);
  if (count !== stacks)
    throw new NotProven(`Only ${count} of ${plural(stacks, "stack")} say that version ${after} synthesized them.`);
}

// What is shown

function report(packages, renamed, { stacks, files, bytes, differentBytes, rules }) {
  return [
    "From archived CDKTF to its maintained fork:",
    ...packages.map(({ original, fork }) => `  ${describePackage(original)} → ${describePackage(fork)}`),
    "What was renamed:",
    `  ${plural(renamed.imports, "import")} in ${plural(renamed.files, "file")}`,
    ...otherPlaces.map(({ file, from, to, why }) => `  ${file}: ${from} → ${to} (${why})`),
    "Compared:",
    `  ${plural(stacks, "stack")} on either side, ${plural(files, "file")}; ${number(bytes - differentBytes)} of ${number(bytes)} bytes (JSON without white space) are equal`,
    "Differences, all of them allowed:",
    ...rules
      .filter((rule) => rule.count > 0)
      .map((rule) => `  ${rule.count} × ${rule.path}: ${change(rule.before, rule.after)} (${rule.why})`),
    `Proven: the project synthesizes the same on ${nameAndVersion(forks.cdktf)}.`,
  ].join("\n");
}

function describePackage({ name, version, provider }) {
  const made = provider === undefined ? "" : ` (provider ${provider.version})`;
  return `${nameAndVersion({ name, version })}${made}`;
}

function change(before, after) {
  return `${shown(before)} → ${shown(after)}`;
}

function shown(value) {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

function listed(lines) {
  const more = lines.length > 20 ? [`… and ${lines.length - 20} more`] : [];
  return [...lines.slice(0, 20), ...more].map((line) => `  ${line}`).join("\n");
}

// Small helpers

async function run(command, args, cwd) {
  try {
    return await promisify(execFile)(command, args, { cwd, maxBuffer: 2 ** 26, signal: interrupted.signal });
  } catch (error) {
    if (interrupted.signal.aborted) throw new NotProven("It was interrupted.");
    throw error;
  }
}

/** For a command that failed: what couldn't be done, and what the command last said. */
function refuse(what) {
  return (error) => {
    if (error instanceof NotProven) throw error;
    const lines = String(error.stderr || error.message)
      .trim()
      .split("\n");
    throw new NotProven(`${what}:\n${listed(lines.slice(-12))}`);
  };
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

function isContainer(value) {
  return typeof value === "object" && value !== null;
}

function own(container, key) {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function sizeOf(value) {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}
