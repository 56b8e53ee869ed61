import type { Component } from "../../../config/components";
import type { Environment } from "../../../config/environment";
import { jobs as definition } from "../../../routes/jobs";
import type { Graph, GraphNode } from "../../graph/model";
import { methodSettingsOf, stagesOf, thoseOf, throttlingOf } from "../api-stage";
import { gatewayOf } from "../gateway";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";
import { entrances, usagePlan } from "./api-08";
import { deployed, routes } from "./api-08-routes";
import { crossOrigin } from "./api-09";
import { accessLog } from "./api-10";

interface Limits {
  readonly throttlingRateLimit: number;
  readonly throttlingBurstLimit: number;
}

/** What a stage's limits are by, per component; a component with an API that isn't here is a finding. */
const limitsOf: Partial<Record<Component, (environment: Environment) => Limits>> = {
  api: ({ api }) => api,
  files: ({ files }) => files.api,
  jobs: ({ jobs }) => jobs.api,
  stream: ({ stream }) => stream.api,
};

/** What a deployment takes a picture of, and must wait for: one without them is refused, or serves half an API. */
const pictured = [
  "aws_api_gateway_authorizer",
  "aws_api_gateway_gateway_response",
  "aws_api_gateway_integration",
  "aws_api_gateway_integration_response",
  "aws_api_gateway_method",
  "aws_api_gateway_method_response",
];

export const plat05: Requirement = {
  id: "PLAT-05",
  checks:
    "Every REST API has one stage, of a deployment that waits for all methods and is made anew when one changes, and one setting of all methods with the environment's throttling; nothing of it is left to be done or undone by hand. The platform's own has the methods of its table of routes alone, each before its function and behind its key and checks, for pages of the configured origins, and with an access log.",
  why: "A stage without limits takes the whole account's; one that serves an old deployment shows nobody what was released.",
  judge: (subject) => [
    ...judgeEach(subject, "jobs", (stack, environment) => ownApi(subject.graph, stack, environment)),
    ...judgeEach(subject, "all", (stack, environment) =>
      nodesIn(subject.graph, stack, "aws_api_gateway_rest_api").flatMap((restApi) =>
        judgeApi(subject.graph, stack, environment, restApi),
      ),
    ),
    ...fingerprints(subject.graph),
  ],
};

/** The platform's own API: what the table of routes has, within the configured limits, and nothing beside it. */
function ownApi(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const gateway = gatewayOf(graph, stack);
  if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
  const { allowedOrigins, clients, api } = environment.jobs;
  const limits = { rateLimit: api.throttlingRateLimit, burstLimit: api.throttlingBurstLimit };
  return [
    ...entrances(gateway),
    ...routes(gateway, definition),
    ...deployed(gateway),
    ...usagePlan(gateway, { ...limits, clients }),
    ...crossOrigin(gateway, definition, allowedOrigins),
    ...accessLog(gateway, environment),
  ];
}

function judgeApi(graph: Graph, stack: StackJson, environment: Environment, restApi: GraphNode): Finding[] {
  const wanted = limitsOf[stack.component]?.(environment);
  const [stage, ...others] = stagesOf(graph, restApi);
  const about = (holds: boolean, message: string) => expectThat(holds, stack, message, restApi.address);
  if (wanted === undefined) return about(false, "has no throttling in the configuration");
  if (stage === undefined || others.length > 0) return about(false, "must have one stage");
  const { throttlingRateLimit, throttlingBurstLimit } = wanted;
  const throttling = throttlingOf(graph, restApi, stage);
  return [
    ...about(
      throttling?.rate === throttlingRateLimit && throttling.burst === throttlingBurstLimit,
      `must have one setting of all methods (*/*) of its stage, with ${throttlingRateLimit} requests a second and a burst of ${throttlingBurstLimit}`,
    ),
    ...about(deploysItself(graph, restApi, stage), "must have a stage of a deployment that waits for all methods"),
    ...[stage, ...methodSettingsOf(graph, restApi)].flatMap(({ attributes, address }) =>
      expectThat(attributes.lifecycle === undefined, stack, "leaves its changes to somebody's hands", address),
    ),
    ...expectThat(
      stage.attributes.canary_settings === undefined,
      stack,
      "sends some callers elsewhere, past its deployment",
      stage.address,
    ),
  ];
}

/** Each API names functions of its own region and environment: a fingerprint that two have is of neither. */
function fingerprints(graph: Graph): Finding[] {
  const deployments = graph.ofType("aws_api_gateway_deployment");
  const of = ({ attributes }: GraphNode) =>
    (attributes.triggers as { redeployment?: unknown } | undefined)?.redeployment;
  const times = new Map<unknown, number>();
  for (const deployment of deployments) times.set(of(deployment), (times.get(of(deployment)) ?? 0) + 1);
  return deployments
    .filter((deployment) => times.get(of(deployment)) !== 1)
    .map(({ stack, address }) => ({
      stack: stack.id,
      address,
      message: "has the trigger of another API's deployment",
    }));
}

function deploysItself(graph: Graph, restApi: GraphNode, stage: GraphNode): boolean {
  const deployment = graph.resolve(stage.attributes.deployment_id, stage.stack);
  if (deployment?.type !== "aws_api_gateway_deployment") return false;
  const { rest_api_id, triggers, lifecycle, stage_name } = deployment.attributes;
  const { redeployment } = (triggers ?? {}) as { redeployment?: unknown };
  const { create_before_destroy, ...rest } = (lifecycle ?? {}) as Record<string, unknown>;
  const awaited = graph
    .referencesFrom(deployment)
    .filter(({ kind }) => kind === "depends_on")
    .flatMap((each) => ("to" in each ? [each.to] : []));
  return (
    graph.resolve(rest_api_id, deployment.stack) === restApi &&
    stage_name === undefined &&
    /^[0-9a-f]{40,}$/.test(String(redeployment)) &&
    create_before_destroy === true &&
    Object.keys(rest).length === 0 &&
    pictured.flatMap((type) => thoseOf(graph, type, restApi)).every((node) => awaited.includes(node))
  );
}
