import { type Account, defaultRegion, type Environment, type Neighbour, type RegionSource } from "./environment";
import { type ConfigProblem, didYouMean, refuse } from "./errors";
import type { CheckedEnvironment } from "./schema";
import type { Variables } from "./variables";

/** Adds what depends on the other environments and on the variables: regions, and whose bootstrap the account has. */
export function resolveAll(checked: readonly CheckedEnvironment[], variables: Variables): Environment[] {
  const resolved = checked.map((environment) => resolve(environment, environment.environment, variables));
  refuse(resolved.flatMap(({ problems }) => problems));
  const environments = resolved.map(({ environment }) => environment);
  return environments.map((environment) => ownedBy(environment, environments));
}

/** One environment with its regions; `name` is that of the environment whose settings it has. */
export function resolve(
  checked: CheckedEnvironment,
  name: string,
  variables: Variables,
): { environment: Environment; problems: ConfigProblem[] } {
  const { environment: environmentSuffix, primaryRegion, shortLived: _, ...settings } = checked;
  const { region, source } = primaryRegionOf(primaryRegion, variables);
  const regionNames = Object.keys(settings.regions);
  const problems: ConfigProblem[] = regionNames.includes(region)
    ? []
    : [
        {
          path:
            source === "configuration"
              ? `${environmentSuffix}.primaryRegion`
              : `${environmentSuffix}.primaryRegion (from ${source})`,
          value: region,
          message: `must be one of the environment's regions: ${regionNames.join(", ")}${didYouMean(region, regionNames)}`,
        },
      ];
  // State must be where it was yesterday, whatever a variable says today.
  const stateRegion = primaryRegion ?? (regionNames[0] as string);
  const { secondRegion, failedOverFrom } = settings.recovery;
  const replicaRegion = secondRegion === "none" ? undefined : secondRegion;
  const account: Omit<Account, "releaseSources"> = {
    environmentSuffix,
    region: failedOverFrom ?? stateRegion,
    stateRegion,
    stateReplicaRegion: replicaRegion,
    environmentSuffixes: [environmentSuffix],
    regionNames,
    apiDomains: settings.api.domain === undefined ? [] : [settings.api.domain],
  };
  const itself: Neighbour = {
    environmentSuffix,
    region,
    accountId: settings.accountId,
    account: { environmentSuffix, region: account.region },
  };
  const environment: Environment = {
    ...settings,
    name,
    environmentSuffix,
    region,
    regionSource: source,
    regionNames: [region, ...regionNames.filter((other) => other !== region)],
    dataRegion: failedOverFrom ?? region,
    replicaRegion,
    account: { ...account, releaseSources: [itself] },
    releaseTarget: itself,
  };
  return { environment, problems };
}

function primaryRegionOf(
  configured: string | undefined,
  variables: Variables,
): { region: string; source: RegionSource } {
  if (configured) return { region: configured, source: "configuration" };
  if (variables.AWS_REGION) return { region: variables.AWS_REGION, source: "AWS_REGION" };
  if (variables.AWS_DEFAULT_REGION) return { region: variables.AWS_DEFAULT_REGION, source: "AWS_DEFAULT_REGION" };
  return { region: defaultRegion, source: "default" };
}

/** An account's bootstrap belongs to the first environment that is declared in it, and serves all of them. */
export function ownedBy(environment: Environment, declared: readonly Environment[]): Environment {
  const sharing = declared.filter((other) => other.accountId === environment.accountId);
  const [owner] = sharing;
  if (owner === undefined) return environment;
  const index = declared.findIndex(({ environmentSuffix }) => environmentSuffix === environment.environmentSuffix);
  const next = index < 0 ? undefined : declared[index + 1];
  return {
    ...environment,
    releaseTarget: neighbour(next ?? environment, declared),
    account: {
      ...owner.account,
      environmentSuffixes: sharing.map(({ environmentSuffix }) => environmentSuffix),
      regionNames: [...new Set(sharing.flatMap(({ regionNames }) => regionNames))],
      apiDomains: sharing.flatMap(({ api }) => api.domain ?? []),
      releaseSources: sourcesOf(sharing, declared),
    },
  };
}

/** One that comes before two of them is there once. */
function sourcesOf(sharing: readonly Environment[], declared: readonly Environment[]): Neighbour[] {
  const before = sharing.map((each) => declared[declared.indexOf(each) - 1] ?? each);
  return [...new Set(before)].map((each) => neighbour(each, declared));
}

function neighbour(
  { environmentSuffix, region, accountId, account }: Environment,
  declared: readonly Environment[],
): Neighbour {
  const owner = declared.find((other) => other.accountId === accountId)?.account ?? account;
  return {
    environmentSuffix,
    region,
    accountId,
    account: { environmentSuffix: owner.environmentSuffix, region: owner.region },
  };
}
