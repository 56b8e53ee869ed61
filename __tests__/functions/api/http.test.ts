import type { APIGatewayProxyEvent } from "aws-lambda";
import type { createHttpHandler as Create } from "../../../functions/shared/http";
import { maximumBodyBytes } from "../../../functions/shared/http-body";
import { api as definition } from "../../../routes/api";
import type { Fate } from "../front";
import { httpEvent, seen } from "../http-events";
import { lambdaContext, linesOf } from "../lambda";
import { inTime } from "../passing-time";
import { create, health, type LocalApi, list, read, startApi, update } from "./local-api";

let api: LocalApi;
let createHttpHandler: typeof Create;
beforeAll(async () => {
  api = await startApi();
  ({ createHttpHandler } = await import("../../../functions/shared/http"));
});
afterAll(() => api.stop());
beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  api.east.lastFate = "pass";
});

const awsRequestId = "6b1d7a5e-0000-4000-8000-000000000003";
const never = new Promise<Fate>(() => undefined);
const denied = {
  status: 400,
  body: { __type: "com.amazonaws.dynamodb.v20120810#AccessDeniedException", message: "Internals of DynamoDB" },
};

describe("correlation", () => {
  test.each([
    ["8 characters", "aZ09_-aZ"],
    ["64 characters", "c".repeat(64)],
  ])("API-10 the caller's correlation id is returned, and in every line of the log: %s", async (_, id) => {
    const lines = await linesOf(async () => {
      const answer = await api.east.call({ ...list(), headers: { "X-CORRELATION-ID": id } });
      expect(answer.headers["x-correlation-id"]).toBe(id);
      const refused = await api.east.call({ ...read("n"), headers: { "x-correlation-id": id } });
      expect(refused).toMatchObject({ status: 404, headers: { "x-correlation-id": id } });
    });
    const logged = lines.filter((line) => "level" in line);
    expect(logged).toHaveLength(2);
    for (const line of logged)
      expect(line).toMatchObject({ correlation_id: id, gateway_request_id: "JKJaXmPLvHcESHA=" });
  });

  test.each([
    ["none", undefined],
    ["a short one", "c".repeat(7)],
    ["a long one", "c".repeat(65)],
    ["another line", "correlation\nid"],
    ["more than an id", '"},{"level":"ERROR"'],
  ])("API-10 a correlation id is made where the caller gives %s", async (_, id) => {
    const lines = await linesOf(async () => {
      const headers: Record<string, string> = id === undefined ? {} : { "x-correlation-id": id };
      const answer = await api.east.call({ ...list(), headers }, {}, { awsRequestId });
      expect(answer.headers["x-correlation-id"]).toBe(awsRequestId);
    });
    expect(lines.filter((line) => "level" in line)).toMatchObject([{ correlation_id: awsRequestId }]);
  });

  test("API-10 the item keeps the correlation id of its last change", async () => {
    const { body } = await api.east.call(create({ name: "one" }, undefined, { "x-correlation-id": "correlation-1" }));
    expect(await api.east.stored(body.id)).toMatchObject({ correlationId: { S: "correlation-1" } });
    const call = update(body.id, 1, { name: "two" });
    await api.east.call({ ...call, headers: { ...call.headers, "x-correlation-id": "correlation-2" } });
    expect(await api.east.stored(body.id)).toMatchObject({ correlationId: { S: "correlation-2" } });
  });
});

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

describe("headers", () => {
  test("API-09 every response has the security headers and says what its body is: answers and problems", async () => {
    const created = await api.east.call(create({ name: "one" }));
    const { id } = created.body;
    const answers = [
      created,
      await api.east.call(health),
      await api.east.call(list({ limit: "0" })),
      await api.east.call({ method: "DELETE", resource: "/items/{id}", path: { id }, headers: { "if-match": '"1"' } }),
    ];
    api.east.lastFate = denied;
    answers.push(await api.east.call(read(id)));
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 400, 204, 500]);
    for (const { headers } of answers) expect(headers).toMatchObject({ ...securityHeaders, vary: "Origin" });
    expect(answers.map(({ headers }) => headers["content-type"])).toEqual([
      "application/json",
      "application/json",
      "application/problem+json",
      undefined,
      "application/problem+json",
    ]);
  });

  test.each(["https://app.example.com", "https://admin.example.com:8443"])(
    "API-09 pages of an allowed origin may read what is answered, problems too: %s",
    async (origin) => {
      for (const call of [list(), list({ limit: "0" }), health])
        expect((await api.east.call({ ...call, headers: { Origin: origin } })).headers).toMatchObject({
          "access-control-allow-origin": origin,
          "access-control-expose-headers": "etag, location, retry-after, x-correlation-id",
          vary: "Origin",
        });
    },
  );

  test.each([
    ["none", undefined],
    ["another host", "https://evil.example.com"],
    ["a host that begins alike", "https://app.example.com.evil.com"],
    ["another port", "https://admin.example.com"],
    ["no TLS", "http://app.example.com"],
    ["all of the list", "https://app.example.com,https://admin.example.com:8443"],
    ["null", "null"],
    ["all", "*"],
  ])("API-09 pages of no other origin may: %s", async (_, origin) => {
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    const answer = await api.east.call({ ...list(), headers });
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
    expect(answer.headers).toMatchObject({ vary: "Origin" });
  });

  test.each(["*", "https://*.example.com", "https://app.example.com/", "app.example.com", "http://app.example.com"])(
    "API-09 what isn't an origin is refused at start: %s",
    (origin) => {
      process.env.ALLOWED_ORIGINS = `https://app.example.com,${origin}`;
      try {
        expect(() => jest.isolateModules(() => require("../../../functions/api/health/handler"))).toThrow(
          `ALLOWED_ORIGINS must be origins such as https://example.com (given "${origin}")`,
        );
      } finally {
        process.env.ALLOWED_ORIGINS = "https://app.example.com";
      }
    },
  );
});

const nameRule = "must be a text of 1 to 200 characters";
const bodyRule = "must be an object with name and, optionally, attributes, and no other keys";
const attributesRule = "must be an object of at most 32768 bytes of JSON in UTF-8";
const valueRule = "must be a text, a number, true or false";
const jsonRule = "must be JSON, without keys named __proto__";

describe("validation", () => {
  test.each<[string, unknown, [string, string][]]>([
    ["no name", {}, [["/body/name", nameRule]]],
    ["an empty name", { name: "" }, [["/body/name", nameRule]]],
    ["a long name", { name: "n".repeat(201) }, [["/body/name", nameRule]]],
    ["half a character", '{"name":"\\ud800"}', [["/body/name", nameRule]]],
    ["an unknown key", { name: "n", id: "a" }, [["/body", bodyRule]]],
    ["a list", [], [["/body", bodyRule]]],
    ["attributes that are a list", { name: "n", attributes: [] }, [["/body/attributes", attributesRule]]],
    ["deep attributes", { name: "n", attributes: { "a/b~c": {} } }, [["/body/attributes/a~1b~0c", valueRule]]],
    ["a number beyond numbers", '{"name":"n","attributes":{"a":1e999}}', [["/body/attributes/a", valueRule]]],
    ["a prototype", '{"name":"n","attributes":{"__proto__":1}}', [["/body", jsonRule]]],
    ["no JSON", "{name:1}", [["/body", jsonRule]]],
    ["nothing", "", [["/body", jsonRule]]],
    [
      "all at once",
      { name: 1, attributes: { a: null } },
      [
        ["/body/name", nameRule],
        ["/body/attributes/a", valueRule],
      ],
    ],
  ])("API-08 a body is refused, and all that is wrong is said: %s", async (_, body, errors) => {
    expect(await api.east.call(create(body), {}, { awsRequestId })).toMatchObject({
      status: 400,
      body: {
        type: "urn:tap:problem:invalid-request",
        title: "The request is not valid",
        status: 400,
        detail: "See errors: each names a place in the request, and its rule.",
        instance: `urn:uuid:${awsRequestId}`,
        errors: errors.map(([pointer, detail]) => ({ pointer, detail })),
      },
    });
  });

  test("API-08 path, query, headers and body are judged at once", async () => {
    const tag = 'must be one entity tag, as ETag had it, such as "3"';
    const call = { ...update("a b", 1, {}), headers: { "if-match": "*" } };
    expect((await api.east.call(call)).body.errors).toEqual([
      { pointer: "/path/id", detail: "must be 1 to 64 of A-Z a-z 0-9 _ -" },
      { pointer: "/headers/if-match", detail: tag },
      { pointer: "/body/name", detail: nameRule },
    ]);
    // Without its base, but not that alone.
    expect(await api.east.call({ ...call, headers: {} })).toMatchObject({ status: 400 });
    expect((await api.east.call(list({ limit: "101", cursor: "a b" }))).body.errors).toEqual([
      { pointer: "/query/limit", detail: "must be a whole number from 1 to 100" },
      { pointer: "/query/cursor", detail: "must be nextCursor of the page before" },
    ]);
    expect((await api.east.call({ method: "POST", resource: "/items", body: { name: "n" } })).body.errors).toEqual([
      { pointer: "/headers/idempotency-key", detail: "is required" },
    ]);
  });

  test.each(['"0"', '"01"', "1", 'W/"1"', '"1", "2"', "*", '"1234567890123456"'])(
    "API-16 If-Match is one entity tag: %s",
    async (tag) => {
      const call = { ...update("a", 1, { name: "n" }), headers: { "if-match": tag } };
      expect(await api.east.call(call)).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: "/headers/if-match" }] },
      });
    },
  );

  test.each([undefined, "text/plain", "application/jsonp", "application/x-www-form-urlencoded"])(
    "API-08 a body is JSON by its own account: %s",
    async (type) => {
      const call = create({ name: "n" });
      const event = httpEvent(call);
      const { "Content-Type": _, ...without } = event.headers;
      const headers = { ...without, ...(type && { "content-type": type }) };
      expect(await api.east.call(call, { headers })).toMatchObject({
        status: 415,
        body: { type: "urn:tap:problem:unsupported-media-type" },
      });
    },
  );

  test("API-08 a body may come in Base64, and with its character set", async () => {
    const call = create({ name: "€" }, undefined, { "Content-Type": "application/json; charset=utf-8" });
    const body = Buffer.from(JSON.stringify(call.body)).toString("base64");
    expect(await api.east.call(call, { body, isBase64Encoded: true })).toMatchObject({
      status: 201,
      body: { name: "€" },
    });
  });

  test("API-08 a body that is too large is not even read", async () => {
    const tooLarge = "[".repeat(maximumBodyBytes + 1);
    expect(await api.east.call(create(tooLarge))).toMatchObject({
      status: 413,
      body: { type: "urn:tap:problem:body-too-large" },
    });
    // As large as it may be, and as deep.
    expect(await api.east.call(create("[".repeat(maximumBodyBytes)))).toMatchObject({ status: 400 });
  });
});

describe("routes", () => {
  test.each([
    ["another path", { method: "GET", resource: "/nothing" }],
    ["another method", { method: "PATCH", resource: "/items/{id}", path: { id: "a" } }],
  ])("API-08 what is no route is answered as such: %s", async (_, call) => {
    expect(await api.east.call(call)).toMatchObject({ status: 404, body: { type: "urn:tap:problem:route-not-found" } });
  });

  test("API-08 data needs an API key, also where the gateway doesn't ask for one; health needs none", async () => {
    for (const call of [create({ name: "n" }), list(), read("a")])
      expect(await api.east.call({ ...call, apiKeyId: null })).toMatchObject({
        status: 403,
        body: { type: "urn:tap:problem:forbidden" },
      });
    expect(await api.east.call({ ...health, apiKeyId: null })).toMatchObject({ status: 200 });
  });

  test("API-08 each route of a function has an operation, and each operation a route", () => {
    expect(() => createHttpHandler(definition, "health", {})).toThrow("Routes and operations differ: getHealth");
    const operation = async () => ({ status: 200 });
    expect(() => createHttpHandler(definition, "health", { getHealth: operation, more: operation })).toThrow(
      "Routes and operations differ: more",
    );
  });
});

describe("trouble", () => {
  const problem = {
    type: "urn:tap:problem:internal",
    title: "Something went wrong on the server's side",
    status: 500,
    detail: "The logs have the cause, under this instance.",
    instance: `urn:uuid:${awsRequestId}`,
  };

  test("API-12 an error that nobody expects is answered, without internals; the log has its cause", async () => {
    api.east.lastFate = denied;
    const lines = await linesOf(async () => {
      const answer = await api.east.call(read("a"), {}, { awsRequestId });
      expect(answer).toMatchObject({ status: 500, body: problem });
      expect(answer.body).toEqual(problem);
    });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        operation_id: "getItem",
        error: expect.objectContaining({
          name: "AccessDeniedException",
          message: "Internals of DynamoDB",
          stack: expect.stringContaining("\n    at "),
        }),
      }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ InternalError: 1, service: "api" }));
  });

  test("API-12 an event that the gateway never makes is answered as well", async () => {
    const event = { ...httpEvent(list()), requestContext: undefined } as unknown as Partial<APIGatewayProxyEvent>;
    expect(await api.east.call(list(), event)).toMatchObject({ status: 500 });
    expect(await api.east.call(list(), { headers: null } as never)).toMatchObject({ status: 200 });
  });

  test("API-05 the function ends its work before the gateway gives up, whatever time Lambda leaves it", async () => {
    let left = 0;
    const handler = createHttpHandler(definition, "health", {
      getHealth: (_: never, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("late")))),
    });
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] });
    try {
      const start = Date.now();
      const answer = handler(httpEvent(health), lambdaContext({ getRemainingTimeInMillis: () => 30_000 })).then(
        (one) => {
          left = Date.now() - start;
          return one;
        },
      );
      await jest.advanceTimersByTimeAsync(26_999);
      expect(left).toBe(0);
      await jest.advanceTimersByTimeAsync(1);
      expect(seen(await answer)).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
      expect(left).toBe(27_000);
    } finally {
      jest.useRealTimers();
    }
  });

  test("API-05 nor does it work until Lambda ends it", async () => {
    api.east.lastFate = never;
    const { answer, milliseconds } = await inTime(200, () =>
      api.east.call(read("a"), {}, { getRemainingTimeInMillis: () => 1_200 }),
    );
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
    expect(milliseconds).toBe(200);
  });
});

describe("what nobody may see", () => {
  const secret = "Erika-Mustermann";
  const body = { name: secret, attributes: { [secret]: secret } };

  test.each<[string, () => Promise<unknown>]>([
    ["created", () => api.east.call(create(body))],
    ["a body that is no JSON", () => api.east.call(create(`{${secret}`))],
    ["a body that is none", () => api.east.call(create(JSON.stringify(secret)))],
    ["unknown keys", () => api.east.call(create({ ...body, [secret]: secret }))],
    ["deep attributes", () => api.east.call(create({ name: "n", attributes: { [secret]: { [secret]: 1 } } }))],
    ["stale", () => api.east.call(update("a", 7, body))],
    ["an id that can't be one", () => api.east.call(read(`${secret}@example.com`))],
    [
      "a header that can't be one",
      () => api.east.call({ ...read("a"), headers: { "x-correlation-id": `${secret} ` } }),
    ],
    ["a cursor that can't be one", () => api.east.call(list({ cursor: `${secret}.${secret}` }))],
    [
      "attributes that were stored as no JSON",
      async () => {
        const { id } = (await api.east.call(create({ name: "n" }))).body;
        await api.east.put({ ...(await api.east.stored(id)), attributes: { S: secret } });
        await api.east.call(read(id));
      },
    ],
    [
      "an error of DynamoDB",
      () => {
        api.east.lastFate = denied;
        return api.east.call(create(body));
      },
    ],
  ])("SEC-04 no log or metric has anything of the data: %s", async (_, work) => {
    const lines = await linesOf(work);
    expect(lines).not.toEqual([]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test("SEC-04 a problem tells no value", async () => {
    for (const call of [
      create(`{${secret}`),
      create({ name: { secret }, more: secret }),
      list({ cursor: `${secret}.a` }),
    ])
      expect(JSON.stringify((await api.east.call(call)).body)).not.toContain(secret);
  });
});
