import type { Environment } from "../../../config/environment";
import { nodesNaming } from "../../graph/groups";
import type { Graph, GraphNode } from "../../graph/model";
import { differences, findingsOn, referenceTo } from "../exact";
import { aliasOf, deadLettersOf } from "../functions";
import { ownKey } from "../own-key";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import { type Right, rightsProblems, roleOf, rolesAllowed, throughService } from "../rights";
import type { StackJson } from "../stack-json";
import { mappingsOf, streamFunctions, streamParts } from "../stream";

/** What Lambda does in the name of a function that it reads a stream for (Lambda developer guide, Kinesis event sources). */
const readingActions = [
  "kinesis:DescribeStream",
  "kinesis:DescribeStreamSummary",
  "kinesis:GetRecords",
  "kinesis:GetShardIterator",
  "kinesis:ListShards",
];

type Use = readonly [actions: readonly string[], keyAction?: "kms:Decrypt" | "kms:GenerateDataKey"];

/** What each function does with the stream, and with its key; whoever isn't here does nothing with it. */
const uses: Readonly<Record<string, Use>> = {
  consume: [readingActions, "kms:Decrypt"],
  health: [["kinesis:DescribeStreamSummary"]],
  import: [["kinesis:PutRecords"], "kms:GenerateDataKey"],
  ingest: [["kinesis:PutRecords"], "kms:GenerateDataKey"],
};

export const str01: Requirement = {
  id: "STR-01",
  checks:
    "One stream, under a customer key that Kinesis may use for it, with the configured shards and retention; one event source mapping reads it for the consumer's alias, shard by shard, with the configured batches, window, retries and age, bisects, takes the function's word for what failed, and gives up into its dead letters; each function has just the rights on the stream that it works with, and nobody else has any.",
  why: "Without bisecting, limits and a destination, one record that can't be handled holds up its shard until all that is behind it has expired.",
  judge: (subject) =>
    judgeEach(subject, "stream", (stack, environment) => judgeStack(subject.graph, stack, environment)),
};

function judgeStack(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const { stream, functions } = streamParts(graph, stack);
  const key = stream && keyOf(graph, stream);
  const consumer = functions.get("consume");
  if (stream === undefined || key === undefined || consumer === undefined)
    return [
      {
        stack: stack.id,
        message: "must have one stream, under a key that Kinesis may use for it, and a function that consumes it",
      },
    ];
  return [
    ...findingsOn(stream, settings(graph, stream, key, environment)),
    ...mapping(graph, stream, consumer, environment),
    ...streamFunctions.flatMap((name) => rights(graph, stream, key, environment, name, functions.get(name))),
    ...rolesAllowed(
      graph,
      stream,
      "kinesis",
      Object.keys(uses).map((name) => functionsRole(graph, functions.get(name))),
    ).flatMap((role) =>
      findingsOn(role, ["may do something with the stream, and is no function's that works with it"]),
    ),
    ...nodesIn(graph, stack)
      .filter(({ type }) => /^aws_kinesis_/.test(type) && type !== stream.type)
      .flatMap((node) => findingsOn(node, ["lets somebody else read the stream, or changes who may"])),
  ];
}

function keyOf(graph: Graph, stream: GraphNode): GraphNode | undefined {
  return ownKey(graph, stream, stream.attributes.kms_key_id, {
    service: "kinesis",
    by: "caller",
    context: "aws:kinesis:arn",
    value: String(stream.arn),
  });
}

function settings(graph: Graph, stream: GraphNode, key: GraphNode, environment: Environment): string[] {
  const { environmentSuffix, deletionProtection } = environment;
  const { shardCount, retentionHours } = environment.stream.kinesis;
  return differences(graph, stream, {
    name: `tap-stream-${environmentSuffix}-${stream.region}`,
    stream_mode_details: { stream_mode: "PROVISIONED" },
    shard_count: shardCount,
    retention_period: retentionHours,
    encryption_type: "KMS",
    kms_key_id: referenceTo(key, "arn"),
    // Who registered beside Terraform would keep it from going.
    enforce_consumer_deletion: !deletionProtection,
    ...(deletionProtection ? { lifecycle: { prevent_destroy: true } } : {}),
  });
}

/** Of the stream, and of the function: one, and the same. */
function mapping(graph: Graph, stream: GraphNode, consumer: GraphNode, environment: Environment): Finding[] {
  const ofStream = nodesNaming(graph, "aws_lambda_event_source_mapping", "event_source_arn", stream);
  const [node, ...others] = ofStream;
  const [invoking, ...more] = mappingsOf(graph, consumer);
  const alias = aliasOf(graph, consumer);
  const letters = deadLettersOf(graph, consumer);
  if (node === undefined || node !== invoking || others.length > 0 || more.length > 0)
    return findingsOn(stream, ["must be read by one event source mapping, for the consumer alone"]);
  if (alias === undefined || letters?.type !== "aws_sqs_queue" || letters.stack !== consumer.stack)
    return findingsOn(consumer, ["must have one alias, and dead letters of its stack"]);
  const { batchSize, maximumBatchingWindowSeconds, maximumRetryAttempts, maximumRecordAgeHours } =
    environment.stream.consumer;
  return findingsOn(
    node,
    differences(graph, node, {
      event_source_arn: referenceTo(stream, "arn"),
      function_name: referenceTo(alias, "arn"),
      // What is there before the mapping is read too.
      starting_position: "TRIM_HORIZON",
      batch_size: batchSize,
      maximum_batching_window_in_seconds: maximumBatchingWindowSeconds,
      // One at a time of each shard: records of a source stay in order.
      parallelization_factor: 1,
      bisect_batch_on_function_error: true,
      maximum_retry_attempts: maximumRetryAttempts,
      maximum_record_age_in_seconds: maximumRecordAgeHours * 3_600,
      function_response_types: ["ReportBatchItemFailures"],
      destination_config: { on_failure: { destination_arn: referenceTo(letters, "arn") } },
    }),
  );
}

function rights(
  graph: Graph,
  stream: GraphNode,
  key: GraphNode,
  { accountId }: Environment,
  name: string,
  lambda: GraphNode | undefined,
): Finding[] {
  if (lambda === undefined) return findingsOn(stream, [`must have the function ${name} in its stack`]);
  const [actions, keyAction] = uses[name] ?? [];
  const purpose = {
    accountId,
    region: String(stream.region),
    service: "kinesis",
    context: "aws:kinesis:arn",
    value: stream.arn,
  };
  const wanted: Right[] = [
    ...(actions === undefined ? [] : [{ actions, resources: [stream.arn], conditions: {} }]),
    ...(keyAction === undefined
      ? []
      : [{ actions: [keyAction], resources: [referenceTo(key, "arn")], conditions: throughService(purpose) }]),
  ];
  return findingsOn(lambda, rightsProblems(graph, lambda, "kinesis", wanted));
}

function functionsRole(graph: Graph, lambda: GraphNode | undefined): GraphNode | undefined {
  return lambda && roleOf(graph, lambda);
}
