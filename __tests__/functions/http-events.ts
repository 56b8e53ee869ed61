import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type { ApiDefinition } from "../../routes/route";

/** What a client sends, and the route that API Gateway finds for it. */
export interface HttpCall {
  readonly method: string;
  /** As the routes have it: `/items/{id}`. */
  readonly resource: string;
  readonly path?: Record<string, string>;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  /** Of the key that the request came with; null: none. @default key1 */
  readonly apiKeyId?: string | null;
}

/** An event as API Gateway makes it (REST API, proxy integration), of a request to the stage `live`. */
export function httpEvent(call: HttpCall, changes: Partial<APIGatewayProxyEvent> = {}): APIGatewayProxyEvent {
  const { method, resource, path, query, headers = {}, body, apiKeyId = "key1" } = call;
  const url = resource.replace(/\{(\w+)\}/g, (_, name) => path?.[name] ?? "");
  const sent = { ...(body !== undefined && { "Content-Type": "application/json" }), ...headers };
  return {
    resource,
    path: url,
    httpMethod: method,
    headers: sent,
    multiValueHeaders: Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, [value]])),
    queryStringParameters: query ?? null,
    multiValueQueryStringParameters: null,
    pathParameters: path ?? null,
    stageVariables: null,
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: {
      resourcePath: resource,
      httpMethod: method,
      path: `/live${url}`,
      stage: "live",
      requestId: "0a0b0c0d-0000-4000-8000-000000000001",
      extendedRequestId: "JKJaXmPLvHcESHA=",
      identity: { apiKeyId, sourceIp: "192.0.2.1" },
    } as APIGatewayProxyEvent["requestContext"],
    ...changes,
  };
}

/** A response as its client has it. */
export interface HttpSeen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any;
}

export function seen({ statusCode, headers = {}, body }: APIGatewayProxyResult): HttpSeen {
  return {
    status: statusCode,
    headers: headers as Record<string, string>,
    body: body === "" ? undefined : JSON.parse(body),
  };
}

/** A response is one that the routes promise: its status, its body and its headers. */
export function expectPromised(
  api: ApiDefinition,
  commonStatuses: readonly number[],
  call: HttpCall,
  answer: HttpSeen,
): void {
  const route = api.routes.find(({ method, path }) => method === call.method && path === call.resource);
  const promised = route?.responses[answer.status];
  if (promised === undefined) {
    expect(route === undefined ? [404] : commonStatuses).toContain(answer.status);
    return;
  }
  if (promised.body === undefined) expect(answer.body).toBeUndefined();
  else expect(promised.body.schema.safeParse(answer.body).error).toBeUndefined();
  expect(Object.keys(answer.headers)).toEqual(expect.arrayContaining(Object.keys(promised.headers ?? {})));
}
