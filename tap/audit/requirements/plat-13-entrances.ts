import type { Environment } from "../../../config/environment";
import { accountArns } from "../account-arns";
import { sameInPolicy, withArns } from "../policies";
import { expectThat, type Finding, sameJson } from "../requirement";
import {
  type PolicyStatement,
  type Resource,
  reference,
  resourcesOf,
  type StackJson,
  statementsOf,
} from "../stack-json";

const issuer = "token.actions.githubusercontent.com";

/** The deploy and plan roles of a bootstrap stack; undefined where there isn't exactly one of the name. */
export function accountRoles(stack: StackJson, environment: Environment) {
  const { deployRole, planRole } = accountArns(environment);
  return { deploy: roleOf(stack, deployRole), plan: roleOf(stack, planRole) };
}

function roleOf(stack: StackJson, arn: string): Resource | undefined {
  const found = resourcesOf(stack, "aws_iam_role").filter(({ attributes }) => arn.endsWith(`:role/${attributes.name}`));
  return found.length === 1 ? found[0] : undefined;
}

/** Who may enter by the two roles, and that nothing but their own policies gives them rights. */
export function entrances(stack: StackJson, environment: Environment): Finding[] {
  const { deploy, plan } = accountRoles(stack, environment);
  if (deploy === undefined || plan === undefined)
    return [{ stack: stack.id, message: "must have a deploy role and a plan role, one each" }];
  const arns = accountArns(environment);
  const subject = `repo:${environment.repository}:`;
  const deployments = environment.account.environmentSuffixes.map((suffix) => `${subject}environment:${suffix}`);
  return [
    ...identityProvider(stack),
    ...trust(stack, environment, deploy, arns.deployRole, deployments),
    ...trust(stack, environment, plan, arns.planRole, [`${subject}pull_request`, `${subject}ref:refs/heads/main`]),
    ...[deploy, plan].flatMap((role) => [
      ...expectThat(
        withArns(stack, environment.accountId, role.attributes.permissions_boundary) === arns.deployBoundary,
        stack,
        "must be under the deploy boundary",
        role.address,
      ),
      ...expectThat(
        role.attributes.managed_policy_arns === undefined && role.attributes.inline_policy === undefined,
        stack,
        "has policies among its attributes, where no rule reads them",
        role.address,
      ),
      ...attachments(stack, role),
    ]),
  ];
}

/** The trust policies name the provider by reference: whose tokens it takes is said there alone. */
function identityProvider(stack: StackJson): Finding[] {
  return resourcesOf(stack, "aws_iam_openid_connect_provider").flatMap(({ attributes, address }) =>
    expectThat(
      attributes.url === `https://${issuer}` && sameJson(attributes.client_id_list, ["sts.amazonaws.com"]),
      stack,
      "must take GitHub's tokens for STS, and no others",
      address,
    ),
  );
}

function trust(
  stack: StackJson,
  environment: Environment,
  role: Resource,
  roleArn: string,
  subjects: readonly string[],
): Finding[] {
  const statements = statementsOf(role.attributes.assume_role_policy);
  const expected = [workflows(stack, subjects), namedRoles(environment, roleArn)];
  return [
    ...expectThat(statements.length === expected.length, stack, "must let in workflows and named roles", role.address),
    ...expected.flatMap((statement) =>
      expectThat(
        statements.some((candidate) => sameInPolicy(candidate, statement)),
        stack,
        `must have the trust ${JSON.stringify(statement)}`,
        role.address,
      ),
    ),
  ];
}

/** Exact audience and subjects of the stack's own identity provider. */
function workflows(stack: StackJson, subjects: readonly string[]): PolicyStatement {
  const [provider] = resourcesOf(stack, "aws_iam_openid_connect_provider");
  return {
    Sid: "GithubWorkflows",
    Effect: "Allow",
    Principal: { Federated: [reference(`${provider?.address}.arn`)] },
    Action: ["sts:AssumeRoleWithWebIdentity"],
    Condition: { StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com", [`${issuer}:sub`]: subjects } },
  };
}

/** The role itself and the operators' by whole ARN, and only their accounts as principals. */
function namedRoles({ accountId, operatorRoleArns }: Environment, roleArn: string): PolicyStatement {
  const accounts = new Set([accountId, ...operatorRoleArns.map((arn) => arn.split(":")[4])]);
  return {
    Sid: "NamedRoles",
    Effect: "Allow",
    Principal: { AWS: [...accounts].map((id) => `arn:aws:iam::${id}:root`) },
    Action: ["sts:AssumeRole"],
    Condition: { ArnEquals: { "aws:PrincipalArn": [roleArn, ...operatorRoleArns] } },
  };
}

/** Every type of resource that gives a role rights. */
const giving = [
  "aws_iam_role_policy",
  "aws_iam_role_policy_attachment",
  "aws_iam_policy_attachment",
  "aws_iam_role_policies_exclusive",
  "aws_iam_role_policy_attachments_exclusive",
];

/** What gives rights to a role, which it may name by reference or by name. */
function givenTo(stack: StackJson, isNamed: (target: string) => boolean): Resource[] {
  return giving
    .flatMap((type) => resourcesOf(stack, type))
    .filter(({ attributes }) =>
      [attributes.role, attributes.role_name, attributes.roles].flat().map(String).some(isNamed),
    );
}

function attachments(stack: StackJson, role: Resource): Finding[] {
  const own = resourcesOf(stack, "aws_iam_policy").map(({ address }) => reference(`${address}.arn`));
  return givenTo(
    stack,
    (target) => target.includes(`${role.address}.`) || target.split("/").at(-1) === role.attributes.name,
  ).flatMap(({ type, attributes, address }) =>
    expectThat(
      type === "aws_iam_role_policy_attachment" &&
        attributes.role === reference(`${role.address}.name`) &&
        own.includes(String(attributes.policy_arn)),
      stack,
      `gives ${role.attributes.name} rights otherwise than by a policy of this stack`,
      address,
    ),
  );
}

/** No other stack gives bootstrap's roles rights. */
export function givenElsewhere(stack: StackJson): Finding[] {
  if (stack.component === "bootstrap") return [];
  return givenTo(stack, (target) => /(^|\/)tap-bootstrap-/.test(target)).map(({ address }) => ({
    stack: stack.id,
    address,
    message: "gives a role of bootstrap rights",
  }));
}

/** Policies that are attached to a role, of the stack itself. */
export function policiesOf(stack: StackJson, role: Resource): Resource[] {
  const attached = resourcesOf(stack, "aws_iam_role_policy_attachment")
    .filter(({ attributes }) => attributes.role === reference(`${role.address}.name`))
    .map(({ attributes }) => attributes.policy_arn);
  return resourcesOf(stack, "aws_iam_policy").filter(({ address }) => attached.includes(reference(`${address}.arn`)));
}
