import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CommandError } from "../context";
import { writeWhole } from "../files";
import type { TerraformJson } from "../graph/terraform-json";
import { removeLeftOvers } from "./left-overs";
import { lockFileFor } from "./lock-file";
import { hashOf, type Manifest } from "./manifest";
import { isConfiguration, isSynthesized, objectKey } from "./paths";
import { listStackFiles } from "./stack-files";
import type { ReleaseStore } from "./store";
import { requireWhole, type VerifyOptions } from "./verify";

export interface OpenedRelease {
  /** As synthesis writes one: `manifest.json` and `stacks/`. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** A writable copy of each stack, in the order of their ids. */
  readonly stacks: readonly { readonly stackId: string; readonly folder: string }[];
}

export interface OpenOptions {
  /** Environments whose stacks are wanted. @default all of the release */
  readonly environments?: readonly string[];
}

/**
 * A writable copy of a release, for plan and apply: every byte in it was compared with the manifest, and the folder is
 * there whole or not at all.
 * @param into a folder that isn't there yet, or is empty
 * @throws CommandError where the release isn't whole, with all that is wrong
 */
export async function openRelease(
  store: ReleaseStore,
  id: string,
  into: string,
  { environments }: OpenOptions = {},
): Promise<OpenedRelease> {
  if (existsSync(into) && readdirSync(into).length > 0)
    throw new CommandError(`${into} isn't empty: a release is opened into a folder of its own`);
  const staging = `${into}.opening-${process.pid}`;
  removeLeftOvers(dirname(into), `${basename(into)}.opening-`);
  try {
    const contents = new Map<string, Uint8Array>();
    const options: VerifyOptions = {
      ...(environments === undefined ? {} : { environments }),
      onObject: (sha256, content) => void contents.set(sha256, content),
    };
    const { manifest } = await requireWhole(store, id, options);
    const ids = stackIdsOf(manifest, environments);
    for (const stackId of ids) writeStack(join(staging, "stacks", stackId), manifest, stackId, contents);
    writeWhole(join(staging, "manifest.json"), cdktfManifest(manifest, ids));
    mkdirSync(dirname(into), { recursive: true });
    if (existsSync(into)) rmdirSync(into);
    renameSync(staging, into);
    return {
      folder: into,
      manifest,
      stacks: ids.map((stackId) => ({ stackId, folder: join(into, "stacks", stackId) })),
    };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Stacks of some environments, in the order of their ids. */
export function stackIdsOf(manifest: Manifest, environments?: readonly string[]): string[] {
  return Object.entries(manifest.stacks)
    .filter(([, { environment }]) => environments?.includes(environment) ?? true)
    .map(([id]) => id)
    .sort();
}

function writeStack(
  folder: string,
  manifest: Manifest,
  stackId: string,
  contents: ReadonlyMap<string, Uint8Array>,
): void {
  const contentOf = (sha256: string): Uint8Array => {
    const content = contents.get(sha256);
    if (content === undefined) throw new Error(`${objectKey(sha256)} was not read`);
    return content;
  };
  for (const { path, sha256 } of manifest.stacks[stackId]?.files ?? []) {
    const target = join(folder, ...path.split("/"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, contentOf(sha256), { flag: "wx" });
  }
  if (manifest.lockFile === null) return;
  const json = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as TerraformJson;
  const text = Buffer.from(contentOf(manifest.lockFile.sha256)).toString("utf8");
  writeFileSync(join(folder, ".terraform.lock.hcl"), lockFileFor(text, json));
}

/** What is wrong with an opened release's files, since anybody may have written there: what a plan reads must be the release's. */
export function copyProblems(folder: string, manifest: Manifest, stackIds: readonly string[]): string[] {
  return stackIds.flatMap((stackId) => {
    const stackFolder = join(folder, "stacks", stackId);
    const files = manifest.stacks[stackId]?.files ?? [];
    const known = new Set(files.map(({ path }) => path));
    const changed = files.flatMap(({ path, sha256 }) => {
      const file = join(stackFolder, ...path.split("/"));
      if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return [`${path} isn't there`];
      return hashOf(readFileSync(file)) === sha256 ? [] : [`${path} was changed`];
    });
    const added = (existsSync(stackFolder) ? listStackFiles(stackFolder) : []).filter(
      (path) => !known.has(path) && isSynthesized(path) && (isConfiguration(path) || path.startsWith("assets/")),
    );
    return [...changed, ...added.map((path) => `${path} was added`)].map(
      (problem) => `${stackId}: ${problem} since the release was opened; open it anew`,
    );
  });
}

/** So that what reads synthesized stacks reads these. */
function cdktfManifest({ tools }: Manifest, ids: readonly string[]): string {
  const entry = (id: string) => ({
    annotations: [],
    constructPath: id,
    dependencies: [],
    name: id,
    synthesizedStackPath: `stacks/${id}/cdk.tf.json`,
    workingDirectory: `stacks/${id}`,
  });
  return JSON.stringify(
    { stacks: Object.fromEntries(ids.map((id) => [id, entry(id)])), version: tools.cdktf },
    null,
    2,
  );
}
