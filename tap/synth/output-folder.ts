import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeWhole } from "../files";
import type { SynthesizedStack } from "./synthesize-stack";

/** What Terraform keeps beside a stack's JSON, and what a person may have put there: never touched. */
const keptInStack = /^\.terraform|^terraform\.tfstate|\.tfplan$|\.tfvars(\.json)?$/;

export interface Published {
  /** Stacks whose JSON is other than it was. */
  readonly changed: readonly string[];
  /** Folders of stacks that are no more, and were removed. */
  readonly dropped: readonly string[];
  /** Folders of stacks that are no more, but hold a local state, and were left. */
  readonly keptWithState: readonly string[];
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
  mkdirSync(join(outdir, "stacks"), { recursive: true });
  const changed = stacks
    .filter((stack) => replaceStack(stack.folder, join(outdir, "stacks", stack.id)))
    .map(({ id }) => id);
  const entries = Object.fromEntries(
    [...stacks].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, manifest }) => [id, manifest]),
  );
  writeIfOther(join(outdir, "manifest.json"), `${JSON.stringify({ stacks: entries, version: cdktfVersion }, null, 2)}`);
  return { changed, ...dropOthers(join(outdir, "stacks"), new Set(stacks.map(({ id }) => id))) };
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
  const leftOver = readdirSync(to).filter((name) => !staged.includes(name) && !keptInStack.test(name));
  for (const name of leftOver) rmSync(join(to, name), { recursive: true });
  return changed.length > 0 || leftOver.length > 0;
}

function dropOthers(folder: string, wanted: ReadonlySet<string>): Pick<Published, "dropped" | "keptWithState"> {
  const others = readdirSync(folder).filter((name) => !wanted.has(name));
  const keptWithState = others.filter((name) => existsSync(join(folder, name, "terraform.tfstate")));
  const dropped = others.filter((name) => !keptWithState.includes(name));
  for (const name of dropped) rmSync(join(folder, name), { recursive: true });
  return { dropped, keptWithState };
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
  const prefix = `${basename(outdir)}.staging-`;
  for (const name of readdirSync(dirname(outdir)).filter((entry) => entry.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length).split("-")[0]);
    if (!isAlive(pid)) rmSync(join(dirname(outdir), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
