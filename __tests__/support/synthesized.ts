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
  return copied(alone ? only(subject, environment) : subject);
}

/** A copy, to be changed at will. */
export function copied({ stacks, ...rest }: Synthesized): Synthesized {
  return { stacks: stacks.map(copiedOnAccess), ...structuredClone(rest) };
}

/** The JSON of copies that nobody has looked at. */
const originals = new WeakMap<StackJson, StackJson["json"]>();

/** A copy whose JSON is copied when it is first asked for: most of a mutation's stacks stay as they were. */
function copiedOnAccess({ json, ...rest }: StackJson): StackJson {
  const copy = Object.defineProperty({ ...rest } as StackJson, "json", {
    configurable: true,
    enumerable: true,
    get(): StackJson["json"] {
      originals.delete(copy);
      Object.defineProperty(copy, "json", { value: structuredClone(json), enumerable: true, writable: true });
      return copy.json;
    },
  });
  originals.set(copy, json);
  return copy;
}

/** With the JSON itself where nobody has looked at its copy: what is known of it needn't be found out again. */
export function settled(subject: Synthesized): Synthesized {
  const stacks = subject.stacks.map((stack) => {
    const json = originals.get(stack);
    if (json === undefined) return stack;
    const { id, component, environmentSuffix, region } = stack;
    return { id, component, environmentSuffix, region, json };
  });
  return { ...subject, stacks };
}

/** Whether two subjects are the same JSON. */
export function isSame(a: Synthesized, b: Synthesized): boolean {
  const given = ({ environments, backend }: Synthesized) => JSON.stringify({ environments, backend });
  return (
    a.stacks.length === b.stacks.length &&
    given(a) === given(b) &&
    a.stacks.every((stack, index) => {
      const { json, ...other } = b.stacks[index] as StackJson;
      const { json: own, ...rest } = stack;
      return (
        JSON.stringify(rest) === JSON.stringify(other) && (own === json || JSON.stringify(own) === JSON.stringify(json))
      );
    })
  );
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
