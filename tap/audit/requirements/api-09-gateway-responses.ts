import { securityHeaders } from "../../../routes/headers";
import { problem } from "../../../routes/problem";
import type { GraphNode } from "../../graph/model";
import { isObject } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import type { Gateway } from "../gateway";
import type { Finding } from "../requirement";

/** Every type of answer that API Gateway gives by itself (API reference, GatewayResponse), with its status here. */
const statuses: Readonly<Record<string, number>> = {
  ACCESS_DENIED: 403,
  API_CONFIGURATION_ERROR: 500,
  AUTHORIZER_CONFIGURATION_ERROR: 500,
  AUTHORIZER_FAILURE: 500,
  BAD_REQUEST_BODY: 400,
  BAD_REQUEST_PARAMETERS: 400,
  DEFAULT_4XX: 400,
  DEFAULT_5XX: 500,
  EXPIRED_TOKEN: 401,
  INTEGRATION_FAILURE: 504,
  INTEGRATION_TIMEOUT: 504,
  INVALID_API_KEY: 403,
  INVALID_SIGNATURE: 403,
  // Of a path that isn't there.
  MISSING_AUTHENTICATION_TOKEN: 404,
  QUOTA_EXCEEDED: 429,
  REQUEST_TOO_LARGE: 413,
  RESOURCE_NOT_FOUND: 404,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED_MEDIA_TYPE: 415,
  WAF_FILTERED: 403,
};

/** What programs tell problems by, for each status. */
const kinds: Readonly<Record<number, string>> = {
  400: "invalid-request",
  401: "unauthorized",
  403: "forbidden",
  404: "route-not-found",
  413: "body-too-large",
  415: "unsupported-media-type",
  429: "too-many-requests",
  500: "internal",
  504: "timeout",
};

/** Seconds to wait, where the gateway knows them. */
const retryAfterSeconds: Readonly<Record<string, number>> = { THROTTLED: 1 };

/** Of all types, as problem details, with the headers of every response; an origin only where there is one alone. */
export function gatewayResponses(gateway: Gateway, allowedOrigins: readonly string[]): Finding[] {
  const actual = gateway.parts("gateway_response");
  const types = actual.map(({ attributes }) => String(attributes.response_type)).sort();
  const wantedTypes = Object.keys(statuses).sort();
  return [
    ...(types.join() === wantedTypes.join()
      ? []
      : findingsOn(gateway.api, [`must answer by itself as ${wantedTypes.join(", ")} (it has ${types.join(", ")})`])),
    ...actual.flatMap((node) => gatewayResponse(gateway, node, allowedOrigins)),
  ];
}

function gatewayResponse({ graph, api }: Gateway, node: GraphNode, allowedOrigins: readonly string[]): Finding[] {
  const type = String(node.attributes.response_type);
  const [origin, ...others] = allowedOrigins;
  const seconds = retryAfterSeconds[type];
  const headers = {
    ...securityHeaders,
    "content-type": "application/problem+json",
    // These answers can't compare origins.
    ...(origin !== undefined && others.length === 0 ? { "access-control-allow-origin": origin } : {}),
    ...(seconds === undefined ? {} : { "retry-after": String(seconds) }),
  };
  return findingsOn(node, [
    ...differences(graph, node, {
      ...kept(node, "response_type", "response_templates"),
      rest_api_id: referenceTo(api, "id"),
      status_code: String(statuses[type]),
      response_parameters: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]),
      ),
    }),
    ...(isProblem(node.attributes.response_templates, statuses[type], seconds)
      ? []
      : ["must answer with problem details of its status, which say nothing of the request but its id"]),
  ]);
}

/** Problem details, and what the gateway puts in: the request's id, and a message that it has quoted itself. */
function isProblem(templates: unknown, status: number | undefined, seconds: number | undefined): boolean {
  const { "application/json": template, ...others } = isObject(templates) ? templates : {};
  if (Object.keys(others).length > 0) return false;
  const text = String(template)
    .replace('"urn:uuid:$context.requestId"', '"urn:uuid:c6af9ac6-7b61-11e6-9a41-93e8deadbeef"')
    .replace("$context.error.messageString", '"message"');
  const body = parsed(text);
  return (
    !/[$#]/.test(text) &&
    problem.schema.safeParse(body).success &&
    body.status === status &&
    body.retryAfterSeconds === seconds &&
    body.type === `urn:tap:problem:${kinds[Number(status)]}` &&
    String(body.title) !== "" &&
    String(body.detail) !== "" &&
    String(body.instance).startsWith("urn:uuid:") &&
    Object.keys(body).every((name) =>
      ["type", "title", "status", "detail", "instance", "retryAfterSeconds"].includes(name),
    )
  );
}

function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
}
