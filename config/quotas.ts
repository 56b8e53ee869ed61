import { type Component, components } from "./components";
import type { Environment } from "./environment";
import type { ConfigProblem } from "./errors";

/** Lambda refuses to reserve the last 100 of an account's concurrent executions (Lambda developer guide, reserved concurrency). */
export const unreservedConcurrency = 100;

interface Share {
  readonly environmentSuffix: string;
  readonly amount: number;
}

/**
 * Per account and region, over all environments that are known to exist there: reserved concurrency of
 * all functions, and VPCs, against `accountQuotas` (PLAT-23).
 */
export function quotaProblems(environments: readonly Environment[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const inAccount of groupBy(environments, (environment) => environment.accountId).values()) {
    const regions = [...new Set(inAccount.flatMap((environment) => environment.regionNames))];
    for (const region of regions) {
      const here = inAccount.filter((environment) => environment.regionNames.includes(region));
      const quotas = (inAccount[0] as Environment).accountQuotas;
      const reservable = quotas.concurrentExecutions - unreservedConcurrency - quotas.otherReservedConcurrency;
      problems.push(
        ...exceeded(
          here,
          region,
          "concurrentExecutions",
          (environment) => reservedConcurrency(environment, region),
          reservable,
          `reserved concurrency, of which ${reservable} can be reserved (${quotas.concurrentExecutions} less the ${unreservedConcurrency} that Lambda keeps${quotas.otherReservedConcurrency > 0 ? ` and ${quotas.otherReservedConcurrency} of others` : ""})`,
        ),
        ...exceeded(
          here,
          region,
          "vpcsPerRegion",
          () => 1,
          quotas.vpcsPerRegion - quotas.otherVpcsPerRegion,
          `VPCs, of which ${quotas.vpcsPerRegion - quotas.otherVpcsPerRegion} are allowed (${quotas.vpcsPerRegion} less ${quotas.otherVpcsPerRegion} that are not this project's)`,
        ),
      );
    }
  }
  return problems;
}

/** All that an environment's systems reserve in one region: every `reservedConcurrency` of a component that is deployed there. */
export function reservedConcurrency(environment: Environment, region: string): number {
  return (Object.keys(components) as Component[])
    .filter((component) => components[component].scope === "region" || region === environment.region)
    .map((component) => sumOf((environment as unknown as Record<string, unknown>)[component]))
    .reduce((sum, amount) => sum + amount, 0);
}

function exceeded(
  environments: readonly Environment[],
  region: string,
  quota: "concurrentExecutions" | "vpcsPerRegion",
  amountOf: (environment: Environment) => number,
  limit: number,
  what: string,
): ConfigProblem[] {
  const shares: Share[] = environments.map((environment) => ({
    environmentSuffix: environment.environmentSuffix,
    amount: amountOf(environment),
  }));
  const total = shares.reduce((sum, share) => sum + share.amount, 0);
  if (total <= limit) return [];
  const [first] = environments as [Environment];
  const list = shares.map((share) => `${share.environmentSuffix} ${share.amount}`).join(", ");
  return [
    {
      path: `${first.account.environmentSuffix}.accountQuotas.${quota}`,
      message: `account ${first.accountId} in ${region} would hold ${total} ${what}: ${list}; lower one of them, or raise the quota here once AWS has raised it`,
    },
  ];
}

function sumOf(node: unknown): number {
  if (typeof node !== "object" || node === null) return 0;
  return Object.entries(node)
    .map(([key, value]) => (key === "reservedConcurrency" && typeof value === "number" ? value : sumOf(value)))
    .reduce((sum, amount) => sum + amount, 0);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
