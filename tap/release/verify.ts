import { ConfigError } from "../../config/errors";
import { CommandError } from "../context";
import { inParallel } from "./in-parallel";
import type { Manifest } from "./manifest";
import { manifestKey } from "./paths";
import { objectsOf, readManifest, readObject, short } from "./read";
import type { ReleaseStore } from "./store";

export interface Verification {
  readonly id: string;
  /** Undefined where it is what is wrong. */
  readonly manifest?: Manifest;
  readonly objects: number;
  readonly bytes: number;
  /** What is wrong, each with where it is; empty for a release that is whole. */
  readonly problems: readonly string[];
}

export interface VerifyOptions {
  /** Environments to look at. @default all of the release */
  readonly environments?: readonly string[];
  /** Called with each object that is as it should be. */
  onObject?(sha256: string, content: Uint8Array, done: number, all: number): void | Promise<void>;
}

/** Reads all of a release, and says everything that isn't as it was when it was made. */
export async function verifyRelease(
  store: ReleaseStore,
  id: string,
  { environments, onObject }: VerifyOptions = {},
): Promise<Verification> {
  let manifest: Manifest;
  try {
    manifest = await readManifest(store, id);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { id, objects: 0, bytes: 0, problems: [error.message] };
  }
  refuseUnknown(manifest, environments);
  const objects = objectsOf(manifest, environments);
  const known = new Set(objectsOf(manifest).map(({ sha256 }) => sha256));
  const problems = await foreignFiles(store, id);
  let done = 0;
  await inParallel(objects, async (object) => {
    const read = await readObject(store, object, known);
    done += 1;
    if ("problem" in read) problems.push(read.problem);
    else await onObject?.(object.sha256, read.content, done, objects.length);
  });
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  return { id, manifest, objects: objects.length, bytes, problems: problems.sort() };
}

/**
 * The same for whoever goes on with it.
 * @throws CommandError with all that is wrong, and what to do
 */
export async function requireWhole(
  store: ReleaseStore,
  id: string,
  options: VerifyOptions = {},
): Promise<Verification & { readonly manifest: Manifest }> {
  const { manifest, ...verification } = await verifyRelease(store, id, options);
  if (manifest === undefined || verification.problems.length > 0)
    throw new CommandError(brokenText(store, { ...verification, ...(manifest && { manifest }) }));
  return { ...verification, manifest };
}

/** On a terminal; --json has all. */
const shownProblems = 20;

/** What is wrong with a release, and what to do. */
export function brokenText(store: ReleaseStore, { id, manifest, problems }: Verification): string {
  const more = problems.length - shownProblems;
  const commit = manifest?.source.commit;
  const again = commit ? `at commit ${short(commit)}` : "from its source";
  return [
    `Release ${short(id)} of ${store.location} isn't whole:`,
    ...problems.slice(0, shownProblems).map((problem) => `  ${problem.replaceAll("\n", "\n  ")}`),
    ...(more > 0 ? [`  and ${more} more, which tap release verify --json lists`] : []),
    `Nothing goes on with it. To mend it: tap release copy ${short(id)} --from <a store that has it whole> --to ${store.location}, or tap release create --store ${store.location} ${again}: either puts back what is missing, and replaces what is wrong.`,
  ].join("\n");
}

async function foreignFiles(store: ReleaseStore, id: string): Promise<string[]> {
  const keys = (await store.list(`releases/${id}/`)).map(({ key }) => key);
  return keys
    .filter((key) => key !== manifestKey(id))
    .map((key) => `${store.locate(key)} belongs to no release: remove it, once it is known who put it there`);
}

function refuseUnknown({ id, environments: known }: Manifest, wanted: readonly string[] = []): void {
  const problems = wanted
    .filter((name) => !Object.hasOwn(known, name))
    .map((value) => ({
      path: "--env",
      value,
      message: `is no environment of release ${short(id)}, which has ${Object.keys(known).join(", ")}`,
    }));
  if (problems.length > 0) throw new ConfigError(problems);
}
