import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const requirementsFile = join(dirname(fileURLToPath(import.meta.url)), "requirements.txt");
const environmentFolder = join(dirname(dirname(requirementsFile)), ".cache", "checkov");

/** Why there can be no Checkov here, or undefined. */
export function checkovMissing() {
  const { status, stdout } = spawnSync("python3", ["-c", "import sys; print(sys.version_info >= (3, 10))"], {
    encoding: "utf8",
  });
  return status === 0 && stdout.trim() === "True"
    ? undefined
    : "Python 3.10 or newer is not on PATH as python3: Checkov needs it";
}

/**
 * The path of the pinned Checkov, installed where it isn't yet: once per content of requirements.txt, by one process
 * at a time. Every package is held to the hash that stands there.
 */
export async function installCheckov(log = () => {}) {
  const requirements = readFileSync(requirementsFile, "utf8");
  const marker = join(environmentFolder, "installed");
  const bin = join(environmentFolder, "bin");
  const isThere = () => existsSync(marker) && readFileSync(marker, "utf8") === requirements;
  if (!isThere()) {
    const unlock = await lock(`${environmentFolder}.lock`);
    try {
      if (!isThere()) {
        log("Installing Checkov (290 MB, once)");
        run("python3", ["-m", "venv", "--clear", environmentFolder]);
        const exactly = ["--require-hashes", "--only-binary", ":all:", "--requirement", requirementsFile];
        run(join(bin, "pip"), ["install", "--quiet", "--disable-pip-version-check", ...exactly]);
        // Last: a half-made environment has no marker, and is made again.
        writeFileSync(marker, requirements);
      }
    } finally {
      unlock();
    }
  }
  return join(bin, "checkov");
}

/** A folder is made by one process alone; one that is older than what it guards takes was left by a killed process. */
async function lock(folder) {
  mkdirSync(dirname(folder), { recursive: true });
  for (;;) {
    try {
      mkdirSync(folder);
      return () => rmSync(folder, { recursive: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 10 * 60_000) rmSync(folder, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function run(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stderr ?? error}`);
}
