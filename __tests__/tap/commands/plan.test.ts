import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorLine, fakeTerraform } from "../../support/fake-terraform";
import { cleanVariables, copyProject, tap, temporaryFolder } from "../../support/project";
import { filesId, jobsId, networkId, type ThreeStacks, threeStacks } from "../../support/three-stacks";

/** In Terraform's place: plans with one addition each; what reads the parameter doesn't find it. */
const summaryLine = JSON.stringify({
  "@message": "",
  type: "change_summary",
  changes: { add: 1, change: 0, remove: 0 },
});
const missing = errorLine(
  "reading SSM Parameter (x): couldn't find resource",
  "",
  "data.aws_ssm_parameter.network_vpc_id",
);
const script = (plan = "") => `
case "$1" in
  init) mkdir -p .terraform;;
  show) echo '{"format_version": "1.2", "resource_changes": []}';;
  plan) ${plan}
    case "$PWD" in
      *jobs*) echo '${missing.replaceAll("'", "'\\''")}'; exit 1;;
    esac
    echo '${summaryLine}'; exit 2;;
esac`;

describe("tap plan", () => {
  let app: ThreeStacks;
  const project = copyProject();
  const plan = (args: readonly string[], terraform = fakeTerraform(script())) =>
    tap(["plan", "--from", app.root, ...args], { root: project.root, variables: terraform });

  beforeAll(() => {
    app = threeStacks();
  });
  afterAll(() => project.remove());

  test("plans and summary are written; what waits is no failure", () => {
    const { exitCode, stdout, stderr } = plan([]);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(`${jobsId} waits for ${networkId}`);
    expect(stdout).toContain("Next: tap review .tap/plan/dev");
    expect(readdirSync(join(project.root, ".tap", "plan", "dev")).sort()).toEqual([
      "summary.json",
      `${filesId}.json`,
      `${networkId}.json`,
    ]);
  });

  test("as JSON, of one stack: what it waits for is known though it isn't planned", () => {
    const out = temporaryFolder();
    const { stdout } = plan(["--stack", "jobs", "--json", "--out", out]);
    const { stacks, terraform } = JSON.parse(stdout);
    expect(terraform).toEqual({ product: "Terraform", version: "1.11.4" });
    expect(stacks).toEqual([{ stackId: jobsId, status: "waiting", waitingFor: [networkId] }]);
  });

  test("the parts of a matrix plan every stack once", () => {
    const out = temporaryFolder();
    for (const shard of ["1/2", "2/2"]) expect(plan(["--shard", shard, "--out", out]).exitCode).toBe(0);
    const parts = ["summary-1-of-2.json", "summary-2-of-2.json"].map((name) =>
      JSON.parse(readFileSync(join(out, name), "utf8")),
    );
    const ids = parts.flatMap(({ stacks }) => stacks.map(({ stackId }: { stackId: string }) => stackId));
    expect(ids.sort()).toEqual([filesId, jobsId, networkId].sort());
  });

  test("a plan that fails is exit code 1, with Terraform's error and the log", () => {
    const { exitCode, stdout } = plan(
      ["--stack", "files"],
      fakeTerraform(script(`echo '${errorLine("no credentials")}'; exit 1;`)),
    );
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`${filesId}: no credentials`);
    expect(stdout).toMatch(/All of it: .*plan\.log/);
  });

  test("PLAT-13 under the plan role bootstrap is left out with a word, unless it is named", () => {
    const folder = temporaryFolder();
    const [bootstrap, delivery] = ["tap-bootstrap-dev-us-east-1", "tap-delivery-dev-us-east-1"];
    for (const id of [bootstrap, delivery]) {
      mkdirSync(join(folder, id));
      writeFileSync(join(folder, id, "cdk.tf.json"), JSON.stringify({ terraform: {} }));
    }
    const planned = (verb: string, ...args: readonly string[]) =>
      tap([verb, "--from", folder, "--json", ...args], { root: project.root, variables: fakeTerraform(script()) });
    const ids = (stdout: string) => JSON.parse(stdout).stacks.map(({ stackId }: { stackId: string }) => stackId);
    const role = ["--plan-role", "arn:aws:iam::111111111111:role/plan"];
    const { stdout, stderr } = planned("plan", ...role);
    expect(ids(stdout)).toEqual([delivery]);
    expect(stderr).toContain(`${bootstrap} is left out: the plan role can't read it`);
    expect(ids(planned("plan", ...role, "--stack", "bootstrap").stdout)).toEqual([bootstrap]);
    expect(ids(planned("plan").stdout)).toEqual([bootstrap, delivery]);
    const [report] = JSON.parse(planned("drift", ...role).stdout).environments;
    expect(report.remarks.join()).toContain(`${bootstrap} is left out`);
    expect(JSON.stringify([report.compared, report.incomplete, report.notDeployed])).not.toContain(bootstrap);
  });

  test.each([
    [["--shard", "3/2", "--parallelism", "none"], 2, /--shard takes[\s\S]*--parallelism takes/],
    [["--env", "deb"], 1, /"deb" is in no stack of the folder \(did you mean "dev"\?\)/],
    [["--stack", "job"], 1, /"job" is in no stack of the folder \(did you mean "jobs"\?\)/],
  ])("%j is refused with exit code %i before anything is planned", (args, wanted, message) => {
    const { exitCode, stderr } = plan(args);
    expect(exitCode).toBe(wanted);
    expect(stderr).toMatch(message);
  });

  test("an interruption reaches Terraform once, what has begun is ended, and what is left is told", async () => {
    // It ends a while after tap was interrupted for the second time, in which that would come; without it, much later.
    const terraform = fakeTerraform(
      script(`trap "echo interrupted >> interrupted" INT; touch begun
    for i in $(seq 600); do [ -e again ] && break; sleep 0.05; done
    for i in $(seq 20); do sleep 0.05; done`),
    );
    const out = temporaryFolder();
    const child = spawn(
      process.execPath,
      [join(project.root, "bin", "tap.mjs"), "plan", "--from", app.root, "--parallelism", "1", "--out", out],
      { cwd: project.root, env: cleanVariables(terraform), stdio: ["ignore", "pipe", "pipe"] },
    );
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    const inWork = (name: string) => join(project.root, ".tap", "work", filesId, name);
    let left = ["begun", "interrupted"];
    const poll = setInterval(() => {
      const [next] = left;
      if (next === undefined || !existsSync(inWork(next))) return;
      left = left.slice(1);
      child.kill("SIGINT");
      if (left.length === 0) writeFileSync(inWork("again"), "");
    }, 20);
    const exitCode = await new Promise((resolve) => child.once("close", resolve));
    clearInterval(poll);
    expect(exitCode).toBe(1);
    expect(readFileSync(inWork("interrupted"), "utf8")).toBe("interrupted\n");
    expect(stdout).toContain(`Interrupted. Not planned: ${filesId}, ${jobsId}, ${networkId}.`);
    expect(JSON.parse(readFileSync(join(out, "summary.json"), "utf8")).interrupted).toBe(true);
  });
});
