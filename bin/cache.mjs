import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What this command makes of the project's source, and keeps for the next run. Removed at any time, it is made again. */
export const cacheFolder = (projectRoot) => join(projectRoot, ".cache", "tap");

/** What decides what any bundle is, beside its inputs: the packages that are installed, and TypeScript's settings. */
export const commonSettings = ["tsconfig.json", "package-lock.json", "bin/cache.mjs", "bin/esbuild.mjs"];

/** Stamps of files, and what else decides what is made of them, as one. */
export function stampOf(projectRoot, files) {
  const lines = files.map((file) => `${file} ${fileStamp(projectRoot, file)}`);
  return sha256(`${process.version}\n${lines.join("\n")}`);
}

/** Size and time of a file: what says, without reading it, that it hasn't changed. */
export function fileStamp(projectRoot, file) {
  const stat = statSync(join(projectRoot, file), { throwIfNoEntry: false });
  return `${stat?.size} ${stat?.mtimeMs}`;
}

/** When the latest of the files was last touched, milliseconds. */
export function newestChange(projectRoot, files) {
  const times = files.map(
    (file) => statSync(join(projectRoot, file), { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY,
  );
  return Math.max(...times);
}

/** A file that is there whole or not at all, also for a second process at the same moment. */
export function writeWhole(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

export function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}
