import * as z from "zod/mini";
import { securityHeaders } from "../../routes/headers";
import type { ApiDefinition } from "../../routes/route";
import { allowedOrigins, builtRoute, builtRoutes, newApi } from "../support/built-api";

const { stack } = newApi();
const answers = (of = stack) =>
  Object.entries(of.toTerraform().resource.aws_api_gateway_integration_response as Record<string, Answer>);
const answerOf = (part: string, of = stack) =>
  answers(of).find(([name]) => name.includes(`${part}_Integ`))?.[1] as Answer;

interface Answer {
  status_code: string;
  response_parameters: Record<string, string>;
  response_templates: Record<string, string>;
}

const header = (answer: Answer, name: string) => answer.response_parameters[`method.response.header.${name}`];

test("API-09 each path with methods has a preflight, which the gateway answers by itself, without a key", () => {
  const preflights = builtRoutes(stack).filter(({ method }) => method === "OPTIONS");
  expect(preflights.map(({ path }) => path)).toEqual(["/health", "/items", "/items/{id}"]);
  for (const { attributes, integration, responses } of preflights) {
    expect(attributes).toMatchObject({ authorization: "NONE", api_key_required: false });
    expect(integration).toMatchObject({
      type: "MOCK",
      request_templates: { "application/json": '{"statusCode":204}' },
      passthrough_behavior: "WHEN_NO_TEMPLATES",
    });
    expect(Object.keys(responses)).toEqual(["204"]);
  }
  expect(answers()).toHaveLength(3);
});

test("API-09 a preflight allows the methods and headers of its path, and no other", () => {
  expect(header(answerOf("items_"), "access-control-allow-methods")).toBe("'DELETE,GET,PUT'");
  expect(header(answerOf("items_"), "access-control-allow-headers")).toBe(
    "'content-type,if-match,x-api-key,x-correlation-id'",
  );
  expect(header(answerOf("health"), "access-control-allow-methods")).toBe("'GET'");
  expect(header(answerOf("health"), "access-control-allow-headers")).toBe("'x-correlation-id'");
  expect(header(answerOf("health"), "access-control-max-age")).toBe("'7200'");
  const { stack: withToken } = newApi({ userPoolArns: ["arn:aws:cognito-idp:us-east-1:111111111111:userpool/a"] });
  expect(header(answerOf("items", withToken), "access-control-allow-headers")).toBe(
    "'authorization,content-type,idempotency-key,x-api-key,x-correlation-id'",
  );
});

/** All of the template but its list. */
const comparing = [
  '#set($origin = $input.params().header.get("Origin"))',
  '#if(!$origin)#set($origin = $input.params().header.get("origin"))#end',
  "#foreach($allowed in LIST)",
  "#if($origin == $allowed)#set($context.responseOverride.header.access-control-allow-origin = $allowed)#end",
  "#end",
].join("\n");

test.each([[[]], [["https://a.example"]], [allowedOrigins]])(
  "API-09 a preflight names the origin where it is one of %j, letter by letter, and none otherwise",
  (origins: string[]) => {
    const { stack: built } = newApi({ allowedOrigins: origins });
    for (const [, answer] of answers(built)) {
      const template = answer.response_templates["application/json"] as string;
      const [list = ""] = template.match(/\[.*\]/) ?? [];
      expect(JSON.parse(list)).toEqual(origins);
      expect(template.replace(list, "LIST")).toBe(comparing);
      // Or the fixed value would stand where the template finds none.
      expect(header(answer, "access-control-allow-origin")).toBeUndefined();
      expect(header(answer, "vary")).toBe("'Origin'");
    }
    expect(JSON.stringify(answers(built))).not.toContain("*");
  },
);

test("API-09 a preflight has the headers of every response, and declares all that it has", () => {
  const answer = answerOf("items_");
  for (const [name, value] of Object.entries(securityHeaders)) expect(header(answer, name)).toBe(`'${value}'`);
  const declared = builtRoute(stack, "OPTIONS", "/items/{id}").responses["204"]?.response_parameters as object;
  expect(Object.keys(declared).sort()).toEqual(
    [...Object.keys(answer.response_parameters), "method.response.header.access-control-allow-origin"].sort(),
  );
});

test("a path above others that has no method of its own has no preflight", () => {
  const definition: ApiDefinition = {
    component: "api",
    title: "Deep",
    description: "Deep",
    version: "1.0.0",
    routes: [
      {
        method: "GET",
        path: "/a/{id}/b",
        operationId: "getB",
        summary: "B",
        access: "public",
        function: "b",
        pathParameters: { id: { description: "Id", schema: z.string() } },
        responses: { 204: { description: "Nothing" } },
      },
    ],
  };
  const { stack: deep } = newApi({ definition, clients: [] });
  expect(builtRoutes(deep).map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /a/{id}/b",
    "OPTIONS /a/{id}/b",
  ]);
});
