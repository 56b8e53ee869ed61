import { ApiGatewayIntegration } from "@cdktf/provider-aws/lib/api-gateway-integration";
import { ApiGatewayMethod } from "@cdktf/provider-aws/lib/api-gateway-method";
import { ApiGatewayMethodResponse } from "@cdktf/provider-aws/lib/api-gateway-method-response";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { Construct } from "constructs";
import { correlationIdHeader, securityHeaders } from "../../routes/headers";
import { contentTypeOf } from "../../routes/models";
import { responsesOf } from "../../routes/responses";
import type { Parameter, Response, Route } from "../../routes/route";
import type { NodeFunction } from "../node-function";
import type { ApiModels } from "./models";
import { idOf } from "./paths";
import { stageName } from "./stage";
import type { RequestValidators } from "./validators";

/** Milliseconds that the gateway waits for a function: its own limit, and less than the function's (API-05). */
export const integrationTimeoutMilliseconds = 29_000;

/** What the functions send with every response. */
const headersOfAll = [
  ...Object.keys(securityHeaders),
  correlationIdHeader,
  "access-control-allow-origin",
  "access-control-expose-headers",
  "vary",
];

export interface ApiRouteProps {
  readonly restApiId: string;
  readonly executionArn: string;
  readonly resourceId: string;
  readonly route: Route;
  readonly lambda: NodeFunction;
  readonly models: ApiModels;
  readonly validators: RequestValidators;
  /** Asks for a user's token where the route asks for a key. @default none */
  readonly authorizerId?: string;
}

/** A route of the table: its method, checked as far as the gateway can, before the alias of its function. */
export class ApiRoute extends Construct {
  constructor(scope: Construct, id: string, props: ApiRouteProps) {
    super(scope, id);
    const { httpMethod } = this.createMethod(props);
    this.integrate(httpMethod, props);
    for (const [status, response] of responsesOf(props.route)) this.respond(httpMethod, status, response, props);
    this.permit(props);
  }

  private createMethod({
    restApiId,
    resourceId,
    route,
    models,
    validators,
    authorizerId,
  }: ApiRouteProps): ApiGatewayMethod {
    const withKey = route.access === "key";
    const parameters = requestParameters(route);
    return new ApiGatewayMethod(this, "Method", {
      restApiId,
      resourceId,
      httpMethod: route.method,
      operationName: route.operationId,
      apiKeyRequired: withKey,
      ...(withKey && authorizerId !== undefined
        ? { authorization: "COGNITO_USER_POOLS", authorizerId }
        : { authorization: "NONE" }),
      ...(Object.keys(parameters).length === 0 ? {} : { requestParameters: parameters }),
      // Whatever the content type says: a body under another one would not be checked at all.
      ...(route.body ? { requestModels: { $default: models.nameOf(route.body) } } : {}),
      requestValidatorId: validators.idFor(route),
    });
  }

  private integrate(httpMethod: string, { restApiId, resourceId, lambda }: ApiRouteProps): void {
    new ApiGatewayIntegration(this, "Integration", {
      restApiId,
      resourceId,
      httpMethod,
      type: "AWS_PROXY",
      integrationHttpMethod: "POST",
      uri: lambda.invokeArn,
      timeoutMilliseconds: integrationTimeoutMilliseconds,
    });
  }

  private respond(
    httpMethod: string,
    status: number,
    { body, headers = {} }: Response,
    { restApiId, resourceId, models }: ApiRouteProps,
  ): void {
    const names = [...headersOfAll, ...Object.keys(headers)];
    new ApiGatewayMethodResponse(this, `Response${status}`, {
      restApiId,
      resourceId,
      httpMethod,
      statusCode: String(status),
      ...(body ? { responseModels: { [contentTypeOf(body)]: models.nameOf(body) } } : {}),
      responseParameters: Object.fromEntries(names.map((name) => [`method.response.header.${name}`, false])),
    });
  }

  /** The gateway may call the alias for this method and path, from this stage. */
  private permit({ executionArn, route, lambda }: ApiRouteProps): void {
    new LambdaPermission(this, "Permission", {
      // As its address in Terraform: a route that moves has a new one of both, and no two ever meet.
      statementId: idOf(route.method, route.path).replaceAll("{}", "-"),
      action: "lambda:InvokeFunction",
      functionName: lambda.name,
      qualifier: lambda.aliasName,
      principal: "apigateway.amazonaws.com",
      sourceArn: `${executionArn}/${stageName}/${route.method}${route.path.replaceAll(/\{\w+\}/g, "*")}`,
    });
  }
}

/**
 * Which parameters there are, and which the gateway insists on. On no header: it tells `Idempotency-Key` from
 * `idempotency-key`, HTTP doesn't (API Gateway developer guide, important notes). The function insists on those.
 */
function requestParameters({ pathParameters, queryParameters, headers }: Route): Record<string, boolean> {
  const parametersIn = (place: string, parameters: Readonly<Record<string, Parameter>> = {}, byDefault: boolean) =>
    Object.entries(parameters).map(
      ([name, { required = byDefault }]) =>
        [`method.request.${place}.${name}`, place !== "header" && required] as const,
    );
  return Object.fromEntries([
    ...parametersIn("path", pathParameters, true),
    ...parametersIn("querystring", queryParameters, false),
    ...parametersIn("header", headers, false),
  ]);
}
