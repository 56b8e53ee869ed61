import type { Requirement, Subject } from "../../tap/audit/requirement";
import type { StackJson } from "../../tap/audit/stack-json";
import { environmentNames, subjectOf } from "./synthesized";

/** Breaks one environment's JSON, in place. Undefined where the mutation makes no sense for that environment. */
export type Mutation = (subject: Subject & { stacks: StackJson[] }, environment: string) => void;

export interface ProofOptions {
  /** Where the requirement applies. @default all, the short-lived one among them */
  environments?: readonly string[];
}

/**
 * Proves a requirement that is judged on the JSON: it holds in every environment, and each mutation, in
 * every environment, turns it red.
 */
export function prove(
  requirement: Requirement,
  mutations: Readonly<Record<string, Mutation>>,
  options: ProofOptions = {},
): void {
  const environments = options.environments ?? environmentNames;
  test.each(environments)(`${requirement.id} holds in %s`, (environment) => {
    expect(requirement.judge(subjectOf(environment))).toEqual([]);
  });
  for (const [name, mutate] of Object.entries(mutations)) {
    test.each(environments)(`${requirement.id} is red when ${name}, in %s`, (environment) => {
      const subject = subjectOf(environment) as Subject & { stacks: StackJson[] };
      mutate(subject, environment);
      // As text, which is a tenth of the time of comparing some thousand resources deeply.
      expect(JSON.stringify(subject) === JSON.stringify(subjectOf(environment))).toBe(false);
      expect(requirement.judge(subject).length).toBeGreaterThan(0);
    });
  }
}
