import type { Fate } from "../front";
import { linesOf } from "../lambda";
import { inTime } from "../passing-time";
import { create, health, type LocalApi, type LocalRegion, list, read, remove, startApi, update } from "./local-api";

let api: LocalApi;
let east: LocalRegion;
beforeAll(async () => {
  api = await startApi();
  east = api.east;
});
afterAll(() => api.stop());
beforeEach(() => {
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  east.lastFate = "pass";
});

const never = new Promise<Fate>(() => undefined);
const broken: Fate = { status: 500, body: { __type: "InternalServerError" } };
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const heartbeat = (at: string) => JSON.stringify({ kind: "heartbeat", origin: "us-west-2", at });
const states = (items: string, west: string, status = "degraded") => ({
  status: 200,
  body: { status, region: "us-east-1", dependencies: { items, "us-west-2": west } },
});
/** Health, of which no answer is late: no time passes. */
const healthNow = async () => (await inTime(0, () => east.call(health))).answer;

test("API-12 health knows a region that was never heard of, one that was lately, and one that fell silent", async () => {
  expect(await healthNow()).toMatchObject(states("ok", "unknown"));
  await east.takeIn(heartbeat(minutesAgo(6)));
  expect(await healthNow()).toMatchObject(states("ok", "impaired"));
  await east.takeIn(heartbeat(minutesAgo(4)));
  expect(await healthNow()).toMatchObject(states("ok", "ok", "ok"));
  // Late, and twice.
  await east.takeIn(heartbeat(minutesAgo(9)), heartbeat(minutesAgo(9)));
  expect(await healthNow()).toMatchObject(states("ok", "ok", "ok"));
});

test("API-12 heartbeats are no items", async () => {
  await east.takeIn(heartbeat(minutesAgo(0)));
  expect((await east.call(list())).body).toEqual({ items: [] });
  expect(await east.call(read("~peer#us-west-2"))).toMatchObject({ status: 400 });
});

test.each<[string, Fate | Promise<Fate>]>([
  ["is broken", broken],
  ["is out of reach", "lose-request"],
  ["refuses", { status: 400, body: { __type: "AccessDeniedException" } }],
  ["never answers", never],
])("API-12 health answers 200 within its second while the table %s, and says so", async (_, fate) => {
  east.lastFate = fate;
  const lines = await linesOf(async () => {
    const { answer } = await inTime(1_000, () => east.call(health));
    expect(answer).toMatchObject(states("impaired", "unknown"));
  });
  expect(lines).toContainEqual(expect.objectContaining({ DependencyImpaired: [1, 1] }));
});

test("PLAT-14 Route 53 finds what it looks for while the table works, whatever the peers do, and not while it doesn't", async () => {
  const isFound = ({ body }: { body: unknown }) => JSON.stringify(body).includes('"items":"ok"');
  expect(isFound(await healthNow())).toBe(true);
  east.lastFate = broken;
  expect(isFound(await east.call(health))).toBe(false);
});

test("API-12 health is judged by what is stored, not by what is still on its way: reads are consistent", async () => {
  east.sent.length = 0;
  await healthNow();
  expect(east.sent).toEqual(Array(2).fill(expect.objectContaining({ ConsistentRead: true })));
});

test("API-12 while the table is down, reads and writes are refused with 503, and say when to try again", async () => {
  const { id } = (await east.call(create({ name: "one" }))).body;
  east.lastFate = broken;
  for (const call of [create({ name: "two" }), read(id), list(), update(id, 1, { name: "two" }), remove(id, 1)])
    expect(await east.call(call)).toMatchObject({
      status: 503,
      headers: { "retry-after": "2" },
      body: { type: "urn:tap:problem:unavailable", retryAfterSeconds: 2 },
    });
  east.lastFate = "pass";
  expect(await east.call(read(id))).toMatchObject({ status: 200 });
});

test("API-12 reads and writes work while SNS and the other region are down: changes wait in the stream", async () => {
  east.sns.fail(500, 1_000);
  const { id } = (await east.call(create({ name: "one" }))).body;
  expect(await east.call(update(id, 1, { name: "two" }))).toMatchObject({ status: 200 });
  expect(await east.call(read(id))).toMatchObject({ status: 200, body: { name: "two" } });
  expect((await east.call(list())).status).toBe(200);
  expect(east.sns.published).toEqual([]);
  east.sns.fail(500, 0);
});

describe("settings", () => {
  const load = (name: string) => () => jest.isolateModules(() => require(`../../../functions/api/${name}/handler`));

  test.each([
    ["items", ["TABLE_NAME", "CURSOR_KEY_ARN"]],
    ["replicate", ["TOPIC_ARN"]],
    ["messages", ["TABLE_NAME"]],
    ["health", ["TABLE_NAME"]],
  ])("API-12 a function that lacks settings fails before it takes a request, and names them: %s", (name, settings) => {
    for (const setting of [...settings, "AWS_REGION"]) {
      const before = process.env[setting];
      process.env[setting] = "";
      try {
        expect(load(name)).toThrow(`The function's environment lacks ${setting}`);
      } finally {
        process.env[setting] = before;
      }
    }
    expect(load(name)).not.toThrow();
  });

  test.each(["us-east-1", "somewhere", "us-west-2, eu-west-1"])("API-12 peers are other regions: %s", (region) => {
    const before = process.env.PEER_REGIONS;
    process.env.PEER_REGIONS = region;
    try {
      expect(load("health")).toThrow("PEER_REGIONS must be other regions");
    } finally {
      process.env.PEER_REGIONS = before;
    }
  });
});
