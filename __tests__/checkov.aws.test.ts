import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./support/project";
import { loudlySkipped } from "./support/skipped";

/*
 * That Checkov sees what it is given: a weakness that is planted is reported under its resource, and a file that it
 * can't read is an error, not a pass. What it finds in the project itself is told by `npm run checkov`.
 */

jest.setTimeout(300_000);

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const python = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
const describeWithPython =
  python.status === 0 ? describe : loudlySkipped("Python 3.10 or newer is not on PATH as python3: Checkov needs it");

/** Judges one stack, prepared as the project's are, or as it is. */
function judge(name: string, stack: object, prepare: boolean): { records?: object[]; error?: string } {
  const source = join(folder, `${name}-source`);
  const target = join(folder, name, "stacks");
  for (const path of [source, join(target, name)]) mkdirSync(path, { recursive: true });
  writeFileSync(join(source, "cdk.tf.json"), JSON.stringify(stack));
  writeFileSync(join(target, name, "cdk.tf.json"), JSON.stringify(stack));
  const module = (file: string) => JSON.stringify(join(projectRoot, "checkov", file));
  const code = `
import { installCheckov } from ${module("install.mjs")};
import { judge } from ${module("judge.mjs")};
import { prepareStack } from ${module("stacks.mjs")};
const [source, folder, name, prepare] = process.argv.slice(1);
if (prepare === "true") prepareStack(source, folder + "/" + name);
const answer = await judge(await installCheckov(), "terraform_json", folder).catch(({ message }) => ({ error: message }));
console.log(JSON.stringify(answer));`;
  const args = [source, target, name, String(prepare)];
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

const stack = {
  terraform: {
    required_version: ">= 1.10",
    required_providers: { aws: { source: "hashicorp/aws", version: "6.25.0" } },
  },
  provider: { aws: [{ region: "us-east-1" }] },
  resource: {
    aws_sqs_queue: { Same: { name: "jobs" } },
    aws_sns_topic: { Same: { name: "jobs", kms_master_key_id: "alias/tap-jobs" } },
  },
};

describeWithPython("Checkov", () => {
  test("reports a weakness under its resource, though another has the same name", () => {
    const { records } = judge("planted", stack, true);
    const found = (address: string, check: string) =>
      records?.find(
        (record) => "address" in record && record.address === address && "check" in record && record.check === check,
      );
    expect(found("aws_sqs_queue.Same", "CKV_AWS_27")).toMatchObject({ stack: "planted", passed: false });
    expect(found("aws_sns_topic.Same", "CKV_AWS_26")).toMatchObject({ stack: "planted", passed: true });
  });

  test("has judged nothing where it gives up a file, as it does over `required_version`", () => {
    expect(judge("unread", stack, false).error).toContain("could not do its work");
  });
});
