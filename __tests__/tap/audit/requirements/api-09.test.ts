import { toSubject } from "../../../../tap/audit/requirement";
import { api09 } from "../../../../tap/audit/requirements/api-09";
import { type Mutation, prove } from "../../../support/prove";
import { resource, subjectOf } from "../../../support/synthesized";
import { api, apiRoute, apiSetting, apiWith, apiWithin, apiWithout, apiWithoutRoute, routePart } from "./api-mutations";

const answer = "aws_api_gateway_gateway_response";
const response = "aws_api_gateway_method_response";
const preflightAnswer = "aws_api_gateway_integration_response";
const lambda = "aws_lambda_function";

/** Changes the template of a preflight; the origin in it is the environment's. */
const template = (from: string | RegExp, to: string): Mutation =>
  apiRoute(preflightAnswer, "OPTIONS /items/{id}", (attributes) => {
    const text = String((attributes.response_templates as Record<string, unknown>)["application/json"]);
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`The template has no ${from}`);
    attributes.response_templates = { "application/json": changed };
  });

/** Sets a header of a preflight; undefined takes it away. */
const preflightHeader = (name: string, value: string | undefined): Mutation =>
  apiRoute(preflightAnswer, "OPTIONS /items", (attributes) => {
    attributes.response_parameters = {
      ...(attributes.response_parameters as object),
      [`method.response.header.${name}`]: value,
    };
  });

const gatewayHeader = (type: string, name: string, value: string | undefined): Mutation =>
  api((stack) => {
    const { response_parameters } = resource(stack, answer, type);
    (response_parameters as Record<string, unknown>)[`gatewayresponse.header.${name}`] = value;
  });

/** Changes the body of what the gateway answers by itself. */
const gatewayBody = (type: string, change: (body: string) => string): Mutation =>
  api((stack) => {
    const found = Object.values(stack.json.resource?.[answer] ?? {}).find(
      ({ response_type }) => response_type === type,
    );
    const templates = found?.response_templates as Record<string, string>;
    const body = String(templates["application/json"]);
    const changed = change(body);
    if (changed === body) throw new Error(`The body of ${type} is what it was`);
    templates["application/json"] = changed;
  });

const securityHeaders = [
  "cache-control",
  "content-security-policy",
  "referrer-policy",
  "strict-transport-security",
  "x-content-type-options",
  "x-frame-options",
];

/** With two origins in the configuration, in the functions and in the preflights, errors of the gateway name none. */
const withTwoOrigins = (environment: string) => {
  const subject = subjectOf(environment);
  const second = "https://second.example.com";
  const environments = subject.environments.map((each) => ({
    ...each,
    api: { ...each.api, allowedOrigins: [...each.api.allowedOrigins, second] },
  }));
  for (const { json } of subject.stacks.filter(({ component }) => component === "api")) {
    for (const { environment: block } of Object.values(json.resource?.[lambda] ?? {})) {
      const { variables } = block as { variables: Record<string, string> };
      if (variables.ALLOWED_ORIGINS !== undefined) variables.ALLOWED_ORIGINS += `,${second}`;
    }
    for (const each of Object.values(json.resource?.[preflightAnswer] ?? {})) {
      const [[name = "", text = ""] = []] = Object.entries(each.response_templates as Record<string, string>);
      each.response_templates = { [name]: text.replace('"])', `", "${second}"])`) };
    }
  }
  return { subject: { ...subject, environments }, stacks: subject.stacks };
};

test.each(["dev", "prod"])(
  "API-09 lets errors of the gateway name an origin only where there is one, in %s",
  (name) => {
    const { subject, stacks } = withTwoOrigins(name);
    expect(api09.judge(toSubject(subject)).length).toBeGreaterThan(0);
    for (const { json } of stacks.filter(({ component }) => component === "api"))
      for (const { response_parameters } of Object.values(json.resource?.[answer] ?? {}))
        delete (response_parameters as Record<string, unknown>)["gatewayresponse.header.access-control-allow-origin"];
    expect(api09.judge(toSubject(subject))).toEqual([]);
  },
);

prove(
  api09,
  {
    ...Object.fromEntries(
      securityHeaders.flatMap((name): [string, Mutation][] => [
        [`preflights have no ${name}`, preflightHeader(name, undefined)],
        [`errors of the gateway have no ${name}`, gatewayHeader("THROTTLED", name, undefined)],
      ]),
    ),
    "items allows every origin": apiWithin(lambda, "items", "environment.variables.ALLOWED_ORIGINS", "*"),
    "health allows a further origin": apiWithin(
      lambda,
      "health",
      "environment.variables.ALLOWED_ORIGINS",
      "https://dev.example.com,https://evil.example.com",
    ),
    "items allows none": apiWithin(lambda, "items", "environment.variables.ALLOWED_ORIGINS", undefined),
    "items has no variables": apiSetting(lambda, "items", { environment: undefined }),
    "a function that answers nobody has origins": apiWithin(
      lambda,
      "replicate",
      "environment.variables.ALLOWED_ORIGINS",
      "*",
    ),
    "a preflight allows every origin": preflightHeader("access-control-allow-origin", "'*'"),
    "a preflight allows credentials": preflightHeader("access-control-allow-credentials", "'true'"),
    "a preflight repeats the origin": template("= $allowed)#end\n", "= $origin)#end\n"),
    "a preflight allows what isn't the origin": template("$origin == $allowed", "$origin != $allowed"),
    "a preflight allows origins that start alike": template("$origin == $allowed", "$origin.startsWith($allowed)"),
    "a preflight allows all": template("$origin == $allowed", "true"),
    "a preflight allows a further origin": template('"])', '", "https://evil.example.com"])'),
    "a preflight allows none": template(/\[".+"\]/, "[]"),
    "a preflight has no template": apiRoute(preflightAnswer, "OPTIONS /health", { response_templates: undefined }),
    "a preflight has a second template": apiRoute(preflightAnswer, "OPTIONS /health", (attributes) => {
      attributes.response_templates = {
        ...(attributes.response_templates as object),
        "text/plain": "#set($context.responseOverride.header.access-control-allow-origin = '*')",
      };
    }),
    "a preflight allows every method": preflightHeader("access-control-allow-methods", "'*'"),
    "a preflight allows a method that isn't there": preflightHeader("access-control-allow-methods", "'GET,PATCH,POST'"),
    "a preflight allows every header": preflightHeader("access-control-allow-headers", "'*'"),
    "a preflight allows no key": preflightHeader("access-control-allow-headers", "'content-type'"),
    "a preflight is kept for a month": preflightHeader("access-control-max-age", "'2592000'"),
    "caches mix origins up": preflightHeader("vary", undefined),
    "a path has no preflight": apiWithoutRoute("aws_api_gateway_method", "OPTIONS /items"),
    "a preflight has no integration": apiWithoutRoute("aws_api_gateway_integration", "OPTIONS /items"),
    "a preflight has no answer": apiWithoutRoute(preflightAnswer, "OPTIONS /items"),
    "a preflight has no response": apiWithoutRoute(response, "OPTIONS /items"),
    "a preflight asks for a key": apiRoute("aws_api_gateway_method", "OPTIONS /items", { api_key_required: true }),
    "a preflight isn't checked": apiRoute("aws_api_gateway_method", "OPTIONS /items", {
      request_validator_id: undefined,
    }),
    "a preflight asks a function": apiRoute("aws_api_gateway_integration", "OPTIONS /items", (attributes, stack) => {
      Object.assign(attributes, {
        type: "AWS_PROXY",
        integration_http_method: "POST",
        uri: routePart(stack, "aws_api_gateway_integration", "GET /items").attributes.uri,
      });
    }),
    "a preflight lets other types of content pass": apiRoute("aws_api_gateway_integration", "OPTIONS /items", {
      passthrough_behavior: "WHEN_NO_MATCH",
    }),
    "a preflight answers 200": apiRoute("aws_api_gateway_integration", "OPTIONS /items", {
      request_templates: { "application/json": '{"statusCode":200}' },
    }),
    "a status of the table has no response": apiWithoutRoute(response, "PUT /items/{id}", 412),
    "a common error has no response": apiWithoutRoute(response, "GET /health", 503),
    "a status is beside the table": apiWith(response, (stack) => ({
      ...routePart(stack, response, "GET /health", 200).attributes,
      status_code: "418",
    })),
    "a response is of another model": apiRoute(
      response,
      "GET /items/{id}",
      (attributes, stack) => {
        attributes.response_models = routePart(stack, response, "GET /items", 200).attributes.response_models;
      },
      200,
    ),
    "an error is no problem": apiRoute(
      response,
      "GET /items/{id}",
      (attributes) => {
        const [model] = Object.values(attributes.response_models as object);
        attributes.response_models = { "application/json": model };
      },
      404,
    ),
    "a response has no headers": apiRoute(response, "GET /items/{id}", { response_parameters: undefined }, 200),
    "a response has a header less": apiRoute(
      response,
      "GET /items/{id}",
      (attributes) => {
        const { "method.response.header.x-correlation-id": _, ...rest } = attributes.response_parameters as Record<
          string,
          unknown
        >;
        attributes.response_parameters = rest;
      },
      200,
    ),
    "a response of a function is changed": apiWith(preflightAnswer, (stack) => ({
      ...routePart(stack, response, "GET /health", 200).attributes,
      response_parameters: { "method.response.header.access-control-allow-origin": "'*'" },
    })),
    "the gateway answers as it likes when it throttles": apiWithout(answer, "THROTTLED"),
    "the gateway answers as it likes": apiWithout(answer, "DEFAULT_5XX"),
    "an answer isn't made": apiSetting(answer, "DEFAULT_4XX", { count: 0 }),
    "an answer is of another API": apiSetting(answer, "DEFAULT_4XX", { rest_api_id: "abcdefghij" }),
    "errors of the gateway allow every origin": gatewayHeader("DEFAULT_4XX", "access-control-allow-origin", "'*'"),
    "errors of the gateway repeat the origin": gatewayHeader(
      "DEFAULT_4XX",
      "access-control-allow-origin",
      "method.request.header.origin",
    ),
    "errors of the gateway allow another origin": gatewayHeader(
      "WAF_FILTERED",
      "access-control-allow-origin",
      "'https://evil.example.com'",
    ),
    "errors of the gateway allow no origin": gatewayHeader("WAF_FILTERED", "access-control-allow-origin", undefined),
    "errors of the gateway are HTML": gatewayHeader("DEFAULT_5XX", "content-type", "'text/html'"),
    "nobody is told when to come again": gatewayHeader("THROTTLED", "retry-after", undefined),
    "a refusal is a success": apiSetting(answer, "INVALID_API_KEY", { status_code: "200" }),
    "a refusal has the gateway's own status": apiSetting(answer, "INVALID_API_KEY", { status_code: undefined }),
    "an error has the gateway's own body": apiSetting(answer, "DEFAULT_5XX", { response_templates: undefined }),
    "an error has a second body": apiWithin(answer, "DEFAULT_5XX", "response_templates.text/html", "<p>no</p>"),
    "an error is no JSON": gatewayBody("DEFAULT_5XX", () => "Internal error"),
    "an error says what failed inside": gatewayBody("DEFAULT_5XX", (body) =>
      body.replace(/"detail":"[^"]*"/, '"detail":$context.error.messageString,"x":"$context.integrationErrorMessage"'),
    ),
    "an error repeats the request": gatewayBody("BAD_REQUEST_BODY", (body) =>
      body.replace(/"detail":"[^"]*"/, '"detail":"$context.error.validationErrorString"'),
    ),
    "an error has another status in it": gatewayBody("THROTTLED", (body) => body.replace("429", "400")),
    "an error can't be found in the logs": gatewayBody("DEFAULT_5XX", (body) =>
      body.replace('"instance":"urn:uuid:$context.requestId",', ""),
    ),
    "an error is of no type": gatewayBody("DEFAULT_5XX", (body) => body.replace(/urn:tap:problem:/, "https://x/")),
    "an error has a key beside problem details": gatewayBody("DEFAULT_5XX", (body) =>
      body.replace(/\}$/, ',"stack":"x"}'),
    ),
    "there is no API": apiWithout("aws_api_gateway_rest_api", "RestApi"),
  },
  { alone: true, without: ["files", "stream"] },
);
