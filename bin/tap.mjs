#!/usr/bin/env node
// Node 20 runs no TypeScript: this bundles the command (once per change of its source) and runs it.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBundle, loadBundle, readBackend } from "./bundle.mjs";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
/** Loaded where functions are wanted: most verbs need none. */
const bundleFunctions = async () => (await import("./functions.mjs")).bundleFunctions(projectRoot);
const bundle = ensureBundle(projectRoot);
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
