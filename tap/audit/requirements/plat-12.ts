import { isPrivateCidr, overlapping, overlaps, prefixLength } from "../../../config/cidr";
import type { Environment } from "../../../config/environment";
import { expectThat, type Finding, judgeEach, type Requirement, type Subject } from "../requirement";
import { type Resource, reference, resourcesOf, type StackJson } from "../stack-json";
import { endpoints } from "./plat-12-endpoints";

/** Every resource that would be a way out of the VPC, or in; whichever stack has it. */
const waysOut = new RegExp(
  `^aws_(${[
    "internet_gateway\\w*",
    "egress_only_internet_gateway",
    "(ec2_)?carrier_gateway",
    "customer_gateway",
    "nat_gateway\\w*",
    "eip\\w*",
    "route",
    "main_route_table_association",
    "default_(vpc|subnet)",
    "vpc_peering_connection\\w*",
    "vpc_endpoint_service\\w*",
    "vpc_endpoint_(policy|\\w+_association)",
    "vpc_ipv[46]_cidr_block_association",
    "vpc_route_server\\w*",
    "vpc_block_public_access\\w*",
    "vpclattice_\\w+",
    "vpn_\\w+",
    "ec2_client_vpn\\w*",
    "ec2_(transit|local)_gateway\\w*",
    "dx_\\w+",
    "networkmanager_\\w+",
    "globalaccelerator_\\w+",
    "verifiedaccess_\\w+",
    "ram_\\w+",
  ].join("|")})$`,
);

export const plat12: Requirement = {
  id: "PLAT-12",
  checks:
    "Each region's VPC: three subnets in the configured zones, no route out, gateway and interface endpoints with a policy of this account and its resources, security groups that let in HTTPS of the VPC alone, encrypted flow logs; address ranges overlap nowhere.",
  why: "Whatever runs in it can reach AWS services of its own account and nothing else, even when its code is taken over.",
  judge: (subject) => [
    ...judgeEach(subject, "network", (stack, environment) => [
      ...vpcAndSubnets(stack, environment),
      ...isolation(stack),
      ...endpoints(stack, environment),
      ...flowLogs(stack),
    ]),
    ...judgeEach(subject, "all", exits),
    ...sharedAddresses(subject),
  ],
};

function vpcAndSubnets(stack: StackJson, environment: Environment): Finding[] {
  const settings = environment.regions[stack.region];
  const [vpc, ...otherVpcs] = resourcesOf(stack, "aws_vpc");
  const subnets = resourcesOf(stack, "aws_subnet");
  const zones = subnets.map(({ attributes }) => String(attributes.availability_zone_id));
  if (
    settings === undefined ||
    vpc === undefined ||
    otherVpcs.length > 0 ||
    vpc.attributes.cidr_block !== settings.cidrBlock
  )
    return [{ stack: stack.id, message: `must have one VPC, of ${settings?.cidrBlock}` }];
  return [
    ...expectThat(
      vpc.attributes.enable_dns_support === true && vpc.attributes.enable_dns_hostnames === true,
      stack,
      "has no DNS: endpoints would not be found by their services' names",
      vpc.address,
    ),
    ...[vpc, ...subnets].flatMap((resource) => ownAddresses(stack, resource)),
    ...expectThat(
      subnets.length === 3 && zones.sort().join() === [...settings.zoneIds].sort().join(),
      stack,
      `must have a subnet in each of ${settings.zoneIds.join(", ")}`,
    ),
    ...subnets.flatMap((subnet) => privateSubnet(stack, subnet)),
    ...subnetRanges(stack, settings.cidrBlock, subnets),
    ...inTheVpc(stack, vpc),
  ];
}

/** Addresses are those of the configuration: none that are reachable from outside, none that a pool gives. */
function ownAddresses(stack: StackJson, { attributes, address }: Resource): Finding[] {
  return Object.entries(attributes)
    .filter(([name, value]) => /ipv6|ipam|customer_owned|outpost/.test(name) && value !== false)
    .map(([name]) => ({ stack: stack.id, address, message: `has addresses beside its range, by ${name}` }));
}

function privateSubnet(stack: StackJson, { attributes, address }: Resource): Finding[] {
  const tables = resourcesOf(stack, "aws_route_table").map((table) => reference(`${table.address}.id`));
  const associations = resourcesOf(stack, "aws_route_table_association").filter(
    (association) => association.attributes.subnet_id === reference(`${address}.id`),
  );
  return [
    ...expectThat(attributes.map_public_ip_on_launch === false, stack, "gives out public addresses", address),
    ...expectThat(
      associations.length === 1 && tables.includes(String(associations[0]?.attributes.route_table_id)),
      stack,
      "has no route table of the stack, and so the VPC's main one or another's",
      address,
    ),
  ];
}

function subnetRanges(stack: StackJson, vpcRange: string, subnets: readonly Resource[]): Finding[] {
  const ranges = subnets.map(({ attributes, address }) => ({ address, cidr: String(attributes.cidr_block) }));
  const isWithin = (cidr: string) =>
    isPrivateCidr(cidr) && overlaps(vpcRange, cidr) && prefixLength(cidr) >= prefixLength(vpcRange);
  return [
    ...ranges
      .filter(({ cidr }) => !isWithin(cidr))
      .map(({ address, cidr }) => ({ stack: stack.id, address, message: `${cidr} is not within ${vpcRange}` })),
    ...overlapping(ranges.filter(({ cidr }) => isPrivateCidr(cidr))).map(([{ address, cidr }, other]) => ({
      stack: stack.id,
      address,
      message: `${cidr} overlaps ${other.cidr} of ${other.address}`,
    })),
  ];
}

/** Whatever is in a VPC is in this one. */
function inTheVpc(stack: StackJson, vpc: Resource): Finding[] {
  const types = ["subnet", "route_table", "security_group", "default_security_group", "vpc_endpoint", "flow_log"];
  return types
    .flatMap((type) => resourcesOf(stack, `aws_${type}`))
    .flatMap(({ attributes, address }) =>
      expectThat(attributes.vpc_id === reference(`${vpc.address}.id`), stack, "is not of the stack's VPC", address),
    );
}

function exits(stack: StackJson): Finding[] {
  const isExit = (type: string) => waysOut.test(type) || (type === "aws_vpc_endpoint" && stack.component !== "network");
  return resourcesOf(stack)
    .filter(({ type }) => isExit(type))
    .map(({ address }) => ({ stack: stack.id, address, message: "is a way out of the isolated VPC" }));
}

function isolation(stack: StackJson): Finding[] {
  const defaults = resourcesOf(stack, "aws_default_security_group");
  const groups = [...defaults, ...resourcesOf(stack, "aws_security_group")];
  const tables = ["aws_route_table", "aws_default_route_table"].flatMap((type) => resourcesOf(stack, type));
  const rules = resourcesOf(stack).filter(({ type }) => /security_group_(ingress|egress)?_?rule$/.test(type));
  return [
    ...tables.flatMap(({ attributes, address }) =>
      expectThat(
        isEmpty(attributes.route) && isEmpty(attributes.propagating_vgws),
        stack,
        "has routes of its own",
        address,
      ),
    ),
    ...expectThat(defaults.length === 1, stack, "doesn't take over the default security group"),
    ...groups.flatMap(({ attributes, address }) =>
      expectThat(
        isEmpty(attributes.ingress) && isEmpty(attributes.egress),
        stack,
        "opens a security group by rules of its own",
        address,
      ),
    ),
    ...expectThat(
      rules.some(({ type }) => type === "aws_vpc_security_group_ingress_rule"),
      stack,
      "must let HTTPS of the VPC in to the endpoints",
    ),
    ...rules.flatMap((rule) => closedRule(stack, rule)),
  ];
}

/** HTTPS between the endpoints and the addresses of the VPC, which are written into the rule. */
function closedRule(stack: StackJson, { attributes, address }: Resource): Finding[] {
  const https = attributes.from_port === 443 && attributes.to_port === 443 && attributes.ip_protocol === "tcp";
  const [vpc] = resourcesOf(stack, "aws_vpc");
  const groups = resourcesOf(stack, "aws_security_group").map((group) => reference(`${group.address}.id`));
  const others = ["cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];
  return expectThat(
    https &&
      attributes.cidr_ipv4 === vpc?.attributes.cidr_block &&
      groups.includes(String(attributes.security_group_id)) &&
      others.every((source) => attributes[source] === undefined),
    stack,
    "must open a group of the stack to HTTPS of the VPC's range, and no more",
    address,
  );
}

function flowLogs(stack: StackJson): Finding[] {
  const logs = resourcesOf(stack, "aws_flow_log");
  const groups = resourcesOf(stack, "aws_cloudwatch_log_group");
  const arnsOf = (type: string) => resourcesOf(stack, type).map(({ address }) => reference(`${address}.arn`));
  return [
    ...expectThat(
      logs.length === 1 && logs[0]?.attributes.traffic_type === "ALL",
      stack,
      "must log all traffic of the VPC",
    ),
    ...expectThat(
      arnsOf("aws_iam_role").includes(String(logs[0]?.attributes.iam_role_arn)),
      stack,
      "must log under a role of the stack: CloudWatch Logs takes nothing without one",
    ),
    ...groups.flatMap(({ attributes, address }) =>
      expectThat(
        arnsOf("aws_kms_key").includes(String(attributes.kms_key_id)) && Number(attributes.retention_in_days) > 0,
        stack,
        "must have a customer key and a retention",
        address,
      ),
    ),
    ...expectThat(
      groups.some(({ address }) => logs[0]?.attributes.log_destination === reference(`${address}.arn`)),
      stack,
      "must log to a group of its own",
    ),
  ];
}

/** In all environments together: ranges that could ever be peered or routed to each other. */
function sharedAddresses({ stacks }: Subject): Finding[] {
  const ranges = stacks
    .flatMap((stack) => resourcesOf(stack, "aws_vpc"))
    .map((vpc) => ({ vpc, cidr: String(vpc.attributes.cidr_block) }))
    .filter(({ cidr }) => isPrivateCidr(cidr));
  return overlapping(ranges).map(([{ vpc, cidr }, other]) => ({
    stack: vpc.stack.id,
    address: vpc.address,
    message: `${cidr} overlaps ${other.cidr} of ${other.vpc.stack.id}`,
  }));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
