import { nodesNaming } from "../graph/groups";
import type { Graph, GraphNode } from "../graph/model";
import { blocksOf } from "../graph/terraform-json";

/** Stages that callers of an API reach. */
export function stagesOf(graph: Graph, restApi: GraphNode): readonly GraphNode[] {
  return thoseOf(graph, "aws_api_gateway_stage", restApi);
}

/** Settings of an API's methods: of any stage and path. */
export function methodSettingsOf(graph: Graph, restApi: GraphNode): readonly GraphNode[] {
  return thoseOf(graph, "aws_api_gateway_method_settings", restApi);
}

/** Limits of a stage for all its methods, where nothing else is said of any of them. */
export function throttlingOf(graph: Graph, restApi: GraphNode, stage: GraphNode) {
  const [settings, ...others] = methodSettingsOf(graph, restApi);
  if (settings === undefined || others.length > 0 || settings.attributes.method_path !== "*/*") return undefined;
  if (graph.resolve(settings.attributes.stage_name, settings.stack) !== stage) return undefined;
  const [limits, ...more] = blocksOf(settings.attributes, "settings");
  if (limits === undefined || more.length > 0) return undefined;
  return { settings, rate: limits.throttling_rate_limit, burst: limits.throttling_burst_limit };
}

/** Resources of a type whose `rest_api_id` is an API's. */
export function thoseOf(graph: Graph, type: string, restApi: GraphNode): readonly GraphNode[] {
  return nodesNaming(graph, type, "rest_api_id", restApi);
}
