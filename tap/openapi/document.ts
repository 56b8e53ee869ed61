import { correlationIdHeader } from "../../routes/headers";
import { contentTypeOf } from "../../routes/models";
import { responsesOf } from "../../routes/responses";
import type { ApiDefinition, Model, Parameter, Response, Route } from "../../routes/route";
import { jsonSchema } from "./json-schema";
import { schemasOf } from "./schemas";

/** Name of the security scheme. */
const keyScheme = "ApiKey";

/** An OpenAPI 3.1 document of an API (FIL-11), from the table that its gateway and functions come from. */
export function openApiDocument(definition: ApiDefinition): object {
  const paths = [...new Set(definition.routes.map(({ path }) => path))];
  return {
    openapi: "3.1.1",
    info: {
      title: definition.title,
      version: definition.version,
      summary: definition.description,
      description: `Generated from the table of routes by \`tap openapi\`: change routes/${definition.component}.ts, not this file. \`${correlationIdHeader}\` comes back with every answer but those that the gateway gives by itself; errors are problem details (RFC 9457).`,
    },
    servers: [server],
    paths: Object.fromEntries(paths.map((path) => [path, pathItem(definition.routes, path)])),
    components: {
      schemas: schemasOf(definition),
      headers: { CorrelationId: { description: "Names the request in all logs", schema: { type: "string" } } },
      securitySchemes: {
        [keyScheme]: {
          type: "apiKey",
          in: "header",
          name: "x-api-key",
          description: "Key of a client, under its usage plan",
        },
      },
    },
  };
}

/** Of each environment and region; `tap outputs` has the real ones. */
const server = {
  url: "https://{restApiId}.execute-api.{region}.amazonaws.com/live",
  variables: {
    restApiId: { default: "restapiid", description: "Id of the REST API, from the outputs of its stack" },
    region: { default: "us-east-1", description: "Region of the API" },
  },
};

function pathItem(routes: readonly Route[], path: string): object {
  return Object.fromEntries(
    routes.filter((route) => route.path === path).map((route) => [route.method.toLowerCase(), operation(route)]),
  );
}

function operation(route: Route): object {
  return {
    operationId: route.operationId,
    summary: route.summary,
    security: route.access === "key" ? [{ [keyScheme]: [] }] : [],
    parameters: [
      ...parametersIn("path", route.pathParameters, true),
      ...parametersIn("query", route.queryParameters, false),
      ...parametersIn("header", route.headers, false),
      correlationIdParameter,
    ],
    ...(route.body ? { requestBody: { required: true, content: content(route.body) } } : {}),
    responses: Object.fromEntries(responsesOf(route).map(([status, each]) => [status, response(each)])),
  };
}

const correlationIdParameter = {
  name: correlationIdHeader,
  in: "header",
  required: false,
  description: "Names the request in all logs; 8 to 64 of A-Z a-z 0-9 _ -. Made where there is none, and returned",
  schema: { type: "string" },
};

function parametersIn(
  place: "path" | "query" | "header",
  parameters: Readonly<Record<string, Parameter>> = {},
  byDefault: boolean,
): object[] {
  return Object.entries(parameters).map(([name, { description, schema, required = byDefault, example }]) => ({
    name,
    in: place,
    required,
    description,
    schema: jsonSchema(schema),
    ...(example === undefined ? {} : { example }),
  }));
}

function response({ description, body, headers = {} }: Response): object {
  const own = Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: "string" } }]);
  return {
    description,
    headers: {
      [correlationIdHeader]: { $ref: "#/components/headers/CorrelationId" },
      ...Object.fromEntries(own),
    },
    ...(body ? { content: content(body) } : {}),
  };
}

function content(model: Model): object {
  return { [contentTypeOf(model)]: { schema: { $ref: `#/components/schemas/${model.name}` } } };
}
