import type { Diagnostic } from "../terraform/messages";
import type { ParameterRead } from "./dependencies";

/** What the AWS provider says of a parameter that isn't there; some of its versions name AWS's own error. */
const missingParameter = /couldn't find resource|ParameterNotFound/;

/**
 * Which stacks a plan that failed has to wait for: where all its errors are parameters that aren't there yet, and
 * each is one that another stack writes. Undefined where anything else is wrong.
 */
export function waitsFor(errors: readonly Diagnostic[], reads: readonly ParameterRead[]): string[] | undefined {
  const missing = errors.map((error) => {
    if (!missingParameter.test(`${error.summary}\n${error.detail}`)) return undefined;
    const read = reads.find(({ address, name }) =>
      error.address === undefined ? error.summary.includes(`(${name})`) : error.address === address,
    );
    return read?.writer.stackId;
  });
  if (missing.length === 0 || missing.includes(undefined)) return undefined;
  return [...new Set(missing as string[])].sort();
}

/** What the plan of a stack does to the parameters that it writes. */
export interface WrittenParameters {
  /** Addresses of those that aren't there yet. */
  readonly created: ReadonlySet<string>;
  /** Addresses of those that will have another value, or be gone. */
  readonly changed: ReadonlySet<string>;
}

export function writtenIn(plan: unknown): WrittenParameters {
  const changes = (plan as { resource_changes?: ResourceChange[] }).resource_changes ?? [];
  const parameters = changes.filter(({ mode, type }) => mode === "managed" && type === "aws_ssm_parameter");
  const addresses = (isWanted: (actions: string[]) => boolean) =>
    new Set(parameters.filter(({ change }) => isWanted(change.actions)).map(({ address }) => address));
  return {
    created: addresses((actions) => actions.join() === "create"),
    changed: addresses((actions) => actions.some((action) => action === "update" || action === "delete")),
  };
}

interface ResourceChange {
  readonly address: string;
  readonly mode: string;
  readonly type: string;
  readonly change: { readonly actions: string[] };
}

/** Which stacks' plans touch what a stack reads, in one of two ways. */
export function writersOf(
  reads: readonly ParameterRead[],
  written: ReadonlyMap<string, WrittenParameters>,
  how: keyof WrittenParameters,
): string[] {
  const touched = reads.filter(({ writer }) => written.get(writer.stackId)?.[how].has(writer.address));
  return [...new Set(touched.map(({ writer }) => writer.stackId))].sort();
}
