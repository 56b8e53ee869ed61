import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, sep } from "node:path";
import { readJson } from "./cache.mjs";

/*
 * Packages that a function carries as they are, beside its code: those with binaries, which no bundler can take in.
 * functions/{system}/{name}/packages names them, for Lambda's platform; scripts/install-lambda-packages.mjs installs them.
 */

const declared = (name) => `functions/${name}/packages`;
const installed = (name) => `node_modules/.lambda/${name.replace("/", "-")}`;

/** What isn't needed to run: sources, types, texts but for licences. */
const superfluous =
  /^\.bin\/|(^|\/)(src|install|docs?|types)\/|\.(d\.[cm]?ts|md|map|h|cc|gyp)$|(^|\/)\.package-lock\.json$/;

/** Names of the packages that a function's code asks for and that aren't bundled. */
export function packageNames(projectRoot, name) {
  const { dependencies = {} } = readJson(join(projectRoot, declared(name), "package.json")) ?? {};
  return Object.keys(dependencies);
}

/** Files that decide which packages those are, and whether they are there. */
export function packageInputs(projectRoot, name) {
  if (packageNames(projectRoot, name).length === 0) return [];
  return [`${declared(name)}/package-lock.json`, `${installed(name)}/package-lock.json`];
}

/**
 * The packages' files, by their paths beside the code.
 * @returns {Map<string, Buffer>}
 * @throws Error where they aren't installed, or others are
 */
export function readPackages(projectRoot, name) {
  if (packageNames(projectRoot, name).length === 0) return new Map();
  const [wanted, there] = packageInputs(projectRoot, name).map((file) => join(projectRoot, file));
  if (!existsSync(there) || readFileSync(there, "utf8") !== readFileSync(wanted, "utf8"))
    throw new Error(`Packages of the function ${name} are not installed: npm run lambda-packages`);
  const folder = realpathSync(join(projectRoot, installed(name)));
  const paths = readdirSync(join(folder, "node_modules"), { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => !superfluous.test(path) && statSync(join(folder, "node_modules", path)).isFile())
    .map((path) => `node_modules/${path}`)
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
}

/** Every function that has packages. */
export function functionsWithPackages(projectRoot) {
  const folders = (...path) =>
    readdirSync(join(projectRoot, "functions", ...path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  return folders()
    .flatMap((system) => folders(system).map((name) => `${system}/${name}`))
    .filter((name) => packageNames(projectRoot, name).length > 0)
    .map((name) => ({ name, declared: declared(name), installed: installed(name) }));
}

/** @param imports of an output of esbuild's @throws Error where the code asks for a package that isn't beside it */
export function requirePackages(projectRoot, name, imports) {
  const there = packageNames(projectRoot, name);
  const missing = imports
    .filter(({ external, path }) => external && !isBuiltin(path))
    .map(({ path }) => path)
    .filter((path) => !there.includes(path));
  if (missing.length > 0)
    throw new Error(`The function ${name} imports ${missing.join(", ")}, which ${declared(name)} doesn't name`);
}
