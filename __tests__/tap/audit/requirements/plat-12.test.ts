import { plat12 } from "../../../../tap/audit/requirements/plat-12";
import type { Attributes, StackJson } from "../../../../tap/audit/stack-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";

/** A mutation of the network in the second region. */
const network =
  (mutate: (stack: StackJson) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "network", "us-west-2"));

/** Adds a resource that isn't there. */
const adding = (type: string, attributes: Attributes): Mutation =>
  network(({ json }) => {
    json.resource = { ...json.resource, [type]: { ...json.resource?.[type], Added: attributes } };
  });

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

prove(plat12, {
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
