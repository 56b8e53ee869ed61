import fc from "fast-check";
import * as z from "zod/mini";
import type { RestApiProps } from "../../constructs/rest-api";
import { checkOrigins } from "../../constructs/rest-api/checks";
import { api as itemsDefinition } from "../../routes/api";
import { jobs as jobsDefinition } from "../../routes/jobs";
import type { ApiDefinition, Route } from "../../routes/route";
import { builtRoute, builtRoutes, newApi } from "../support/built-api";
import { built, statements } from "../support/constructed";

const { stack } = newApi();
const restApiId = "${aws_api_gateway_rest_api.Api_RestApi_88175D59.id}";

/** The table of the items with other routes. */
function withRoutes(...routes: Partial<Route>[]): ApiDefinition {
  const health = itemsDefinition.routes[0] as Route;
  return { ...itemsDefinition, routes: routes.map((route) => ({ ...health, ...route })) };
}

function all(type: string, of = stack): Record<string, unknown>[] {
  return Object.values(of.toTerraform().resource[type] ?? {});
}

test("a regional API, reached by its own endpoint, with keys from the header, replaced before the old one goes", () => {
  expect(built(stack, "aws_api_gateway_rest_api")).toMatchObject({
    name: "tap-records-dev-us-east-1",
    endpoint_configuration: { types: ["REGIONAL"] },
    disable_execute_api_endpoint: false,
    api_key_source: "HEADER",
    lifecycle: { create_before_destroy: true },
  });
});

test("API-08 the methods are those of the table, and preflights; keys are asked for where it says so", () => {
  expect(builtRoutes(stack).map(({ method, path, attributes }) => [method, path, attributes.api_key_required])).toEqual(
    [
      ["GET", "/health", false],
      ["OPTIONS", "/health", false],
      ["GET", "/items", true],
      ["OPTIONS", "/items", false],
      ["POST", "/items", true],
      ["DELETE", "/items/{id}", true],
      ["GET", "/items/{id}", true],
      ["OPTIONS", "/items/{id}", false],
      ["PUT", "/items/{id}", true],
    ],
  );
});

test("a path has one resource per part, whatever the order of the routes", () => {
  const deep = withRoutes(
    { path: "/a/b/{id}", operationId: "one", pathParameters: { id: { description: "Id", schema: z.string() } } },
    { path: "/a/b", operationId: "two" },
  );
  const built = newApi({ definition: deep }).stack;
  expect(all("aws_api_gateway_resource", built).map(({ path_part }) => path_part)).toEqual(["a", "b", "{id}"]);
  expect(builtRoutes(built).map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /a/b",
    "OPTIONS /a/b",
    "GET /a/b/{id}",
    "OPTIONS /a/b/{id}",
  ]);
});

test("a method is integrated with the alias of its function, and waits for it 29 s", () => {
  for (const [path, name] of [
    ["/health", "health"],
    ["/items", "items"],
  ] as const) {
    const lambda = `arn:aws:lambda:us-east-1:111111111111:function:tap-records-${name}-dev-us-east-1`;
    expect(builtRoute(stack, "GET", path).integration).toMatchObject({
      type: "AWS_PROXY",
      integration_http_method: "POST",
      timeout_milliseconds: 29_000,
      uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${lambda}:live/invocations`,
    });
  }
});

test("a function may be called by the gateway for the methods and paths of its routes alone, from the stage alone, by its alias alone", () => {
  const permissions = all("aws_lambda_permission");
  const source = (rest: string) => `\${aws_api_gateway_rest_api.Api_RestApi_88175D59.execution_arn}/live/${rest}`;
  expect(permissions.map(({ statement_id, source_arn }) => [statement_id, source_arn])).toEqual([
    ["GET_health", source("GET/health")],
    ["POST_items", source("POST/items")],
    ["GET_items", source("GET/items")],
    ["GET_items_-", source("GET/items/*")],
    ["PUT_items_-", source("PUT/items/*")],
    ["DELETE_items_-", source("DELETE/items/*")],
  ]);
  for (const { function_name, qualifier, action, principal, statement_id } of permissions) {
    const name = statement_id === "GET_health" ? "health" : "items";
    expect(function_name).toBe(`tap-records-${name}-dev-us-east-1`);
    expect(qualifier).toMatch(new RegExp(`^\\$\\{aws_lambda_alias\\.Function-${name}_Alias_\\w+\\.name\\}$`));
    expect([action, principal]).toEqual(["lambda:InvokeFunction", "apigateway.amazonaws.com"]);
  }
});

test("a deployment stands on nothing but the API: what it stands on is replaced before it is destroyed, under the same name", () => {
  const { resource } = stack.toTerraform();
  const standsOn = Object.entries(resource)
    .filter(([type]) => /^aws_api_gateway_(?!stage|usage|api_key|method_settings)/.test(type))
    .flatMap(([, byName]) => [...JSON.stringify(byName).matchAll(/\$\{(\w+)\./g)].map(([, type]) => type));
  expect(standsOn.filter((type) => !type?.startsWith("aws_api_gateway_"))).toEqual([]);
});

test("what a variable part of a path is called has no place in Terraform's addresses: a sibling would be refused", () => {
  const named = (name: string) =>
    withRoutes({ path: `/items/{${name}}`, pathParameters: { [name]: { description: "Id", schema: z.string() } } });
  const addresses = (definition: ApiDefinition) =>
    Object.values(newApi({ definition }).stack.toTerraform().resource).flatMap((byName) =>
      Object.keys(byName as object),
    );
  expect(addresses(named("id"))).toEqual(addresses(named("itemId")));
});

test("a body is checked by its model, under any content type, and parameters are checked, of every method", () => {
  const { attributes } = builtRoute(stack, "POST", "/items");
  expect(attributes.request_models).toEqual({
    $default: expect.stringMatching(/^\$\{aws_api_gateway_model\.Api_Models_ItemInput_\w+\.name\}$/),
  });
  expect(all("aws_api_gateway_request_validator")).toMatchObject([
    { name: "Parameters", validate_request_body: false, validate_request_parameters: true },
    { name: "Body", validate_request_body: true, validate_request_parameters: true },
  ]);
  const validatorOf = (method: string, path: string) => builtRoute(stack, method, path).attributes.request_validator_id;
  expect(validatorOf("POST", "/items")).toMatch(/Validators_Body_/);
  expect(validatorOf("PUT", "/items/{id}")).toMatch(/Validators_Body_/);
  for (const [method, path] of [
    ["GET", "/items"],
    ["GET", "/health"],
    ["OPTIONS", "/items"],
    ["OPTIONS", "/items/{id}"],
  ] as const)
    expect(validatorOf(method, path)).toMatch(/Validators_Parameters_/);
});

test("the gateway insists on parts of the path and on no header: it would tell If-Match from if-match", () => {
  expect(builtRoute(stack, "PUT", "/items/{id}").attributes.request_parameters).toEqual({
    "method.request.path.id": true,
    "method.request.header.if-match": false,
  });
  expect(builtRoute(stack, "GET", "/items").attributes.request_parameters).toEqual({
    "method.request.querystring.limit": false,
    "method.request.querystring.cursor": false,
  });
  const search = withRoutes({ queryParameters: { q: { description: "Words", schema: z.string(), required: true } } });
  expect(builtRoute(newApi({ definition: search }).stack, "GET", "/health").attributes.request_parameters).toEqual({
    "method.request.querystring.q": true,
  });
});

test("a model is draft 4 of JSON schema, under a name of its own", () => {
  const models = all("aws_api_gateway_model");
  expect(models.map(({ name, content_type }) => [name, content_type])).toEqual([
    ["Health", "application/json"],
    ["Problem", "application/problem+json"],
    ["ItemInput", "application/json"],
    ["Item", "application/json"],
    ["ItemPage", "application/json"],
  ]);
  const input = JSON.parse(models.find(({ name }) => name === "ItemInput")?.schema as string);
  expect(input).toMatchObject({
    $schema: "http://json-schema.org/draft-04/schema#",
    type: "object",
    properties: { name: { type: "string", minLength: 1, maxLength: 200 } },
    required: ["name"],
    additionalProperties: false,
  });
  // Draft 4 knows neither, and API Gateway no references but its own.
  for (const { schema } of models) expect(schema).not.toMatch(/"(const|propertyNames|\$ref|\$defs)"/);
});

test("API-09 a method says each status that it answers with, its model, and its headers", () => {
  const { responses } = builtRoute(stack, "PUT", "/items/{id}");
  const route = itemsDefinition.routes.find(({ operationId }) => operationId === "updateItem") as Route;
  expect(Object.keys(responses)).toEqual(
    [...new Set([...Object.keys(route.responses), "400", "403", "429", "500", "503", "504"])].sort(),
  );
  expect(responses["200"]?.response_models).toEqual({ "application/json": expect.stringContaining("Models_Item_") });
  expect(responses["404"]?.response_models).toEqual({
    "application/problem+json": expect.stringContaining("Models_Problem_"),
  });
  const headers = Object.keys(responses["200"]?.response_parameters as object);
  for (const name of ["etag", "x-correlation-id", "strict-transport-security", "access-control-allow-origin"])
    expect(headers).toContain(`method.response.header.${name}`);
  const { responses: deleted } = builtRoute(stack, "DELETE", "/items/{id}");
  expect(deleted["204"]?.response_models).toBeUndefined();
});

test("PLAT-05 the stage has the limits of its environment from the start, for all its methods", () => {
  const { stack: limited } = newApi({ throttling: { rateLimit: 500, burstLimit: 750 } });
  expect(built(limited, "aws_api_gateway_method_settings")).toMatchObject({
    rest_api_id: restApiId,
    stage_name: expect.stringMatching(/^\$\{aws_api_gateway_stage\.Api_Stage_\w+\.stage_name\}$/),
    method_path: "*/*",
    settings: { throttling_rate_limit: 500, throttling_burst_limit: 750, metrics_enabled: true },
  });
});

test("execution logs are of errors, without data, in a group that is there before the stage", () => {
  const { settings } = built(stack, "aws_api_gateway_method_settings") as { settings: object };
  expect(settings).toMatchObject({ logging_level: "ERROR", data_trace_enabled: false });
  expect(built(stack, "aws_cloudwatch_log_group", "ExecutionLogs")).toMatchObject({
    name: `API-Gateway-Execution-Logs_${restApiId}/live`,
    retention_in_days: 14,
    kms_key_id: expect.stringContaining("aws_kms_key.Key"),
  });
  expect(built(stack, "aws_api_gateway_stage").depends_on).toEqual([
    expect.stringMatching(/^aws_cloudwatch_log_group\.Api_Stage_ExecutionLogs_/),
  ]);
  expect(JSON.stringify(statements(stack, "aws_kms_key").Logs)).toContain(
    `log-group:API-Gateway-Execution-Logs_${restApiId}/live`,
  );
});

test("API-04 no stage without a web ACL: as WebAcl has it, or as is said", () => {
  const { stack: with7Days } = newApi({
    webAcl: { requestsPerAddress: 500, largeBodies: "count" },
    logRetentionDays: 7,
  });
  for (const each of [stack, with7Days])
    expect(built(each, "aws_wafv2_web_acl_association")).toMatchObject({
      resource_arn: expect.stringMatching(/^\$\{aws_api_gateway_stage\.Api_Stage_\w+\.arn\}$/),
      web_acl_arn: expect.stringMatching(/^\$\{aws_wafv2_web_acl\.Api_WebAcl_\w+\.arn\}$/),
    });
  expect(JSON.stringify(built(with7Days, "aws_wafv2_web_acl").rule)).toMatch(/"limit":500,.*SizeRestrictions_BODY/);
  expect(JSON.stringify(built(stack, "aws_wafv2_web_acl").rule)).not.toMatch(/SizeRestrictions_BODY/);
  expect(built(with7Days, "aws_cloudwatch_log_group", "WebAcl")).toMatchObject({
    name: "aws-waf-logs-tap-records-dev-us-east-1",
    retention_in_days: 7,
    kms_key_id: expect.stringContaining("aws_kms_key.Key"),
  });
});

test("API-10 traces, and access logs in JSON under the key", () => {
  const stage = built(stack, "aws_api_gateway_stage");
  expect(stage).toMatchObject({
    stage_name: "live",
    xray_tracing_enabled: true,
    access_log_settings: {
      destination_arn: expect.stringMatching(/^\$\{aws_cloudwatch_log_group\.Api_Stage_AccessLogs_\w+\.arn\}$/),
    },
  });
  const { format } = stage.access_log_settings as { format: string };
  expect(format).not.toContain("\n");
  expect(JSON.parse(format)).toMatchObject({
    requestId: "$context.requestId",
    extendedRequestId: "$context.extendedRequestId",
    xrayTraceId: "$context.xrayTraceId",
    functionRequestId: "$context.integration.requestId",
    apiKeyId: "$context.identity.apiKeyId",
    status: "$context.status",
    latencyMilliseconds: "$context.responseLatency",
    integrationStatus: "$context.integration.integrationStatus",
    integrationLatencyMilliseconds: "$context.integration.latency",
    errorType: "$context.error.responseType",
  });
  expect(built(stack, "aws_cloudwatch_log_group", "AccessLogs")).toMatchObject({
    name: "tap-records-access-dev-us-east-1",
    retention_in_days: 14,
    kms_key_id: expect.stringContaining("aws_kms_key.Key"),
  });
});

test("SEC-04 access logs hold no address, no browser, no key and no path of the caller's", () => {
  const { format } = built(stack, "aws_api_gateway_stage").access_log_settings as { format: string };
  expect(format).not.toMatch(/sourceIp|userAgent|identity\.apiKey"|context\.path|caller|user/);
});

test("API-08 each client has a key under the usage plan; no output has its value", () => {
  const { stack: two, api: of } = newApi({ clients: ["default", "mobile-app"] });
  expect(built(two, "aws_api_gateway_usage_plan")).toMatchObject({
    name: "tap-records-dev-us-east-1",
    api_stages: [{ api_id: restApiId, stage: expect.stringContaining("aws_api_gateway_stage") }],
    throttle_settings: { rate_limit: 1_000, burst_limit: 2_000 },
    quota_settings: { limit: 10_000, period: "DAY" },
  });
  expect(all("aws_api_gateway_api_key", two).map(({ name, value }) => [name, value])).toEqual([
    ["tap-records-default-dev-us-east-1", undefined],
    ["tap-records-mobile-app-dev-us-east-1", undefined],
  ]);
  expect(all("aws_api_gateway_usage_plan_key", two)).toMatchObject([
    { key_id: expect.stringContaining("Key-default"), key_type: "API_KEY" },
    { key_id: expect.stringContaining("Key-mobile-app"), key_type: "API_KEY" },
  ]);
  const { default: id, "mobile-app": other } = of.keyIds;
  two.addOutputs({ one: { description: "", value: id as string }, two: { description: "", value: other as string } });
  expect(two.toTerraform().output).toMatchObject({
    one: { value: expect.stringMatching(/^\$\{aws_api_gateway_api_key\.Api_UsagePlan_Key-default_\w+\.id\}$/) },
    two: { value: expect.stringMatching(/^\$\{aws_api_gateway_api_key\.Api_UsagePlan_Key-mobile-app_\w+\.id\}$/) },
  });
});

test("PLAT-14 each client's key takes the value of its key in another region, where that is wanted", () => {
  const clients = ["default", "mobile-app"];
  const keyIds = { default: "aaaaaaaaaa", "mobile-app": "bbbbbbbbbb" };
  const { stack: second } = newApi({ clients, sameKeysAs: { region: "us-west-2", keyIds } });
  const { data } = second.toTerraform();
  const read = Object.entries(data.aws_api_gateway_api_key as Record<string, Record<string, unknown>>);
  expect(read.map(([, { id, region }]) => [id, region])).toEqual([
    ["aaaaaaaaaa", "us-west-2"],
    ["bbbbbbbbbb", "us-west-2"],
  ]);
  expect(all("aws_api_gateway_api_key", second).map(({ value }) => value)).toEqual(
    read.map(([name]) => `\${data.aws_api_gateway_api_key.${name}.value}`),
  );
  const oneMissing = { region: "us-west-2", keyIds: { default: "aaaaaaaaaa" } };
  expect(() => newApi({ clients, sameKeysAs: oneMissing })).toThrow(/must have "mobile-app"/);
});

test("a rate of 100 a minute is 1.67 a second, and needs no quota", () => {
  const { stack: slow } = newApi({ usagePlan: { rateLimit: 1.67, burstLimit: 200 } });
  const plan = built(slow, "aws_api_gateway_usage_plan");
  expect(plan.throttle_settings).toEqual({ rate_limit: 1.67, burst_limit: 200 });
  expect(plan.quota_settings).toBeUndefined();
});

test("where user pools are given, routes with a key ask for a token as well, and public ones don't", () => {
  const pool = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_abc";
  const { stack: both } = newApi({ userPoolArns: [pool] });
  expect(built(both, "aws_api_gateway_authorizer")).toMatchObject({
    name: "tap-records-dev-us-east-1",
    type: "COGNITO_USER_POOLS",
    provider_arns: [pool],
  });
  for (const { method, path, attributes } of builtRoutes(both)) {
    const isData = path !== "/health" && method !== "OPTIONS";
    expect([attributes.authorization, attributes.authorizer_id !== undefined, attributes.api_key_required]).toEqual(
      isData ? ["COGNITO_USER_POOLS", true, true] : ["NONE", false, false],
    );
  }
  expect(all("aws_api_gateway_authorizer")).toEqual([]);
});

test("STR-06 the shares of 4XX and 5XX and the latency raise alarms", () => {
  const { stack: other } = newApi({ clientErrorRatePercent: 40, latencyMilliseconds: 3_000 });
  const dimensions = { ApiName: "tap-records-dev-us-east-1", Stage: "live" };
  const share = (metric_name: string) => [
    { id: "value", expression: "100 * share", return_data: true },
    { id: "share", metric: { namespace: "AWS/ApiGateway", metric_name, dimensions, stat: "Average" } },
  ];
  expect(built(other, "aws_cloudwatch_metric_alarm", "Api_Alarms_client")).toMatchObject({
    alarm_name: "tap-records-client-errors-dev-us-east-1",
    threshold: 40,
    metric_query: share("4XXError"),
  });
  expect(built(other, "aws_cloudwatch_metric_alarm", "Api_Alarms_server")).toMatchObject({
    threshold: 5,
    metric_query: share("5XXError"),
  });
  expect(built(other, "aws_cloudwatch_metric_alarm", "Api_Alarms_latency")).toMatchObject({
    threshold: 3_000,
    metric_name: "Latency",
    dimensions,
    extended_statistic: "p99",
    evaluate_low_sample_count_percentiles: "ignore",
  });
});

test("its outputs are references to what AWS knows", () => {
  const { stack: other, api } = newApi();
  const values = {
    id: api.id,
    arn: api.arn,
    execution: api.executionArn,
    stage_name: api.stageName,
    stage: api.stageArn,
    url: api.invokeUrl,
  };
  other.addOutputs(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { description: name, value }])),
  );
  const { output } = other.toTerraform();
  expect(Object.values(output).map((each) => (each as { value: string }).value)).toEqual([
    restApiId,
    expect.stringMatching(/^\$\{aws_api_gateway_rest_api\.\w+\.arn\}$/),
    expect.stringMatching(/^\$\{aws_api_gateway_rest_api\.\w+\.execution_arn\}$/),
    expect.stringMatching(/^\$\{aws_api_gateway_stage\.\w+\.stage_name\}$/),
    expect.stringMatching(/^\$\{aws_api_gateway_stage\.\w+\.arn\}$/),
    expect.stringMatching(/^\$\{aws_api_gateway_stage\.\w+\.invoke_url\}$/),
  ]);
  expect(api.name).toBe("tap-records-dev-us-east-1");
});

test("two APIs of one component are told apart by their names, and both can be built", () => {
  const { stack: named } = newApi({ resource: "items" });
  const names = (type: string) => all(type, named).map(({ name }) => name);
  expect(names("aws_api_gateway_rest_api")).toEqual(["tap-records-items-dev-us-east-1"]);
  expect(names("aws_api_gateway_usage_plan")).toEqual(["tap-records-items-dev-us-east-1"]);
  expect(names("aws_api_gateway_api_key")).toEqual(["tap-records-items-default-dev-us-east-1"]);
  expect(names("aws_cloudwatch_log_group")).toContain("tap-records-items-access-dev-us-east-1");
  expect(names("aws_wafv2_web_acl")).toEqual(["tap-records-items-dev-us-east-1"]);
  expect(() => newApi({ definition: jobsDefinition })).not.toThrow();
});

const idParameter = { id: { description: "Id", schema: z.string() } };
const refused: [string, Partial<RestApiProps>, string][] = [
  [
    "a rate of 0",
    { throttling: { rateLimit: 0, burstLimit: 1 } },
    "throttling.rateLimit must be a number from 0.01 to 10000 (requests per second) (given 0)",
  ],
  ["a rate that is none", { throttling: { rateLimit: Number.NaN, burstLimit: 1 } }, "(given NaN)"],
  [
    "a burst over the quota",
    { throttling: { rateLimit: 1, burstLimit: 5_001 } },
    "throttling.burstLimit must be a whole number from 1 to 5000 (requests) (given 5001)",
  ],
  [
    "a rate of a key over the quota",
    { usagePlan: { rateLimit: 10_001, burstLimit: 1 } },
    "usagePlan.rateLimit must be a number from 0.01 to 10000 (requests per second) (given 10001)",
  ],
  [
    "a quota of 0",
    { usagePlan: { rateLimit: 1, burstLimit: 1, quotaLimit: 0 } },
    "usagePlan.quotaLimit must be a whole number from 1 (requests) (given 0)",
  ],
  [
    "a period without a quota",
    { usagePlan: { rateLimit: 1, burstLimit: 1, quotaPeriod: "WEEK" } },
    'usagePlan.quotaPeriod needs a quotaLimit (given "WEEK" alone)',
  ],
  [
    "an alarm over 100 %",
    { clientErrorRatePercent: 101 },
    "clientErrorRatePercent must be a whole number from 1 to 100 (percent) (given 101)",
  ],
  [
    "an alarm after the timeout",
    { latencyMilliseconds: 29_001 },
    "latencyMilliseconds must be a whole number from 1 to 29000 (milliseconds) (given 29001)",
  ],
  ["every origin", { allowedOrigins: ["*"] }, '(given "*")'],
  ["an origin with a path", { allowedOrigins: ["https://app.example.com/"] }, '(given "https://app.example.com/")'],
  ["an origin in plain HTTP", { allowedOrigins: ["http://app.example.com"] }, "allowedOrigins are exact"],
  [
    "an origin twice",
    { allowedOrigins: ["https://a.example", "https://a.example"] },
    'Each origin stands once (given "https://a.example" twice)',
  ],
  ["no client", { clients: [] }, "clients must name one at least, where a route asks for a key (given none)"],
  ["a client's name", { clients: ["Mobile App"] }, '(given "Mobile App")'],
  ["a client twice", { clients: ["a", "a"] }, 'Each client stands once (given "a" twice)'],
  ["a path without its slash", { definition: withRoutes({ path: "health" }) }, "(given GET health)"],
  [
    "a part of a path that nobody describes",
    { definition: withRoutes({ path: "/items/{id}" }) },
    "pathParameters of GET /items/{id} must be id (given none)",
  ],
  [
    "a header in upper case",
    { definition: withRoutes({ headers: { "If-Match": { description: "", schema: z.string() } } }) },
    'Headers of GET /health are written in lower case (given "If-Match")',
  ],
  [
    "an operation twice",
    { definition: withRoutes({}, { path: "/b" }) },
    'Each operationId stands once (given "getHealth" twice)',
  ],
  [
    "a route twice",
    { definition: withRoutes({}, { operationId: "b" }) },
    'Each route stands once (given "GET /health" twice)',
  ],
  [
    "two names for one part",
    {
      definition: withRoutes(
        { path: "/a/{id}", pathParameters: idParameter },
        { path: "/a/{key}/b", operationId: "b", pathParameters: { key: idParameter.id } },
      ),
    },
    "What follows /a/ must have one name (given {id} and {key})",
  ],
  [
    "a model's name",
    { definition: withRoutes({ body: { name: "Item-Input", schema: z.object({}) } }) },
    '(given "Item-Input")',
  ],
  [
    "two models of one name",
    { definition: withRoutes({ body: { name: "Problem", schema: z.object({}) } }) },
    'Two models are called "Problem"',
  ],
  ["no function", { functions: {} }, 'functions must have "health", which GET /health names (given none)'],
  [
    "an idle function",
    { definition: withRoutes({}), functions: newApi().functions },
    'No route names the function "items"',
  ],
];

test.each(refused)("%s is refused", (_, options, message) => {
  expect(() => newApi(options)).toThrow(message);
});

test("an origin is taken as browsers send it, and in no other form", () => {
  fc.assert(
    fc.property(fc.webUrl({ validSchemes: ["https"] }), (url) => {
      const { origin } = new URL(url);
      expect(() => checkOrigins([origin])).not.toThrow();
      if (url !== origin) expect(() => checkOrigins([url])).toThrow("allowedOrigins are exact");
    }),
  );
});
