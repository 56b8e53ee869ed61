import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { cacheFolder, commonSettings, newestChange, readJson, sha256, stampOf, writeWhole } from "./cache.mjs";

/** What is bundled: the whole command, or a verb that needs little of it. */
const entries = {
  tap: {
    file: "tap/cli.ts",
    // A child process that is started on the bundle itself synthesizes a batch (tap/synth/batch.ts).
    footer: "if (require.main === module) module.exports.runBatch();",
  },
  audit: { file: "tap/cli-audit.ts", footer: "" },
  review: { file: "tap/cli-review.ts", footer: "" },
};

/**
 * Path of a bundle that is as new as its source and has the verb in it, or why there can't be one.
 * @returns {Promise<{ path?: string, error?: string }>}
 */
export async function ensureBundle(projectRoot, verb) {
  const entry = verb === "audit" || verb === "review" ? verb : "tap";
  const indexFile = join(cacheFolder(projectRoot), `bundle-${entry}.json`);
  const known = readJson(indexFile);
  if (known?.name && known.stamp === stampOf(projectRoot, [...settings, ...known.inputs])) {
    const path = join(cacheFolder(projectRoot), known.name);
    if (existsSync(path)) return { path };
  }
  try {
    const start = Date.now();
    const { text, inputs } = await bundle(projectRoot, entries[entry]);
    const name = `${entry}-${sha256(text).slice(0, 16)}.cjs`;
    const path = join(cacheFolder(projectRoot), name);
    writeWhole(path, text);
    // What was changed while esbuild read may or may not be in the bundle: then the next run bundles again.
    const index = { name, inputs, stamp: stampOf(projectRoot, [...settings, ...inputs]) };
    if (newestChange(projectRoot, inputs) < start) writeWhole(indexFile, JSON.stringify(index));
    removeOldBundles(projectRoot, entry, path);
    return { path };
  } catch (error) {
    const { explain } = await import("./esbuild.mjs");
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

async function bundle(projectRoot, { file, footer }) {
  const { build } = await import("./esbuild.mjs");
  const result = await build({
    absWorkingDir: projectRoot,
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // Of use to one verb, and large: loaded from where they are, when it is called.
    external: ["@aws-sdk/*"],
    footer: { js: footer },
    plugins: [withoutCreationStacks],
  });
  return { text: result.outputFiles[0].text, inputs: Object.keys(result.metafile.inputs) };
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

const settings = ["bin/bundle.mjs", ...commonSettings];

/** Keeps the newest few: another run may still be on the one before. */
function removeOldBundles(projectRoot, entry, current) {
  const bundles = readdirSync(cacheFolder(projectRoot))
    .filter((name) => name.startsWith(`${entry}-`) && name.endsWith(".cjs"))
    .map((name) => join(cacheFolder(projectRoot), name))
    .filter((path) => path !== current)
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const path of bundles.slice(2)) for (const file of [path, `${path}.v8`]) rmSync(file, { force: true });
}
