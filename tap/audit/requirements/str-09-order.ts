import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { settingsOf } from "../buckets";
import { dependenciesOf, nodesIn } from "../requirement";

/** What a thing needs beside what it names: Terraform sees no reason to make that first, and to remove it last. */
type Needs = (graph: Graph, node: GraphNode) => readonly GraphNode[];

/**
 * By type; functions and stages are REC-05's and STR-07's.
 *
 * A mapping polls by the rights of its function's role; a secret is rotated as soon as there is a rotation; S3 tries a
 * queue, and CloudTrail a bucket and a log group, when it is told of it.
 */
const needs: Readonly<Record<string, Needs>> = {
  aws_cloudtrail: (graph, node) => {
    const bucket = graph.resolve(node.attributes.s3_bucket_name, node.stack, { types: ["aws_s3_bucket"] });
    return [
      ...(bucket === undefined ? [] : settingsOf(graph, bucket, "aws_s3_bucket_policy")),
      ...policiesOf(graph, graph.resolve(node.attributes.cloud_watch_logs_role_arn, node.stack)),
    ];
  },
  aws_flow_log: (graph, node) => policiesOf(graph, graph.resolve(node.attributes.iam_role_arn, node.stack)),
  aws_lambda_event_source_mapping: (graph, node) => rightsOf(graph, node, node.attributes.function_name),
  aws_s3_bucket_lifecycle_configuration: (graph, node) => versioningOf(graph, node),
  aws_s3_bucket_notification: (graph, node) =>
    blocksOf(node.attributes, "queue").flatMap(({ queue_arn }) => {
      const queue = graph.resolve(queue_arn, node.stack);
      return queue === undefined ? [] : graph.policiesOf(queue).map((document) => document.node);
    }),
  aws_secretsmanager_secret_rotation: (graph, node) => [
    ...rightsOf(graph, node, node.attributes.rotation_lambda_arn),
    ...nodesIn(graph, node.stack, "aws_lambda_permission").filter(
      ({ attributes }) => attributes.principal === "secretsmanager.amazonaws.com",
    ),
  ],
};

/** What it must wait for, and doesn't. */
export function waitsForWhatItNeeds(graph: Graph, node: GraphNode): string[] {
  const waited = dependenciesOf(graph, node);
  return (needs[node.type]?.(graph, node) ?? [])
    .filter((each) => each !== node && !waited.includes(each))
    .map(({ address }) => `must wait for ${address}, and go before it`);
}

/** Policies of the role that a function works under, which an ARN of it or of its alias leads to. */
function rightsOf(graph: Graph, { stack }: GraphNode, value: unknown): GraphNode[] {
  const target = graph.resolve(value, stack);
  const lambda =
    target?.type === "aws_lambda_alias"
      ? graph.resolve(target.attributes.function_name, target.stack, { types: ["aws_lambda_function"] })
      : target;
  return lambda === undefined ? [] : policiesOf(graph, graph.resolve(lambda.attributes.role, lambda.stack));
}

function policiesOf(graph: Graph, role: GraphNode | undefined): GraphNode[] {
  if (role === undefined) return [];
  return graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "identity")
    .map(({ node }) => node);
}

/** S3 may refuse rules about old versions before there are any (S3 user guide, lifecycle and versioning). */
function versioningOf(graph: Graph, { attributes, stack }: GraphNode): GraphNode[] {
  const bucket = graph.resolve(attributes.bucket, stack, { types: ["aws_s3_bucket"] });
  return bucket === undefined ? [] : settingsOf(graph, bucket, "aws_s3_bucket_versioning");
}
