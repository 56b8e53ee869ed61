import { securityHeaders } from "../../routes/headers";
import { problem } from "../../routes/problem";
import { newApi } from "../support/built-api";
import type { EmptyStack } from "../support/constructed";

interface GatewayResponse {
  response_type: string;
  status_code: string;
  response_templates: Record<string, string>;
  response_parameters: Record<string, string>;
}

const responsesIn = (stack: EmptyStack): GatewayResponse[] =>
  Object.values(stack.toTerraform().resource.aws_api_gateway_gateway_response);
const responses = responsesIn(newApi().stack);
const responseOf = (type: string) => responses.find(({ response_type }) => response_type === type) as GatewayResponse;

/** What the gateway puts in: nothing but these, each as it is. */
const variables: Record<string, string> = {
  "$context.requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
  "$context.error.messageString": '"Missing required request parameters: [limit]"',
};

function rendered({ response_templates }: GatewayResponse): Record<string, unknown> {
  const text = (response_templates["application/json"] as string).replaceAll(/\$[\w.]+/g, (name) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`A gateway response may not say ${name}`);
    return value;
  });
  return JSON.parse(text);
}

test("API-09 every type of answer that the gateway has is one of the API's own", () => {
  // All of GatewayResponse in API Gateway's API reference.
  expect(responses.map(({ response_type }) => response_type).sort()).toEqual(
    [
      "DEFAULT_4XX",
      "DEFAULT_5XX",
      "RESOURCE_NOT_FOUND",
      "UNAUTHORIZED",
      "INVALID_API_KEY",
      "ACCESS_DENIED",
      "AUTHORIZER_FAILURE",
      "AUTHORIZER_CONFIGURATION_ERROR",
      "INVALID_SIGNATURE",
      "EXPIRED_TOKEN",
      "MISSING_AUTHENTICATION_TOKEN",
      "INTEGRATION_FAILURE",
      "INTEGRATION_TIMEOUT",
      "API_CONFIGURATION_ERROR",
      "UNSUPPORTED_MEDIA_TYPE",
      "BAD_REQUEST_PARAMETERS",
      "BAD_REQUEST_BODY",
      "REQUEST_TOO_LARGE",
      "THROTTLED",
      "QUOTA_EXCEEDED",
      "WAF_FILTERED",
    ].sort(),
  );
});

test.each([
  ["DEFAULT_4XX", 400],
  ["DEFAULT_5XX", 500],
  ["BAD_REQUEST_BODY", 400],
  ["BAD_REQUEST_PARAMETERS", 400],
  ["ACCESS_DENIED", 403],
  ["INVALID_API_KEY", 403],
  ["UNAUTHORIZED", 401],
  ["MISSING_AUTHENTICATION_TOKEN", 404],
  ["RESOURCE_NOT_FOUND", 404],
  ["REQUEST_TOO_LARGE", 413],
  ["UNSUPPORTED_MEDIA_TYPE", 415],
  ["THROTTLED", 429],
  ["QUOTA_EXCEEDED", 429],
  ["WAF_FILTERED", 403],
  ["INTEGRATION_FAILURE", 504],
  ["INTEGRATION_TIMEOUT", 504],
])("API-09 %s is answered with %i", (type, status) => {
  expect(responseOf(type).status_code).toBe(String(status));
});

test.each(responses.map((response) => [response.response_type, response] as const))(
  "API-09 %s is a problem, under the request's id, with the headers of every response",
  (_, response) => {
    const details = rendered(response);
    expect(problem.schema.safeParse(details).error).toBeUndefined();
    expect(details).toMatchObject({
      type: expect.stringMatching(/^urn:tap:problem:[a-z-]+$/),
      status: Number(response.status_code),
      instance: `urn:uuid:${variables["$context.requestId"]}`,
    });
    expect(response.response_parameters).toMatchObject({
      ...Object.fromEntries(
        Object.entries(securityHeaders).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]),
      ),
      "gatewayresponse.header.content-type": "'application/problem+json'",
    });
  },
);

test("only what names parameters of the table is repeated; nothing of a body is", () => {
  const saying = responses.filter((response) => JSON.stringify(response.response_templates).includes("$context.error"));
  expect(saying.map(({ response_type }) => response_type)).toEqual(["BAD_REQUEST_PARAMETERS"]);
  expect(rendered(responseOf("BAD_REQUEST_PARAMETERS")).detail).toBe("Missing required request parameters: [limit]");
});

test("who is throttled is told when to come again; when a quota begins anew, nobody knows", () => {
  const throttled = responseOf("THROTTLED");
  expect(throttled.response_parameters["gatewayresponse.header.retry-after"]).toBe("'1'");
  expect(rendered(throttled).retryAfterSeconds).toBe(1);
  expect(responseOf("QUOTA_EXCEEDED").response_parameters["gatewayresponse.header.retry-after"]).toBeUndefined();
});

test("API-09 Allow-Origin stands on errors of the gateway where one origin is configured, and only there", () => {
  const header = "gatewayresponse.header.access-control-allow-origin";
  const originsOf = (allowedOrigins: string[]) => [
    ...new Set(responsesIn(newApi({ allowedOrigins }).stack).map((response) => response.response_parameters[header])),
  ];
  expect(originsOf(["https://a.example"])).toEqual(["'https://a.example'"]);
  expect(originsOf(["https://a.example", "https://b.example"])).toEqual([undefined]);
  expect(originsOf([])).toEqual([undefined]);
});
