import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import { readCdktfFolder } from "../graph/read-cdktf";
import { parseStackId } from "../graph/stack-id";
import { type ArchiveSource, archiveSourcesOf, type Pack } from "./archives";
import { inParallel } from "./in-parallel";
import { checkLockFile } from "./lock-file";
import {
  canonical,
  contentOf,
  hashOf,
  type Manifest,
  type ManifestContent,
  type ReleaseFile,
  withId,
} from "./manifest";
import { manifestKey, objectKey, pathProblems } from "./paths";
import { readStackFiles } from "./stack-files";
import type { ReleaseStore } from "./store";
import { toolsOf } from "./tools";

export interface CreateOptions {
  /** What synthesis wrote: `manifest.json` and `stacks/`. */
  readonly folder: string;
  readonly store: ReleaseStore;
  readonly source: ManifestContent["source"];
  /** Node.js that the project asks for, as package.json says it: what is installed decides about no byte. */
  readonly node: string;
  /** Makes the zips of functions as a plan will, and says their hashes. */
  readonly pack: Pack;
  /** Path of a `.terraform.lock.hcl` for all stacks. @default none: each plan chooses by the versions in the JSON */
  readonly lockFile?: string;
  /** Called for each object. */
  onObject?(done: number, all: number): void;
}

export interface Created {
  readonly manifest: Manifest;
  /** Whether the store had it already. */
  readonly isNew: boolean;
  readonly objects: number;
  readonly bytes: number;
  /** Objects that weren't there before. */
  readonly stored: number;
  /** Objects that were there, with other content, and are right again. */
  readonly mended: readonly string[];
}

/**
 * Makes a release of what was synthesized. The manifest comes last: until then nobody sees anything, and what a killed
 * run has left is taken up by the next.
 */
export async function createRelease(options: CreateOptions): Promise<Created> {
  const { folder, store, onObject } = options;
  const { manifest, contents } = await prepareRelease(options);
  const isNew = (await store.read(manifestKey(manifest.id))) === undefined;
  const stored = await storeAll(store, contents, onObject);
  const put = await store.put(manifestKey(manifest.id), Buffer.from(canonical(contentOf(manifest))));
  if (put === "mended") stored.mended.push(manifestKey(manifest.id));
  await putBackMissing(store, folder, contents);
  const bytes = [...contents.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return { manifest, isNew, objects: contents.size, bytes, ...stored };
}

/** Content of an object, read when it is wanted. */
interface Content {
  readonly bytes: number;
  read(): Uint8Array;
}

/** The manifest that a folder's release has, and what its objects are. */
async function prepareRelease(
  options: Omit<CreateOptions, "store">,
): Promise<{ manifest: Manifest; contents: Map<string, Content> }> {
  const { folder, source, node, pack } = options;
  const stacks = stacksOf(folder);
  const contents = new Map<string, Content>();
  const files = new Map<string, ReleaseFile[]>();
  const sources: ArchiveSource[] = [];
  for (const { id, json } of stacks) {
    const stackFolder = join(folder, "stacks", id);
    const list = readStackFiles(stackFolder);
    refusePaths(id, list);
    files.set(id, list);
    for (const { path, sha256, bytes } of list)
      contents.set(sha256, { bytes, read: () => readFileSync(join(stackFolder, ...path.split("/"))) });
    sources.push(...archiveSourcesOf(id, stackFolder, json));
  }
  const tools = toolsOf(
    stacks.map(({ json }) => json),
    node,
  );
  const lockFile = readLockFile(options.lockFile, contents, stacks);
  const archives = await pack(sources);
  const parts = stacks.map(({ id }) => ({ id, ...partsOf(id) }));
  const manifest = withId({
    format: 1,
    source,
    tools,
    environments: Object.fromEntries(
      [...new Set(parts.map(({ environmentSuffix }) => environmentSuffix))].map((suffix) => [
        suffix,
        parts.filter(({ environmentSuffix }) => environmentSuffix === suffix).map(({ id }) => id),
      ]),
    ),
    stacks: Object.fromEntries(
      parts.map(({ id, environmentSuffix, component, region }) => [
        id,
        { environment: environmentSuffix, component, region, files: files.get(id) ?? [] },
      ]),
    ),
    archives,
    lockFile,
  });
  return { manifest, contents };
}

/** All but bootstrap's, which people apply with credentials of their own: it owns the roles that apply the rest. */
function stacksOf(folder: string) {
  if (!existsSync(join(folder, "manifest.json")))
    throw new CommandError(`${folder} holds nothing that was synthesized: tap synth writes it`);
  const stacks = readCdktfFolder(folder)
    .filter(({ id }) => parseStackId(id)?.component !== "bootstrap")
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const foreign = stacks.filter(({ id }) => parseStackId(id) === undefined).map(({ id }) => id);
  if (foreign.length > 0)
    throw new CommandError(`${foreign.join(", ")}: no stack of this project; its release would be of no environment`);
  if (stacks.length === 0) throw new CommandError(`${folder} has no stack that belongs in a release`);
  return stacks;
}

function partsOf(id: string) {
  return parseStackId(id) as NonNullable<ReturnType<typeof parseStackId>>;
}

function refusePaths(id: string, files: readonly ReleaseFile[]): void {
  const problems = pathProblems(files.map(({ path }) => path));
  if (problems.length > 0) throw new CommandError(problems.map((problem) => `${id} has ${problem}`).join("\n"));
}

function readLockFile(
  path: string | undefined,
  contents: Map<string, Content>,
  stacks: ReturnType<typeof stacksOf>,
): Manifest["lockFile"] {
  if (path === undefined) return null;
  const text = checkLockFile(
    path,
    stacks.map(({ json }) => json),
  );
  const lockFile = { sha256: hashOf(text), bytes: Buffer.byteLength(text) };
  contents.set(lockFile.sha256, { bytes: lockFile.bytes, read: () => Buffer.from(text) });
  return lockFile;
}

async function storeAll(
  store: ReleaseStore,
  contents: ReadonlyMap<string, Content>,
  onObject: CreateOptions["onObject"],
): Promise<{ stored: number; mended: string[] }> {
  const result = { stored: 0, mended: [] as string[] };
  let done = 0;
  await inParallel([...contents], async ([sha256, { read }]) => {
    const content = read();
    if (hashOf(content) !== sha256)
      throw new CommandError("What was synthesized has changed meanwhile: run tap release create again");
    const key = objectKey(sha256);
    const put = await store.put(key, content);
    if (put === "stored") result.stored += 1;
    if (put === "mended") result.mended.push(key);
    done += 1;
    onObject?.(done, contents.size);
  });
  return result;
}

/** What was collected while this ran is put back. */
async function putBackMissing(
  store: ReleaseStore,
  folder: string,
  contents: ReadonlyMap<string, Content>,
): Promise<void> {
  const there = new Set((await store.list("objects/")).map(({ key }) => key));
  const missing = [...contents].filter(([sha256]) => !there.has(objectKey(sha256)));
  for (const [sha256, { read }] of missing) {
    const content = read();
    if (hashOf(content) !== sha256) throw new CommandError(`${folder} has changed meanwhile: run the same again`);
    await store.put(objectKey(sha256), content);
  }
}
