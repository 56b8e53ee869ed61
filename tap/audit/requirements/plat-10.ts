import type { Environment } from "../../../config/environment";
import { nodesOfEnvironment } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { alarmsOn } from "../alarms";
import { accountRole, judgeDeliveries, lackingRights } from "../delivery";
import { findingsOn } from "../exact";
import { aliasOf } from "../functions";
import type { Finding, Requirement } from "../requirement";

export const plat10: Requirement = {
  id: "PLAT-10",
  checks:
    "What a validation looks at is there, and what takes a release back: each function publishes versions, is called by one alias of the newest, and has an alarm on its errors that somebody hears; the deploy role may read alarms, outputs and versions, move an alias, and write down what it did.",
  why: "A release that can't be seen to fail, or whose code can't be put back in seconds, keeps failing until a person has been woken.",
  judge: (subject) =>
    judgeDeliveries(subject, (_, environment) => [
      ...functions(subject.graph, environment),
      ...deployer(subject.graph, environment),
    ]),
};

const errors = { namespace: "AWS/Lambda", metric: "Errors", statistic: "Sum", dimension: "FunctionName" };

function functions(graph: Graph, { environmentSuffix }: Environment): Finding[] {
  const all = nodesOfEnvironment(graph, environmentSuffix, "aws_lambda_function");
  return [
    ...(all.length > 0 ? [] : [{ message: `${environmentSuffix} has no function` }]),
    ...all.flatMap((lambda) =>
      findingsOn(lambda, [
        ...(lambda.attributes.publish === true ? [] : ["must publish versions, to go back to"]),
        ...(aliasOf(graph, lambda) === undefined ? ["must be called by one alias, of its newest version"] : []),
        ...(alarmsOn(graph, lambda, errors).length > 0 ? [] : ["must have an alarm on its errors that somebody hears"]),
      ]),
    ),
  ];
}

function deployer(graph: Graph, environment: Environment): Finding[] {
  const role = accountRole(graph, environment, "deploy");
  if (role === undefined) return [];
  const { environmentSuffix, region, dataRegion, accountId } = environment;
  const arnsOf = (type: string) =>
    nodesOfEnvironment(graph, environmentSuffix, type).flatMap(({ arn }: GraphNode) => arn ?? []);
  const lacking = (actions: readonly string[], arns: readonly string[]) =>
    arns.flatMap((arn) => lackingRights(graph, role, actions, arn));
  return findingsOn(role, [
    ...lacking(
      ["lambda:GetAlias", "lambda:ListVersionsByFunction", "lambda:UpdateAlias"],
      arnsOf("aws_lambda_function"),
    ),
    ...lacking(["cloudwatch:DescribeAlarms"], arnsOf("aws_cloudwatch_metric_alarm")),
    ...lacking(
      ["ssm:GetParameter"],
      [`arn:aws:ssm:${region}:${accountId}:parameter/tap/${environmentSuffix}/api/outputs`],
    ),
    ...lacking(
      ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
      [`arn:aws:dynamodb:${region}:${accountId}:table/tap-delivery-ledger-${environmentSuffix}-${dataRegion}`],
    ),
  ]);
}
