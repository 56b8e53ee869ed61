import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { CommandError } from "../context";
import { writeWhole } from "../files";
import { isAlive } from "../local/processes";
import type { SynthesizedStack } from "./synthesize-stack";

/** What synthesis writes into a stack's folder. All else there is Terraform's or a person's (a state that couldn't be uploaded, a plan), and stays. */
const written = /^(cdk\.tf\.json|assets|modules)$/;
/** What Terraform brings back by itself: its providers, and the zips of functions. */
const restorable = /^(\.terraform(\.lock\.hcl)?|archives)$/;

export interface Published {
  /** Stacks whose JSON is other than it was. */
  readonly changed: readonly string[];
  /** Folders of stacks that are no more, and were removed. */
  readonly dropped: readonly string[];
  /** Folders of stacks that are no more, but hold more than synthesis wrote, and were left. */
  readonly kept: readonly string[];
}

/**
 * Refuses a folder that synthesis must not call its own, because it drops from it what it doesn't have.
 * @throws CommandError
 */
export function refuseForeignFolder(outdir: string, projectRoot: string): void {
  const holdsProject = `${projectRoot}${sep}`.startsWith(outdir.endsWith(sep) ? outdir : `${outdir}${sep}`);
  const foreign =
    holdsProject || (existsSync(outdir) && readdirSync(outdir).length > 0 && stackIdsOf(outdir) === undefined);
  if (foreign)
    throw new CommandError(
      `${outdir} is not a folder that an earlier synthesis wrote, and would lose what is in it: name a new or an empty one.`,
    );
}

/** A new folder beside the output, on the same file system, so that a rename puts things in their place. */
export function createStaging(outdir: string): string {
  mkdirSync(dirname(outdir), { recursive: true });
  removeAbandonedStagings(outdir);
  return mkdtempSync(`${outdir}.staging-${process.pid}-`);
}

/**
 * Puts staged stacks in their place, one by one, each whole; then the manifest; then drops the folders of
 * stacks that this synthesis has not. A stack that is the same stays untouched.
 */
export function publish(outdir: string, stacks: readonly SynthesizedStack[], cdktfVersion: string): Published {
  const earlier = stackIdsOf(outdir) ?? [];
  mkdirSync(join(outdir, "stacks"), { recursive: true });
  const changed = stacks
    .filter((stack) => replaceStack(stack.folder, join(outdir, "stacks", stack.id)))
    .map(({ id }) => id);
  const entries = Object.fromEntries(
    [...stacks].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, manifest }) => [id, manifest]),
  );
  writeIfOther(join(outdir, "manifest.json"), `${JSON.stringify({ stacks: entries, version: cdktfVersion }, null, 2)}`);
  const wanted = new Set(stacks.map(({ id }) => id));
  return {
    changed,
    ...drop(
      join(outdir, "stacks"),
      earlier.filter((id) => !wanted.has(id)),
    ),
  };
}

function replaceStack(from: string, to: string): boolean {
  mkdirSync(to, { recursive: true });
  const staged = readdirSync(from);
  const changed = staged.filter((name) => !sameContent(join(from, name), join(to, name)));
  for (const name of changed) {
    const target = join(to, name);
    if (existsSync(target) && statSync(target).isDirectory()) rmSync(target, { recursive: true });
    renameSync(join(from, name), target);
  }
  const leftOver = readdirSync(to).filter((name) => !staged.includes(name) && written.test(name));
  for (const name of leftOver) rmSync(join(to, name), { recursive: true });
  return changed.length > 0 || leftOver.length > 0;
}

function drop(folder: string, ids: readonly string[]): Pick<Published, "dropped" | "kept"> {
  const present = ids.filter((id) => existsSync(join(folder, id)));
  for (const id of present)
    for (const name of readdirSync(join(folder, id)).filter((entry) => written.test(entry)))
      rmSync(join(folder, id, name), { recursive: true });
  const kept = present.filter((id) => readdirSync(join(folder, id)).some((name) => !restorable.test(name)));
  const dropped = present.filter((id) => !kept.includes(id));
  for (const id of dropped) rmSync(join(folder, id), { recursive: true });
  return { dropped, kept };
}

/** Stacks of the synthesis that wrote a folder; undefined where none did. */
function stackIdsOf(outdir: string): string[] | undefined {
  try {
    const { stacks, version } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as {
      stacks?: object;
      version?: string;
    };
    return stacks && version ? Object.keys(stacks) : undefined;
  } catch {
    return undefined;
  }
}

function writeIfOther(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeWhole(path, text);
}

function sameContent(a: string, b: string): boolean {
  const [statA, statB] = [statSync(a), statSync(b, { throwIfNoEntry: false })];
  if (statB === undefined || statA.isDirectory() !== statB.isDirectory()) return false;
  if (!statA.isDirectory()) return statA.size === statB.size && readFileSync(a).equals(readFileSync(b));
  const names = readdirSync(a).sort();
  return (
    names.join("/") === readdirSync(b).sort().join("/") &&
    names.every((name) => sameContent(join(a, name), join(b, name)))
  );
}

/** A process that was killed leaves its staging folder; its name has the process's id. */
function removeAbandonedStagings(outdir: string): void {
  const staging = /^\.staging-(\d+)-\w{6}$/;
  for (const name of readdirSync(dirname(outdir)).filter((entry) => entry.startsWith(basename(outdir)))) {
    const [, pid] = staging.exec(name.slice(basename(outdir).length)) ?? [];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(dirname(outdir), name), { recursive: true, force: true });
  }
}
