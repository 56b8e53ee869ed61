import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { DynamoLedger } from "../../../tap/delivery/dynamo-ledger";
import { FileLedger } from "../../../tap/delivery/file-ledger";
import { type EnvironmentRecord, type Ledger, LedgerConflict, LedgerUnreachable } from "../../../tap/delivery/ledger";
import type { Run } from "../../../tap/delivery/run";
import { type LocalDynamo, startDynamo, untilActive } from "../../support/dynalite";
import { projectRoot, temporaryFolder } from "../../support/project";

const tableName = "tap-delivery-ledger-dev-us-east-1";
const place = { tableName, region: "us-east-1" };

const recordOf = (nonce: string, token = 1): EnvironmentRecord => ({ lease: { token, expiresAt: 0 }, nonce });
const runOf = (id: string) => ({ id, environment: "dev" }) as Run;

let dynamo: LocalDynamo;
const saved = { ...process.env };
beforeAll(async () => {
  dynamo = await startDynamo("other");
  await dynamo.call("CreateTable", {
    TableName: tableName,
    AttributeDefinitions: ["pk", "sk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    BillingMode: "PAY_PER_REQUEST",
  });
  await untilActive(dynamo, tableName);
  Object.assign(process.env, dynamo.variables);
});
afterAll(async () => {
  process.env = saved;
  await dynamo.stop();
});

let count = 0;
const kinds: [string, () => () => Ledger][] = [
  [
    "in DynamoDB",
    () => {
      count += 1;
      const environment = `dev${count}`;
      return () => new DynamoLedger({ ...place, environment });
    },
  ],
  [
    "in a file",
    () => {
      const folder = temporaryFolder();
      return () => new FileLedger(folder, "dev");
    },
  ],
];

describe.each(kinds)("a ledger %s", (_, fresh) => {
  test("PLAT-08 has what was written last, at a version that grows", async () => {
    const open = fresh();
    expect(await open().read()).toMatchObject({ version: 0, record: { lease: { token: 0 } } });
    await open().write(recordOf("a"), 0);
    await open().write(recordOf("b", 2), 1);
    expect(await open().read()).toEqual({ version: 2, record: recordOf("b", 2) });
  });

  test("PLAT-08 refuses who hasn't seen what was written in between", async () => {
    const open = fresh();
    await open().write(recordOf("a"), 0);
    await expect(open().write(recordOf("b"), 0)).rejects.toThrow(LedgerConflict);
    await open().write(recordOf("c"), 1);
    await expect(open().write(recordOf("d"), 1)).rejects.toThrow(LedgerConflict);
    expect((await open().read()).record.nonce).toBe("c");
  });

  test("PLAT-08 of writers that race, one wins each time", async () => {
    const open = fresh();
    for (let version = 0; version < 5; version += 1) {
      const names = ["a", "b", "c", "d"].map((name) => `${name}${version}`);
      const results = await Promise.allSettled(names.map((name) => open().write(recordOf(name), version)));
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const winner = names[results.findIndex(({ status }) => status === "fulfilled")];
      expect((await open().read()).record.nonce).toBe(winner);
    }
  });

  test("keeps history: the newest first, each entry as it was added first", async () => {
    const open = fresh();
    for (const id of ["1", "3", "2"]) await open().append({ key: `run#${id}`, run: runOf(id) });
    await open().append({ key: "run#2", run: { ...runOf("2"), environment: "other" } });
    const good = { release: "r1", runId: "1", at: "2026-01-01T00:00:00Z" };
    await open().append({ key: "good#1", good });
    expect(await open().runs(2)).toEqual([runOf("3"), runOf("2")]);
    expect(await open().goods(10)).toEqual([good]);
  });
});

test("PLAT-08 a run that was taken up fifty times still has room: an item may have 400 kB", async () => {
  const open = () => new DynamoLedger({ ...place, environment: "long" });
  const stack = (id: number) => ({
    stackId: `tap-component${id}-prod-us-east-1`,
    status: "changes",
    hash: createHash("sha256").update(`${id}`).digest("hex"),
    losesData: Array.from({ length: 20 }, (_, index) => `aws_dynamodb_table.Table${index}`),
    summary: "3 to add, 4 to change, 0 to destroy",
  });
  const stacks = Array.from({ length: 14 }, (_, id) => stack(id));
  const events = Array.from({ length: 50 }, () => ({ type: "done", step: "plan", plan: { release: "r1", stacks } }));
  const run = { ...runOf("1"), events } as unknown as Run;
  expect(JSON.stringify(run).length).toBeGreaterThan(400_000);
  await open().write({ ...recordOf("a"), run }, 0);
  expect((await open().read()).record.run).toEqual(run);
  await open().append({ key: "run#1", run });
  expect(await open().runs(5)).toEqual([run]);
});

test("a ledger of one environment says nothing of another", async () => {
  const folder = temporaryFolder();
  await new FileLedger(folder, "dev").write(recordOf("a"), 0);
  expect((await new FileLedger(folder, "prod").read()).version).toBe(0);
  await new DynamoLedger({ ...place, environment: "left" }).write(recordOf("a"), 0);
  expect((await new DynamoLedger({ ...place, environment: "right" }).read()).version).toBe(0);
});

test("a table that isn't there, an endpoint that doesn't answer, a file that is none: unreachable, and why", async () => {
  const missing = new DynamoLedger({ ...place, tableName: "none", environment: "dev" });
  await expect(missing.read()).rejects.toThrow(
    /none \(us-east-1\), can't be read: ResourceNotFound.*delivery stack makes it/,
  );
  process.env.AWS_ENDPOINT_URL_DYNAMODB = "http://127.0.0.1:9";
  const nobody = new DynamoLedger({ ...place, environment: "dev" });
  await expect(nobody.read()).rejects.toThrow(LedgerUnreachable);
  await expect(nobody.write(recordOf("a"), 0)).rejects.toThrow(/can't be written/);
  process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamo.endpoint;
  const folder = temporaryFolder();
  mkdirSync(join(folder, "dev"));
  writeFileSync(join(folder, "dev", "ledger.json"), '{"version":');
  await expect(new FileLedger(folder, "dev").read()).rejects.toThrow(/ledger.json can't be read/);
  writeFileSync(join(folder, "file"), "");
  await expect(new FileLedger(join(folder, "file"), "dev").write(recordOf("a"), 0)).rejects.toThrow(LedgerUnreachable);
});

/** Writes as fast as it can, and doesn't mind who comes before. */
const writer = `
const [bundle, folder] = process.argv.slice(1);
const { FileLedger } = require(bundle);
const ledger = new FileLedger(folder, "dev");
(async () => {
  for (;;) {
    const { version } = await ledger.read();
    const record = { lease: { token: version + 1, expiresAt: 0 }, nonce: "x".repeat(100000) };
    await ledger.write(record, version).then(
      () => process.stdout.write("."),
      (error) => { if (error.name !== "LedgerConflict") throw error; },
    );
  }
})();`;

test("a file that processes write to, and are killed at, is whole each time", async () => {
  const folder = temporaryFolder();
  const bundle = join(folder, "ledger.cjs");
  buildSync({
    entryPoints: [join(projectRoot, "tap", "delivery", "file-ledger.ts")],
    bundle: true,
    platform: "node",
    outfile: bundle,
  });
  for (let round = 0; round < 5; round += 1) {
    const children = [1, 2].map(() =>
      spawn(process.execPath, ["-e", writer, bundle, folder], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    await new Promise<void>((resolve) => {
      let writes = 0;
      for (const { stdout } of children)
        stdout.on("data", (dots: Buffer) => {
          writes += dots.length;
          if (writes > 5 + round * 3) resolve();
        });
    });
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.exitCode ?? new Promise((resolve) => child.once("exit", resolve))));
    const { version, record } = await new FileLedger(folder, "dev").read();
    expect(record.lease.token).toBe(version);
  }
  const { version, record } = await new FileLedger(folder, "dev").read();
  expect(version).toBeGreaterThan(10);
  await new FileLedger(folder, "dev").write(record, version);
  expect(readdirSync(join(folder, "dev"))).toContain("ledger.json");
});
