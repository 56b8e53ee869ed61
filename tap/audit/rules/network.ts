import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { push } from "../../graph/sorted";
import { type Attributes, blocksOf } from "../../graph/terraform-json";
import { isOn, isSet, knownValue } from "../rule";
import { reachedFrom, referrersOf } from "./relations";

/** What a security group lets in or out, however it is written. */
export interface GroupRule {
  /** The resource that it is written in. */
  readonly node: GraphNode;
  readonly group: GraphNode | undefined;
  readonly direction: "ingress" | "egress";
  /** `-1` for all. */
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly cidrs: readonly string[];
  /** Groups of the graph that it names. */
  readonly groups: readonly GraphNode[];
  /** Gateway endpoints whose prefix lists it names. */
  readonly endpoints: readonly GraphNode[];
  /** Whether it names a group or a prefix list that isn't in the graph. */
  readonly namesOthers: boolean;
  readonly hasDescription: boolean;
}

/** A function in subnets. */
export interface PlacedFunction {
  readonly lambda: GraphNode;
  readonly subnets: readonly GraphNode[];
  readonly groups: readonly GraphNode[];
  /** Where it is in the graph. */
  readonly vpc: GraphNode | undefined;
}

/** Networks of a graph, looked at once for all rules. */
export interface Network {
  readonly rules: readonly GroupRule[];
  readonly functions: readonly PlacedFunction[];
  rulesOf(group: GraphNode): readonly GroupRule[];
  /** Route tables of a subnet: its own, else the VPC's main one. */
  routeTablesOf(subnet: GraphNode): readonly GraphNode[];
  /** Where routes of a table lead outside: an internet, NAT, transit or other gateway. */
  waysOutOf(routeTable: GraphNode): readonly WayOut[];
  /** Whether nothing of a function's subnets leads out of its VPC; false where the VPC isn't in the graph. */
  isIsolated(placed: PlacedFunction): boolean;
}

export interface WayOut {
  readonly node: GraphNode;
  readonly isInternetGateway: boolean;
}

export const networkOf: (graph: Graph) => Network = rememberingObjects((graph: Graph): Network => {
  const rules = groupRules(graph);
  const byGroup = new Map<GraphNode, GroupRule[]>();
  for (const rule of rules) if (rule.group !== undefined) push(byGroup, rule.group, rule);
  const functions = graph.ofType("aws_lambda_function").flatMap((lambda) => placed(graph, lambda) ?? []);
  const tables = new Map<GraphNode, readonly GraphNode[]>();
  const routeTablesOf = (subnet: GraphNode) => remembered(tables, subnet, () => tablesOf(graph, subnet));
  const ways = new Map<GraphNode, readonly WayOut[]>();
  const waysOutOf = (table: GraphNode) => remembered(ways, table, () => waysOut(graph, table));
  return {
    rules,
    functions,
    rulesOf: (group) => byGroup.get(group) ?? [],
    routeTablesOf,
    waysOutOf,
    isIsolated: ({ vpc, subnets }) =>
      vpc !== undefined &&
      subnets.every((subnet) => {
        // The main table, which AWS makes, leads nowhere.
        return routeTablesOf(subnet).every((table) => waysOutOf(table).length === 0);
      }),
  };
});

function remembered<T>(known: Map<GraphNode, T>, node: GraphNode, find: () => T): T {
  const found = known.get(node) ?? find();
  known.set(node, found);
  return found;
}

function placed(graph: Graph, lambda: GraphNode): PlacedFunction | undefined {
  if (blocksOf(lambda.attributes, "vpc_config").length === 0) return undefined;
  const subnets = reachedFrom(graph, lambda, "vpc_config", "aws_subnet");
  const [vpc] = subnets.flatMap((subnet) => reachedFrom(graph, subnet, "vpc_id", "aws_vpc"));
  return { lambda, subnets, groups: reachedFrom(graph, lambda, "vpc_config", "aws_security_group"), vpc };
}

function tablesOf(graph: Graph, subnet: GraphNode): GraphNode[] {
  const own = referrersOf(graph, subnet, "aws_route_table_association", "subnet_id").flatMap((each) =>
    reachedFrom(graph, each, "route_table_id", "aws_route_table"),
  );
  if (own.length > 0) return own;
  const [vpc] = reachedFrom(graph, subnet, "vpc_id", "aws_vpc");
  if (vpc === undefined) return [];
  const main = referrersOf(graph, vpc, "aws_main_route_table_association", "vpc_id").flatMap((each) =>
    reachedFrom(graph, each, "route_table_id", "aws_route_table"),
  );
  return [...main, ...referrersOf(graph, vpc, "aws_default_route_table", "default_route_table_id")];
}

/** Arguments of a route that name something outside the VPC. */
const targets = [
  "gateway_id",
  "nat_gateway_id",
  "egress_only_gateway_id",
  "transit_gateway_id",
  "vpc_peering_connection_id",
  "network_interface_id",
  "instance_id",
  "carrier_gateway_id",
  "core_network_arn",
  "local_gateway_id",
] as const;

function waysOut(graph: Graph, table: GraphNode): WayOut[] {
  const routes = [
    ...blocksOf(table.attributes, "route").map((route) => ({ node: table, route })),
    ...referrersOf(graph, table, "aws_route", "route_table_id").map((node) => ({ node, route: node.attributes })),
  ];
  return routes.flatMap(({ node, route }) =>
    targets
      .filter((name) => ![undefined, null, "", "local"].includes(route[name] as string))
      .map((name) => ({ node, isInternetGateway: isInternetGateway(graph, node, name, route[name]) })),
  );
}

function isInternetGateway(graph: Graph, node: GraphNode, name: string, value: unknown): boolean {
  if (name !== "gateway_id") return false;
  return /^igw-/.test(String(value)) || graph.resolve(value, node.stack)?.type === "aws_internet_gateway";
}

function groupRules(graph: Graph): GroupRule[] {
  const inline = ["aws_security_group", "aws_default_security_group"]
    .flatMap((type) => graph.ofType(type))
    .flatMap((node) =>
      (["ingress", "egress"] as const).flatMap((direction) =>
        blocksOf(node.attributes, direction).map((block) =>
          toRule(graph, node, direction, block, { group: node, groups: groupsIn(graph, node, block.security_groups) }),
        ),
      ),
    );
  const separate = graph.ofType("aws_security_group_rule").map((node) =>
    toRule(graph, node, node.attributes.type === "egress" ? "egress" : "ingress", node.attributes, {
      group: groupOf(graph, node),
      groups: reachedFrom(graph, node, "source_security_group_id", "aws_security_group"),
    }),
  );
  const single = (["ingress", "egress"] as const).flatMap((direction) =>
    graph.ofType(`aws_vpc_security_group_${direction}_rule`).map((node) =>
      toRule(graph, node, direction, node.attributes, {
        group: groupOf(graph, node),
        groups: reachedFrom(graph, node, "referenced_security_group_id", "aws_security_group"),
      }),
    ),
  );
  return [...inline, ...separate, ...single];
}

function groupOf(graph: Graph, node: GraphNode): GraphNode | undefined {
  return reachedFrom(graph, node, "security_group_id", "aws_security_group")[0];
}

function groupsIn(graph: Graph, node: GraphNode, value: unknown): GraphNode[] {
  const list: unknown[] = [value ?? []].flat();
  return list
    .flatMap((each) => graph.resolve(each, node.stack) ?? [])
    .filter(({ type }) => type === "aws_security_group");
}

function toRule(
  graph: Graph,
  node: GraphNode,
  direction: GroupRule["direction"],
  block: Attributes,
  of: Pick<GroupRule, "group" | "groups">,
): GroupRule {
  const protocol = String(block.protocol ?? block.ip_protocol ?? "-1");
  const isAll = protocol === "-1" || protocol === "all";
  const cidrs: unknown[] = [block.cidr_blocks, block.ipv6_cidr_blocks, block.cidr_ipv4, block.cidr_ipv6].flat();
  const description = block.description;
  const lists: unknown[] = [block.prefix_list_ids, block.prefix_list_id].flat();
  const endpoints = lists.some(isSet) ? endpointsOf(graph, node, block) : [];
  const named: unknown[] = [
    block.security_groups,
    block.source_security_group_id,
    block.referenced_security_group_id,
  ].flat();
  return {
    node,
    ...of,
    endpoints,
    namesOthers:
      (lists.some(isSet) && endpoints.length === 0) ||
      (named.some(isSet) && of.groups.length === 0) ||
      isOn(graph, node, block.self),
    direction,
    protocol: isAll ? "-1" : protocol,
    fromPort: isAll ? 0 : Number(block.from_port ?? 0),
    toPort: isAll ? 65_535 : Number(block.to_port ?? block.from_port ?? 65_535),
    cidrs: cidrs.map((cidr) => knownValue(graph, node, cidr)).filter((cidr) => typeof cidr === "string"),
    hasDescription: typeof description === "string" && description !== "",
  };
}

/** Endpoints whose prefix lists a block names: of a group with rules in it, those of all its rules. */
function endpointsOf(graph: Graph, node: GraphNode, block: Attributes): GraphNode[] {
  const attribute = "prefix_list_id" in block ? "prefix_list_id" : "prefix_list_ids";
  const isInline = block !== node.attributes;
  return ["ingress", "egress"]
    .map((direction) => (isInline ? direction : attribute))
    .flatMap((way) => reachedFrom(graph, node, way, "aws_vpc_endpoint"));
}

/** Whether an address range is everyone's. */
export function isEverywhere(cidr: string): boolean {
  return cidr === "0.0.0.0/0" || cidr === "::/0";
}

/** Whether an IPv4 range lies in another one; false for what is no range. */
export function isWithin(cidr: string, outer: string): boolean {
  const [inner, around] = [rangeOf(cidr), rangeOf(outer)];
  return inner !== undefined && around !== undefined && inner.first >= around.first && inner.last <= around.last;
}

function rangeOf(cidr: string): { first: number; last: number } | undefined {
  const [, address = "", bits = ""] = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(cidr) ?? [];
  if (address === "" || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}
