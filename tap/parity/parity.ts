import type { BackendSettings } from "../../config/backend";
import { loadEnvironments } from "../../config/load";
import type { Variables } from "../../config/variables";
import type { FunctionBundles } from "../../main";
import type { FolderStack } from "./flatten";
import { openLaboratory } from "./laboratory";
import { comparePair } from "./pair";
import type { PairReport, ParityFinding, ParityReport } from "./report";
import { type Subject, subjectOf } from "./subject";

export interface ParityOptions {
  /** Stacks of a folder that was synthesized. */
  readonly stacks: readonly FolderStack[];
  /** Files of config/. */
  readonly sources: readonly unknown[];
  readonly variables: Variables;
  readonly backend: BackendSettings;
  readonly functionBundles: FunctionBundles;
  /** Suffixes of declared environments: each is compared with the next one. */
  readonly environments: readonly string[];
  /** Takes a line about what is being done. */
  say?(text: string): void;
}

/**
 * Compares environments of a folder, each with the next one. Values of single keys of the configuration are exchanged
 * between them, to see what each key makes; what none makes is a finding.
 */
export async function checkParity(options: ParityOptions): Promise<ParityReport> {
  const { environments, sources, say = () => {} } = options;
  const laboratory = openLaboratory(options);
  try {
    const declared = loadEnvironments({ sources, variables: options.variables, environment: environments });
    const subjects = declared.map((environment) =>
      subjectOf(environment, options.stacks, sources, (stack) => laboratory.synthesize(stack)),
    );
    const pairs: PairReport[] = [];
    const findings: ParityFinding[] = [];
    let alike = 0;
    for (const [index, first] of subjects.slice(0, -1).entries()) {
      const second = subjects[index + 1] as Subject;
      const result = await comparePair(first, second, sources, laboratory, (text) =>
        say(`${first.name} and ${second.name}: ${text}, ${laboratory.count} stacks synthesized`),
      );
      pairs.push(result.report);
      findings.push(...result.findings);
      alike += result.alike;
    }
    const once = uniqueFindings(findings);
    return { holds: once.length === 0, pairs, findings: once, alike };
  } finally {
    laboratory.close();
  }
}

function uniqueFindings(findings: readonly ParityFinding[]): ParityFinding[] {
  const keyOf = ({ kind, stack, address = "", path = "" }: ParityFinding) => [kind, stack, address, path].join("\n");
  const first = new Map<string, ParityFinding>();
  for (const finding of findings) if (!first.has(keyOf(finding))) first.set(keyOf(finding), finding);
  return [...first.values()];
}
