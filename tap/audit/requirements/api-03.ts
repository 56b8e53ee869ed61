import type { Component } from "../../../config/components";
import type { Graph, GraphNode, GraphStack } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { blocksOf } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { functionsOf } from "../functions";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

/** Components whose functions run in the isolated VPC (PLAT-12), and whether they must be there yet. */
const isolated: readonly (readonly [Component, boolean])[] = [
  ["api", true],
  ["jobs", true],
  ["stream", false],
  ["files", false],
];

/** Endpoint of each service that functions call, by the prefix of its actions. */
const endpointOf: Readonly<Record<string, string>> = {
  bedrock: "bedrock-runtime",
  cloudwatch: "monitoring",
  dynamodb: "dynamodb",
  events: "events",
  kinesis: "kinesis-streams",
  kms: "kms",
  lambda: "lambda",
  s3: "s3",
  secretsmanager: "secretsmanager",
  sns: "sns",
  sqs: "sqs",
  ssm: "ssm",
  states: "states",
  sts: "sts",
  // Lambda documents no way of its own for what tracing sends; without an endpoint it would be lost silently.
  xray: "xray",
};

/**
 * Services that Lambda itself calls in the role's name, from outside of the VPC: it collects what functions log (Lambda
 * developer guide, sending function logs), and makes the network interfaces, which is denied to the code (PLAT-19).
 */
const calledByLambda: readonly string[] = ["ec2", "logs"];

const gateways: readonly string[] = ["dynamodb", "s3"];

export const api03: Requirement = {
  id: "API-03",
  checks:
    "Functions of api, jobs, stream and files run in the three isolated subnets of their region's network stack, in groups of that VPC that lead over HTTPS to its endpoints' group and the two gateways' addresses, and let nothing in; their roles name their own region, and each service that these call has an endpoint.",
  why: "A function elsewhere has a way out for what it reads; one without an endpoint waits until it times out.",
  judge: (subject) =>
    isolated
      .filter(([component, isThere]) => isThere || subject.stacks.some((stack) => stack.component === component))
      .flatMap(([component]) => judgeEach(subject, component, (stack) => functionsIn(subject.graph, stack))),
};

function functionsIn(graph: Graph, stack: StackJson): Finding[] {
  const lambdas = [...functionsOf(graph, stack).values()];
  const network = networkOf(graph, stack);
  if (lambdas.length === 0) return [{ stack: stack.id, message: "has no functions" }];
  if (network === undefined) return [{ stack: stack.id, message: "has no network stack in its region and account" }];
  return [
    ...lambdas.flatMap((lambda) => findingsOn(lambda, [...place(network, lambda), ...calls(network, lambda)])),
    ...nodesIn(graph, stack, "aws_security_group").flatMap((group) => findingsOn(group, securityGroup(network, group))),
    ...otherDoors(graph, stack),
  ];
}

/** The one network that functions of a stack may be in, and what is in it. */
interface Network {
  readonly graph: Graph;
  readonly stack: GraphStack;
  readonly vpc: GraphNode | undefined;
  readonly subnets: readonly GraphNode[];
  readonly endpoints: readonly GraphNode[];
}

function networkOf(graph: Graph, { id, environmentSuffix, region }: StackJson): Network | undefined {
  const accountId = graph.stacks.find((each) => each.id === id)?.accountId;
  const stack = graph.stacks.find(
    (each) =>
      each.component === "network" &&
      each.environmentSuffix === environmentSuffix &&
      each.region === region &&
      each.accountId === accountId,
  );
  if (stack === undefined) return undefined;
  const [vpc] = nodesIn(graph, stack, "aws_vpc");
  const subnets = nodesIn(graph, stack, "aws_subnet");
  return { graph, stack, vpc, subnets, endpoints: nodesIn(graph, stack, "aws_vpc_endpoint") };
}

/** What the network stack gives out under the parameter that a value is, alone, read from. */
function givenOut({ graph, stack }: Network, from: GraphNode, text: unknown): unknown {
  const [, address] = /^\$\{(data\.aws_ssm_parameter\.[\w-]+)\.(?:insecure_)?value\}$/.exec(String(text)) ?? [];
  const reader = graph.node(`${from.stack.id}/${address}`);
  const read = reader && graph.referencesFrom(reader).find(({ kind }) => kind === "parameter");
  if (read === undefined || !("to" in read) || read.to.stack.id !== stack.id) return undefined;
  return read.to.attributes.insecure_value;
}

function place(network: Network, lambda: GraphNode): string[] {
  const [config, ...others] = blocksOf(lambda.attributes, "vpc_config");
  if (config === undefined || others.length > 0) return ["must be in the isolated VPC"];
  const { subnet_ids, security_group_ids, ...rest } = config;
  const [, list] = /^\$\{split\(",", (.+)\)\}$/.exec(String(subnet_ids)) ?? [];
  const given = givenOut(network, lambda, `\${${list}}`);
  const [, subnets] = /^\$\{join\(",", \[(.+)\]\)\}$/.exec(String(given)) ?? [];
  const isolatedSubnets = network.subnets.map(({ address }) => `${address}.id`).sort();
  const groups = nodesIn(network.graph, lambda.stack, "aws_security_group").map((group) => referenceTo(group, "id"));
  const ownGroups = [security_group_ids ?? []].flat().map(String);
  return [
    ...wanted(
      subnets?.split(", ").sort().join() === isolatedSubnets.join() && isolatedSubnets.length === 3,
      "must be in the three isolated subnets of its region",
    ),
    ...wanted(
      ownGroups.length > 0 && ownGroups.every((group) => groups.includes(group)),
      "must be in security groups of its own stack",
    ),
    ...wanted(Object.keys(rest).length === 0, `has more to its network: ${Object.keys(rest).join(", ")}`),
  ];
}

/** A group of the VPC without rules of its own, from which exactly three lead out. */
function securityGroup(network: Network, group: GraphNode): string[] {
  const { graph, vpc } = network;
  const rules = nodesIn(graph, group.stack, "aws_vpc_security_group_egress_rule").filter(
    ({ attributes }) => attributes.security_group_id === referenceTo(group, "id"),
  );
  const targets = rules.map((rule) => targetOf(network, group, rule));
  const wantedTargets = [endpointGroup(network), ...gateways.map((service) => prefixList(network, service))];
  return [
    ...differences(graph, group, kept(group, "name", "vpc_id")),
    ...wanted(
      vpc !== undefined && givenOut(network, group, group.attributes.vpc_id) === referenceTo(vpc, "id"),
      "must be of the isolated VPC of its region",
    ),
    ...wanted(
      !wantedTargets.includes(undefined) && [...targets].sort().join() === [...wantedTargets].sort().join(),
      `must lead to ${wantedTargets.join(", ")} (it leads to ${targets.join(", ") || "nothing"})`,
    ),
  ];
}

/** Where a rule leads, as the network stack has it; a text that is expected nowhere, where it is more than HTTPS to one target. */
function targetOf(network: Network, group: GraphNode, rule: GraphNode): string {
  const { graph } = network;
  const name = "prefix_list_id" in rule.attributes ? "prefix_list_id" : "referenced_security_group_id";
  const https = { ip_protocol: "tcp", from_port: 443, to_port: 443, security_group_id: referenceTo(group, "id") };
  const isExact = differences(graph, rule, { ...https, ...kept(rule, name) }).length === 0;
  return isExact ? String(givenOut(network, rule, rule.attributes[name])) : `more by ${rule.address}`;
}

/** The one group that all interface endpoints are in. */
function endpointGroup({ endpoints }: Network): string | undefined {
  const groups = endpoints
    .filter(({ attributes }) => attributes.vpc_endpoint_type === "Interface")
    .map(({ attributes }) => [attributes.security_group_ids ?? []].flat().join());
  const [group, ...others] = new Set(groups);
  return others.length === 0 ? group : undefined;
}

function prefixList(network: Network, service: string): string | undefined {
  const endpoint = endpointTo(network, service);
  return endpoint && referenceTo(endpoint, "prefix_list_id");
}

function endpointTo({ endpoints, stack }: Network, service: string): GraphNode | undefined {
  const [endpoint, ...others] = endpoints.filter(
    ({ attributes }) => attributes.service_name === `com.amazonaws.${stack.region}.${service}`,
  );
  const type = gateways.includes(service) ? "Gateway" : "Interface";
  return others.length === 0 && endpoint?.attributes.vpc_endpoint_type === type ? endpoint : undefined;
}

/** Rules that no function's group may have, and whatever else opens a network. */
function otherDoors(graph: Graph, stack: StackJson): Finding[] {
  const allowed = ["aws_security_group", "aws_vpc_security_group_egress_rule"];
  const groups = nodesIn(graph, stack, "aws_security_group");
  const own = nodesIn(graph, stack).filter(
    ({ type }) => /security_group|network_(acl|interface)|_subnet$|_vpc$/.test(type) && !allowed.includes(type),
  );
  const unbound = nodesIn(graph, stack, "aws_vpc_security_group_egress_rule").filter(
    ({ attributes }) => !groups.some((group) => attributes.security_group_id === referenceTo(group, "id")),
  );
  const foreign = groups
    .flatMap((group) => graph.referencesTo(group))
    .map(({ from }) => from)
    .filter((from) => from.stack.id !== stack.id);
  return [...own, ...unbound, ...foreign].flatMap((node) =>
    findingsOn(node, ["opens the network of functions, beside their groups' three ways out"]),
  );
}

/** Each service that the function's role may call is within reach: in its region, behind an endpoint. */
function calls(network: Network, lambda: GraphNode): string[] {
  const { graph, stack } = network;
  const role = graph.resolve(lambda.attributes.role, lambda.stack);
  const statements = (role === undefined ? [] : graph.policiesOf(role))
    .filter(({ kind }) => kind === "identity")
    .flatMap((document) => document.statements)
    .filter(({ effect }) => effect === "Allow");
  const services = new Set(statements.filter((statement) => !isForAService(statement)).flatMap(servicesOf));
  const regions = statements
    .flatMap(({ resources }) => resources)
    // A profile of this region is called, which asks them in its name.
    .filter((resource) => !/^arn:aws:bedrock:[a-z0-9-]+::foundation-model\//.test(resource))
    .map((resource) => resource.split(":")[3] ?? "");
  return [
    ...wanted(statements.length > 0, "must have a role whose policies say what it calls"),
    ...[...services].filter((service) => !isInReach(network, service)).map((service) => `can't reach ${service}`),
    ...[...new Set(regions)]
      .filter((region) => region !== "" && region !== stack.region)
      .map((region) => `may use what is in ${region}, where its endpoints don't lead`),
  ];
}

function isInReach(network: Network, service: string): boolean {
  if (calledByLambda.includes(service)) return true;
  const endpoint = endpointOf[service];
  return endpoint !== undefined && endpointTo(network, endpoint) !== undefined;
}

function servicesOf({ actions, notActions }: Statement): string[] {
  return [...actions, ...notActions].map((action) => action.toLowerCase().split(":")[0] as string);
}

/** A key that a service uses in the function's name isn't called by the function. */
function isForAService({ conditions }: Statement): boolean {
  return conditions.some(({ operator, key }) => operator === "StringEquals" && key.toLowerCase() === "kms:viaservice");
}

function wanted(holds: boolean, message: string): string[] {
  return holds ? [] : [message];
}
