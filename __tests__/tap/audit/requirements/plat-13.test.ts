import { toSubject } from "../../../../tap/audit/requirement";
import { plat13 } from "../../../../tap/audit/requirements/plat-13";
import { type Mutation, prove } from "../../../support/prove";
import { provider, resource, stackOf, subjectOf } from "../../../support/synthesized";
import { add, bootstrap, changing, network, policy, referenceTo, rewrite, withoutBootstraps } from "./mutations";

const operator = "arn:aws:iam::999999999999:role/operators";

/** Changes one statement of a role's trust. */
const trust = (role: string, sid: string, changes: Parameters<typeof changing>[1]): Mutation =>
  policy("aws_iam_role", role, "assume_role_policy", changing(sid, changes));

const accounts = ["dev", "staging", "prod"];

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
    "no account has its bootstrap": withoutBootstraps,
    "an account lacks its bootstrap": (subject, environment) => {
      subject.stacks.splice(subject.stacks.indexOf(stackOf(subject, environment, "bootstrap")), 1);
    },
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
          Condition?.ArnEquals ? statement : { ...statement, Condition },
        ),
    ),
    "another account may assume the deploy role": trust("DeployRole", "NamedRoles", () => ({
      Principal: { AWS: ["arn:aws:iam::999999999999:root"] },
    })),
    "everyone may assume the plan role": trust("PlanRole", "NamedRoles", () => ({ Principal: "*" })),
    "a role of the account may assume the deploy role unnamed": trust("DeployRole", "NamedRoles", () => ({
      Condition: { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/admin" } },
    })),
    "a further role may assume the deploy role": trust("DeployRole", "NamedRoles", ({ Condition }) => ({
      Condition: {
        ArnEquals: {
          "aws:PrincipalArn": [
            ...[Condition?.ArnEquals?.["aws:PrincipalArn"] ?? []].flat(),
            "arn:aws:iam::111111111111:role/admin",
          ],
        },
      },
    })),
    "tokens of another provider are taken": trust("DeployRole", "GithubWorkflows", () => ({
      Principal: { Federated: ["arn:aws:iam::999999999999:oidc-provider/example.com"] },
    })),
    "a third statement lets a service deploy": policy(
      "aws_iam_role",
      "DeployRole",
      "assume_role_policy",
      (statements) => [
        ...statements,
        { Sid: "Added", Effect: "Allow", Principal: { Service: ["ec2.amazonaws.com"] }, Action: ["sts:AssumeRole"] },
      ],
    ),
    "an operator of the configuration may not enter": (subject, environment) => {
      Object.assign(subject.environments.find(({ environmentSuffix }) => environmentSuffix === environment) ?? {}, {
        operatorRoleArns: [operator],
      });
    },
    "the identity provider is another": bootstrap((stack) => {
      resource(stack, "aws_iam_openid_connect_provider").url = "https://example.com";
    }),
    "the identity provider takes tokens for others": bootstrap((stack) => {
      resource(stack, "aws_iam_openid_connect_provider").client_id_list = ["sts.amazonaws.com", "other"];
    }),
    "the deploy role has no boundary": bootstrap((stack) => {
      delete resource(stack, "aws_iam_role", "DeployRole").permissions_boundary;
    }),
    "the plan role has a boundary of AWS's": bootstrap((stack) => {
      resource(stack, "aws_iam_role", "PlanRole").permissions_boundary = "arn:aws:iam::aws:policy/deploy-boundary";
    }),
    ...Object.fromEntries(
      ["DeployRole", "PlanRole"].flatMap((role) => [
        [
          `the ${role} is an administrator`,
          bootstrap((stack) =>
            add(stack, "aws_iam_role_policy_attachment", {
              role: referenceTo(stack, "aws_iam_role", role, "name"),
              policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess",
            }),
          ),
        ],
        [
          `the ${role} is an administrator by its name`,
          bootstrap((stack) =>
            add(stack, "aws_iam_policy_attachment", {
              roles: [resource(stack, "aws_iam_role", role).name],
              policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess",
            }),
          ),
        ],
        [
          `the ${role} has an inline policy`,
          bootstrap((stack) =>
            add(stack, "aws_iam_role_policy", { role: referenceTo(stack, "aws_iam_role", role, "id"), policy: "{}" }),
          ),
        ],
        [
          `the ${role} has managed policies as an attribute`,
          bootstrap((stack) => {
            resource(stack, "aws_iam_role", role).managed_policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"];
          }),
        ],
        [
          `the ${role} has an inline policy as an attribute`,
          bootstrap((stack) => {
            resource(stack, "aws_iam_role", role).inline_policy = [{ name: "all", policy: "{}" }];
          }),
        ],
        [
          `another stack gives the ${role} rights`,
          (subject, environment) => {
            const { name } = resource(stackOf(subject, environment, "bootstrap"), "aws_iam_role", role);
            add(stackOf(subject, environment, "network", "us-west-2"), "aws_iam_role_policy", { role: name });
          },
        ],
      ]),
    ),
  } satisfies Record<string, Mutation>,
  { environments: accounts },
);

test.each(accounts)(
  "PLAT-13 holds where an operator of the configuration enters from another account, in %s",
  (environment) => {
    const subject = subjectOf(environment);
    const settings = subject.environments.find(({ environmentSuffix }) => environmentSuffix === environment);
    Object.assign(settings ?? {}, { operatorRoleArns: [operator] });
    for (const role of ["DeployRole", "PlanRole"]) {
      const attributes = resource(stackOf(subject, environment, "bootstrap"), "aws_iam_role", role);
      const accountId = String(settings?.accountId);
      rewrite(
        attributes,
        "assume_role_policy",
        changing("NamedRoles", ({ Condition }) => ({
          Principal: { AWS: [`arn:aws:iam::${accountId}:root`, "arn:aws:iam::999999999999:root"] },
          Condition: {
            ArnEquals: {
              "aws:PrincipalArn": [[Condition?.ArnEquals?.["aws:PrincipalArn"] ?? []].flat()[0] ?? "", operator],
            },
          },
        })),
      );
    }
    expect(plat13.judge(toSubject(subject))).toEqual([]);
  },
);
