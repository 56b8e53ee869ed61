import type { Environment } from "../../../config/environment";
import { api as definition } from "../../../routes/api";
import { correlationIdHeader, securityHeaders } from "../../../routes/headers";
import { contentTypeOf } from "../../../routes/models";
import { responsesOf } from "../../../routes/responses";
import type { ApiDefinition, Response, Route } from "../../../routes/route";
import type { GraphNode } from "../../graph/model";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { differences, findingsOn, referenceTo } from "../exact";
import { functionsOf } from "../functions";
import { type Gateway, gatewayOf, routesByPath } from "../gateway";
import { type Finding, judgeEach, type Requirement } from "../requirement";
import { validatorOf } from "./api-08-routes";
import { gatewayResponses } from "./api-09-gateway-responses";

/** What browsers hold against what a page is tricked into; the table's headers must have them (OWASP, HTTP headers). */
const wantedHeaders = [
  "cache-control",
  "content-security-policy",
  "referrer-policy",
  "strict-transport-security",
  "x-content-type-options",
  "x-frame-options",
];

/** Of every response of a function: it names the origin where that is allowed, and itself in the logs. */
const functionHeaders = [
  ...Object.keys(securityHeaders),
  correlationIdHeader,
  "access-control-allow-origin",
  "access-control-expose-headers",
  "vary",
];

export const api09: Requirement = {
  id: "API-09",
  checks:
    "Preflights of every path, and the functions, allow exactly the configured origins; every response, the gateway's own among them, has the security headers, errors are problem details, and every status of the table is a response of its method.",
  why: "An origin that is repeated from the request, or `*`, lets every page on the web use a visitor's key.",
  judge: (subject) =>
    judgeEach(subject, "api", (stack, environment) => {
      const gateway = gatewayOf(subject.graph, stack);
      if (gateway === undefined) return [{ stack: stack.id, message: "must have one REST API, with one stage" }];
      const { allowedOrigins } = environment.api;
      return [...configured(stack.id, environment), ...crossOrigin(gateway, definition, allowedOrigins)];
    }),
};

/**
 * Pages of these origins may call what the table has, and may read every answer; others may do neither.
 * @param withToken whether routes with a key ask for a user's token as well
 */
export function crossOrigin(
  gateway: Gateway,
  definition: ApiDefinition,
  allowedOrigins: readonly string[],
  withToken = false,
): Finding[] {
  return [
    ...functions(gateway, definition, allowedOrigins),
    ...[...routesByPath(definition)].flatMap(([path, routes]) =>
      preflight(gateway, path, preflightHeaders(routes, withToken), allowedOrigins),
    ),
    ...responses(gateway, definition),
    ...gatewayResponses(gateway, allowedOrigins),
  ];
}

function configured(stack: string, { api: { allowedOrigins } }: Environment): Finding[] {
  const lacking = wantedHeaders.filter((name) => !(securityHeaders[name] ?? ""));
  const wrong = allowedOrigins.filter((origin) => !/^https:\/\/[a-z0-9.-]+(:\d+)?$/.test(origin));
  return [
    ...lacking.map((name) => ({ stack, message: `must have ${name} among the headers of all responses` })),
    ...wrong.map((origin) => ({ stack, message: `must not allow ${origin}: it is no origin` })),
  ];
}

/** Functions that answer callers compare with the same list; others have none. */
function functions({ graph, stack }: Gateway, { routes }: ApiDefinition, allowedOrigins: readonly string[]): Finding[] {
  const answering = new Set(routes.map((route) => route.function));
  return [...functionsOf(graph, stack)].flatMap(([name, lambda]) => {
    const [environment] = blocksOf(lambda.attributes, "environment");
    const variables = isObject(environment?.variables) ? environment.variables : {};
    const expected = answering.has(name) ? allowedOrigins.join(",") : undefined;
    return variables.ALLOWED_ORIGINS === expected
      ? []
      : findingsOn(lambda, [`must have ALLOWED_ORIGINS ${expected} (it has ${variables.ALLOWED_ORIGINS})`]);
  });
}

/** OPTIONS of a path, answered by the gateway: no key, no function, an origin of the list or none. */
function preflight(
  gateway: Gateway,
  path: string,
  headers: Readonly<Record<string, string>>,
  allowedOrigins: readonly string[],
): Finding[] {
  const { graph, api, partsOf, placeOf } = gateway;
  const place = placeOf("OPTIONS", path);
  const validator = validatorOf(gateway, {});
  if (validator === undefined) return findingsOn(api, [`must have a validator that checks OPTIONS ${path}`]);
  const exactly = (type: string, expected: Record<string, unknown>): Finding[] => {
    const [node, ...others] = partsOf(type, "OPTIONS", path);
    return node === undefined || others.length > 0
      ? findingsOn(api, [`must have one ${type} of OPTIONS ${path}`])
      : findingsOn(node, differences(graph, node, { ...place, ...expected }));
  };
  return [
    ...exactly("method", {
      authorization: "NONE",
      api_key_required: false,
      request_validator_id: referenceTo(validator, "id"),
    }),
    ...exactly("integration", {
      type: "MOCK",
      request_templates: { "application/json": '{"statusCode":204}' },
      passthrough_behavior: "WHEN_NO_TEMPLATES",
    }),
    ...exactly("method_response", {
      status_code: "204",
      response_parameters: responseHeaders([...Object.keys(headers), "access-control-allow-origin"], () => true),
    }),
    ...exactly("integration_response", {
      status_code: "204",
      response_parameters: responseHeaders(Object.keys(headers), (name) => `'${headers[name]}'`),
      response_templates: { "application/json": originTemplate(allowedOrigins) },
    }),
  ];
}

/** Methods and headers of just this path; seconds that a browser may keep the answer, Chromium's longest. */
function preflightHeaders(routes: readonly Route[], withToken: boolean): Record<string, string> {
  const names = new Set([
    correlationIdHeader,
    ...(routes.some(({ access }) => access === "key") ? ["x-api-key", ...(withToken ? ["authorization"] : [])] : []),
    ...(routes.some(({ body }) => body !== undefined) ? ["content-type"] : []),
    ...routes.flatMap(({ headers = {} }) => Object.keys(headers)),
  ]);
  const methods = routes.map(({ method }) => method);
  return {
    ...securityHeaders,
    "access-control-allow-headers": [...names].sort().join(),
    "access-control-allow-methods": methods.sort().join(),
    "access-control-max-age": "7200",
    vary: "Origin",
  };
}

/**
 * The one template that is known to answer with an origin of its list and with no other, whatever the request says. One
 * that is written otherwise must be read by somebody, and put here.
 */
function originTemplate(allowedOrigins: readonly string[]): string {
  const header = "$context.responseOverride.header.access-control-allow-origin";
  return [
    '#set($origin = $input.params().header.get("Origin"))',
    '#if(!$origin)#set($origin = $input.params().header.get("origin"))#end',
    `#foreach($allowed in [${allowedOrigins.map((origin) => `"${origin}"`).join(", ")}])`,
    `#if($origin == $allowed)#set(${header} = $allowed)#end`,
    "#end",
  ].join("\n");
}

function responseHeaders<Value>(names: readonly string[], value: (name: string) => Value): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [`method.response.header.${name}`, value(name)]));
}

/** Of every method of the table, each of its statuses and no other. */
function responses(gateway: Gateway, definition: ApiDefinition): Finding[] {
  const { api, parts } = gateway;
  const all = definition.routes.flatMap((route) => responsesOf(route).map((each) => [route, ...each] as const));
  const known = all.flatMap(([route, status, response]) => methodResponse(gateway, route, status, response));
  const preflights = routesByPath(definition).size;
  const isComplete = parts("method_response").length === all.length + preflights;
  // Between a function and its caller nothing is changed.
  const changing = parts("integration_response").length === preflights;
  return [
    ...known,
    ...(isComplete ? [] : findingsOn(api, [`must have ${all.length + preflights} responses of methods`])),
    ...(changing ? [] : findingsOn(api, ["must change no response but those of preflights"])),
  ];
}

function methodResponse(
  { graph, api, partsOf, placeOf, parts }: Gateway,
  { method, path }: Route,
  status: number,
  { body, headers = {} }: Response,
): Finding[] {
  const isOfStatus = ({ attributes }: GraphNode) => attributes.status_code === String(status);
  const [node, ...others] = partsOf("method_response", method, path).filter(isOfStatus);
  if (node === undefined || others.length > 0)
    return findingsOn(api, [`must have the response ${status} of ${method} ${path}`]);
  const model = parts("model").find(({ attributes }) => attributes.name === body?.name);
  return findingsOn(
    node,
    differences(graph, node, {
      ...placeOf(method, path),
      status_code: String(status),
      response_parameters: responseHeaders([...functionHeaders, ...Object.keys(headers)], () => false),
      ...(body === undefined
        ? {}
        : { response_models: { [contentTypeOf(body)]: model && referenceTo(model, "name") } }),
    }),
  );
}
