import { escapeTemplate, interpolationsOf, type Traversal } from "./expression";
import { isExpression, type PlanExpression, type PlanExpressions } from "./plan-json";
import { longest, type PlanScope, planReferences } from "./plan-references";
import { type Attributes, isObject } from "./terraform-json";

/** Planned values with expressions in the place of the unknown; what the provider works out alone is left out. */
export function plannedAttributes(
  values: Readonly<Record<string, unknown>>,
  unknown: unknown,
  expressions: PlanExpressions,
  scope: PlanScope,
): Attributes {
  return (merged(values, unknown, expressions, scope) ?? {}) as Attributes;
}

/** An argument or a block as it is configured, with `${…}` for what isn't constant. */
export function configuredValue(value: unknown, scope: PlanScope): unknown {
  if (isExpression(value)) return expressionText(value, scope);
  if (Array.isArray(value)) return value.map((item) => configuredValue(item, scope));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, configuredValue(item, scope)]));
}

/**
 * The text of an expression. A plan has it only of configurations in JSON; of others it has what is referred to, and
 * with one such thing that stands for the whole: what is around it, nobody can tell.
 */
function expressionText(expression: PlanExpression, scope: PlanScope): unknown {
  const { constant_value, references } = expression;
  if (references === undefined) return "constant_value" in expression ? literal(constant_value) : unknownText([]);
  if (constant_value !== undefined) return writtenFor(constant_value, scope);
  const found = longest(references).flatMap((text) => referenceTexts(text, scope));
  const [only] = found;
  return found.length === 1 ? `\${${only}}` : unknownText(found);
}

/** What is written in a configuration in JSON, with what its expressions lead to from the root module. */
function writtenFor(value: unknown, scope: PlanScope): unknown {
  if (Array.isArray(value)) return value.map((item) => writtenFor(item, scope));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, writtenFor(item, scope)]));
  if (typeof value !== "string") return value;
  let text = "";
  let end = 0;
  for (const { start, end: next, whole, traversals } of interpolationsOf(value)) {
    text += value.slice(end, start) + interpolationFor(value.slice(start, next), whole, traversals, scope);
    end = next;
  }
  return text + value.slice(end);
}

/** Of the root module as it is, unless it takes something out of another one. */
function interpolationFor(
  written: string,
  whole: Traversal | undefined,
  traversals: readonly Traversal[],
  scope: PlanScope,
): string {
  if (scope.prefix === "" && !traversals.some(({ text }) => text.startsWith("module."))) return written;
  const found = traversals.flatMap(({ text }) => referenceTexts(text, scope));
  const [only] = found;
  return whole !== undefined && found.length === 1 ? `\${${only}}` : unknownText(found);
}

/** From the root module; there variables have values of their own, elsewhere they are what the caller gave. */
function referenceTexts(text: string, scope: PlanScope): string[] {
  if (scope.prefix === "" && text.startsWith("var.")) return [text];
  return planReferences({ references: [text] }, "", scope).map(({ address, attribute }) => address + attribute);
}

/** No function of Terraform's: what it refers to is found as in any expression, and nothing takes it for a value. */
function unknownText(references: readonly string[]): string {
  return `\${known_after_apply(${references.join(", ")})}`;
}

function merged(value: unknown, unknown: unknown, configured: unknown, scope: PlanScope): unknown {
  if (!hasUnknown(unknown)) return literal(value);
  if (isExpression(configured)) return configuredValue(configured, scope);
  if (unknown === true) return configured === undefined ? undefined : configuredValue(configured, scope);
  if (Array.isArray(unknown)) return mergedList(value, unknown, configured, scope);
  return mergedObject(isObject(value) ? value : {}, unknown as Attributes, configured, scope);
}

/** Blocks of a set have no order: where their number tells of no other, each is taken for its own. */
function mergedList(value: unknown, unknown: readonly unknown[], configured: unknown, scope: PlanScope): unknown[] {
  const values = Array.isArray(value) ? value : [];
  const blocks = [configured ?? []].flat();
  return Array.from({ length: Math.max(values.length, unknown.length) }, (_, index) =>
    merged(values[index], unknown[index], blocks.length === 1 ? blocks[0] : blocks[index], scope),
  ).filter((item) => item !== undefined);
}

function mergedObject(values: Attributes, unknown: Attributes, configured: unknown, scope: PlanScope): Attributes {
  const [block] = [configured ?? {}].flat() as [Attributes | undefined];
  const keys = new Set([...Object.keys(values), ...Object.keys(unknown)]);
  return Object.fromEntries(
    [...keys]
      .map((key) => [key, merged(values[key], unknown[key], block?.[key], scope)] as const)
      .filter(([, item]) => item !== undefined && item !== null),
  );
}

function hasUnknown(unknown: unknown): boolean {
  if (unknown === true) return true;
  return typeof unknown === "object" && unknown !== null && Object.values(unknown).some(hasUnknown);
}

/** A value that is known means itself, and null nothing. */
export function literal(value: unknown): unknown {
  if (typeof value === "string") return escapeTemplate(value);
  if (Array.isArray(value)) return value.map(literal);
  if (!isObject(value)) return value === null ? undefined : value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, literal(inner)]),
  );
}
