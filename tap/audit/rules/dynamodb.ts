import type { Graph, GraphNode } from "../../graph/model";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import type { Finding } from "../requirement";
import { findings, isOn, isSet, judgeResources, type Rule, unknown, knownValue as valueIn } from "../rule";
import { blockOf, isCustomerKey, isKept, isMadeLater, isSwitchedOff, shown, textOf } from "./attribute-values";
import { dynamodbReplicaRules } from "./dynamodb-replicas";
import { isPublic, judgeStatements, nameOf } from "./exposure";
import { numberOf } from "./invoked";
import { dimensions, scalings } from "./table-scaling";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const orders = {
  name: "orders",
  billing_mode: "PAY_PER_REQUEST",
  hash_key: "id",
  attribute: [{ name: "id", type: "S" }],
};
const withTable = (table: Attributes, others: Readonly<Record<string, Record<string, Attributes>>> = {}) => ({
  provider,
  resource: { aws_dynamodb_table: { Orders: { ...orders, ...table } }, ...others },
});

const tableType = "aws_dynamodb_table";
const replicaType = "aws_dynamodb_table_replica";

function recoveryProblems(node: GraphNode, graph: Graph): string[] {
  const { attributes } = node;
  if (node.type === replicaType)
    return isOn(graph, node, attributes.point_in_time_recovery) ? [] : ["must have point_in_time_recovery true"];
  const block = blockOf(attributes, "point_in_time_recovery");
  return [
    ...(block === unknown || isOn(graph, node, block?.enabled) ? [] : ["must have point_in_time_recovery enabled"]),
    ...blocksOf(attributes, "replica")
      .filter((replica) => !isOn(graph, node, replica.point_in_time_recovery))
      .map(({ region_name }) => `must have point_in_time_recovery true for its replica in ${shown(region_name)}`),
  ];
}

function keyProblems(node: GraphNode, graph: Graph): string[] {
  const { attributes } = node;
  if (node.type === replicaType)
    return isCustomerKey(graph, node, attributes.kms_key_arn) ? [] : ["must have a customer key in kms_key_arn"];
  const block = blockOf(attributes, "server_side_encryption");
  const isByKey =
    block === unknown || (isOn(graph, node, block?.enabled) && isCustomerKey(graph, node, block?.kms_key_arn));
  return [
    ...(isByKey ? [] : ["must have server_side_encryption enabled with a customer key in kms_key_arn"]),
    ...blocksOf(attributes, "replica")
      .filter((replica) => !isCustomerKey(graph, node, replica.kms_key_arn))
      .map(({ region_name }) => `must have a customer key for its replica in ${shown(region_name)}`),
  ];
}

/** Stacks in which something is kept from being destroyed, by Terraform or by AWS. */
function keepingStacks(graph: Graph): Set<string> {
  const isGuarded = (node: GraphNode) => isKept(node) || node.attributes.deletion_protection_enabled === true;
  return new Set(graph.nodes.filter((node) => node.mode === "managed" && isGuarded(node)).map(({ stack }) => stack.id));
}

/**
 * Tables that an API call deletes with all that is in them. One that says so itself is left alone in a stack that keeps
 * nothing: environments come and go.
 */
function deletable(graph: Graph): Finding[] {
  const keeping = keepingStacks(graph);
  return [tableType, replicaType]
    .flatMap((type) => graph.ofType(type))
    .flatMap((node) => {
      const given = node.attributes.deletion_protection_enabled;
      if (isOn(graph, node, given)) return [];
      const isChosen = isSwitchedOff(graph, node, given) && !keeping.has(node.stack.id);
      return findings(node, isChosen ? [] : [`must have deletion_protection_enabled true (it has ${shown(given)})`]);
    });
}

function isProvisioned(node: GraphNode, graph: Graph): boolean {
  const mode = textOf(graph, node, node.attributes.billing_mode);
  return mode === "PROVISIONED" || !isSet(node.attributes.billing_mode);
}

/** Policies follow a target by its attributes, or name the same table and dimension. */
function hasPolicy(graph: Graph, table: GraphNode, { dimension, target }: { dimension: string; target: GraphNode }) {
  const isOfTarget = graph.referencesTo(target).some(({ from }) => from.type === "aws_appautoscaling_policy");
  return (
    isOfTarget ||
    graph
      .referencesTo(table)
      .some(({ from }) => from.type === "aws_appautoscaling_policy" && from.attributes.scalable_dimension === dimension)
  );
}

function scaling(graph: Graph): Finding[] {
  return graph.ofType(tableType).flatMap((table) => {
    if (!isProvisioned(table, graph)) return [];
    const all = scalings(graph, table);
    return Object.entries(dimensions).flatMap(([name, dimension]) => {
      const found = all.find((each) => each.dimension === dimension);
      if (found === undefined) return findings(table, [`must scale its ${name} capacity, or be PAY_PER_REQUEST`]);
      const [least, most] = [found.target.attributes.min_capacity, found.target.attributes.max_capacity].map((value) =>
        numberOf(graph, found.target, value),
      );
      return findings(found.target, [
        ...(hasPolicy(graph, table, found) ? [] : ["must have an aws_appautoscaling_policy: nothing scales it"]),
        ...(least !== undefined && most !== undefined && least >= most
          ? [`must have max_capacity above min_capacity (${least} to ${most})`]
          : []),
      ]);
    });
  });
}

function expiryProblems({ attributes, ...node }: GraphNode, graph: Graph): string[] {
  const on = { ...node, attributes };
  return blocksOf(attributes, "ttl").flatMap((ttl) => {
    const name = textOf(graph, on, ttl.attribute_name) ?? (isSet(ttl.attribute_name) ? undefined : "");
    const isOff = !isOn(graph, on, ttl.enabled);
    if (isOff)
      return name === "" || name === undefined ? [] : [`must have ttl enabled: items name their end in ${name}`];
    const type = blocksOf(attributes, "attribute").find((each) => each.name === name)?.type;
    return [
      ...(name === "" ? ["must name the attribute of its ttl"] : []),
      ...(type !== undefined && type !== "N"
        ? [`must have a number for its ttl (${name} is of type ${shown(type)})`]
        : []),
    ];
  });
}

/** Names of attributes that keys of a table and of its indexes have. */
function keyNames({ attributes }: GraphNode): unknown[] {
  const indexes = [...blocksOf(attributes, "global_secondary_index"), ...blocksOf(attributes, "local_secondary_index")];
  const schemas = indexes.flatMap((index) => blocksOf(index, "key_schema").map(({ attribute_name }) => attribute_name));
  return [attributes, ...indexes]
    .flatMap(({ hash_key, range_key }) => [hash_key, range_key])
    .concat(schemas)
    .filter(isSet);
}

function undefinedKeys(node: GraphNode, graph: Graph): string[] {
  const names = ["attribute", "global_secondary_index", "local_secondary_index"];
  const isOpen = names.some((name) => isMadeLater(node.attributes, name) || typeof node.attributes[name] === "string");
  // A replica made the old way, or one restored, takes the keys of the other.
  if (isOpen || ["restore_source_name", "restore_source_table_arn"].some((name) => isSet(node.attributes[name])))
    return [];
  const known = (values: readonly unknown[]) => values.map((value) => valueIn(graph, node, value));
  const keys = known(keyNames(node));
  const defined = known(blocksOf(node.attributes, "attribute").map(({ name }) => name));
  if ([...keys, ...defined].includes(unknown)) return [];
  return [
    ...[...new Set(keys)]
      .filter((key) => !defined.includes(key))
      .map((key) => `must define its key ${shown(key)} as an attribute`),
    ...defined.filter((name) => !keys.includes(name)).map((name) => `must not define ${shown(name)}: no key has it`),
  ];
}

export const dynamodbRules: readonly Rule[] = [
  ...dynamodbReplicaRules,
  {
    id: "dynamodb-point-in-time-recovery",
    title: "Tables can be put back to any second of the last weeks",
    severity: "medium",
    why: "What is overwritten or deleted, by a slip or by somebody else, is lost since the last backup.",
    fix: "Set point_in_time_recovery enabled, and point_in_time_recovery of replicas.",
    references: ["FSBP DynamoDB.2", "CKV_AWS_28"],
    examples: {
      failing: withTable({ point_in_time_recovery: { enabled: false } }),
      passing: withTable({ point_in_time_recovery: { enabled: true } }),
    },
    judge: judgeResources([tableType, replicaType], recoveryProblems),
  },
  {
    id: "dynamodb-customer-key",
    title: "Tables are encrypted with a customer key",
    severity: "medium",
    why: "With AWS's own key, whoever may read the table reads it: there is no key policy to limit it, nor to cut it off.",
    fix: "Set server_side_encryption enabled with kms_key_arn; for a replica, a key of its region.",
    references: ["CKV_AWS_119", "CKV_AWS_271"],
    examples: {
      failing: withTable({ server_side_encryption: { enabled: true } }),
      passing: withTable({ server_side_encryption: { enabled: true, kms_key_arn: "${aws_kms_key.Orders.arn}" } }),
    },
    judge: judgeResources([tableType, replicaType], keyProblems),
  },
  {
    id: "dynamodb-deletion-protection",
    title: "Tables aren't deleted by one call",
    severity: "high",
    why: "A replaced key, a renamed resource or a wrong command deletes the table with all that is in it.",
    fix: "Set deletion_protection_enabled to true; to false where the whole environment is meant to go.",
    references: ["FSBP DynamoDB.6"],
    examples: { failing: withTable({}), passing: withTable({ deletion_protection_enabled: true }) },
    judge: deletable,
  },
  {
    id: "dynamodb-scaling",
    title: "Tables scale with what is asked of them",
    severity: "medium",
    why: "Calls beyond the provisioned capacity are refused, or capacity that nobody uses is paid for.",
    fix: "Set billing_mode PAY_PER_REQUEST, or an aws_appautoscaling_target and its policy for reads and for writes.",
    references: ["FSBP DynamoDB.1", "CKV2_AWS_16"],
    examples: {
      failing: withTable({ billing_mode: "PROVISIONED", read_capacity: 5, write_capacity: 5 }),
      passing: withTable({}),
    },
    judge: scaling,
  },
  {
    id: "dynamodb-ttl",
    title: "Items with an end end",
    severity: "medium",
    why: "Items stay for ever that were promised to go, and are paid for.",
    fix: "Set ttl enabled with attribute_name, an attribute that holds a number of seconds.",
    references: ["https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html"],
    examples: {
      failing: withTable({ ttl: { attribute_name: "expiresAt", enabled: false } }),
      passing: withTable({ ttl: { attribute_name: "expiresAt", enabled: true } }),
    },
    judge: judgeResources(tableType, expiryProblems),
  },
  {
    id: "dynamodb-keys-defined",
    title: "Tables define the attributes of their keys, and no others",
    severity: "medium",
    why: "DynamoDB refuses the table when the rest is deployed already.",
    fix: "Have an attribute block for each key of the table and of its indexes.",
    references: ["https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.CoreComponents.html"],
    examples: { failing: withTable({ range_key: "version" }), passing: withTable({}) },
    judge: judgeResources(tableType, undefinedKeys),
  },
  {
    id: "dynamodb-policy-not-public",
    title: "No policy on a table lets everyone in",
    severity: "critical",
    why: "Everyone with an AWS account reads or writes what the statement allows.",
    fix: "Name principals in the statement, or limit it by aws:PrincipalOrgID.",
    references: [],
    examples: {
      failing: withTable({}, policy("*")),
      passing: withTable({}, policy({ AWS: "arn:aws:iam::222222222222:root" })),
    },
    judge: (graph) =>
      judgeStatements(graph, [tableType, "aws_dynamodb_resource_policy"], (statement) =>
        isPublic(statement) ? [`must not let everyone in, as ${nameOf(statement)} does`] : [],
      ),
  },
];

function policy(principal: unknown) {
  const statement = { Effect: "Allow", Principal: principal, Action: "dynamodb:GetItem", Resource: "*" };
  const resource_arn = "${aws_dynamodb_table.Orders.arn}";
  return {
    aws_dynamodb_resource_policy: { Orders: { resource_arn, policy: JSON.stringify({ Statement: statement }) } },
  };
}
