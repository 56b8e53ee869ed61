import { deliveryNames } from "../../config/delivery";
import { ConfigError } from "../../config/errors";
import { type Context, loadConfiguration } from "../context";
import type { SelectionOptions } from "../selection";
import { openStore, type ReleaseStore, type StoreOptions } from "./store";

export interface StoreSelection extends SelectionOptions {
  store?: string;
  profile?: string;
}

/** The store that is meant: `--store`, else that of the environment of `--env`, else TAP_RELEASE_STORE, else the first environment's. */
export async function selectedStore(
  context: Context,
  selection: StoreSelection,
  options: Pick<StoreOptions, "mustExist"> = { mustExist: true },
): Promise<ReleaseStore> {
  const { profile, region, location } = storeLocation(context, selection);
  return openStore(context, location, {
    ...options,
    ...(profile === undefined ? {} : { profile }),
    ...(region === undefined ? {} : { region }),
  });
}

function storeLocation(
  context: Context,
  selection: StoreSelection,
): { location: string; profile?: string; region?: string } {
  const { store, profile } = selection;
  const isNamed = selection.environment !== undefined || selection.environmentSuffix !== undefined;
  const given = store ?? (isNamed ? undefined : context.variables.TAP_RELEASE_STORE || undefined);
  const named = profile === undefined ? {} : { profile };
  if (given !== undefined) return { location: given, ...named };
  const { environments } = loadConfiguration(context, selection);
  const [environment] = environments;
  if (environment === undefined || (isNamed && environments.length > 1))
    throw new ConfigError([{ path: "--env", message: "must name one environment: each has a store of its own" }]);
  const { releaseBucketName } = deliveryNames(environment);
  return { location: `s3://${releaseBucketName}`, region: environment.region, ...named };
}
