import { linesOf } from "../lambda";
import { configPath, delivered, itemOf, jobMessage, type LocalJobs, maximumReceives, startJobs } from "./local-jobs";

let jobs: LocalJobs;
let jobSettings: typeof import("../../../functions/jobs/settings").jobSettings;
beforeAll(async () => {
  jobs = await startJobs();
  ({ jobSettings } = await import("../../../functions/jobs/settings"));
});
afterAll(() => jobs.stop());
beforeEach(() => {
  setParameters({ paused: "false", "maximum-input-bytes": "1000" });
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
  jest.spyOn(Date, "now").mockImplementation(() => start + later);
});
afterEach(() => {
  jest.restoreAllMocks();
  jobs.fateOf = () => "pass";
});

function setParameters(values: Record<string, string>): void {
  jobs.aws.parameters.clear();
  for (const [name, value] of Object.entries(values)) jobs.aws.parameters.set(configPath + name, value);
}

/** Lets time go by, for what asks how old something is: no other time does. */
let later = 0;
const start = Date.now();
function wait(milliseconds: number): void {
  later += milliseconds;
}

const reads = () => jobs.aws.requests.filter(({ operation }) => operation === "AmazonSSM.GetParameters");

test("PLAT-18 settings are read in one call, by exactly their names, and kept for a minute", async () => {
  const before = reads().length;
  const settings = jobSettings();
  expect(await Promise.all([settings(), settings()])).toEqual(
    Array(2).fill({ paused: false, "maximum-input-bytes": 1_000 }),
  );
  setParameters({ paused: "true", "maximum-input-bytes": "2000" });
  wait(59_999);
  expect(await settings()).toEqual({ paused: false, "maximum-input-bytes": 1_000 });
  expect(
    reads()
      .slice(before)
      .map(({ body }) => JSON.parse(body)),
  ).toEqual([{ Names: [`${configPath}paused`, `${configPath}maximum-input-bytes`] }]);
  wait(1);
  expect(await settings()).toEqual({ paused: true, "maximum-input-bytes": 2_000 });
  expect(reads().length).toBe(before + 2);
});

test.each([
  ["paused", "yes"],
  ["paused", "constructor"],
  ["maximum-input-bytes", "0"],
  ["maximum-input-bytes", "1e3"],
  ["maximum-input-bytes", "250001"],
])(
  "PLAT-18 a wrong value is refused, the last good one kept, and the log says the rule: %s = %j",
  async (name, value) => {
    setParameters({ paused: "true", "maximum-input-bytes": "500" });
    const settings = jobSettings();
    const good = await settings();
    const other = name === "paused" ? { "maximum-input-bytes": "600" } : { paused: "false" };
    setParameters({ paused: "true", "maximum-input-bytes": "500", ...other, [name]: value });
    wait(60_000);
    let after = good;
    const lines = await linesOf(async () => {
      after = await settings();
      await settings();
    });
    // The other one is taken.
    expect(after).toEqual(
      name === "paused" ? { paused: true, "maximum-input-bytes": 600 } : { paused: false, "maximum-input-bytes": 500 },
    );
    expect(lines).toEqual([
      expect.objectContaining({
        level: "ERROR",
        message: "A setting breaks its rule: the last good value holds",
        parameter: configPath + name,
        rule: expect.stringMatching(/^must be /),
      }),
    ]);
  },
);

test("PLAT-18 where Parameter Store can't be read, the last known holds, else what is safe; it is said and tried once a minute", async () => {
  jobs.fateOf = (operation) => (operation.startsWith("AmazonSSM") ? "lose-request" : "pass");
  const settings = jobSettings();
  const lines = await linesOf(async () => {
    for (let batch = 0; batch < 5; batch += 1)
      expect(await settings()).toEqual({ paused: false, "maximum-input-bytes": 250_000 });
  });
  expect(lines).toEqual([
    expect.objectContaining({ level: "ERROR", message: "Settings can't be read: the last known hold" }),
  ]);
  jobs.fateOf = () => "pass";
  setParameters({ paused: "true", "maximum-input-bytes": "10" });
  wait(60_000);
  expect(await settings()).toEqual({ paused: true, "maximum-input-bytes": 10 });
  jobs.fateOf = (operation) => (operation.startsWith("AmazonSSM") ? "lose-request" : "pass");
  wait(60_000);
  expect(await settings()).toEqual({ paused: true, "maximum-input-bytes": 10 });
});

test("PLAT-18 a parameter that isn't there has its default, the same for all who read it", async () => {
  setParameters({ paused: "true", "maximum-input-bytes": "10" });
  const settings = jobSettings();
  await settings();
  setParameters({ "maximum-input-bytes": "20" });
  wait(60_000);
  const lines = await linesOf(async () =>
    expect(await settings()).toEqual({ paused: false, "maximum-input-bytes": 20 }),
  );
  expect(lines).toMatchObject([{ level: "WARN", parameter: `${configPath}paused` }]);
});

describe("a worker", () => {
  const statusOf = async (id: string) => (await itemOf(jobs.aws, id))?.status?.S;

  test("PLAT-18 works on nothing while jobs are paused, loses nothing, and goes on by itself", async () => {
    setParameters({ paused: "true", "maximum-input-bytes": "1000" });
    wait(60_000);
    const [first, last] = [jobMessage(), jobMessage()];
    const records = [delivered(first), delivered(last, maximumReceives), delivered("no JSON")];
    const before = jobs.aws.sent.length;
    const lines = await linesOf(async () =>
      expect(await jobs.work(records)).toEqual([records[0]?.messageId, records[2]?.messageId]),
    );
    expect(lines).toContainEqual(expect.objectContaining({ JobPaused: [1, 1, 1] }));
    expect(lines.filter(({ level }) => level === "ERROR")).toEqual([]);
    expect(jobs.aws.sent.slice(before)).toEqual([
      { queue: "jobs", body: records[1]?.body, delaySeconds: 60, attributes: {} },
    ]);
    expect([await statusOf(first.id), await statusOf(last.id)]).toEqual([undefined, undefined]);
    setParameters({ paused: "false", "maximum-input-bytes": "1000" });
    wait(60_000);
    expect(await jobs.work([delivered(first, 2), delivered(last)])).toEqual([]);
    expect([await statusOf(first.id), await statusOf(last.id)]).toEqual(["succeeded", "succeeded"]);
  });

  test("PLAT-18 refuses what is larger than operators want at this time", async () => {
    setParameters({ paused: "false", "maximum-input-bytes": "7" });
    wait(60_000);
    const [small, large] = [jobMessage({ input: [1, 2, 3] }), jobMessage({ input: [1, 2, 34] })];
    expect(await jobs.work([delivered(small), delivered(large)])).toEqual([]);
    expect(await itemOf(jobs.aws, small.id)).toMatchObject({ status: { S: "succeeded" } });
    expect(await itemOf(jobs.aws, large.id)).toMatchObject({
      status: { S: "failed" },
      reason: { S: "/input must not be longer than 7 bytes of JSON in UTF-8 at this time" },
    });
  });

  test.each([
    ["MAX_RECEIVE_COUNT", "0", "MAX_RECEIVE_COUNT must be a whole number from 1 to 999 (given 0)"],
    [
      "CONFIG_PATH",
      "/tap/dev/jobs/config",
      'CONFIG_PATH must start and end with a slash (given "/tap/dev/jobs/config")',
    ],
    ["DEAD_LETTER_QUEUE_URL", "", "The function's environment lacks DEAD_LETTER_QUEUE_URL"],
    ["QUEUE_URL", "", "The function's environment lacks QUEUE_URL"],
    ["BUCKET_NAME", "", "The function's environment lacks BUCKET_NAME"],
    ["TABLE_NAME", "", "The function's environment lacks TABLE_NAME"],
  ])("fails before it takes a message where a setting is wrong: %s=%s", (name, value, message) => {
    const before = process.env[name];
    process.env[name] = value;
    try {
      expect(() => jest.isolateModules(() => require("../../../functions/jobs/work/handler"))).toThrow(message);
    } finally {
      process.env[name] = before;
    }
  });
});
