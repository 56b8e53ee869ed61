import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ConfigError } from "../../../config/errors";
import type { RealOptions } from "../../../tap/delivery/real/options";
import type { Opened } from "../../../tap/delivery/real/plan";
import { functionsBack } from "../../../tap/delivery/real/validate";
import { alarmProblems } from "../../../tap/delivery/validation/alarms";
import { functionProblems, putBack } from "../../../tap/delivery/validation/functions";
import { outputProblems } from "../../../tap/delivery/validation/outputs";
import {
  derivedSmokeChecks,
  readSmokeChecks,
  type SmokeCheck,
  smokeProblems,
} from "../../../tap/delivery/validation/smoke";
import type { TerraformJson } from "../../../tap/graph/terraform-json";
import { temporaryFolder } from "../../support/project";

let answer: (
  request: IncomingMessage,
  body: string,
) => { status?: number; body?: unknown; headers?: Record<string, string> };
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { status = 200, body = "", headers = {} } = answer(request, text);
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const check = (more: Partial<SmokeCheck> = {}): SmokeCheck => ({
  url: `${url}/health`,
  method: "GET",
  headers: {},
  status: 200,
  ...more,
});
const now = { patienceMilliseconds: 0 };

/** A clock that goes on by what is waited for, at once, and by nothing else. */
const quickClock = (start = 0) => {
  let time = start;
  return {
    now: () => time,
    wait: async (milliseconds: number) => {
      time += milliseconds;
    },
  };
};

describe("smoke tests", () => {
  test("PLAT-10 an answer as it should be is none that is told of", async () => {
    answer = () => ({ body: "all is fine" });
    expect(await smokeProblems([check({ contains: "fine" })], new Map(), now)).toEqual([]);
  });

  test("PLAT-10 all that is wrong is told: status, content, silence, outputs that aren't there", async () => {
    answer = ({ url: path }) => (path === "/broken" ? { status: 503, body: "not\nnow" } : { body: "something else" });
    const checks = [
      check({ url: `${url}/broken` }),
      check({ contains: "fine" }),
      check({ url: "http://127.0.0.1:9/" }),
      check({ url: undefined, stack: "api", output: "invoke_url", path: "/health" }),
      check({ url: undefined, stack: "jobs", output: "invoke_url" }),
    ];
    const problems = await smokeProblems(checks, new Map([["tap-api-dev-us-east-1", {}]]), now);
    expect(problems).toEqual([
      `smoke: GET ${url}/broken answers 503, and not 200: not now`,
      `smoke: GET ${url}/health answers without "fine": something else`,
      expect.stringMatching(/127.0.0.1:9\/ doesn't answer: /),
      "smoke: tap-api-dev-us-east-1 has no output invoke_url to ask /health at",
      "smoke: there is no stack jobs, whose output invoke_url was to be asked",
    ]);
  });

  test("PLAT-10 what is wrong for a moment only isn't wrong", async () => {
    let count = 0;
    answer = () => {
      count += 1;
      return count < 3 ? { status: 500 } : {};
    };
    const clock = quickClock();
    expect(await smokeProblems([check()], new Map(), { patienceMilliseconds: 5_000, clock })).toEqual([]);
    expect([count, clock.now()]).toEqual([3, 750]);
  });

  test("PLAT-10 what stays wrong is asked for as long as there is patience, and less and less often", async () => {
    let count = 0;
    answer = () => {
      count += 1;
      return { status: 500 };
    };
    const asked = async (patienceMilliseconds: number) => {
      const clock = quickClock();
      count = 0;
      expect(await smokeProblems([check()], new Map(), { patienceMilliseconds, clock })).toHaveLength(1);
      return [count, clock.now()];
    };
    expect(await asked(1_749)).toEqual([3, 750]);
    expect(await asked(1_750)).toEqual([4, 1_750]);
    expect(await asked(20_000)).toEqual([8, 17_750]);
  });

  test("PLAT-10 /health of each stack that has it is asked in every region, at the address that the environment tells", async () => {
    const json = {
      resource: { aws_api_gateway_resource: { Health: { path_part: "health" } } },
      output: { invoke_url: { value: "" } },
    } as unknown as TerraformJson;
    const ids = ["tap-api-dev-us-east-1", "tap-api-dev-us-west-2"];
    const stacks = new Map([...ids.map((id) => [id, json] as const), ["tap-jobs-dev-us-east-1", {} as TerraformJson]]);
    const asked: (string | undefined)[] = [];
    answer = ({ url: path }) => {
      asked.push(path);
      return {};
    };
    const outputs = new Map(ids.map((id) => [id, { invoke_url: `${url}/${id}/` }]));
    expect(await smokeProblems(derivedSmokeChecks(stacks), outputs, now)).toEqual([]);
    expect(asked.sort()).toEqual(ids.map((id) => `/${id}/health`));
  });

  test("a file of requests: all that is wrong with it is told", () => {
    const file = join(temporaryFolder(), "smoke.json");
    const write = (value: unknown) => writeFileSync(file, JSON.stringify(value));
    write([{ url: "http://localhost/" }, { stack: "api", output: "invoke_url", path: "/health", status: 204 }]);
    expect(readSmokeChecks(file).map(({ status }) => status)).toEqual([200, 204]);
    write([{ stack: "api" }, { url: "http://localhost/", status: 99, more: 1 }]);
    expect(() => readSmokeChecks(file)).toThrow(ConfigError);
    expect(() => readSmokeChecks(file)).toThrow(
      /--smoke\.0.*must have a url, or stack and output[\s\S]*--smoke\.1\.status: 99 must be an HTTP status[\s\S]*more: is not a key/,
    );
    writeFileSync(file, "[");
    expect(() => readSmokeChecks(file)).toThrow(/is no JSON/);
    expect(() => readSmokeChecks(`${file}.none`)).toThrow(/isn't there/);
  });
});

test("PLAT-10 outputs that were synthesized have to be there", () => {
  const json = { output: { name: {}, url: {}, arn: {} } } as unknown as TerraformJson;
  const outputs = new Map([["tap-api-dev-us-east-1", { name: "a", url: null }]]);
  expect(outputProblems(new Map([["tap-api-dev-us-east-1", json]]), outputs)).toEqual([
    "outputs: tap-api-dev-us-east-1 lacks url, arn",
  ]);
});

describe("alarms", () => {
  const settings = (region = "us-east-1") => ({
    region,
    endpoint: url,
    credentials: async () => ({ accessKeyId: "test", secretAccessKey: "test", sessionToken: "test" }),
  });
  const start = Date.now();
  const options = () => ({
    regions: [settings()],
    environment: "dev",
    windowSeconds: 0,
    patienceSeconds: 0,
    since: start,
    ignored: [],
    periodMilliseconds: 20_000,
    clock: quickClock(start),
  });
  /** What is on at each time that is asked, the last one from then on; in two pages. */
  const firing = (...times: { name: string; since?: number }[][]) => {
    let asked = 0;
    answer = (_, body) => {
      const { NextToken } = JSON.parse(body) as { NextToken?: string };
      const alarms = times[Math.min(asked, times.length - 1)] ?? [];
      if (NextToken === undefined) return { body: { MetricAlarms: [], CompositeAlarms: [], NextToken: "more" } };
      asked += 1;
      const shown = alarms.map(({ name, since = start - 60_000 }) => ({
        AlarmName: name,
        StateReason: "3 errors",
        StateTransitionedTimestamp: since / 1_000,
      }));
      return {
        body: { MetricAlarms: shown, CompositeAlarms: [] },
        headers: { "content-type": "application/x-amz-json-1.0" },
      };
    };
    return () => asked;
  };
  const fresh = { name: "tap-api-errors-dev-us-east-1", since: start + 1 };
  const old = { name: "tap-api-errors-dev-us-east-1" };

  test("PLAT-10 quiet is quiet for the whole window", async () => {
    const asked = firing([]);
    expect(await alarmProblems({ ...options(), windowSeconds: 100 })).toEqual([]);
    // At its beginning, every 20 s, and at its end.
    expect(asked()).toBe(6);
    const { clock, ...others } = options();
    expect(await alarmProblems({ ...others, clock, windowSeconds: 50 })).toEqual([]);
    expect(clock.now() - start).toBe(50_000);
  });

  test("PLAT-10 one that comes on in the window counts at once", async () => {
    const asked = firing([], [], [fresh]);
    expect(await alarmProblems({ ...options(), windowSeconds: 100, patienceSeconds: 1_000 })).toEqual([
      expect.stringMatching(/^alarms: tap-api-errors-dev-us-east-1 \(us-east-1\) is on since .*: 3 errors$/),
    ]);
    // It isn't waited for, as an older one is.
    expect(asked()).toBe(3);
  });

  test("PLAT-10 one that was on before may take its time to go off, and no longer", async () => {
    const askedOfOne = firing([old], [old], []);
    expect(await alarmProblems({ ...options(), patienceSeconds: 60, windowSeconds: 60 })).toEqual([]);
    // Off after 40 s: the window begins then.
    expect(askedOfOne()).toBe(6);
    const askedOfAnother = firing([old]);
    expect(await alarmProblems({ ...options(), patienceSeconds: 60, windowSeconds: 60 })).toHaveLength(1);
    // In the 60 s, and once after them.
    expect(askedOfAnother()).toBe(5);
  });

  test("PLAT-10 where nothing has to be quiet for a time, an older one is still not asked for without a pause", async () => {
    const asked = firing([old]);
    expect(await alarmProblems({ ...options(), patienceSeconds: 60 })).toHaveLength(1);
    expect(asked()).toBe(5);
  });

  test("PLAT-10 another environment's, and one that somebody answers for, don't count", async () => {
    const asked = firing([
      { ...fresh, name: "tap-api-errors-prod-us-east-1" },
      { ...fresh, name: "tap-jobs-age-dev-us-east-1" },
    ]);
    const ignored = ["tap-jobs-age-dev-us-east-1"];
    expect(await alarmProblems({ ...options(), windowSeconds: 20, ignored })).toEqual([]);
    expect(asked()).toBe(2);
  });
});

describe("functions", () => {
  const settings = () => ({
    region: "us-east-1",
    endpoint: url,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  interface FakeFunction {
    readonly versions: string[];
    live: number;
  }
  const none = { status: 404, headers: { "x-amzn-errortype": "ResourceNotFoundException" }, body: { message: "none" } };
  const move = (found: FakeFunction, body: string) => {
    const { FunctionVersion, RevisionId } = JSON.parse(body);
    if (RevisionId !== "seen") return { status: 412, body: { message: "changed meanwhile" } };
    found.live = Number(FunctionVersion) - 1;
    return { body: {} };
  };
  const look = (found: FakeFunction, path: string) => {
    const version = (index: number) => ({ Version: String(index + 1), CodeSha256: found.versions[index] });
    const all = [{ ...version(0), Version: "$LATEST" }, ...found.versions.map((_, index) => version(index))];
    if (path.includes("/versions")) return { body: { Versions: all } };
    if (path.includes("/aliases")) return { body: { RevisionId: "seen", FunctionVersion: String(found.live + 1) } };
    return { body: version(found.live) };
  };
  /** A Lambda with versions of functions, and aliases that can be moved. */
  const lambda = (functions: Record<string, FakeFunction>) => {
    answer = ({ url: path = "", method }, body) => {
      const found = functions[/\/functions\/([^/?]+)/.exec(path)?.[1] ?? ""];
      if (found === undefined) return none;
      return method === "PUT" ? move(found, body) : look(found, path);
    };
    return functions;
  };

  test("PLAT-10 each has to run the release's code under its alias", async () => {
    lambda({ right: { versions: ["a"], live: 0 }, other: { versions: ["a", "b"], live: 1 } });
    const functions = ["right", "other", "none"].map((name) => ({ name, base64Sha256: "a" }));
    expect(await functionProblems(settings(), functions)).toEqual([
      "functions: other runs code with the SHA-256 b, and not the release's a",
      "functions: none has no version under the alias live",
    ]);
  });

  test("PLAT-10 a rollback points aliases to the newest version with the good release's code", async () => {
    const functions = lambda({
      back: { versions: ["a", "x", "a", "b"], live: 3 },
      there: { versions: ["a"], live: 0 },
      gone: { versions: ["b"], live: 0 },
    });
    const wanted = ["back", "there", "gone", "none"].map((name) => ({ name, base64Sha256: "a" }));
    expect(await putBack(settings(), wanted)).toEqual({
      notes: [
        "back runs version 3 again",
        "gone has no version with the release's code any more: the infrastructure brings it",
        "none isn't there: the infrastructure brings it",
      ],
      problems: [],
    });
    expect(functions.back?.live).toBe(2);
    // Done again, nothing is left to do.
    expect((await putBack(settings(), wanted.slice(0, 2))).notes).toEqual([]);
  });

  test("PLAT-10 an archive that is no function's is asked of no Lambda", async () => {
    const functions = lambda({ back: { versions: ["a", "b"], live: 1 } });
    const asked: string[] = [];
    const access = {
      in: (region: string) => {
        asked.push(region);
        return settings();
      },
    };
    const archive = (stackId: string, functionName: string) => ({ stackId, functionName, base64Sha256: "a" });
    const stack = (region: string) => ({ environment: "dev", region });
    const opened = {
      manifest: {
        stacks: { api: stack("us-east-1"), replica: stack("us-west-2") },
        archives: [archive("api", ""), archive("api", "back"), archive("replica", "")],
      },
    };
    const options = { environment: { environmentSuffix: "dev" }, access };
    expect(await functionsBack(options as unknown as RealOptions, opened as unknown as Opened)).toEqual({
      problems: [],
      notes: ["back runs version 1 again"],
    });
    expect(functions.back?.live).toBe(0);
    expect(asked).toEqual(["us-east-1"]);
  });
});
