import type { Graph } from "../../graph/model";
import { expectThat, type Finding, judgeEach, nodesIn, ownNodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

/** What people and other stacks name by name and by ARN. */
const named = [
  "aws_cloudwatch_log_group",
  "aws_dynamodb_table",
  "aws_iam_role",
  "aws_lambda_function",
  "aws_sqs_queue",
] as const;

export const rec07: Requirement = {
  id: "REC-07",
  checks:
    "Outputs have the name and the ARN of every function, role, table, log group and queue, the key's id, ARN and alias, the functions' aliases, the region and the environment.",
  why: "What isn't put out is looked up by hand, and copied wrongly.",
  judge: (subject) =>
    judgeEach(subject, "records", (stack, environment) => {
      const values = Object.values(stack.json.output ?? {}).map(({ value }) => value);
      return [
        ...named.flatMap((type) => namesAndArns(subject.graph, stack, values, type)),
        ...references(subject.graph, stack, values),
        ...[stack.region, environment.environmentSuffix].flatMap((value) =>
          expectThat(values.includes(value), stack, `must put out ${value}`),
        ),
      ];
    }),
};

function namesAndArns(graph: Graph, stack: StackJson, values: readonly unknown[], type: string): Finding[] {
  const nodes = nodesIn(graph, stack, type);
  // A function and its role have the same name: each has its own output.
  const namesakes = (name: unknown) =>
    named.flatMap((each) => nodesIn(graph, stack, each)).filter((node) => node.physicalName === name);
  const isPutOut = (name: unknown) => values.filter((value) => value === name).length >= namesakes(name).length;
  return [
    ...expectThat(nodes.length > 0, stack, `has no ${type}`),
    ...nodes.flatMap(({ physicalName, arn, address }) => [
      ...expectThat(isPutOut(physicalName), stack, "must have its name among the outputs", address),
      ...expectThat(
        values.includes(arn) || values.includes(`\${${address}.arn}`),
        stack,
        "must have its ARN among the outputs",
        address,
      ),
    ]),
  ];
}

function references(graph: Graph, stack: StackJson, values: readonly unknown[]): Finding[] {
  const wanted = [
    ...ownNodesIn(graph, stack, "aws_kms_key").flatMap(({ address }) => [
      `\${${address}.arn}`,
      `\${${address}.key_id}`,
    ]),
    ...ownNodesIn(graph, stack, "aws_kms_alias").map(({ physicalName }) => physicalName),
    ...nodesIn(graph, stack, "aws_lambda_alias").map(({ address }) => `\${${address}.arn}`),
  ];
  return [
    ...expectThat(
      wanted.length === 5,
      stack,
      `has ${wanted.length} things of a key and two functions to put out, not 5`,
    ),
    ...wanted.flatMap((value) => expectThat(values.includes(value), stack, `must put out ${value}`)),
  ];
}
