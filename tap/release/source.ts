import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import type { ManifestContent } from "./manifest";

/**
 * The commit that the project stands at, and whether what lies there is it.
 * @param store a folder of releases, which is no part of the source wherever it is
 */
export function sourceOf(projectRoot: string, store?: string): ManifestContent["source"] {
  const git = (...args: string[]) => spawnSync("git", args, { cwd: projectRoot, encoding: "utf8" });
  const head = git("rev-parse", "--verify", "HEAD");
  const commit = head.status === 0 ? head.stdout.trim() : null;
  const path = store === undefined ? "" : relative(projectRoot, store);
  const without = path === "" || path.startsWith("..") ? [] : [`:(exclude,literal)${path}`];
  const changes = git("status", "--porcelain", "--untracked-files=all", "--", ".", ...without);
  return { commit, isClean: commit !== null && changes.status === 0 && changes.stdout.trim() === "" };
}
