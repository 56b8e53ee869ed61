import { isPattern, literalPrefix } from "../../graph/arn";
import type { Condition, Statement } from "../../graph/policy";
import { rememberingObjects } from "../../graph/remembering";
import { coversAction, coversResource } from "../../graph/statement";
import { type Context, holds } from "./conditions";
import { actionOf, takesKey } from "./iam-data";

/** What decides what a role may do; expressions in it are replaced. */
export interface Rights {
  readonly identity: readonly Statement[];
  /** What it may do at most; undefined where there is no boundary. */
  readonly boundary?: readonly Statement[];
}

export interface Request {
  /** `s3:GetObject` */
  readonly action: string;
  /** The ARN of one thing, or `*` for an action that is on none. */
  readonly resource: string;
  readonly context: Context;
}

/** `conditional`: allowed, if conditions hold of which nobody knows before the request is made. */
export type Answer =
  | { readonly decision: "allowed" | "denied" }
  | { readonly decision: "conditional"; readonly conditions: readonly Condition[] };

/**
 * IAM's answer to a request in the role's own account: what the role's policies and its boundary both allow and no
 * statement denies. Keys that requests for the action don't have (service authorization reference) are absent.
 */
export function decide({ identity, boundary }: Rights, request: Request): Answer {
  const context = contextOf(request);
  const about = (statements: readonly Statement[], effect: Statement["effect"]) =>
    statements
      .filter((statement) => statement.effect === effect && covers(statement, request))
      .map((statement) => applies(statement, context));
  const denials = about([...identity, ...(boundary ?? [])], "Deny");
  if (denials.some(({ holds: answer }) => answer === true)) return { decision: "denied" };
  const open = denials.flatMap(({ conditions }) => conditions);
  for (const statements of [identity, boundary]) {
    if (statements === undefined) continue;
    const allowing = about(statements, "Allow").filter(({ holds: answer }) => answer !== false);
    if (allowing.length === 0) return { decision: "denied" };
    if (allowing.every(({ holds: answer }) => answer === undefined))
      open.push(...allowing.flatMap(({ conditions }) => conditions));
  }
  return open.length === 0 ? { decision: "allowed" } : { decision: "conditional", conditions: open };
}

/** Whether a statement is about a request's action and thing, whatever its conditions. */
export function covers(statement: Statement, { action, resource }: Omit<Request, "context">): boolean {
  return mayCover(statement, action) && coversAction(statement, action) && coversResource(statement, resource);
}

/** Names, and beginnings of patterns: most statements are about something else, and that is soon told. */
const namesOf = rememberingObjects(({ actions }: Statement) => {
  const lower = actions.map((action) => action.toLowerCase());
  return {
    exact: new Set(lower.filter((action) => !isPattern(action))),
    beginnings: lower.filter(isPattern).map(literalPrefix),
  };
});

/** False where a statement is surely not about an action. */
export function mayCover(statement: Statement, action: string): boolean {
  if (statement.notActions.length > 0) return true;
  const name = action.toLowerCase();
  const { exact, beginnings } = namesOf(statement);
  return exact.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}

/** Whether a statement's conditions hold for a request, with those that decide it where that isn't known. */
export function applies(
  { conditions }: Statement,
  context: Context,
): { readonly holds: boolean | undefined; readonly conditions: readonly Condition[] } {
  const open: Condition[] = [];
  for (const condition of conditions) {
    const answer = holds(condition, context);
    if (answer === false) return { holds: false, conditions: [] };
    if (answer === undefined) open.push(condition);
  }
  return { holds: open.length === 0 ? true : undefined, conditions: open };
}

/** What is known of a request, without keys that its action doesn't take. */
export function contextOf({ action, context }: Omit<Request, "resource">): Context {
  const known = actionOf(action);
  return (key) => context(key) ?? (takesKey(known, key) ? undefined : "absent");
}
