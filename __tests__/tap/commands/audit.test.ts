import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv-draft-04";
import addFormats from "ajv-formats";
import type { JsonReport } from "../../../tap/audit/report/json";
import { projectRoot, tap, temporaryFolder } from "../../support/project";

const declared = join(projectRoot, ".cache", "test-synth", "declared");

type Blocks = Readonly<Record<string, Readonly<Record<string, object>>>>;

/** A folder with one stack in Terraform's JSON. */
function stackOf(resource: Blocks, name = "orders"): string {
  const folder = join(temporaryFolder(), name);
  mkdirSync(folder);
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ resource }, null, 2));
  return folder;
}

function fileOf(text: unknown, name = "acknowledged.json"): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, typeof text === "string" ? text : JSON.stringify(text));
  return path;
}

const json = (args: readonly string[]) => {
  const { exitCode, stdout } = tap(["audit", "--json", ...args]);
  return { exitCode, report: JSON.parse(stdout) as JsonReport };
};
const idsIn = ({ report }: { report: JsonReport }) => report.findings.map(({ rule, address }) => `${rule} ${address}`);

/** A queue of which little is said: findings of high, medium and low. */
const queue = { aws_sqs_queue: { Jobs: { name: "jobs" } } };
const queues = stackOf(queue);
const good = stackOf({ terraform_data: { Nothing: {} } });
const inAYear = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
const acknowledgement = {
  rule: "sqs-encryption",
  stack: "orders",
  address: "aws_sqs_queue.Jobs",
  reason: "Messages hold the id of a public product page and nothing else",
  owner: "orders-team",
  expires: inAYear,
};

describe("the exit code", () => {
  test("is 1 where anything is found, and the report names resource, file and line", () => {
    const { exitCode, stdout, stderr } = tap(["audit", queues]);
    expect(stdout).toMatch(/^sqs-encryption {2}Queues are encrypted\n {2}orders\/aws_sqs_queue\.Jobs\n {4}must be /m);
    expect(stdout).toMatch(/^ {4}\S+orders\/main\.tf\.json:4$/m);
    expect(stdout).toMatch(
      /^✗ 4 findings \(2 high, 1 medium, 1 low\): \d+ rules on 1 stack, 1 resource, in [\d.]+ s$/m,
    );
    expect(stdout).not.toContain("\u001b");
    expect(stderr).toBe("4 findings of severity low or worse.\n");
    expect(exitCode).toBe(1);
  });

  test.each([
    ["critical", 0],
    ["high", 1],
    ["medium", 1],
  ] as const)("with --fail-on %s is %d, and all is printed", (severity, expected) => {
    const { exitCode, stdout, stderr } = tap(["audit", queues, "--fail-on", severity]);
    expect(stdout).toContain("✗ 4 findings");
    expect(stderr).toBe(
      expected === 0 ? "" : `${severity === "high" ? 2 : 3} findings of severity ${severity} or worse.\n`,
    );
    expect(exitCode).toBe(expected);
  });

  test("is 0 where nothing is found, and the verdict is short", () => {
    const { exitCode, stdout, stderr } = tap(["audit", good]);
    expect(stdout).toMatch(/^✓ 0 findings: \d+ rules on 1 stack, 1 resource, in [\d.]+ s\n {2}tap audit --html .*\n$/);
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });
});

test("colours are for terminals, for those who ask, and never for those who ask for none", () => {
  const first = (variables: Record<string, string>) => tap(["audit", queues], { variables }).stdout.slice(0, 2);
  expect([first({}), first({ FORCE_COLOR: "1" }), first({ FORCE_COLOR: "1", NO_COLOR: "1" })]).toEqual([
    " H",
    "\u001b[",
    " H",
  ]);
});

describe("of this project", () => {
  const folder = temporaryFolder();
  const stack = "tap-jobs-dev-us-east-1";
  const table = "aws_dynamodb_table.Table_4C2D914F";
  const manifest = JSON.parse(readFileSync(join(declared, "manifest.json"), "utf8")) as { stacks: object };
  const dev = Object.entries(manifest.stacks).filter(([id]) => id.includes("-dev-"));
  for (const [, { synthesizedStackPath: path }] of dev) cpSync(join(declared, path), join(folder, path));
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...manifest, stacks: Object.fromEntries(dev) }));
  const path = join(folder, "stacks", stack, "cdk.tf.json");
  const planted = readFileSync(path, "utf8").replaceAll(
    /"visibility_timeout_seconds": \d+/g,
    '"visibility_timeout_seconds": 7',
  );
  writeFileSync(path, planted);
  const outputs = temporaryFolder();
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const word = { stack, address: table, reason: acknowledgement.reason, owner: "jobs-team", expires: inAYear };
  const file = fileOf({
    publicRoutes: ["GET /health"],
    acknowledgements: [
      { ...word, rule: "dynamodb-point-in-time-recovery" },
      { ...word, rule: "kms-key-rotation", expires: day(-3) },
      { ...word, rule: "sqs-encryption" },
      { ...word, rule: "s3-bucket-versionin" },
      { ...word, rule: "sqs-tls-only", reason: "It is not needed here for now" },
      { ...word, rule: "kms-key-rotation", stack: "tap-jobs-prod-us-east-1" },
      { ...word, rule: "kms-key-rotation", stack: "tap-gone-dev-us-east-1" },
    ],
  });
  const { exitCode, stdout, stderr } = tap([
    "audit",
    folder,
    "--json",
    "--acknowledgements",
    file,
    "--sarif",
    join(outputs, "new", "audit.sarif"),
    "--html",
    join(outputs, "new", "audit.html"),
  ]);
  const report = JSON.parse(stdout) as JsonReport;

  test("requirements and least privilege are judged too, and each finding names the resource", () => {
    expect(exitCode).toBe(1);
    const ids = report.rules.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["PLAT-07", "least-privilege", "acknowledgement-unused"]));
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        rule: "PLAT-07",
        severity: "high",
        stack,
        address: expect.stringMatching(/^aws_sqs_queue\./),
      }),
    );
    expect(report.notes).toEqual([]);
  });

  test("what is acknowledged is apart, and what is wrong with acknowledgements is found", () => {
    expect(report.acknowledged).toEqual([
      expect.objectContaining({ rule: "dynamodb-point-in-time-recovery", stack, address: table }),
    ]);
    const found = report.findings
      .filter(({ rule }) => rule.startsWith("acknowledgement-"))
      .map(
        ({ rule, stack: of, message }) =>
          `${rule} ${of} ${message.replace(/^.* an acknowledgement of | by jobs-team,/g, "")}`,
      );
    expect(found).toEqual([
      `acknowledgement-expired ${stack} kms-key-rotation, that ended on ${day(-3)}`,
      `acknowledgement-malformed ${stack} sqs-tls-only, that gives no fact as its reason ("It is not needed here for now")`,
      "acknowledgement-unused tap-gone-dev-us-east-1 kms-key-rotation, that is of no finding",
      `acknowledgement-unused ${stack} kms-key-rotation, that is of no finding`,
      `acknowledgement-unused ${stack} s3-bucket-versionin, that names no rule that there is (did you mean "s3-bucket-versioning"?)`,
      `acknowledgement-unused ${stack} sqs-encryption, that is of no finding`,
      `acknowledgement-unused ${stack} sqs-tls-only, that is of no finding`,
    ]);
  });

  test("SARIF is valid, has the same findings, and names lines that have the resource", () => {
    const schema = join(projectRoot, "__tests__", "fixtures", "sarif", "sarif-schema-2.1.0.json");
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(ajv);
    const isValid = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));
    const log = JSON.parse(readFileSync(join(outputs, "new", "audit.sarif"), "utf8"));
    isValid(log);
    expect(isValid.errors ?? []).toEqual([]);
    const { results } = log.runs[0];
    const fingerprints = results.map(
      (each: { partialFingerprints: object }) => Object.values(each.partialFingerprints)[0],
    );
    expect(fingerprints.toSorted()).toEqual(
      [...report.findings, ...report.acknowledged].map(({ fingerprint }) => fingerprint).toSorted(),
    );
    const suppressed = results.filter((each: { suppressions: unknown[] }) => each.suppressions.length > 0);
    expect(suppressed).toHaveLength(1);
    const { artifactLocation, region } = suppressed[0].locations[0].physicalLocation;
    const line = readFileSync(join(folder, artifactLocation.uri), "utf8").split("\n")[region.startLine - 1];
    expect(line).toContain(`"${table.split(".")[1]}"`);
  });

  test("the page is one file, in a folder that is made for it, and its name is said apart from the JSON", () => {
    const page = readFileSync(join(outputs, "new", "audit.html"), "utf8");
    expect(page).toContain(`<title>${report.summary.findings} findings: tap audit</title>`);
    expect(page).toContain(stack);
    expect(stderr).toMatch(/^Wrote \S+audit\.sarif\nWrote \S+audit\.html\n\d+ findings of severity low or worse\.\n$/);
  });
});

describe("acknowledgements of stacks of anybody", () => {
  test("are taken from a file that is named, and the verdict says until when they hold", () => {
    const file = fileOf({ acknowledgements: [acknowledgement] });
    const { stdout } = tap(["audit", queues, "--acknowledgements", file]);
    expect(stdout).toContain(`✗ 3 findings (1 high, 1 medium, 1 low), 1 acknowledged (until ${inAYear}): `);
    expect(stdout).not.toContain("sqs-encryption");
  });

  test("of requirements of this project aren't unused, because nobody judged them", () => {
    const file = fileOf({ acknowledgements: [acknowledgement, { ...acknowledgement, rule: "PLAT-07" }] });
    expect(json([queues, "--acknowledgements", file]).report.findings).toHaveLength(3);
  });

  test("malformed ones are told all at once, each with its place, value and what would be right", () => {
    const file = fileOf({
      acknowledgements: [
        { ...acknowledgement, rule: "sqs-*", expires: "31.12.2026" },
        { rule: "sqs-encryption", stack: "orders", because: "…" },
      ],
    });
    const { exitCode, stdout, stderr } = tap(["audit", queues, "--acknowledgements", file]);
    for (const line of [
      'acknowledged.json.acknowledgements.0.rule: "sqs-*" must be a rule\'s id, e.g. s3-bucket-versioning: one alone, without wildcards',
      'acknowledged.json.acknowledgements.0.expires: "31.12.2026" must be a day as YYYY-MM-DD, e.g. 2026-12-31',
      "acknowledged.json.acknowledgements.1.owner: is missing; it must be who answers for it, e.g. platform-team",
      "acknowledged.json.acknowledgements.1.because: is not a key here; valid are rule, stack, address, reason, owner, expires",
    ])
      expect(stderr).toContain(line);
    expect([exitCode, stdout]).toEqual([2, ""]);
  });
});

describe("--changed", () => {
  const two = { aws_sqs_queue: { Later: { name: "later" }, ...queue.aws_sqs_queue } };

  test("shows what is new alone, wherever the base lies and however it is ordered", () => {
    const turned = { aws_sqs_queue: { Jobs: { name: "jobs" }, Later: { name: "later" } } };
    const { exitCode, report } = json([stackOf(two), "--changed", queues]);
    expect(new Set(report.findings.map(({ address }) => address))).toEqual(new Set(["aws_sqs_queue.Later"]));
    expect(report.notes).toEqual([`4 findings are in ${queues} too, and not shown.`]);
    expect(exitCode).toBe(1);
    const same = json([stackOf(two), "--changed", stackOf(turned, "base")]);
    expect([idsIn(same), same.exitCode]).toEqual([[], 0]);
  });

  test("compares plans too", () => {
    const plan = (name: string, blocks: Readonly<Record<string, object>>) => {
      const queuesOf = Object.entries(blocks);
      const address = (each: string) => `aws_sqs_queue.${each}`;
      return fileOf(
        {
          format_version: "1.2",
          planned_values: {
            root_module: {
              resources: queuesOf.map(([each, values]) => ({
                address: address(each),
                mode: "managed",
                type: "aws_sqs_queue",
                name: each,
                values,
              })),
            },
          },
          configuration: {
            root_module: {
              resources: queuesOf.map(([each]) => ({
                address: address(each),
                mode: "managed",
                type: "aws_sqs_queue",
                name: each,
                expressions: {},
              })),
            },
          },
        },
        name,
      );
    };
    const before = plan("before.json", queue.aws_sqs_queue);
    expect(idsIn(json([before]))).toContain("sqs-encryption aws_sqs_queue.Jobs");
    const after = json([plan("after.json", two.aws_sqs_queue), "--changed", before]);
    expect(new Set(after.report.findings.map(({ address }) => address))).toEqual(new Set(["aws_sqs_queue.Later"]));
  });
});

describe("--explain", () => {
  test.each([
    ["s3-bucket-versioning", "medium", /^Breaks it:\n\{.*^Doesn't:\n\{/ms],
    ["PLAT-04", "high", /^Fix: .*PLAT-04 of docs\/requirements\.md/m],
    ["plat-04", "high", /^Why: /m],
    ["least-privilege", "high", /^Why: /m],
    ["acknowledgement-expired", "medium", /^Fix: .*audit\.json/m],
  ])("%s has why and what to do", (id, severity, says) => {
    const { exitCode, stdout } = tap(["audit", "--explain", id]);
    expect(stdout).toMatch(new RegExp(`^${id} \\(${severity}\\): `, "i"));
    expect(stdout).toMatch(says);
    expect(exitCode).toBe(0);
  });

  test.each([
    ["s3-bucket-versionin", "Near are s3-bucket-versioning"],
    ["PLAT-99", "Near are PLAT-"],
    ["rotation", "kms-key-rotation"],
    ["zzz", 'There is no rule "zzz". tap audit --json lists all'],
  ])("%s is no rule, and near ones are named", (id, says) => {
    const { exitCode, stdout, stderr } = tap(["audit", "--explain", id]);
    expect(stderr).toContain(says);
    expect([exitCode, stdout]).toEqual([2, ""]);
  });
});

describe("a wrong call", () => {
  const nowhere = join(temporaryFolder(), "nowhere");
  const folder = temporaryFolder();
  const broken = fileOf('{"a":', "plan.json");
  const halves = temporaryFolder();
  for (const name of ["a", "b"]) {
    mkdirSync(join(halves, name));
    writeFileSync(join(halves, name, "main.tf.json"), "{");
  }
  const manifest = temporaryFolder();
  writeFileSync(
    join(manifest, "manifest.json"),
    JSON.stringify({ stacks: { a: { synthesizedStackPath: "stacks/a.json" }, b: null } }),
  );

  test.each<[string, readonly string[], readonly string[]]>([
    ["a folder that isn't there", [nowhere], [`${nowhere} is not there. Wanted: a folder that cdktf wrote`]],
    ["an empty folder", [folder], [`There is no configuration in ${folder}. Wanted: a folder that cdktf wrote`]],
    ["broken JSON", [broken], [`${broken} is no JSON: `]],
    ["several broken files", [halves], ["a/main.tf.json is no JSON", "b/main.tf.json is no JSON"]],
    ["a manifest without its stacks", [manifest], ["stacks/a.json is not there", "says of b no synthesizedStackPath"]],
    ["a state", [fileOf({ version: 4 }, "state.json")], ["has no format_version"]],
    [
      "everything that is wrong at once",
      [nowhere, "--changed", folder, "--acknowledgements", join(nowhere, "a.json")],
      [`${nowhere} is not there`, `There is no configuration in ${folder}`, `${join(nowhere, "a.json")} is not there`],
    ],
    [
      "a folder of acknowledgements",
      [queues, "--acknowledgements", folder],
      [`${folder} is a folder, where a file is`],
    ],
    ["acknowledgements in no JSON", [queues, "--acknowledgements", broken], ["plan.json: is no JSON: "]],
    [
      "a page over a folder",
      [good, "--html", folder],
      [`--html: ${folder} can't be written: it is a folder; name a file`],
    ],
    [
      "SARIF below a file",
      [good, "--sarif", join(broken, "x")],
      ["can't be written: what should be a folder above it is"],
    ],
    ["a severity that there isn't", [good, "--fail-on", "bad"], ["Allowed choices are critical, high, medium, low"]],
    ["an option that there isn't", [good, "--no-such"], ["unknown option"]],
  ])("is told: %s", (_, args, says) => {
    const { exitCode, stderr } = tap(["audit", ...args]);
    for (const each of says) expect(stderr).toContain(each);
    expect(stderr).not.toMatch(/^\s+at |TAP_DEBUG/m);
    expect(exitCode).toBe(2);
  });

  test("leaves no half of a page behind", () => expect(existsSync(join(folder, "audit.html"))).toBe(false));

  test("before anything was synthesized is told what does", () => {
    const { exitCode, stderr } = tap(["audit"], { variables: { CDKTF_OUTDIR: nowhere } });
    expect(stderr).toContain(`${nowhere} is not there: tap synth writes it`);
    expect(exitCode).toBe(2);
  });
});

test("its help has examples and exit codes", () => {
  const { exitCode, stdout } = tap(["audit", "--help"]);
  expect(stdout).toContain("tap audit --changed ../main/cdktf.out");
  expect(stdout).toContain("Exit codes: 0 no finding of the severity of --fail-on");
  expect(exitCode).toBe(0);
});
