import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { accountNames } from "../../constructs/names";
import { projectRoot, temporaryFolder } from "../support/project";
import { subjectOf } from "../support/synthesized";

const run = (script: string, args: readonly string[], path = "") => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot, "scripts", script), ...args], {
    encoding: "utf8",
    env: { ...process.env, ...(path === "" ? {} : { PATH: `${path}${delimiter}${process.env.PATH}` }) },
  });
  return { exitCode: status, stdout, stderr };
};

describe("the role that a workflow enters", () => {
  test.each(["dev", "staging", "prod", "pr12"])(
    "PLAT-13 is that of %s's account, from what was synthesized",
    (name) => {
      const folder = join(projectRoot, ".cache", "test-synth", name === "pr12" ? "pr12" : "declared");
      const environment = subjectOf(name).environments.find((each) => each.environmentSuffix === name);
      if (environment === undefined) throw new Error(`There is no ${name}`);
      const { deployRoleArn, planRoleArn } = accountNames(environment);
      for (const [role, arn] of [
        ["deploy", deployRoleArn],
        ["plan", planRoleArn],
      ] as const)
        expect(run("account-role.mjs", [name, role, folder])).toEqual({
          exitCode: 0,
          stdout: `role-arn=${arn}\nregion=${environment.region}\n`,
          stderr: "",
        });
    },
  );

  test.each([
    [["../x", "plan"], "1 to 12 lower-case letters and digits"],
    [["dev", "admin"], "The role is deploy or plan"],
    [["pr99", "plan"], "run tap synth --env pr99"],
  ])("%j is refused: %s", (args, message) => {
    const { exitCode, stdout, stderr } = run("account-role.mjs", args);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(message);
  });
});

describe("an environment of a pull request is destroyed", () => {
  const folder = temporaryFolder();
  const bin = join(folder, "bin");
  const log = join(folder, "log");
  const stacks = [
    "tap-api-pr7-us-east-1",
    "tap-api-pr7-us-west-2",
    "tap-delivery-pr7-us-east-1",
    "tap-jobs-pr7-us-east-1",
    "tap-network-pr7-us-east-1",
    "tap-network-pr7-us-west-2",
    "tap-security-pr7-us-east-1",
    "tap-api-pr77-us-east-1",
    "tap-api-dev-us-east-1",
  ];
  for (const stack of stacks) mkdirSync(join(folder, "stacks", stack), { recursive: true });
  mkdirSync(bin);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A Terraform that writes down what it is told. @param states stacks that have one */
  const terraform = (states: RegExp, failing = /^$/) => {
    const script = `#!/usr/bin/env node
const { appendFileSync } = require("node:fs");
const stack = process.cwd().split("/").pop();
appendFileSync(${JSON.stringify(log)}, process.argv[2] + " " + stack + "\\n");
if (process.argv[2] === "state" && ${states}.test(stack)) console.log("aws_kms_key.Key");
if (process.argv[2] === "destroy" && ${failing}.test(stack)) process.exit(1);
`;
    writeFileSync(join(bin, "terraform"), script);
    chmodSync(join(bin, "terraform"), 0o755);
    writeFileSync(log, "");
  };
  const destroyed = () =>
    readFileSync(log, "utf8")
      .split("\n")
      .flatMap((line) => /^destroy (.*)$/.exec(line)?.[1] ?? []);

  test("what needs others first, and nothing of anybody else's", () => {
    terraform(/./);
    expect(run("destroy-environment.mjs", ["pr7", folder], bin)).toMatchObject({ exitCode: 0 });
    expect(destroyed()).toEqual([
      "tap-api-pr7-us-west-2",
      "tap-api-pr7-us-east-1",
      "tap-delivery-pr7-us-east-1",
      "tap-jobs-pr7-us-east-1",
      "tap-network-pr7-us-west-2",
      "tap-network-pr7-us-east-1",
      "tap-security-pr7-us-east-1",
    ]);
  });

  test("what isn't there is passed over, so that it can be run again", () => {
    terraform(/network/);
    const { stdout } = run("destroy-environment.mjs", ["pr7", folder], bin);
    expect(destroyed()).toEqual(["tap-network-pr7-us-west-2", "tap-network-pr7-us-east-1"]);
    expect(stdout).toContain("Destroyed 2 of 7 stacks of pr7");
    terraform(/^$/);
    expect(run("destroy-environment.mjs", ["pr7", folder], bin).stdout).toContain("pr7 isn't there");
  });

  test("it stops where something can't be destroyed, and says where", () => {
    terraform(/./, /jobs/);
    const { exitCode, stderr } = run("destroy-environment.mjs", ["pr7", folder], bin);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining("tap-jobs-pr7-us-east-1: destroy ended with exit code 1"),
    ]);
    expect(destroyed()).not.toContain("tap-network-pr7-us-east-1");
  });

  test.each(["dev", "prod", "pr", "prod1", "pr7x", ""])("%j is no pull request's, and stays", (name) => {
    terraform(/./);
    const { exitCode, stderr } = run("destroy-environment.mjs", [name, folder], bin);
    expect([exitCode, destroyed()]).toEqual([1, []]);
    expect(stderr).toContain("Only environments of pull requests");
  });
});
