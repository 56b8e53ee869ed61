import { type Requirement, type Synthesized, toSubject } from "../../tap/audit/requirement";
import type { StackJson } from "../../tap/audit/stack-json";
import { environmentNames, isSame, settled, subjectOf } from "./synthesized";

/** Breaks one environment's JSON, in place. Undefined where the mutation makes no sense for that environment. */
export type Mutation = (subject: Synthesized & { stacks: StackJson[] }, environment: string) => void;

export interface ProofOptions {
  /** Where the requirement applies. @default all, the short-lived one among them */
  environments?: readonly string[];
  /**
   * Whether the requirement is each environment's own, so that a mutation of one is judged on that one alone; that
   * saves most of the time. @default false: on all that were synthesized together
   */
  alone?: boolean;
  /** Components that no mutation is about, and that the rule judges one by one: without them it takes half the time. @default none */
  without?: readonly string[];
  /** Where the JSON of an environment comes from, a copy each time. @default what the project's own configuration gives */
  synthesized?: (environment: string, options: { alone?: boolean }) => Synthesized;
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
  const { environments = environmentNames, synthesized = subjectOf, without = [] } = options;
  const judged = (environment: string) => {
    const { stacks, ...rest } = synthesized(environment, options);
    return { ...rest, stacks: stacks.filter(({ component }) => !without.includes(component)) };
  };
  test.each(environments)(`${requirement.id} holds in %s`, (environment) => {
    expect(requirement.judge(toSubject(synthesized(environment, {})))).toEqual([]);
    // Or each mutation of it would be red for nothing.
    if (options.alone || without.length > 0) expect(requirement.judge(toSubject(judged(environment)))).toEqual([]);
  });
  for (const [name, mutate] of Object.entries(mutations)) {
    test.each(environments)(`${requirement.id} is red when ${name}, in %s`, (environment) => {
      const subject = judged(environment);
      mutate(subject, environment);
      const changed = settled(subject);
      expect(isSame(changed, settled(judged(environment)))).toBe(false);
      expect(requirement.judge(toSubject(changed)).length).toBeGreaterThan(0);
    });
  }
}
