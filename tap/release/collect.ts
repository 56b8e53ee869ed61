import { CommandError } from "../context";
import { manifestKey, objectKey } from "./paths";
import { listReleases, objectsOf, readManifest, short } from "./read";
import type { ReleaseStore, StoredObject } from "./store";

export interface CollectOptions {
  /** How many of the newest stay. */
  readonly keep: number;
  /** Releases that stay whatever their age. */
  readonly keepIds?: readonly string[];
  /** Removes nothing, and says what would go. */
  readonly dryRun?: boolean;
}

export interface Collected {
  readonly kept: readonly string[];
  readonly removed: readonly string[];
  /** What should have gone, and why it couldn't. */
  readonly held: readonly { readonly key: string; readonly why: string }[];
  /** Objects that no release needs any more. */
  readonly objects: number;
  readonly bytes: number;
}

/** A run that is making a release has put objects that no manifest names yet: what is younger than this stays. */
const graceMilliseconds = 24 * 3_600_000;

/** Removes old releases, manifests first, and then the objects that none is made of. */
export async function collectReleases(store: ReleaseStore, options: CollectOptions): Promise<Collected> {
  const { keep, keepIds = [], dryRun = false } = options;
  const releases = await listReleases(store);
  const old = releases.filter(({ id }, index) => index >= keep && !keepIds.includes(id)).map(({ id }) => id);
  // Before anything goes: what can't be read may need any object.
  await neededObjects(
    store,
    releases.map(({ id }) => id),
  );
  const held: { key: string; why: string }[] = [];
  const remove = async (key: string): Promise<boolean> => {
    const why = dryRun ? undefined : await store.remove(key);
    if (why !== undefined) held.push({ key, why });
    return why === undefined;
  };
  const removed: string[] = [];
  for (const id of old) if (await remove(manifestKey(id))) removed.push(id);
  // Asked again: another run may have made a release meanwhile.
  const kept = (await listReleases(store)).map(({ id }) => id).filter((id) => !removed.includes(id));
  const unneeded = await unneededObjects(store, await neededObjects(store, kept));
  const gone: StoredObject[] = [];
  for (const object of unneeded) if (await remove(object.key)) gone.push(object);
  if (!dryRun) await store.tidy();
  return { kept, removed, held, objects: gone.length, bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function neededObjects(store: ReleaseStore, ids: readonly string[]): Promise<Set<string>> {
  const needed = new Set<string>();
  const problems: string[] = [];
  for (const id of ids) {
    try {
      for (const { sha256 } of objectsOf(await readManifest(store, id))) needed.add(objectKey(sha256));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      problems.push(`${short(id)}: ${error.message}`);
    }
  }
  if (problems.length > 0)
    throw new CommandError(
      `${problems.join("\n")}\nWhich objects belong to it can't be told, so that nothing was removed. tap release copy or tap release create mends it.`,
    );
  return needed;
}

async function unneededObjects(store: ReleaseStore, needed: ReadonlySet<string>): Promise<StoredObject[]> {
  const isOld = ({ storedAt }: StoredObject) => Date.now() - storedAt.getTime() > graceMilliseconds;
  return (await store.list("objects/")).filter((object) => !needed.has(object.key) && isOld(object));
}
