import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { LocalState } from "../../../tap/local/state";
import { describeWithEmulator } from "../../support/emulator";
import { copyProjectForLocal } from "../../support/local-project";
import { type CommandResult, cleanVariables } from "../../support/project";

jest.setTimeout(300_000);

/*
 * dev, brought up by the real command, in a copy of the project: whoever runs these has perhaps an environment of
 * their own up. The emulator itself and Node.js for functions are the project's.
 */

const project = copyProjectForLocal();
const folder = join(project.root, ".cache", "local", "dev");

/** Without waiting, so that several can be at it. */
function start(...args: string[]): { child: ChildProcess; result: Promise<CommandResult> } {
  return command(["local", ...args]);
}

function command(
  args: readonly string[],
  variables: Record<string, string> = {},
): { child: ChildProcess; result: Promise<CommandResult> } {
  const child = spawn(process.execPath, [join(project.root, "bin", "tap.mjs"), ...args], {
    cwd: project.root,
    env: { ...cleanVariables(), ...variables },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (text) => (output.stdout += text));
  child.stderr?.on("data", (text) => (output.stderr += text));
  const result = new Promise<CommandResult>((resolve) =>
    child.on("close", (code) => resolve({ exitCode: code ?? -1, ...output })),
  );
  return { child, result };
}

const local = (...args: string[]) => start(...args).result;

interface Up {
  readonly changes: Record<"created" | "updated" | "replaced" | "removed", number>;
  readonly unchanged: number;
  readonly milliseconds: number;
  readonly failures: unknown[];
  readonly notCreated: { type: string; count: number; reason: string }[];
  readonly remarks: string[];
  readonly apis: { system: string; region: string; url: string; keys: Record<string, string> }[];
}

async function up(...args: string[]): Promise<Up> {
  const { exitCode, stdout, stderr } = await local("up", "--port", "0", "--json", ...args);
  if (exitCode !== 0) throw new Error(`tap local up ended with ${exitCode}:\n${stderr}\n${stdout}`);
  return JSON.parse(stdout);
}

const none = { created: 0, updated: 0, replaced: 0, removed: 0 };
const stateNow = () => JSON.parse(readFileSync(join(folder, "state.json"), "utf8")) as LocalState;
const pids = () => stateNow().emulator.processes.map(({ pid }) => pid);

/** Processes that have the copy's folder in their command line: emulator, front and functions. */
function leftOver(): string[] {
  const { stdout } = spawnSync("ps", ["-A", "-ww", "-o", "stat=,command="], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line.includes(project.root) && !/^Z/.test(line.trim()));
}

function listens(endpoint: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(endpoint).port), "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
  });
}

async function eventually<T>(look: () => Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await look();
    if (isRight(value) || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describeWithEmulator("tap local", () => {
  let first: Up;

  beforeAll(async () => {
    first = await up();
  });

  afterAll(async () => {
    await local("down");
    project.remove();
  });

  const api = (system: string, region = "us-east-1") => {
    const found = first.apis.find((each) => each.system === system && each.region === region);
    if (found === undefined) throw new Error(`There is no API of ${system} in ${region}`);
    return found;
  };

  async function request(
    [system, region]: [string, string?],
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const { url, keys } = api(system, region);
    const response = await fetch(url + path, {
      method,
      headers: { "x-api-key": Object.values(keys)[0] ?? "", "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
  }

  test("makes everything in both regions, and says what isn't made", () => {
    expect(first.failures).toEqual([]);
    expect(first.changes).toEqual({ ...none, created: expect.any(Number) });
    expect(first.changes.created).toBeGreaterThan(1_200);
    expect(first.notCreated.find(({ type }) => type === "aws_vpc")).toEqual({
      type: "aws_vpc",
      count: 2,
      reason: expect.stringContaining("network"),
    });
    expect(first.apis.map(({ system, region }) => `${system} ${region}`)).toEqual([
      "api us-east-1",
      "api us-west-2",
      "files us-east-1",
      "jobs us-east-1",
      "stream us-east-1",
    ]);
  });

  test("npm start -- --local ends with an item that one region took in and the other has too", async () => {
    const { result } = command(["start", "--local", "--json"], { ENVIRONMENT: "dev" });
    const { exitCode, stdout } = await result;
    expect(exitCode).toBe(0);
    const { holds, local: running } = JSON.parse(stdout);
    expect(holds).toBe(true);
    const [created, read] = running.exchanges;
    const item = JSON.parse(created.answer);
    expect(created).toMatchObject({ region: "us-east-1", method: "POST", url: `${api("api").url}/items`, status: 201 });
    expect(read).toMatchObject({ region: "us-west-2", method: "GET", status: 200 });
    expect(read.url).toBe(`${api("api", "us-west-2").url}/items/${item.id}`);
    expect(JSON.parse(read.answer)).toEqual(item);
  });

  test("the REST API answers, asks for a key, and hands an item over to the other region", async () => {
    expect(await request(["api"], "GET", "/health")).toMatchObject({ status: 200, body: { region: "us-east-1" } });
    expect(await request(["api"], "GET", "/items", undefined, { "x-api-key": "no" })).toMatchObject({ status: 403 });
    const created = await request(
      ["api"],
      "POST",
      "/items",
      { name: "one" },
      { "idempotency-key": crypto.randomUUID() },
    );
    expect(created).toMatchObject({ status: 201, body: { version: 1, origin: "us-east-1" } });
    const path = `/items/${created.body.id}`;
    expect(await request(["api"], "GET", path)).toMatchObject({ status: 200, body: { name: "one" } });
    const there = await eventually(
      () => request(["api", "us-west-2"], "GET", path),
      ({ status }) => status === 200,
    );
    expect(there).toMatchObject({ status: 200, body: { name: "one", origin: "us-east-1" } });
  });

  test("a job is done, a file is processed, a record is counted", async () => {
    const job = await request(
      ["jobs"],
      "POST",
      "/jobs",
      { type: "sum", input: [1, 2] },
      { "idempotency-key": "12345678" },
    );
    expect(job.status).toBe(202);
    const done = await eventually(
      () => request(["jobs"], "GET", `/jobs/${job.body.id}`),
      ({ body }) => body.status === "succeeded",
    );
    expect(done.body.status).toBe("succeeded");
    const record = {
      id: crypto.randomUUID(),
      source: "s",
      metric: "m",
      value: 1,
      occurredAt: new Date().toISOString(),
    };
    const accepted = await eventually(
      () => request(["stream"], "POST", "/process", { records: [record] }),
      // Until the key that records are signed with is made.
      ({ status }) => status === 200,
    );
    expect(accepted.body).toMatchObject({ accepted: 1, failed: 0 });
    const { stdout } = await eventually(
      () => local("logs", "stream/consume"),
      (result) => result.stdout.includes('"counted":1') || result.stdout.includes("REPORT"),
    );
    expect(stdout).toContain("REPORT");
    const sent = await local("send", "s3://files/uploads/other/a.txt", "text", "--json");
    expect(JSON.parse(sent.stdout)).toEqual({
      to: "tap-files-uploads-dev-us-east-1-111111111111",
      kind: "object",
      id: "other/a.txt",
    });
  });

  test("a second up changes nothing, and synthesizes nothing: it takes no time", async () => {
    const { stdout, stderr } = await local("up", "--port", "0", "--json");
    const second = JSON.parse(stdout) as Up;
    expect(second.changes).toEqual(none);
    expect(second.unchanged).toBe(first.changes.created);
    expect(stderr).not.toMatch(/Synthesize|Make what/);
    process.stderr.write(`tap local up, nothing changed: ${Math.round(second.milliseconds)} ms\n`);
    const status = await local("status", "--json");
    expect(JSON.parse(status.stdout)).toMatchObject([
      { environment: "dev", isUp: true, drift: { missing: [], changed: [], superfluous: [] } },
    ]);
  });

  const write = (id: string) =>
    local("invoke", "records/write", "--json", "--payload", JSON.stringify({ id, expectedVersion: 0, data: {} }));

  test("a function has the rights of its role and no others: what is taken from the JSON is denied", async () => {
    expect(JSON.parse((await write("a")).stdout)).toMatchObject({ status: 200, qualifier: "live" });
    const outdir = join(project.root, "other.out");
    cpSync(join(folder, "cdktf.out"), outdir, { recursive: true });
    const file = join(outdir, "stacks", "tap-records-dev-us-east-1", "cdk.tf.json");
    const json = JSON.parse(readFileSync(file, "utf8"));
    const policies = Object.values(json.resource.aws_iam_role_policy) as {
      name: string;
      role: string;
      policy: string;
    }[];
    const own = policies.find(({ name, role }) => name === "data-access" && role.includes("Write_Role"));
    if (own === undefined) throw new Error("records/write has no policy");
    const whole = own.policy;
    const { Statement, ...rest } = JSON.parse(whole);
    own.policy = JSON.stringify({
      ...rest,
      Statement: Statement.filter(({ Sid }: { Sid: string }) => Sid !== "Table"),
    });
    writeFileSync(file, JSON.stringify(json));
    expect((await up("--outdir", outdir)).changes).toEqual({ ...none, updated: 1 });
    const denied = await write("b");
    expect(denied.exitCode).toBe(1);
    expect(JSON.parse(denied.stdout).error).toBe("Unhandled");
    const { stdout } = await local("logs", "records/write");
    expect(stdout).toContain("is not authorized to perform: dynamodb:UpdateItem");
    expect((await up()).changes).toEqual({ ...none, updated: 1 });
    expect((await write("b")).exitCode).toBe(0);
  });

  test("a change of what is synthesized changes that alone, and what depends on it", async () => {
    project.replace("functions/records/write/handler.ts", '"Record written"', '"Record was written"');
    // The function, and the alias that has its version.
    expect((await up()).changes).toEqual({ ...none, updated: 2 });
    expect(JSON.parse((await write("c")).stdout).log).toContain("Record was written");
  });

  test("when the emulator was killed, up starts it anew and makes all again", async () => {
    const [, emulator] = pids();
    process.kill(emulator ?? 0, "SIGKILL");
    const { stdout } = await local("status", "--json");
    expect(JSON.parse(stdout)).toMatchObject([{ isUp: false }]);
    const again = await up();
    expect(again.remarks).toContainEqual(expect.stringContaining("is gone"));
    expect(again.changes).toEqual({ ...none, created: first.changes.created });
    expect((await write("a")).exitCode).toBe(0);
  });

  test("when up itself was killed midway, the next begins anew; two at once exclude each other", async () => {
    const killed = start("up", "--port", "0", "--fresh");
    await eventually(
      async () => existsSync(join(folder, "state.json")) && stateNow().changing === killed.child.pid,
      (isChanging) => isChanging,
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await local("invoke", "records/write")).stderr).toContain("tap local up --env dev is at it since");
    const before = pids();
    killed.child.kill("SIGKILL");
    await killed.result;
    const results = await Promise.all([local("up", "--port", "0", "--json"), local("up", "--port", "0", "--json")]);
    const [winner, ...others] = results.filter(({ exitCode }) => exitCode === 0);
    const loser = results.find(({ exitCode }) => exitCode !== 0);
    expect(others).toEqual([]);
    expect(loser?.exitCode).toBe(1);
    expect(loser?.stderr).toMatch(/tap local up --env dev is at it since .* \(process \d+\): wait until it is done/);
    expect(JSON.parse(winner?.stdout ?? "{}")).toMatchObject({
      changes: { ...none, created: first.changes.created },
      failures: [],
      remarks: expect.arrayContaining([expect.stringContaining("was ended while it worked")]),
    });
    expect(pids()).not.toEqual(before);
    expect(leftOver().filter((line) => /front\.mjs|emulator\.py/.test(line))).toHaveLength(2);
  });

  test("down leaves no process, no port and nothing else", async () => {
    const { endpoint } = stateNow().emulator;
    await write("z");
    expect(await listens(endpoint)).toBe(true);
    expect(JSON.parse((await local("down", "--json")).stdout)).toEqual({ ended: ["dev"] });
    expect(leftOver()).toEqual([]);
    expect(await listens(endpoint)).toBe(false);
    expect(readdirSync(join(project.root, ".cache", "local")).sort()).toEqual(["archives", "node", "python"]);
    expect((await local("down")).stdout).toContain("Nothing runs here");
    expect((await local("invoke", "records/write")).stderr).toContain("dev isn't up: tap local up --env dev");
  });
});
