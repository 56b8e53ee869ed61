import { ApiGatewayIntegration } from "@cdktf/provider-aws/lib/api-gateway-integration";
import { ApiGatewayIntegrationResponse } from "@cdktf/provider-aws/lib/api-gateway-integration-response";
import { ApiGatewayMethod } from "@cdktf/provider-aws/lib/api-gateway-method";
import { ApiGatewayMethodResponse } from "@cdktf/provider-aws/lib/api-gateway-method-response";
import { Construct } from "constructs";
import { correlationIdHeader, securityHeaders } from "../../routes/headers";
import type { Route } from "../../routes/route";
import type { RequestValidators } from "./validators";

/** Seconds that a browser may keep the answer: two hours, the longest that Chromium does. */
const maxAgeSeconds = 7_200;
const allowOrigin = "access-control-allow-origin";

export interface PreflightProps {
  readonly restApiId: string;
  readonly resourceId: string;
  /** The routes of the resource. */
  readonly routes: readonly Route[];
  readonly allowedOrigins: readonly string[];
  readonly validators: RequestValidators;
  /** Whether routes with a key ask for a user's token as well. */
  readonly withToken: boolean;
}

/**
 * OPTIONS of one resource, answered by the gateway itself: the methods and headers of just this resource, and the
 * origin where it is one of the list, letter by letter. Any other origin gets an answer that allows it nothing.
 */
export class Preflight extends Construct {
  constructor(scope: Construct, id: string, props: PreflightProps) {
    super(scope, id);
    const { restApiId, resourceId, allowedOrigins, validators } = props;
    const { httpMethod } = new ApiGatewayMethod(this, "Method", {
      restApiId,
      resourceId,
      httpMethod: "OPTIONS",
      authorization: "NONE",
      apiKeyRequired: false,
      requestValidatorId: validators.idFor({}),
    });
    const place = { restApiId, resourceId, httpMethod };
    const integration = new ApiGatewayIntegration(this, "Integration", {
      ...place,
      type: "MOCK",
      requestTemplates: { "application/json": JSON.stringify({ statusCode: 204 }) },
      passthroughBehavior: "WHEN_NO_TEMPLATES",
    });
    const headers = fixedHeaders(props);
    const { statusCode } = new ApiGatewayMethodResponse(this, "Response204", {
      ...place,
      statusCode: "204",
      responseParameters: byHeader([...Object.keys(headers), allowOrigin].map((name) => [name, true])),
    });
    new ApiGatewayIntegrationResponse(this, "IntegrationResponse204", {
      ...place,
      statusCode,
      responseParameters: byHeader(Object.entries(headers).map(([name, value]) => [name, `'${value}'`])),
      responseTemplates: { "application/json": originTemplate(allowedOrigins) },
      dependsOn: [integration],
    });
  }
}

function byHeader<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.fromEntries(entries.map(([name, value]) => [`method.response.header.${name}`, value]));
}

function fixedHeaders({ routes, withToken }: PreflightProps): Record<string, string> {
  const withKey = routes.some(({ access }) => access === "key");
  const headers = new Set([
    correlationIdHeader,
    ...(withKey ? ["x-api-key", ...(withToken ? ["authorization"] : [])] : []),
    ...(routes.some(({ body }) => body) ? ["content-type"] : []),
    ...routes.flatMap((route) => Object.keys(route.headers ?? {})),
  ]);
  return {
    ...securityHeaders,
    "access-control-allow-methods": routes
      .map(({ method }) => method)
      .sort()
      .join(","),
    "access-control-allow-headers": [...headers].sort().join(","),
    "access-control-max-age": String(maxAgeSeconds),
    // One answer per origin in every cache on the way.
    vary: "Origin",
  };
}

/** Velocity: it answers with an origin from the list, never with what the request said. HTTP/2 has names of headers in lower case. */
function originTemplate(allowedOrigins: readonly string[]): string {
  return [
    '#set($origin = $input.params().header.get("Origin"))',
    '#if(!$origin)#set($origin = $input.params().header.get("origin"))#end',
    `#foreach($allowed in [${allowedOrigins.map((origin) => `"${origin}"`).join(", ")}])`,
    `#if($origin == $allowed)#set($context.responseOverride.header.${allowOrigin} = $allowed)#end`,
    "#end",
  ].join("\n");
}
