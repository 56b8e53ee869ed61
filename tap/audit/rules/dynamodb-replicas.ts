import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isOn, judgeResources, type Rule } from "../rule";
import { ignoredChanges, isAsWritten, keyOf, named, textOf } from "./attribute-values";
import { differsInRegion } from "./bucket-settings";
import { dimensions, scalings } from "./table-scaling";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const orders = { name: "orders", hash_key: "id", attribute: [{ name: "id", type: "S" }] };
const withTable = (table: Attributes, others: Readonly<Record<string, Record<string, Attributes>>> = {}) => ({
  provider,
  resource: { aws_dynamodb_table: { Orders: { ...orders, billing_mode: "PAY_PER_REQUEST", ...table } }, ...others },
});

const tableType = "aws_dynamodb_table";
const replicaType = "aws_dynamodb_table_replica";

/** What Terraform would set back that others set: the scaling, and replicas that are resources of their own. */
function contested(graph: Graph): Finding[] {
  return graph.ofType(tableType).flatMap((table) => {
    if (!isAsWritten(table)) return [];
    const ignored = ignoredChanges(table);
    const isIgnored = (name: string) => ignored.includes(name) || ignored.includes("all");
    const scaled = scalings(graph, table).map(({ dimension }) => dimension);
    const replicas = graph
      .referencesTo(table)
      .some(({ from, path }) => from.type === replicaType && path === "global_table_arn");
    const wanted = [
      ...(scaled.includes(dimensions.read) ? ["read_capacity"] : []),
      ...(scaled.includes(dimensions.write) ? ["write_capacity"] : []),
      ...(replicas ? ["replica"] : []),
    ].filter((name) => !isIgnored(name));
    return findings(
      table,
      wanted.map((name) => `must have ${name} in ignore_changes: another resource sets it`),
    );
  });
}

/** What reads a stream, or passes its ARN on to who does. */
function isReader({ from, path, text }: { from: GraphNode; path: string; text: string }): boolean {
  if (/^aws_(iam_|kms_|dynamodb_resource_policy)/.test(from.type)) return false;
  return from.type === replicaType || /stream_arn/.test(text) || /^(event_source_arn|source)$/.test(path);
}

function hasReplicas(graph: Graph, table: GraphNode): boolean {
  return (
    blocksOf(table.attributes, "replica").length > 0 ||
    graph.referencesTo(table).some(({ from, path }) => from.type === replicaType && path === "global_table_arn")
  );
}

function isStreamRead(graph: Graph, table: GraphNode): boolean {
  const isGivenOut = Object.values(table.stack.outputs).some(
    (value) => typeof value === "string" && value.includes(`${table.address}.stream_arn`),
  );
  return hasReplicas(graph, table) || isGivenOut || graph.referencesTo(table).some(isReader);
}

function streamProblems(node: GraphNode, graph: Graph): string[] {
  const view = textOf(graph, node, node.attributes.stream_view_type);
  if (!isOn(graph, node, node.attributes.stream_enabled))
    return hasReplicas(graph, node) ? ["must have stream_enabled true: its replicas are fed by the stream"] : [];
  return [
    ...(isStreamRead(graph, node) ? [] : ["must not have a stream that nothing reads"]),
    ...(hasReplicas(graph, node) && view !== undefined && view !== "NEW_AND_OLD_IMAGES"
      ? [`must have stream_view_type NEW_AND_OLD_IMAGES for its replicas (it has ${view})`]
      : []),
  ];
}

/** Where a replica's key is of another region than the replica. */
function foreignKey(node: GraphNode, graph: Graph): string[] {
  const pairs =
    node.type === replicaType
      ? [{ region: node.region, key: keyOf(graph, node, node.attributes.kms_key_arn) }]
      : blocksOf(node.attributes, "replica").map((replica) => ({
          region: textOf(graph, node, replica.region_name),
          key: keyOf(graph, node, replica.kms_key_arn),
        }));
  const table = graph.resolve(node.attributes.global_table_arn, node.stack);
  return [
    ...pairs.flatMap(({ region, key }) =>
      key?.region === undefined || region === undefined || key.region === region
        ? []
        : [`must have a key of ${region} (${named(key, node)} is of ${key.region})`],
    ),
    ...(node.type === replicaType && table?.region !== undefined && !differsInRegion(table, node)
      ? ["must be in another region than its table"]
      : []),
  ];
}

/** What goes with tables that others read, scale or copy. */
export const dynamodbReplicaRules: readonly Rule[] = [
  {
    id: "dynamodb-scaling-not-undone",
    title: "Terraform leaves alone what others set of a table",
    severity: "medium",
    why: "Each apply sets the capacity back that scaling has chosen, or removes the replicas that other resources made.",
    fix: "Name read_capacity and write_capacity, or replica, in lifecycle.ignore_changes of the table.",
    references: [],
    examples: {
      failing: withTable({ lifecycle: {} }, replica({})),
      passing: withTable({ lifecycle: { ignore_changes: ["replica"] } }, replica({})),
    },
    judge: contested,
  },
  {
    id: "dynamodb-stream-read",
    title: "Streams of tables are there for who reads them",
    severity: "low",
    why: "A copy of every change is open to whoever may read streams, and a replica without the old images isn't made.",
    fix: "Leave out stream_enabled where nothing reads the stream; set NEW_AND_OLD_IMAGES where there are replicas.",
    references: ["https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"],
    examples: {
      failing: withTable({ stream_enabled: true, stream_view_type: "NEW_IMAGE" }),
      passing: withTable(
        { stream_enabled: true, stream_view_type: "NEW_IMAGE" },
        {
          aws_lambda_event_source_mapping: {
            Orders: { event_source_arn: "${aws_dynamodb_table.Orders.stream_arn}", function_name: "orders" },
          },
        },
      ),
    },
    judge: judgeResources(tableType, streamProblems),
  },
  {
    id: "dynamodb-replica-region",
    title: "Replicas are elsewhere, with a key of there",
    severity: "high",
    why: "DynamoDB refuses a key of another region, and a copy in the same region is none.",
    fix: "Give the replica its own region, and a key that is made there.",
    references: ["https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html"],
    examples: {
      failing: withTable({}, { ...replica({ kms_key_arn: "${aws_kms_key.Orders.arn}" }), aws_kms_key: { Orders: {} } }),
      passing: withTable(
        {},
        { ...replica({ kms_key_arn: "${aws_kms_key.Orders.arn}" }), aws_kms_key: { Orders: { region: "us-west-2" } } },
      ),
    },
    judge: judgeResources([tableType, replicaType], foreignKey),
  },
];

function replica(attributes: Attributes) {
  const global_table_arn = "${aws_dynamodb_table.Orders.arn}";
  return { [replicaType]: { West: { global_table_arn, region: "us-west-2", ...attributes } } };
}
