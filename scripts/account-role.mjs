#!/usr/bin/env node
/*
 * Says which role of an environment's account a workflow enters, and in which region, as steps' outputs have it:
 *
 *   node scripts/account-role.mjs prod deploy [folder]
 *
 * Both come from what was synthesized (cdktf.out): the stacks' provider works under the deploy role, and the plan role
 * is beside it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [environment = "", role = "", folder = "cdktf.out"] = process.argv.slice(2);
try {
  console.log(outputs().join("\n"));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function outputs() {
  if (!/^[a-z0-9]{1,12}$/.test(environment))
    throw new Error(`The environment is 1 to 12 lower-case letters and digits (given ${JSON.stringify(environment)})`);
  if (!["deploy", "plan"].includes(role)) throw new Error(`The role is deploy or plan (given ${JSON.stringify(role)})`);
  const stacks = join(folder, "stacks");
  const pattern = new RegExp(`^tap-delivery-${environment}-[a-z]{2}-[a-z]+-\\d$`);
  const [stack, ...others] = existsSync(stacks) ? readdirSync(stacks).filter((name) => pattern.test(name)) : [];
  if (stack === undefined || others.length > 0)
    throw new Error(`${stacks} must have one delivery stack of ${environment}: run tap synth --env ${environment}`);
  const { variable, provider } = JSON.parse(readFileSync(join(stacks, stack, "cdk.tf.json"), "utf8"));
  const deployRole = variable.provider_role_arn.default;
  return [
    `role-arn=${role === "deploy" ? deployRole : deployRole.replace(":role/tap-bootstrap-deploy-", ":role/tap-bootstrap-plan-")}`,
    `region=${provider.aws[0].region}`,
  ];
}
