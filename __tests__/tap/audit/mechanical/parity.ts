import { loadEnvironments, sources } from "../../../../config/load";
import type { FunctionBundles } from "../../../../main";
import type { StackJson } from "../../../../tap/audit/stack-json";
import { parseStackId } from "../../../../tap/graph/stack-id";
import { openLaboratory } from "../../../../tap/parity/laboratory";
import { changedInFolder } from "../../../../tap/parity/pair";
import type { ParityFinding } from "../../../../tap/parity/report";
import { compareSettings } from "../../../../tap/parity/settings";
import { subjectOf } from "../../../../tap/parity/subject";
import { idOf } from "../../../../tap/selection";
import { backend } from "../../../support/synthesized";

/** Compares environments with what the configuration gives; that is synthesized once for each stack that is asked about. */
export interface ParityGround {
  /** What `tap parity` says of a folder in which a stack was changed. */
  findingsOn(stacks: readonly StackJson[], changed: StackJson): readonly ParityFinding[];
  close(): void;
}

export function parityGround(functionBundles: FunctionBundles): ParityGround {
  const laboratory = openLaboratory({ backend, functionBundles, variables: {} });
  const environments = loadEnvironments({ sources, variables: {} });
  const given = new Map<string, ReturnType<typeof laboratory.synthesize>>();
  const names = environments.map(({ environmentSuffix }) => environmentSuffix);
  return {
    findingsOn(stacks, changed) {
      const { component, environmentSuffix } = changed;
      const index = names.indexOf(environmentSuffix);
      // Each is compared with the next, and the last one with the one before.
      const pair = environments.slice(Math.min(index, names.length - 2)).slice(0, 2);
      const folder = stacks.filter(({ id }) => parseStackId(id)?.component === component);
      const [first, second] = pair.map((environment) =>
        subjectOf(
          environment,
          folder.map((stack) => (stack.id === changed.id ? changed : stack)),
          sources,
          (stack) => {
            const id = idOf(stack);
            const known = given.get(id) ?? laboratory.synthesize(stack);
            given.set(id, known);
            return known;
          },
        ),
      );
      if (first === undefined || second === undefined) throw new Error("There is no pair of environments");
      return changedInFolder(first, second, compareSettings(first, second, sources)).findings;
    },
    close: () => laboratory.close(),
  };
}
