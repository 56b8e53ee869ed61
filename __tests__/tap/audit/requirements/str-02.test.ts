import { str02 } from "../../../../tap/audit/requirements/str-02";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { routePart } from "./api-mutations";
import { add, assign, nameOf, referenceTo, remove } from "./mutations";
import { judgedOn, stream, streamResource, streamSetting } from "./stream-mutations";

/** Sets attributes of exactly one thing of the gateway that is of a method and path. */
const route = (type: string, methodAndPath: string, attributes: Attributes, status?: number): Mutation =>
  stream((stack) => assign(routePart(stack, type, methodAndPath, status).attributes, attributes));

const withoutRoute = (type: string, methodAndPath: string, status?: number): Mutation =>
  stream((stack) => {
    delete stack.json.resource?.[type]?.[routePart(stack, type, methodAndPath, status).name];
  });

const variables = (name: string, change: (variables: Attributes) => void): Mutation =>
  streamResource("aws_lambda_function", name, ({ environment }) =>
    change((environment as { variables: Attributes }).variables),
  );

const stage = "aws_api_gateway_stage";
const method = "aws_api_gateway_method";
const integration = "aws_api_gateway_integration";

prove(
  str02,
  {
    "there is no API": stream((stack) => remove(stack, "aws_api_gateway_rest_api", "RestApi")),
    "there is a second API": stream((stack) => add(stack, "aws_api_gateway_rest_api", { name: "other" })),
    "there is a second stage": stream((stack) => add(stack, stage, { stage_name: "test" })),
    "the API is at the edge": streamSetting("aws_api_gateway_rest_api", undefined, {
      endpoint_configuration: { types: ["EDGE"] },
    }),
    "a function has an address of its own": stream((stack) =>
      add(stack, "aws_lambda_function_url", { function_name: "tap-stream-ingest", authorization_type: "NONE" }),
    ),

    "/health asks for a key": route(method, "GET /health", { api_key_required: true }),
    "/process asks for no key": route(method, "POST /process", { api_key_required: false }),
    "/process is left out": withoutRoute(method, "POST /process"),
    "/health is left out": withoutRoute(method, "GET /health"),
    "/process isn't checked at the gateway": route(method, "POST /process", { request_validator_id: undefined }),
    "/process has no model": route(method, "POST /process", { request_models: undefined }),
    "/process has a model for JSON alone": stream((stack) => {
      const { attributes } = routePart(stack, method, "POST /process");
      attributes.request_models = { "application/json": (attributes.request_models as Attributes).$default };
    }),
    "the model lets a thousand records in": streamResource("aws_api_gateway_model", "RecordBatch", (attributes) => {
      attributes.schema = String(attributes.schema).replace('"maxItems":500', '"maxItems":1000');
    }),
    "the validator looks at parameters alone": streamSetting("aws_api_gateway_request_validator", "Body", {
      validate_request_body: false,
    }),
    "there is a method beside the table": stream((stack) =>
      add(stack, method, {
        rest_api_id: referenceTo(stack, "aws_api_gateway_rest_api", "RestApi", "id"),
        resource_id: referenceTo(stack, "aws_api_gateway_resource", "process", "id"),
        http_method: "DELETE",
        authorization: "NONE",
      }),
    ),
    "/process is answered by another function": stream((stack) => {
      const { attributes } = routePart(stack, integration, "POST /process");
      attributes.uri = String(attributes.uri).replace("tap-stream-ingest-", "tap-stream-health-");
    }),
    "/process is answered by the newest code, released or not": stream((stack) => {
      const { attributes } = routePart(stack, integration, "POST /process");
      attributes.uri = String(attributes.uri).replace(":live/", "/");
    }),
    "/health is answered by nothing": route(integration, "GET /health", { type: "MOCK" }),
    "the gateway waits longer than it can": route(integration, "POST /process", { timeout_milliseconds: 30_000 }),
    "the gateway may not call ingest": stream((stack) => remove(stack, "aws_lambda_permission", "POST_process")),
    "everybody may call ingest": streamSetting("aws_lambda_permission", "POST_process", { principal: "*" }),
    "every API may call ingest": streamSetting("aws_lambda_permission", "POST_process", { source_arn: undefined }),
    "the stage is deployed before its methods": streamSetting("aws_api_gateway_deployment", undefined, {
      depends_on: [],
    }),
    "the stage serves what was there first": streamSetting("aws_api_gateway_deployment", undefined, { triggers: {} }),

    "the stage has no limits": stream((stack) => remove(stack, "aws_api_gateway_method_settings", "MethodSettings")),
    "the stage lets more in than configured": streamResource(
      "aws_api_gateway_method_settings",
      undefined,
      ({ settings }) => {
        (settings as Attributes).throttling_rate_limit = 10_000;
      },
    ),
    "a key lets more in than configured": streamSetting("aws_api_gateway_usage_plan", undefined, {
      throttle_settings: { rate_limit: 10_000, burst_limit: 5_000 },
    }),
    "a key has a daily limit that nobody configured": streamSetting("aws_api_gateway_usage_plan", undefined, {
      quota_settings: { limit: 100, period: "DAY" },
    }),
    "there is no usage plan": stream((stack) => remove(stack, "aws_api_gateway_usage_plan", "UsagePlan")),
    "a key is of no plan": stream((stack) => remove(stack, "aws_api_gateway_usage_plan_key", "web")),
    "a client has no key": stream((stack) => remove(stack, "aws_api_gateway_api_key", "web")),
    "somebody has a key who is no client": stream((stack) => add(stack, "aws_api_gateway_api_key", { name: "other" })),
    "a key is switched off": streamSetting("aws_api_gateway_api_key", undefined, { enabled: false }),

    "every origin may read what ingest answers": variables("ingest", (all) => {
      all.ALLOWED_ORIGINS = "*";
    }),
    "health knows of no origins": variables("health", (all) => {
      delete all.ALLOWED_ORIGINS;
    }),
    "the consumer is told of origins": variables("consume", (all) => {
      all.ALLOWED_ORIGINS = "https://example.com";
    }),
    "every origin passes the preflight": stream((stack) => {
      const { attributes } = routePart(stack, "aws_api_gateway_integration_response", "OPTIONS /process");
      (attributes.response_parameters as Attributes)["method.response.header.access-control-allow-origin"] = "'*'";
    }),
    "the preflight compares with another origin": stream((stack) => {
      const { attributes } = routePart(stack, "aws_api_gateway_integration_response", "OPTIONS /process");
      attributes.response_templates = {
        "application/json": String((attributes.response_templates as Attributes)["application/json"]).replace(
          "https://",
          "http://",
        ),
      };
    }),
    "/process has no preflight": withoutRoute(method, "OPTIONS /process"),
    "a preflight asks for a key": route(method, "OPTIONS /process", { api_key_required: true }),
    "a partial failure has no status": withoutRoute("aws_api_gateway_method_response", "POST /process", 207),
    "errors of the gateway name every origin": streamResource(
      "aws_api_gateway_gateway_response",
      "THROTTLED",
      ({ response_parameters }) => {
        (response_parameters as Attributes)["gatewayresponse.header.access-control-allow-origin"] = "'*'";
      },
    ),
    "an error of the gateway is left as AWS has it": stream((stack) =>
      remove(stack, "aws_api_gateway_gateway_response", "THROTTLED"),
    ),

    "there is no access log": streamSetting(stage, undefined, { access_log_settings: undefined }),
    "the access log goes to the log of a function": stream((stack) => {
      const settings = resource(stack, stage).access_log_settings as Attributes;
      settings.destination_arn = referenceTo(stack, "aws_cloudwatch_log_group", "ingest_LogGroup", "arn");
    }),
    "the access log has the caller's address": streamResource(stage, undefined, ({ access_log_settings }) => {
      const settings = access_log_settings as Attributes;
      settings.format = String(settings.format).replace("{", '{"ip":"$context.identity.sourceIp",');
    }),
    "the access log is kept for ever": streamSetting("aws_cloudwatch_log_group", "AccessLogs", {
      retention_in_days: undefined,
    }),
    "the access log has no customer key": streamSetting("aws_cloudwatch_log_group", "AccessLogs", {
      kms_key_id: undefined,
    }),
    "the function of a route is another": stream((stack) => {
      const lambdas = stack.json.resource?.aws_lambda_function ?? {};
      (lambdas[nameOf(stack, "aws_lambda_function", "ingest")] as Attributes).function_name = "tap-stream-other";
    }),
  },
  judgedOn("stream"),
);
