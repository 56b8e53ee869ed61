import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

const cacheFolder = (projectRoot) => join(projectRoot, ".cache", "tap");

/**
 * Path of a bundle of tap/cli.ts that is as new as its source, or why there can't be one.
 * @returns {Promise<{ path?: string, error?: string }>}
 */
export async function ensureBundle(projectRoot) {
  const indexFile = join(cacheFolder(projectRoot), "bundle.json");
  const known = readJson(indexFile);
  if (known?.name && known.stamp === stampOf(projectRoot, known.inputs)) {
    const path = join(cacheFolder(projectRoot), known.name);
    if (existsSync(path)) return { path };
  }
  try {
    const start = Date.now();
    const { text, inputs } = await bundle(projectRoot);
    const name = `tap-${sha256(text).slice(0, 16)}.cjs`;
    const path = join(cacheFolder(projectRoot), name);
    writeWhole(path, text);
    // What was changed while esbuild read may or may not be in the bundle: then the next run bundles again.
    const index = { name, inputs, stamp: stampOf(projectRoot, inputs) };
    if (newestChange(projectRoot, inputs) < start) writeWhole(indexFile, JSON.stringify(index));
    removeOldBundles(projectRoot, path);
    return { path };
  } catch (error) {
    return { error: explain(error) };
  }
}

/** backend.hcl as JSON, or what is wrong with it; parsed once per content, because the parser is 132 MB of WASM. */
export async function readBackend(projectRoot) {
  const file = join(projectRoot, "backend.hcl");
  if (!existsSync(file))
    return { error: "is missing; it holds what all stacks' remote state shares (docs/architecture.md, Remote state)" };
  const text = readFileSync(file, "utf8");
  const cached = join(cacheFolder(projectRoot), `backend-${sha256(text).slice(0, 16)}.json`);
  const known = readJson(cached);
  if (known) return known;
  try {
    const { parse } = await import("@cdktf/hcl2json");
    const parsed = { content: await parse("backend.hcl", text) };
    writeWhole(cached, JSON.stringify(parsed));
    return parsed;
  } catch (error) {
    return {
      error: `is no valid HCL: ${String(error?.message ?? error)
        .split("\n")[0]
        .replace(/^.*?backend\.hcl:/, "line ")}`,
    };
  }
}

/**
 * Loads a bundle with V8's own compiled code of it, where an earlier run has left that: a quarter of a short
 * run's time. V8 refuses by itself what is of another version or source.
 * @returns {{ exports: object, keepCompiled(): void }} keepCompiled: call it once the work is done, for the next run
 */
export function loadBundle(path) {
  const compiled = `${path}.v8`;
  const cachedData = existsSync(compiled) ? readFileSync(compiled) : undefined;
  const script = new Script(Module.wrap(readFileSync(path, "utf8")), { filename: path, cachedData });
  const bundled = { exports: {} };
  script.runInThisContext()(bundled.exports, createRequire(path), bundled, path, dirname(path));
  return {
    exports: bundled.exports,
    keepCompiled: () => {
      if (cachedData === undefined || script.cachedDataRejected) writeWhole(compiled, script.createCachedData());
    },
  };
}

async function bundle(projectRoot) {
  const { build, stop } = await import("esbuild");
  const running = withoutGarbageCollector(() =>
    build({
      absWorkingDir: projectRoot,
      entryPoints: ["tap/cli.ts"],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      logLevel: "silent",
      // A child process that is started on the bundle itself synthesizes a batch (tap/synth/batch.ts).
      footer: { js: "if (require.main === module) module.exports.runBatch();" },
      plugins: [withoutCreationStacks],
    }),
  );
  const result = await running;
  await stop();
  return { text: result.outputFiles[0].text, inputs: Object.keys(result.metafile.inputs) };
}

/**
 * Starts esbuild's process with Go's garbage collector off: it is gone before that could pay off. Not for
 * longer, because Terraform is a Go program too, and inherits this process's environment.
 */
function withoutGarbageCollector(start) {
  const before = process.env.GOGC;
  process.env.GOGC = "off";
  try {
    return start();
  } finally {
    if (before === undefined) delete process.env.GOGC;
    else process.env.GOGC = before;
  }
}

/**
 * cdktf captures a whole stack trace for every token and nested block, to name its origin in some errors:
 * half the time of a synthesis. Errors keep their own traces without it.
 */
const withoutCreationStacks = {
  name: "without-creation-stacks",
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]cdktf[/\\]lib[/\\]tokens[/\\]private[/\\]stack-trace\.js$/ }, () => ({
      contents: "exports.captureStackTrace = () => [];",
      loader: "js",
    }));
  },
};

/** What else decides what a bundle is: how it is made, and of which packages. */
const settings = ["bin/bundle.mjs", "tsconfig.json", "package-lock.json"];

/** When the latest of the inputs was last touched, milliseconds. */
function newestChange(projectRoot, inputs) {
  const times = inputs.map(
    (input) => statSync(join(projectRoot, input), { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY,
  );
  return Math.max(...times);
}

/** Size and time of every input: what says, without reading them, that none has changed. */
function stampOf(projectRoot, inputs) {
  const lines = [...settings, ...inputs].map((input) => {
    const stat = statSync(join(projectRoot, input), { throwIfNoEntry: false });
    return `${input} ${stat?.size} ${stat?.mtimeMs}`;
  });
  return sha256(`${process.version}\n${lines.join("\n")}`);
}

/** A file that is there whole or not at all, also for a second process at the same moment. */
function writeWhole(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** Keeps the newest few: another run may still be on the one before. */
function removeOldBundles(projectRoot, current) {
  const bundles = readdirSync(cacheFolder(projectRoot))
    .filter((name) => /^tap-\w+\.cjs$/.test(name))
    .map((name) => join(cacheFolder(projectRoot), name))
    .filter((path) => path !== current)
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of bundles.slice(2)) for (const file of [path, `${path}.v8`]) rmSync(file, { force: true });
}

function explain(error) {
  const problems = error?.errors ?? [];
  if (problems.length === 0) return String(error?.message ?? error);
  const lines = problems.map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text));
  return `The project's source doesn't build; nothing was written.\n\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}
