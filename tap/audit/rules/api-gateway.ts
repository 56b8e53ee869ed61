import type { Graph, GraphNode } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { isSet, judgeResources, knownValue, type Rule, unknown } from "../rule";
import { apiGatewayHttpRules } from "./api-gateway-http";
import { apiGatewayMethodRules } from "./api-gateway-methods";
import { methodsOf } from "./api-gateway-parts";
import { apiGatewayStageRules } from "./api-gateway-stages";
import { reachedFrom, referrersOf } from "./relations";

const apiId = "${aws_api_gateway_rest_api.Api.id}";
const plan = (attributes: Record<string, unknown> = {}) => ({
  aws_api_gateway_usage_plan: {
    Plan: {
      name: "shop",
      api_stages: { api_id: apiId, stage: "live" },
      throttle_settings: { rate_limit: 10, burst_limit: 20 },
      ...attributes,
    },
  },
});
const keyed = {
  aws_api_gateway_rest_api: { Api: { name: "orders" } },
  aws_api_gateway_method: {
    Get: {
      rest_api_id: apiId,
      resource_id: "${aws_api_gateway_rest_api.Api.root_resource_id}",
      http_method: "GET",
      authorization: "NONE",
      api_key_required: true,
    },
  },
};
const key = {
  aws_api_gateway_api_key: { Key: { name: "shop" } },
  aws_api_gateway_usage_plan_key: {
    Key: {
      key_id: "${aws_api_gateway_api_key.Key.id}",
      key_type: "API_KEY",
      usage_plan_id: "${aws_api_gateway_usage_plan.Plan.id}",
    },
  },
};
const deployment = (attributes: Record<string, unknown>) => ({
  aws_api_gateway_rest_api: { Api: { name: "orders" } },
  aws_api_gateway_deployment: { D: { rest_api_id: apiId, ...attributes } },
});

/** What belongs to an API as a whole: its keys and their plans, its deployments. */
const wholeApiRules: readonly Rule[] = [
  {
    id: "api-gateway-usage-plan-throttle",
    title: "Usage plans limit requests per second, on stages that they name",
    severity: "medium",
    why: "One key that leaked, or one client in a loop, takes as much as the whole stage lets through.",
    fix: "Set throttle_settings with rate_limit and burst_limit, and the stages in api_stages.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html"],
    examples: {
      failing: { resource: { ...keyed, ...plan({ throttle_settings: [] }) } },
      passing: { resource: { ...keyed, ...plan() } },
    },
    judge: judgeResources("aws_api_gateway_usage_plan", (node, graph) => [
      ...limitProblems(graph, node, "throttle_settings", "rate_limit"),
      ...limitProblems(graph, node, "throttle_settings", "burst_limit"),
      ...(blocksOf(node.attributes, "api_stages").length > 0
        ? []
        : ["must have the stages that it is for in api_stages"]),
    ]),
  },
  {
    id: "api-gateway-key-plan",
    title: "APIs that ask for keys have a usage plan with a key",
    severity: "high",
    why: "A key opens only stages of its usage plans: without one every request is refused, and nothing is counted by key.",
    fix: "Add an aws_api_gateway_usage_plan with the API's stage in api_stages, and an aws_api_gateway_usage_plan_key.",
    references: ["https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-keys.html"],
    examples: {
      failing: { resource: { ...keyed, ...plan() } },
      passing: { resource: { ...keyed, ...plan(), ...key } },
    },
    judge: judgeResources("aws_api_gateway_rest_api", (node, graph) => {
      const asks = methodsOf(graph, node).some(
        (method) => String(knownValue(graph, method.node, method.node.attributes.api_key_required)) === "true",
      );
      if (!asks) return [];
      const plans = referrersOf(graph, node, "aws_api_gateway_usage_plan", "api_stages");
      if (plans.length === 0) return ["must be in api_stages of a usage plan, as it asks for keys"];
      return plans.some(
        (each) => referrersOf(graph, each, "aws_api_gateway_usage_plan_key", "usage_plan_id").length > 0,
      )
        ? []
        : [`must have a key in its usage plan ${plans.map(({ address }) => address).join(", ")}`];
    }),
  },
  {
    id: "api-gateway-usage-plan-stage",
    title: "Usage plans are for stages that there are",
    severity: "medium",
    why: "Keys of the plan open a stage that nobody calls, and the one that is called refuses them.",
    fix: "Set stage in api_stages to the stage_name of an aws_api_gateway_stage of that API.",
    references: [],
    examples: {
      failing: { resource: { ...keyed, ...plan(), aws_api_gateway_stage: stage("test") } },
      passing: { resource: { ...keyed, ...plan(), aws_api_gateway_stage: stage("live") } },
    },
    judge: judgeResources("aws_api_gateway_usage_plan", (node, graph) => {
      const apis = reachedFrom(graph, node, "api_stages", "aws_api_gateway_rest_api");
      const known = apis.flatMap((api) => referrersOf(graph, api, "aws_api_gateway_stage", "rest_api_id"));
      const names = new Set(known.map((each) => knownValue(graph, each, each.attributes.stage_name)));
      if (names.size === 0 || names.has(unknown)) return [];
      return blocksOf(node.attributes, "api_stages")
        .map(({ stage: given }) => knownValue(graph, node, given))
        .filter((name) => typeof name === "string" && !names.has(name))
        .map((name) => `must be for a stage of its API (there is no ${String(name)})`);
    }),
  },
  {
    id: "api-gateway-deployment-replacement",
    title: "Deployments are made anew when routes change, before the old one goes",
    severity: "high",
    why: "The stage goes on serving old routes, or Terraform can't delete a deployment that a stage still uses.",
    fix: "Set triggers to a hash of what the API is made of, and lifecycle.create_before_destroy to true.",
    references: ["CKV_AWS_217"],
    examples: {
      failing: { resource: deployment({ triggers: { redeployment: "6f1c" } }) },
      passing: {
        resource: deployment({ triggers: { redeployment: "6f1c" }, lifecycle: { create_before_destroy: true } }),
      },
    },
    judge: judgeResources("aws_api_gateway_deployment", ({ attributes }) => [
      ...(blocksOf(attributes, "lifecycle").some(
        ({ create_before_destroy }) => String(create_before_destroy) === "true",
      )
        ? []
        : ["must have create_before_destroy in its lifecycle"]),
      ...(hasEntries(attributes.triggers) || hasEntries(attributes.variables) || isSet(attributes.stage_description)
        ? []
        : ["must have triggers that change with the API"]),
    ]),
  },
  {
    id: "api-gateway-deployment-complete",
    title: "Deployments wait for every method and integration of their API",
    severity: "high",
    why: "Terraform makes things at once: a deployment that is made too early lacks routes until the next one.",
    fix: "Refer to all methods and integrations in triggers, or name them in depends_on.",
    references: [],
    examples: {
      failing: { resource: { ...keyed, ...deployment({ triggers: { redeployment: "6f1c" } }) } },
      passing: {
        resource: {
          ...keyed,
          ...deployment({ triggers: { redeployment: "6f1c" }, depends_on: ["aws_api_gateway_method.Get"] }),
        },
      },
    },
    judge: judgeResources("aws_api_gateway_deployment", (node, graph) => {
      const [restApi] = reachedFrom(graph, node, "rest_api_id", "aws_api_gateway_rest_api");
      if (restApi === undefined) return [];
      const methods = methodsOf(graph, restApi);
      const awaited = awaitedBy(graph, node);
      const parts = methods.flatMap(({ node: method, integration }) =>
        // An integration that refers to its method waits for it.
        integration === undefined
          ? [method]
          : awaited.has(integration) && awaits(graph, integration, method)
            ? []
            : [method, integration],
      );
      return parts
        .filter((part) => part.stack === node.stack && !awaited.has(part))
        .map((part) => `must wait for ${part.address} (by depends_on or triggers)`);
    }),
  },
];

/** API Gateway: REST, HTTP and WebSocket APIs. */
export const apiGatewayRules: readonly Rule[] = [
  ...wholeApiRules,
  ...apiGatewayStageRules,
  ...apiGatewayMethodRules,
  ...apiGatewayHttpRules,
];

function stage(name: string) {
  return { Live: { rest_api_id: apiId, deployment_id: "d1", stage_name: name } };
}

function limitProblems(graph: Graph, node: GraphNode, block: string, name: string): string[] {
  const value = knownValue(graph, node, blocksOf(node.attributes, block)[0]?.[name]);
  return value === unknown || Number(value) > 0 ? [] : [`must have a ${name} in ${block}`];
}

function hasEntries(value: unknown): boolean {
  return typeof value === "string" || (typeof value === "object" && value !== null && Object.keys(value).length > 0);
}

/** All that Terraform makes before a resource, as its own expressions and depends_on say. */
function awaitedBy(graph: Graph, node: GraphNode): Set<GraphNode> {
  return new Set(
    graph
      .referencesFrom(node)
      .flatMap((each) => (each.kind === "expression" || each.kind === "depends_on" ? [each.to] : [])),
  );
}

function awaits(graph: Graph, node: GraphNode, other: GraphNode): boolean {
  return awaitedBy(graph, node).has(other);
}
