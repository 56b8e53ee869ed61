import { ConfigError } from "../../config/errors";
import { CommandError } from "../context";
import { hashOf, type Manifest, parseManifest } from "./manifest";
import { manifestKey, objectKey } from "./paths";
import type { ReleaseStore } from "./store";

/**
 * The manifest of a release, checked against its id.
 * @throws CommandError where it isn't there, or isn't what it was
 */
export async function readManifest(store: ReleaseStore, id: string): Promise<Manifest> {
  const key = manifestKey(id);
  const text = await store.read(key);
  if (text === undefined)
    throw new CommandError(`${store.locate(key)} isn't there: ${store.location} has no release ${short(id)}`);
  return parseManifest(text, id, store.locate(key));
}

export interface ListedRelease {
  readonly id: string;
  readonly storedAt: Date;
}

/** Releases of a store, the newest first. */
export async function listReleases(store: ReleaseStore): Promise<ListedRelease[]> {
  const manifests = (await store.list("releases/")).flatMap(({ key, storedAt }) => {
    const id = /^releases\/([0-9a-f]{64})\/manifest\.json$/.exec(key)?.[1];
    return id === undefined ? [] : [{ id, storedAt }];
  });
  return manifests.sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime() || (a.id < b.id ? -1 : 1));
}

/**
 * The release that an id or its beginning names.
 * @throws ConfigError where none or several begin so
 */
export async function resolveId(store: ReleaseStore, prefix: string): Promise<string> {
  const refuse = (message: string) => new ConfigError([{ path: "release", value: prefix, message }]);
  if (!/^[0-9a-f]{4,64}$/.test(prefix))
    throw refuse("is no release's id: wanted are 4 to 64 hex digits, as tap release list shows them");
  const found = (await listReleases(store)).map(({ id }) => id).filter((id) => id.startsWith(prefix));
  if (found.length === 1) return found[0] as string;
  throw refuse(
    found.length === 0
      ? `is no release of ${store.location}; tap release list shows which there are`
      : `is the beginning of several releases, ${found.map((id) => short(id, prefix.length + 4)).join(", ")}: give more of it`,
  );
}

export function short(id: string, digits = 12): string {
  return id.slice(0, digits);
}

/** An object's content, or what is wrong with it. */
export async function readObject(
  store: ReleaseStore,
  { sha256, bytes }: { readonly sha256: string; readonly bytes: number },
  /** What the release has under which hash: to tell what was swapped. */
  known: ReadonlySet<string> = new Set(),
): Promise<{ content: Uint8Array } | { problem: string }> {
  const where = store.locate(objectKey(sha256));
  const content = await store.read(objectKey(sha256)).catch((error: unknown) => {
    if (error instanceof CommandError) return error;
    throw error;
  });
  if (content instanceof CommandError) return { problem: content.message };
  if (content === undefined) return { problem: `${where} isn't there` };
  const hash = hashOf(content);
  if (hash === sha256) return { content };
  if (known.has(hash)) return { problem: `${where} holds what belongs into ${store.locate(objectKey(hash))}` };
  if (content.length < bytes) return { problem: `${where} has ${content.length} bytes, where it had ${bytes}` };
  return { problem: `${where} isn't what it was: its SHA-256 is ${hash}` };
}

/** Objects that a release, or some of its environments, are made of. */
export function objectsOf(
  manifest: Manifest,
  environments: readonly string[] = Object.keys(manifest.environments),
): { readonly sha256: string; readonly bytes: number }[] {
  const files = Object.values(manifest.stacks)
    .filter(({ environment }) => environments.includes(environment))
    .flatMap((stack) => stack.files);
  const all = [...files, ...(manifest.lockFile === null ? [] : [manifest.lockFile])];
  return [...new Map(all.map(({ sha256, bytes }) => [sha256, { sha256, bytes }])).values()];
}
