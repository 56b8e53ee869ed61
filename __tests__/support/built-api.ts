import { CustomerKey } from "../../constructs/customer-key";
import { NodeFunction } from "../../constructs/node-function";
import { RestApi, type RestApiProps } from "../../constructs/rest-api";
import { api as itemsDefinition } from "../../routes/api";
import type { ApiDefinition } from "../../routes/route";
import { EmptyStack } from "./constructed";

export const allowedOrigins = ["https://app.example.com", "https://admin.example.com:8443"];

/** A REST API in an empty stack, with one function for each that its table names: the items, unless said otherwise. */
export function newApi(options: Partial<RestApiProps> = {}, environment = "dev") {
  const definition: ApiDefinition = options.definition ?? itemsDefinition;
  const names = [...new Set(definition.routes.map((route) => route.function))];
  const stack = new EmptyStack(
    environment,
    undefined,
    names.map((name) => `api/${name}`),
  );
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const functions = Object.fromEntries(names.map((name) => [name, newFunction(stack, name, key)]));
  const api = new RestApi(stack, "Api", {
    definition,
    functions,
    key,
    allowedOrigins,
    throttling: { rateLimit: 1_000, burstLimit: 2_000 },
    usagePlan: { rateLimit: 1_000, burstLimit: 2_000, quotaLimit: 10_000, quotaPeriod: "DAY" },
    clients: ["default"],
    ...options,
  });
  return { stack, key, functions, api };
}

function newFunction(stack: EmptyStack, name: string, key: CustomerKey): NodeFunction {
  return new NodeFunction(stack, `Function-${name}`, {
    entry: `api/${name}`,
    description: `Answers ${name}`,
    key,
    memorySizeMb: 256,
    timeoutSeconds: 30,
    reservedConcurrency: 5,
  });
}

type Attributes = Record<string, unknown>;

/** What a stack makes of its table, in its words: each list in the order of method and path. */
export interface BuiltRoute {
  readonly method: string;
  readonly path: string;
  readonly attributes: Attributes;
  readonly integration: Attributes;
  /** Method responses, by status. */
  readonly responses: Readonly<Record<string, Attributes>>;
}

/** The methods of a stack's one API, read back from its JSON through their references. */
export function builtRoutes(stack: { toTerraform(): { resource: Record<string, unknown> } }): BuiltRoute[] {
  const { resource } = stack.toTerraform();
  const all = (type: string) =>
    Object.entries((resource[`aws_api_gateway_${type}`] ?? {}) as Record<string, Attributes>);
  const pathOf = (reference: unknown): string => {
    if (String(reference).endsWith(".root_resource_id}")) return "";
    const [, { parent_id, path_part }] = all("resource").find(
      ([name]) => reference === `\${aws_api_gateway_resource.${name}.id}`,
    ) as [string, Attributes];
    return `${pathOf(parent_id)}/${path_part}`;
  };
  return all("method")
    .map(([name, attributes]) => {
      const isIts = ([, { http_method }]: [string, Attributes]) =>
        http_method === `\${aws_api_gateway_method.${name}.http_method}`;
      const [integration, ...others] = all("integration").filter(isIts);
      if (integration === undefined || others.length > 0) throw new Error(`${name} has not exactly one integration`);
      const responses = all("method_response").filter(isIts);
      return {
        method: attributes.http_method as string,
        path: pathOf(attributes.resource_id),
        attributes,
        integration: integration[1],
        responses: Object.fromEntries(responses.map(([, response]) => [response.status_code, response])),
      };
    })
    .sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));
}

/** Exactly one of them. */
export function builtRoute(stack: EmptyStack, method: string, path: string): BuiltRoute {
  const found = builtRoutes(stack).filter((route) => route.method === method && route.path === path);
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} ${method} ${path}`);
  return only;
}
