import type { GraphNode } from "./model";
import { remembering, rememberingObjects } from "./remembering";

/**
 * What a policy decides. `identity`: what a role or a user may do. `boundary`: what it may do at most. `trust`: who
 * may become the role. `key`: a KMS key's. `endpoint`: what goes through a VPC endpoint. `organization`: what
 * accounts may do at most. `resource`: any other that is on a thing, and says who may use it.
 */
export type PolicyKind = "identity" | "boundary" | "trust" | "key" | "endpoint" | "organization" | "resource";

/** A policy document, in a form in which the same rights look the same. */
export interface PolicyDocument {
  /** The resource that it is written in. */
  readonly node: GraphNode;
  /** Attribute that holds it; for one in attributes of their own (`aws_lambda_permission`), empty. */
  readonly path: string;
  readonly kind: PolicyKind;
  /** The `aws_iam_policy_document` that it comes from. */
  readonly source?: GraphNode;
  /** What it is attached to: the node itself, the role, the queue of a queue's policy. */
  readonly subjects: readonly GraphNode[];
  readonly statements: readonly Statement[];
}

/** A policy that is there, and that nobody can judge. */
export interface UnreadablePolicy {
  readonly node: GraphNode;
  readonly path: string;
  readonly kind: PolicyKind;
  readonly why: string;
}

/** A statement. Lists are sorted and without repetition; expressions in them are as written. */
export interface Statement {
  /** `policy.Statement[0]` */
  readonly path: string;
  readonly sid?: string;
  readonly effect: "Allow" | "Deny";
  readonly principals: readonly Principal[];
  readonly notPrincipals: readonly Principal[];
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  readonly notResources: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Principal {
  /** `*` where the policy says `"Principal": "*"`, which is everyone, as `{"AWS": "*"}` is. */
  readonly type: "AWS" | "Service" | "Federated" | "CanonicalUser" | "*";
  readonly value: string;
}

/** All conditions of a statement must hold, and of each one of the values. */
export interface Condition {
  /** `StringEquals`, `ForAnyValue:StringLike`, … */
  readonly operator: string;
  /** As written; IAM compares keys without regard to case, see `conditionsOn`. */
  readonly key: string;
  readonly values: readonly string[];
}

const principalTypes: readonly string[] = ["AWS", "Service", "Federated", "CanonicalUser"];

/** Why a document can't be read as a policy; caught where policies are collected. */
export class PolicyProblem extends Error {
  override readonly name = "PolicyProblem";
}

/**
 * The statements of a document as it stands in JSON: one value and a list of it mean the same, and so does any order.
 *
 * @throws PolicyProblem where IAM would refuse it too
 */
export function normalizePolicy(document: unknown, path: string): readonly Statement[] {
  return typeof document === "object" && document !== null ? knownPolicies(document)(path) : normalized(document, path);
}

/** By document, which is the same object for the same text, and by the way to it. */
const knownPolicies = rememberingObjects((document: object) => remembering((path) => normalized(document, path)));

function normalized(document: unknown, path: string): readonly Statement[] {
  const statements = membersOf(document, path).get("statement");
  if (statements === undefined) throw new PolicyProblem("has no Statement");
  const list = Array.isArray(statements);
  return [statements]
    .flat()
    .map((statement, index) => normalizeStatement(statement, `${path}.Statement${list ? `[${index}]` : ""}`));
}

function normalizeStatement(statement: unknown, path: string): Statement {
  const members = membersOf(statement, path);
  const get = (name: string) => members.get(name.toLowerCase());
  const effect = get("Effect");
  if (effect !== "Allow" && effect !== "Deny")
    throw new PolicyProblem(`${path} has the Effect ${JSON.stringify(effect)}, which is neither Allow nor Deny`);
  const sid = get("Sid");
  return {
    path,
    ...(typeof sid === "string" && sid !== "" ? { sid } : {}),
    effect,
    principals: principalsOf(get("Principal"), path),
    notPrincipals: principalsOf(get("NotPrincipal"), path),
    actions: textsOf(get("Action"), `${path}.Action`),
    notActions: textsOf(get("NotAction"), `${path}.NotAction`),
    resources: textsOf(get("Resource"), `${path}.Resource`),
    notResources: textsOf(get("NotResource"), `${path}.NotResource`),
    conditions: conditionsOf(get("Condition"), path),
  };
}

function principalsOf(value: unknown, path: string): readonly Principal[] {
  if (value === undefined) return [];
  if (value === "*") return [{ type: "*", value: "*" }];
  return sorted(
    entriesOf(value, `${path}.Principal`).flatMap(([type, values]) => {
      if (!principalTypes.includes(type)) throw new PolicyProblem(`${path} has principals of the unknown type ${type}`);
      return textsOf(values, `${path}.Principal.${type}`).map((text) => ({
        type: type as Principal["type"],
        value: text,
      }));
    }),
  );
}

function conditionsOf(value: unknown, path: string): readonly Condition[] {
  if (value === undefined) return [];
  return sorted(
    entriesOf(value, `${path}.Condition`).flatMap(([operator, keys]) =>
      entriesOf(keys, `${path}.Condition.${operator}`).map(([key, values]) => ({
        operator,
        key,
        values: textsOf(values, `${path}.Condition.${operator}.${key}`),
      })),
    ),
  );
}

function textsOf(value: unknown, path: string): string[] {
  if (typeof value === "string") return [value];
  const texts = [value ?? []].flat().map((item) => {
    if (typeof item === "object") throw new PolicyProblem(`${path} holds something that is no text`);
    return String(item);
  });
  return [...new Set(texts)].sort();
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PolicyProblem(`${path} is no object`);
  return Object.entries(value);
}

/** By their names in lower case: IAM takes them in any. */
function membersOf(value: unknown, path: string): ReadonlyMap<string, unknown> {
  const members = new Map<string, unknown>();
  for (const [key, member] of entriesOf(value, path)) {
    const name = key.toLowerCase();
    if (!members.has(name)) members.set(name, member);
  }
  return members;
}

function sorted<T>(items: readonly T[]): readonly T[] {
  if (items.length < 2) return items;
  const texts = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...texts.keys()].sort().map((key) => texts.get(key) as T);
}
