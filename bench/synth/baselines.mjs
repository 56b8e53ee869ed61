import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { copyApp, readStacks, replaceOnce } from "./scaled-app.mjs";

/*
 * The set-ups that this project is measured against, each made from its own source, so that all synthesize the
 * same app. Each is { folder, steps }: the commands of one cold run, in order.
 */

/** What the project does in its source to be fast, and a baseline does not. What bin/bundle.mjs does, no baseline runs. */
const tricks = [{ file: "constructs/tap-stack.ts", pattern: /^ *override prepareStack\(\): void \{\}$/m }];

/**
 * The program of both baselines: one App with all stacks, backend.hcl parsed by whoever needs it, and functions bundled
 * each time, as the constructs of the field do it; with this project's own bundler, so that the app is the same.
 */
const program = `import { readFileSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parse } from "@cdktf/hcl2json";
import { checkBackend } from "./config/backend";
import { loadEnvironments } from "./config/load";
import { buildApp, planStacks } from "./main";

// Kept out of sight of those who would turn it into a require().
const importModule = new Function("path", "return import(path)");

async function synthesize(): Promise<void> {
  rmSync(".cache", { recursive: true, force: true });
  const content = await parse("backend.hcl", readFileSync("backend.hcl", "utf8"));
  const { bundleFunctions } = await importModule(pathToFileURL("bin/functions.mjs").href);
  const functionBundles = await bundleFunctions(process.cwd());
  const stacks = planStacks(loadEnvironments());
  buildApp({ stacks, backend: checkBackend({ content }), functionBundles }).synth();
}

synthesize();
`;

/** CDKTF's TypeScript template as `cdktf init` makes it: ts-node with its type check, imports from package roots. */
export function makeStock(app, folder, benchFolder) {
  copyApp(app, folder);
  removeTricks(folder);
  for (const file of sourceFiles(folder)) importFromPackageRoots(folder, file);
  writeFileSync(join(folder, "baseline.ts"), program);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(stockSettings(), null, 2));
  const { type: _, ...packageJson } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  writeFileSync(join(folder, "package.json"), JSON.stringify(packageJson, null, 2));
  const tsNode = join(benchFolder, "node_modules", "ts-node", "dist", "bin.js");
  // The project's own TypeScript, 7, has no interface for ts-node.
  const args = [tsNode, "--compiler", join(benchFolder, "node_modules", "typescript-5"), "baseline.ts"];
  // As cdktf-cli starts it. `npx ts-node` would be half a second slower still.
  const env = { NODE_OPTIONS: "--max-old-space-size=4096" };
  return { folder, steps: [{ command: process.execPath, args, cwd: folder, env }] };
}

/** esbuild and nothing clever: one bundle of the program, then Node on it. */
export function makePlain(app, folder) {
  copyApp(app, folder);
  removeTricks(folder);
  writeFileSync(join(folder, "baseline.ts"), program);
  const esbuild = createRequire(join(folder, "package.json")).resolve("esbuild/bin/esbuild");
  const args = ["baseline.ts", "--bundle", "--platform=node", "--outfile=dist/baseline.cjs", "--log-level=error"];
  // Neither can be bundled: one finds its WASM beside itself, the other its own program.
  const external = ["--external:@cdktf/hcl2json", "--external:esbuild"];
  return {
    folder,
    steps: [
      { command: esbuild, args: [...args, ...external], cwd: folder },
      { command: process.execPath, args: ["dist/baseline.cjs"], cwd: folder },
    ],
  };
}

const writer = `
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const stacks = JSON.parse(readFileSync("finished.json", "utf8"));
for (const [id, stack] of Object.entries(stacks)) {
  const folder = "cdktf.out/stacks/" + id;
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + "/cdk.tf.json", JSON.stringify(stack, null, 2));
}
`;

/**
 * What no synthesis can do without: Node starts, loads cdktf and those binding classes that the app imports, from
 * a bundle made beforehand (not minified, as the project's own is not), and writes the finished objects as JSON.
 */
export function makeFloor(app, folder, synthesized) {
  mkdirSync(folder);
  const { build, imports } = bundling(app);
  const names = ["cdktf", "constructs", ...imports];
  const stacks = Object.fromEntries([...readStacks(synthesized)].map(([id, text]) => [id, JSON.parse(text)]));
  writeFileSync(join(folder, "finished.json"), JSON.stringify(stacks));
  build(names.map((name) => `require(${JSON.stringify(name)});`).join("\n") + writer, join(folder, "floor.cjs"));
  return { folder, steps: [{ command: process.execPath, args: ["floor.cjs"], cwd: folder }] };
}

/** Installs what the stock set-up needs, where that has not happened yet. */
export function installStock(benchFolder, say) {
  if (existsSync(join(benchFolder, "node_modules", "ts-node"))) return;
  say("Installing ts-node and TypeScript 5.9 for the stock set-up (once)");
  execFileSync("npm", ["ci", "--prefix", benchFolder], { cwd: benchFolder, stdio: ["ignore", "ignore", "inherit"] });
}

function removeTricks(folder) {
  for (const { file, pattern } of tricks) {
    const path = join(folder, file);
    writeFileSync(path, replaceOnce(readFileSync(path, "utf8"), file, pattern, ""));
  }
}

/** Program text of the app: what a bundle of main.ts may hold. */
function sourceFiles(folder) {
  const folders = ["config", "constructs", "stacks"].flatMap((name) =>
    readdirSync(join(folder, name), { recursive: true }).map((file) => join(name, file)),
  );
  return ["main.ts", ...folders].filter((file) => file.endsWith(".ts"));
}

const deepImport = /import (?:type )?\{([^}]*)\} from "(@cdktf\/provider-[\w-]+)\/lib\/([\w-]+)";/g;

/**
 * `import { Vpc } from "@cdktf/provider-aws/lib/vpc"` becomes `import { vpc as vpc_aws } from "@cdktf/provider-aws";
 * import Vpc = vpc_aws.Vpc;`, which is class and type in one, as the first was.
 */
function importFromPackageRoots(folder, file) {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8").replace(deepImport, (_, names, root, thing) => {
    const namespace = namespaceOf(folder, root, thing);
    const local = `${namespace}_${root.replace(/^.*provider-/, "").replaceAll("-", "_")}`;
    const aliases = names
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== "")
      .map((name) => name.split(" as "))
      .map(([imported, alias = imported]) => `import ${alias} = ${local}.${imported};`);
    return `import { ${namespace} as ${local} } from "${root}"; ${aliases.join(" ")}`;
  });
  if (/from "@cdktf\/provider-[\w-]+\/lib/.test(text))
    throw new Error(`${file} imports a binding in a way that bench/synth/baselines.mjs can't turn into a root import`);
  writeFileSync(path, text);
}

/** Under which name a package's root exports one of its modules. */
function namespaceOf(folder, root, thing) {
  const types = readFileSync(join(folder, "node_modules", root, "lib", "index.d.ts"), "utf8");
  const namespace = types.match(new RegExp(`^export \\* as (\\w+) from './${thing}(?:/index)?';`, "m"))?.[1];
  if (namespace === undefined) throw new Error(`${root} exports no "./${thing}" at its root`);
  return namespace;
}

/** The template's own tsconfig.json, and beneath it what the project's source needs on top. */
function stockSettings() {
  return {
    compilerOptions: {
      alwaysStrict: true,
      declaration: true,
      experimentalDecorators: true,
      inlineSourceMap: true,
      inlineSources: true,
      module: "CommonJS",
      noEmitOnError: true,
      noFallthroughCasesInSwitch: true,
      noImplicitAny: true,
      noImplicitReturns: true,
      noImplicitThis: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      resolveJsonModule: true,
      strict: true,
      strictNullChecks: true,
      strictPropertyInitialization: true,
      stripInternal: true,
      target: "ES2018",
      incremental: true,
      skipLibCheck: true,
      // The template has es2018; the source uses newer methods of arrays and strings.
      lib: ["ES2023"],
      // Those that the template installs, of all that stand in this project's node_modules.
      types: ["node", "jest"],
      esModuleInterop: true,
    },
  };
}

/** Which bindings the app really loads, as esbuild finds them, and a way to bundle a program that loads them. */
function bundling(app) {
  const esbuild = createRequire(join(app, "package.json"))("esbuild");
  const common = { absWorkingDir: app, bundle: true, platform: "node", format: "cjs", logLevel: "silent" };
  const { metafile } = esbuild.buildSync({
    ...common,
    entryPoints: ["main.ts"],
    write: false,
    metafile: true,
    external: ["esbuild", "@cdktf/hcl2json"],
  });
  const inputs = Object.keys(metafile.inputs).join("\n");
  const imports = [...inputs.matchAll(/\/(@cdktf\/provider-[\w-]+\/lib\/[\w-]+)\/index\.js$/gm)].map(
    ([, name]) => name,
  );
  if (imports.length === 0) throw new Error("esbuild found no bindings in main.ts");
  const build = (text, outfile) =>
    esbuild.buildSync({ ...common, stdin: { contents: text, resolveDir: app }, outfile });
  return { build, imports };
}
