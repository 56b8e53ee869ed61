import { plat13 } from "../../../../tap/audit/requirements/plat-13";
import type { PolicyStatement, StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { provider, resource, stackOf } from "../../../support/synthesized";

const network =
  (mutate: (stack: StackJson) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "network", "us-west-2"));

const bootstrap =
  (mutate: (stack: StackJson) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "bootstrap"));

/** Changes the statements of one policy. */
const policy = (
  type: string,
  name: string,
  attribute: string,
  change: (statements: PolicyStatement[]) => PolicyStatement[],
): Mutation =>
  bootstrap((stack) => {
    const attributes = resource(stack, type, name);
    const document = JSON.parse(String(attributes[attribute])) as { Statement: PolicyStatement[] };
    attributes[attribute] = JSON.stringify({ ...document, Statement: change(document.Statement) });
  });

const without = (sid: string) => (statements: PolicyStatement[]) => {
  const left = statements.filter(({ Sid }) => Sid !== sid);
  if (left.length === statements.length) throw new Error(`There is no statement ${sid}`);
  return left;
};

const allowing = (action: string, resources: string[]) => (statements: PolicyStatement[]) => [
  ...statements,
  { Sid: "Added", Effect: "Allow" as const, Action: [action], Resource: resources },
];

prove(plat13, {
  "a stack may be applied to any account": network((stack) => {
    delete provider(stack).allowed_account_ids;
  }),
  "a stack is bound to another account": network((stack) => {
    Object.assign(provider(stack), { allowed_account_ids: ["999999999999"] });
  }),
  "the provider's role is fixed": network((stack) => {
    Object.assign(provider(stack), {
      assume_role: [{ role_arn: "arn:aws:iam::111111111111:role/fixed" }],
    });
  }),
  "the provider works under the caller's credentials": network((stack) => {
    delete provider(stack).assume_role;
  }),
  "the default role is another": network((stack) => {
    Object.assign(stack.json.variable?.provider_role_arn ?? {}, { default: "arn:aws:iam::111111111111:role/admin" });
  }),
  "a role has no boundary": network((stack) => {
    delete resource(stack, "aws_iam_role").permissions_boundary;
  }),
});

prove(
  plat13,
  {
    "bootstrap works under the deploy role": bootstrap((stack) => {
      Object.assign(provider(stack), {
        assume_role: [{ role_arn: "arn:aws:iam::111111111111:role/deploy" }],
      });
    }),
    "there is no plan role": bootstrap((stack) => {
      resource(stack, "aws_iam_role", "PlanRole").name = "other";
    }),
    "any repository's workflows may deploy": policy("aws_iam_role", "DeployRole", "assume_role_policy", (statements) =>
      JSON.parse(JSON.stringify(statements).replace(/repo:[^"]*/, "repo:*")),
    ),
    "pull requests may deploy": policy("aws_iam_role", "DeployRole", "assume_role_policy", (statements) =>
      JSON.parse(JSON.stringify(statements).replace(/:environment:\w+/, ":pull_request")),
    ),
    "the token's audience is not checked": policy("aws_iam_role", "PlanRole", "assume_role_policy", (statements) =>
      JSON.parse(
        JSON.stringify(statements).replace('"token.actions.githubusercontent.com:aud":"sts.amazonaws.com",', ""),
      ),
    ),
    "anyone in the account may assume the plan role": policy(
      "aws_iam_role",
      "PlanRole",
      "assume_role_policy",
      (statements) =>
        statements.map(({ Condition, ...statement }) =>
          Condition?.ArnEquals ? statement : { ...statement, ...(Condition ? { Condition } : {}) },
        ),
    ),
    "the deploy role has no boundary": bootstrap((stack) => {
      delete resource(stack, "aws_iam_role", "DeployRole").permissions_boundary;
    }),
    "the plan role may read objects": policy(
      "aws_iam_policy",
      "PlanRole_Policy-state",
      "policy",
      allowing("s3:GetObject", ["arn:aws:s3:::tap-files-*"]),
    ),
    "the plan role may read items": policy(
      "aws_iam_policy",
      "PlanRole_Policy-state",
      "policy",
      allowing("dynamodb:Scan", ["arn:aws:dynamodb:*:111111111111:table/tap-jobs-*"]),
    ),
    "the plan role may read secrets": policy(
      "aws_iam_policy",
      "PlanRole_Policy-metadata",
      "policy",
      allowing("secretsmanager:GetSecretValue", ["*"]),
    ),
    "the plan role may write": policy(
      "aws_iam_policy",
      "PlanRole_Policy-metadata",
      "policy",
      allowing("s3:PutObject", ["*"]),
    ),
    "the plan role may do all that a service offers": policy(
      "aws_iam_policy",
      "PlanRole_Policy-metadata",
      "policy",
      allowing("ec2:*", ["*"]),
    ),
    "the deploy role may make roles without a boundary": policy(
      "aws_iam_policy",
      "DeployRole_Policy-roles",
      "policy",
      allowing("iam:CreateRole", ["*"]),
    ),
    "the deploy role may take a boundary off": policy(
      "aws_iam_policy",
      "deploy-boundary",
      "policy",
      without("BoundariesStay"),
    ),
    "the boundary allows roles outside it": policy(
      "aws_iam_policy",
      "deploy-boundary",
      "policy",
      without("RolesOnlyUnderTheBoundary"),
    ),
    "the boundary lets bootstrap's roles be changed": policy(
      "aws_iam_policy",
      "deploy-boundary",
      "policy",
      without("BootstrapRolesStay"),
    ),
    "the boundary lets bootstrap's state be changed": policy(
      "aws_iam_policy",
      "deploy-boundary",
      "policy",
      without("BootstrapStateStays"),
    ),
    "the boundary lets bootstrap's keys be changed": policy(
      "aws_iam_policy",
      "deploy-boundary",
      "policy",
      without("BootstrapKeysStay"),
    ),
  },
  { environments: ["dev", "staging", "prod"] },
);
