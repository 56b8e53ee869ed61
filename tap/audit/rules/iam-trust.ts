import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { conditionsOn, isForEveryone } from "../../graph/statement";
import { type Example, judgeResources, type Rule } from "../rule";
import { judgeStatements, policyOf } from "./iam-statements";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };

function roleTrusting(principal: object, condition?: object, action = "sts:AssumeRole"): Example {
  const statement = { Effect: "Allow", Principal: principal, Action: action };
  const trust = policyOf([condition === undefined ? statement : { ...statement, Condition: condition }]);
  return { provider, resource: { aws_iam_role: { Worker: { name: "worker", assume_role_policy: trust } } } };
}

const github = { Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com" };
const claims = (sub: string) => ({
  StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
  StringLike: { "token.actions.githubusercontent.com:sub": sub },
});
const byWebIdentity = "sts:AssumeRoleWithWebIdentity";

/** Keys that say who assumes a role. */
const callerKeys = ["aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount"];

/** Services that say for which account's resource they assume a role, as their guides have it. */
const sayingSource: ReadonlySet<string> = new Set(
  ["bedrock", "ecs-tasks", "lambda", "pipes", "scheduler", "states", "vpc-flow-logs"].map(
    (service) => `${service}.amazonaws.com`,
  ),
);

/** Services that assume the roles that resources of a type name. */
const assumedBy: Readonly<Record<string, string>> = {
  aws_api_gateway_account: "apigateway.amazonaws.com",
  aws_appsync_datasource: "appsync.amazonaws.com",
  aws_backup_selection: "backup.amazonaws.com",
  aws_cloudtrail: "cloudtrail.amazonaws.com",
  aws_cloudwatch_event_target: "events.amazonaws.com",
  aws_codebuild_project: "codebuild.amazonaws.com",
  aws_codepipeline: "codepipeline.amazonaws.com",
  aws_ecs_task_definition: "ecs-tasks.amazonaws.com",
  aws_eks_cluster: "eks.amazonaws.com",
  aws_eks_node_group: "ec2.amazonaws.com",
  aws_flow_log: "vpc-flow-logs.amazonaws.com",
  aws_glue_job: "glue.amazonaws.com",
  aws_iam_instance_profile: "ec2.amazonaws.com",
  aws_kinesis_firehose_delivery_stream: "firehose.amazonaws.com",
  aws_lambda_function: "lambda.amazonaws.com",
  aws_pipes_pipe: "pipes.amazonaws.com",
  aws_s3_bucket_replication_configuration: "s3.amazonaws.com",
  aws_scheduler_schedule: "scheduler.amazonaws.com",
  aws_sfn_state_machine: "states.amazonaws.com",
};

/** Who may become a role. */
export const trustRules: readonly Rule[] = [
  {
    id: "iam-trust-everyone",
    title: "No role trusts everybody",
    severity: "critical",
    why: "Any principal of any AWS account can assume it, and has its rights.",
    fix: "Name the principals in the assume_role_policy, or limit them by aws:PrincipalOrgID.",
    references: ["CKV_AWS_60"],
    examples: {
      failing: roleTrusting({ AWS: "*" }),
      passing: roleTrusting({ AWS: "*" }, { StringEquals: { "aws:PrincipalOrgID": "o-abcdefghij" } }),
    },
    judge: judgeStatements(["trust"], (statement) =>
      statement.effect === "Allow" && isForEveryone(statement) && !limits(statement, callerKeys)
        ? ["must name who may assume it (it is everybody)"]
        : [],
    ),
  },
  {
    id: "iam-trust-external-id",
    title: "Another account as a whole is trusted with an external id alone",
    severity: "high",
    why: "Every principal of that account can assume it, and so can another customer of it who knows the role's ARN.",
    fix: "Name roles of the other account in Principal, or add a Condition on sts:ExternalId.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"],
    examples: {
      failing: roleTrusting({ AWS: "arn:aws:iam::222222222222:root" }),
      passing: roleTrusting(
        { AWS: "arn:aws:iam::222222222222:root" },
        { StringEquals: { "sts:ExternalId": "k3jd8s" } },
      ),
    },
    judge: judgeStatements(["trust"], (statement, { node }) => foreignAccounts(statement, node)),
  },
  {
    id: "iam-trust-service-source",
    title: "Services assume roles for resources of the account alone",
    severity: "medium",
    why: "A service that works for every customer can be led to use the role for a resource of somebody else's.",
    fix: "Add a Condition on aws:SourceAccount or aws:SourceArn to the assume_role_policy.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"],
    examples: {
      failing: roleTrusting({ Service: "scheduler.amazonaws.com" }),
      passing: roleTrusting(
        { Service: "scheduler.amazonaws.com" },
        { StringEquals: { "aws:SourceAccount": "111111111111" } },
      ),
    },
    judge: judgeStatements(["trust"], (statement) =>
      statement.effect !== "Allow" || limits(statement, ["aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID"])
        ? []
        : servicesOf(statement)
            .filter((service) => sayingSource.has(service))
            .map((service) => `must let ${service} assume it for its own account alone (aws:SourceAccount is missing)`),
    ),
  },
  {
    id: "iam-trust-oidc-claims",
    title: "Identity providers are trusted for one audience and named subjects",
    severity: "critical",
    why: "A provider such as GitHub signs tokens for everybody: without the claims every repository there can assume it.",
    fix: "Add StringEquals on the provider's :aud, and its :sub with the repository and branch or environment.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html"],
    examples: {
      failing: roleTrusting(github, claims("repo:example/*"), byWebIdentity),
      passing: roleTrusting(github, claims("repo:example/shop:ref:refs/heads/main"), byWebIdentity),
    },
    judge: judgeStatements(["trust"], claimProblems),
  },
  {
    id: "iam-trust-known-service",
    title: "Roles are assumed by the services that they are handed to",
    severity: "low",
    why: "A service that nothing hands the role to is one more way to it, which nobody watches.",
    fix: "Remove the service from the assume_role_policy, or hand the role to a resource of that service.",
    references: ["CKV_AWS_60"],
    examples: { failing: lambdaRole(["lambda", "ec2"]), passing: lambdaRole(["lambda"]) },
    judge: judgeResources("aws_iam_role", unknownServices),
  },
];

/** Whether a condition that a key must be something narrows who is meant. */
function limits(statement: Statement, keys: readonly string[]): boolean {
  return keys.some((key) =>
    conditionsOn(statement, key).some(
      ({ operator, values }) =>
        !/not|ifexists|null|forallvalues/i.test(operator) && !values.some((value) => /^\*+$/.test(value)),
    ),
  );
}

function servicesOf({ principals }: Statement): string[] {
  return principals.filter(({ type }) => type === "Service").map(({ value }) => value);
}

function foreignAccounts(statement: Statement, { accountId }: GraphNode): string[] {
  if (statement.effect !== "Allow" || accountId === undefined) return [];
  if (limits(statement, ["sts:ExternalId", ...callerKeys.filter((key) => key !== "aws:PrincipalAccount")])) return [];
  return statement.principals
    .filter(({ type }) => type === "AWS")
    .flatMap(({ value }) => /^(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?$/.exec(value)?.[1] ?? [])
    .filter((account) => account !== accountId)
    .map((account) => `must trust account ${account} with an external id alone`);
}

function claimProblems(statement: Statement, _: unknown, graph: Graph): string[] {
  const { effect, principals, conditions } = statement;
  const isOidc = principals.some(({ type, value }) => type === "Federated" && isOidcProvider(value, graph));
  if (effect !== "Allow" || !isOidc) return [];
  const of = (claim: string) => conditions.filter(({ key }) => key.toLowerCase().endsWith(`:${claim}`));
  const [audiences, subjects] = [of("aud"), of("sub")];
  const wide = subjects
    .filter(({ operator }) => /like$/i.test(operator))
    .flatMap(({ values }) => values)
    .filter(isWideSubject);
  return [
    ...(audiences.length === 0 ? ["must name the audience of tokens (there is no condition on :aud)"] : []),
    ...(subjects.length === 0 ? ["must name the subjects of tokens (there is no condition on :sub)"] : []),
    ...wide.map((value) => `must name the subjects of tokens (it takes ${value})`),
  ];
}

function isOidcProvider(value: string, graph: Graph): boolean {
  if (value.includes(":oidc-provider/")) return true;
  return (
    value.includes("aws_iam_openid_connect_provider") && graph.ofType("aws_iam_openid_connect_provider").length > 0
  );
}

/** A wildcard before the second colon is for other repositories, projects or accounts of the provider. */
function isWideSubject(value: string): boolean {
  const [first = "", second] = value.split(":");
  return /[*?]/.test(second === undefined ? value : `${first}${second}`);
}

function lambdaRole(services: readonly string[]): Example {
  const trust = policyOf(
    services.map((service) => ({
      Effect: "Allow",
      Principal: { Service: `${service}.amazonaws.com` },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
    })),
  );
  return {
    provider,
    resource: {
      aws_iam_role: { Worker: { name: "worker", assume_role_policy: trust } },
      aws_lambda_function: { Worker: { function_name: "worker", role: "${aws_iam_role.Worker.arn}" } },
    },
  };
}

/** Types that say of a role what it may do, and hand it to nobody. */
const aboutRoles = /^aws_iam_(role_policy|role_policies_exclusive|role_policy_attachment|policy|policy_attachment)/;

/** Where everything that a role is handed to is of a type whose service is known. */
function unknownServices(role: GraphNode, graph: Graph): string[] {
  const users = graph
    .referencesTo(role)
    .filter(({ from, kind }) => from.mode === "managed" && kind !== "depends_on" && !aboutRoles.test(from.type))
    .map(({ from }) => from.type);
  if (users.length === 0 || users.some((type) => assumedBy[type] === undefined)) return [];
  // Whoever reads the output may hand it to anything.
  if (Object.values(role.stack.outputs).some((output) => JSON.stringify(output ?? "").includes(role.address)))
    return [];
  const known = new Set(users.map((type) => assumedBy[type]));
  return graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "trust")
    .flatMap(({ statements }) => statements.filter(({ effect }) => effect === "Allow").flatMap(servicesOf))
    .filter((service) => /^[\w.-]+\.amazonaws\.com(\.cn)?$/.test(service) && !known.has(service.replace(/\.cn$/, "")))
    .map((service) => `must not trust ${service}: nothing of that service is handed the role`);
}
