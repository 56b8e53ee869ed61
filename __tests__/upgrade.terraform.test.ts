import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./support/project";
import { describeWithTerraform, terraformFolder, terraformVariables } from "./support/terraform";

/*
 * docs/operations/upgrade.md, rehearsed: real Terraform, and the commands of the page itself, from a stack that has
 * everything in one state to the stacks of dev. The stand-in provider imports an id and nothing else, so that what AWS
 * would answer comes from the state of whoever made it (`awsHas`).
 */

jest.setTimeout(300_000);

const page = readFileSync(join(projectRoot, "docs", "operations", "upgrade.md"), "utf8");

/** The commands of the page that stand behind a mark. */
function commandsOf(mark: string): string {
  const found = [...page.matchAll(/^<!-- rehearsed: (.+) -->\n```sh\n([\s\S]*?)^```$/gm)].filter(
    ([, name]) => name === mark,
  );
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`The page has ${found.length} blocks "${mark}"`);
  return only[2] as string;
}

const recordsStack = "tap-records-dev-us-east-1";
const jobsStack = "tap-jobs-dev-us-east-1";
const bucketName = "tap-jobs-results-dev-us-east-1-111111111111";

/** A component of a one-stack project: what holds data has the names of this project's pattern, its queue has not. */
function component(id: string, name: string) {
  const keyArn = `\${aws_kms_key.${id}Key.arn}`;
  return {
    aws_kms_key: { [`${id}Key`]: { description: `${id} of dev`, enable_key_rotation: true, tags: { team: "old" } } },
    aws_kms_alias: { [`${id}Alias`]: { name: `alias/${name}`, target_key_id: `\${aws_kms_key.${id}Key.key_id}` } },
    aws_dynamodb_table: {
      [`${id}Table`]: {
        name,
        billing_mode: "PAY_PER_REQUEST",
        hash_key: "id",
        attribute: [{ name: "id", type: "S" }],
        server_side_encryption: { enabled: true, kms_key_arn: keyArn },
        point_in_time_recovery: { enabled: true },
      },
    },
    aws_sqs_queue: { [`${id}Queue`]: { name: `dev-${id}` } },
  };
}

const bucket = `\${aws_s3_bucket.Results.id}`;
const records = component("Records", recordsStack);
const jobs = component("Jobs", jobsStack);
/** The one stack, as its synthesis would have written it. */
const oldStack = {
  terraform: { required_providers: { aws: { source: "hashicorp/aws", version: "6.25.0" } } },
  provider: { aws: [{ region: "us-east-1", allowed_account_ids: ["111111111111"] }] },
  resource: {
    aws_kms_key: { ...records.aws_kms_key, ...jobs.aws_kms_key },
    aws_kms_alias: { ...records.aws_kms_alias, ...jobs.aws_kms_alias },
    aws_dynamodb_table: { ...records.aws_dynamodb_table, ...jobs.aws_dynamodb_table },
    aws_sqs_queue: { ...records.aws_sqs_queue, ...jobs.aws_sqs_queue },
    aws_s3_bucket: { Results: { bucket: bucketName } },
    aws_s3_bucket_versioning: { Results: { bucket, versioning_configuration: { status: "Enabled" } } },
    aws_s3_bucket_public_access_block: { Results: { bucket, block_public_acls: true, block_public_policy: true } },
    aws_s3_bucket_server_side_encryption_configuration: {
      Results: {
        bucket,
        rule: [
          {
            apply_server_side_encryption_by_default: {
              sse_algorithm: "aws:kms",
              kms_master_key_id: "${aws_kms_key.JobsKey.arn}",
            },
          },
        ],
      },
    },
  },
};

/** What the page takes over, by type, and the argument that AWS doesn't tell an import. */
const takenOver: Readonly<Record<string, string | undefined>> = {
  aws_dynamodb_table: undefined,
  aws_kms_alias: undefined,
  aws_kms_key: "deletion_window_in_days",
  aws_s3_bucket: "force_destroy",
};
const isTakenOver = ({ type }: { type: string }) => type in takenOver;

interface StateResource {
  readonly type: string;
  readonly instances: readonly { readonly attributes: Record<string, unknown> }[];
}

interface PlannedChange {
  readonly address: string;
  readonly type: string;
  readonly change: { readonly actions: readonly string[]; readonly importing?: { readonly id: string } };
}

describeWithTerraform("from one stack per environment", () => {
  const root = temporaryFolder();
  const aws = join(root, "aws.json");
  const log = join(root, "log.jsonl");
  const variables = { TF_STANDIN_DRIFT: aws, TF_STANDIN_LOG: log, TF_CLI_ARGS_destroy: "-auto-approve" };
  const synthesized = (id: string) => join(projectRoot, ".cache", "test-synth", "declared", "stacks", id);
  const stack = (id: string) => terraformFolder(synthesized(id), join(root, "cdktf.out", "stacks", id), { variables });
  const oldSynthesized = temporaryFolder();
  writeFileSync(join(oldSynthesized, "cdk.tf.json"), JSON.stringify(oldStack));
  const old = terraformFolder(oldSynthesized, join(root, "TapStackdev"), { variables });
  const newStacks = [stack(recordsStack), stack(jobsStack)] as const;

  const resourcesOf = ({ path }: { path: string }): StateResource[] =>
    JSON.parse(readFileSync(join(path, "terraform.tfstate"), "utf8")).resources;
  const attributesOf = (folder: { path: string }, type: string) =>
    resourcesOf(folder)
      .filter((each) => each.type === type)
      .flatMap(({ instances }) => instances.map(({ attributes }) => attributes));
  const idsIn = (folders: readonly { path: string }[]) =>
    folders
      .flatMap((folder) => Object.keys(takenOver).flatMap((type) => attributesOf(folder, type)))
      .map(({ id }) => id as string)
      .sort();

  /** From now on an import finds in AWS what these states know; or nothing is read but the states themselves. */
  function awsHas(...folders: readonly { path: string }[]): void {
    const known = folders.flatMap((folder) =>
      Object.entries(takenOver).flatMap(([type, untold]) =>
        attributesOf(folder, type).map((attributes) => [
          `${type}:${attributes.id}`,
          Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== untold)),
        ]),
      ),
    );
    writeFileSync(aws, JSON.stringify(Object.fromEntries(known)));
  }

  /** The commands behind a mark of the page, as a person runs them, but for the names at the top. */
  function follow(mark: string, oldPath = old.path): string {
    const keys = Object.fromEntries(
      attributesOf({ path: original }, "aws_kms_key").map(({ description, key_id }) => [description, key_id]),
    );
    const names = [
      "set -euo pipefail",
      `at=dev-us-east-1 account=111111111111 old=${oldPath}`,
      `key_of() { case $1 in records) echo ${keys["Records of dev"]};; jobs) echo ${keys["Jobs of dev"]};; esac; }`,
    ];
    const { status, stdout, stderr } = spawnSync("bash", ["-c", [...names, commandsOf(mark)].join("\n")], {
      cwd: root,
      encoding: "utf8",
      env: { ...terraformVariables(), ...variables },
    });
    if (status !== 0) throw new Error(`"${mark}" ended with ${status}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** What was created, changed or deleted in a step. */
  function callsOf(step: () => unknown): { action: string; type: string }[] {
    writeFileSync(log, "");
    step();
    return readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { action: string; type: string })
      .filter(({ action }) => action !== "read");
  }

  /** A copy of the old state from before anything was moved. */
  const original = temporaryFolder();
  const before = () => resourcesOf({ path: original });

  beforeAll(() => {
    writeFileSync(aws, "{}");
    for (const folder of [old, ...newStacks]) folder.run("init", "-no-color");
    old.run("apply", "-no-color", "-auto-approve");
    copyFileSync(join(old.path, "terraform.tfstate"), join(original, "terraform.tfstate"));
  });

  test("without the page, the new stacks would make the tables, keys and the bucket anew", () => {
    const [recordsPlan, jobsPlan] = newStacks.map((folder) => folder.run("plan", "-no-color"));
    for (const type of ["aws_dynamodb_table", "aws_kms_key", "aws_kms_alias"])
      expect(recordsPlan).toMatch(new RegExp(`# ${type}\\.\\S+ will be created`));
    for (const type of Object.keys(takenOver)) expect(jobsPlan).toMatch(new RegExp(`# ${type}\\.\\S+ will be created`));
  });

  test("the plan imports them, replaces and destroys nothing, and nothing is written", () => {
    awsHas(old);
    const calls = callsOf(() => {
      const lines = follow("plan").trim().split("\n");
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(/^Plan: 3 to import, \d+ to add, \d+ to change, 0 to destroy\.$/);
      expect(lines[1]).toMatch(/^Plan: 4 to import, \d+ to add, \d+ to change, 0 to destroy\.$/);
    });
    expect(calls).toEqual([]);
    expect(resourcesOf(old)).toEqual(before());
    for (const folder of newStacks) {
      const changes: PlannedChange[] = JSON.parse(folder.run("show", "-json", "take-over.tfplan")).resource_changes;
      expect(changes.filter(({ change }) => change.actions.includes("delete"))).toEqual([]);
      for (const { address, change } of changes.filter(isTakenOver)) {
        expect([address, change.importing?.id]).toEqual([address, expect.any(String)]);
        expect([["update"], ["no-op"]]).toContainEqual(change.actions);
      }
    }
  });

  test("the plan's check is red when a key's import is left out", () => {
    const file = join(newStacks[0].path, "take-over.tf");
    const whole = readFileSync(file, "utf8");
    writeFileSync(file, whole.replace(/import \{\n {2}to = aws_kms_key[^}]+\}\n/, ""));
    expect(readFileSync(file, "utf8")).not.toBe(whole);
    const [, pattern] = /grep -E '(\^Plan:[^']+)'/.exec(page) ?? [];
    const found = newStacks[0]
      .run("plan", "-no-color")
      .split("\n")
      .filter((line) => new RegExp(pattern as string).test(line));
    expect(found.join("\n")).toMatch(/# aws_kms_key\.\S+ will be created\nPlan: 2 to import/);
    writeFileSync(file, whole);
  });

  function takeOver(): void {
    const calls = callsOf(() => follow("take over"));
    expect(calls.filter(({ action }) => action === "delete")).toEqual([]);
    expect(calls.filter((call) => call.action === "create" && isTakenOver(call))).toEqual([]);
    expect(resourcesOf(old).map(({ type }) => type)).toEqual(["aws_sqs_queue", "aws_sqs_queue"]);
    expect(idsIn(newStacks)).toEqual(idsIn([{ path: original }]));
    // AWS is as the stacks left it.
    awsHas(...newStacks);
    for (const folder of newStacks) expect(folder.try("plan", "-no-color", "-detailed-exitcode").exitCode).toBe(0);
  }

  test("they leave the old state, the new stacks have the same ones, and a second plan is empty", () => {
    takeOver();
  });

  test("the end is refused while a name is in the old state and a new one", () => {
    const forgotten = terraformFolder(old.path, temporaryFolder(), { variables });
    copyFileSync(join(original, "terraform.tfstate"), join(forgotten.path, "terraform.tfstate"));
    const calls = callsOf(() => expect(() => follow("the end", forgotten.path)).toThrow(`"name": "${recordsStack}"`));
    expect(calls).toEqual([]);
  });

  test("the way back: the old stack has them again, and would make, replace and destroy nothing", () => {
    expect(callsOf(() => follow("back"))).toEqual([]);
    expect(resourcesOf(old)).toEqual(before());
    expect(idsIn(newStacks)).toEqual([]);
    expect(old.run("plan", "-no-color")).toMatch(/Plan: 0 to add, \d+ to change, 0 to destroy|No changes/);
  });

  test("and once more; then what is left of the old stack goes, and nothing of the data", () => {
    follow("plan");
    takeOver();
    const calls = callsOf(() => follow("the end"));
    expect(calls.map(({ action, type }) => `${action} ${type}`)).toEqual([
      "delete aws_sqs_queue",
      "delete aws_sqs_queue",
    ]);
    expect(resourcesOf(old)).toEqual([]);
  });
});
