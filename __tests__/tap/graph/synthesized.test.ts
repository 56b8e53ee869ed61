import { buildGraph } from "../../../tap/graph/build";
import type { Graph, GraphNode, Reference } from "../../../tap/graph/model";
import { dependencyOrder } from "../../../tap/graph/order";
import type { Attributes } from "../../../tap/graph/terraform-json";
import { environmentNames, subjectOf } from "../../support/synthesized";
import { lines, stackOf } from "./graph-of";

const graphs = new Map<string, Graph>();

function graphWith(environment: string): Graph {
  const graph = graphs.get(environment) ?? buildGraph(subjectOf(environment).stacks);
  graphs.set(environment, graph);
  return graph;
}

const graph = graphWith("dev");

test.each(environmentNames)("every resource and data source with %s is a node, in its account", (environment) => {
  const { stacks, environments } = subjectOf(environment);
  const expected = stacks.flatMap(({ id, json }) => [
    ...Object.entries(json.resource ?? {}).flatMap(([type, all]) =>
      Object.keys(all).map((name) => `${id}/${type}.${name}`),
    ),
    ...Object.entries(json.data ?? {}).flatMap(([type, all]) =>
      Object.keys(all).map((name) => `${id}/data.${type}.${name}`),
    ),
  ]);
  const { nodes, stacks: graphStacks } = graphWith(environment);
  expect(nodes.map(({ id }) => id)).toEqual(expected);
  for (const { environmentSuffix, accountId, region } of graphStacks) {
    expect(accountId).toBe(environments.find((each) => each.environmentSuffix === environmentSuffix)?.accountId);
    expect(region).toMatch(/^us-(east|west)-\d$/);
  }
});

/** By another way than the graph's: the project's own expressions are plain enough for it. */
function referencesIn(attributes: Attributes): string[] {
  const { "//": _, depends_on: __, ...written } = attributes;
  const expressions = JSON.stringify(written).match(/\$\{[^}]*\}/g) ?? [];
  return expressions.flatMap((text) => text.match(/(?:data\.)?[a-z]+_[a-z0-9_]+\.[\w-]+(?:\.\w+)+/g) ?? []);
}

test.each(environmentNames)("every expression with %s leads to something, and no more is found", (environment) => {
  const of = graphWith(environment);
  expect(of.unresolved).toEqual([]);
  for (const node of of.nodes) {
    const found = of.referencesFrom(node).flatMap(({ kind, text }) => (kind === "expression" ? text : []));
    expect([...new Set(found)].sort()).toEqual([...new Set(referencesIn(node.attributes))].sort());
  }
});

test.each(environmentNames)("every policy with %s can be read", (environment) => {
  const { policies, unreadablePolicies } = graphWith(environment);
  const written = JSON.stringify(subjectOf(environment).stacks).match(/\\"Statement\\":/g) ?? [];
  const permissions = policies.filter(({ node }) => node.type === "aws_lambda_permission");
  expect(unreadablePolicies).toEqual([]);
  expect(policies.length - permissions.length).toBe(written.length);
});

test.each(environmentNames)("what is there with %s can be made in an order", (environment) => {
  const of = graphWith(environment);
  const { order, cycles } = dependencyOrder(of);
  const places = new Map(order.map((node, index) => [node, index]));
  expect(cycles).toEqual([]);
  expect(places.size).toBe(of.nodes.length);
  for (const node of of.nodes)
    for (const reference of of.referencesFrom(node))
      if (reference.kind === "expression") expect(places.get(reference.to)).toBeLessThan(places.get(node) ?? -1);
});

/** Without the name of what is referred to, which is the construct's own matter. */
function directly(reference: Reference): string {
  if (reference.kind === "arn-pattern") throw new Error(`${reference.text} is a pattern`);
  return `${reference.kind} ${reference.path} → ${reference.to.stack.id} ${reference.to.type}`;
}

test("the flow logs of a network, from end to end", () => {
  const id = "tap-network-dev-us-east-1";
  const [flowLog] = graph.ofType("aws_flow_log").filter(({ stack }) => stack.id === id) as [GraphNode];
  expect(graph.referencesFrom(flowLog).map(directly)).toEqual([
    `depends_on depends_on[0] → ${id} aws_iam_role_policy`,
    `expression iam_role_arn → ${id} aws_iam_role`,
    `expression log_destination → ${id} aws_cloudwatch_log_group`,
    `expression vpc_id → ${id} aws_vpc`,
  ]);
  const group = graph.resolve(flowLog.attributes.log_destination, flowLog.stack) as GraphNode;
  expect(group).toMatchObject({
    type: "aws_cloudwatch_log_group",
    physicalName: "tap-network-flow-logs-dev-us-east-1",
    arn: "arn:aws:logs:us-east-1:111111111111:log-group:tap-network-flow-logs-dev-us-east-1",
  });
  expect(graph.resolve(group.attributes.kms_key_id, group.stack)?.type).toBe("aws_kms_key");
});

test("a role is bounded by what another stack makes", () => {
  const [role] = graph.ofType("aws_iam_role").filter(({ stack }) => stack.id === "tap-network-dev-us-east-1") as [
    GraphNode,
  ];
  expect(lines(graph.referencesFrom(role, "permissions_boundary"))).toEqual([
    "arn permissions_boundary → tap-bootstrap-dev-us-east-1/aws_iam_policy.workload-boundary",
  ]);
  const boundary = graph.policiesOf(role).find(({ kind }) => kind === "boundary");
  expect(boundary?.node.id).toBe("tap-bootstrap-dev-us-east-1/aws_iam_policy.workload-boundary");
  expect(boundary?.subjects).toContain(role);
  expect(
    graph
      .policiesOf(role)
      .map(({ kind }) => kind)
      .sort(),
  ).toEqual(["boundary", "identity", "trust"]);
});

test("what a stack gives out leads back to what it is, from any other stack", () => {
  const vpcId = graph
    .ofType("aws_ssm_parameter")
    .find(({ physicalName }) => physicalName === "/tap/dev/network/vpc_id");
  expect(vpcId?.arn).toBe("arn:aws:ssm:us-east-1:111111111111:parameter/tap/dev/network/vpc_id");
  const { stacks } = subjectOf("dev");
  const reader = { id: "reader", json: structuredClone(stacks[0]?.json ?? {}) };
  reader.json.data = { aws_ssm_parameter: { vpc: { name: "/tap/dev/network/vpc_id" } } };
  reader.json.resource = {};
  const extended = buildGraph([...stacks, reader]);
  expect(extended.resolve("${data.aws_ssm_parameter.vpc.insecure_value}", stackOf(extended, "reader"))?.id).toBe(
    "tap-network-dev-us-east-1/aws_vpc.Vpc",
  );
});

test("the deploy role's rights over roles cover all roles of its account, and no other's", () => {
  const pattern = "arn:aws:iam::111111111111:role/tap-*";
  const roles = graph.ofType("aws_iam_role").filter(({ accountId }) => accountId === "111111111111");
  expect(roles.length).toBeGreaterThan(3);
  expect([...graph.matching(pattern)].map(({ id }) => id).sort()).toEqual(roles.map(({ id }) => id).sort());
  for (const role of roles) expect(graph.patternsTo(role).map(({ text }) => text)).toContain(pattern);
  const [abroad] = graph.ofType("aws_iam_role").filter(({ accountId }) => accountId === "333333333333") as [GraphNode];
  expect(graph.patternsTo(abroad).map(({ text }) => text)).not.toContain(pattern);
});
