import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { push } from "../../graph/sorted";
import { isForEveryone } from "../../graph/statement";
import { findings, isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { endpointNamesOf, endpointsByVpc, functionsByVpc, serviceNameOf, servicesCalledBy } from "./endpoint-services";
import { type GroupRule, isEverywhere, isWithin, networkOf, type PlacedFunction } from "./network";
import { leadsOutside, reachedFrom, referrersOf } from "./relations";

const vpcId = "${aws_vpc.Vpc.id}";
const ownAccount = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: "*",
      Action: "sqs:*",
      Resource: "*",
      Condition: { StringEquals: { "aws:PrincipalAccount": "111111111111", "aws:ResourceAccount": "111111111111" } },
    },
  ],
});
const sqs = (attributes: Record<string, unknown> = {}) => ({
  aws_vpc_endpoint: {
    Sqs: {
      vpc_id: vpcId,
      vpc_endpoint_type: "Interface",
      service_name: "com.amazonaws.us-east-1.sqs",
      subnet_ids: ["${aws_subnet.A.id}", "${aws_subnet.B.id}"],
      security_group_ids: ["${aws_security_group.Endpoints.id}"],
      private_dns_enabled: true,
      policy: ownAccount,
      ...attributes,
    },
  },
});
const gateway = (attributes: Record<string, unknown> = {}) => ({
  aws_vpc_endpoint: {
    S3: {
      vpc_id: vpcId,
      vpc_endpoint_type: "Gateway",
      service_name: "com.amazonaws.us-east-1.s3",
      route_table_ids: ["${aws_route_table.Table.id}"],
      policy: ownAccount,
      ...attributes,
    },
  },
});
const associated = (name: string) => ({
  subnet_id: `\${aws_subnet.${name}.id}`,
  route_table_id: "${aws_route_table.Table.id}",
});
/** A function in two subnets that nothing leads out of, which may send messages. */
const work = {
  aws_vpc: { Vpc: { cidr_block: "10.0.0.0/16", enable_dns_hostnames: true } },
  aws_subnet: { A: { vpc_id: vpcId, cidr_block: "10.0.0.0/24" }, B: { vpc_id: vpcId, cidr_block: "10.0.1.0/24" } },
  aws_route_table: { Table: { vpc_id: vpcId } },
  aws_route_table_association: { A: associated("A"), B: associated("B") },
  aws_security_group: { Endpoints: { name: "endpoints", vpc_id: vpcId }, Work: { name: "work", vpc_id: vpcId } },
  aws_iam_role: { Work: { name: "work", assume_role_policy: "{}" } },
  aws_iam_role_policy: {
    Work: {
      role: "${aws_iam_role.Work.id}",
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111111111111:jobs" },
        ],
      }),
    },
  },
  aws_lambda_function: {
    Work: {
      function_name: "work",
      role: "${aws_iam_role.Work.arn}",
      vpc_config: {
        subnet_ids: ["${aws_subnet.A.id}", "${aws_subnet.B.id}"],
        security_group_ids: ["${aws_security_group.Work.id}"],
      },
    },
  },
};
const ingress = (attributes: Record<string, unknown>) => ({
  aws_vpc_security_group_ingress_rule: {
    Https: {
      security_group_id: "${aws_security_group.Endpoints.id}",
      ip_protocol: "tcp",
      from_port: 443,
      to_port: 443,
      ...attributes,
    },
  },
});
const fromWork = ingress({ referenced_security_group_id: "${aws_security_group.Work.id}" });
const provider = { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] };

/** Kinds of endpoints, whose default is Gateway. */
const kindOf = ({ attributes }: GraphNode) => String(attributes.vpc_endpoint_type ?? "Gateway");

/** VPC endpoints: the way from isolated subnets to AWS's services. */
export const endpointsRules: readonly Rule[] = [
  {
    id: "endpoint-private-dns",
    title: "Interface endpoints answer to the names of their services",
    severity: "high",
    why: "SDKs call the service's own name, which leads to its public address: from an isolated subnet every call times out.",
    fix: "Set private_dns_enabled of the endpoint, and enable_dns_support and enable_dns_hostnames of its VPC, to true.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html"],
    examples: {
      failing: { resource: { ...work, ...sqs({ private_dns_enabled: false }), ...fromWork } },
      passing: { resource: { ...work, ...sqs(), ...fromWork } },
    },
    judge: judgeResources("aws_vpc_endpoint", (node, graph) => {
      if (kindOf(node) !== "Interface" || serviceNameOf(graph, node) === undefined) return [];
      const isTrue = (owner: GraphNode, value: unknown) => ["true", unknown].includes(valueText(graph, owner, value));
      const [vpc] = reachedFrom(graph, node, "vpc_id", "aws_vpc");
      return [
        ...(isTrue(node, node.attributes.private_dns_enabled) ? [] : ["must have private_dns_enabled"]),
        ...(vpc === undefined || isTrue(vpc, vpc.attributes.enable_dns_hostnames)
          ? []
          : [`needs enable_dns_hostnames of ${vpc.address} for its names`]),
        ...(vpc === undefined || isTrue(vpc, vpc.attributes.enable_dns_support ?? true)
          ? []
          : [`needs enable_dns_support of ${vpc.address} for its names`]),
      ];
    }),
  },
  {
    id: "endpoint-policy",
    title: "Endpoints have a policy that isn't for everyone and everything",
    severity: "medium",
    why: "Whoever gets code to run in the VPC sends data to an account of their own, through the endpoint.",
    fix: "Set policy, with aws:PrincipalAccount and aws:ResourceAccount, or the organization's id, as conditions.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"],
    examples: {
      failing: { resource: { ...work, ...sqs({ policy: null }), ...fromWork } },
      passing: { resource: { ...work, ...sqs(), ...fromWork } },
    },
    judge: judgeResources("aws_vpc_endpoint", (node, graph) => {
      if (!["Interface", "Gateway"].includes(kindOf(node)) || serviceNameOf(graph, node) === undefined) return [];
      const documents = graph.policiesOf(node);
      const isWritten =
        isSet(node.attributes.policy) ||
        referrersOf(graph, node, "aws_vpc_endpoint_policy", "vpc_endpoint_id").length > 0;
      if (documents.length === 0)
        return isWritten ? [] : ["must have a policy (AWS's own lets everyone do everything)"];
      return documents
        .flatMap(({ statements }) => statements)
        .filter(isWideOpen)
        .map(({ sid, path }) => `must not let everyone do everything through it, by its statement ${sid ?? path}`);
    }),
  },
  {
    id: "endpoint-security-group",
    title: "Interface endpoints let the functions of their VPC in",
    severity: "high",
    why: "Calls of the service time out: the endpoint is there, and drops what comes.",
    fix: "Let port 443 in to the endpoint's security group, from the functions' group or the VPC's address range.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"],
    examples: {
      failing: {
        resource: {
          ...work,
          ...sqs(),
          ...ingress({ referenced_security_group_id: "${aws_security_group.Endpoints.id}" }),
        },
      },
      passing: { resource: { ...work, ...sqs(), ...fromWork } },
    },
    judge: (graph) => {
      const byVpc = functionsByVpc(graph);
      const rules = networkOf(graph);
      return graph.ofType("aws_vpc_endpoint").flatMap((node) => {
        if (kindOf(node) !== "Interface") return [];
        const [vpc] = reachedFrom(graph, node, "vpc_id", "aws_vpc");
        const groups = reachedFrom(graph, node, "security_group_ids", "aws_security_group");
        if (vpc === undefined || leadsOutside(graph, node, "security_group_ids", "aws_security_group")) return [];
        if (groups.length === 0)
          return findings(node, ["must have security_group_ids: the default group lets no function in"]);
        const open = groups
          .flatMap((group) => rules.rulesOf(group))
          .filter(({ direction, fromPort, toPort }) => direction === "ingress" && fromPort <= 443 && toPort >= 443);
        const isIn = (placed: PlacedFunction) =>
          open.some(
            ({ cidrs, groups: named }) =>
              named.some((group) => placed.groups.includes(group)) ||
              placed.subnets.every((subnet) =>
                cidrs.some((cidr) => isWithin(String(subnet.attributes.cidr_block), cidr)),
              ),
          );
        const all = byVpc.get(vpc) ?? [];
        const kept = all.filter((placed) => placed.groups.length > 0 && !isIn(placed));
        const [first] = kept;
        if (first !== undefined)
          return findings(node, [
            `must let functions in on port 443 (${kept.length} are kept out, ${first.lambda.address} for one)`,
          ]);
        return open.length === 0 ? findings(node, ["must let somebody in on port 443 by its security group"]) : [];
      });
    },
  },
  {
    id: "endpoint-route-tables",
    title: "Gateway endpoints are in the route tables of the subnets that functions use",
    severity: "high",
    why: "Calls of S3 or DynamoDB from the other subnets time out: one invocation in three, where one table of three lacks it.",
    fix: "Name the route tables in route_table_ids, or add an aws_vpc_endpoint_route_table_association.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"],
    examples: {
      failing: { resource: { ...work, ...gateway({ route_table_ids: [] }) } },
      passing: { resource: { ...work, ...gateway() } },
    },
    judge: (graph) => {
      const byVpc = functionsByVpc(graph);
      const network = networkOf(graph);
      return graph.ofType("aws_vpc_endpoint").flatMap((node) => {
        if (kindOf(node) !== "Gateway") return [];
        const [vpc] = reachedFrom(graph, node, "vpc_id", "aws_vpc");
        if (vpc === undefined) return [];
        const own = new Set([
          ...reachedFrom(graph, node, "route_table_ids", "aws_route_table"),
          ...referrersOf(graph, node, "aws_vpc_endpoint_route_table_association", "vpc_endpoint_id").flatMap((each) =>
            reachedFrom(graph, each, "route_table_id", "aws_route_table"),
          ),
        ]);
        const subnets = new Set((byVpc.get(vpc) ?? []).flatMap((placed) => placed.subnets));
        const tables = new Set([...subnets].flatMap((subnet) => network.routeTablesOf(subnet)));
        return findings(
          node,
          [...tables]
            .filter((table) => table.type === "aws_route_table" && !own.has(table))
            .map(({ address }) => `must be in the route table ${address}, as functions are in its subnets`),
        );
      });
    },
  },
  {
    id: "endpoint-zones",
    title: "Interface endpoints are in every subnet that functions use",
    severity: "medium",
    why: "When the endpoint's zone fails, functions of the others lose the service as well.",
    fix: "Name a subnet of each zone that functions are in, in subnet_ids, and at least two.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"],
    examples: {
      failing: { resource: { ...work, ...sqs({ subnet_ids: ["${aws_subnet.A.id}"] }), ...fromWork } },
      passing: { resource: { ...work, ...sqs(), ...fromWork } },
    },
    judge: (graph) => {
      const byVpc = functionsByVpc(graph);
      return graph.ofType("aws_vpc_endpoint").flatMap((node) => {
        if (kindOf(node) !== "Interface") return [];
        const [vpc] = reachedFrom(graph, node, "vpc_id", "aws_vpc");
        const own = reachedFrom(graph, node, "subnet_ids", "aws_subnet");
        if (vpc === undefined || leadsOutside(graph, node, "subnet_ids", "aws_subnet")) return [];
        const zones = new Set(own.map(zoneOf));
        const used = new Map(
          (byVpc.get(vpc) ?? []).flatMap((placed) => placed.subnets.map((subnet) => [zoneOf(subnet), subnet] as const)),
        );
        const missing = [...used].filter(([zone]) => !zones.has(zone)).map(([, { address }]) => address);
        if (missing.length > 0)
          return findings(node, [`must be in the zones of ${missing.sort().join(", ")}, where functions are`]);
        return own.length < 2 && used.size !== 1 ? findings(node, ["must be in two subnets at least"]) : [];
      });
    },
  },
  {
    id: "endpoint-services",
    title: "Isolated functions have an endpoint for each service that their roles let them call",
    severity: "high",
    why: "The call is allowed and times out: nothing in the subnet leads to the service.",
    fix: "Add an aws_vpc_endpoint for the service to the functions' VPC, or take the actions out of their roles.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"],
    examples: {
      failing: { provider, resource: { ...work, ...gateway() } },
      passing: { provider, resource: { ...work, ...sqs(), ...fromWork } },
    },
    judge: (graph) => {
      const network = networkOf(graph);
      const missing = new Map<GraphNode, Map<string, GraphNode[]>>();
      for (const placed of network.functions) {
        const { vpc, lambda } = placed;
        if (vpc === undefined || !network.isIsolated(placed)) continue;
        const there = endpointsByVpc(graph).get(vpc);
        if (there?.has(unknown)) continue;
        for (const service of servicesCalledBy(graph, lambda)) {
          const names = endpointNamesOf(service);
          if (names.length === 0 || names.some((name) => there?.has(name))) continue;
          const ofVpc = missing.get(vpc) ?? new Map<string, GraphNode[]>();
          missing.set(vpc, ofVpc);
          push(ofVpc, service, lambda);
        }
      }
      return [...missing].flatMap(([vpc, ofVpc]) =>
        [...ofVpc].flatMap(([service, lambdas]) =>
          findings(vpc, [
            `must have an endpoint of ${endpointNamesOf(service)[0]}: roles of ${lambdas.length} isolated functions allow ${service}, ${lambdas[0]?.id} for one`,
          ]),
        ),
      );
    },
  },
  {
    id: "endpoint-egress",
    title: "Security groups of isolated functions let them out to the endpoints that they call",
    severity: "high",
    why: "The endpoint is there, and every call of it times out: the function's own group drops it.",
    fix: "Let port 443 out to the endpoints' security group, and to the prefix lists of gateway endpoints.",
    references: ["https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"],
    examples: {
      failing: { provider, resource: { ...work, ...sqs(), ...fromWork, ...egress("${aws_security_group.Work.id}") } },
      passing: {
        provider,
        resource: { ...work, ...sqs(), ...fromWork, ...egress("${aws_security_group.Endpoints.id}") },
      },
    },
    judge: (graph) => {
      const network = networkOf(graph);
      return network.functions.flatMap((placed) => {
        const { vpc, lambda, groups } = placed;
        if (vpc === undefined || groups.length === 0 || !network.isIsolated(placed)) return [];
        const there = endpointsByVpc(graph).get(vpc);
        const out = groups
          .flatMap((group) => network.rulesOf(group))
          .filter(({ direction, fromPort, toPort }) => direction === "egress" && fromPort <= 443 && toPort >= 443);
        // That a function gets out nowhere at all is another rule's.
        if (out.length === 0 || out.some(({ namesOthers }) => namesOthers)) return [];
        const unreached = [...servicesCalledBy(graph, lambda)].filter((service) => {
          const endpoints = endpointNamesOf(service).flatMap((name) => there?.get(name) ?? []);
          return (
            endpoints.length > 0 && !endpoints.some((endpoint) => out.some((rule) => leadsTo(graph, rule, endpoint)))
          );
        });
        const [group] = groups;
        return group === undefined || unreached.length === 0
          ? []
          : findings(group, [`must let ${lambda.address} out to the endpoints of ${unreached.sort().join(", ")}`]);
      });
    },
  },
];

function egress(group: string) {
  return {
    aws_vpc_security_group_egress_rule: {
      Https: {
        security_group_id: "${aws_security_group.Work.id}",
        referenced_security_group_id: group,
        ip_protocol: "tcp",
        from_port: 443,
        to_port: 443,
      },
    },
  };
}

/** Whether a rule lets requests out to an endpoint. */
function leadsTo(graph: Graph, { cidrs, groups, endpoints }: GroupRule, endpoint: GraphNode): boolean {
  if (cidrs.some(isEverywhere) || endpoints.includes(endpoint)) return true;
  if (kindOf(endpoint) === "Gateway") return false;
  const own = reachedFrom(graph, endpoint, "security_group_ids", "aws_security_group");
  const places = reachedFrom(graph, endpoint, "subnet_ids", "aws_subnet");
  return (
    own.length === 0 ||
    groups.some((group) => own.includes(group)) ||
    (places.length > 0 &&
      places.every((subnet) => cidrs.some((cidr) => isWithin(String(subnet.attributes.cidr_block), cidr))))
  );
}

/** Everyone, any action of the service, on anything, under no condition. */
function isWideOpen(statement: Statement): boolean {
  const isAny = ({ actions, notActions }: Statement) =>
    notActions.length > 0 || actions.some((action) => /^(\*|[a-z0-9-]+:\*)$/i.test(action));
  const isAll = statement.notResources.length > 0 || statement.resources.includes("*");
  return (
    statement.effect === "Allow" &&
    isForEveryone(statement) &&
    isAny(statement) &&
    isAll &&
    statement.conditions.length === 0
  );
}

function zoneOf({ id, attributes }: GraphNode): string {
  return String(attributes.availability_zone_id ?? attributes.availability_zone ?? id);
}

function valueText(graph: Graph, node: GraphNode, value: unknown): string | typeof unknown {
  const known = knownValue(graph, node, value);
  return known === unknown ? unknown : String(known);
}
