import { overlapping } from "../../../config/cidr";
import type { Environment } from "../../../config/environment";
import { expectThat, type Finding, judgeEach, type Requirement, type Subject } from "../requirement";
import { type Resource, reference, resourcesOf, type StackJson, statementsOf } from "../stack-json";

/** Every resource that would be a way out of the VPC, or in. */
const waysOut =
  /^aws_(internet_gateway|egress_only_internet_gateway|nat_gateway|eip|route|vpc_peering_connection\w*|vpn_gateway\w*|ec2_transit_gateway\w*|customer_gateway)$/;

export const plat12: Requirement = {
  id: "PLAT-12",
  checks:
    "Each region's VPC: three subnets in the configured zones, no route out, gateway and interface endpoints with a policy of this account, a closed default group, encrypted flow logs; address ranges overlap nowhere.",
  why: "Whatever runs in it can reach AWS services of its own account and nothing else, even when its code is taken over.",
  judge: (subject) => [
    ...judgeEach(subject, "network", (stack, environment) => [
      ...vpcAndSubnets(stack, environment),
      ...isolation(stack),
      ...endpoints(stack, environment),
      ...flowLogs(stack),
    ]),
    ...sharedAddresses(subject),
  ],
};

function vpcAndSubnets(stack: StackJson, environment: Environment): Finding[] {
  const settings = environment.regions[stack.region];
  const vpcs = resourcesOf(stack, "aws_vpc");
  const subnets = resourcesOf(stack, "aws_subnet");
  const zones = subnets.map(({ attributes }) => String(attributes.availability_zone_id));
  const associated = resourcesOf(stack, "aws_route_table_association").map(({ attributes }) => attributes.subnet_id);
  return [
    ...expectThat(
      vpcs.length === 1 && vpcs[0]?.attributes.cidr_block === settings?.cidrBlock,
      stack,
      `must have one VPC, of ${settings?.cidrBlock}`,
    ),
    ...expectThat(
      subnets.length === 3 && zones.sort().join() === [...(settings?.zoneIds ?? [])].sort().join(),
      stack,
      `must have a subnet in each of ${settings?.zoneIds.join(", ")}`,
    ),
    ...subnets.flatMap((subnet) => [
      ...expectThat(
        subnet.attributes.map_public_ip_on_launch === false,
        stack,
        "gives out public addresses",
        subnet.address,
      ),
      ...expectThat(
        associated.includes(reference(`${subnet.address}.id`)),
        stack,
        "has no route table of its own, and so the VPC's main one",
        subnet.address,
      ),
    ]),
  ];
}

function isolation(stack: StackJson): Finding[] {
  const defaults = resourcesOf(stack, "aws_default_security_group");
  return [
    ...resourcesOf(stack)
      .filter(({ type }) => waysOut.test(type))
      .map(({ address }) => ({ stack: stack.id, address, message: "is a way out of the isolated VPC" })),
    ...resourcesOf(stack, "aws_route_table").flatMap(({ attributes, address }) =>
      expectThat(isEmpty(attributes.route), stack, "has routes of its own", address),
    ),
    ...expectThat(defaults.length === 1, stack, "doesn't take over the default security group"),
    ...defaults.flatMap(({ attributes, address }) =>
      expectThat(
        isEmpty(attributes.ingress) && isEmpty(attributes.egress),
        stack,
        "leaves the default security group open",
        address,
      ),
    ),
    ...resourcesOf(stack)
      .filter(({ type }) => /security_group_(ingress|egress)?_?rule$/.test(type))
      .flatMap((rule) => closedRule(stack, rule)),
  ];
}

function closedRule(stack: StackJson, { attributes, address }: Resource): Finding[] {
  const https = attributes.from_port === 443 && attributes.to_port === 443 && attributes.ip_protocol === "tcp";
  return expectThat(
    https && attributes.cidr_ipv4 !== "0.0.0.0/0" && attributes.cidr_ipv6 === undefined,
    stack,
    "opens more than HTTPS from within the VPC",
    address,
  );
}

function endpoints(stack: StackJson, environment: Environment): Finding[] {
  const all = resourcesOf(stack, "aws_vpc_endpoint");
  const named = (names: readonly string[], type: string) =>
    names.flatMap((name) => {
      const serviceName = `com.amazonaws.${stack.region}.${name}`;
      const found = all.filter(
        ({ attributes }) => attributes.service_name === serviceName && attributes.vpc_endpoint_type === type,
      );
      return expectThat(found.length === 1, stack, `must have one ${type} endpoint of ${name}`);
    });
  const subnets = resourcesOf(stack, "aws_subnet").map(({ address }) => reference(`${address}.id`));
  return [
    ...named(["s3", "dynamodb"], "Gateway"),
    ...named(environment.network.interfaceEndpoints, "Interface"),
    ...expectThat(
      all.length === environment.network.interfaceEndpoints.length + 2,
      stack,
      "has endpoints that the configuration doesn't list",
    ),
    ...all.flatMap((endpoint) => [
      ...ownAccountOnly(stack, endpoint, environment),
      ...reachable(stack, endpoint, subnets),
    ]),
  ];
}

function ownAccountOnly(stack: StackJson, { attributes, address }: Resource, { accountId }: Environment): Finding[] {
  const statements = statementsOf(attributes.policy);
  const limited =
    statements.length > 0 &&
    statements.every(({ Condition }) => Condition?.StringEquals?.["aws:PrincipalAccount"] === accountId);
  return expectThat(limited, stack, "has no policy that lets this account's principals through alone", address);
}

function reachable(stack: StackJson, { attributes, address }: Resource, subnets: readonly string[]): Finding[] {
  if (attributes.vpc_endpoint_type === "Gateway") {
    const tables = resourcesOf(stack, "aws_route_table").map((table) => reference(`${table.address}.id`));
    return expectThat(
      JSON.stringify(attributes.route_table_ids) === JSON.stringify(tables),
      stack,
      "is not in the subnets' route table",
      address,
    );
  }
  const groups = attributes.security_group_ids as string[] | undefined;
  return [
    ...expectThat(
      attributes.private_dns_enabled === true,
      stack,
      "has no private DNS: clients would look for the service outside",
      address,
    ),
    ...expectThat(
      JSON.stringify(attributes.subnet_ids) === JSON.stringify(subnets),
      stack,
      "is not in all three zones",
      address,
    ),
    ...expectThat(groups?.length === 1, stack, "has no security group of its own", address),
  ];
}

function flowLogs(stack: StackJson): Finding[] {
  const logs = resourcesOf(stack, "aws_flow_log");
  const groups = resourcesOf(stack, "aws_cloudwatch_log_group");
  return [
    ...expectThat(
      logs.length === 1 && logs[0]?.attributes.traffic_type === "ALL",
      stack,
      "must log all traffic of the VPC",
    ),
    ...groups.flatMap(({ attributes, address }) =>
      expectThat(
        attributes.kms_key_id !== undefined && attributes.retention_in_days !== undefined,
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
    .map((vpc) => ({ vpc, cidr: String(vpc.attributes.cidr_block) }));
  return overlapping(ranges).map(([{ vpc, cidr }, other]) => ({
    stack: vpc.stack.id,
    address: vpc.address,
    message: `${cidr} overlaps ${other.cidr} of ${other.vpc.stack.id}`,
  }));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}
