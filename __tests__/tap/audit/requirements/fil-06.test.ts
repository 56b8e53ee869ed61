import { fil06 } from "../../../../tap/audit/requirements/fil-06";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { routePart } from "./api-mutations";
import {
  aloneWith,
  files,
  filesPolicy,
  filesResource,
  filesRoute,
  filesSetting,
  filesText,
  filesVariables,
  filesWith,
  filesWithin,
  filesWithout,
  filesWithoutRoute,
} from "./files-mutations";
import { adding, allowing, changing, referenceTo, without } from "./mutations";

const method = "aws_api_gateway_method";
const integration = "aws_api_gateway_integration";
const model = "aws_api_gateway_model";
const response = "aws_api_gateway_method_response";
const preflightAnswer = "aws_api_gateway_integration_response";
const restApi = "aws_api_gateway_rest_api";
const lambda = "aws_lambda_function";
const policy = "aws_iam_role_policy";
const catalog = "catalog_Role_data";
const routes = ["POST /files", "GET /files", "GET /files/{id}", "DELETE /files/{id}"];

const ofEach = routes.flatMap((route): [string, Mutation][] => [
  [`${route} is gone`, filesWithoutRoute(method, route)],
  [`${route} isn't checked`, filesRoute(method, route, { request_validator_id: undefined })],
  [`${route} asks for no key`, filesRoute(method, route, { api_key_required: false })],
  [`${route} is answered by nobody`, filesWithoutRoute(integration, route)],
  [
    `${route} is answered by another function`,
    filesRoute(integration, route, (attributes) => {
      attributes.uri = String(attributes.uri).replace("tap-files-catalog", "tap-files-image");
    }),
  ],
]);

/** Sets a header of a preflight; undefined takes it away. */
const preflightHeader = (name: string, value: string | undefined): Mutation =>
  filesRoute(preflightAnswer, "OPTIONS /files", (attributes) => {
    attributes.response_parameters = {
      ...(attributes.response_parameters as object),
      [`method.response.header.${name}`]: value,
    };
  });

prove(
  fil06,
  {
    ...Object.fromEntries(ofEach),
    "a method is beside the table": filesWith(method, (stack) => ({
      ...routePart(stack, method, "GET /files/{id}").attributes,
      http_method: "PUT",
    })),
    "a path takes all": filesResource("aws_api_gateway_resource", "_files__", (attributes) => {
      attributes.path_part = "{proxy+}";
    }),
    "a body is of no model": filesRoute(method, "POST /files", { request_models: undefined }),
    "a body is of another model": filesRoute(method, "POST /files", (attributes, stack) => {
      attributes.request_models = { $default: referenceTo(stack, model, "FilePage", "name") };
    }),
    "a body's parameters alone are checked": filesRoute(method, "POST /files", (attributes, stack) => {
      attributes.request_validator_id = routePart(stack, method, "GET /files").attributes.request_validator_id;
    }),
    "a file may be of any type": filesText(model, "FileInput", "schema", /"enum":\[[^\]]*\]/, '"minLength":1'),
    "a file may be of any size": filesText(model, "FileInput", "schema", /"maximum":\d+/, '"maximum":9007199254740991'),
    "a file may be without a checksum": filesText(model, "FileInput", "schema", ',"sha256"]', "]"),
    "a file may say more": filesText(model, "FileInput", "schema", ',"additionalProperties":false', ""),
    "a model is beside the table": filesWith(model, (stack) => ({
      ...resource(stack, model, "FilePage"),
      name: "Other",
    })),
    "an id isn't wanted": filesRoute(method, "GET /files/{id}", { request_parameters: {} }),
    "the gateway may not call": filesSetting("aws_lambda_permission", "POST_files", {
      principal: "events.amazonaws.com",
    }),
    "any stage may call": filesText("aws_lambda_permission", "POST_files", "source_arn", "/live/", "/*/"),
    "somebody else may call": filesWith("aws_lambda_permission", (stack) => ({
      action: "lambda:InvokeFunction",
      function_name: referenceTo(stack, lambda, "catalog", "function_name"),
      principal: "999999999999",
    })),
    "the catalog has an address of its own": filesWith("aws_lambda_function_url", (stack) => ({
      function_name: referenceTo(stack, lambda, "catalog", "function_name"),
      authorization_type: "NONE",
    })),
    "there is an HTTP API": filesWith("aws_apigatewayv2_api", { name: "tap-files-http", protocol_type: "HTTP" }),
    "the API takes files itself": filesSetting(restApi, undefined, { binary_media_types: ["*/*"] }),
    "there is a second API": filesWith(restApi, { name: "tap-files-other" }),
    "the API is deployed once": filesSetting("aws_api_gateway_deployment", undefined, { triggers: undefined }),
    "the API is deployed before it is there": filesResource("aws_api_gateway_deployment", undefined, (attributes) => {
      attributes.depends_on = (attributes.depends_on as string[]).slice(0, -1);
    }),
    "pages may not call": filesWithoutRoute(method, "OPTIONS /files"),
    "pages of any origin may call": preflightHeader("access-control-allow-origin", "'*'"),
    "pages can't send a key": preflightHeader("access-control-allow-headers", "'content-type,idempotency-key'"),
    "pages can't delete": filesRoute(preflightAnswer, "OPTIONS /files/{id}", (attributes) => {
      const own = attributes.response_parameters as object;
      attributes.response_parameters = { ...own, "method.response.header.access-control-allow-methods": "'GET'" };
    }),
    "an origin is whatever the request says": filesRoute(preflightAnswer, "OPTIONS /files", {
      response_templates: { "application/json": '{"statusCode":204}' },
    }),
    "the catalog answers another origin": filesVariables("catalog", { ALLOWED_ORIGINS: "https://evil.example.com" }),
    "a processor answers origins": filesVariables("image", { ALLOWED_ORIGINS: "https://www.example.com" }),
    "a response isn't declared": files((stack) => {
      const { name } = routePart(stack, response, "POST /files", 409);
      delete stack.json.resource?.[response]?.[name];
    }),
    "an error of the gateway has no body": filesWithout("aws_api_gateway_gateway_response", "BAD_REQUEST_BODY"),
    "the catalog has other memory": filesSetting(lambda, "catalog_Function", { memory_size: 128 }),
    "the catalog has other concurrency": filesSetting(lambda, "catalog_Function", {
      reserved_concurrent_executions: 3,
    }),
    "the catalog ends before the gateway does": filesSetting(lambda, "catalog_Function", { timeout: 3 }),
    "the catalog is told another bucket": filesVariables("catalog", { BUCKET_NAME: "tap-files-other" }),
    "the catalog is told another table": filesVariables("catalog", { TABLE_NAME: "tap-files-other" }),
    "a link can read any bucket": filesPolicy(policy, catalog, allowing("s3:GetObject", ["arn:aws:s3:::*"])),
    "a link can read what others made": filesPolicy(
      policy,
      catalog,
      changing("BucketObjects2", ({ Resource = [] }) => ({
        Resource: [String(Resource[0]).replace(/results\/\*$/, "*")],
      })),
    ),
    "a link can write results": filesPolicy(
      policy,
      catalog,
      changing("BucketObjects2", ({ Action = [] }) => ({ Action: [...Action, "s3:PutObject"] })),
    ),
    "links can't upload": filesPolicy(
      policy,
      catalog,
      changing("BucketObjects", ({ Action = [] }) => ({
        Action: Action.filter((action) => action !== "s3:PutObject"),
      })),
    ),
    "links can't read results": filesPolicy(policy, catalog, without("BucketObjects2")),
    "results of deleted files stay": filesPolicy(
      policy,
      catalog,
      changing("BucketObjects2", () => ({ Action: ["s3:GetObject"] })),
    ),
    "versions may be deleted for good": filesPolicy(
      policy,
      catalog,
      changing("BucketObjects", ({ Action = [] }) => ({ Action: [...Action, "s3:DeleteObjectVersion"] })),
    ),
    "the catalog may read the whole table": filesPolicy(
      policy,
      catalog,
      changing("Table", ({ Action = [] }) => ({ Action: [...Action, "dynamodb:Scan"] })),
    ),
    "the catalog may not list": filesPolicy(policy, catalog, without("TableIndex")),
    "the catalog may ask any index": filesPolicy(
      policy,
      catalog,
      changing("TableIndex", ({ Resource = [] }) => ({ Resource: [String(Resource[0]).replace("by-owner", "*")] })),
    ),
    "the catalog may send to the queues": filesPolicy(
      policy,
      catalog,
      adding({ Action: ["sqs:SendMessage"], Resource: ["arn:aws:sqs:us-east-1:111111111111:tap-files-*"] }),
    ),
    "a stage serves something else": filesWithin("aws_api_gateway_stage", "Stage", "stage_name", "test"),
  },
  aloneWith(["files"]),
);
