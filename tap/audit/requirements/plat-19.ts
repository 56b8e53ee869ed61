import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { conditionsOn, coversAction } from "../../graph/statement";
import { accountArns } from "../account-arns";
import { type Finding, judgeNodes, type Requirement, type Subject } from "../requirement";

/**
 * Actions that take no resource, or none before it is there, and so may have `*` (service authorization reference);
 * each with the reason, or the condition that stands in for the resource.
 */
const withoutResources: Readonly<Record<string, string>> = {
  "application-autoscaling:DescribeScalableTargets": "a list",
  "application-autoscaling:DescribeScalingPolicies": "a list",
  "cloudtrail:DescribeTrails": "a list",
  "ec2:DescribeAvailabilityZones": "a list",
  "ec2:DescribeFlowLogs": "a list",
  "ec2:DescribeNetworkAcls": "a list",
  "ec2:DescribeNetworkInterfaces": "a list",
  "ec2:DescribePrefixLists": "a list",
  "ec2:DescribeRouteTables": "a list",
  "ec2:DescribeSecurityGroupRules": "a list",
  "ec2:DescribeSecurityGroups": "a list",
  "ec2:DescribeSubnets": "a list",
  "ec2:DescribeTags": "a list",
  "ec2:DescribeVpcEndpoints": "a list",
  "ec2:DescribeVpcs": "a list",
  "kms:CreateKey": "there is no key yet; limited by the tag that it must be given",
  "kms:ListAliases": "a list",
  "logs:DeleteQueryDefinition": "saved queries have no ARN",
  "logs:DescribeQueryDefinitions": "a list",
  "logs:PutQueryDefinition": "saved queries have no ARN",
  "xray:PutTelemetryRecords": "traces belong to no resource",
  "xray:PutTraceSegments": "traces belong to no resource",
};

/** What a function's role needs to be put into a VPC, and what its code must not do with it. */
const networkInterfaceActions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DetachNetworkInterface",
  "ec2:UnassignPrivateIpAddresses",
];

export const plat19: Requirement = {
  id: "PLAT-19",
  checks:
    "Identity policies name whole actions, and resources wherever an action takes one; every role is under its boundary and has no policy of AWS's; a function in a VPC denies its own code the network interfaces.",
  why: "A wildcard grows with every action that AWS adds, and a role outside the boundary can be given anything.",
  judge: (subject) => [...identities(subject), ...unreadable(subject), ...roles(subject), ...functionsInVpc(subject)],
};

function identities({ graph }: Subject): Finding[] {
  return graph.policies
    .filter(({ kind }) => kind === "identity")
    .flatMap(({ node, statements }) =>
      statements
        .filter(({ effect }) => effect === "Allow")
        .flatMap((statement) => tooWide(statement))
        .map((message) => ({ stack: node.stack.id, address: node.address, message })),
    );
}

function tooWide({ sid, path, actions, notActions, resources, notResources }: Statement): string[] {
  const where = `by its statement ${sid ?? path}`;
  const everywhere = resources.some((resource) => /^(\*+|arn:(\*|aws):(\*|[a-z0-9-]+):\*:\*:\*+)$/.test(resource));
  return [
    ...(notActions.length > 0 || notResources.length > 0 ? [`allows all but something ${where}`] : []),
    ...actions.filter((action) => /[*?]/.test(action)).map((action) => `allows ${action}, a wildcard, ${where}`),
    ...(everywhere ? actions : [])
      .filter((action) => !(action in withoutResources))
      .map((action) => `allows ${action} on everything ${where}`),
  ];
}

/** What can't be read can't be judged. */
function unreadable({ graph }: Subject): Finding[] {
  return graph.unreadablePolicies.map(({ node, path, why }) => ({
    stack: node.stack.id,
    address: node.address,
    message: `has a policy in ${path} that can't be judged: ${why}`,
  }));
}

function roles(subject: Subject): Finding[] {
  return judgeNodes(subject, ["aws_iam_role"], (role, environment) => {
    const { deployBoundary, workloadBoundary, deployRole, planRole } = accountArns(environment);
    const wanted = role.arn === deployRole || role.arn === planRole ? deployBoundary : workloadBoundary;
    const boundary = subject.graph.resolve(role.attributes.permissions_boundary, role.stack);
    return [
      ...((boundary?.arn ?? role.attributes.permissions_boundary) === wanted ? [] : [`must be under ${wanted}`]),
      ...foreignPolicies(subject.graph, role),
      ...(role.attributes.inline_policy === undefined && role.attributes.managed_policy_arns === undefined
        ? []
        : ["has policies among its attributes, where they take others' away"]),
    ];
  });
}

/** Managed policies that aren't of this project grow without anybody here deciding it. */
function foreignPolicies(graph: Graph, role: GraphNode): string[] {
  return graph
    .referencesTo(role)
    .filter(({ from }) => from.type === "aws_iam_role_policy_attachment")
    .filter(({ from }) => graph.resolve(from.attributes.policy_arn, from.stack)?.type !== "aws_iam_policy")
    .map(
      ({ from }) =>
        `has the policy ${String(from.attributes.policy_arn)} by ${from.address}, which isn't of this project`,
    );
}

function functionsInVpc(subject: Subject): Finding[] {
  return judgeNodes(subject, ["aws_lambda_function"], (lambda) => {
    if (lambda.attributes.vpc_config === undefined) return [];
    const role = subject.graph.resolve(lambda.attributes.role, lambda.stack);
    const statements = role === undefined ? [] : subject.graph.policiesOf(role).flatMap((each) => each.statements);
    return networkInterfaceActions
      .filter((action) => !statements.some((statement) => deniesCode(statement, action, lambda)))
      .map((action) => `must deny ${action} to its own code (lambda:SourceFunctionArn)`);
  });
}

function deniesCode(statement: Statement, action: string, { arn = "" }: GraphNode): boolean {
  const [condition] = conditionsOn(statement, "lambda:SourceFunctionArn");
  return (
    statement.effect === "Deny" &&
    coversAction(statement, action) &&
    statement.resources.includes("*") &&
    statement.conditions.length === 1 &&
    /^Arn(Equals|Like)$/.test(condition?.operator ?? "") &&
    condition?.values.join() === arn
  );
}
