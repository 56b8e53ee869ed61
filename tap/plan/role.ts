import { CommandError } from "../context";
import { readTerraformFolder } from "../graph/read-terraform";
import type { StackFolder } from "./folders";

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
