import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { CommandError } from "../context";
import { hashOf, type ReleaseFile } from "./manifest";
import { isSynthesized } from "./paths";

/** Paths of what synthesis wrote into a stack's folder, in order; links and the like are refused. */
export function listStackFiles(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({
      entry,
      path: join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    }))
    .filter(({ path }) => isSynthesized(path));
  const special = paths.filter(({ entry }) => !entry.isFile()).map(({ path }) => path);
  if (special.length > 0)
    throw new CommandError(
      `${folder}: ${special.join(", ")} ${special.length === 1 ? "is no file" : "are no files"}: a release holds files and folders, no links`,
    );
  return paths.map(({ path }) => path).sort();
}

/** The same with what is in them. */
export function readStackFiles(folder: string): ReleaseFile[] {
  return listStackFiles(folder).map((path) => {
    const content = readFileSync(join(folder, ...path.split("/")));
    return { path, sha256: hashOf(content), bytes: content.length };
  });
}
