import { spawnSync } from "node:child_process";
import type { ManifestContent } from "./manifest";

/** The commit that the project stands at, and whether what lies there is it. */
export function sourceOf(projectRoot: string): ManifestContent["source"] {
  const git = (...args: string[]) => spawnSync("git", args, { cwd: projectRoot, encoding: "utf8" });
  const head = git("rev-parse", "--verify", "HEAD");
  const commit = head.status === 0 ? head.stdout.trim() : null;
  const changes = git("status", "--porcelain", "--untracked-files=all", "--", ".");
  return { commit, isClean: commit !== null && changes.status === 0 && changes.stdout.trim() === "" };
}
