import { isObject } from "../graph/terraform-json";
import type { Plan } from "./plan";
import { memberOf } from "./values";

/**
 * Whether the configuration gives an argument to a resource; undefined where the plan doesn't tell. What nobody gives, and
 * is known only after the apply, AWS sets by itself.
 */
export type IsConfigured = (address: string, argument: string) => boolean | undefined;

/** Reads the configuration when it is asked for the first time: most plans need it for nothing. */
export function configuredIn(plan: Plan): IsConfigured {
  let known: Map<string, unknown> | undefined;
  return (address, argument) => {
    known ??= expressionsOf(memberOf(plan.configuration, "root_module"), "");
    const expressions = known.get(withoutKeys(address));
    return isObject(expressions) ? Object.hasOwn(expressions, argument) : undefined;
  };
}

function expressionsOf(module: unknown, prefix: string): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const resource of asList(memberOf(module, "resources")))
    found.set(`${prefix}${String(memberOf(resource, "address"))}`, memberOf(resource, "expressions") ?? {});
  const calls = memberOf(module, "module_calls");
  for (const [name, call] of isObject(calls) ? Object.entries(calls) : [])
    for (const [address, expressions] of expressionsOf(memberOf(call, "module"), `${prefix}module.${name}.`))
      found.set(address, expressions);
  return found;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** All instances of a resource have one configuration. */
function withoutKeys(address: string): string {
  return address.replaceAll(/\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g, "");
}
