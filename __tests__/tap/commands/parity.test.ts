import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ParityReport } from "../../../tap/parity/report";
import { type CommandResult, copyProject, projectRoot, tap, temporaryFolder } from "../../support/project";

const declared = join(projectRoot, ".cache", "test-synth", "declared");
const prodJobs = "tap-jobs-prod-us-east-1";

/** Some components of what was synthesized for all tests, to be changed at will. */
function folderOf(...components: readonly string[]): string {
  const folder = temporaryFolder();
  const manifest = JSON.parse(readFileSync(join(declared, "manifest.json"), "utf8")) as {
    stacks: Record<string, { synthesizedStackPath: string }>;
  };
  const stacks = Object.entries(manifest.stacks).filter(([id]) =>
    components.some((component) => id.startsWith(`tap-${component}-`)),
  );
  for (const [, { synthesizedStackPath: path }] of stacks) cpSync(join(declared, path), join(folder, path));
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...manifest, stacks: Object.fromEntries(stacks) }));
  return folder;
}

function replaceIn(folder: string, stack: string, from: string | RegExp, to: string): void {
  const path = join(folder, "stacks", stack, "cdk.tf.json");
  const before = readFileSync(path, "utf8");
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${path} has no ${from}`);
  writeFileSync(path, after);
}

test("parity holds on everything that is synthesized, and each key says what it makes", () => {
  const { exitCode, stdout } = tap(["parity", declared]);
  expect(stdout).toMatch(/^parity holds: \d{3,} differences, all declared by \d{2,} keys$/m);
  expect(stdout).toContain("  jobs.queue.messageRetentionDays: dev 4, staging 10 (3 differences)");
  expect(stdout).toContain('  network.interfaceEndpoints: dev […], staging […, "bedrock-runtime"]');
  expect(exitCode).toBe(0);
});

describe("a change by hand in one environment", () => {
  const folder = folderOf("jobs");
  replaceIn(folder, prodJobs, /"visibility_timeout_seconds": \d+/, '"visibility_timeout_seconds": 7');
  const address = /^ {2}aws_sqs_queue\.\w+ visibility_timeout_seconds is 7, where the configuration gives \d+/m;

  test("is a finding", () => {
    const { exitCode, stdout, stderr } = tap(["parity", folder, "--env", "dev,prod"]);
    expect(stdout).toMatch(new RegExp(`^${prodJobs}\\n${address.source.slice(1)}`, "m"));
    expect(stdout).toMatch(/^parity doesn't hold: 1 finding, besides \d+ differences, all declared by \d+ keys$/m);
    expect(stderr).toContain("parity doesn't hold: 1 finding");
    expect(exitCode).toBe(1);
  });

  test("is one finding in JSON too, also where two pairs of environments show it", () => {
    replaceIn(
      folder,
      "tap-jobs-staging-us-east-2",
      /"visibility_timeout_seconds": \d+/,
      '"visibility_timeout_seconds": 8',
    );
    const { exitCode, stdout } = tap(["parity", folder, "--json"]);
    const { holds, findings, pairs } = JSON.parse(stdout) as ParityReport;
    expect(holds).toBe(false);
    expect(findings.map(({ stack, path }) => [stack, path])).toEqual([
      ["tap-jobs-staging-us-east-2", "visibility_timeout_seconds"],
      [prodJobs, "visibility_timeout_seconds"],
    ]);
    expect(pairs.map(({ environments }) => environments.join())).toEqual(["dev,staging", "staging,prod"]);
    expect(exitCode).toBe(1);
  });
});

test("what code makes of an environment's name is a finding, because no key declares it", () => {
  const copy = copyProject();
  try {
    copy.replace(
      "stacks/observability.ts",
      /(super\(scope, props, \{ component: "observability" \}\);)/,
      '$1\n    if (this.environment.environmentSuffix === "prod") this.addOverride("locals.only", "prod");',
    );
    const synthesized = tap(["synth", "--stack", "observability"], { root: copy.root });
    expect([synthesized.exitCode, synthesized.stderr]).toEqual([0, expect.anything()]);
    const { exitCode, stdout } = tap(["parity"], { root: copy.root });
    expect(stdout).toMatch(
      /^tap-observability-prod-us-east-1\n {2}locals\.only .*from the environment's name, account or region alone/m,
    );
    expect(exitCode).toBe(1);
  } finally {
    copy.remove();
  }
});

describe("another point in time", () => {
  const before = folderOf("records", "observability");
  const now = folderOf("records", "observability");
  replaceIn(
    now,
    "tap-records-prod-us-east-1",
    /"point_in_time_recovery": \{\s*"enabled": true/,
    '"point_in_time_recovery": {"enabled": false',
  );

  const changed =
    /^~ tap-records-prod-us-east-1\n {2}~ aws_dynamodb_table\.\w+\n {6}point_in_time_recovery\.enabled: true → false$/m;

  test("is listed, by stack, resource and attribute", () => {
    const { exitCode, stdout } = tap(["parity", now, "--against", before]);
    expect(stdout).toMatch(changed);
    expect(stdout).toContain(`1 stack differs from ${before}`);
    expect(exitCode).toBe(0);
  });

  test.each<[string, readonly string[], number]>([
    ["is an exit code where one is asked for", [now, "--against", before, "--exit-code"], 1],
    ["is none where nothing differs", [before, "--against", before, "--exit-code"], 0],
    [
      "is none where nothing differs in the environments asked for",
      [now, "--against", before, "--exit-code", "--env", "dev"],
      0,
    ],
  ])("%s", (_, args, expected) => expect(tap(["parity", ...args]).exitCode).toBe(expected));

  test("is JSON where that is asked for", () => {
    const { stacks } = JSON.parse(tap(["parity", now, "--against", before, "--json"]).stdout);
    expect(stacks).toMatchObject([
      { stack: "tap-records-prod-us-east-1", change: "changed", resources: [{ change: "changed" }] },
    ]);
  });
});

describe("a wrong call", () => {
  const broken = folderOf("observability");
  writeFileSync(join(broken, "manifest.json"), "{");
  const devAlone = folderOf("observability");
  rmSync(join(devAlone, "manifest.json"));
  const stack = "tap-observability-dev-us-east-1";
  writeFileSync(
    join(devAlone, "manifest.json"),
    JSON.stringify({ stacks: { [stack]: { synthesizedStackPath: `stacks/${stack}/cdk.tf.json` } } }),
  );

  test.each<[string, readonly string[], string]>([
    ["no folder of cdktf's", [temporaryFolder()], "is no folder that cdktf wrote"],
    ["a broken one", [broken], "is no JSON"],
    ["one environment", [declared, "--env", "dev"], "Two environments at least are compared (given dev)"],
    ["the same one twice", [declared, "--env", "dev,dev"], "each with another one"],
    ["a folder of one environment", [devAlone], "Two environments at least are compared (given dev)"],
    [
      "an environment that isn't declared",
      [declared, "--env", "dev,pr12"],
      "pr12 is none of the environments of config/",
    ],
    ["one that isn't in the folder", [devAlone, "--env", "dev,prod"], "has no stack of prod"],
    ["--exit-code alone", [declared, "--exit-code"], "--exit-code goes with --against"],
    ["an option that there isn't", [declared, "--no-such"], "unknown option"],
  ])("is told: %s", (_, args, message) => {
    const { exitCode, stdout, stderr } = tap(["parity", ...args]) as CommandResult;
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});

test("its help has examples and exit codes", () => {
  const { exitCode, stdout } = tap(["parity", "--help"]);
  expect(stdout).toContain("tap parity --env dev,prod");
  expect(stdout).toContain("tap parity --against ../release/cdktf.out");
  expect(stdout).toContain("Exit codes: 0 parity holds");
  expect(exitCode).toBe(0);
});
