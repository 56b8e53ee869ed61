import { ApiGatewayGatewayResponse } from "@cdktf/provider-aws/lib/api-gateway-gateway-response";
import { Construct } from "constructs";
import { securityHeaders } from "../../routes/headers";
import { type GatewayProblem, gatewayProblems } from "./gateway-problems";

export interface GatewayResponsesProps {
  readonly restApiId: string;
  readonly allowedOrigins: readonly string[];
}

/**
 * What the gateway answers by itself, as problem details with the headers of every response. These answers run no
 * templates: they can't compare origins, so that they name one only where there is just one.
 */
export class GatewayResponses extends Construct {
  constructor(scope: Construct, id: string, { restApiId, allowedOrigins }: GatewayResponsesProps) {
    super(scope, id);
    const [origin, ...others] = allowedOrigins;
    const headers = {
      ...securityHeaders,
      // The template's own content type is chosen by what the request accepts; this one is always right.
      "content-type": "application/problem+json",
      ...(origin !== undefined && others.length === 0 ? { "access-control-allow-origin": origin } : {}),
    };
    for (const [responseType, problem] of Object.entries(gatewayProblems))
      new ApiGatewayGatewayResponse(this, responseType, {
        restApiId,
        responseType,
        statusCode: String(problem.status),
        responseTemplates: { "application/json": body(problem) },
        responseParameters: responseParameters({ ...headers, ...retryAfter(problem) }),
      });
  }
}

function retryAfter({ retryAfterSeconds }: GatewayProblem): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
}

function responseParameters(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]),
  );
}

/** The gateway puts in the id of the request, a UUID, and, quoted by itself, what is missing. */
function body({ kind, title, status, detail, retryAfterSeconds }: GatewayProblem): string {
  const fixed = JSON.stringify({
    type: `urn:tap:problem:${kind}`,
    title,
    status,
    instance: "urn:uuid:$context.requestId",
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
  const text = detail === "message" ? "$context.error.messageString" : JSON.stringify(detail);
  return fixed.replace(/\}$/, `,"detail":${text}}`);
}
