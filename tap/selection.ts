import { type Command, Option } from "commander";
import { stackIdOf } from "../config/backend";
import { componentNames } from "../config/components";
import { ConfigError, didYouMean } from "../config/errors";
import type { PlannedStack } from "../main";

export interface SelectionOptions {
  environment?: string[];
  environmentSuffix?: string[];
  stack?: string[];
}

/** The values of an option that takes several, comma-separated, and may be given again. */
export const list = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), ...value.split(",")];

/** The values of an option that takes one, which may have commas, and may be given again. */
export const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];

/** `--env` and its other names. */
export function addEnvironment(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--env, --environment <names>",
        "environments, by name or suffix, comma-separated (default: ENVIRONMENT or ENVIRONMENT_SUFFIX, else all of config/)",
      ).argParser(list),
    )
    .addOption(new Option("--environment-suffix <names>", "the same by its other name").argParser(list));
}

/** `--env` and `--stack`, which most commands take. */
export function addSelection(command: Command): Command {
  return addEnvironment(command).addOption(
    new Option("--stack <names>", "stacks, by component or full id, comma-separated (default: all)").argParser(list),
  );
}

/** `--backend-config`, for the role under which the state is read, and for emulators. */
export function addBackendConfig(command: Command): Command {
  return command.addOption(
    new Option(
      "--backend-config <setting>",
      "passed on to terraform init, repeatable: 'assume_role={role_arn=\"…\"}'",
    ).argParser(collect),
  );
}

/** @throws ConfigError where a name is that of no stack */
export function selectStacks(planned: readonly PlannedStack[], wanted: readonly string[] | undefined): PlannedStack[] {
  if (wanted === undefined) return [...planned];
  const ids = planned.map(idOf);
  const problems = wanted
    .filter((name) => !ids.includes(name) && !planned.some(({ component }) => component === name))
    .map((name) => {
      const components = componentNames.filter((component) => planned.some((stack) => stack.component === component));
      return {
        path: "--stack",
        value: name,
        message: `is no stack of these environments${didYouMean(name, [...components, ...ids])}; valid are ${components.join(", ")}, or a full id as \`tap list\` prints it`,
      };
    });
  if (problems.length > 0) throw new ConfigError(problems);
  return planned.filter((stack) => wanted.includes(stack.component) || wanted.includes(idOf(stack)));
}

export function idOf({ component, environment, region }: PlannedStack): string {
  return stackIdOf(component, environment.environmentSuffix, region);
}
