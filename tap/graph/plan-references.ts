import { parseTraversal, type Step, subjectOf, type Traversal, traversalsOf } from "./expression";
import { isExpression, type ModuleCall, type PlanExpression, type PlanModule } from "./plan-json";
import { pathOf } from "./terraform-json";

/** A module of a plan's configuration: where it is, and what called it. */
export interface PlanScope {
  /** `module.m.`, nothing for the root. */
  readonly prefix: string;
  readonly module: PlanModule;
  readonly call?: ModuleCall;
  readonly parent?: PlanScope;
}

export interface PlanReference {
  readonly path: string;
  /** As written, or as the plan tells it. */
  readonly text: string;
  /** From the root module: of a resource, or of what couldn't be followed. */
  readonly address: string;
  /** What of it is meant: `.arn`. */
  readonly attribute: string;
}

/** All that an argument or a block refers to, followed through variables and outputs of modules. */
export function planReferences(value: unknown, path: string, scope: PlanScope): PlanReference[] {
  if (isExpression(value)) return referencesOfExpression(value, path, scope);
  if (Array.isArray(value)) return value.flatMap((item, index) => planReferences(item, pathOf(path, index), scope));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => planReferences(item, pathOf(path, key), scope));
}

/** What `depends_on` names. */
export function dependsOnOf(names: readonly string[], scope: PlanScope): PlanReference[] {
  return names.map((text, index) => ({
    path: `depends_on[${index}]`,
    text,
    address: scope.prefix + text,
    attribute: "",
  }));
}

function referencesOfExpression(expression: PlanExpression, path: string, scope: PlanScope): PlanReference[] {
  const { references, constant_value } = expression;
  if (references === undefined) return [];
  const written = constant_value === undefined ? [] : writtenIn(constant_value, path);
  const all = written.length > 0 ? written : longest(references).flatMap((text) => parsed(text, path));
  return all.flatMap(({ traversal, path: place }) => followed(traversal, place, scope, new Set()));
}

interface PlacedTraversal {
  readonly traversal: Traversal;
  readonly path: string;
}

/** Of a configuration in JSON the plan has the text. */
function writtenIn(value: unknown, path: string): PlacedTraversal[] {
  if (typeof value === "string") return traversalsOf(value).map((traversal) => ({ traversal, path }));
  if (Array.isArray(value)) return value.flatMap((item, index) => writtenIn(item, pathOf(path, index)));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => writtenIn(item, pathOf(path, key)));
}

function parsed(text: string, path: string): PlacedTraversal[] {
  const traversal = parseTraversal(text);
  return traversal === undefined ? [] : [{ traversal, path }];
}

/** `aws_vpc.Vpc.id` comes with its beginning `aws_vpc.Vpc`, which says nothing more. */
export function longest(references: readonly string[]): string[] {
  return references.filter(
    (text, index) =>
      references.indexOf(text) === index &&
      !references.some((other) => other.startsWith(`${text}.`) || other.startsWith(`${text}[`)),
  );
}

/** To the resources that a traversal ends at; a circle of variables and outputs, which Terraform refuses, ends too. */
function followed(traversal: Traversal, path: string, scope: PlanScope, seen: Set<string>): PlanReference[] {
  const subject = subjectOf(traversal);
  if (subject === undefined) return [];
  const here = scope.prefix + subject.address;
  if (seen.has(here)) return [];
  const inner = new Set(seen).add(here);
  const { text } = traversal;
  const follow = (expression: unknown, next: PlanScope) =>
    planTraversals(expression).flatMap((reference) =>
      followed(reference, path, next, inner).map((found) => ({ ...found, text })),
    );
  if (subject.kind === "variable") {
    const argument = scope.call?.expressions?.[subject.name];
    return scope.parent === undefined ? [] : follow(argument, scope.parent);
  }
  if (subject.kind === "module") {
    const { output, scope: callee } = outputOf(traversal.steps, scope) ?? {};
    if (callee !== undefined) return follow(output, callee);
  }
  // What a local value refers to, a plan doesn't tell.
  if (subject.kind === "local") return [];
  const address = subject.kind === "resource" ? (subject.instance ?? subject.address) : subject.address;
  const attribute = text.startsWith(address) ? text.slice(address.length) : "";
  return [{ path, text, address: scope.prefix + address, attribute }];
}

function planTraversals(value: unknown): Traversal[] {
  if (isExpression(value)) {
    const written = value.constant_value === undefined ? [] : writtenIn(value.constant_value, "");
    if (written.length > 0) return written.map(({ traversal }) => traversal);
    return longest(value.references ?? []).flatMap((text) => parseTraversal(text) ?? []);
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(planTraversals);
}

/** `module.m.arn`, `module.m["key"].arn`: the expression of that output, in its module. */
function outputOf(
  steps: readonly Step[],
  scope: PlanScope,
): { output: PlanExpression | undefined; scope: PlanScope } | undefined {
  const names = steps.flatMap((step) => ("name" in step ? [step.name] : []));
  const [, name = "", output = ""] = names;
  const callee = childScope(scope, name);
  const expression = callee?.module.outputs?.[output]?.expression;
  return callee === undefined || expression === undefined ? undefined : { output: expression, scope: callee };
}

/** The module that a scope calls by that name. */
export function childScope(scope: PlanScope, name: string): PlanScope | undefined {
  const call = scope.module.module_calls?.[name];
  return call?.module && { prefix: `${scope.prefix}module.${name}.`, module: call.module, call, parent: scope };
}
