import fc from "fast-check";
import * as z from "zod/mini";
import type { RestApiProps } from "../../constructs/rest-api";
import { api as itemsDefinition } from "../../routes/api";
import type { ApiDefinition, Model, Parameter, Response, Route } from "../../routes/route";
import { newApi } from "../support/built-api";
import { built } from "../support/constructed";

function triggerOf(options: Partial<RestApiProps> = {}, environment?: string): string {
  const { triggers } = built(newApi(options, environment).stack, "aws_api_gateway_deployment");
  return (triggers as { redeployment: string }).redeployment;
}

test("a deployment waits for all that it takes a picture of, and the stage moves to it before the old one goes", () => {
  const { stack } = newApi();
  const deployment = built(stack, "aws_api_gateway_deployment");
  expect(deployment.lifecycle).toEqual({ create_before_destroy: true });
  const pictured = Object.entries(stack.toTerraform().resource)
    .filter(([type]) =>
      /^aws_api_gateway_(resource|method|integration|model|request|gateway|rest_api|.*_response)/.test(type),
    )
    .filter(([type]) => type !== "aws_api_gateway_method_settings")
    .flatMap(([type, byName]) => Object.keys(byName as object).map((name) => `${type}.${name}`));
  expect([...(deployment.depends_on as string[])].sort()).toEqual(pictured.sort());
  expect(deployment.triggers).toEqual({ redeployment: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(built(stack, "aws_api_gateway_stage").deployment_id).toMatch(/^\$\{aws_api_gateway_deployment\.\w+\.id\}$/);
});

test("the same table is the same deployment, each time", () => {
  expect(triggerOf()).toBe(triggerOf());
});

const word = fc.stringMatching(/^[a-z]{1,6}$/);
const text = fc.string({ minLength: 1, maxLength: 30 });
const model = (name: string): fc.Arbitrary<Model> =>
  fc
    .uniqueArray(word, { minLength: 1, maxLength: 3 })
    .map((keys) => ({ name, schema: z.strictObject(Object.fromEntries(keys.map((key) => [key, z.string()]))) }));
const parameter: fc.Arbitrary<Parameter> = fc.record({
  description: text,
  schema: fc.constant(z.string()),
  required: fc.boolean(),
});
const response = (name: string): fc.Arbitrary<Response> =>
  fc.record(
    { description: text, body: model(name), headers: fc.dictionary(word, text, { maxKeys: 2 }) },
    { requiredKeys: ["description"] },
  );

/** A route of a path and an operation of its own, so that a table of several is one that is taken. */
const routeNumber = (index: number): fc.Arbitrary<Route> =>
  fc.record(
    {
      method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
      path: word.map((part) => `/${part}/r${index}`),
      operationId: word.map((name) => `${name}${index}`),
      summary: text,
      access: fc.constantFrom("public", "key"),
      function: fc.constantFrom("one", "two"),
      queryParameters: fc.dictionary(word, parameter, { minKeys: 1, maxKeys: 2 }),
      headers: fc.dictionary(word, parameter, { minKeys: 1, maxKeys: 2 }),
      body: model(`Input${index}`),
      responses: fc.dictionary(fc.integer({ min: 200, max: 299 }).map(String), response(`Output${index}`), {
        minKeys: 1,
        maxKeys: 2,
      }) as fc.Arbitrary<Record<number, Response>>,
    },
    { requiredKeys: ["method", "path", "operationId", "summary", "access", "function", "responses"] },
  ) as fc.Arbitrary<Route>;
const table: fc.Arbitrary<ApiDefinition> = fc
  .integer({ min: 1, max: 3 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => routeNumber(index))))
  .map((routes) => ({ ...itemsDefinition, routes }))
  // Two models of one name, and status 204 with and without, are refused, which is tested elsewhere.
  .filter((definition) => definition.routes.every((route) => modelsAgree(route)));

function modelsAgree({ responses }: Route): boolean {
  return Object.values(responses).filter(({ body }) => body !== undefined).length <= 1;
}

/** What callers of a table can see, in words that know nothing of the gateway. */
function visible({ routes }: ApiDefinition): string {
  const schema = (body?: Model) => body && [body.name, z.toJSONSchema(body.schema)];
  const parameters = (of: Route["headers"] = {}, insists: boolean) =>
    Object.entries(of)
      .map(([name, { required = false }]) => [name, insists && required])
      .sort();
  const lines = routes.map((route) => [
    route.method,
    route.path,
    route.operationId,
    route.access,
    route.function,
    parameters(route.queryParameters, true),
    // Which of them are required, the function says.
    parameters(route.headers, false),
    schema(route.body),
    Object.entries(route.responses)
      .map(([status, { body, headers = {} }]) => [status, schema(body), Object.keys(headers).sort()])
      .sort(),
  ]);
  return JSON.stringify(lines.sort());
}

test("two tables are one deployment exactly when callers can't tell them apart", () => {
  fc.assert(
    fc.property(table, table, (one, other) => {
      expect(triggerOf({ definition: one }) === triggerOf({ definition: other })).toBe(visible(one) === visible(other));
    }),
    { numRuns: 10 },
  );
});

/** One change of a table that callers can see. */
const changes: Record<string, (route: Route) => Route> = {
  "its method": (route) => ({ ...route, method: route.method === "GET" ? "POST" : "GET" }),
  "its path": (route) => ({ ...route, path: `${route.path}/more` }),
  "its operation": (route) => ({ ...route, operationId: `${route.operationId}More` }),
  "who may call it": (route) => ({ ...route, access: route.access === "key" ? "public" : "key" }),
  "a parameter": (route) => ({
    ...route,
    queryParameters: { ...route.queryParameters, more: { description: "More", schema: z.string() } },
  }),
  "whether a parameter is required": (route) => ({
    ...route,
    queryParameters: {
      ...route.queryParameters,
      more: { description: "More", schema: z.string(), required: true },
    },
  }),
  "a header": (route) => ({
    ...route,
    headers: { ...route.headers, more: { description: "More", schema: z.string() } },
  }),
  "its body": (route) => ({ ...route, body: { name: "More", schema: z.strictObject({ more: z.number() }) } }),
  "a limit in its body": (route) => ({
    ...route,
    body: { name: "More", schema: z.strictObject({ more: z.number().check(z.lte(10)) }) },
  }),
  "an answer": (route) => ({ ...route, responses: { ...route.responses, 418: { description: "More" } } }),
  "a header of an answer": (route) => ({
    ...route,
    responses: { ...route.responses, 418: { description: "More", headers: { more: "More" } } },
  }),
};

test("each change of a table that callers can see is another deployment", () => {
  fc.assert(
    fc.property(table, (definition) => {
      const [first, ...others] = definition.routes as [Route, ...Route[]];
      const triggers = Object.values(changes).map((change) =>
        triggerOf({ definition: { ...definition, routes: [change(first), ...others] } }),
      );
      expect(new Set([triggerOf({ definition }), ...triggers]).size).toBe(triggers.length + 1);
    }),
    { numRuns: 3 },
  );
});

test("what callers can't see is the same deployment: texts, order, limits, logs, clients, tags, alarms", () => {
  fc.assert(
    fc.property(table, text, (definition, other) => {
      const retold = definition.routes.map((route) => ({
        ...route,
        summary: other,
        responses: Object.fromEntries(
          Object.entries(route.responses).map(([status, { headers, ...rest }]) => [
            status,
            {
              ...rest,
              description: other,
              ...(headers && { headers: Object.fromEntries(Object.keys(headers).map((name) => [name, other])) }),
            },
          ]),
        ),
      }));
      const same: Partial<RestApiProps>[] = [
        { definition: { ...definition, title: other, description: other, version: "9.9.9", routes: retold.reverse() } },
        { definition, throttling: { rateLimit: 7, burstLimit: 7 }, usagePlan: { rateLimit: 3, burstLimit: 3 } },
        { definition, clients: ["another", "one"], logRetentionDays: 3, latencyMilliseconds: 5 },
      ];
      expect(new Set([triggerOf({ definition }), ...same.map((options) => triggerOf(options))]).size).toBe(1);
    }),
    // A drawn table may be of one route, which has no other order: the items' own has all of it.
    { numRuns: 3, examples: [[itemsDefinition, "another text"]] },
  );
});

test("another origin, another pool of users and another region are other deployments", () => {
  const pool = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_";
  const triggers = [
    triggerOf(),
    triggerOf({ allowedOrigins: ["https://a.example"] }),
    triggerOf({ allowedOrigins: ["https://a.example", "https://b.example"] }),
    triggerOf({ userPoolArns: [`${pool}a`] }),
    triggerOf({ userPoolArns: [`${pool}b`] }),
    triggerOf({}, "staging"),
  ];
  expect(new Set(triggers).size).toBe(triggers.length);
});

test("what is put beside the API in its stack is nothing to it", () => {
  const { stack } = newApi();
  const before = built(stack, "aws_api_gateway_deployment").triggers;
  stack.addOutputs({ more: { description: "More", value: "more" } });
  expect(built(stack, "aws_api_gateway_deployment").triggers).toEqual(before);
});

test("an override of a part, made after it was built, is another deployment", () => {
  const { stack, api } = newApi();
  const before = built(stack, "aws_api_gateway_deployment").triggers;
  const integration = api.node.findAll().find(({ node }) => node.path.endsWith("GET_health/Integration"));
  (integration as unknown as { addOverride(path: string, value: unknown): void }).addOverride(
    "timeout_milliseconds",
    5,
  );
  expect(built(stack, "aws_api_gateway_deployment").triggers).not.toEqual(before);
});
