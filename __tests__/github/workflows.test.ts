import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { statementsOf } from "../../tap/audit/stack-json";
import { projectRoot, tap } from "../support/project";
import { resource, stackOf, subjectOf } from "../support/synthesized";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: string | Readonly<Record<string, Trigger | null>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job & { readonly concurrency?: { readonly group: string } }>>;
}

interface Trigger {
  readonly branches?: readonly string[];
  readonly inputs?: Readonly<Record<string, { readonly options?: readonly string[] }>>;
}

const folder = join(projectRoot, ".github", "workflows");
const files = readdirSync(folder).sort();
const actionFile = join(projectRoot, ".github", "actions", "prepare", "action.yml");
const textOf = (file: string) => readFileSync(join(folder, file), "utf8");
const workflows = files.map((file) => [file, parse(textOf(file)) as Workflow] as const);
const prepare = parse(readFileSync(actionFile, "utf8")) as { runs: { steps: readonly Step[] } };
const jobs = workflows.flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => [`${file} ${name}`, job, workflow] as const),
);
const steps = [...jobs.flatMap(([, job]) => job.steps), ...prepare.runs.steps];
const declared = ["dev", "staging", "prod"];
const triggersOf = ({ on }: Workflow) => (typeof on === "string" ? [on] : Object.keys(on));

describe("workflows", () => {
  test("are those that delivery needs", () => {
    expect(files).toEqual([
      "clean-up.yml",
      "drift.yml",
      "main.yml",
      "promote.yml",
      "pull-request.yml",
      "roll-back.yml",
    ]);
  });

  test("have no rights but those that a job names, and these are few", () => {
    expect(
      workflows.filter(([, { permissions }]) => JSON.stringify(permissions) !== "{}").map(([file]) => file),
    ).toEqual([]);
    const allowed = ["contents: read", "id-token: write", "pull-requests: write"];
    const others = jobs.flatMap(([name, { permissions }]) =>
      permissions === undefined
        ? [`${name} names none`]
        : Object.entries(permissions).flatMap(([scope, level]) =>
            allowed.includes(`${scope}: ${level}`) ? [] : [`${name} has ${scope}: ${level}`],
          ),
    );
    expect(others).toEqual([]);
  });

  test("write into a pull request in one job alone, which enters no account", () => {
    const writing = jobs.filter(([, { permissions }]) => permissions?.["pull-requests"] === "write");
    expect(writing.map(([name, { permissions }]) => [name, permissions?.["id-token"]])).toEqual([
      ["pull-request.yml review", undefined],
    ]);
  });

  test("end, and don't get in each other's way", () => {
    expect(jobs.filter(([, job]) => !(Number(job["timeout-minutes"]) <= 120)).map(([name]) => name)).toEqual([]);
    const groups = jobs.filter(([, job, workflow]) => (workflow.concurrency ?? job.concurrency)?.group === undefined);
    expect(groups.map(([name]) => name)).toEqual([]);
  });

  test("use actions by commit, each the same everywhere, with its version beside it", () => {
    const lines = [...files.map(textOf), readFileSync(actionFile, "utf8")].flatMap(
      (text) => text.match(/uses: .*/g) ?? [],
    );
    expect(lines.length).toBeGreaterThan(15);
    const pinned = /^uses: ([a-z-]+\/[a-z-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
    expect(lines.filter((line) => !pinned.test(line) && line !== "uses: ./.github/actions/prepare")).toEqual([]);
    const versions = new Set(lines.filter((line) => pinned.test(line)));
    const names = [...versions].map((line) => pinned.exec(line)?.[1]);
    expect(new Set(names).size).toBe(versions.size);
  });

  test("leave no token behind in what they check out", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(5);
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false)).toEqual([]);
  });

  test("put nothing into a script but by a variable", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  test("know no long-lived key", () => {
    for (const text of [...files.map(textOf), readFileSync(actionFile, "utf8")])
      expect(text).not.toMatch(/secrets\.|aws-access-key-id|aws-secret-access-key/);
  });

  test("give a pull request's own code no right to deploy", () => {
    const [, onClose] = workflows.find(([file]) => file === "clean-up.yml") as (typeof workflows)[number];
    expect(workflows.filter(([, workflow]) => triggersOf(workflow).includes("pull_request_target"))).toHaveLength(1);
    const checkouts = Object.values(onClose.jobs).flatMap((job) =>
      job.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")),
    );
    expect(checkouts.map((step) => step.with?.ref)).toEqual(["main"]);
  });
});

/** Values that `${{ matrix.environment }}` and the like may have. */
function valuesOf(expression: unknown, job: Job, { on }: Workflow): readonly string[] {
  const text = String(expression ?? "");
  if (!text.includes("${{")) return [text];
  if (text === "${{ matrix.environment }}") return (job.strategy?.matrix.environment ?? []).map(String);
  if (text === "${{ inputs.environment }}" && typeof on === "object")
    return on.workflow_dispatch?.inputs?.environment?.options ?? [];
  return text.startsWith("pr${{") ? ["pr12"] : [];
}

/** What GitHub's token says that a job is. */
function subjectsOf(job: Job, workflow: Workflow): string[] {
  if (job.environment !== undefined)
    return valuesOf(job.environment, job, workflow).map((name) => `environment:${name}`);
  return triggersOf(workflow).map((trigger) => (trigger === "pull_request" ? trigger : "ref:refs/heads/main"));
}

describe("PLAT-13 roles that workflows enter", () => {
  const entering = jobs.flatMap(([name, job, workflow]) =>
    job.steps
      .filter((step) => step.uses === "./.github/actions/prepare" && step.with?.environment !== undefined)
      .map((step) => ({ name, job, workflow, environment: step.with?.environment, role: step.with?.role })),
  );

  test("are entered where a token is asked for, and only there", () => {
    const asking = jobs.filter(([, { permissions }]) => permissions?.["id-token"] === "write").map(([name]) => name);
    expect(entering.map(({ name }) => name)).toEqual(asking);
    expect(entering.length).toBeGreaterThan(5);
  });

  test.each(entering)("$name is trusted by the $role role of its account", ({ job, workflow, environment, role }) => {
    const names = valuesOf(environment, job, workflow);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      // A pull request's environment is in dev's account.
      const owner = declared.includes(name) ? name : "dev";
      const trust = resource(
        stackOf(subjectOf(owner), owner, "bootstrap"),
        "aws_iam_role",
        role === "deploy" ? "DeployRole" : "PlanRole",
      ).assume_role_policy;
      const trusted = statementsOf(trust).flatMap(({ Condition }) =>
        [Condition?.StringEquals?.["token.actions.githubusercontent.com:sub"] ?? []].flat(),
      );
      const own = job.environment === "${{ inputs.environment }}" ? [`environment:${name}`] : subjectsOf(job, workflow);
      for (const subject of own) expect(trusted).toContain(`repo:example-org/tap:${subject}`);
    }
  });

  test("are the deploy role in GitHub's environments alone, whose approvals and branches stand before it", () => {
    for (const { name, job, role } of entering)
      expect([name, role, job.environment !== undefined]).toEqual([name, role, role === "deploy"]);
  });

  test("are entered from main alone where somebody starts a workflow by hand or by the clock", () => {
    const others = entering.filter(
      ({ job, workflow }) =>
        triggersOf(workflow).some((trigger) => ["schedule", "workflow_dispatch"].includes(trigger)) &&
        !job.if?.includes("github.ref == 'refs/heads/main'") &&
        !job.steps.some((step) => step.with?.ref === "main") &&
        job.environment !== "prod",
    );
    expect(others.map(({ name }) => name)).toEqual([]);
  });

  test("are entered for as long as a job may take, and as the roles allow", () => {
    const seconds = prepare.runs.steps.flatMap((step) => step.with?.["role-duration-seconds"] ?? []);
    const longest = Math.max(...entering.map(({ job }) => Number(job["timeout-minutes"]) * 60));
    expect(seconds).toEqual([longest]);
    for (const role of ["DeployRole", "PlanRole"])
      expect(
        resource(stackOf(subjectOf("dev"), "dev", "bootstrap"), "aws_iam_role", role).max_session_duration,
      ).toBeGreaterThanOrEqual(longest);
  });

  test("can give a waiting promotion, and a rollback that needs a person, the approval in every environment", () => {
    for (const file of ["promote.yml", "roll-back.yml"]) {
      const [, workflow] = workflows.find(([name]) => name === file) as (typeof workflows)[number];
      const { inputs } = (workflow.on as { workflow_dispatch: Trigger }).workflow_dispatch;
      expect(inputs?.approve).toBeDefined();
      expect(inputs?.[file === "promote.yml" ? "to" : "environment"]?.options).toEqual(declared);
      for (const { steps: own } of Object.values(workflow.jobs))
        expect(own.at(-1)?.run).toMatch(/\$\{APPROVE(_HERE)?:\+--approve/);
    }
  });

  test("are entered by no fork: its plans are left out with a word", () => {
    const [, { jobs: own }] = workflows.find(([file]) => file === "pull-request.yml") as (typeof workflows)[number];
    expect(own.plan?.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(own.fork?.if).toBe("github.event.pull_request.head.repo.full_name != github.repository");
    expect(own.fork?.steps.map(({ run }) => run).join()).toContain("comes from a fork");
  });
});

test("PLAT-09 drift is looked for in every declared environment, as often as its alarm expects", () => {
  const [, workflow] = workflows.find(([file]) => file === "drift.yml") as (typeof workflows)[number];
  const { schedule } = workflow.on as unknown as { schedule: readonly { cron: string }[] };
  const [, minute, hours] = /^(\d+) \*\/(\d+) \* \* \*$/.exec(schedule[0]?.cron ?? "") ?? [];
  expect(Number(minute)).toBeGreaterThan(0);
  for (const environment of declared) {
    const silent = resource(
      stackOf(subjectOf(environment), environment, "delivery"),
      "aws_cloudwatch_metric_alarm",
      "DriftAlarms_silent",
    );
    expect(Number(hours) * 3_600).toBe(silent.period);
  }
  expect(workflow.jobs.drift?.strategy?.matrix.environment).toEqual(declared);
  expect(workflow.jobs.drift?.steps.at(-1)?.run).toBe(
    'npx tap drift --env "$ENVIRONMENT" --plan-role --metric --notify --markdown >> "$GITHUB_STEP_SUMMARY"',
  );
});

describe("commands that workflows run", () => {
  const scripts = (JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { scripts: object }).scripts;
  const lines = steps.flatMap(({ run }) => run?.split("\n") ?? []).map((line) => line.trim());
  const ofTap = [...new Set(lines.filter((line) => line.startsWith("npx tap ")))];
  const verbs = [...tap(["--help"]).stdout.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb]) => verb ?? "");

  test("are scripts that there are", () => {
    const names = lines.flatMap((line) => /^npm (?:run )?(start|test|lint\S*|types)$/.exec(line)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(4);
    expect(names.filter((name) => !(name in scripts))).toEqual([]);
  });

  test.each(ofTap)("%s", (line) => {
    // What a variable may add is added.
    const [command = ""] = line.split(" >");
    const words = command
      .replaceAll(/\$\{\w+:\+([^}]*)\}/g, "$1")
      .split(/\s+/)
      .slice(2);
    const [verb = "", next = ""] = words;
    // Before the commands of delivery are here, there is nothing to ask.
    if (!verbs.includes(verb) && !existsSync(join(projectRoot, "tap", "commands", "promote.ts"))) return;
    const { exitCode, stdout } = tap([verb, ...(/^[a-z]+$/.test(next) && verb === "release" ? [next] : []), "--help"]);
    expect(exitCode).toBe(0);
    const options = words.filter((word) => word.startsWith("--"));
    expect(options.filter((option) => !new RegExp(`${option}[ ,\\n]`).test(stdout))).toEqual([]);
    // A word after a switch isn't its value, but an argument that nobody meant.
    const isSwitch = (option = "") =>
      option.startsWith("--") && !new RegExp(`${option}(?:, --[\\w-]+)* [<[]`).test(stdout);
    const end = words.indexOf(">>");
    const given = end === -1 ? words : words.slice(0, end);
    expect(given.filter((word, at) => !word.startsWith("--") && isSwitch(given[at - 1]))).toEqual([]);
  });
});
