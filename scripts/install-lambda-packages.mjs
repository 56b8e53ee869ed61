/*
 * Installs what functions carry as packages (bin/lambda-packages.mjs), for Lambda's platform whatever this one is. Runs
 * after `npm ci` and `npm install`; by hand: npm run lambda-packages.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { functionsWithPackages } from "../bin/lambda-packages.mjs";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = "package-lock.json";

for (const { name, declared, installed } of functionsWithPackages(projectRoot)) {
  const [from, to] = [join(projectRoot, declared), join(projectRoot, installed)];
  if (isInstalled(from, to)) continue;
  console.log(`Packages of the function ${name}, for Linux on arm64`);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const file of ["package.json", ".npmrc"]) cpSync(join(from, file), join(to, file));
  // Under another name until all is there: what is installed is known by its lock file.
  cpSync(join(from, lockFile), join(to, "npm-shrinkwrap.json"));
  // Options outdo variables, which an `npm ci --omit=optional` outside would set.
  const options = ["ci", "--os=linux", "--cpu=arm64", "--libc=glibc", "--include=optional"];
  const { status } = spawnSync("npm", options, { cwd: to, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) {
    console.error(`Packages of the function ${name} could not be installed; once they can: npm run lambda-packages`);
    // Whoever installs to lint or to test needn't have them: whoever bundles is told.
    process.exit(process.env.npm_lifecycle_event === "postinstall" ? 0 : 1);
  }
  cpSync(join(from, lockFile), join(to, lockFile));
}

function isInstalled(from, to) {
  return (
    existsSync(join(to, lockFile)) &&
    readFileSync(join(to, lockFile), "utf8") === readFileSync(join(from, lockFile), "utf8")
  );
}
