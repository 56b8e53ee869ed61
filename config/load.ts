import { checkSources } from "./checks";
import { dev } from "./dev";
import type { Environment } from "./environment";
import { ConfigError, refuse } from "./errors";
import { prod } from "./prod";
import { quotaProblems } from "./quotas";
import { ownedBy, resolve, resolveAll } from "./resolve";
import type { CheckedEnvironment, EnvironmentConfig } from "./schema";
import { type Selection, wantedSuffixes } from "./selection";
import { staging } from "./staging";
import { addressProblem, shortLivedEnvironment } from "./suffix";
import type { Variables } from "./variables";

/** The environments that synthesize by default, in the order in which a release moves through them. */
export const sources: readonly EnvironmentConfig[] = [dev, staging, prod];

export interface LoadOptions extends Selection {
  /** What to read instead of config/. */
  sources?: readonly unknown[];
  /** Environment variables: ENVIRONMENT, ENVIRONMENT_SUFFIX, AWS_REGION, AWS_DEFAULT_REGION, TAP_{ENVIRONMENT}_ACCOUNT_ID. */
  variables?: Variables;
}

/**
 * Reads, checks and resolves the configuration before any stack is built.
 * @throws ConfigError with everything that is wrong
 */
export function loadEnvironments(options: LoadOptions = {}): Environment[] {
  const variables = options.variables ?? {};
  const checked = checkSources(options.sources ?? sources, variables);
  const declared = resolveAll(checked, variables);
  const makeAll = (suffixes: readonly string[], where: string) =>
    suffixes.map((suffix, index) => {
      const found = declared.find((environment) => environment.environmentSuffix === suffix);
      return found ?? makeShortLived(suffix, where, suffixes.slice(0, index), checked, declared, variables);
    });

  const wanted = wantedSuffixes(options, variables, declared);
  const selected = wanted === undefined ? declared : makeAll(wanted.suffixes, wanted.where);
  const known = [
    ...declared,
    ...checked.flatMap(({ environment, shortLived }) =>
      makeAll(shortLived?.suffixes ?? [], `${environment}.shortLived.suffixes`),
    ),
  ];
  const undeclared = selected.filter(
    ({ environmentSuffix }) => !known.some((other) => other.environmentSuffix === environmentSuffix),
  );
  refuse(quotaProblems([...known, ...undeclared]));
  return selected;
}

/** An environment under another suffix, on addresses of its own: none of a declared suffix, or of one made before it. */
function makeShortLived(
  suffix: string,
  where: string,
  earlier: readonly string[],
  checked: readonly CheckedEnvironment[],
  declared: readonly Environment[],
  variables: Variables,
): Environment {
  const base = checked.find(({ shortLived }) => shortLived !== undefined);
  if (base?.shortLived === undefined) {
    const names = declared.map(({ environmentSuffix }) => environmentSuffix).join(", ");
    const message = `is none of ${names}, and no environment has a shortLived profile to make it from`;
    throw new ConfigError([{ path: where, value: suffix, message }]);
  }
  const problem = addressProblem(base.shortLived, suffix, [...base.shortLived.suffixes, ...earlier], where);
  refuse(problem === undefined ? [] : [problem]);
  const { environment } = resolve(shortLivedEnvironment(base, suffix), base.environment, variables);
  return ownedBy(environment, declared);
}
