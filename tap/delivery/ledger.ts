import type { Identity, Run } from "./run";

/** Who may change an environment. */
export interface Lease {
  /** Grows with each holder, and with each time that it is given back: what was written under an older one is refused. */
  readonly token: number;
  readonly holder?: Identity;
  /** What it is held for, in a few words. */
  readonly purpose?: string;
  readonly since?: string;
  /** Milliseconds since 1970: another may take it over after that. */
  readonly expiresAt: number;
}

/** A release that was validated in the environment. */
export interface Good {
  readonly release: string;
  readonly runId: string;
  readonly at: string;
}

/**
 * All that has to be true together about an environment, in one item: one conditional write changes lease, run and
 * good release at once, or nothing.
 */
export interface EnvironmentRecord {
  readonly lease: Lease;
  /** The run that isn't finished. */
  readonly run?: Run;
  readonly good?: Good;
  /** Names the write: whoever didn't hear the answer finds out so whether it was made. */
  readonly nonce: string;
}

export interface VersionedRecord {
  /** 0: there is none yet. */
  readonly version: number;
  readonly record: EnvironmentRecord;
}

export const emptyRecord: EnvironmentRecord = { lease: { token: 0, expiresAt: 0 }, nonce: "" };

/** What happened, in the order of time: runs that are finished, and releases that were good. */
export type HistoryEntry = { readonly key: `run#${string}`; readonly run: Run } | GoodEntry;
export type GoodEntry = { readonly key: `good#${string}`; readonly good: Good };

/** The ledger of one environment. */
export interface Ledger {
  /** Where it is, for messages. */
  readonly place: string;
  /** What was written last, by whomever. */
  read(): Promise<VersionedRecord>;
  /** Replaces the record. @throws LedgerConflict where it isn't at that version any more */
  write(record: EnvironmentRecord, expectedVersion: number): Promise<void>;
  /** Adds to the history; what is there under the key stays. */
  append(entry: HistoryEntry): Promise<void>;
  /** The newest first. */
  runs(limit: number): Promise<Run[]>;
  goods(limit: number): Promise<Good[]>;
}

/** Somebody else wrote in between. */
export class LedgerConflict extends Error {
  override readonly name = "LedgerConflict";
}

/** Nothing is known of what the ledger holds, or whether a write was made. */
export class LedgerUnreachable extends Error {
  override readonly name = "LedgerUnreachable";
}
