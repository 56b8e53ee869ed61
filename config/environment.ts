import type { CheckedEnvironment } from "./schema";
import type { ApiDomain } from "./systems";

/** Where an environment's primary region came from (STR-08), in the order in which they are asked. */
export type RegionSource = "configuration" | "AWS_REGION" | "AWS_DEFAULT_REGION" | "default";

/** What is the account's, and not one environment's. */
export interface Account {
  /** The environment that the bootstrap belongs to: the first that is declared in the account. */
  readonly environmentSuffix: string;
  /** Where roles and boundaries are, and states but for the time of a failover: that environment's configured primary region, else the first of its regions; never one from a variable. */
  readonly region: string;
  /** Where states are read and written: `region`, or where the environment has failed over to. */
  readonly stateRegion: string;
  /** Where states are replicated to, if they are (PLAT-14). */
  readonly stateReplicaRegion: string | undefined;
  /** All environments that are declared in the account. */
  readonly environmentSuffixes: readonly string[];
  /** All their regions. */
  readonly regionNames: readonly string[];
  /** Domains of all their APIs. */
  readonly apiDomains: readonly ApiDomain[];
  /** Where each of them takes releases from: the environment that is declared before it, or for the first one itself. */
  readonly releaseSources: readonly Neighbour[];
}

/** What an environment knows of the one before or behind it on a release's way: whose roles it has to do with. */
export interface Neighbour {
  readonly environmentSuffix: string;
  /** Primary region. */
  readonly region: string;
  readonly accountId: string;
  /** Whose bootstrap its account has, and where. */
  readonly account: Pick<Account, "environmentSuffix" | "region">;
}

/** Where nothing names a region. */
export const defaultRegion = "us-east-1";

/** One environment as stacks take it: checked, its regions and its account resolved. */
export interface Environment extends Omit<CheckedEnvironment, "environment" | "primaryRegion" | "shortLived"> {
  /** The environment whose settings these are: `dev` for `pr12`. */
  readonly name: string;
  /** Its segment in every name, tag, path and export: `dev`, `pr12`. */
  readonly environmentSuffix: string;
  /** Primary region. */
  readonly region: string;
  readonly regionSource: RegionSource;
  /** All regions, the primary one first. */
  readonly regionNames: readonly string[];
  /** Where the data of what exists once were made, and after which they are named: the primary region, but for the time of a failover. */
  readonly dataRegion: string;
  /** Where they are replicated to, if they are (PLAT-14). */
  readonly replicaRegion: string | undefined;
  readonly account: Account;
  /** Where its releases go on to: the environment that is declared behind it; the last one, and one that isn't declared, itself. */
  readonly releaseTarget: Neighbour;
}

/** `primary`, `secondary`, then `region3`, …: the same word in all environments, whatever their regions are. */
export function regionRole(environment: Environment, region: string): string {
  const index = environment.regionNames.indexOf(region);
  if (index < 0)
    throw new RangeError(
      `${environment.environmentSuffix} has no region ${region}; it has ${environment.regionNames.join(", ")}`,
    );
  return ["primary", "secondary"][index] ?? `region${index + 1}`;
}
