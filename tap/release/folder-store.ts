import { randomUUID } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CommandError } from "../context";
import { isKey } from "./paths";
import type { ReleaseStore, StoredObject } from "./store";

/** What a killed run left there is removed once no run can still be on it. */
const abandonedAfterMilliseconds = 24 * 3_600_000;

/** Releases in a folder: files that are there whole or not at all, and that nobody writes to. */
export class FolderStore implements ReleaseStore {
  constructor(readonly location: string) {}

  locate(key: string): string {
    return join(this.location, ...key.split("/"));
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    this.#refuseLinks(key);
    let file: number;
    try {
      // A link is nothing that this store has made: it may lead to what others can change.
      file = openSync(this.#pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      throw new CommandError(
        code === "ELOOP" || code === "EMLINK"
          ? isLink(this.locate(key))
          : `${this.locate(key)} can't be read: ${message}`,
      );
    }
    try {
      if (!fstatSync(file).isFile()) throw new CommandError(`${this.locate(key)} is no file`);
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  }

  async put(key: string, content: Uint8Array): Promise<"stored" | "kept" | "mended"> {
    const path = this.#pathOf(key);
    const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    if (isThere && (await this.#holds(key, content))) {
      // As new: what is collected now leaves it.
      utimesSync(path, new Date(), new Date());
      return "kept";
    }
    this.#refuseLinks(key);
    const made = mkdirSync(dirname(path), { recursive: true });
    if (made !== undefined) syncFolder(dirname(made));
    mkdirSync(join(this.location, "tmp"), { recursive: true });
    const temporary = join(this.location, "tmp", `${process.pid}-${randomUUID()}`);
    writeSynced(temporary, content);
    renameSync(temporary, path);
    syncFolder(dirname(path));
    return isThere ? "mended" : "stored";
  }

  async list(prefix: string): Promise<StoredObject[]> {
    const top = prefix.split("/")[0] as string;
    const folder = join(this.location, top);
    if (!existsSync(folder)) return [];
    if (lstatSync(folder).isSymbolicLink()) throw new CommandError(isLink(folder));
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({
        path,
        key: path
          .slice(this.location.length + 1)
          .split("\\")
          .join("/"),
      }))
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .flatMap(({ path, key }) => {
        const stats = lstatSync(path, { throwIfNoEntry: false });
        return stats === undefined ? [] : [{ key, bytes: stats.size, storedAt: stats.mtime }];
      });
  }

  async remove(key: string): Promise<string | undefined> {
    try {
      rmSync(this.#pathOf(key));
      const [top, id] = key.split("/");
      if (top === "releases") rmSync(join(this.location, "releases", id as string), { recursive: true });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async tidy(): Promise<void> {
    const folder = join(this.location, "tmp");
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      const changed = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - changed > abandonedAfterMilliseconds) rmSync(join(folder, name), { force: true });
    }
  }

  /** Not so where it can't be read: a link there is replaced, and not followed. */
  async #holds(key: string, content: Uint8Array): Promise<boolean> {
    const there = await this.read(key).catch((error: unknown) => {
      if (error instanceof CommandError) return undefined;
      throw error;
    });
    return there !== undefined && Buffer.from(there).equals(content);
  }

  #pathOf(key: string): string {
    if (!isKey(key)) throw new Error(`${JSON.stringify(key)} is no key of a store`);
    return this.locate(key);
  }

  /** Folders on the way to a key, below the store's own. */
  #refuseLinks(key: string): void {
    const parts = key.split("/").slice(0, -1);
    for (const index of parts.keys()) {
      const folder = join(this.location, ...parts.slice(0, index + 1));
      if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) throw new CommandError(isLink(folder));
    }
  }
}

function isLink(path: string): string {
  return `${path} is a symbolic link: releases are kept in files that nothing else leads to. Remove it, once it is known who put it there`;
}

/** On the disk before it has its name: what was begun is never taken for what is whole. */
function writeSynced(path: string, content: Uint8Array): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(path, 0o444);
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
