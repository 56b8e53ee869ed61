import { matchesArn, matchesPattern } from "../graph/arn";
import type { Condition, Principal, Statement } from "../graph/policy";

/** One thing that a policy lets somebody do, or keeps them from: the smallest part of a statement that means something. */
export interface Grant {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly conditions: readonly Condition[];
}

/** What changes between two policies; empty lists where they mean the same. */
export interface PolicyChange {
  /** Allowed now, and not before. */
  readonly granted: readonly Grant[];
  /** Allowed before, and not now. */
  readonly taken: readonly Grant[];
  /** No longer denied. */
  readonly undenied: readonly Grant[];
  /** Denied from now on. */
  readonly denied: readonly Grant[];
  /** Statements with NotAction, NotResource or NotPrincipal that are on one side alone: nobody can compare them. */
  readonly unclear: readonly Statement[];
  /** All that was allowed before. */
  readonly allowedBefore: readonly Grant[];
}

/** More grants than this are compared statement by statement, which may tell of a change where there is none. */
const mostGrants = 20_000;

/** Compares by meaning: order, form, and how rights are spread over statements are no matter. */
export function comparePolicies(before: readonly Statement[], after: readonly Statement[]): PolicyChange {
  const [old, now] = [split(before), split(after)];
  return {
    granted: notIn(now.allowed, old.allowed),
    taken: notIn(old.allowed, now.allowed),
    undenied: notIn(old.denied, now.denied),
    denied: notIn(now.denied, old.denied),
    unclear: [...onOneSide(old.inverted, now.inverted), ...onOneSide(now.inverted, old.inverted)],
    allowedBefore: old.allowed,
  };
}

function split(statements: readonly Statement[]) {
  const inverted = statements.filter(isInverted);
  const plain = statements.filter((statement) => !isInverted(statement));
  const of = (effect: Statement["effect"]) => plain.filter((each) => each.effect === effect).flatMap(grantsOf);
  return { allowed: of("Allow"), denied: of("Deny"), inverted };
}

function isInverted({ notActions, notPrincipals, notResources }: Statement): boolean {
  return notActions.length + notPrincipals.length + notResources.length > 0;
}

function onOneSide(these: readonly Statement[], others: readonly Statement[]): Statement[] {
  const texts = new Set(others.map(meaning));
  return these.filter((statement) => !texts.has(meaning(statement)));
}

function meaning({ path: _, sid: __, ...rest }: Statement): string {
  return JSON.stringify(rest);
}

function grantsOf({ principals, actions, resources, conditions }: Statement): Grant[] {
  const who = principals.length === 0 ? [""] : principals.map(principalText);
  const what = resources.length === 0 ? [""] : resources;
  return who.flatMap((principal) =>
    actions.flatMap((action) => what.map((resource) => ({ principal, action, resource, conditions }))),
  );
}

/** `*` alone and `AWS: *` both mean everyone. */
export function principalText({ type, value }: Principal): string {
  if (value === "*") return "*";
  // An account's number is its root.
  if (type === "AWS" && /^\d{12}$/.test(value)) return `AWS arn:aws:iam::${value}:root`;
  return `${type} ${value}`;
}

function notIn(grants: readonly Grant[], others: readonly Grant[]): Grant[] {
  if (grants.length * others.length > mostGrants ** 2 / 4) {
    const texts = new Set(others.map((grant) => JSON.stringify(grant)));
    return grants.filter((grant) => !texts.has(JSON.stringify(grant)));
  }
  return grants.filter((grant) => !others.some((other) => covers(other, grant)));
}

/** Whether one grant has all of another one in it. */
export function covers(wide: Grant, narrow: Grant): boolean {
  return (
    coversPrincipal(wide.principal, narrow.principal) &&
    coversPattern(wide.action.toLowerCase(), narrow.action.toLowerCase(), matchesPattern) &&
    (wide.resource === narrow.resource || coversPattern(wide.resource, narrow.resource, matchesArn)) &&
    wide.conditions.every((condition) => narrow.conditions.some((other) => isStricter(other, condition)))
  );
}

function coversPrincipal(wide: string, narrow: string): boolean {
  return wide === narrow || wide === "*";
}

/** A `?` of the wide pattern would take a `*` of the narrow one for a character. */
function coversPattern(wide: string, narrow: string, matches: (pattern: string, text: string) => boolean): boolean {
  if (wide === narrow || wide === "*") return true;
  if (wide.includes("?") && /[*?]/.test(narrow)) return false;
  return matches(wide, narrow);
}

/** Whether whoever meets one condition meets the other as well. */
function isStricter(given: Condition, wanted: Condition): boolean {
  if (given.operator !== wanted.operator || given.key.toLowerCase() !== wanted.key.toLowerCase()) return false;
  // Of a negative one every value narrows; of any other one every value widens.
  return /Not/.test(given.operator)
    ? wanted.values.every((value) => given.values.includes(value))
    : given.values.every((value) => wanted.values.includes(value));
}
