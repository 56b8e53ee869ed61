import type { APIGatewayProxyEvent } from "aws-lambda";
import type { Parameter, Route } from "../../routes/route";
import { noJson, readJsonBody } from "./http-body";
import { Problem, type RequestError } from "./problem";
import { invalidRequest, requestErrors } from "./request";

/** A request that its route accepts. */
export interface HttpRequest {
  /** As the client sent it, the stage included. */
  readonly url: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Those that the route knows, by names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Id of the API key that it came with; "" where the route is public. */
  readonly apiKeyId: string;
  /** Of the user whose token an authorizer has checked (Cognito's `sub`). @default none: there is no authorizer */
  readonly userId?: string;
}

type Values = Readonly<Record<string, string | undefined>>;

/** Names in lower case; of a header that came twice, API Gateway gives the last. */
export function headersOf({ headers }: APIGatewayProxyEvent): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value ?? ""]));
}

/** @throws Problem: the gateway lets nothing through to other routes, unless it is set up wrong */
export function findRoute(routes: readonly Route[], { httpMethod, resource }: APIGatewayProxyEvent): Route {
  const route = routes.find(({ method, path }) => method === httpMethod && path === resource);
  if (route === undefined) throw new Problem("route-not-found", "The API has no such path, or not with this method.");
  return route;
}

/** @throws Problem that names all that is wrong with the request */
export function parseHttpRequest(
  route: Route,
  event: APIGatewayProxyEvent,
  headers: Readonly<Record<string, string>>,
): HttpRequest {
  const apiKeyId = event.requestContext.identity.apiKeyId ?? "";
  // The gateway asks for the key; this is for a gateway that was told not to.
  if (route.access === "key" && apiKeyId === "") throw new Problem("forbidden", "The request needs an API key.");

  const errors: RequestError[] = [];
  const path = parse("/path", pathRequired(route.pathParameters), event.pathParameters ?? {}, errors);
  const query = parse("/query", route.queryParameters, event.queryStringParameters ?? {}, errors);
  const known = parse("/headers", route.headers, headers, errors);
  const body = route.body && parseBody(route.body.schema, readJsonBody(event, headers), errors);
  if (errors.length > 0) throw refusal(errors);
  return { url: event.requestContext.path, path, query, headers: known, body, apiKeyId, ...userOf(event) };
}

function userOf({ requestContext }: APIGatewayProxyEvent): { readonly userId?: string } {
  const userId = requestContext.authorizer?.claims?.sub;
  return typeof userId === "string" && userId !== "" ? { userId } : {};
}

function pathRequired(parameters: Readonly<Record<string, Parameter>> = {}): Record<string, Parameter> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, { required: true, ...parameter }]),
  );
}

function parse(
  place: string,
  parameters: Readonly<Record<string, Parameter>> = {},
  values: Values,
  errors: RequestError[],
): Record<string, string> {
  const given: [string, string][] = [];
  for (const [name, { schema, required = false }] of Object.entries(parameters)) {
    const value = values[name];
    if (value === undefined && required) errors.push({ pointer: `${place}/${name}`, detail: "is required" });
    if (value === undefined) continue;
    const { error } = schema.safeParse(value);
    if (error) errors.push(...requestErrors(error.issues, `${place}/${name}`));
    else given.push([name, value]);
  }
  return Object.fromEntries(given);
}

function parseBody(schema: NonNullable<Route["body"]>["schema"], value: unknown, errors: RequestError[]): unknown {
  if (value === noJson) {
    errors.push({ pointer: "/body", detail: "must be JSON, without keys named __proto__" });
    return undefined;
  }
  const { data, error } = schema.safeParse(value);
  if (error) errors.push(...requestErrors(error.issues, "/body"));
  return data;
}

/** A change without its base is a problem of its own (RFC 6585, 3), where it is the only one. */
function refusal(errors: readonly RequestError[]): Problem {
  const isUnconditional = errors.every(
    ({ pointer, detail }) => pointer === "/headers/if-match" && detail === "is required",
  );
  if (!isUnconditional) return invalidRequest(errors);
  return new Problem("precondition-required", "If-Match must give the entity tag that the change is based on.", {
    errors,
  });
}
