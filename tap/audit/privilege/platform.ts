import { partitionOf } from "../../graph/arn";
import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { deadLettersOf } from "../functions";
import { encryptionUses, keyArns, knownOf } from "./encryption";
import { arnOf, concrete } from "./role-rights";
import { merged, needsFor, type Use, type Uses, withParts } from "./use";

/* What Lambda itself does by a function's role (Lambda developer guide). */

const nothing: Uses = { needs: [], may: [] };

export function platformUses(graph: Graph, lambda: GraphNode): Uses {
  return merged([
    logging(graph, lambda),
    tracing(lambda),
    networking(lambda),
    settings(graph, lambda),
    ...mappingsOf(graph, lambda).map((mapping) => polling(graph, mapping)),
    ...targetsOf(graph, lambda).map((target) => sending(graph, target)),
  ]);
}

/** Things that the function is wired to: rights about them need no variable. */
export function wiredTo(graph: Graph, lambda: GraphNode): GraphNode[] {
  const sources = mappingsOf(graph, lambda).flatMap((mapping) => sourceOf(graph, mapping) ?? []);
  return [...sources, ...targetsOf(graph, lambda)];
}

const lambdaDoes = (actions: readonly string[], resources: readonly string[]): Use[] =>
  actions.map((action) => ({ action, resources, by: "lambda" }));

function logging(graph: Graph, lambda: GraphNode): Uses {
  const [config] = blocksOf(lambda.attributes, "logging_config");
  const named = typeof config?.log_group === "string" ? config.log_group : `/aws/lambda/${lambda.physicalName ?? "*"}`;
  const found = graph.resolve(named, lambda.stack, { types: ["aws_cloudwatch_log_group"] });
  const name = found?.physicalName ?? concrete(graph, named, lambda.stack);
  const isThere = found?.type === "aws_cloudwatch_log_group";
  const { region = "*", accountId = "*" } = lambda;
  const group = `arn:${partitionOf(lambda.region)}:logs:${region}:${accountId}:log-group:${name}`;
  const needs = needsFor(["logs:CreateLogStream", "logs:PutLogEvents"], withParts(group), "writes its logs");
  return { ...needs, may: isThere ? [] : lambdaDoes(["logs:CreateLogGroup"], withParts(group)) };
}

/** Also where it only passes on what its caller decided. */
function tracing({ attributes }: GraphNode): Uses {
  const [config] = blocksOf(attributes, "tracing_config");
  const actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
  if (config?.mode === "Active") return needsFor(actions, ["*"], "writes traces");
  return config === undefined ? nothing : { needs: [], may: lambdaDoes(actions, ["*"]) };
}

function networking({ attributes }: GraphNode): Uses {
  const [config] = blocksOf(attributes, "vpc_config");
  if (config === undefined || [config.subnet_ids ?? []].flat().length === 0) return nothing;
  const needed = [
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
  ];
  const may = ["ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"];
  return { ...needsFor(needed, ["*"], "is put into its VPC"), may: lambdaDoes(may, ["*"]) };
}

/** Variables under a customer's key. */
function settings(graph: Graph, lambda: GraphNode): Uses {
  const resources = keyArns(graph, lambda, lambda.attributes.kms_key_arn);
  if (resources.length === 0 || blocksOf(lambda.attributes, "environment").length === 0) return nothing;
  const known = knownOf("lambda", lambda, { "aws:lambda:functionarn": [arnOf(lambda)] });
  return {
    needs: [{ anyOf: [{ action: "kms:Decrypt", resources, by: "lambda", known }], does: "decrypts its settings" }],
    may: [],
  };
}

/** Mappings that hand a function, or its alias or version, what is in their source. */
function mappingsOf(graph: Graph, lambda: GraphNode): GraphNode[] {
  return callableAs(graph, lambda).flatMap((node) =>
    graph
      .referencesTo(node)
      .filter(({ from, path }) => from.type === "aws_lambda_event_source_mapping" && path === "function_name")
      .map(({ from }) => from),
  );
}

/** What callers may name a function by: itself, and its aliases. */
export function callableAs(graph: Graph, lambda: GraphNode): GraphNode[] {
  const aliases = graph
    .referencesTo(lambda)
    .filter(({ from, path }) => from.type === "aws_lambda_alias" && path === "function_name")
    .map(({ from }) => from);
  return [...new Set([lambda, ...aliases])];
}

function sourceOf(graph: Graph, { attributes, stack }: GraphNode): GraphNode | undefined {
  return graph.resolve(attributes.event_source_arn, stack);
}

/** What reads a source, and what is on none of its things. */
const pollers: Readonly<Record<string, { readonly actions: readonly string[]; readonly may: readonly string[] }>> = {
  aws_sqs_queue: { actions: ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], may: [] },
  aws_kinesis_stream: {
    actions: [
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
    ],
    may: ["kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard"],
  },
  aws_dynamodb_table: {
    actions: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
    may: [],
  },
};

function polling(graph: Graph, mapping: GraphNode): Uses {
  const source = sourceOf(graph, mapping);
  const poller = pollers[source?.type ?? ""];
  if (source === undefined || poller === undefined) return nothing;
  const does = `takes from ${source.physicalName ?? source.address}`;
  const resources = withParts(arnOf(source));
  return merged([
    // The list of streams is of the whole account.
    ...poller.actions.map((action) => needsFor([action], action.endsWith(":ListStreams") ? ["*"] : resources, does)),
    {
      needs: [],
      may: poller.may.flatMap((action) => lambdaDoes([action], action.endsWith(":ListStreams") ? ["*"] : resources)),
    },
    encryptionUses(graph, source, poller.actions, { by: "lambda", does }),
  ]);
}

/** Where failed and finished invocations go. */
function targetsOf(graph: Graph, lambda: GraphNode): GraphNode[] {
  const configs = callableAs(graph, lambda).flatMap((node) =>
    graph
      .referencesTo(node)
      .filter(({ from, path }) => from.type === "aws_lambda_function_event_invoke_config" && path === "function_name")
      .map(({ from }) => from),
  );
  const destinations = [...mappingsOf(graph, lambda), ...configs].flatMap((node) =>
    blocksOf(node.attributes, "destination_config")
      .flatMap((block) => [...blocksOf(block, "on_failure"), ...blocksOf(block, "on_success")])
      .flatMap(({ destination, destination_arn }) => graph.resolve(destination_arn ?? destination, node.stack) ?? []),
  );
  return [...new Set([deadLettersOf(graph, lambda) ?? [], destinations].flat())];
}

const senders: Readonly<Record<string, readonly string[]>> = {
  aws_cloudwatch_event_bus: ["events:PutEvents"],
  aws_lambda_alias: ["lambda:InvokeFunction"],
  aws_lambda_function: ["lambda:InvokeFunction"],
  aws_s3_bucket: ["s3:PutObject", "s3:ListBucket"],
  aws_sns_topic: ["sns:Publish"],
  aws_sqs_queue: ["sqs:SendMessage"],
};

function sending(graph: Graph, target: GraphNode): Uses {
  const actions = senders[target.type] ?? [];
  const does = `hands what failed to ${target.physicalName ?? target.address}`;
  return merged([
    needsFor(actions, withParts(arnOf(target)), does),
    encryptionUses(graph, target, actions, { by: "lambda", does }),
  ]);
}
