import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { rememberingObjects } from "../../graph/remembering";
import { push } from "../../graph/sorted";
import { conditionsOn } from "../../graph/statement";
import { ownValue } from "../../graph/terraform-json";
import { deadLettersOf } from "../functions";
import { serviceOf } from "../policies";
import { allowedBy } from "../roles";
import { knownValue, unknown } from "../rule";
import { networkOf, type PlacedFunction } from "./network";
import { reachedFrom } from "./relations";

/** Names of a service's endpoints; none where there is nothing to call. */
export function endpointNamesOf(service: string): readonly string[] {
  return ownValue(endpointNames, service) ?? [service];
}

/** Names of endpoints where they aren't the prefix of the service's actions; none where there is nothing to call. */
const endpointNames: Readonly<Record<string, readonly string[]>> = {
  bedrock: ["bedrock-runtime", "bedrock", "bedrock-agent-runtime"],
  cloudwatch: ["monitoring"],
  dynamodb: ["dynamodb"],
  ecr: ["ecr.api"],
  elasticfilesystem: ["elasticfilesystem"],
  firehose: ["kinesis-firehose"],
  kinesis: ["kinesis-streams"],
  // Lambda itself makes the network interfaces, and writes the logs.
  ec2: [],
  logs: [],
  "rds-db": [],
  "rds-data": ["rds-data"],
  s3express: ["s3express"],
  ses: ["email-smtp", "email"],
  // Called by who becomes the role, not by the function.
  sts: [],
};

/** Actions by which Lambda reads a source of events, in the function's name: they don't come from its subnets. */
const pollers =
  /^(sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes|ChangeMessageVisibility)|kinesis:(Get(Records|ShardIterator)|Describe\w+|List\w+|SubscribeToShard)|dynamodb:(GetRecords|GetShardIterator|DescribeStream|ListStreams))$/i;

/** Prefixes of the actions that a function's role allows it to call. */
export function servicesCalledBy(graph: Graph, lambda: GraphNode): Set<string> {
  const deadLetters = deadLettersOf(graph, lambda);
  // Lambda sends there itself what failed.
  const isDeadLetters = ({ resources }: Statement) =>
    deadLetters !== undefined &&
    resources.length > 0 &&
    resources.every((resource) => graph.resolve(resource, lambda.stack) === deadLetters);
  const statements = reachedFrom(graph, lambda, "role", "aws_iam_role")
    .flatMap((role) => allowedBy(graph, role))
    // A service calls KMS in the function's name.
    .filter((statement) => conditionsOn(statement, "kms:ViaService").length === 0 && !isDeadLetters(statement))
    .filter((statement) => conditionsOn(statement, "aws:ViaAWSService").length === 0);
  return new Set(
    statements.flatMap(({ actions }) =>
      actions.filter((action) => !pollers.test(action)).flatMap((action) => serviceOf(action) ?? []),
    ),
  );
}

/** Endpoints of each VPC, by the service that they are of; `unknown` where it can't be told. */
export const endpointsByVpc = rememberingObjects((graph: Graph) => {
  const byVpc = new Map<GraphNode, Map<string | typeof unknown, GraphNode>>();
  for (const node of graph.ofType("aws_vpc_endpoint"))
    for (const vpc of reachedFrom(graph, node, "vpc_id", "aws_vpc")) {
      const name = knownValue(graph, node, node.attributes.service_name);
      const service = name === unknown ? unknown : serviceNameOf(graph, node);
      if (service !== undefined) byVpc.set(vpc, (byVpc.get(vpc) ?? new Map()).set(service, node));
    }
  return byVpc;
});

/** `sqs` of `com.amazonaws.us-east-1.sqs`, `ecr.api` of `com.amazonaws.us-east-1.ecr.api`; undefined for others' services. */
export function serviceNameOf(graph: Graph, node: GraphNode): string | undefined {
  const name = knownValue(graph, node, node.attributes.service_name);
  return typeof name === "string"
    ? /^(?:com|cn\.com|aws)\.(?:amazonaws|api)\.[\w-]+\.(.+)$/.exec(name)?.[1]
    : undefined;
}

/** Functions of each VPC of the graph. */
export const functionsByVpc = rememberingObjects((graph: Graph) => {
  const byVpc = new Map<GraphNode, PlacedFunction[]>();
  for (const placed of networkOf(graph).functions) if (placed.vpc !== undefined) push(byVpc, placed.vpc, placed);
  return byVpc;
});
