import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { cleanVariables, projectRoot, tap, temporaryFolder } from "../../support/project";
import { recordedCases } from "../review/recorded-plans";

function planFolder(plans: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder();
  for (const [file, plan] of Object.entries(plans)) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), typeof plan === "string" ? plan : JSON.stringify(plan));
  }
  return folder;
}

function recorded(name: string): unknown {
  return recordedCases.find((one) => one.name === name)?.plan();
}

const deleted = recorded("aws_dynamodb_table: deleted");
const code = recorded("aws_lambda_function: code");

test("PLAT-08 plans are named after their files or folders, and reviewed together", () => {
  const folder = planFolder({ "tap-records-dev-us-east-1.json": deleted, "tap-jobs-dev-us-east-1/plan.json": code });
  const { stdout, exitCode } = tap(["review", folder, "--json"]);
  const review = JSON.parse(stdout);
  expect(review.stacks.map(({ stackId, highest }: { stackId: string; highest: string }) => [stackId, highest])).toEqual(
    [
      ["tap-jobs-dev-us-east-1", "safe"],
      ["tap-records-dev-us-east-1", "irreversible"],
    ],
  );
  expect(review.losesData).toHaveLength(1);
  expect(exitCode).toBe(0);
});

test.each([
  ["irreversible", 1],
  ["safe", 1],
])("PLAT-08 --fail-on %s refuses what deletes a table", (level, expected) => {
  const { exitCode, stderr } = tap(["review", planFolder({ "stack.json": deleted }), "--fail-on", level]);
  expect(stderr).toContain(`Refused by --fail-on ${level}: 1 change: 1 irreversible`);
  expect(exitCode).toBe(expected);
});

test("--fail-on lets through what is better, and refuses a stack that could not be planned", () => {
  const folder = planFolder({ "stack.json": code });
  expect(tap(["review", folder, "--fail-on", "review"]).exitCode).toBe(0);
  const { exitCode, stdout } = tap(["review", folder, "--fail-on", "irreversible", "--failed", "other=no credentials"]);
  expect(stdout).toContain("could not be planned: no credentials");
  expect(exitCode).toBe(1);
});

test("a stack that waits for others is shown with them", () => {
  const { stdout } = tap([
    "review",
    planFolder({ "stack.json": code }),
    "--markdown",
    "--waiting",
    "later=network,security",
  ]);
  expect(stdout).toContain("- ⏳ `later` waits for `network`, `security`");
});

test("PLAT-08 a folder of tap plan is read by its summaries: what waits, what failed and what was planned from old values is told without asking", () => {
  const part = (index: number, stacks: readonly object[]) => ({
    version: 1,
    terraform: { product: "Terraform", version: "1.11.4" },
    shard: { index, count: 2 },
    stacks,
  });
  const outdatedBy = ["tap-security-dev-us-east-1"];
  const jobs = "tap-jobs-dev-us-east-1";
  const planned_ = { stackId: jobs, status: "changes", file: `${jobs}.json`, outdatedBy };
  const waiting = { stackId: "tap-api-dev-us-east-1", status: "waiting", waitingFor: ["tap-network-dev-us-east-1"] };
  const failed = { stackId: "tap-files-dev-us-east-1", status: "failed", error: "no credentials" };
  const first = { "summary-1-of-2.json": part(1, [planned_, waiting]), "tap-jobs-dev-us-east-1.json": code };
  const folder = planFolder({ ...first, "summary-2-of-2.json": part(2, [failed]) });
  const { stdout, exitCode } = tap(["review", folder, "--markdown", "--fail-on", "irreversible"]);
  expect(stdout).toContain("- ⏳ `tap-api-dev-us-east-1` waits for `tap-network-dev-us-east-1`");
  expect(stdout).toContain("could not be planned");
  const outdated = (one: string, other: string) =>
    `${one} reads what the plan of ${other} changes: planned again after that, it may look otherwise`;
  expect(stdout).toContain(`- 🔄 ${outdated(`\`${jobs}\``, "`tap-security-dev-us-east-1`")}`);
  expect(tap(["review", folder]).stdout).toContain(outdated(" ", "tap-security-dev-us-east-1"));
  expect(JSON.parse(tap(["review", folder, "--json"]).stdout).stacks).toContainEqual(
    expect.objectContaining({ stackId: jobs, outdatedBy }),
  );
  expect(stdout).toContain("1 safe");
  expect(exitCode).toBe(1);
  const missing = tap(["review", planFolder(first)]);
  expect(missing.stderr).toContain("parts 2 of 2 are missing");
  expect(missing.exitCode).toBe(1);
});

test("a summary leads to no file beside its folder", () => {
  const stacks = [{ stackId: "../other", status: "changes", file: "../other.json" }];
  const terraform = { product: "Terraform", version: "1.11.4" };
  const folder = planFolder({ "other.json": code, "plans/summary.json": { version: 1, terraform, stacks } });
  const { stderr, exitCode } = tap(["review", join(folder, "plans")]);
  expect(stderr).toContain("can't be read");
  expect(exitCode).toBe(1);
});

test("what is no plan is refused, all of it at once, by what it is", () => {
  const folder = planFolder({
    "binary.json": "PK\u0003\u0004",
    "state.json": { version: 4, terraform_version: "1.11.4", lineage: "x", resources: [] },
    "shown-state.json": { format_version: "1.0", values: { root_module: {} } },
    "errored.json": { ...(code as object), errored: true },
    "newer.json": { format_version: "2.0", planned_values: {} },
    "list.json": [],
    "wrong.json": { format_version: "1.2", planned_values: {}, resource_changes: { a: 1 } },
  });
  const { stderr, stdout, exitCode } = tap(["review", folder, join(folder, "missing.json")]);
  for (const says of [
    "binary.json is no JSON: ",
    "state.json has no format_version: it is a state file, and not a plan",
    "shown-state.json is a state, and not a plan",
    "errored.json is of a plan that ended with an error",
    'newer.json has the format_version "2.0"; versions 1.x are read here',
    "list.json is no plan, but a list",
    "wrong.json has resource_changes that are no list",
    "missing.json is not there",
  ])
    expect(stderr).toContain(says);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
});

test.each([
  ['{"format_version":"1.2","planned_values":{},"resource_changes":[nonsense]}', "A plan is no JSON"],
  ['{"format_version":"1.2","planned_values":{},"resource_changes":[null]}', "stack has a change without address"],
  [
    '{"format_version":"1.2","planned_values":{},"resource_drift":[{"address":"a"}]}',
    "stack has a change without address",
  ],
])("what is wrong within a list is refused, too: %s", (plan, says) => {
  const { stderr, exitCode } = tap(["review", planFolder({ "stack.json": plan })]);
  expect(stderr).toContain(says);
  expect(exitCode).toBe(1);
});

test("two plans of one stack are refused", () => {
  const folder = planFolder({ "stack.json": code, "stack/plan.json": code });
  expect(tap(["review", folder]).stderr).toContain("stack has two plans here");
});

test("what is wrong with a call is told at once", () => {
  const { stderr, exitCode } = tap(["review", "-", "-", "--json", "--markdown", "--comment"], {
    variables: { GITHUB_TOKEN: "", GITHUB_REPOSITORY: "x", GITHUB_API_URL: "http://example.com" },
  });
  for (const says of [
    "name one",
    "read once",
    "GITHUB_TOKEN",
    "owner/name",
    "must be an https address",
    "--pull-request 12",
  ])
    expect(stderr).toContain(says);
  expect(exitCode).toBe(2);
});

test("--out writes the file whole", () => {
  const folder = planFolder({ "stack.json": code });
  const { stdout } = tap(["review", folder, "--markdown", "--out", join(folder, "review.md")]);
  expect(stdout).toBe("");
  expect(readFileSync(join(folder, "review.md"), "utf8")).toMatch(/^### 🟢 Plan review: 1 change: 1 safe/);
});

test("PLAT-08 the comment begins with its marker, and the token is in no output", async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      if (request.method !== "GET") bodies.push((JSON.parse(body) as { body: string }).body);
      response.writeHead(request.method === "GET" ? 200 : 201, { "content-type": "application/json" });
      response.end(request.method === "GET" ? "[]" : "{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const token = "ghs_0123456789abcdefghijklmnopqrstuvwxyz";
  const folder = planFolder({ "tap-records-dev-us-east-1.json": deleted });
  const child = spawn(
    process.execPath,
    [join(projectRoot, "bin", "tap.mjs"), "review", folder, "--comment", "--pull-request", "7"],
    {
      cwd: projectRoot,
      env: cleanVariables({
        GITHUB_TOKEN: token,
        GITHUB_REPOSITORY: "owner/name",
        GITHUB_API_URL: `http://127.0.0.1:${port}`,
      }),
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exitCode = await new Promise((resolve) => child.on("close", resolve));
  await new Promise((resolve) => server.close(resolve));
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).toMatch(/^<!-- tap-review: dev -->\n### 🛑 Plan review: 1 change: 1 irreversible/);
  expect(output).toContain("Wrote the comment");
  expect(output).not.toContain(token);
  expect(exitCode).toBe(0);
});
