import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient, PutFunctionConcurrencyCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { describeWithEmulator } from "../support/emulator";
import {
  awsClientIn,
  entriesOf,
  eventually,
  type HttpAnswer,
  invoke,
  localState,
  primaryRegion,
  request,
  restApiOf,
  scenario,
  secondRegion,
  targetOf,
  withUsagePlan,
} from "../support/local-environment";

jest.setTimeout(300_000);

/* The multi-region API, as its clients use it: over HTTP, in both regions of dev. */

const system = "api";
const origin = "https://dev.example.com";
const newKey = () => crypto.randomUUID();

function create(name: string, more: { region?: string; key?: string; headers?: Record<string, string> } = {}) {
  const { region, key = newKey(), headers = {} } = more;
  const body = { name, attributes: { n: 1, flag: true, text: "ä🙂" } };
  return request({
    system,
    region,
    method: "POST",
    path: "/items",
    body,
    headers: { "idempotency-key": key, ...headers },
  });
}

const read = (id: unknown, region?: string) => request({ system, region, path: `/items/${id}` });

function change(id: unknown, version: number, name: string, region?: string): Promise<HttpAnswer> {
  const headers = { "if-match": `"${version}"` };
  return request({ system, region, method: "PUT", path: `/items/${id}`, body: { name }, headers });
}

function remove(id: unknown, version: number, region?: string): Promise<HttpAnswer> {
  const headers = { "if-match": `"${version}"` };
  return request({ system, region, method: "DELETE", path: `/items/${id}`, headers });
}

/** Waits for what another region makes of an item. */
function arrival(id: unknown, region: string, version: number): Promise<HttpAnswer> {
  return eventually(
    `Version ${version} of item ${id} in ${region}`,
    () => read(id, region),
    ({ body }) => body.version === version,
  );
}

const regions = [primaryRegion, secondRegion] as const;
const other = (region: string) => (region === primaryRegion ? secondRegion : primaryRegion);

describeWithEmulator("the API", () => {
  for (const region of regions) {
    scenario(
      `an item's life in ${region}`,
      [
        { function: "api/items", action: "dynamodb:PutItem", region },
        { function: "api/items", action: "dynamodb:GetItem", region },
        { function: "api/items", action: "dynamodb:UpdateItem", region },
      ],
      async () => {
        const created = await create("one", { region });
        expect(created).toMatchObject({ status: 201, body: { name: "one", version: 1, origin: region } });
        const { id } = created.body;
        expect([created.headers.get("etag"), created.headers.get("location")]).toEqual([
          '"1"',
          expect.stringMatching(new RegExp(`/items/${id}$`)),
        ]);
        expect(await read(id, region)).toMatchObject({ status: 200, body: created.body });
        expect(await change(id, 1, "two", region)).toMatchObject({ status: 200, body: { name: "two", version: 2 } });
        expect(await change(id, 1, "three", region)).toMatchObject({ status: 412, body: { currentVersion: 2 } });
        expect(await remove(id, 1, region)).toMatchObject({ status: 412, body: { currentVersion: 2 } });
        expect(await remove(id, 2, region)).toMatchObject({ status: 204 });
        expect(await read(id, region)).toMatchObject({ status: 404 });
        expect(await change(id, 2, "four", region)).toMatchObject({ status: 404 });
      },
    );

    scenario(
      `what is created in ${region} is read in the other, with the request's correlation id all the way`,
      [
        { function: "api/replicate", action: "sns:Publish", region },
        { function: "api/messages", action: "dynamodb:PutItem", region: other(region) },
      ],
      async () => {
        const from = Date.now();
        const correlationId = `e2e-${newKey()}`;
        const created = await create("seen", { region, headers: { "x-correlation-id": correlationId } });
        expect(created.headers.get("x-correlation-id")).toBe(correlationId);
        const { id } = created.body;
        expect((await arrival(id, other(region), 1)).body).toEqual(created.body);
        const lines = async (name: string, at: string) =>
          (await entriesOf(name, from, at))
            .filter(({ correlation_id }) => correlation_id === correlationId)
            .map(({ message }) => message);
        // A function's log is written when it has ended.
        for (const [name, at, message] of [
          ["api/items", region, "Item created"],
          ["api/replicate", region, "Change published"],
          ["api/messages", other(region), "Message taken in"],
        ] as const)
          await eventually(
            `"${message}" of ${correlationId} in the log of ${name} in ${at}`,
            () => lines(name, at),
            (messages) => messages.includes(message),
          );
        // It is changed where it belongs, and nowhere else.
        expect(await change(id, 1, "not here", other(region))).toMatchObject({
          status: 409,
          body: { type: "urn:tap:problem:other-region" },
        });
        await change(id, 1, "changed", region);
        expect((await arrival(id, other(region), 2)).body.name).toBe("changed");
        await remove(id, 2, region);
        await eventually(
          `The deletion of ${id} in ${other(region)}`,
          () => read(id, other(region)),
          ({ status }) => status === 404,
        );
      },
    );

    scenario(
      `lists page by page in ${region}, by a cursor that nobody else can make`,
      [
        { function: "api/items", action: "dynamodb:Scan", region },
        { function: "api/items", action: "kms:GenerateMac", region, isKept: true },
      ],
      async () => {
        const made = await Promise.all([1, 2, 3].map((n) => create(`listed ${n}`, { region })));
        const wanted = made.map(({ body }) => body.id);
        const seen: unknown[] = [];
        let path = "/items?limit=2";
        for (let page = 0; path !== "" && page < 500; page += 1) {
          const { status, body } = await request({ system, region, path });
          expect(status).toBe(200);
          seen.push(...(body.items as { id: string }[]).map(({ id }) => id));
          path = body.nextCursor === undefined ? "" : `/items?limit=2&cursor=${body.nextCursor}`;
        }
        expect(seen).toEqual(expect.arrayContaining(wanted));
        expect(new Set(seen).size).toBe(seen.length);
        const { body } = await request({ system, region, path: "/items?limit=2" });
        const forged = String(body.nextCursor).replace(/.$/, (last) => (last === "A" ? "B" : "A"));
        expect((await request({ system, region, path: `/items?limit=2&cursor=${forged}` })).status).toBe(400);
      },
    );

    scenario(
      `health says what works in ${region}, and whether the other was heard of lately`,
      [
        { function: "api/health", action: "dynamodb:GetItem", region },
        { function: "api/messages", action: "dynamodb:PutItem", region },
        { function: "api/replicate", action: "sns:Publish", region: other(region) },
      ],
      async () => {
        const health = () => request({ system, region, path: "/health", headers: { "x-api-key": "" } });
        const isSaid = (status: string, items: string, peer: string) => (answer: HttpAnswer) =>
          answer.status === 200 &&
          JSON.stringify([answer.body.status, answer.body.dependencies]) ===
            JSON.stringify([status, { items, [other(region)]: peer }]);
        const impaired = async () => {
          await lastHeardOf(other(region), region, Date.now() - 10 * 60_000);
          return await health();
        };
        // The schedule may come in between.
        await eventually(`That ${other(region)} has gone silent`, impaired, isSaid("degraded", "ok", "impaired"));
        // As the schedule does each minute.
        const event = { source: "aws.events", id: newKey(), "detail-type": "Scheduled Event", detail: {} };
        const heartbeat = await invoke("api/replicate", event, other(region));
        if (heartbeat.error !== undefined) throw new Error(heartbeat.log);
        await eventually(`A word of ${other(region)}`, health, isSaid("ok", "ok", "ok"));
      },
    );
  }

  scenario(
    "only who has a key of this API, in this region, gets in",
    { function: "api/items", action: "dynamodb:Scan" },
    async () => {
      const list = (key: string) => request({ system, path: "/items?limit=1", headers: { "x-api-key": key } });
      expect((await list(restApiOf(system).key)).status).toBe(200);
      const strangers = ["", "wrong", restApiOf(system, secondRegion).key, restApiOf("jobs").key];
      for (const key of strangers)
        expect(await list(key)).toMatchObject({ status: 403, body: { type: "urn:tap:problem:forbidden" } });
      expect((await request({ system, path: "/health", headers: { "x-api-key": "" } })).status).toBe(200);
    },
  );

  scenario(
    "pages of an allowed origin may ask, and read what is answered",
    { function: "api/items", action: "dynamodb:Scan" },
    async () => {
      const preflight = await request({
        system,
        method: "OPTIONS",
        path: "/items",
        headers: { "x-api-key": "", origin, "access-control-request-method": "POST" },
      });
      // Its allowed origin is made by a mapping template, of which the emulator makes nothing.
      expect(preflight.status).toBe(204);
      const headerOf = ({ headers }: HttpAnswer, name: string) => headers.get(`access-control-${name}`);
      expect(headerOf(preflight, "allow-methods")?.split(",").sort()).toEqual(["GET", "POST"]);
      expect(headerOf(preflight, "allow-headers")?.split(",")).toEqual(
        expect.arrayContaining(["content-type", "idempotency-key", "x-api-key"]),
      );
      const answered = await request({ system, path: "/items?limit=1", headers: { origin } });
      expect([answered.status, headerOf(answered, "allow-origin")]).toEqual([200, origin]);
      expect(answered.headers.get("vary")).toContain("Origin");
      const refused = await request({ system, path: "/items", headers: { origin, "x-api-key": "" } });
      expect([refused.status, headerOf(refused, "allow-origin")]).toEqual([403, origin]);
      const stranger = await request({ system, path: "/items?limit=1", headers: { origin: "https://other.example" } });
      expect([stranger.status, headerOf(stranger, "allow-origin")]).toEqual([200, null]);
    },
  );

  scenario(
    "a repeated create is answered as the first time, and makes one item",
    { function: "api/items", action: "dynamodb:GetItem" },
    async () => {
      const key = newKey();
      const first = await create("once", { key });
      const again = await create("once", { key });
      expect([again.status, again.body]).toEqual([201, first.body]);
      const at = Promise.all([1, 2, 3].map(() => create("at once", { key: `${key}-2` })));
      expect(new Set((await at).map(({ status, body }) => `${status} ${body.id} ${body.version}`)).size).toBe(1);
      expect(await create("another", { key })).toMatchObject({
        status: 409,
        body: { type: "urn:tap:problem:idempotency-conflict" },
      });
      // Whatever has become of it since.
      await change(first.body.id, 1, "later");
      expect(await create("once", { key })).toMatchObject({ status: 201, body: first.body });
    },
  );

  scenario(
    "a region that is down has all in the end, and the other goes on",
    [
      { function: "api/messages", action: "dynamodb:PutItem", region: secondRegion },
      { function: "api/replicate", action: "sns:Publish", region: secondRegion },
    ],
    async () => {
      // What it hasn't told by then, it tells afterwards.
      const own = (await create("of its own", { region: secondRegion })).body.id;
      const [changed, deleted] = await whileDown(secondRegion, async () => {
        const answers = [await read(own, secondRegion), await create("nowhere", { region: secondRegion })];
        for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(429);
        const made = await Promise.all(["changed", "deleted"].map((name) => create(name)));
        const ids = made.map(({ body }) => body.id);
        expect(await change(ids[0], 1, "changed meanwhile")).toMatchObject({ status: 200 });
        expect(await remove(ids[1], 1)).toMatchObject({ status: 204 });
        expect(await read(ids[0])).toMatchObject({ status: 200, body: { version: 2 } });
        return ids;
      });
      expect((await arrival(changed, secondRegion, 2)).body.name).toBe("changed meanwhile");
      expect((await arrival(own, primaryRegion, 1)).body.origin).toBe(secondRegion);
      await eventually(
        `The deletion of ${deleted} in ${secondRegion}`,
        async () => (await messagesOf(deleted, secondRegion)).length,
        (count) => count === 2,
      );
      expect((await read(deleted, secondRegion)).status).toBe(404);
    },
  );

  scenario(
    "a region that hears nothing of the other goes on by itself, and has all in the end, in the state that it is in then",
    { function: "api/messages", action: "dynamodb:PutItem", region: secondRegion },
    async () => {
      const [changed, deleted, kept] = await whileDeaf(secondRegion, async () => {
        const made = await Promise.all(["changed", "deleted", "kept"].map((name) => create(name)));
        const ids = made.map(({ body }) => body.id);
        await change(ids[0], 1, "changed twice");
        await change(ids[0], 2, "changed in the end");
        await remove(ids[1], 1);
        const own = await create("of its own", { region: secondRegion });
        expect(own.status).toBe(201);
        expect((await arrival(own.body.id, primaryRegion, 1)).body.origin).toBe(secondRegion);
        for (const id of ids) expect((await read(id, secondRegion)).status).toBe(404);
        return ids;
      });
      expect((await arrival(changed, secondRegion, 3)).body.name).toBe("changed in the end");
      expect((await arrival(kept, secondRegion, 1)).body.name).toBe("kept");
      // A tombstone keeps a late message from bringing it back.
      await eventually(
        `Both messages about ${deleted} in ${secondRegion}`,
        async () => (await messagesOf(deleted, secondRegion)).length,
        (count) => count === 2,
      );
      expect((await read(deleted, secondRegion)).status).toBe(404);
    },
  );

  scenario(
    "who has used up a plan's limits is refused, with what browsers need, until there is room again",
    { function: "api/items", action: "dynamodb:Scan" },
    async () => {
      const list = () => request({ system, path: "/items?limit=1", headers: { origin } });
      expect((await list()).status).toBe(200);
      await withUsagePlan(system, { "/throttle/rateLimit": 1, "/throttle/burstLimit": 2 }, async () => {
        const answers = await Promise.all(Array.from({ length: 8 }, list));
        expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]));
        const refused = answers.find(({ status }) => status === 429);
        expect(refused?.body).toMatchObject({ status: 429, type: "urn:tap:problem:too-many-requests" });
        expect(refused?.headers.get("access-control-allow-origin")).toBe(origin);
        await eventually("Room for a request", list, ({ status }) => status === 200);
      });
      // More than that were made before.
      await withUsagePlan(system, { "/quota/limit": 1 }, async () => {
        const refused = await list();
        expect(refused).toMatchObject({ status: 429, body: { detail: expect.stringContaining("quota") } });
        expect(refused.headers.get("access-control-allow-origin")).toBe(origin);
      });
      expect((await list()).status).toBe(200);
    },
  );
});

/** Messages about an item that a region has taken in. */
async function messagesOf(id: unknown, region: string): Promise<unknown[]> {
  const entries = await entriesOf("api/messages", Date.now() - 10 * 60_000, region);
  return entries.filter(({ message, itemId }) => itemId === id && String(message).startsWith("Message"));
}

/** Says when a region was heard of last, in the table of another. */
async function lastHeardOf(region: string, inTableOf: string, milliseconds: number): Promise<void> {
  const Item = { id: { S: `~peer#${region}` }, heartbeatAt: { S: new Date(milliseconds).toISOString() } };
  const TableName = targetOf("api/items", "aws_dynamodb_table", inTableOf).name;
  await awsClientIn(inTableOf)(DynamoDBClient).send(new PutItemCommand({ TableName, Item }));
}

/** Nothing of the API runs in a region, does something, and lets it run again. */
async function whileDown<T>(region: string, run: () => Promise<T>): Promise<T> {
  const functions = ["items", "health", "replicate", "messages"].map((name) =>
    targetOf(`api/${name}`, "aws_lambda_function", region),
  );
  const limit = (concurrency: (declared: number) => number) =>
    Promise.all(
      functions.map(({ name, resource }) =>
        awsClientIn(region)(LambdaClient).send(
          new PutFunctionConcurrencyCommand({
            FunctionName: name,
            ReservedConcurrentExecutions: concurrency(Number(resource.values.reserved_concurrent_executions)),
          }),
        ),
      ),
    );
  await limit(() => 0);
  try {
    return await run();
  } finally {
    await limit((declared) => declared);
  }
}

/** Stops what takes messages of other regions in, does something, and starts it again. */
async function whileDeaf<T>(region: string, run: () => Promise<T>): Promise<T> {
  const mapping = Object.values(localState().resources).find(
    ({ type, stack, values }) =>
      type === "aws_lambda_event_source_mapping" &&
      stack === `tap-api-dev-${region}` &&
      String(values.event_source_arn).includes(":sqs:"),
  );
  const UUID = String(mapping?.computed.uuid ?? mapping?.computed.id);
  const enable = (Enabled: boolean) =>
    awsClientIn(region)(LambdaClient).send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  await enable(false);
  try {
    return await run();
  } finally {
    await enable(true);
  }
}
