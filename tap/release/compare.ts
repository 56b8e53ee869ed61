import type { Manifest } from "./manifest";

export interface StackDifference {
  readonly stackId: string;
  readonly change: "added" | "removed" | "changed";
  /** Files that aren't the same, by path. */
  readonly files: readonly { readonly path: string; readonly change: "added" | "removed" | "changed" }[];
  /** Functions whose code isn't the same. */
  readonly functionNames: readonly string[];
}

export interface Comparison {
  readonly isSame: boolean;
  /** Versions and the like, as text. */
  readonly settings: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly stacks: readonly StackDifference[];
}

/** What one release has otherwise than another. */
export function compareReleases(before: Manifest, after: Manifest): Comparison {
  const settings = differences(settingsOf(before), settingsOf(after)).map(({ path: name }) => ({
    name,
    before: settingsOf(before).get(name) ?? "none",
    after: settingsOf(after).get(name) ?? "none",
  }));
  const ids = [...new Set([...Object.keys(before.stacks), ...Object.keys(after.stacks)])].sort();
  const stacks = ids.flatMap((stackId) => compareStack(stackId, before, after));
  return { isSame: before.id === after.id, settings, stacks };
}

function compareStack(stackId: string, before: Manifest, after: Manifest): StackDifference[] {
  const files = differences(filesOf(before, stackId), filesOf(after, stackId));
  const functions = differences(codeOf(before, stackId), codeOf(after, stackId)).map(({ path }) => path);
  if (files.length === 0 && functions.length === 0) return [];
  const change = !(stackId in before.stacks) ? "added" : stackId in after.stacks ? "changed" : "removed";
  return [{ stackId, change, files, functionNames: functions }];
}

function filesOf({ stacks }: Manifest, stackId: string): Map<string, string> {
  return new Map(stacks[stackId]?.files.map(({ path, sha256 }) => [path, sha256]));
}

function codeOf({ archives }: Manifest, stackId: string): Map<string, string> {
  const own = archives.filter((archive) => archive.stackId === stackId);
  return new Map(own.map(({ functionName, path, sha256 }) => [functionName || path, sha256]));
}

function settingsOf({ source, tools, lockFile }: Manifest): Map<string, string> {
  const { providers, ...others } = tools;
  return new Map([
    ["commit", source.commit ?? "none"],
    ["working tree", source.isClean ? "clean" : "changed"],
    ...Object.entries(others),
    ...Object.entries(providers),
    ["lock file", lockFile?.sha256 ?? "none"],
  ]);
}

function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): { path: string; change: "added" | "removed" | "changed" }[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, change: !before.has(path) ? "added" : after.has(path) ? "changed" : "removed" }));
}
