import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { copyProject, projectRoot } from "./project";

/**
 * A copy of the project with a cache of its own, so that environments that run here are left alone; the emulator
 * itself, Node.js for functions and what was packed of packages are shared.
 */
export function copyProjectForLocal(): ReturnType<typeof copyProject> {
  const project = copyProject();
  const own = join(project.root, ".cache", "local");
  const shared = join(projectRoot, ".cache", "local");
  mkdirSync(own, { recursive: true });
  for (const name of ["python", "node", "archives"]) {
    mkdirSync(join(shared, name), { recursive: true });
    symlinkSync(join(shared, name), join(own, name));
  }
  return project;
}
