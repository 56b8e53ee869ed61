import { parseJsonText } from "../../graph/json-text";
import { type Attributes, isObject } from "../../graph/terraform-json";

/** What is wrong with a pattern that events are filtered by; nothing where it is made by an expression. */
export function patternProblem(pattern: unknown): string | undefined {
  if (isObject(pattern)) return leafProblem(pattern, "");
  if (typeof pattern !== "string") return undefined;
  // jsonencode(…) and the like: Terraform makes it.
  if (/^\s*\$\{/.test(pattern)) return undefined;
  const json = parseJsonText(pattern);
  if (!isObject(json)) return "it is no JSON object";
  return Object.keys(json).length === 0 ? "it is empty" : leafProblem(json, "");
}

/** In every such pattern, what is compared with a field stands in a list: a bare text matches nothing. */
function leafProblem(pattern: Attributes, way: string): string | undefined {
  for (const [name, value] of Object.entries(pattern)) {
    const problem = fieldProblem(value, way === "" ? name : `${way}.${name}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fieldProblem(value: unknown, path: string): string | undefined {
  if (isObject(value)) return leafProblem(value, path);
  if (Array.isArray(value)) return value.length === 0 ? `${path} is an empty list` : undefined;
  return typeof value === "string" && value.includes("${") ? undefined : `${path} is no list of what it may be`;
}
