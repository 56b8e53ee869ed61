import { overlapping } from "./cidr";
import { dev } from "./dev";
import { defaultRegion, type Environment, type RegionSource } from "./environment";
import { ConfigError, type ConfigProblem, didYouMean, refuse } from "./errors";
import { prod } from "./prod";
import { quotaProblems } from "./quotas";
import type { CheckedEnvironment, EnvironmentConfig } from "./schema";
import { regionPattern } from "./schema";
import { staging } from "./staging";
import { addressProblem, profileProblems, shortLivedEnvironment, suffixProblem } from "./suffix";
import { validateEnvironment } from "./validate";

/** The environments that synthesize by default, in the order in which a release moves through them. */
export const sources: readonly EnvironmentConfig[] = [dev, staging, prod];

/** Which environments are wanted. Nothing given: all that config/ declares. */
export interface Selection {
  /** Names of declared environments, or suffixes of short-lived ones. */
  environmentSuffix?: string | readonly string[];
  /** The same thing by its other name (STR-08); given both, they must agree. */
  environment?: string | readonly string[];
}

export interface LoadOptions extends Selection {
  /** What to read instead of config/. */
  sources?: readonly unknown[];
  /** Environment variables: ENVIRONMENT, ENVIRONMENT_SUFFIX, AWS_REGION, AWS_DEFAULT_REGION, TAP_{ENVIRONMENT}_ACCOUNT_ID. */
  variables?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads, checks and resolves the configuration before any stack is built.
 * @throws ConfigError with everything that is wrong
 */
export function loadEnvironments(options: LoadOptions = {}): Environment[] {
  const variables = options.variables ?? {};
  const checked = checkSources(options.sources ?? sources, variables);
  const declared = resolveAll(checked, variables);
  const wanted = wantedSuffixes(options, variables, declared);
  const { selected, added } = select(wanted, checked, declared, variables);
  const known = [...declared, ...declaredSuffixes(checked, declared, variables)];
  const undeclared = added.filter(
    (environment) => !known.some((other) => other.environmentSuffix === environment.environmentSuffix),
  );
  refuse(quotaProblems([...known, ...undeclared]));
  return selected;
}

function checkSources(given: readonly unknown[], variables: Record<string, string | undefined>): CheckedEnvironment[] {
  const results = given.map((source, index) =>
    validateEnvironment(withAccountOverride(source, variables), labelOf(source, index)),
  );
  const valid = results.flatMap((result) => (result.ok ? [result.value] : []));
  refuse([
    ...results.flatMap((result) => (result.ok ? [] : result.problems)),
    ...valid.flatMap(regionKeyProblems),
    ...valid.flatMap(profileProblems),
    ...accountVariableProblems(given, variables),
    ...sameNameProblems(valid),
    ...sharedAccountProblems(valid),
    ...overlapProblems(valid),
  ]);
  return valid;
}

function labelOf(source: unknown, index: number): string {
  const name = (source as { environment?: unknown } | undefined)?.environment;
  return typeof name === "string" && name !== "" ? name : `environment ${index + 1}`;
}

function accountVariable(environment: string): string {
  return `TAP_${environment.toUpperCase()}_ACCOUNT_ID`;
}

function withAccountOverride(source: unknown, variables: Record<string, string | undefined>): unknown {
  const name = (source as { environment?: unknown } | undefined)?.environment;
  const override = typeof name === "string" ? variables[accountVariable(name)] : undefined;
  return override ? { ...(source as object), accountId: override } : source;
}

function accountVariableProblems(
  given: readonly unknown[],
  variables: Record<string, string | undefined>,
): ConfigProblem[] {
  const valid = given.map((source, index) => accountVariable(labelOf(source, index)));
  return Object.keys(variables)
    .filter((name) => /^TAP_.*_ACCOUNT_ID$/.test(name) && !valid.includes(name))
    .map((name) => ({
      path: name,
      message: `names no environment of config/${didYouMean(name, valid)}; valid are ${valid.join(", ")}`,
    }));
}

function regionKeyProblems({ environment, regions }: CheckedEnvironment): ConfigProblem[] {
  return Object.entries(regions).flatMap(([region, { zoneIds }]) => {
    const path = `${environment}.regions.${region}`;
    if (!regionPattern.test(region)) return [{ path, message: "is no commercial AWS region, e.g. us-east-1" }];
    return zoneIds
      .filter((zoneId) => !zoneId.startsWith(`${zonePrefix(region)}-az`))
      .map((zoneId) => ({
        path: `${path}.zoneIds`,
        value: zoneId,
        message: `is no zone of ${region}; its ids start with ${zonePrefix(region)}-az`,
      }));
  });
}

/** `use1` of us-east-1, `apse2` of ap-southeast-2: how zone ids of a region start. */
function zonePrefix(region: string): string {
  const [area = "", direction = "", number = ""] = region.split("-");
  const letters = direction.replaceAll(/north|south|east|west|central/g, (word) => word.charAt(0));
  return `${area}${letters}${number}`;
}

function sameNameProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  const names = environments.flatMap(({ environment, shortLived }) => [environment, ...(shortLived?.suffixes ?? [])]);
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => ({
        path: "environment",
        value: name,
        message: "is declared twice; each environment and each suffix has a name of its own",
      })),
    ...environments
      .filter(({ shortLived }) => shortLived !== undefined)
      .slice(1)
      .map(({ environment }) => ({
        path: `${environment}.shortLived`,
        message: "stands in a second environment; short-lived ones are made from one",
      })),
  ];
}

function sharedAccountProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  return environments.flatMap((environment, index) =>
    environments
      .slice(0, index)
      .filter(
        (other) => other.accountId === environment.accountId && !(other.sharedAccount && environment.sharedAccount),
      )
      .map((other) => ({
        path: `${environment.environment}.accountId`,
        value: environment.accountId,
        message: `is the account of ${other.environment} too; give it one of its own, or set sharedAccount: true in both`,
      })),
  );
}

function overlapProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  const ranges = environments.flatMap(({ environment, regions, shortLived }) => [
    ...Object.entries(regions).map(([region, { cidrBlock }]) => ({
      path: `${environment}.regions.${region}.cidrBlock`,
      cidr: cidrBlock,
    })),
    ...(shortLived ? [{ path: `${environment}.shortLived.cidrPool`, cidr: shortLived.cidrPool }] : []),
  ]);
  return overlapping(ranges).map(([range, other]) => ({
    path: range.path,
    value: range.cidr,
    message: `overlaps ${other.path} (${other.cidr}); ranges overlap nowhere`,
  }));
}

/** Adds what depends on the other environments and on the variables: regions, and whose bootstrap the account has. */
function resolveAll(
  checked: readonly CheckedEnvironment[],
  variables: Record<string, string | undefined>,
): Environment[] {
  const resolved = checked.map((environment) => resolve(environment, environment.environment, variables));
  refuse(resolved.flatMap(({ problems }) => problems));
  const environments = resolved.map(({ environment }) => environment);
  return environments.map((environment) => ownedBy(environment, environments));
}

function resolve(
  checked: CheckedEnvironment,
  name: string,
  variables: Record<string, string | undefined>,
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
  const environment: Environment = {
    ...settings,
    name,
    environmentSuffix,
    region,
    regionSource: source,
    regionNames: [region, ...regionNames.filter((other) => other !== region)],
    account: { environmentSuffix, region },
  };
  return { environment, problems };
}

function primaryRegionOf(
  configured: string | undefined,
  variables: Record<string, string | undefined>,
): { region: string; source: RegionSource } {
  if (configured) return { region: configured, source: "configuration" };
  if (variables.AWS_REGION) return { region: variables.AWS_REGION, source: "AWS_REGION" };
  if (variables.AWS_DEFAULT_REGION) return { region: variables.AWS_DEFAULT_REGION, source: "AWS_DEFAULT_REGION" };
  return { region: defaultRegion, source: "default" };
}

function ownedBy(environment: Environment, declared: readonly Environment[]): Environment {
  const owner = declared.find((other) => other.accountId === environment.accountId) ?? environment;
  return { ...environment, account: { environmentSuffix: owner.environmentSuffix, region: owner.region } };
}

/** What was asked for, by either name: options first, then variables. Undefined: all that is declared. */
function wantedSuffixes(
  options: Selection,
  variables: Record<string, string | undefined>,
  declared: readonly Environment[],
): { suffixes: string[]; where: string } | undefined {
  const fromOptions = agreeing(
    listOf(options.environment),
    "environment",
    listOf(options.environmentSuffix),
    "environmentSuffix",
  );
  const fromVariables = agreeing(
    listOf(variables.ENVIRONMENT),
    "ENVIRONMENT",
    listOf(variables.ENVIRONMENT_SUFFIX),
    "ENVIRONMENT_SUFFIX",
  );
  const wanted = fromOptions ?? fromVariables;
  if (wanted === undefined) return undefined;
  const names = declared.map(({ environmentSuffix }) => environmentSuffix);
  refuse(
    wanted.suffixes
      .filter((suffix) => !names.includes(suffix))
      .flatMap((suffix) => suffixProblem(suffix, wanted.where, names) ?? []),
  );
  return wanted;
}

function agreeing(
  first: string[] | undefined,
  firstName: string,
  second: string[] | undefined,
  secondName: string,
): { suffixes: string[]; where: string } | undefined {
  if (first && second && [...first].sort().join() !== [...second].sort().join()) {
    refuse([
      {
        path: firstName,
        value: first.join(","),
        message: `is ${secondName} by another name, which is ${JSON.stringify(second.join(","))}; give one of them`,
      },
    ]);
  }
  if (first) return { suffixes: first, where: firstName };
  return second && { suffixes: second, where: secondName };
}

function listOf(value: string | readonly string[] | undefined): string[] | undefined {
  const list = [value ?? []].flat().flatMap((text) => text.split(","));
  const names = [...new Set(list.map((text) => text.trim()).filter((text) => text !== ""))];
  return names.length === 0 ? undefined : names;
}

function select(
  wanted: { suffixes: string[]; where: string } | undefined,
  checked: readonly CheckedEnvironment[],
  declared: readonly Environment[],
  variables: Record<string, string | undefined>,
): { selected: Environment[]; added: Environment[] } {
  if (wanted === undefined) return { selected: [...declared], added: [] };
  const selected = wanted.suffixes.map(
    (suffix) =>
      declared.find((environment) => environment.environmentSuffix === suffix) ??
      makeShortLived(suffix, wanted.where, checked, declared, variables),
  );
  return { selected, added: selected.filter((environment) => !declared.includes(environment)) };
}

function declaredSuffixes(
  checked: readonly CheckedEnvironment[],
  declared: readonly Environment[],
  variables: Record<string, string | undefined>,
): Environment[] {
  return checked.flatMap(({ environment, shortLived }) =>
    (shortLived?.suffixes ?? []).map((suffix) =>
      makeShortLived(suffix, `${environment}.shortLived.suffixes`, checked, declared, variables),
    ),
  );
}

function makeShortLived(
  suffix: string,
  where: string,
  checked: readonly CheckedEnvironment[],
  declared: readonly Environment[],
  variables: Record<string, string | undefined>,
): Environment {
  const base = checked.find(({ shortLived }) => shortLived !== undefined);
  if (base?.shortLived === undefined) {
    const names = declared.map(({ environmentSuffix }) => environmentSuffix).join(", ");
    throw new ConfigError([
      {
        path: where,
        value: suffix,
        message: `is none of ${names}, and no environment has a shortLived profile to make it from`,
      },
    ]);
  }
  refuse(
    [addressProblem(base.shortLived, suffix, base.shortLived.suffixes, where)].filter(
      (problem) => problem !== undefined,
    ),
  );
  const { environment } = resolve(shortLivedEnvironment(base, suffix), base.environment, variables);
  return ownedBy(environment, declared);
}
