import type { Environment } from "../../../config/environment";
import { accountArns } from "../account-arns";
import { withArns } from "../policies";
import { expectThat, type Finding, judgeBootstraps, judgeEach, type Requirement, sameJson } from "../requirement";
import { reference, resourcesOf, type StackJson } from "../stack-json";
import { boundaries } from "./plat-13-boundaries";
import { entrances, givenElsewhere } from "./plat-13-entrances";
import { rights } from "./plat-13-rights";

export const plat13: Requirement = {
  id: "PLAT-13",
  checks:
    "Every stack is bound to its account; providers work under a role that is a variable (deploy by default), bootstrap under the caller's; CI enters by exact audience and subject; the plan role reads, the deploy role makes roles under the workload boundary alone; both boundaries stay as wide as they are.",
  why: "One account's credentials or one pull request must never change another environment, or give itself more rights.",
  judge: (subject) => [
    ...judgeEach(subject, "all", providerAndRole),
    ...judgeBootstraps(subject, (stack, environment) => [
      ...entrances(stack, environment),
      ...rights(stack, environment, subject.backend),
      ...boundaries(stack, environment, subject.backend),
    ]),
    ...judgeEach(subject, "all", givenElsewhere),
    ...judgeEach(subject, "all", workloadBoundaries),
  ],
};

function providerAndRole(stack: StackJson, environment: Environment): Finding[] {
  const provider = stack.json.provider?.aws?.[0] ?? {};
  const bound = expectThat(
    sameJson(provider.allowed_account_ids, [environment.accountId]),
    stack,
    `must allow the account ${environment.accountId} alone`,
  );
  if (stack.component === "bootstrap")
    return [
      ...bound,
      ...expectThat(provider.assume_role === undefined, stack, "must work under the caller's own credentials"),
    ];
  const variable = stack.json.variable?.provider_role_arn;
  return [
    ...bound,
    ...expectThat(
      sameJson(provider.assume_role, [{ role_arn: reference("var.provider_role_arn") }]),
      stack,
      "must work under the role of the variable provider_role_arn",
    ),
    ...expectThat(
      variable?.default === accountArns(environment).deployRole,
      stack,
      "must have the account's deploy role as the variable's default",
    ),
  ];
}

/** Every role but the deploy and plan roles is under the workload boundary; what replicates states, which that one denies, under the other. */
function workloadBoundaries(stack: StackJson, environment: Environment): Finding[] {
  const { deployRole, planRole, stateReplicationRole, deployBoundary, workloadBoundary } = accountArns(environment);
  const isBootstraps = (name: unknown) =>
    stack.component === "bootstrap" && [deployRole, planRole].some((arn) => arn.endsWith(`:role/${name}`));
  const boundaryOf = (name: unknown) =>
    stack.component === "bootstrap" && stateReplicationRole.endsWith(`:role/${name}`)
      ? deployBoundary
      : workloadBoundary;
  return resourcesOf(stack, "aws_iam_role")
    .filter(({ attributes }) => !isBootstraps(attributes.name))
    .flatMap(({ attributes, address }) =>
      expectThat(
        withArns(stack, environment.accountId, attributes.permissions_boundary) === boundaryOf(attributes.name),
        stack,
        "is not under its boundary",
        address,
      ),
    );
}
