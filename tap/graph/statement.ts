import { matchesArn, matchesPattern } from "./arn";
import type { Condition, Statement } from "./policy";
import { rememberingObjects } from "./remembering";

/** Conditions on a key, whatever its case: `aws:SourceArn` is `AWS:sourcearn` to IAM. */
export function conditionsOn(statement: Statement, key: string): Condition[] {
  return statement.conditions.filter((condition) => condition.key.toLowerCase() === key.toLowerCase());
}

/** All values of its conditions on a key, by whatever operator. */
export function valuesOn(statement: Statement, key: string): string[] {
  return conditionsOn(statement, key).flatMap(({ values }) => [...values]);
}

/** Whether a statement is about an action: by its name or a wildcard, or because it isn't left out. */
export function coversAction(statement: Statement, action: string): boolean {
  const { actions, notActions } = inLowerCase(statement);
  const name = action.toLowerCase();
  const matches = (pattern: string) => matchesPattern(pattern, name);
  return actions.some(matches) || (notActions.length > 0 && !notActions.some(matches));
}

const inLowerCase = rememberingObjects(({ actions, notActions }: Statement) => ({
  actions: actions.map((action) => action.toLowerCase()),
  notActions: notActions.map((action) => action.toLowerCase()),
}));

/** Whether a statement is about an ARN; one without resources, as in a trust policy, is about the thing that it is on. */
export function coversResource({ resources, notResources }: Statement, arn: string): boolean {
  const matches = (pattern: string) => matchesArn(pattern, arn);
  if (notResources.length > 0) return !notResources.some(matches);
  return resources.length === 0 || resources.some(matches);
}

/** Whether a statement is for everyone, in either way to say so. */
export function isForEveryone({ principals }: Statement): boolean {
  return principals.some(({ type, value }) => value === "*" && (type === "*" || type === "AWS"));
}
