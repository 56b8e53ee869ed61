import { CommandError } from "../context";
import { readTerraformFolder } from "../graph/read-terraform";
import { parseStackId } from "../graph/stack-id";
import type { StackFolder } from "./folders";
import type { PlanOptions } from "./plan";
import type { SelectedFolders } from "./select";

const deployRole = /^(arn:[\w-]+:iam::\d{12}:role\/tap-bootstrap-)deploy-/;

/**
 * The account's plan role, by the deploy role that the stack has as its variable's default: bootstrap makes both.
 * Undefined for a stack that works under the caller's own credentials (bootstrap).
 */
export function planRoleOf({ stackId, folder }: StackFolder): string | undefined {
  const variable = readTerraformFolder(folder).variable?.provider_role_arn;
  if (variable === undefined) return undefined;
  const given = variable.default;
  if (typeof given === "string" && deployRole.test(given)) return given.replace(deployRole, "$1plan-");
  throw new CommandError(
    `${stackId}: provider_role_arn has no deploy role of bootstrap as its default (${JSON.stringify(given)}), so that the plan role isn't known: name it, --plan-role <arn>`,
  );
}

/** Under which role each stack is planned: its account's plan role (`true`), the one that is named, or the stack's own. */
export function rolesOf(stacks: readonly StackFolder[], planRole: string | true | undefined): PlanOptions["roleArn"] {
  if (planRole !== true) return planRole;
  const roles = new Map(stacks.map((stack) => [stack.stackId, planRoleOf(stack)]));
  return (stackId) => roles.get(stackId);
}

export interface RoleOptions {
  readonly planRole?: string | true;
  readonly stack?: readonly string[];
}

/**
 * Under the plan role bootstrap is left out, unless it is named: its identity provider and boundaries are none of what
 * that role may read, and its plan would fail each time.
 */
export function readableByRole(
  { wanted, known }: SelectedFolders,
  { planRole, stack }: RoleOptions,
): SelectedFolders & { readonly leftOut: readonly string[] } {
  const isLeft = ({ stackId }: StackFolder) =>
    planRole !== undefined && stack === undefined && parseStackId(stackId)?.component === "bootstrap";
  return {
    wanted: wanted.filter((each) => !isLeft(each)),
    known,
    leftOut: wanted.filter(isLeft).map(({ stackId }) => stackId),
  };
}

export function leftOutText(stackId: string, verb: "plan" | "drift"): string {
  return `${stackId} is left out: the plan role can't read it. People look at it with their own credentials: tap ${verb} --stack ${stackId}`;
}
