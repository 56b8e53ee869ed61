import { sameJson } from "./requirement";
import { type PolicyStatement, resourcesOf, type StackJson } from "./stack-json";

/** Whether two parts of a policy mean the same to IAM: one value or a list of it, in whatever order. */
export function sameInPolicy(a: unknown, b: unknown): boolean {
  return sameJson(unordered(a), unordered(b));
}

function unordered(value: unknown): unknown {
  if (value === undefined) return undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unordered(inner)]));
  return [value]
    .flat()
    .map((item) => (typeof item === "object" ? JSON.stringify(unordered(item)) : String(item)))
    .sort();
}

/** A statement that must deny at least this; less of it, or under further conditions, is a hole. */
export interface Denial {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources?: readonly string[];
  /** Exactly these are left out of the denial. */
  readonly notResources?: readonly string[];
  readonly conditions?: PolicyStatement["Condition"];
}

/** Whether exactly one statement of that id denies all that it must. */
export function denies(statements: readonly PolicyStatement[], denial: Denial): boolean {
  const [statement, ...others] = statements.filter(({ Sid }) => Sid === denial.sid);
  if (statement === undefined || others.length > 0) return false;
  const { Effect, Action, Resource = [], NotAction, NotResource, Condition } = statement;
  return (
    Effect === "Deny" &&
    NotAction === undefined &&
    includesAll(Action, denial.actions) &&
    includesAll(Resource, denial.resources ?? []) &&
    sameInPolicy(NotResource, denial.notResources) &&
    sameInPolicy(Condition, denial.conditions)
  );
}

function includesAll(list: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((item) => list.includes(item));
}

/** `iam` of `iam:CreateRole`; undefined where a wildcard leaves the service open. IAM ignores the case of actions. */
export function serviceOf(action: string): string | undefined {
  return /^([a-z0-9-]+):/.exec(action.toLowerCase())?.[1];
}

/** The text with the references to the stack's own policies and roles replaced by the ARNs that they will have. */
export function withArns(stack: StackJson, accountId: string, text: unknown): string {
  return String(text).replace(/\$\{(aws_iam_(policy|role)\.[\w-]+)\.arn\}/g, (whole, address: string, kind: string) => {
    const found = resourcesOf(stack).find((resource) => resource.address === address);
    return found === undefined ? whole : `arn:aws:iam::${accountId}:${kind}/${found.attributes.name}`;
  });
}
