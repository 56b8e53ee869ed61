import { ConfigError, type ConfigProblem, didYouMean } from "../../config/errors";
import { planStacks } from "../../main";
import { type Context, loadConfiguration } from "../context";
import { parseStackId } from "../graph/stack-id";
import { idOf, type SelectionOptions, selectStacks } from "../selection";
import { pickStacks, type StackFolder, stackFolders } from "./folders";

/** What is to be planned, and all that there is beside it: what waits for what is known by these. */
export interface SelectedFolders {
  readonly wanted: readonly StackFolder[];
  readonly known: readonly StackFolder[];
}

/** Of what the configuration says that there is, in a folder where it was synthesized. */
export function selectSynthesized(context: Context, options: SelectionOptions, outdir: string): SelectedFolders {
  const { environments } = loadConfiguration(context, options);
  const planned = planStacks(environments);
  const all = stackFolders(outdir);
  return {
    wanted: pickStacks(all, selectStacks(planned, options.stack).map(idOf), outdir),
    known: pickStacks(all, planned.map(idOf), outdir),
  };
}

/** Of what lies in a folder: a release is what it is, whatever the configuration says now. */
export function selectIn(context: Context, options: SelectionOptions, folder: string): SelectedFolders {
  const { ENVIRONMENT, ENVIRONMENT_SUFFIX } = context.variables;
  const all = stackFolders(folder);
  const fromVariable = (ENVIRONMENT || ENVIRONMENT_SUFFIX)?.split(",");
  const environments = options.environment ?? options.environmentSuffix ?? fromVariable;
  const partsOf = ({ stackId }: StackFolder) => parseStackId(stackId);
  const problems = [
    ...unknown("--env", environments, all, (stack) => [partsOf(stack)?.environmentSuffix]),
    ...unknown("--stack", options.stack, all, (stack) => [partsOf(stack)?.component, stack.stackId]),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  const known = all.filter((stack) => environments?.includes(partsOf(stack)?.environmentSuffix ?? "") ?? true);
  const wanted = known.filter(
    (stack) => options.stack?.some((name) => [partsOf(stack)?.component, stack.stackId].includes(name)) ?? true,
  );
  return { wanted, known };
}

function unknown(
  path: string,
  given: readonly string[] | undefined,
  stacks: readonly StackFolder[],
  namesOf: (stack: StackFolder) => (string | undefined)[],
): ConfigProblem[] {
  const names = [...new Set(stacks.flatMap(namesOf).filter((name) => name !== undefined))];
  return (given ?? [])
    .filter((name) => !names.includes(name))
    .map((value) => ({
      path,
      value,
      message: `is in no stack of the folder${didYouMean(value, names)}; there are ${names.slice(0, 12).join(", ")}`,
    }));
}
