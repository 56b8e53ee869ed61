import type { Graph, GraphNode } from "../../graph/model";
import type { Attributes } from "../../graph/terraform-json";
import { isOn, isSet, judgeResources, type Rule, unknown } from "../rule";
import { blockOf, mustHave, textOf, textsOf } from "./attribute-values";
import { isPublic, judgeStatements, nameOf } from "./exposure";
import { numberOf } from "./invoked";

const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };
const one = (type: string, attributes: Attributes) => ({
  provider,
  resource: { [type]: { Orders: { ...attributes } } },
});

/** A cluster of memcached has neither. */
function isMemcached(node: GraphNode, graph: Graph): boolean {
  return textOf(graph, node, node.attributes.engine) === "memcached";
}

function cacheAccess({ attributes }: GraphNode): string[] {
  const groups = [attributes.user_group_ids ?? []].flat();
  const isGuarded = ["auth_token", "auth_token_wo"].some((name) => isSet(attributes[name])) || groups.length > 0;
  return isGuarded || isSet(attributes.global_replication_group_id)
    ? []
    : ["must ask clients who they are, by user_group_ids or auth_token"];
}

function cacheBackups(node: GraphNode, graph: Graph): string[] {
  const given = node.attributes.snapshot_retention_limit;
  const days = isSet(given) ? numberOf(graph, node, given) : 0;
  return isMemcached(node, graph) || isSet(node.attributes.global_replication_group_id) || days !== 0
    ? []
    : ["must have a snapshot_retention_limit of 1 or more"];
}

const searchTypes = ["aws_opensearch_domain", "aws_elasticsearch_domain"];

/** Whether an attribute of a block is on; of one that is made later, nobody knows. */
function isBlockOn(graph: Graph, node: GraphNode, name: string, attribute = "enabled"): boolean {
  const block = blockOf(node.attributes, name);
  return block === unknown || isOn(graph, node, block?.[attribute]);
}

function searchEncryption(node: GraphNode, graph: Graph): string[] {
  const options = blockOf(node.attributes, "domain_endpoint_options");
  const policy = options === unknown ? undefined : textOf(graph, node, options?.tls_security_policy);
  return [
    ...(isBlockOn(graph, node, "encrypt_at_rest") ? [] : ["must have encrypt_at_rest enabled"]),
    ...(isBlockOn(graph, node, "node_to_node_encryption") ? [] : ["must have node_to_node_encryption enabled"]),
    ...(isBlockOn(graph, node, "domain_endpoint_options", "enforce_https") ? [] : ["must have enforce_https true"]),
    ...(policy !== undefined && /TLS-1-0/.test(policy)
      ? [`must have a tls_security_policy of TLS 1.2 (it has ${policy})`]
      : []),
  ];
}

/** Redshift is public where the provider's older versions are told nothing. */
function redshiftAccess(node: GraphNode, graph: Graph): string[] {
  const given = node.attributes.publicly_accessible;
  return [
    ...(isSet(given) && !(given === true || textOf(graph, node, given) === "true")
      ? []
      : ["must have publicly_accessible false"]),
    ...(isOn(graph, node, node.attributes.enhanced_vpc_routing) ? [] : ["must have enhanced_vpc_routing true"]),
  ];
}

/** Caches, search domains and warehouses. */
export const clusterRules: readonly Rule[] = [
  {
    id: "elasticache-encrypted",
    title: "Caches are encrypted, on disk and on the way",
    severity: "medium",
    why: "Sessions and cached rows are read on the way, from swap and from backups.",
    fix: "Set at_rest_encryption_enabled and transit_encryption_enabled to true.",
    references: ["CKV_AWS_29", "CKV_AWS_30"],
    examples: {
      failing: cache({ transit_encryption_enabled: false }),
      passing: cache({}),
    },
    judge: judgeResources("aws_elasticache_replication_group", (node, graph) =>
      isSet(node.attributes.global_replication_group_id)
        ? []
        : mustHave("at_rest_encryption_enabled", "transit_encryption_enabled")(node, graph),
    ),
  },
  {
    id: "elasticache-access",
    title: "Caches ask who wants something",
    severity: "high",
    why: "Whatever reaches the cache's address reads and changes all that is in it.",
    fix: "Set user_group_ids, or auth_token, which needs transit_encryption_enabled.",
    references: ["CKV_AWS_31"],
    examples: { failing: cache({ user_group_ids: null }), passing: cache({}) },
    judge: judgeResources("aws_elasticache_replication_group", cacheAccess),
  },
  {
    id: "elasticache-backups",
    title: "Caches are backed up each day",
    severity: "low",
    why: "After a failure the cache is empty, and all at once asks the database.",
    fix: "Set snapshot_retention_limit to 1 or more days.",
    references: ["CKV_AWS_134"],
    examples: { failing: cache({ snapshot_retention_limit: 0 }), passing: cache({}) },
    judge: judgeResources(["aws_elasticache_replication_group", "aws_elasticache_cluster"], (node, graph) =>
      isSet(node.attributes.replication_group_id) && node.type === "aws_elasticache_cluster"
        ? []
        : cacheBackups(node, graph),
    ),
  },
  {
    id: "opensearch-encrypted",
    title: "Search domains are encrypted, on disk and on the way",
    severity: "high",
    why: "Documents are read on the way and between nodes, and from disks and snapshots.",
    fix: "Set encrypt_at_rest, node_to_node_encryption, enforce_https and a tls_security_policy of TLS 1.2.",
    references: ["CKV_AWS_5", "CKV_AWS_6", "CKV_AWS_83", "CKV_AWS_228"],
    examples: { failing: search({ node_to_node_encryption: { enabled: false } }), passing: search({}) },
    judge: judgeResources(searchTypes, searchEncryption),
  },
  {
    id: "opensearch-private",
    title: "Search domains are in a VPC",
    severity: "high",
    why: "The domain has an address on the internet: its access policy alone is between everyone and the documents.",
    fix: "Set vpc_options with subnets and security groups; the domain is made anew.",
    references: ["CKV_AWS_137"],
    examples: { failing: search({ vpc_options: null }), passing: search({}) },
    judge: judgeResources(searchTypes, ({ attributes }) =>
      blockOf(attributes, "vpc_options") === undefined ? ["must have vpc_options: it is on the internet"] : [],
    ),
  },
  {
    id: "opensearch-policy-not-public",
    title: "No access policy of a search domain lets everyone in",
    severity: "critical",
    why: "Whatever reaches the domain's address reads and changes its documents.",
    fix: "Name roles in the access policy.",
    references: ["https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html"],
    examples: { failing: search({ access_policies: allowing("*") }), passing: search({}) },
    judge: (graph) =>
      judgeStatements(graph, [...searchTypes, "aws_opensearch_domain_policy"], (statement) =>
        isPublic(statement) ? [`must not let everyone in, as ${nameOf(statement)} does`] : [],
      ),
  },
  {
    id: "redshift-encrypted",
    title: "Warehouses are encrypted",
    severity: "medium",
    why: "Disks and snapshots are plain.",
    fix: "Set encrypted to true, with kms_key_id of a customer key.",
    references: ["FSBP Redshift.10", "CKV_AWS_64"],
    examples: { failing: warehouse({ encrypted: false }), passing: warehouse({}) },
    judge: judgeResources("aws_redshift_cluster", mustHave("encrypted")),
  },
  {
    id: "redshift-private",
    title: "Warehouses have no public address, and load within the VPC",
    severity: "critical",
    why: "Everyone on the internet can try passwords; and data goes over the internet when it is loaded.",
    fix: "Set publicly_accessible to false, which isn't the default of older providers, and enhanced_vpc_routing to true.",
    references: ["FSBP Redshift.1", "FSBP Redshift.7", "CKV_AWS_87", "CKV_AWS_321"],
    examples: { failing: warehouse({ publicly_accessible: true }), passing: warehouse({}) },
    judge: judgeResources("aws_redshift_cluster", redshiftAccess),
  },
  {
    id: "dax-encrypted",
    title: "DAX clusters are encrypted, on disk and on the way",
    severity: "medium",
    why: "Items of the table are read on the way, and from the cluster's disks.",
    fix: "Set server_side_encryption enabled, and cluster_endpoint_encryption_type TLS.",
    references: ["FSBP DynamoDB.3", "CKV_AWS_47", "CKV_AWS_239"],
    examples: {
      failing: one("aws_dax_cluster", { cluster_name: "orders", server_side_encryption: { enabled: true } }),
      passing: one("aws_dax_cluster", {
        cluster_name: "orders",
        server_side_encryption: { enabled: true },
        cluster_endpoint_encryption_type: "TLS",
      }),
    },
    judge: judgeResources("aws_dax_cluster", (node, graph) => [
      ...(isBlockOn(graph, node, "server_side_encryption") ? [] : ["must have server_side_encryption enabled"]),
      ...(textsOf(graph, node, node.attributes.cluster_endpoint_encryption_type ?? "NONE").includes("NONE")
        ? ["must have cluster_endpoint_encryption_type TLS"]
        : []),
    ]),
  },
];

function cache(attributes: Attributes) {
  return one("aws_elasticache_replication_group", {
    replication_group_id: "orders",
    at_rest_encryption_enabled: true,
    transit_encryption_enabled: true,
    user_group_ids: ["orders"],
    snapshot_retention_limit: 7,
    ...attributes,
  });
}

function search(attributes: Attributes) {
  return one("aws_opensearch_domain", {
    domain_name: "orders",
    encrypt_at_rest: { enabled: true },
    node_to_node_encryption: { enabled: true },
    domain_endpoint_options: { enforce_https: true, tls_security_policy: "Policy-Min-TLS-1-2-PFS-2023-10" },
    vpc_options: { subnet_ids: ["subnet-0123456789abcdef0"] },
    ...attributes,
  });
}

function allowing(principal: string) {
  return JSON.stringify({ Statement: { Effect: "Allow", Principal: principal, Action: "es:*", Resource: "*" } });
}

function warehouse(attributes: Attributes) {
  return one("aws_redshift_cluster", {
    cluster_identifier: "orders",
    node_type: "ra3.large",
    encrypted: true,
    publicly_accessible: false,
    enhanced_vpc_routing: true,
    ...attributes,
  });
}
