import { canonical, contentOf, type Manifest } from "./manifest";
import { manifestKey, objectKey } from "./paths";
import type { ReleaseStore } from "./store";
import { requireWhole } from "./verify";

export interface Copied {
  readonly manifest: Manifest;
  readonly objects: number;
  readonly bytes: number;
  /** Objects that the target didn't have. */
  readonly stored: number;
  /** What the target had, and had wrong. */
  readonly mended: readonly string[];
}

/**
 * Copies a release from one store to another, each with credentials of its own: verified as it is read, its manifest
 * last, and verified where it then is.
 */
export async function copyRelease(
  from: ReleaseStore,
  to: ReleaseStore,
  id: string,
  onObject?: (done: number, all: number) => void,
): Promise<Copied> {
  const mended: string[] = [];
  let stored = 0;
  const { manifest, objects, bytes } = await requireWhole(from, id, {
    onObject: async (sha256, content, done, all) => {
      const put = await to.put(objectKey(sha256), content);
      if (put === "stored") stored += 1;
      if (put === "mended") mended.push(objectKey(sha256));
      onObject?.(done, all);
    },
  });
  const put = await to.put(manifestKey(id), Buffer.from(canonical(contentOf(manifest))));
  if (put === "mended") mended.push(manifestKey(id));
  await requireWhole(to, id);
  return { manifest, objects, bytes, stored, mended };
}
