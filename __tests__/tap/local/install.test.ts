import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { functionRuntime } from "../../../tap/local/function-runtime";
import { projectRoot, temporaryFolder } from "../../support/project";

/* What is installed once is installed by one process, also where copies of a project share a cache by links. */

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program on PATH that is a shell script. */
function program(name: string, script: string): string {
  const bin = join(folder, `${name}-bin`);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}`);
  chmodSync(join(bin, name), 0o755);
  return `${bin}:${process.env.PATH}`;
}

describe("an environment of Python", () => {
  const cache = join(folder, "shared", "local", "python");
  const log = join(folder, "python.log");
  // Like the real one: making an environment removes what is there, and takes a while.
  const PATH = program(
    "python3",
    `case "$*" in
  *version_info*) echo True ;;
  *"pip --version"*) echo "pip 24.0" ;;
  *venv*) echo begin >> ${log}; for last; do :; done; rm -rf "$last"/*; sleep 0.5; mkdir -p "$last/bin"; touch "$last/bin/python" ;;
  *install*) sleep 0.5; echo end >> ${log} ;;
esac`,
  );

  function copy(name: string): string {
    const root = join(folder, name);
    mkdirSync(join(root, "bin"), { recursive: true });
    mkdirSync(join(root, ".cache", "local"), { recursive: true });
    mkdirSync(cache, { recursive: true });
    cpSync(join(projectRoot, "bin", "python-environment.mjs"), join(root, "bin", "python-environment.mjs"));
    writeFileSync(join(root, "requirements.txt"), "some==1.0");
    symlinkSync(cache, join(root, ".cache", "local", "python"));
    return root;
  }

  function install(root: string): Promise<number | null> {
    const script = join(root, "bin", "python-environment.mjs");
    const child = spawn(process.execPath, [script, "local/python", "requirements.txt"], {
      env: { ...process.env, PATH },
    });
    return new Promise((resolve) => child.once("close", resolve));
  }

  test("is made once by copies that share it, and again where it has lost its programs", async () => {
    expect(await Promise.all(["a", "b", "c"].map((name) => install(copy(name))))).toEqual([0, 0, 0]);
    const lines = () => readFileSync(log, "utf8").trim().split("\n");
    expect(lines()).toEqual(["begin", "end"]);
    expect(existsSync(join(cache, "bin", "python"))).toBe(true);
    rmSync(join(cache, "bin"), { recursive: true });
    expect(await install(join(folder, "a"))).toBe(0);
    expect(lines()).toEqual(["begin", "end", "begin", "end"]);
    expect(existsSync(join(cache, "bin", "python"))).toBe(true);
  });

  test("is made although whoever began it was killed", async () => {
    const lock = `${cache}.lock`;
    mkdirSync(lock);
    const { pid } = spawnSync("true");
    writeFileSync(join(lock, "pid"), String(pid));
    rmSync(join(cache, "bin"), { recursive: true });
    expect(await install(join(folder, "b"))).toBe(0);
    expect(existsSync(join(cache, "bin", "python"))).toBe(true);
    expect(existsSync(lock)).toBe(false);
  });
});

describe("Node.js for functions", () => {
  const name = `node-${process.platform}-${process.arch}`;
  // Like the real one: what is there goes first, and what takes another's away fails.
  const PATH = program(
    "npm",
    `set -e
rm -rf node_modules
mkdir -p node_modules/${name}/bin
touch node_modules/mine.$$
sleep 0.5
test -e node_modules/mine.$$
touch node_modules/${name}/bin/node`,
  );

  function project(packages: Record<string, string>): string {
    const root = join(folder, `node-${Object.keys(packages).length}`);
    const declared = join(root, "tap", "local", "node");
    mkdirSync(declared, { recursive: true });
    writeFileSync(join(declared, "package.json"), JSON.stringify({ optionalDependencies: packages }));
    writeFileSync(join(declared, "package-lock.json"), "{}");
    return root;
  }

  test("is whole for each of several that want it at once, and installed no second time", async () => {
    const projectRoot = project({ [name]: "24.0.0" });
    const said: string[] = [];
    const runtime = async () => {
      const bin = await functionRuntime({ projectRoot, variables: { PATH }, say: (text) => said.push(text) });
      return existsSync(join(bin ?? "", "node"));
    };
    expect(await Promise.all([runtime(), runtime(), runtime()])).toEqual([true, true, true]);
    expect(said[0]).toBe("Installing Node.js 24.0.0 for functions, once");
    const before = said.length;
    expect(await runtime()).toBe(true);
    expect(said).toHaveLength(before);
  });

  test("is the machine's own where there is no package of it", async () => {
    const said: string[] = [];
    const options = { projectRoot: project({}), variables: { PATH }, say: (text: string) => said.push(text) };
    expect(await functionRuntime(options)).toBeUndefined();
    expect(said).toEqual([expect.stringContaining("there is no package of their own")]);
  });
});
