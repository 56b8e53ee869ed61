import * as z from "zod/mini";
import { contentTypeOf, modelsOf } from "../../../routes/models";
import type { ApiDefinition, Model, Parameter, Route } from "../../../routes/route";
import type { GraphNode } from "../../graph/model";
import type { Attributes } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { aliasOf, functionsOf } from "../functions";
import type { Gateway } from "../gateway";
import { type Finding, nodesIn, sameJson } from "../requirement";

const integrationMilliseconds = 29_000;

/**
 * Paths, methods, models and what the gateway calls: exactly the table's, and OPTIONS for each path (API-09).
 * @param authorizer who asks for a user's token wherever a key is asked for; undefined: nobody does
 */
export function routes(gateway: Gateway, definition: ApiDefinition, authorizer?: GraphNode): Finding[] {
  return [
    ...paths(gateway, definition),
    ...methods(gateway, definition),
    ...models(gateway, definition),
    ...definition.routes.flatMap((route) => [...method(gateway, route, authorizer), ...integration(gateway, route)]),
    ...permissions(gateway, definition),
  ];
}

/** Each path of the table with those above it. */
function paths({ graph, stack, api, parts, resourceAt }: Gateway, definition: ApiDefinition): Finding[] {
  const wantedPaths = new Set(definition.routes.flatMap(({ path }) => pathsAbove(path)));
  const lacking = [...wantedPaths].filter((path) => resourceAt(path) === undefined);
  return [
    ...lacking.map((path) => ({ stack: stack.id, message: `must have the path ${path}` })),
    ...(parts("resource").length === wantedPaths.size ? [] : findingsOn(api, ["has paths that no route has"])),
    ...parts("resource").flatMap((resource) =>
      findingsOn(
        resource,
        differences(graph, resource, {
          ...kept(resource, "parent_id", "path_part"),
          rest_api_id: referenceTo(api, "id"),
        }),
      ),
    ),
  ];
}

function pathsAbove(path: string): string[] {
  const parts = path.slice(1).split("/");
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

function methods({ api, parts, partsOf }: Gateway, { routes: all }: ApiDefinition): Finding[] {
  const wantedMethods = [
    ...all.map(({ method: name, path }) => ({ name, path })),
    ...[...new Set(all.map(({ path }) => path))].map((path) => ({ name: "OPTIONS", path })),
  ];
  const known = wantedMethods.flatMap(({ name, path }) => partsOf("method", name, path));
  const surplus = parts("method").filter((each) => !known.includes(each));
  return [
    ...surplus.flatMap((each) => findingsOn(each, ["is a method that the table of routes doesn't have"])),
    ...(parts("integration").length === wantedMethods.length
      ? []
      : findingsOn(api, ["must have one integration of each method"])),
  ];
}

function models({ graph, api, parts }: Gateway, definition: ApiDefinition): Finding[] {
  const wantedModels = new Map(modelsOf(definition).map((model) => [model.name, model]));
  const actual = parts("model");
  const names = actual.map(({ attributes }) => String(attributes.name)).sort();
  const wantedNames = [...wantedModels.keys()].sort();
  return [
    ...(names.join() === wantedNames.join()
      ? []
      : findingsOn(api, [`must have the models ${wantedNames.join(", ")} (it has ${names.join(", ") || "none"})`])),
    ...actual.flatMap((node) => {
      const model = wantedModels.get(String(node.attributes.name));
      if (model === undefined) return [];
      return findingsOn(node, [
        ...differences(graph, node, {
          ...kept(node, "name", "schema"),
          rest_api_id: referenceTo(api, "id"),
          content_type: contentTypeOf(model),
        }),
        ...(hasSchema(node, model) ? [] : [`must have the schema of the table's ${model.name}`]),
      ]);
    }),
  ];
}

function hasSchema({ attributes }: GraphNode, { schema }: Model): boolean {
  try {
    // Draft 4 is what API Gateway knows; what isn't strict lets other keys pass, as for the function.
    return sameJson(JSON.parse(String(attributes.schema)), z.toJSONSchema(schema, { target: "draft-4", io: "input" }));
  } catch {
    return false;
  }
}

function method(gateway: Gateway, route: Route, authorizer: GraphNode | undefined): Finding[] {
  const { graph, api, partsOf, placeOf, parts } = gateway;
  const [node, ...others] = partsOf("method", route.method, route.path);
  if (node === undefined || others.length > 0)
    return findingsOn(api, [`must have ${route.method} ${route.path}, once`]);
  const parameters = requestParameters(route);
  const validator = validatorOf(gateway, route);
  if (validator === undefined)
    return findingsOn(api, [`must have a validator that checks ${route.method} ${route.path}`]);
  const body = parts("model").find(({ attributes }) => attributes.name === route.body?.name);
  const expected: Attributes = {
    ...placeOf(route.method, route.path),
    operation_name: route.operationId,
    ...(authorizer === undefined || route.access !== "key"
      ? { authorization: "NONE" }
      : { authorization: "COGNITO_USER_POOLS", authorizer_id: referenceTo(authorizer, "id") }),
    api_key_required: route.access === "key",
    ...(Object.keys(parameters).length === 0 ? {} : { request_parameters: parameters }),
    // Whatever the content type says: a body under another one would pass unchecked.
    ...(route.body ? { request_models: { $default: body && referenceTo(body, "name") } } : {}),
    request_validator_id: referenceTo(validator, "id"),
  };
  return findingsOn(node, differences(graph, node, expected));
}

/** The validator that checks what a method may have: always parameters, and a body where there is one. */
export function validatorOf({ graph, api, parts }: Gateway, { body }: Pick<Route, "body">): GraphNode | undefined {
  return parts("request_validator").find(
    (node) =>
      differences(graph, node, {
        ...kept(node, "name"),
        rest_api_id: referenceTo(api, "id"),
        validate_request_body: body !== undefined,
        validate_request_parameters: true,
      }).length === 0,
  );
}

/** Headers are the function's to insist on: the gateway tells `If-Match` from `if-match` (API Gateway developer guide). */
function requestParameters({ pathParameters, queryParameters, headers }: Route): Record<string, boolean> {
  const of = (place: string, all: Readonly<Record<string, Parameter>> = {}, isRequired: (each: Parameter) => boolean) =>
    Object.entries(all).map(([name, each]) => [`method.request.${place}.${name}`, isRequired(each)] as const);
  return Object.fromEntries([
    ...of("path", pathParameters, () => true),
    ...of("querystring", queryParameters, ({ required }) => required === true),
    ...of("header", headers, () => false),
  ]);
}

/** By the alias of the function that the table names. */
function integration({ graph, stack, api, partsOf, placeOf }: Gateway, route: Route): Finding[] {
  const [node, ...others] = partsOf("integration", route.method, route.path);
  const alias = aliasOf(graph, functionsOf(graph, stack).get(route.function));
  if (node === undefined || others.length > 0 || alias?.arn === undefined)
    return findingsOn(api, [`must have ${route.method} ${route.path} answered by the one alias of ${route.function}`]);
  return findingsOn(
    node,
    differences(graph, node, {
      ...placeOf(route.method, route.path),
      type: "AWS_PROXY",
      integration_http_method: "POST",
      uri: `arn:aws:apigateway:${stack.region}:lambda:path/2015-03-31/functions/${alias.arn}/invocations`,
      timeout_milliseconds: integrationMilliseconds,
    }),
  );
}

/** The gateway may call each alias for just its routes, from the stage; nobody else may. */
function permissions({ graph, stack, api, stage }: Gateway, { routes: all }: ApiDefinition): Finding[] {
  const lambdas = functionsOf(graph, stack);
  const behind = new Set(all.map((route) => lambdas.get(route.function)));
  const actual = nodesIn(graph, stack, "aws_lambda_permission").filter((node) => {
    const lambda = graph.resolve(node.attributes.function_name, node.stack, { types: ["aws_lambda_function"] });
    return behind.has(lambda) || !/^(events|secretsmanager)\.amazonaws\.com$/.test(String(node.attributes.principal));
  });
  const lacking = all.filter((route) => {
    const lambda = lambdas.get(route.function);
    const alias = aliasOf(graph, lambda);
    if (lambda === undefined || alias === undefined) return true;
    const path = route.path.replaceAll(/\{\w+\}/g, "*");
    const fits = actual.filter(
      (node) =>
        differences(graph, node, {
          ...kept(node, "statement_id"),
          action: "lambda:InvokeFunction",
          principal: "apigateway.amazonaws.com",
          function_name: referenceTo(lambda, "function_name"),
          qualifier: referenceTo(alias, "name"),
          source_arn: `${referenceTo(api, "execution_arn")}/${stage.attributes.stage_name}/${route.method}${path}`,
        }).length === 0,
    );
    return fits.length !== 1;
  });
  return [
    ...lacking.flatMap(({ method: name, path }) =>
      findingsOn(api, [`must be permitted, once, to call ${name} ${path}`]),
    ),
    ...(actual.length === all.length
      ? []
      : findingsOn(api, [`has ${actual.length} permissions for ${all.length} routes`])),
  ];
}

/** The stage serves what is configured: a deployment that is made anew, after all of it, before the old one goes. */
export function deployed({ graph, api, stage, parts }: Gateway): Finding[] {
  const [deployment, ...others] = parts("deployment");
  if (deployment === undefined || others.length > 0) return findingsOn(api, ["must have one deployment"]);
  const { depends_on, triggers } = deployment.attributes;
  const waits = [depends_on ?? []].flat().map(String);
  const configured = [
    "resource",
    "method",
    "method_response",
    "integration",
    "integration_response",
    "model",
    "request_validator",
    "gateway_response",
  ].flatMap((type) => parts(type));
  const early = configured.filter(({ address }) => !waits.includes(address));
  const [hash, ...hashes] = Object.values((triggers ?? {}) as Record<string, unknown>);
  return [
    ...findingsOn(deployment, [
      ...differences(graph, deployment, {
        ...kept(deployment, "triggers"),
        rest_api_id: referenceTo(api, "id"),
        lifecycle: { create_before_destroy: true },
      }),
      ...(/^[0-9a-f]{64}$/.test(String(hash)) && hashes.length === 0 ? [] : ["must be made anew when the API changes"]),
      ...early.map(({ address }) => `must wait for ${address}`),
    ]),
    ...findingsOn(
      stage,
      differences(graph, stage, {
        ...kept(stage, "access_log_settings", "xray_tracing_enabled"),
        rest_api_id: referenceTo(api, "id"),
        deployment_id: referenceTo(deployment, "id"),
        stage_name: "live",
      }),
    ),
  ];
}
