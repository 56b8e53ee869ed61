import type { Environment } from "../../../config/environment";
import { accountArns } from "../account-arns";
import { expectThat, type Finding, judgeEach, type Requirement, sameJson } from "../requirement";
import {
  type PolicyStatement,
  type Resource,
  reference,
  resourcesOf,
  type StackJson,
  statementsOf,
} from "../stack-json";

/** What reads or writes what is in a store, rather than how the store is set up; the plan role has it for states alone. */
const dataActions =
  /^(s3:GetObject|dynamodb:(GetItem|BatchGetItem|Query|Scan)|secretsmanager:GetSecretValue|sqs:ReceiveMessage|kinesis:GetRecords|kms:(Encrypt|GenerateDataKey))/;
const changingActions =
  /:(Put|Create|Delete|Update|Attach|Detach|Modify|Tag|Untag|Associate|Disassociate|Authorize|Revoke|Enable|Disable|Schedule|Add|Remove|Pass)/;

export const plat13: Requirement = {
  id: "PLAT-13",
  checks:
    "Every stack is bound to its account; providers work under a role that is a variable (deploy by default), bootstrap under the caller's; CI enters by exact audience and subject; the plan role reads, the deploy role makes roles under the workload boundary alone.",
  why: "One account's credentials or one pull request must never change another environment, or give itself more rights.",
  judge: (subject) => [
    ...judgeEach(subject, "all", providerAndRole),
    ...(subject.stacks.some(({ component }) => component === "bootstrap")
      ? judgeEach(subject, "bootstrap", entrances)
      : []),
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

function entrances(stack: StackJson, environment: Environment): Finding[] {
  const roles = resourcesOf(stack, "aws_iam_role");
  const arns = accountArns(environment);
  const byName = (arn: string) => roles.find(({ attributes }) => arn.endsWith(`:role/${attributes.name}`));
  const [deploy, plan] = [byName(arns.deployRole), byName(arns.planRole)];
  if (deploy === undefined || plan === undefined)
    return [{ stack: stack.id, message: "must have a deploy role and a plan role" }];
  const subject = `repo:${environment.repository}:`;
  return [
    ...trust(stack, deploy, [`${subject}environment:${environment.environmentSuffix}`]),
    ...trust(stack, plan, [`${subject}pull_request`, `${subject}ref:refs/heads/main`]),
    ...[deploy, plan].flatMap((role) =>
      expectThat(
        String(role.attributes.permissions_boundary).includes("deploy-boundary"),
        stack,
        "must be under the deploy boundary",
        role.address,
      ),
    ),
    ...planRights(stack, plan),
    ...deployRights(stack, deploy, arns.workloadBoundary),
    ...boundaryDenials(stack, arns.workloadBoundary),
  ];
}

/** Exact audience and subjects; other principals by exact ARN. */
function trust(stack: StackJson, role: Resource, subjects: readonly string[]): Finding[] {
  const statements = statementsOf(role.attributes.assume_role_policy);
  const workflows = statements.find(({ Action }) => Action.includes("sts:AssumeRoleWithWebIdentity"));
  const exact = {
    StringEquals: {
      "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
      "token.actions.githubusercontent.com:sub": subjects,
    },
  };
  const others = statements.filter((statement) => statement !== workflows);
  const named = others.every(({ Condition }) =>
    [Condition?.ArnEquals?.["aws:PrincipalArn"] ?? "*"].flat().every((arn) => !arn.includes("*")),
  );
  return [
    ...expectThat(
      sameJson(workflows?.Condition, exact),
      stack,
      `must let in workflows of exactly ${subjects.join(", ")}`,
      role.address,
    ),
    ...expectThat(named, stack, "must name each other role that may assume it by its whole ARN", role.address),
  ];
}

function rightsOf(stack: StackJson, role: Resource): PolicyStatement[] {
  const attached = resourcesOf(stack, "aws_iam_role_policy_attachment")
    .filter(({ attributes }) => attributes.role === reference(`${role.address}.name`))
    .map(({ attributes }) => attributes.policy_arn);
  return resourcesOf(stack, "aws_iam_policy")
    .filter(({ address }) => attached.includes(reference(`${address}.arn`)))
    .flatMap(({ attributes }) => statementsOf(attributes.policy));
}

function planRights(stack: StackJson, role: Resource): Finding[] {
  const statements = rightsOf(stack, role);
  const changing = statements
    .flatMap(({ Action }) => Action)
    .filter((action) => changingActions.test(action) || action.includes("*"));
  const reading = statements.filter(
    ({ Action, Resource }) =>
      Action.some((action) => dataActions.test(action)) &&
      !(Resource ?? []).every((arn) => /:s3:::tap-state-|:table\/[\w.-]*lock/.test(arn)),
  );
  return [
    ...expectThat(statements.length > 0, stack, "has no rights at all", role.address),
    ...changing.map((action) => ({
      stack: stack.id,
      address: role.address,
      message: `may ${action}, and is to change nothing`,
    })),
    ...reading.map(({ Sid }) => ({
      stack: stack.id,
      address: role.address,
      message: `may read data by its statement ${Sid}`,
    })),
  ];
}

function deployRights(stack: StackJson, role: Resource, workloadBoundaryArn: string): Finding[] {
  const unlimited = rightsOf(stack, role)
    .filter(({ Action }) =>
      Action.some((action) =>
        ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:AttachRolePolicy"].includes(
          action,
        ),
      ),
    )
    .filter(
      ({ Condition }) => !sameJson(Condition, { StringEquals: { "iam:PermissionsBoundary": workloadBoundaryArn } }),
    );
  return unlimited.map(({ Sid }) => ({
    stack: stack.id,
    address: role.address,
    message: `may give rights beyond the workload boundary by its statement ${Sid}`,
  }));
}

/** The boundary denies what a right of the deploy role, however wide, must never allow. */
function boundaryDenials(stack: StackJson, workloadBoundaryArn: string): Finding[] {
  const boundary = resourcesOf(stack, "aws_iam_policy").find(({ attributes }) =>
    String(attributes.name).includes("deploy-boundary"),
  );
  const denials = statementsOf(boundary?.attributes.policy).filter(({ Effect }) => Effect === "Deny");
  const denied = (action: string, matches: (statement: PolicyStatement) => boolean) =>
    denials.some((statement) => statement.Action.includes(action) && matches(statement));
  const checks: [string, boolean][] = [
    [
      "roles outside the workload boundary",
      denied(
        "iam:CreateRole",
        ({ Condition }) =>
          String(Condition?.StringNotEquals?.["iam:PermissionsBoundary"]).includes(
            workloadBoundaryArn.split("/").at(-1) ?? "",
          ) || String(Condition?.StringNotEquals?.["iam:PermissionsBoundary"]).includes("workload-boundary"),
      ),
    ],
    ["taking a boundary off", denied("iam:DeleteRolePermissionsBoundary", ({ Resource }) => sameJson(Resource, ["*"]))],
    [
      "changing bootstrap's roles",
      denied("iam:PutRole*", ({ Resource }) => (Resource ?? []).some((arn) => arn.endsWith("role/tap-bootstrap-*"))),
    ],
    [
      "changing bootstrap's state",
      denied("s3:PutObject*", ({ Resource }) => (Resource ?? []).some((arn) => arn.endsWith("/tap-bootstrap-*"))),
    ],
    [
      "changing bootstrap's keys",
      denied(
        "kms:PutKeyPolicy",
        ({ Condition }) => Condition?.StringEquals?.["aws:ResourceTag/Component"] === "bootstrap",
      ),
    ],
  ];
  return checks.flatMap(([what, holds]) =>
    expectThat(holds, stack, `has a deploy boundary that doesn't deny ${what}`, boundary?.address),
  );
}

/** Every role but the two of bootstrap is under the workload boundary. */
function workloadBoundaries(stack: StackJson, environment: Environment): Finding[] {
  const arns = accountArns(environment);
  return resourcesOf(stack, "aws_iam_role")
    .filter(
      ({ attributes }) => ![arns.deployRole, arns.planRole].some((arn) => arn.endsWith(`:role/${attributes.name}`)),
    )
    .flatMap(({ attributes, address }) =>
      expectThat(
        attributes.permissions_boundary === arns.workloadBoundary,
        stack,
        "is not under the workload boundary",
        address,
      ),
    );
}
