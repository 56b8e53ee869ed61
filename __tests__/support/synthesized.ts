import { join } from "node:path";
import type { BackendSettings } from "../../config/backend";
import { loadEnvironments } from "../../config/load";
import type { Synthesized } from "../../tap/audit/requirement";
import { readStacks, resourcesOf, type StackJson } from "../../tap/audit/stack-json";
import type { Attributes } from "../../tap/graph/terraform-json";
import { projectRoot } from "./project";

/** Every environment that requirements are proven for. */
export const environmentNames = ["dev", "staging", "prod", "pr12"] as const;

export const backend: BackendSettings = {
  dynamodb_table: "tap-state-lock",
  kms_key_id: "alias/tap-state",
  encrypt: true,
  use_lockfile: true,
};

const subjects = new Map<string, Synthesized>();

/**
 * What was synthesized together with an environment: all declared ones, or the short-lived one; with `alone`, what is
 * its own of that. A copy, to be changed at will.
 */
export function subjectOf(environment: string, { alone = false } = {}): Synthesized {
  const set = environment === "pr12" ? "pr12" : "declared";
  let subject = subjects.get(set);
  if (subject === undefined) {
    const environments = loadEnvironments(set === "pr12" ? { environmentSuffix: "pr12" } : {});
    subject = { stacks: readStacks(join(projectRoot, ".cache", "test-synth", set)), environments, backend };
    subjects.set(set, subject);
  }
  return structuredClone(alone ? only(subject, environment) : subject);
}

/** What is an environment's own of what was synthesized together. */
export function only(subject: Synthesized, environment: string): Synthesized {
  const isOwn = ({ environmentSuffix }: { environmentSuffix: string }) => environmentSuffix === environment;
  return { ...subject, stacks: subject.stacks.filter(isOwn), environments: subject.environments.filter(isOwn) };
}

/** Exactly one stack. */
export function stackOf(subject: Synthesized, environment: string, component: string, region?: string): StackJson {
  const found = subject.stacks.filter(
    (stack) =>
      stack.environmentSuffix === environment &&
      stack.component === component &&
      (region === undefined || stack.region === region),
  );
  const [stack] = found;
  if (stack === undefined)
    throw new Error(`There is no ${component} stack of ${environment}${region ? ` in ${region}` : ""}`);
  return stack;
}

/** Attributes of exactly one resource, by type and, where there are several, by a part of its name; a replica in another region gives way. */
export function resource(stack: StackJson, type: string, name?: string): Attributes {
  const named = resourcesOf(stack, type).filter((candidate) => name === undefined || candidate.name.includes(name));
  const found = named.length > 1 ? named.filter(({ attributes }) => attributes.region === undefined) : named;
  if (found.length !== 1)
    throw new Error(
      `${stack.id} has ${found.length} ${type}${name ? ` with "${name}" in their names` : ""}; exactly one is wanted`,
    );
  return (found[0] as { attributes: Attributes }).attributes;
}

/** Attributes of a stack's one aws provider. */
export function provider(stack: StackJson): Attributes {
  const found = stack.json.provider?.aws ?? [];
  if (found.length !== 1) throw new Error(`${stack.id} has ${found.length} aws providers; exactly one is wanted`);
  return found[0] as Attributes;
}
