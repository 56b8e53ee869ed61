import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { referenceTo, sameInTerraform } from "../exact";
import { logGroupProblems } from "../log-groups";
import {
  dependenciesOf,
  type Finding,
  judgeNodes,
  nodesIn,
  type Requirement,
  type Subject,
  wanted,
} from "../requirement";

const groupType = "aws_cloudwatch_log_group";

/** What is traced, and what logs by itself into a group that AWS makes where there is none. */
const judged = ["aws_lambda_function", "aws_api_gateway_stage"] as const;

export const str07: Requirement = {
  id: "STR-07",
  checks:
    "Functions and stages are traced where the environment's tracing is on, and none is where it is off; each logs into groups that its stack declares, and waits for them; every log group has a customer key, and is kept as long as configured, or as long as its system says.",
  why: "A log group that AWS makes by itself is kept for ever, without a key; traces that nobody wants are paid for.",
  judge: (subject) => [
    ...judgeNodes(subject, [judged[0]], (lambda, environment) => [
      ...functionTracing(lambda, environment),
      ...functionLog(subject.graph, lambda),
    ]),
    ...judgeNodes(subject, [judged[1]], (stage, environment) => [
      ...stageTracing(stage, environment),
      ...stageLogs(subject.graph, stage),
    ]),
    ...judgeNodes(subject, [groupType], (group, environment) => logGroupProblems(subject.graph, group, environment)),
    ...nothing(subject),
  ],
};

function functionTracing({ attributes }: GraphNode, { tracing }: Environment): string[] {
  const mode = tracing ? "Active" : "PassThrough";
  return wanted(sameInTerraform(attributes.tracing_config, { mode }), `must have the tracing ${mode}, as configured`);
}

function stageTracing({ attributes }: GraphNode, { tracing }: Environment): string[] {
  return wanted(
    (attributes.xray_tracing_enabled ?? false) === tracing,
    `must ${tracing ? "" : "not "}be traced, as configured`,
  );
}

function functionLog(graph: Graph, lambda: GraphNode): string[] {
  const [logging, ...others] = blocksOf(lambda.attributes, "logging_config");
  const group = graph.resolve(logging?.log_group, lambda.stack, { types: [groupType] });
  return [
    ...wanted(
      others.length === 0 && group?.type === groupType && group.stack === lambda.stack,
      "must log into a group that its stack declares",
    ),
    ...wanted(group !== undefined && dependenciesOf(graph, lambda).includes(group), "must wait for its log group"),
  ];
}

/** Of each request, and of the gateway's own work: the latter into a group whose name API Gateway knows. */
function stageLogs(graph: Graph, stage: GraphNode): string[] {
  const [access] = blocksOf(stage.attributes, "access_log_settings");
  const accessGroup = graph.resolve(access?.destination_arn, stage.stack);
  const api = graph.resolve(stage.attributes.rest_api_id, stage.stack);
  const name = `API-Gateway-Execution-Logs_${api && referenceTo(api, "id")}/${stage.attributes.stage_name}`;
  const executionGroup = nodesIn(graph, stage.stack, groupType).find(({ attributes }) => attributes.name === name);
  return [
    ...wanted(
      accessGroup?.type === groupType && accessGroup.stack === stage.stack,
      "must log requests into a group that its stack declares",
    ),
    ...wanted(
      executionGroup !== undefined && dependenciesOf(graph, stage).includes(executionGroup),
      `must wait for the group ${name}, which API Gateway makes by itself otherwise`,
    ),
  ];
}

/** Or the rule would hold because there is nothing. */
function nothing({ graph }: Subject): Finding[] {
  return judged
    .filter((type) => graph.ofType(type).length === 0)
    .map((type) => ({ message: `there is no ${type} that could be traced` }));
}
