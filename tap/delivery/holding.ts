import { randomBytes } from "node:crypto";
import { CommandError } from "../context";
import { type EnvironmentRecord, type Ledger, LedgerConflict, LedgerUnreachable } from "./ledger";
import type { Identity } from "./run";

/** Time, so that tests can pass it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls again and again, until what it returns is called. */
  every(milliseconds: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every: (milliseconds, run) => {
    const timer = setInterval(run, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** The lease was taken over: somebody else has the environment, and nothing more may be done or recorded. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

export interface HoldingOptions {
  readonly ledger: Ledger;
  readonly environment: string;
  readonly by: Identity;
  /** What for: `promote 4f1c…`. */
  readonly purpose: string;
  readonly leaseMilliseconds: number;
  readonly clock: Clock;
}

/**
 * An environment that this process alone may change. All writes go through it, one after the other, each on the
 * condition that nobody has taken over.
 */
export class Holding {
  readonly #options: HoldingOptions;
  #version: number;
  #record: EnvironmentRecord;
  #queue: Promise<unknown> = Promise.resolve();
  #stopBeating: () => void = () => {};
  readonly #lost = new AbortController();
  /** The one before didn't give it back: its run broke off, or it sleeps and may wake up. */
  readonly tookOver: boolean;

  private constructor(options: HoldingOptions, version: number, record: EnvironmentRecord, tookOver: boolean) {
    this.#options = options;
    this.#version = version;
    this.#record = record;
    this.tookOver = tookOver;
  }

  /** Takes the lease. @throws CommandError where somebody has it, and says who and until when */
  static async take(options: HoldingOptions): Promise<Holding> {
    const { ledger, by, purpose, leaseMilliseconds, clock, environment } = options;
    const { version, record } = await ledger.read();
    const { lease } = record;
    if (lease.holder !== undefined && clock.now() < lease.expiresAt) throw held(environment, record);
    const taken: EnvironmentRecord = {
      ...record,
      lease: {
        token: lease.token + 1,
        holder: by,
        purpose,
        since: new Date(clock.now()).toISOString(),
        expiresAt: clock.now() + leaseMilliseconds,
      },
      nonce: newNonce(),
    };
    try {
      await ledger.write(taken, version);
    } catch (error) {
      if (!(error instanceof LedgerConflict)) throw error;
      const { record: other } = await ledger.read();
      if (other.nonce !== taken.nonce) throw held(environment, other);
    }
    const holding = new Holding(options, version + 1, taken, lease.holder !== undefined);
    holding.#stopBeating = clock.every(leaseMilliseconds / 3, () => holding.#beat());
    return holding;
  }

  get token(): number {
    return this.#record.lease.token;
  }

  get record(): EnvironmentRecord {
    return this.#record;
  }

  /** Aborted when the lease is lost: what is being done ends as soon as it safely can. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Writes a changed record, and renews the lease with it.
   * @throws LeaseLost, LedgerUnreachable
   */
  update(change: (record: EnvironmentRecord) => Omit<EnvironmentRecord, "nonce" | "lease">): Promise<void> {
    return this.#write(({ lease, ...rest }) => ({
      ...change({ lease, ...rest }),
      lease: { ...lease, expiresAt: this.#options.clock.now() + this.#options.leaseMilliseconds },
    }));
  }

  /** Gives the lease back, where it is still this process's. */
  async release(): Promise<void> {
    this.#stopBeating();
    if (this.#lost.signal.aborted) return;
    await this.#write(({ lease, ...rest }) => ({ ...rest, lease: { token: lease.token + 1, expiresAt: 0 } }));
    this.#lose();
  }

  #beat(): void {
    // A ledger that doesn't answer now may answer before the lease is over; what must not go on without it finds out.
    this.update((record) => record).catch(() => {});
  }

  #write(change: (record: EnvironmentRecord) => Omit<EnvironmentRecord, "nonce">): Promise<void> {
    const next = this.#queue.then(() => this.#swap({ ...change(this.#record), nonce: newNonce() }));
    this.#queue = next.catch(() => {});
    return next;
  }

  async #swap(record: EnvironmentRecord): Promise<void> {
    if (this.#lost.signal.aborted) throw this.#lostError();
    try {
      await this.#options.ledger.write(record, this.#version);
    } catch (error) {
      if (!(error instanceof LedgerUnreachable || error instanceof LedgerConflict)) throw error;
      await this.#find(record, error);
    }
    this.#version += 1;
    this.#record = record;
  }

  /** A write that wasn't answered, or was refused: it may have been made all the same. Whoever can't find out can't go on. */
  async #find(record: EnvironmentRecord, error: LedgerUnreachable | LedgerConflict): Promise<void> {
    const { version, record: found } = await this.#options.ledger.read();
    if (found.nonce === record.nonce) return;
    if (version !== this.#version) throw this.#lose();
    throw error;
  }

  #lose(): LeaseLost {
    this.#stopBeating();
    this.#lost.abort();
    return this.#lostError();
  }

  #lostError(): LeaseLost {
    return new LeaseLost(
      `The lease of ${this.#options.environment} was taken over by another process: this one stops, and records nothing more. What goes on: tap history --env ${this.#options.environment}`,
    );
  }
}

function held(environment: string, { lease: { holder, purpose, since, expiresAt } }: EnvironmentRecord): CommandError {
  if (holder === undefined)
    return new CommandError(
      `Another process had the lease of ${environment} a moment ago, and has given it back: try again. Nothing was changed.`,
    );
  return new CommandError(
    `${holder.who} (${holder.host}, process ${holder.pid}) has the lease of ${environment} since ${since}, for: ${purpose}. It is renewed while that works; where it isn't, it can be taken over after ${new Date(expiresAt).toISOString()}. Nothing was changed.`,
  );
}

function newNonce(): string {
  return randomBytes(8).toString("hex");
}
