import { api as definition } from "../../../routes/api";
import type { GraphNode } from "../../graph/model";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { type Gateway, gatewayOf } from "../gateway";
import { takesKeys } from "../one-key";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import { deployed, routes } from "./api-08-routes";

/** Limits of the stage, and of each key: requests per second, requests at once, requests per day. */
const limits: Limits = { rateLimit: 1_000, burstLimit: 2_000 };
const dailyLimit = 10_000;

export interface Limits {
  /** Requests per second. */
  readonly rateLimit: number;
  /** Requests at once. */
  readonly burstLimit: number;
}

export interface WantedUsagePlan extends Limits {
  readonly clients: readonly string[];
  /** @default none */
  readonly quota?: { readonly limit: number; readonly period: "DAY" };
  /** Attributes that a key has. @default its name alone: the gateway makes its value */
  readonly keyAttributes?: readonly string[];
}

/** Types of a gateway that are judged here, by API-09 and by API-10; another one opens it in a way that nobody looked at. */
const knownTypes = new RegExp(
  `^aws_api_gateway_(${[
    "api_key",
    "deployment",
    "gateway_response",
    "integration(_response)?",
    "method(_response|_settings)?",
    "model",
    "request_validator",
    "resource",
    "rest_api",
    "stage",
    "usage_plan(_key)?",
  ].join("|")})$`,
);

/** Its name, where the configuration has one: PLAT-14's. */
const domainTypes = /^aws_api_gateway_(domain_name|base_path_mapping)$/;

/** Ways to a function or an API beside its gateway, where no key is asked for. */
const otherEntrances =
  /^aws_(apigatewayv2_\w+|lambda_function_url|a?lb(_\w+)?|elb|cloudfront_\w+|vpclattice_\w+|appsync_\w+|api_gateway_\w+)$/;

export const api08: Requirement = {
  id: "API-08",
  checks:
    "The gateway has exactly the methods of the table of routes, checked by its models and parameters, before the alias of the function that it names; /health alone asks for no key. Stage and usage plan let 1,000 requests a second in, 2,000 at once, and the plan 10,000 a day of each configured client's key.",
  why: "A method beside the table, or without its key, is open to everybody and in no document.",
  judge: (subject) =>
    judgeEach(subject, "api", (stack, environment) => {
      const gateway = gatewayOf(subject.graph, stack);
      if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
      return [
        ...publicRoutes(stack.id),
        ...entrances(gateway, environment.api.domain !== undefined),
        ...routes(gateway, definition),
        ...deployed(gateway),
        ...throttling(gateway, limits),
        ...usagePlan(gateway, {
          ...limits,
          clients: environment.api.clients,
          quota: { limit: dailyLimit, period: "DAY" },
          // Whose value it is, is PLAT-14's.
          keyAttributes: takesKeys(environment, stack.region) ? ["name", "value"] : ["name"],
        }),
      ];
    }),
};

/** The table itself: what is public, and what there is. */
function publicRoutes(stack: string): Finding[] {
  const open = definition.routes
    .filter(({ access }) => access !== "key")
    .map(({ method, path }) => `${method} ${path}`);
  const data = ["POST /items", "GET /items", "GET /items/{id}", "PUT /items/{id}", "DELETE /items/{id}"];
  const all = definition.routes.map(({ method, path }) => `${method} ${path}`);
  return [
    ...(open.join() === "GET /health"
      ? []
      : [{ stack, message: `must have /health public, and not ${open.join(", ")}` }]),
    ...data
      .filter((route) => !all.includes(route))
      .map((route) => ({ stack, message: `must have ${route} in its table of routes` })),
  ];
}

/** The API is the only way in, and has nothing that isn't judged elsewhere. */
export function entrances({ graph, stack, api }: Gateway, hasDomain = false): Finding[] {
  const isKnown = (type: string) => knownTypes.test(type) || (hasDomain && domainTypes.test(type));
  const others = nodesIn(graph, stack).filter(({ type }) => otherEntrances.test(type) && !isKnown(type));
  const { description } = api.attributes;
  return [
    ...findingsOn(
      api,
      differences(graph, api, {
        ...kept(api, "name"),
        description,
        api_key_source: "HEADER",
        endpoint_configuration: { types: ["REGIONAL"] },
        disable_execute_api_endpoint: false,
        lifecycle: { create_before_destroy: true },
      }),
    ),
    ...others.flatMap((node) => findingsOn(node, ["is an entrance beside the gateway's methods, or a change of them"])),
  ];
}

/** Of all callers together: one setting for all methods, and none for some. */
export function throttling({ graph, api, stage, parts }: Gateway, { rateLimit, burstLimit }: Limits): Finding[] {
  const [settings, ...others] = parts("method_settings");
  if (settings === undefined || others.length > 0) return findingsOn(stage, ["must have one setting for all methods"]);
  const own = ([settings.attributes.settings].flat()[0] ?? {}) as Record<string, unknown>;
  return findingsOn(
    settings,
    differences(graph, settings, {
      rest_api_id: referenceTo(api, "id"),
      stage_name: referenceTo(stage, "stage_name"),
      method_path: "*/*",
      settings: { ...own, throttling_rate_limit: rateLimit, throttling_burst_limit: burstLimit },
    }),
  );
}

/** One plan with these limits, and a key of it for each client. */
export function usagePlan({ graph, stack, api, stage, parts }: Gateway, wanted: WantedUsagePlan): Finding[] {
  const [plan, ...others] = parts("usage_plan");
  if (plan === undefined || others.length > 0) return findingsOn(api, ["must have one usage plan"]);
  const { clients, rateLimit, burstLimit, quota, keyAttributes = ["name"] } = wanted;
  const keys = parts("api_key");
  const names = clients
    .map((client) => `tap-${stack.component}-${client}-${stack.environmentSuffix}-${stack.region}`)
    .sort();
  const actualNames = keys.map(({ attributes }) => String(attributes.name)).sort();
  const planKeys = parts("usage_plan_key");
  return [
    ...findingsOn(
      plan,
      differences(graph, plan, {
        ...kept(plan, "name"),
        // A limit of some methods would stand in for the plan's there.
        api_stages: { api_id: referenceTo(api, "id"), stage: referenceTo(stage, "stage_name") },
        throttle_settings: { rate_limit: rateLimit, burst_limit: burstLimit },
        quota_settings: quota,
      }),
    ),
    ...(actualNames.join() === names.join()
      ? []
      : findingsOn(plan, [`must have the keys ${names.join(", ")} (there are ${actualNames.join(", ") || "none"})`])),
    ...keys.flatMap((key) => findingsOn(key, differences(graph, key, kept(key, ...keyAttributes)))),
    ...keys.flatMap((key) => ofThePlan(key, planKeys)),
    ...planKeys.flatMap((planKey) =>
      findingsOn(
        planKey,
        differences(graph, planKey, {
          ...kept(planKey, "key_id"),
          key_type: "API_KEY",
          usage_plan_id: referenceTo(plan, "id"),
        }),
      ),
    ),
    ...(planKeys.length === keys.length ? [] : findingsOn(plan, ["must have each key once"])),
  ];
}

function ofThePlan(key: GraphNode, planKeys: readonly GraphNode[]): Finding[] {
  const isOf = planKeys.some(({ attributes }) => attributes.key_id === referenceTo(key, "id"));
  return isOf ? [] : findingsOn(key, ["must be a key of the usage plan"]);
}
