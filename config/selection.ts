import type { Environment } from "./environment";
import { type ConfigProblem, refuse } from "./errors";
import { suffixProblem } from "./suffix";
import type { Variables } from "./variables";

/** Which environments are wanted. Nothing given: all that config/ declares. */
export interface Selection {
  /** Names of declared environments, or suffixes of short-lived ones. */
  environmentSuffix?: string | readonly string[];
  /** The same thing by its other name (STR-08); given both, they must agree. */
  environment?: string | readonly string[];
}

/** Suffixes that were asked for, and by which option or variable. */
export interface Wanted {
  readonly suffixes: readonly string[];
  readonly where: string;
}

/** What was asked for, by either name: options first, then variables. Undefined: all that is declared. */
export function wantedSuffixes(
  options: Selection,
  variables: Variables,
  declared: readonly Environment[],
): Wanted | undefined {
  refuse(emptyOptions(options));
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
): Wanted | undefined {
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

/** A variable that is set to nothing is unset; an option that is given nothing is a slip, e.g. of an empty shell variable. */
function emptyOptions(options: Selection): ConfigProblem[] {
  return (["environment", "environmentSuffix"] as const)
    .filter((name) => options[name] !== undefined && listOf(options[name]) === undefined)
    .map((path) => ({ path, value: "", message: "must name an environment; leave it out for all of them" }));
}
