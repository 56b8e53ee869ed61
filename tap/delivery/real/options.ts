import type { BackendSettings } from "../../../config/backend";
import type { Environment } from "../../../config/environment";
import type { Severity } from "../../audit/rule";
import type { Context } from "../../context";
import type { ReleaseStore } from "../../release";
import type { AwsAccess } from "../aws";
import type { Ledger } from "../ledger";
import type { Run } from "../run";
import type { SmokeCheck } from "../validation/smoke";

/** What the steps work with; all that differs between an account and a machine comes in here. */
export interface RealOptions {
  readonly context: Context;
  readonly environment: Environment;
  readonly backend: BackendSettings;
  /** The environment that a release comes from; undefined for the first. */
  readonly before?: { readonly environment: Environment; readonly ledger: Ledger };
  /** Store of the environment. */
  readonly store: ReleaseStore;
  /** Where releases come from. */
  readonly from: ReleaseStore;
  readonly access: AwsAccess;
  /** Folder for what a run needs on this machine. */
  readonly work: string;
  readonly backendConfig: readonly string[];
  /** Role that Terraform works under, in place of the deploy role. */
  readonly providerRoleArn?: string;
  readonly parallelism?: number;
  readonly takeover: TakeoverOptions;
  readonly auditFailOn: Severity;
  readonly validation: ValidationOptions;
  /** Plans without locks, and writes no state: to look. @default false */
  readonly readOnly?: boolean;
}

export interface TakeoverOptions {
  /** How long Terraform's locks are waited for. */
  readonly lockWaitSeconds: number;
  /** Denies the deploy role's older sessions everything, before locks are forced. */
  readonly cutOffRoleSessions: boolean;
  readonly forceUnlock: boolean;
}

export interface ValidationOptions {
  /** @default those that the stacks' own JSON tells of */
  readonly smoke?: readonly SmokeCheck[];
  readonly smokePatienceSeconds: number;
  readonly alarmWindowSeconds: number;
  readonly alarmPatienceSeconds: number;
  readonly ignoredAlarms: readonly string[];
}

/** What one process does of one run. */
export interface Session {
  readonly run: Run;
  readonly token: number;
  readonly signal: AbortSignal;
  /** Takes a line about what is being done. */
  say(text: string): void;
}
