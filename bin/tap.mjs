#!/usr/bin/env node
// Node 20 runs no TypeScript: this bundles the command (once per change of its source) and runs it.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { ensureBundle, loadBundle, readBackend } from "./bundle.mjs";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
let bundling;
/** Loaded where functions are wanted: most verbs need none. */
const bundleFunctions = () => {
  bundling ??= import("./functions.mjs").then((functions) => functions.bundleFunctions(projectRoot));
  return bundling;
};
// Side by side with the command's own bundle; what goes wrong is told where it is waited for.
if (process.argv[2] === "synth") bundleFunctions().catch(() => {});

// An audit is over before it pays to compile most of its code a second time, for speed: nearly half of its processor
// time went there. What runs for long is still compiled so.
if (process.argv[2] === "audit") setFlagsFromString("--interrupt-budget=2000000");

const bundle = ensureBundle(projectRoot, process.argv[2]);
const backend = await readBackend(projectRoot);

const { error, path } = await bundle;
if (error) {
  console.error(error);
  process.exitCode = 1;
} else {
  const { exports, keepCompiled } = loadBundle(path);
  process.exitCode = await exports.main({ projectRoot, bundlePath: path, backend, bundleFunctions });
  keepCompiled();
}
