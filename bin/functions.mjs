import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import {
  cacheFolder,
  commonSettings,
  fileStamp,
  newestChange,
  readJson,
  sha256,
  stampOf,
  writeWhole,
} from "./cache.mjs";
import { packageInputs, packageNames, readPackages, requirePackages } from "./lambda-packages.mjs";
import { smallerPackages } from "./smaller-packages.mjs";
import { keepSources } from "./source-map.mjs";

const bundlesFolder = (projectRoot) => join(cacheFolder(projectRoot), "functions");
const settings = [
  "bin/functions.mjs",
  "bin/lambda-packages.mjs",
  "bin/smaller-packages.mjs",
  "bin/source-map.mjs",
  ...commonSettings,
];

/** What a function's folder holds, and its packages where it has any: nothing else is in its zip. */
const codeFile = "index.mjs";
const mapFile = "index.mjs.map";

/**
 * The code of every function, functions/{system}/{name}/handler.ts, as new as its source. The same source makes the
 * same bytes, wherever the project lies and whatever other functions there are.
 * @returns {Promise<Record<string, { folder: string, hash: string, calls: string[] }>>} by name, as `records/write`;
 *   hash: SHA-256 of what is in the folder, hexadecimal; calls: operations of AWS that the code can call, as
 *   `dynamodb:GetItem`: the name of the SDK's client, and of its command
 * @throws Error whose message says what is wrong, by file and line
 */
export async function bundleFunctions(projectRoot) {
  const start = Date.now();
  const names = functionNames(projectRoot);
  const fresh = readFresh(projectRoot);
  const stale = names.filter((name) => !fresh.has(name));
  if (stale.length > 0) {
    for (const [name, bundled] of await bundle(projectRoot, stale)) fresh.set(name, bundled);
    removeOldBundles(projectRoot, names, fresh);
    writeIndex(projectRoot, fresh, start);
  }
  return Object.fromEntries(
    names.map((name) => {
      const { hash, calls } = fresh.get(name);
      return [name, { folder: folderOf(projectRoot, name, hash), hash, calls }];
    }),
  );
}

const indexFile = (projectRoot) => join(bundlesFolder(projectRoot), "index.json");

/** What was bundled by an earlier run from what the inputs still are: hash, calls and inputs, by name. */
function readFresh(projectRoot) {
  const index = readJson(indexFile(projectRoot));
  if (index?.stamp !== stampOf(projectRoot, settings)) return new Map();
  const isSame = index.files.map(([file, stamp]) => stamp === fileStamp(projectRoot, file));
  return new Map(
    Object.entries(index.functions)
      .filter(
        ([name, { hash, inputs }]) =>
          inputs.every((input) => isSame[input]) && isWhole(projectRoot, name, folderOf(projectRoot, name, hash)),
      )
      .map(([name, { inputs, ...bundled }]) => [
        name,
        { ...bundled, inputs: inputs.map((input) => index.files[input][0]) },
      ]),
  );
}

/** Functions share most of their inputs: each is listed once. */
function writeIndex(projectRoot, bundles, start) {
  const files = [...new Set([...bundles.values()].flatMap(({ inputs }) => inputs))];
  // What was changed while esbuild read may or may not be in a bundle: then the next run bundles again.
  if (newestChange(projectRoot, files) >= start) return;
  const position = new Map(files.map((file, index) => [file, index]));
  const functions = [...bundles].map(([name, { inputs, ...bundled }]) => [
    name,
    { ...bundled, inputs: inputs.map((input) => position.get(input)) },
  ]);
  const index = {
    stamp: stampOf(projectRoot, settings),
    files: files.map((file) => [file, fileStamp(projectRoot, file)]),
    functions: Object.fromEntries(functions),
  };
  writeWhole(indexFile(projectRoot), JSON.stringify(index));
}

function functionNames(projectRoot) {
  const folders = (...path) =>
    readdirSync(join(projectRoot, "functions", ...path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  if (!existsSync(join(projectRoot, "functions"))) return [];
  return folders()
    .flatMap((system) => folders(system).map((name) => `${system}/${name}`))
    .filter((name) => existsSync(join(projectRoot, entryOf(name))));
}

const entryOf = (name) => `functions/${name}/handler.ts`;

/** Of its content, so that what is in it never changes. */
function folderOf(projectRoot, name, hash) {
  return join(bundlesFolder(projectRoot), `${name.replace("/", "-")}-${hash.slice(0, 16)}`);
}

function isWhole(projectRoot, name, folder) {
  const packages = packageNames(projectRoot, name).map((each) => join("node_modules", each, "package.json"));
  return [codeFile, mapFile, ...packages].every((file) => existsSync(join(folder, file)));
}

/** All in one call: what they share is read and parsed once. */
async function bundle(projectRoot, names) {
  const { build, explain } = await import("./esbuild.mjs");
  try {
    const { outputFiles, metafile } = await build(buildOptions(projectRoot, names));
    const texts = new Map(outputFiles.map(({ path, text }) => [relative(join(projectRoot, outFolder), path), text]));
    return names.map((name) => {
      const code = texts.get(join(name, codeFile));
      const map = ownSources(texts.get(join(name, mapFile)));
      const output = metafile.outputs[`${outFolder}/${name}/${codeFile}`];
      requirePackages(projectRoot, name, output.imports);
      const files = new Map([[codeFile, code], [mapFile, map], ...readPackages(projectRoot, name)]);
      const inputs = [...inputsOf(metafile, entryOf(name)), ...packageInputs(projectRoot, name)];
      return [name, { hash: store(projectRoot, name, files), calls: callsIn(output), inputs }];
    });
  } catch (error) {
    throw withoutStack(explain(error));
  }
}

/** Every file that was read for an entry point, also those that nothing is left of. */
function inputsOf(metafile, entry) {
  const inputs = new Set([entry]);
  for (const input of inputs)
    for (const { path, external } of metafile.inputs[input].imports) if (!external) inputs.add(path);
  return [...inputs];
}

/** Commands of the SDK that something is left of in the code: esbuild drops the class of a command that nobody names. */
function callsIn(output) {
  const command = /(?:^|\/)node_modules\/@aws-sdk\/client-([a-z0-9-]+)\/dist-es\/commands\/(\w+)Command\.js$/;
  const calls = Object.entries(output.inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([input]) => {
      const [, client, operation] = command.exec(input) ?? [];
      return operation === undefined ? [] : [`${client}:${operation}`];
    });
  return [...new Set(calls)].sort();
}

/** Nothing is written there: sources of a source map are relative to it. */
const outFolder = "out";

function buildOptions(projectRoot, names) {
  return {
    absWorkingDir: projectRoot,
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, entryOf(name)])),
    outdir: outFolder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // What a compiler's settings say of other code is not to change this code.
    tsconfigRaw: "{}",
    // Packages' ES modules, where they have them: only those can be taken in part. Half the size.
    mainFields: ["module", "main"],
    minify: true,
    // Code on a function of one's own is not handed on, so that no licence asks for its text there.
    legalComments: "none",
    sourcemap: true,
    sourcesContent: false,
    // What is CommonJS asks for Node's own modules by this name.
    banner: {
      js: 'import{createRequire as createNodeRequire}from"node:module";const require=createNodeRequire(import.meta.url);',
    },
    plugins: smallerPackages,
    external: [...new Set(functionNames(projectRoot).flatMap((name) => packageNames(projectRoot, name)))],
  };
}

/** Own sources alone, as they are called in the project. */
function ownSources(map) {
  return keepSources(map, (source) => source.match(/^(?:\.\.\/)+((?:functions|routes)\/.*)$/)?.[1]);
}

/** Puts files into the folder of their content, whole or not at all. */
function store(projectRoot, name, files) {
  const hash = contentHash(files);
  const folder = folderOf(projectRoot, name, hash);
  if (isWhole(projectRoot, name, folder)) return hash;
  mkdirSync(dirname(folder), { recursive: true });
  const temporary = mkdtempSync(`${folder}.`);
  for (const [file, content] of files) {
    mkdirSync(dirname(join(temporary, file)), { recursive: true });
    writeFileSync(join(temporary, file), content);
  }
  try {
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another process may have been faster.
    if (!isWhole(projectRoot, name, folder)) throw error;
  }
  return hash;
}

function contentHash(files) {
  return sha256(JSON.stringify([...files].map(([file, content]) => [file, sha256(content)])));
}

/** Keeps the newest few of each function: another run may still be on the ones before. */
function removeOldBundles(projectRoot, names, bundles) {
  const all = readdirSync(bundlesFolder(projectRoot));
  const changed = (folder) =>
    statSync(join(bundlesFolder(projectRoot), folder), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  for (const name of names) {
    const current = basename(folderOf(projectRoot, name, bundles.get(name).hash));
    const others = all
      .filter((folder) => /-[0-9a-f]{16}$/.test(folder) && folder.slice(0, -17) === name.replace("/", "-"))
      .filter((folder) => folder !== current)
      .sort((a, b) => changed(b) - changed(a));
    for (const folder of others.slice(2))
      rmSync(join(bundlesFolder(projectRoot), folder), { recursive: true, force: true });
  }
}

/** The message alone is for the user: where it was made says nothing to them. */
function withoutStack(message) {
  const error = new Error(message);
  error.stack = message;
  return error;
}
