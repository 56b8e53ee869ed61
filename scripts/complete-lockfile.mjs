/*
 * Adds to package-lock.json the binaries of other platforms that the registry which wrote it doesn't have: npm 11
 * leaves them out, and `npm ci` refuses a lock file without them (npm/cli#9846). Run it after `npm install`. On
 * their own platform they install from a registry that has them; elsewhere they are passed over.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), "package-lock.json");
const lock = JSON.parse(readFileSync(path, "utf8"));
const missing = Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {}, dev }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !isInstalledFor(parent, name))
    .map(([name, version]) => [`node_modules/${name}`, entryOf(name, version, dev)]),
);

lock.packages = Object.fromEntries(
  [...Object.entries(lock.packages), ...missing].sort(([a], [b]) => a.localeCompare(b, "en")),
);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} binaries of other platforms added to package-lock.json`);

/** Whether a package is found from its parent's folder upwards, as Node looks it up. */
function isInstalledFor(parent, name) {
  const folders = parent.split(/(?:^|\/)node_modules\//).filter((part) => part !== "");
  return [...folders.keys(), folders.length].some((depth) => {
    const base = folders.slice(0, depth).map((folder) => `node_modules/${folder}/`);
    return `${base.join("")}node_modules/${name}` in lock.packages;
  });
}

/** `@swc/core-linux-arm64-musl` says what it is for: os, cpu, and the C library where there are two. */
function entryOf(name, version, dev) {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`${name} is wanted as ${version}: only exact versions can be added`);
  const [, os, cpu, libc] = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-(\w+))?$/.exec(name) ?? [];
  if (os === undefined) throw new Error(`${name} doesn't say which platform it is for`);
  const library = os === "linux" && libc ? [libc.startsWith("musl") ? "musl" : "glibc"] : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(library ? { libc: library } : {}),
    optional: true,
    os: [os],
  };
}
