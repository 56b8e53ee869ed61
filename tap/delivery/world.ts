import type { ReviewClass } from "../review/classes";
import type { Clock } from "./holding";
import type { Ledger } from "./ledger";
import type { Identity, RecordedEvent, Run } from "./run";
import type { PromotionSteps } from "./steps";

/** What somebody asks for. */
export interface DeliveryRequest {
  readonly kind: "promote" | "rollback";
  readonly environment: string;
  /** To bring in, or to go back to. @default promote: the open run's; rollback: the one before the last good one, or the last good one of a broken run */
  readonly release?: string;
  /** What a promotion brings in where no release is named and no run is open. */
  defaultRelease?(): Promise<string>;
  readonly automaticUpTo: ReviewClass;
  /** A plan that somebody has looked at and agrees to. */
  readonly approval?: { readonly hash: string; readonly approver: string };
  readonly commit?: string;
}

export interface DeliveryWorld {
  readonly ledger: Ledger;
  readonly by: Identity;
  readonly clock: Clock;
  readonly leaseMilliseconds: number;
  /** Of a new run; sorts by time. */
  newRunId(): string;
  /** What is done of a run, made for the process that holds the environment: `signal` says that it doesn't any more. */
  stepsFor(holding: { readonly token: number; readonly signal: AbortSignal }, run: Run): PromotionSteps;
  /** Aborted by Ctrl-C: the step that runs ends, and no other begins. */
  readonly signal?: AbortSignal;
  /** Takes each event when it is recorded. */
  onEvent?(event: RecordedEvent, run: Run): void;
}
