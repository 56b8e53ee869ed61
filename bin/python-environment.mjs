/*
 * Programs in Python that the project uses (Checkov, the AWS emulator), each in an environment of its own under
 * .cache, with exactly the packages whose hashes a requirements.txt names. As a program:
 *
 *   node bin/python-environment.mjs local/python tap/local/requirements.txt
 *
 * prints the folder of the environment's programs.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** Why there can be no environment here, or undefined. */
export function pythonMissing() {
  const { status, stdout } = spawnSync("python3", ["-c", "import sys; print(sys.version_info >= (3, 10))"], {
    encoding: "utf8",
  });
  return status === 0 && stdout.trim() === "True"
    ? undefined
    : "Python 3.10 or newer is not on PATH as python3; programs that need it can't be installed";
}

/**
 * The folder of an environment's programs, installed where it isn't yet: once per content of the requirements, by one
 * process at a time.
 * @param {string} name folder under .cache
 * @param {string} requirementsFile relative to the project
 * @param {() => void} onInstall called before an installation, which takes a while
 */
export async function installPythonEnvironment(name, requirementsFile, onInstall = () => {}) {
  const path = join(projectRoot, ".cache", name);
  // A copy of the project may share another's by a link: whoever installs there is kept out by one lock.
  const folder = existsSync(path) ? realpathSync(path) : path;
  const requirementsPath = join(projectRoot, requirementsFile);
  const requirements = readFileSync(requirementsPath, "utf8");
  const marker = join(folder, "installed");
  const bin = join(folder, "bin");
  const isThere = () =>
    existsSync(marker) && readFileSync(marker, "utf8") === requirements && existsSync(join(bin, "python"));
  if (isThere()) return bin;
  const missing = pythonMissing();
  if (missing) throw new Error(missing);
  const unlock = await lock(`${folder}.lock`);
  try {
    if (!isThere()) {
      onInstall();
      rmSync(marker, { force: true });
      install(folder, requirementsPath);
      // Last: a half-made environment has no marker, and is made again.
      writeFileSync(marker, requirements);
    }
  } finally {
    unlock();
  }
  return bin;
}

/** By the pip that is there, where it can do it from outside: one of the environment's own takes longer to make than all else. */
function install(folder, requirementsPath) {
  const { status, stdout } = spawnSync("python3", ["-m", "pip", "--version"], { encoding: "utf8" });
  const [, major = 0, minor = 0] = /^pip (\d+)\.(\d+)/.exec(status === 0 ? stdout : "") ?? [];
  const canInstallElsewhere = Number(major) > 22 || (Number(major) === 22 && Number(minor) >= 3);
  run("python3", ["-m", "venv", "--clear", ...(canInstallElsewhere ? ["--without-pip"] : []), folder]);
  const [program, ...pip] = canInstallElsewhere
    ? ["python3", "-m", "pip", "--python", join(folder, "bin", "python")]
    : [join(folder, "bin", "pip")];
  // Python compiles what it loads, when it does.
  const exactly = ["--no-compile", "--require-hashes", "--only-binary", ":all:", "--requirement", requirementsPath];
  run(program, [...pip, "install", "--quiet", "--disable-pip-version-check", ...exactly]);
}

/** A folder is made by one process alone; what a killed one left is taken over. */
async function lock(folder) {
  const holder = join(folder, "pid");
  mkdirSync(dirname(folder), { recursive: true });
  for (;;) {
    try {
      mkdirSync(folder);
      writeFileSync(holder, String(process.pid));
      return () => rmSync(folder, { recursive: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isLeftOver(folder, holder)) rmSync(folder, { recursive: true, force: true });
    await new Promise((done) => setTimeout(done, 200));
  }
}

function isLeftOver(folder, holder) {
  const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  // It has its holder a moment after it is made.
  if (!existsSync(holder)) return Date.now() - made > 5_000;
  const pid = Number(readFileSync(holder, "utf8"));
  if (!(pid > 0)) return Date.now() - made > 5_000;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function run(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stderr ?? error}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    console.log(await installPythonEnvironment(process.argv[2], process.argv[3]));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
