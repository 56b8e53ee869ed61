import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError } from "../../../tap/context";
import { readGraph } from "../../../tap/graph/read";
import { projectRoot, temporaryFolder } from "../../support/project";
import { lines, nodeOf } from "./graph-of";

/** A folder with these files; objects are written as JSON. */
function folderOf(files: Record<string, unknown>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

const queue = (name: string) => ({ resource: { aws_sqs_queue: { Q: { name } } } });

test("what cdktf wrote is read by its manifest, and this project's stacks are told by their ids", () => {
  const { stacks } = readGraph(join(projectRoot, ".cache", "test-synth", "pr12"));
  expect(stacks.find(({ id }) => id === "tap-network-pr12-us-west-2")).toMatchObject({
    accountId: "111111111111",
    region: "us-west-2",
    component: "network",
    environmentSuffix: "pr12",
  });
});

test("a stack of another project has what its provider says, and no more", () => {
  const folder = folderOf({
    "manifest.json": { version: "0.21.0", stacks: { mine: { synthesizedStackPath: "stacks/mine/cdk.tf.json" } } },
    "stacks/mine/cdk.tf.json": { ...queue("q"), provider: { aws: [{ region: "eu-west-1" }] } },
  });
  expect(readGraph(folder).stacks).toEqual([{ id: "mine", region: "eu-west-1", outputs: {} }]);
});

test("files of a folder are one configuration, overrides last", () => {
  const folder = folderOf({
    "one/a.tf.json": {
      "//": "a remark",
      resource: [
        { aws_sqs_queue: { Q: [{ name: "q", delay_seconds: 1, tags: { a: "1", b: "2" } }] } },
        { aws_sqs_queue: { "//": "x", R: { name: "${local.r}" } } },
      ],
      provider: { aws: { region: "us-east-1", allowed_account_ids: ["111111111111"] } },
    },
    "one/b.tf.json": {
      locals: { r: "r" },
      output: { q: { value: "${aws_sqs_queue.Q.arn}" } },
      provider: { aws: [{ alias: "west", region: "us-west-2" }] },
    },
    "one/z_override.tf.json": {
      resource: { aws_sqs_queue: { Q: { delay_seconds: 5, tags: { b: "3" } } } },
      provider: { aws: { region: "us-east-2" } },
    },
    "one/terraform.tfvars.json": {},
    "two/main.tf.json": {
      data: { aws_sqs_queue: { q: { name: "q" } } },
      provider: { aws: [{ region: "us-east-2", allowed_account_ids: ["111111111111"] }] },
    },
    "empty/readme.txt": "",
  });
  const graph = readGraph(folder);
  expect(graph.stacks.map(({ id }) => id)).toEqual(["one", "two"]);
  expect(nodeOf(graph, "one/aws_sqs_queue.Q").attributes).toEqual({ name: "q", delay_seconds: 5, tags: { b: "3" } });
  expect(nodeOf(graph, "one/aws_sqs_queue.R").arn).toBe("arn:aws:sqs:us-east-2:111111111111:r");
  expect(graph.stacks[0]?.outputs).toEqual({ q: "${aws_sqs_queue.Q.arn}" });
  expect(lines(graph.referencesFrom(nodeOf(graph, "two/data.aws_sqs_queue.q")))).toEqual([
    "name name → one/aws_sqs_queue.Q",
  ]);
  expect(readGraph(join(folder, "one")).nodes.map(({ id }) => id)).toEqual([
    "one/aws_sqs_queue.Q",
    "one/aws_sqs_queue.R",
  ]);
});

test.each([
  [
    "nothing of the kind",
    { "x/readme.txt": "" },
    /^There is no configuration in .*\. Wanted: a folder that cdktf wrote/,
  ],
  ["a manifest of something else", { "manifest.json": {} }, /manifest.json lists no stacks/],
  [
    "files in Terraform's own syntax",
    { "a.tf.json": {}, "main.tf": "" },
    /has main.tf in Terraform's own syntax.*show -json/,
  ],
  ["a file that is no JSON", { "a.tf.json": "{" }, /a.tf.json is no JSON/],
  ["a file that is no configuration", { "a.tf.json": [] }, /a.tf.json is no configuration/],
  [
    "a resource twice",
    { "a.tf.json": queue("a"), "b.tf.json": queue("b") },
    /b.tf.json declares resource aws_sqs_queue Q again/,
  ],
  [
    "an override of nothing",
    { "a.tf.json": {}, "override.tf.json": queue("b") },
    /override.tf.json overrides resource aws_sqs_queue Q, which is not there/,
  ],
])("a folder with %s is refused", (_, files, message) => {
  const folder = folderOf(files);
  expect(() => readGraph(folder)).toThrow(CommandError);
  expect(() => readGraph(folder)).toThrow(message);
});

test.each([
  ["a list", [], "has no format_version: it is no output of terraform show -json"],
  ["another format", { format_version: "2.0" }, "has the format_version 2.0; versions 1.x are read here"],
  ["a state", { format_version: "1.0", values: {} }, "has no planned_values: it is a state, or no complete plan"],
  ["a plan without its configuration", { format_version: "1.2", planned_values: {} }, "has no configuration"],
])("a file with %s is refused", (_, content, message) => {
  const path = join(folderOf({ "plan.json": content }), "plan.json");
  expect(() => readGraph(path)).toThrow(CommandError);
  expect(() => readGraph(path)).toThrow(message);
});

test("a path where nothing is, is refused", () => {
  expect(() => readGraph("/nowhere/at/all")).toThrow("/nowhere/at/all is not there. Wanted:");
});
