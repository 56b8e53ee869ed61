import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * A copy of the project as it stands, committed or not. Its dependencies are the project's own.
 * @param {string} projectRoot
 * @param {string} folder that is not there yet
 */
export function copyProject(projectRoot, folder) {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: projectRoot,
    encoding: "utf8",
  });
  const files = listed.split("\0").filter((file) => file !== "" && !file.split("/").includes("node_modules"));
  // A file that is deleted but not committed is still listed.
  for (const file of files.filter((name) => existsSync(join(projectRoot, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(projectRoot, file), join(folder, file));
  }
  symlinkSync(join(projectRoot, "node_modules"), join(folder, "node_modules"));
}
