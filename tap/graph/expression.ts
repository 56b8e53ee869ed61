import { ExpressionScanner, type Interpolation, type Step, type Traversal } from "./expression-scanner";

import { remembering } from "./remembering";

export type { Interpolation, Step, Traversal } from "./expression-scanner";

/** All `${…}` and `%{…}` of a text, in their order. An escaped `$${` is none. */
export function interpolationsOf(text: string): readonly Interpolation[] {
  return text.includes("{") && /[$%]\{/.test(text) ? scanned(text) : [];
}

const scanned = remembering((text): readonly Interpolation[] => new ExpressionScanner(text).interpolations());

/** All that a text refers to. */
export function traversalsOf(text: string): Traversal[] {
  return interpolationsOf(text).flatMap(({ traversals }) => traversals);
}

/** The traversal that a text is: `${aws_vpc.Vpc.id}` and nothing beside it. */
export function wholeTraversal(text: string): Traversal | undefined {
  if (!text.startsWith("${") || !text.endsWith("}")) return undefined;
  const [only] = interpolationsOf(text);
  return only?.end === text.length ? only.whole : undefined;
}

/** A bare traversal, e.g. of `depends_on`: `aws_vpc.Vpc`, also where older configurations have it as `${aws_vpc.Vpc}`. */
export const parseTraversal: (text: string) => Traversal | undefined = remembering(
  (text) => wholeTraversal(text) ?? new ExpressionScanner(text).traversalAlone(),
);

/** A text that means itself where Terraform would read expressions. */
export function escapeTemplate(text: string): string {
  return text.replace(/[$%](?=\{)/g, (sign) => sign + sign);
}

/** What a template without expressions means. */
export function unescapeTemplate(text: string): string {
  return text.replace(/([$%])\1(?=\{)/g, (_, sign: string) => sign);
}

/** What a traversal refers to. */
export type Subject =
  | {
      readonly kind: "resource";
      /** `aws_vpc.Vpc`, `data.aws_region.current`, with modules before it; without an instance's key. */
      readonly address: string;
      /** Address of the one instance, where it names it. */
      readonly instance?: string;
      /** The way into its attributes. */
      readonly steps: readonly Step[];
    }
  | {
      readonly kind: "variable" | "local" | "module";
      readonly address: string;
      readonly name: string;
      readonly steps: readonly Step[];
    };

const ownNames = new Set(["each", "count", "self", "path", "terraform", "ephemeral"]);

/** What a traversal refers to; undefined for what is no other thing of the configuration, as `each.value`. */
export function subjectOf({ steps }: Traversal): Subject | undefined {
  const [root, second] = steps;
  const name = nameOf(second);
  if (nameOf(root) === "var" && name !== undefined)
    return { kind: "variable", address: `var.${name}`, name, steps: steps.slice(2) };
  if (nameOf(root) === "local" && name !== undefined)
    return { kind: "local", address: `local.${name}`, name, steps: steps.slice(2) };
  const { prefix, rest } = throughModules(steps);
  return resourceOf(prefix, rest) ?? moduleOutput(prefix, rest);
}

function throughModules(steps: readonly Step[]): { prefix: string; rest: readonly Step[] } {
  let prefix = "";
  let rest = steps;
  while (nameOf(rest[0]) === "module" && nameOf(rest[1]) !== undefined) {
    prefix += `module.${nameOf(rest[1])}`;
    rest = rest.slice(2);
    while (rest[0] !== undefined && !("name" in rest[0])) {
      prefix += instanceKey(rest[0]) ?? "";
      rest = rest.slice(1);
    }
    prefix += ".";
  }
  return { prefix, rest };
}

function resourceOf(prefix: string, steps: readonly Step[]): Subject | undefined {
  const root = nameOf(steps[0]);
  const mode = root === "data" ? "data." : "";
  const [type, name] = (root === "data" || root === "resource" ? steps.slice(1) : steps).map(nameOf);
  if (type === undefined || name === undefined || ownNames.has(type)) return undefined;
  const rest = steps.slice(root === "data" || root === "resource" ? 3 : 2);
  const address = `${prefix}${mode}${type}.${name}`;
  const [key] = rest;
  if (key === undefined || "name" in key) return { kind: "resource", address, steps: rest };
  const suffix = instanceKey(key);
  return {
    kind: "resource",
    address,
    ...(suffix === undefined ? {} : { instance: address + suffix }),
    steps: rest.slice(1),
  };
}

function moduleOutput(prefix: string, steps: readonly Step[]): Subject | undefined {
  if (prefix === "") return undefined;
  const name = nameOf(steps[0]) ?? "";
  const address = name === "" ? prefix.slice(0, -1) : prefix + name;
  return { kind: "module", address, name, steps: steps.slice(1) };
}

/** `["key"]` or `[0]`, as Terraform's addresses have it. */
export function instanceKey(step: Step): string | undefined {
  return "index" in step ? `[${JSON.stringify(step.index)}]` : undefined;
}

/** `module.m["a"].aws_sqs_queue.Queue[0]` as the configuration has it: once for all instances. */
export function withoutInstanceKeys(address: string): string {
  return address.replace(/\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g, "");
}

function nameOf(step: Step | undefined): string | undefined {
  return step !== undefined && "name" in step ? step.name : undefined;
}
