import type { Environment } from "../../config/environment";
import type { Graph, GraphNode } from "../graph/model";
import { referenceTo } from "./exact";
import { deadLettersOf } from "./functions";
import { isRight, type Right, roleOf, throughService } from "./rights";

/** Where the rights of a function's role aren't exactly these, with what every function in the VPC needs to run. */
export function allRightsProblems(
  graph: Graph,
  lambda: GraphNode,
  environment: Environment,
  rights: readonly Right[],
): string[] {
  const role = roleOf(graph, lambda);
  if (role?.type !== "aws_iam_role") return ["must have a role of its stack"];
  const statements = graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "identity")
    .flatMap((document) => document.statements);
  const wanted = [...runningRights(graph, lambda, environment), ...rights];
  const allowing = statements.filter(({ effect }) => effect === "Allow");
  // What its own code is denied is PLAT-19's.
  const denying = statements.filter(
    ({ effect, actions }) => effect === "Deny" && !actions.every((action) => action.startsWith("ec2:")),
  );
  return [
    ...wanted
      .filter((right) => !allowing.some((statement) => isRight(statement, right)))
      .map((right) => `must be allowed exactly ${JSON.stringify(right)}`),
    ...allowing
      .filter((statement) => !wanted.some((right) => isRight(statement, right)))
      .map(({ sid, path, actions, resources }) => {
        const what = `${actions.join(", ")} on ${resources.join(", ")}`;
        return `has rights that its code doesn't need, by its statement ${sid ?? path}: ${what}`;
      }),
    ...denying.map(({ sid, path }) => `is denied what it may need, by its statement ${sid ?? path}`),
  ];
}

/** Its own logs, traces, its own dead letters, the key for these and its settings, and its network interfaces. */
function runningRights(graph: Graph, lambda: GraphNode, { accountId }: Environment): Right[] {
  const region = String(lambda.region);
  const key = graph.resolve(lambda.attributes.kms_key_arn, lambda.stack);
  const resources = [key && referenceTo(key, "arn")];
  const deadLetters = deadLettersOf(graph, lambda)?.arn;
  const purpose = { accountId, region };
  return [
    {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [`arn:aws:logs:${region}:${accountId}:log-group:/aws/lambda/${lambda.physicalName}:*`],
      conditions: {},
    },
    { actions: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources: ["*"], conditions: {} },
    { actions: ["sqs:SendMessage"], resources: [deadLetters], conditions: {} },
    {
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources,
      conditions: throughService({ ...purpose, service: "sqs", context: "aws:sqs:arn", value: deadLetters }),
    },
    {
      actions: ["kms:Decrypt"],
      resources,
      conditions: throughService({
        ...purpose,
        service: "lambda",
        context: "aws:lambda:FunctionArn",
        value: lambda.arn,
      }),
    },
    {
      actions: [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
      ],
      resources: [`arn:aws:ec2:${region}:${accountId}:*/*`],
      conditions: {},
    },
    { actions: ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], resources: ["*"], conditions: {} },
  ];
}
