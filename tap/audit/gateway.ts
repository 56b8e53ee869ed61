import type { ApiDefinition, Route } from "../../routes/route";
import type { Graph, GraphNode } from "../graph/model";
import { referenceTo } from "./exact";
import { nodesIn } from "./requirement";
import type { StackJson } from "./stack-json";

/** A REST API as a stack's resources make it. */
export interface Gateway {
  readonly graph: Graph;
  readonly stack: StackJson;
  readonly api: GraphNode;
  readonly stage: GraphNode;
  /** All that belongs to it, by type without `aws_api_gateway_`. */
  parts(type: string): readonly GraphNode[];
  /** Resource of a path, `/items/{id}`. */
  resourceAt(path: string): GraphNode | undefined;
  /** Parts of a type that are of a method and path; methods, integrations and what they answer. */
  partsOf(type: string, method: string, path: string): readonly GraphNode[];
  /** What a part of a route must have: which one it is of. */
  placeOf(method: string, path: string): Readonly<Record<string, unknown>>;
}

/** The one REST API of a stack, with its one stage; undefined where there is another number of either. */
export function gatewayOf(graph: Graph, stack: StackJson): Gateway | undefined {
  const parts = (type: string) => nodesIn(graph, stack, `aws_api_gateway_${type}`);
  const [api, ...otherApis] = parts("rest_api");
  const [stage, ...otherStages] = parts("stage");
  if (api === undefined || stage === undefined || otherApis.length > 0 || otherStages.length > 0) return undefined;
  const paths = new Map(parts("resource").map((resource) => [pathOf(graph, api, resource), resource]));
  const resourceAt = (path: string) => paths.get(path);
  const placeOf = (method: string, path: string) => ({
    rest_api_id: referenceTo(api, "id"),
    resource_id: placeId(resourceAt(path)),
    http_method: method,
  });
  const partsOf = (type: string, method: string, path: string) =>
    parts(type).filter(
      ({ attributes, stack: own }) =>
        graph.render(String(attributes.http_method), own) === method &&
        attributes.resource_id !== undefined &&
        attributes.resource_id === placeId(resourceAt(path)),
    );
  return { graph, stack, api, stage, parts, resourceAt, partsOf, placeOf };
}

function placeId(resource: GraphNode | undefined): string | undefined {
  return resource && referenceTo(resource, "id");
}

/** From the root down; undefined for what hangs nowhere, or in a circle. */
function pathOf(graph: Graph, api: GraphNode, resource: GraphNode, depth = 0): string | undefined {
  const { parent_id, path_part } = resource.attributes;
  if (parent_id === referenceTo(api, "root_resource_id")) return `/${path_part}`;
  const parent = nodesIn(graph, api.stack, resource.type).find((each) => parent_id === referenceTo(each, "id"));
  const above = parent === undefined || depth > 20 ? undefined : pathOf(graph, api, parent, depth + 1);
  return above === undefined ? undefined : `${above}/${path_part}`;
}

/** Routes of a table by their path. */
export function routesByPath({ routes }: ApiDefinition): Map<string, Route[]> {
  return new Map(routes.map(({ path }) => [path, routes.filter((route) => route.path === path)]));
}
