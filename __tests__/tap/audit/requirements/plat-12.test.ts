import { plat12 } from "../../../../tap/audit/requirements/plat-12";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { add, adding as addingStatement, bootstrap, network, rewrite } from "./mutations";

/** Adds a resource that isn't there. */
const adding = (type: string, attributes: Attributes): Mutation => network((stack) => add(stack, type, attributes));

/** Changes attributes of exactly one resource. */
const changing = (type: string, name: string | undefined, changes: Attributes): Mutation =>
  network((stack) => {
    Object.assign(resource(stack, type, name), changes);
  });

const removing = (type: string, name: string): Mutation =>
  network((stack) => {
    resource(stack, type, name);
    delete stack.json.resource?.[type]?.[name];
  });

/** Changes the policy of one endpoint. */
const endpoint = (name: string, change: Parameters<typeof rewrite>[2]): Mutation =>
  network((stack) => rewrite(resource(stack, "aws_vpc_endpoint", name), "policy", change));

/** Ways out that a stack may have by a single resource. */
const exits = [
  "aws_customer_gateway",
  "aws_dx_gateway_association",
  "aws_dx_private_virtual_interface",
  "aws_ec2_carrier_gateway",
  "aws_ec2_client_vpn_endpoint",
  "aws_ec2_transit_gateway_vpc_attachment",
  "aws_eip",
  "aws_internet_gateway_attachment",
  "aws_main_route_table_association",
  "aws_vpc_endpoint_policy",
  "aws_vpc_endpoint_service",
  "aws_vpc_ipv4_cidr_block_association",
  "aws_vpc_ipv6_cidr_block_association",
  "aws_vpclattice_service_network_vpc_association",
  "aws_vpn_connection",
  "aws_vpn_gateway",
];

prove(plat12, {
  ...Object.fromEntries(exits.map((type) => [`there is an ${type}`, adding(type, {})])),
  "no environment has a network": ({ stacks }) => {
    stacks.splice(0, stacks.length, ...stacks.filter(({ component }) => component !== "network"));
  },
  "the VPC has no DNS": changing("aws_vpc", undefined, { enable_dns_support: false }),
  "the VPC has no host names": changing("aws_vpc", undefined, { enable_dns_hostnames: false }),
  "the VPC has IPv6": changing("aws_vpc", undefined, { assign_generated_ipv6_cidr_block: true }),
  "a subnet has IPv6": changing("aws_subnet", "Subnet1", { ipv6_cidr_block: "2600::/64" }),
  "a subnet is of another VPC": changing("aws_subnet", "Subnet1", { vpc_id: "vpc-1" }),
  "a subnet is outside the VPC": changing("aws_subnet", "Subnet1", { cidr_block: "10.99.0.0/18" }),
  "a subnet is larger than the VPC": changing("aws_subnet", "Subnet1", { cidr_block: "10.0.0.0/8" }),
  "a subnet has no range": changing("aws_subnet", "Subnet1", { cidr_block: undefined }),
  "two subnets overlap": network((stack) => {
    resource(stack, "aws_subnet", "Subnet2").cidr_block = resource(stack, "aws_subnet", "Subnet1").cidr_block;
  }),
  "a subnet has another's route table": changing("aws_route_table_association", "RouteTableAssociation1", {
    route_table_id: "rtb-1",
  }),
  "a route table takes routes of a VPN": changing("aws_route_table", undefined, { propagating_vgws: ["vgw-1"] }),
  "the group of the endpoints lets traffic in by a rule of its own": changing("aws_security_group", undefined, {
    ingress: [{ from_port: 0, to_port: 0, protocol: "-1", cidr_blocks: ["0.0.0.0/0"] }],
  }),
  "the group of the endpoints lets traffic out by a rule of its own": changing("aws_security_group", undefined, {
    egress: [{ from_port: 0, to_port: 0, protocol: "-1", cidr_blocks: ["0.0.0.0/0"] }],
  }),
  "endpoints are open to half of the world": changing("aws_vpc_security_group_ingress_rule", undefined, {
    cidr_ipv4: "0.0.0.0/1",
  }),
  "endpoints are open to another private range": changing("aws_vpc_security_group_ingress_rule", undefined, {
    cidr_ipv4: "10.0.0.0/8",
  }),
  "endpoints are open to a prefix list as well": changing("aws_vpc_security_group_ingress_rule", undefined, {
    prefix_list_id: "pl-1",
  }),
  "endpoints are open to nobody": removing("aws_vpc_security_group_ingress_rule", "EndpointIngress"),
  "the rule is of another group": changing("aws_vpc_security_group_ingress_rule", undefined, {
    security_group_id: "sg-1",
  }),
  "an endpoint is in another's security group": changing("aws_vpc_endpoint", "InterfaceEndpoint-ssm", {
    security_group_ids: ["sg-1"],
  }),
  "an endpoint is of another VPC": changing("aws_vpc_endpoint", "InterfaceEndpoint-ssm", { vpc_id: "vpc-1" }),
  "an endpoint lets calls about other accounts' resources through": endpoint("GatewayEndpoint-s3", ([statement]) => [
    {
      ...statement,
      Condition: {
        StringEquals: { "aws:PrincipalAccount": statement?.Condition?.StringEquals?.["aws:PrincipalAccount"] ?? "" },
      },
    },
  ]),
  "an endpoint's condition holds where the key is missing": endpoint("GatewayEndpoint-s3", ([statement]) => [
    { ...statement, Condition: { StringEqualsIfExists: statement?.Condition?.StringEquals ?? {} } },
  ]),
  "an endpoint lets calls of all services through": endpoint("InterfaceEndpoint-kms", ([statement]) => [
    { ...statement, Action: ["*"] },
  ]),
  "an endpoint lets all but some calls through": endpoint("InterfaceEndpoint-kms", ([statement]) => [
    { ...statement, Action: undefined, NotAction: ["kms:Decrypt"] },
  ]),
  "an endpoint has a second statement": endpoint(
    "InterfaceEndpoint-sqs",
    addingStatement({ Principal: "*", Action: ["sqs:SendMessage"], Resource: ["*"] }),
  ),
  "an endpoint lets secrets of others through beside random passwords": endpoint(
    "InterfaceEndpoint-secretsmanager",
    ([statement, passwords]) => [{ ...statement }, { ...passwords, Action: ["secretsmanager:GetSecretValue"] }],
  ),
  "an endpoint denies instead": endpoint("InterfaceEndpoint-sns", ([statement]) => [{ ...statement, Effect: "Deny" }]),
  "flow logs are of another VPC": changing("aws_flow_log", undefined, { vpc_id: "vpc-1" }),
  "flow logs have no role": changing("aws_flow_log", undefined, { iam_role_arn: undefined }),
  "flow logs are kept for ever, by a zero": changing("aws_cloudwatch_log_group", undefined, { retention_in_days: 0 }),
  "the VPC has another address range": changing("aws_vpc", undefined, { cidr_block: "10.99.0.0/16" }),
  "an environment's range overlaps another's": (subject, environment) => {
    const other = stackOf(subject, environment, "network", "us-west-2");
    const region = subject.stacks.find(
      ({ component, environmentSuffix, region }) =>
        component === "network" && environmentSuffix === environment && region !== "us-west-2",
    );
    if (region === undefined) throw new Error("There is no other region");
    resource(region, "aws_vpc").cidr_block = resource(other, "aws_vpc").cidr_block;
  },
  "there are two zones": removing("aws_subnet", "Subnet3"),
  "two subnets are in one zone": changing("aws_subnet", "Subnet3", { availability_zone_id: "usw2-az1" }),
  "a subnet is in a zone that the configuration doesn't name": changing("aws_subnet", "Subnet3", {
    availability_zone_id: "usw2-az4",
  }),
  "a subnet gives out public addresses": changing("aws_subnet", "Subnet1", { map_public_ip_on_launch: true }),
  "a subnet is left to the main route table": removing("aws_route_table_association", "RouteTableAssociation2"),
  "an internet gateway is added": adding("aws_internet_gateway", {}),
  "a NAT gateway is added": adding("aws_nat_gateway", {}),
  "an egress-only gateway is added": adding("aws_egress_only_internet_gateway", {}),
  "a peering is added": adding("aws_vpc_peering_connection", {}),
  "a route is added": adding("aws_route", { destination_cidr_block: "0.0.0.0/0" }),
  "the route table has a route": changing("aws_route_table", undefined, { route: [{ cidr_block: "0.0.0.0/0" }] }),
  "the default security group is not taken over": removing("aws_default_security_group", "DefaultSecurityGroup"),
  "the default security group lets traffic out": changing("aws_default_security_group", undefined, {
    egress: [{ from_port: 0, to_port: 0, protocol: "-1" }],
  }),
  "endpoints are open to the world": changing("aws_vpc_security_group_ingress_rule", undefined, {
    cidr_ipv4: "0.0.0.0/0",
  }),
  "endpoints are open on all ports": changing("aws_vpc_security_group_ingress_rule", undefined, { from_port: 0 }),
  "an egress rule to anywhere is added": adding("aws_vpc_security_group_egress_rule", {
    cidr_ipv4: "0.0.0.0/0",
    ip_protocol: "-1",
  }),
  "the S3 endpoint is missing": removing("aws_vpc_endpoint", "GatewayEndpoint-s3"),
  "an interface endpoint is missing": removing("aws_vpc_endpoint", "InterfaceEndpoint-sqs"),
  "an endpoint that the configuration doesn't list is added": adding("aws_vpc_endpoint", {
    service_name: "com.amazonaws.us-west-2.ec2",
    vpc_endpoint_type: "Interface",
  }),
  "a gateway endpoint is in no route table": changing("aws_vpc_endpoint", "GatewayEndpoint-dynamodb", {
    route_table_ids: [],
  }),
  "an endpoint has no policy": network((stack) => {
    delete resource(stack, "aws_vpc_endpoint", "InterfaceEndpoint-kms").policy;
  }),
  "an endpoint lets any account's principals through": network((stack) => {
    const endpoint = resource(stack, "aws_vpc_endpoint", "GatewayEndpoint-s3");
    endpoint.policy = String(endpoint.policy).replace("aws:PrincipalAccount", "aws:PrincipalOrgID");
  }),
  "an endpoint has no private DNS": changing("aws_vpc_endpoint", "InterfaceEndpoint-sns", {
    private_dns_enabled: false,
  }),
  "an endpoint is in two zones": network((stack) => {
    (resource(stack, "aws_vpc_endpoint", "InterfaceEndpoint-ssm").subnet_ids as string[]).pop();
  }),
  "an endpoint is in the default security group": network((stack) => {
    delete resource(stack, "aws_vpc_endpoint", "InterfaceEndpoint-ssm").security_group_ids;
  }),
  "there are no flow logs": removing("aws_flow_log", "FlowLog"),
  "flow logs miss what was accepted": changing("aws_flow_log", undefined, { traffic_type: "REJECT" }),
  "flow logs are not encrypted with a customer key": network((stack) => {
    delete resource(stack, "aws_cloudwatch_log_group").kms_key_id;
  }),
  "flow logs are kept for ever": network((stack) => {
    delete resource(stack, "aws_cloudwatch_log_group").retention_in_days;
  }),
});

prove(
  plat12,
  {
    ...Object.fromEntries(
      [...exits, "aws_internet_gateway", "aws_nat_gateway", "aws_route", "aws_vpc_endpoint"].map((type) => [
        `another stack has an ${type}`,
        bootstrap((stack) => add(stack, type, {})),
      ]),
    ),
  },
  { environments: ["dev", "staging", "prod"] },
);
