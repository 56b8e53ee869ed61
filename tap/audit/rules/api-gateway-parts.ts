import type { Graph, GraphNode } from "../../graph/model";
import { rememberingObjects } from "../../graph/remembering";
import { knownValue, unknown } from "../rule";
import { reachedFrom, referrersOf } from "./relations";

/** A method of a REST API, with what belongs to it. */
export interface Method {
  readonly node: GraphNode;
  /** `GET /items/{id}`; undefined where its path isn't known. */
  readonly route: string | undefined;
  readonly httpMethod: string;
  readonly integration: GraphNode | undefined;
  /** Whether anybody may call it: it asks for neither key nor authorization. */
  readonly isOpen: boolean;
  /** Whether a request leaves API Gateway: a mock answers by itself. */
  readonly reachesBackend: boolean;
}

/** The REST API that a part of it names. */
export function apiOf(graph: Graph, part: GraphNode): GraphNode | undefined {
  return reachedFrom(graph, part, "rest_api_id", "aws_api_gateway_rest_api")[0];
}

/** All methods of a REST API. */
export function methodsOf(graph: Graph, restApi: GraphNode): readonly Method[] {
  return methodsByApi(graph).get(restApi) ?? [];
}

/** Methods of all REST APIs of a graph, each looked at once for all rules. */
const methodsByApi = rememberingObjects((graph: Graph) => {
  const byApi = new Map<GraphNode, Method[]>();
  for (const restApi of graph.ofType("aws_api_gateway_rest_api")) {
    const integrations = new Map<string, GraphNode>();
    for (const each of referrersOf(graph, restApi, "aws_api_gateway_integration", "rest_api_id"))
      integrations.set(placeOf(graph, each), each);
    byApi.set(
      restApi,
      referrersOf(graph, restApi, "aws_api_gateway_method", "rest_api_id").map((node) =>
        toMethod(graph, restApi, node, integrations.get(placeOf(graph, node))),
      ),
    );
  }
  return byApi;
});

function toMethod(graph: Graph, restApi: GraphNode, node: GraphNode, integration: GraphNode | undefined): Method {
  const { authorization, api_key_required, http_method } = node.attributes;
  const given = knownValue(graph, node, http_method);
  const httpMethod = given === unknown ? "ANY" : String(given);
  const path = pathOf(graph, restApi, node);
  const type = integration && knownValue(graph, integration, integration.attributes.type);
  return {
    node,
    route: path === undefined ? undefined : `${httpMethod} ${path}`,
    httpMethod,
    integration,
    isOpen:
      String(knownValue(graph, node, authorization ?? "NONE") as string).toUpperCase() === "NONE" &&
      !["true", String(unknown)].includes(String(knownValue(graph, node, api_key_required))),
    reachesBackend: String(type as string | undefined).toUpperCase() !== "MOCK",
  };
}

/** Resource and method: what an integration has in common with its method. */
function placeOf(graph: Graph, node: GraphNode): string {
  const [resource] = reachedFrom(graph, node, "resource_id", "aws_api_gateway_resource");
  const [method] = reachedFrom(graph, node, "http_method", "aws_api_gateway_method");
  const name = knownValue(graph, node, method?.attributes.http_method ?? node.attributes.http_method);
  return `${resource?.id ?? String(node.attributes.resource_id)} ${String(name as string)}`;
}

/** Longest way from the root; a longer one goes in a circle. */
const deepestPath = 30;

function pathOf(graph: Graph, restApi: GraphNode, node: GraphNode): string | undefined {
  let [resource] = reachedFrom(graph, node, "resource_id", "aws_api_gateway_resource");
  if (resource === undefined)
    return reachedFrom(graph, node, "resource_id", "aws_api_gateway_rest_api").includes(restApi) ? "/" : undefined;
  const parts: string[] = [];
  for (let depth = 0; depth < deepestPath; depth += 1) {
    const part = knownValue(graph, resource, resource.attributes.path_part);
    if (part === unknown) return undefined;
    parts.unshift(String(part));
    const [parent]: GraphNode[] = reachedFrom(graph, resource, "parent_id", "aws_api_gateway_resource");
    if (parent === undefined)
      return graph.referencesFrom(resource, "parent_id").length > 0 ? `/${parts.join("/")}` : undefined;
    resource = parent;
  }
  return undefined;
}
