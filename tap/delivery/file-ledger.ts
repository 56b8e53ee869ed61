import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import { writeWhole } from "../files";
import { acquire } from "../lock";
import {
  emptyRecord,
  type Good,
  type HistoryEntry,
  type Ledger,
  LedgerConflict,
  LedgerUnreachable,
  type VersionedRecord,
} from "./ledger";
import type { Run } from "./run";

interface Content extends VersionedRecord {
  readonly history: readonly HistoryEntry[];
}

/** A write takes milliseconds. */
const longestWaitMilliseconds = 10_000;

/** A ledger in a file, for one machine: each write replaces the file, under a lock. */
export class FileLedger implements Ledger {
  readonly place: string;
  readonly #folder: string;

  constructor(folder: string, environment: string) {
    this.#folder = join(folder, environment);
    this.place = join(this.#folder, "ledger.json");
  }

  async read(): Promise<VersionedRecord> {
    const { version, record } = this.#content();
    return { version, record };
  }

  write(record: VersionedRecord["record"], expectedVersion: number): Promise<void> {
    return this.#change((content) => {
      if (content.version !== expectedVersion)
        throw new LedgerConflict(`${this.place} is at version ${content.version}, and not at ${expectedVersion}`);
      return { ...content, version: expectedVersion + 1, record };
    });
  }

  append(entry: HistoryEntry): Promise<void> {
    return this.#change((content) =>
      content.history.some(({ key }) => key === entry.key)
        ? content
        : { ...content, history: [...content.history, entry] },
    );
  }

  async runs(limit: number): Promise<Run[]> {
    const runs = this.#content().history.flatMap((entry) => ("run" in entry ? [entry.run] : []));
    return newest(runs, ({ id }) => id, limit);
  }

  async goods(limit: number): Promise<Good[]> {
    const goods = this.#content().history.flatMap((entry) => ("good" in entry ? [entry.good] : []));
    return newest(goods, ({ runId }) => runId, limit);
  }

  #content(): Content {
    if (!existsSync(this.place)) return { version: 0, record: emptyRecord, history: [] };
    try {
      return JSON.parse(readFileSync(this.place, "utf8")) as Content;
    } catch (error) {
      throw new LedgerUnreachable(`The ledger ${this.place} can't be read: ${(error as Error).message}`);
    }
  }

  async #change(change: (content: Content) => Content): Promise<void> {
    const release = await this.#lock();
    try {
      const before = this.#content();
      const after = change(before);
      if (after !== before) writeWhole(this.place, JSON.stringify(after));
    } finally {
      release();
    }
  }

  async #lock(): Promise<() => void> {
    const deadline = Date.now() + longestWaitMilliseconds;
    for (;;) {
      try {
        return acquire(this.#folder, "A write to the ledger");
      } catch (error) {
        if (!(error instanceof CommandError))
          throw new LedgerUnreachable(`The ledger ${this.place} can't be written: ${(error as Error).message}`);
        if (Date.now() > deadline)
          throw new LedgerUnreachable(`The ledger ${this.place} can't be written: ${error.message}`);
        await new Promise((resolve) => setTimeout(resolve, 5 + (randomBytes(1)[0] ?? 0) / 16));
      }
    }
  }
}

function newest<T>(entries: readonly T[], keyOf: (entry: T) => string, limit: number): T[] {
  return entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1)).slice(0, limit);
}
