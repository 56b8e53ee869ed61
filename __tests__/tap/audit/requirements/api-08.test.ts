import { api08 } from "../../../../tap/audit/requirements/api-08";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import {
  api,
  apiResource,
  apiRoute,
  apiSetting,
  apiText,
  apiWith,
  apiWithin,
  apiWithout,
  apiWithoutRoute,
  routePart,
} from "./api-mutations";
import { nameOf, referenceTo } from "./mutations";

const method = "aws_api_gateway_method";
const integration = "aws_api_gateway_integration";
const model = "aws_api_gateway_model";
const plan = "aws_api_gateway_usage_plan";
const restApi = "aws_api_gateway_rest_api";
const validator = "aws_api_gateway_request_validator";
const permission = "aws_lambda_permission";

const data = ["POST /items", "GET /items", "GET /items/{id}", "PUT /items/{id}", "DELETE /items/{id}"];

const eachRoute = data.flatMap((route): [string, Mutation][] => [
  [`${route} asks for no key`, apiRoute(method, route, { api_key_required: false })],
  [`${route} says nothing of keys`, apiRoute(method, route, { api_key_required: undefined })],
]);

/** Changes the permission of reading an item; the API's id makes ARNs that no graph knows. */
const permitted = (change: (attributes: Record<string, unknown>) => void): Mutation =>
  api((stack) => {
    const [found, ...others] = Object.values(stack.json.resource?.[permission] ?? {}).filter(({ source_arn }) =>
      String(source_arn).endsWith("/GET/items/*"),
    );
    if (found === undefined || others.length > 0) throw new Error("There is not one permission of GET /items/{id}");
    change(found);
  });

prove(
  api08,
  {
    ...Object.fromEntries(eachRoute),
    "health asks for a key": apiRoute(method, "GET /health", { api_key_required: true }),
    "a method of the table is gone": apiWithoutRoute(method, "DELETE /items/{id}"),
    "a method isn't made": apiRoute(method, "GET /items", { count: 0 }),
    "a method is beside the table": apiWith(method, (stack) => ({
      ...routePart(stack, method, "GET /items/{id}").attributes,
      http_method: "PATCH",
    })),
    "a method is at the root": apiWith(method, (stack) => ({
      ...routePart(stack, method, "GET /health").attributes,
      resource_id: referenceTo(stack, restApi, "RestApi", "root_resource_id"),
      http_method: "ANY",
    })),
    "a method is any method": apiRoute(method, "GET /items", { http_method: "ANY" }),
    "a method takes AWS's signatures": apiRoute(method, "GET /items", { authorization: "AWS_IAM" }),
    "a method has another name": apiRoute(method, "GET /items", { operation_name: "getItem" }),
    "a method isn't checked": apiRoute(method, "PUT /items/{id}", { request_validator_id: undefined }),
    "a method without parameters isn't checked": apiRoute(method, "GET /health", { request_validator_id: undefined }),
    "nothing checks parameters, and no method asks for it": api((stack) => {
      const { [nameOf(stack, validator, "Parameters")]: _, ...others } = stack.json.resource?.[validator] ?? {};
      stack.json.resource = { ...stack.json.resource, [validator]: others };
      for (const each of Object.values(stack.json.resource[method] ?? {}))
        if (String(each.request_validator_id).includes("Parameters")) delete each.request_validator_id;
    }),
    "a body isn't checked": apiRoute(method, "POST /items", (attributes, stack) => {
      attributes.request_validator_id = routePart(stack, method, "GET /items").attributes.request_validator_id;
    }),
    "a validator checks nothing": api((stack) => {
      for (const each of Object.values(stack.json.resource?.aws_api_gateway_request_validator ?? {}))
        each.validate_request_body = false;
    }),
    "a validator checks no parameters": api((stack) => {
      for (const each of Object.values(stack.json.resource?.aws_api_gateway_request_validator ?? {}))
        each.validate_request_parameters = false;
    }),
    "a body is of no model": apiRoute(method, "POST /items", { request_models: undefined }),
    "a body is of a model as JSON alone": apiRoute(method, "POST /items", (attributes) => {
      const { $default } = attributes.request_models as Record<string, unknown>;
      attributes.request_models = { "application/json": $default };
    }),
    "a body is of another model": apiRoute(method, "POST /items", (attributes, stack) => {
      attributes.request_models = { $default: referenceTo(stack, model, "ItemPage", "name") };
    }),
    "a parameter isn't wanted": apiRoute(method, "GET /items/{id}", (attributes) => {
      attributes.request_parameters = { "method.request.path.id": false };
    }),
    "a parameter is beside the table": apiRoute(method, "GET /items", (attributes) => {
      attributes.request_parameters = {
        ...(attributes.request_parameters as object),
        "method.request.querystring.filter": false,
      };
    }),
    "a query is insisted on": apiRoute(method, "GET /items", (attributes) => {
      attributes.request_parameters = {
        ...(attributes.request_parameters as object),
        "method.request.querystring.limit": true,
      };
    }),
    "a header is insisted on, in one way to write it": apiRoute(method, "PUT /items/{id}", (attributes) => {
      attributes.request_parameters = {
        ...(attributes.request_parameters as object),
        "method.request.header.if-match": true,
      };
    }),
    "methods have no parameters": apiRoute(method, "DELETE /items/{id}", { request_parameters: undefined }),
    "a path is another one": api((stack) => {
      const [health] = Object.values(stack.json.resource?.aws_api_gateway_resource ?? {}).filter(
        ({ path_part }) => path_part === "health",
      );
      if (health) health.path_part = "status";
    }),
    "a path takes all": api((stack) => {
      const [id] = Object.values(stack.json.resource?.aws_api_gateway_resource ?? {}).filter(
        ({ path_part }) => path_part === "{id}",
      );
      if (id) id.path_part = "{proxy+}";
    }),
    "a path is beside the table": apiWith("aws_api_gateway_resource", (stack) => ({
      rest_api_id: referenceTo(stack, restApi, "RestApi", "id"),
      parent_id: referenceTo(stack, restApi, "RestApi", "root_resource_id"),
      path_part: "admin",
    })),
    "a model takes anything": apiSetting(model, "ItemInput", { schema: '{"type":"object"}' }),
    "a model takes further keys": apiText(model, "ItemInput", "schema", ',"additionalProperties":false', ""),
    "a model takes longer names": apiText(model, "ItemInput", "schema", '"maxLength":200', '"maxLength":2000'),
    "a model is no JSON": apiSetting(model, "ItemInput", { schema: "object" }),
    "a model is of another type": apiSetting(model, "ItemInput", { content_type: "text/plain" }),
    "a model is gone": apiWithout(model, "Health"),
    "a model is beside the table": apiWith(model, (stack) => ({
      ...resource(stack, model, "ItemPage"),
      name: "Other",
    })),
    "another function answers": apiRoute(integration, "GET /items", (attributes, stack) => {
      attributes.uri = routePart(stack, integration, "GET /health").attributes.uri;
    }),
    "the function answers past its alias": apiRoute(integration, "GET /items", (attributes, stack) => {
      const arn = referenceTo(stack, "aws_lambda_function", "items", "arn");
      attributes.uri = `arn:aws:apigateway:${stack.region}:lambda:path/2015-03-31/functions/${arn}/invocations`;
    }),
    "a function of another account answers": apiRoute(integration, "GET /items", {
      uri: "arn:aws:apigateway:us-west-2:lambda:path/2015-03-31/functions/arn:aws:lambda:us-west-2:999999999999:function:x:live/invocations",
    }),
    "a function of another region answers": apiRoute(integration, "GET /items", (attributes) => {
      attributes.uri = String(attributes.uri).replaceAll("us-west-2", "us-east-1");
    }),
    "the gateway answers by itself": apiRoute(integration, "GET /items", { type: "MOCK" }),
    "the gateway asks a server": apiRoute(integration, "GET /items", {
      type: "HTTP_PROXY",
      uri: "https://example.com",
    }),
    "the gateway changes the request": apiRoute(integration, "GET /items", { type: "AWS" }),
    "the gateway calls by GET": apiRoute(integration, "GET /items", { integration_http_method: "GET" }),
    "the gateway calls in the caller's name": apiRoute(integration, "GET /items", {
      credentials: "arn:aws:iam::*:user/*",
    }),
    "the gateway keeps answers": apiRoute(integration, "GET /items", { cache_key_parameters: [] }),
    "a method has no integration": apiWithoutRoute(integration, "GET /items"),
    "the alias goes elsewhere": apiSetting("aws_lambda_alias", "items", {
      routing_config: { additional_version_weights: { "1": 0.1 } },
    }),
    "the gateway may not call": permitted((attributes) => {
      attributes.principal = "events.amazonaws.com";
    }),
    "the gateway may call from every stage": permitted((attributes) => {
      attributes.source_arn = String(attributes.source_arn).replace("/live/", "/*/");
    }),
    "every gateway may call": permitted((attributes) => {
      delete attributes.source_arn;
    }),
    "the gateway may call the function, not the alias": permitted((attributes) => {
      delete attributes.qualifier;
    }),
    "the gateway may do more than call": permitted((attributes) => {
      attributes.action = "lambda:*";
    }),
    "the gateway may call another function": permitted((attributes) => {
      attributes.function_name = String(attributes.function_name).replace("items", "health");
    }),
    "somebody else may call": apiWith(permission, (stack) => ({
      action: "lambda:InvokeFunction",
      function_name: referenceTo(stack, "aws_lambda_function", "items", "function_name"),
      principal: "999999999999",
    })),
    "events may call what answers": apiWith(permission, (stack) => ({
      action: "lambda:InvokeFunction",
      function_name: referenceTo(stack, "aws_lambda_function", "items", "function_name"),
      principal: "events.amazonaws.com",
    })),
    "a function has an address of its own": apiWith("aws_lambda_function_url", (stack) => ({
      function_name: referenceTo(stack, "aws_lambda_function", "items", "function_name"),
      authorization_type: "NONE",
    })),
    "there is an HTTP API": apiWith("aws_apigatewayv2_api", { name: "tap-api-http", protocol_type: "HTTP" }),
    "there is a domain": apiWith("aws_api_gateway_domain_name", { domain_name: "api.example.com" }),
    "methods come from a document": apiWith("aws_api_gateway_rest_api_put", (stack) => ({
      rest_api_id: referenceTo(stack, restApi, "RestApi", "id"),
      body: "{}",
    })),
    "the API comes from a document": apiSetting(restApi, "RestApi", { body: "{}" }),
    "the key is in the authorizer's answer": apiSetting(restApi, "RestApi", { api_key_source: "AUTHORIZER" }),
    "the API is at the edge": apiSetting(restApi, "RestApi", { endpoint_configuration: { types: ["EDGE"] } }),
    "the API has a policy": apiSetting(restApi, "RestApi", { policy: "{}" }),
    "the API goes before the next one is there": apiSetting(restApi, "RestApi", { lifecycle: undefined }),
    "the API takes files": apiSetting(restApi, "RestApi", { binary_media_types: ["*/*"] }),
    "there is a second API": apiWith(restApi, { name: "tap-api-other" }),
    "there is a second stage": apiWith("aws_api_gateway_stage", (stack) => ({
      ...resource(stack, "aws_api_gateway_stage"),
      stage_name: "other",
    })),
    "the stage keeps answers": apiSetting("aws_api_gateway_stage", "Stage", { cache_cluster_enabled: true }),
    "the stage tries something out": apiSetting("aws_api_gateway_stage", "Stage", {
      canary_settings: { percent_traffic: 50 },
    }),
    "the stage serves an old deployment": apiSetting("aws_api_gateway_stage", "Stage", { deployment_id: "abcdef" }),
    "the API is deployed once": apiSetting("aws_api_gateway_deployment", "Deployment", { triggers: undefined }),
    "the API is deployed whenever": apiSetting("aws_api_gateway_deployment", "Deployment", {
      triggers: { redeployment: "${timestamp()}" },
    }),
    "the API is deployed after it is gone": apiSetting("aws_api_gateway_deployment", "Deployment", {
      lifecycle: undefined,
    }),
    "the API is deployed before it is there": apiResource("aws_api_gateway_deployment", "Deployment", (attributes) => {
      attributes.depends_on = (attributes.depends_on as string[]).slice(0, -1);
    }),
    "the plan lets more in": apiWithin(plan, "UsagePlan", "throttle_settings.rate_limit", 10_000),
    "the plan lets more in at once": apiWithin(plan, "UsagePlan", "throttle_settings.burst_limit", 5_000),
    "the plan has no limit": apiSetting(plan, "UsagePlan", { throttle_settings: undefined }),
    "the plan lets more in each day": apiWithin(plan, "UsagePlan", "quota_settings.limit", 100_000),
    "the plan is of a month": apiWithin(plan, "UsagePlan", "quota_settings.period", "MONTH"),
    "the plan is of no period": apiSetting(plan, "UsagePlan", { quota_settings: undefined }),
    "the first day is longer": apiWithin(plan, "UsagePlan", "quota_settings.offset", 5),
    "the plan is of no stage": apiSetting(plan, "UsagePlan", { api_stages: [] }),
    "the plan is of another stage": apiWithin(plan, "UsagePlan", "api_stages.0.stage", "other"),
    "the plan has another limit for a method": apiWithin(plan, "UsagePlan", "api_stages.0.throttle", [
      { path: "/items/GET", rate_limit: 10_000, burst_limit: 5_000 },
    ]),
    "a client has no key": apiWithout("aws_api_gateway_api_key", "web"),
    "a client's key isn't good": apiSetting("aws_api_gateway_api_key", "web", { enabled: false }),
    "a client's key is written down": apiSetting("aws_api_gateway_api_key", "web", {
      value: "0123456789abcdef0123",
    }),
    "a client's key is of no plan": apiWithout("aws_api_gateway_usage_plan_key", "web"),
    "a client's key is of another plan": apiSetting("aws_api_gateway_usage_plan_key", "web", {
      usage_plan_id: "abcdef",
    }),
    "somebody else has a key": apiWith("aws_api_gateway_api_key", { name: "tap-api-friend" }),
    "somebody else's key is of the plan": apiWith("aws_api_gateway_usage_plan_key", (stack) => ({
      ...resource(stack, "aws_api_gateway_usage_plan_key"),
      key_id: "abcdefghij",
    })),
    "the stage lets more in": apiWithin(
      "aws_api_gateway_method_settings",
      "Stage",
      "settings.throttling_rate_limit",
      10_000,
    ),
    "the stage lets more in at once": apiWithin(
      "aws_api_gateway_method_settings",
      "Stage",
      "settings.throttling_burst_limit",
      undefined,
    ),
    "the stage limits one method": apiSetting("aws_api_gateway_method_settings", "Stage", { method_path: "items/GET" }),
    "a method has another limit": apiWith("aws_api_gateway_method_settings", (stack) => ({
      ...resource(stack, "aws_api_gateway_method_settings", "Stage"),
      method_path: "items/GET",
    })),
    "the limit is of another stage": apiSetting("aws_api_gateway_method_settings", "Stage", { stage_name: "other" }),
  },
  { alone: true, without: ["files", "stream"] },
);
