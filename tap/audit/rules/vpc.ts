import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { findings, isSet, judgeResources, knownValue, type Rule } from "../rule";
import { type GroupRule, isEverywhere, isWithin, networkOf } from "./network";
import { reachedFrom, referrersOf } from "./relations";

const vpcId = "${aws_vpc.Vpc.id}";
const vpc = { aws_vpc: { Vpc: { cidr_block: "10.0.0.0/16" } } };
const closed = (attributes: Record<string, unknown> = {}) => ({
  aws_default_security_group: { Default: { vpc_id: vpcId, ingress: [], egress: [], ...attributes } },
});
const group = (rule: Record<string, unknown>, direction: "ingress" | "egress" = "ingress") => ({
  aws_security_group: { Group: { name: "group", description: "Group of functions", vpc_id: vpcId } },
  [`aws_vpc_security_group_${direction}_rule`]: {
    Rule: {
      security_group_id: "${aws_security_group.Group.id}",
      description: "HTTPS",
      ip_protocol: "tcp",
      from_port: 443,
      to_port: 443,
      ...rule,
    },
  },
});
const subnet = (attributes: Record<string, unknown> = {}) => ({
  aws_subnet: { Subnet: { vpc_id: vpcId, cidr_block: "10.0.0.0/24", ...attributes } },
  aws_route_table_association: {
    Subnet: { subnet_id: "${aws_subnet.Subnet.id}", route_table_id: "${aws_route_table.Table.id}" },
  },
});
const table = (route: unknown = []) => ({ aws_route_table: { Table: { vpc_id: vpcId, route } } });
const work = {
  aws_lambda_function: {
    Work: {
      function_name: "work",
      vpc_config: { subnet_ids: ["${aws_subnet.Subnet.id}"], security_group_ids: ["${aws_security_group.Group.id}"] },
    },
  },
};
const gateway = { aws_internet_gateway: { Internet: { vpc_id: vpcId } } };
const toInternet = { cidr_block: "0.0.0.0/0", gateway_id: "${aws_internet_gateway.Internet.id}" };
const acl = (ingress: Record<string, unknown>) => ({
  ...vpc,
  aws_network_acl: { Acl: { vpc_id: vpcId, ingress: { rule_no: 100, action: "allow", protocol: "tcp", ...ingress } } },
});

/** Ports on which the world may ask: a web server's. */
const webPorts: readonly number[] = [80, 443];
/** Ports by which machines are administered. */
const adminPorts: readonly number[] = [22, 3389];

/** Networks: who gets in, and what gets out. */
export const vpcRules: readonly Rule[] = [
  {
    id: "vpc-default-security-group",
    title: "The default security group of every VPC lets nothing in or out",
    severity: "medium",
    why: "What is made without a group gets this one, and may talk to everything that did.",
    fix: "Add an aws_default_security_group for the VPC, without ingress and egress.",
    references: ["FSBP EC2.2", "CKV2_AWS_12"],
    examples: {
      failing: {
        resource: {
          ...vpc,
          ...closed({ egress: { protocol: "-1", from_port: 0, to_port: 0, cidr_blocks: ["0.0.0.0/0"] } }),
        },
      },
      passing: { resource: { ...vpc, ...closed() } },
    },
    judge: judgeResources("aws_vpc", (node, graph) => {
      const [group] = referrersOf(graph, node, "aws_default_security_group", "vpc_id");
      if (group === undefined) return ["must have its default security group closed by an aws_default_security_group"];
      return networkOf(graph).rulesOf(group).length === 0
        ? []
        : [`must have a default security group without rules (${group.address} has some)`];
    }),
  },
  {
    id: "vpc-open-ingress",
    title: "Security groups let the internet in for the web alone",
    severity: "high",
    why: "Whoever scans the internet finds the port within minutes, and tries what is known about it.",
    fix: "Name the addresses or the security group that may, or leave the rule out.",
    references: ["FSBP EC2.18", "FSBP EC2.19", "CKV_AWS_24", "CKV_AWS_25"],
    examples: {
      failing: { resource: { ...vpc, ...group({ cidr_ipv4: "0.0.0.0/0", from_port: 22, to_port: 22 }) } },
      passing: { resource: { ...vpc, ...group({ cidr_ipv4: "0.0.0.0/0" }) } },
    },
    judge: judgeGroupRules(({ direction, cidrs, protocol, fromPort, toPort }) => {
      const isWeb = protocol !== "-1" && fromPort === toPort && webPorts.includes(fromPort);
      return direction === "ingress" && cidrs.some(isEverywhere) && !isWeb
        ? [`must not let the internet in on ${portsText(protocol, fromPort, toPort)}`]
        : [];
    }),
  },
  {
    id: "vpc-open-egress",
    title: "Security groups don't let everything out to everywhere",
    severity: "low",
    why: "Code that was taken over sends what it finds to wherever it likes.",
    fix: "Name the ports, and the prefix lists, groups or addresses that are called.",
    references: ["CKV_AWS_382"],
    examples: {
      failing: { resource: { ...vpc, ...group({ cidr_ipv4: "0.0.0.0/0", ip_protocol: "-1" }, "egress") } },
      passing: { resource: { ...vpc, ...group({ cidr_ipv4: "0.0.0.0/0" }, "egress") } },
    },
    judge: judgeGroupRules(({ direction, cidrs, protocol }) =>
      direction === "egress" && protocol === "-1" && cidrs.some(isEverywhere)
        ? ["must not let everything out to everywhere"]
        : [],
    ),
  },
  {
    id: "vpc-isolated-egress",
    title: "Functions of isolated subnets reach endpoints alone",
    severity: "medium",
    why: "The rule says more than the network allows: the day somebody adds a NAT gateway, the functions reach the internet.",
    fix: "Let their group out to the endpoints' security group, and to prefix lists of gateway endpoints.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"],
    examples: {
      failing: {
        resource: { ...vpc, ...subnet(), ...table(), ...work, ...group({ cidr_ipv4: "0.0.0.0/0" }, "egress") },
      },
      passing: {
        resource: { ...vpc, ...subnet(), ...table(), ...work, ...group({ prefix_list_id: "pl-1" }, "egress") },
      },
    },
    judge: (graph) => {
      const network = networkOf(graph);
      const ranges = new Map<GraphNode, string[]>();
      for (const placed of network.functions)
        if (placed.vpc !== undefined && network.isIsolated(placed))
          for (const group of placed.groups)
            ranges.set(group, [...(ranges.get(group) ?? []), String(placed.vpc.attributes.cidr_block)]);
      return [...ranges].flatMap(([group, own]) =>
        network
          .rulesOf(group)
          .filter(({ direction }) => direction === "egress")
          .flatMap(({ node, cidrs }) =>
            cidrs
              .filter((cidr) => !own.some((range) => isWithin(cidr, range)))
              .flatMap((cidr) => findings(node, [`must not let functions of isolated subnets out to ${cidr}`])),
          ),
      );
    },
  },
  {
    id: "vpc-function-egress",
    title: "Functions in subnets may reach something",
    severity: "high",
    why: "Terraform takes the rule away that AWS gives a new group: without one, every call of the function times out.",
    fix: "Add egress rules to the security group, to the endpoints that the function calls.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"],
    examples: {
      failing: { resource: { ...vpc, ...subnet(), ...table(), ...work, ...group({ cidr_ipv4: "10.0.0.0/16" }) } },
      passing: {
        resource: { ...vpc, ...subnet(), ...table(), ...work, ...group({ prefix_list_id: "pl-1" }, "egress") },
      },
    },
    judge: (graph) => {
      const network = networkOf(graph);
      const groups = new Set(network.functions.flatMap((placed) => placed.groups));
      return [...groups]
        .filter(
          (each) => !network.rulesOf(each).some(({ direction }) => direction === "egress") && !hasUnknownRules(each),
        )
        .flatMap((each) => findings(each, ["must have an egress rule, as functions use it"]));
    },
  },
  {
    id: "vpc-flow-logs",
    title: "VPCs log what goes through them",
    severity: "medium",
    why: "Nobody can tell who reached what, or what was refused.",
    fix: "Add an aws_flow_log for the VPC, with traffic_type ALL or REJECT.",
    references: ["FSBP EC2.6", "CKV2_AWS_11"],
    examples: {
      failing: { resource: { ...vpc, ...closed() } },
      passing: { resource: { ...vpc, ...closed(), aws_flow_log: { All: { vpc_id: vpcId, traffic_type: "ALL" } } } },
    },
    judge: judgeResources("aws_vpc", (node, graph) => {
      const logs = referrersOf(graph, node, "aws_flow_log", "vpc_id");
      if (logs.length === 0) return ["must have a flow log"];
      return logs.some(({ attributes }) => attributes.traffic_type !== "ACCEPT")
        ? []
        : ["must have a flow log of refused traffic"];
    }),
  },
  {
    id: "vpc-subnet-public-ip",
    title: "Subnets give no public addresses",
    severity: "medium",
    why: "Whatever is started there can be reached from the internet, meant or not.",
    fix: "Set map_public_ip_on_launch to false; give an address to what needs one.",
    references: ["FSBP EC2.15", "CKV_AWS_130"],
    examples: {
      failing: { resource: { ...vpc, ...table(), ...subnet({ map_public_ip_on_launch: true }) } },
      passing: { resource: { ...vpc, ...table(), ...subnet() } },
    },
    judge: judgeResources("aws_subnet", (node, graph) =>
      ["map_public_ip_on_launch", "assign_ipv6_address_on_creation"]
        .filter((name) => String(knownValue(graph, node, node.attributes[name])) === "true")
        .map((name) => `must not have ${name}`),
    ),
  },
  {
    id: "vpc-network-acl",
    title: "Network ACLs keep the internet from the ports of administrators",
    severity: "medium",
    why: "The second line behind the security groups isn't there.",
    fix: "Allow ports 22 and 3389 from known addresses alone.",
    references: ["FSBP EC2.21", "CKV_AWS_231", "CKV_AWS_232", "CKV_AWS_352"],
    examples: {
      failing: { resource: acl({ cidr_block: "0.0.0.0/0", from_port: 0, to_port: 65535 }) },
      passing: { resource: acl({ cidr_block: "0.0.0.0/0", from_port: 443, to_port: 443 }) },
    },
    judge: judgeResources(["aws_network_acl", "aws_default_network_acl", "aws_network_acl_rule"], (node) => {
      const isRule = node.type === "aws_network_acl_rule";
      const blocks = isRule ? [node.attributes] : blocksOf(node.attributes, "ingress");
      return blocks
        .filter((block) => !isRule || String(block.egress) !== "true")
        .filter((block) => String(block.action ?? block.rule_action).toLowerCase() === "allow")
        .filter((block) => [block.cidr_block, block.ipv6_cidr_block].some((cidr) => isEverywhere(String(cidr))))
        .filter((block) => {
          const isAll = ["-1", "all"].includes(String(block.protocol));
          return isAll || adminPorts.some((port) => Number(block.from_port) <= port && port <= Number(block.to_port));
        })
        .map(() => `must not let the internet in on ports ${adminPorts.join(" and ")}`);
    }),
  },
  {
    id: "vpc-function-subnet",
    title: "Functions aren't in subnets that lead to an internet gateway",
    severity: "medium",
    why: "A function has no public address: calls of the internet time out there, and all else in the subnet can be reached.",
    fix: "Give the function subnets of its own, without a route to an aws_internet_gateway.",
    references: ["https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html"],
    examples: {
      failing: {
        resource: {
          ...vpc,
          ...subnet(),
          ...gateway,
          ...table([toInternet]),
          ...work,
          ...group({ prefix_list_id: "pl-1" }, "egress"),
        },
      },
      passing: {
        resource: {
          ...vpc,
          ...subnet(),
          ...gateway,
          ...table(),
          ...work,
          ...group({ prefix_list_id: "pl-1" }, "egress"),
        },
      },
    },
    judge: (graph) => {
      const network = networkOf(graph);
      const tables = new Set(
        network.functions.flatMap(({ subnets }) => subnets.flatMap((each) => network.routeTablesOf(each))),
      );
      return [...tables].flatMap((each) =>
        network
          .waysOutOf(each)
          .filter(({ isInternetGateway }) => isInternetGateway)
          .flatMap(({ node }) =>
            findings(node, ["must not lead to an internet gateway: functions are in its subnets"]),
          ),
      );
    },
  },
  {
    id: "vpc-subnet-route-table",
    title: "Subnets that functions use have a route table of their own",
    severity: "high",
    why: "A subnet without one gets the VPC's main table: without the gateway endpoints, calls of S3 and DynamoDB time out there.",
    fix: "Add an aws_route_table_association for the subnet.",
    references: ["https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html"],
    examples: {
      failing: {
        resource: {
          ...vpc,
          ...subnet(),
          aws_route_table_association: {},
          ...work,
          ...group({ prefix_list_id: "pl-1" }, "egress"),
        },
      },
      passing: {
        resource: { ...vpc, ...subnet(), ...table(), ...work, ...group({ prefix_list_id: "pl-1" }, "egress") },
      },
    },
    judge: (graph) => {
      const network = networkOf(graph);
      const subnets = new Set(network.functions.flatMap((placed) => placed.subnets));
      return [...subnets]
        .filter((each) => referrersOf(graph, each, "aws_route_table_association", "subnet_id").length === 0)
        .filter(
          (each) =>
            network.routeTablesOf(each).length === 0 && reachedFrom(graph, each, "vpc_id", "aws_vpc").length > 0,
        )
        .flatMap((each) => findings(each, ["must be associated with a route table, as functions are in it"]));
    },
  },
  {
    id: "vpc-security-group-description",
    title: "Security groups and their rules say what they are for",
    severity: "low",
    why: "Nobody dares to take a rule away that nobody remembers.",
    fix: "Set description of the group and of each rule.",
    references: ["CKV_AWS_23"],
    examples: {
      failing: { resource: { ...vpc, ...group({ cidr_ipv4: "10.0.0.0/16", description: "" }) } },
      passing: { resource: { ...vpc, ...group({ cidr_ipv4: "10.0.0.0/16" }) } },
    },
    judge: (graph) => [
      ...networkOf(graph)
        .rules.filter(({ hasDescription, node }) => !hasDescription && node.type !== "aws_default_security_group")
        .flatMap(({ node, direction }) => findings(node, [`must have a description of its ${direction}`])),
      ...graph
        .ofType("aws_security_group")
        .filter(({ attributes }) => !isSet(attributes.description) || attributes.description === "Managed by Terraform")
        .flatMap((node) => findings(node, ["must have a description"])),
    ],
  },
  {
    id: "vpc-security-group-place",
    title: "Security groups and subnets of a function are of one VPC",
    severity: "high",
    why: "Lambda refuses the function, or it moves into another network.",
    fix: "Set vpc_id of the group to the VPC of the function's subnets.",
    references: [],
    examples: {
      failing: { resource: { ...twoNetworks("${aws_vpc.Other.id}"), ...table(), ...subnet(), ...work } },
      passing: { resource: { ...twoNetworks(vpcId), ...table(), ...subnet(), ...work } },
    },
    judge: (graph) =>
      networkOf(graph).functions.flatMap(({ lambda, groups, subnets }) => {
        const places = (nodes: readonly GraphNode[]) =>
          nodes.flatMap((node) => reachedFrom(graph, node, "vpc_id", "aws_vpc"));
        const all = new Set([...places(groups), ...places(subnets)]);
        return all.size > 1
          ? findings(lambda, [
              `must have security groups and subnets of one VPC (they are of ${[...all].map(({ id }) => id).join(" and ")})`,
            ])
          : [];
      }),
  },
];

function twoNetworks(ownVpc: string) {
  return {
    aws_vpc: { ...vpc.aws_vpc, Other: { cidr_block: "10.1.0.0/16" } },
    aws_security_group: { Group: { name: "group", description: "Group of functions", vpc_id: ownVpc } },
  };
}

/** Every rule of every security group. */
function judgeGroupRules(problemsOf: (rule: GroupRule) => readonly string[]): Rule["judge"] {
  return (graph: Graph) => networkOf(graph).rules.flatMap((rule) => findings(rule.node, problemsOf(rule)));
}

/** Whether rules of a group are made in a way that isn't read here. */
function hasUnknownRules({ attributes }: GraphNode): boolean {
  return "dynamic" in attributes || typeof attributes.egress === "string";
}

function portsText(protocol: string, from: number, to: number): string {
  if (protocol === "-1") return "every port";
  return from === to ? `port ${from}` : `ports ${from} to ${to}`;
}
