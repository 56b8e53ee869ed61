import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { audit } from "../../../tap/audit/audit";
import { defaultSettings } from "../../../tap/audit/rule";
import { buildGraph } from "../../../tap/graph/build";
import { readGraph, readStackSources } from "../../../tap/graph/read";
import { temporaryFolder } from "../../support/project";
import { account, lines, nodeOf, providerOf } from "./graph-of";

/* Local modules are parts of the stack that calls them, as in Terraform's plan of it. */

/** A folder `stack` with these files. */
function folderOf(files: Readonly<Record<string, unknown>>): string {
  const folder = join(temporaryFolder(), "stack");
  for (const [name, json] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof json === "string" ? json : JSON.stringify(json));
  }
  return folder;
}

const bucketModule = {
  variable: { name: {}, "name-end": { default: "end" }, versions: { default: "Enabled" } },
  locals: { name: "${var.name}-${var.name-end}" },
  resource: {
    aws_s3_bucket: {
      b: { bucket: "${local.name}" },
      "b-2": {
        bucket_prefix:
          "${join(var.name, [var.name-end, aws_s3_bucket.b.id, data.aws_s3_bucket.b.id, each.value.aws_s3_bucket.b])}",
      },
    },
    aws_s3_bucket_versioning: {
      b: {
        bucket: "${aws_s3_bucket.b.id}",
        versioning_configuration: { status: "${var.versions}" },
        depends_on: ["aws_s3_bucket.b"],
      },
    },
  },
  data: { aws_region: { here: {} }, aws_s3_bucket: { b: { bucket: "other" } } },
  output: { arn: { value: "${aws_s3_bucket.b.arn}" }, text: { value: "in ${data.aws_region.here.region}" } },
};

const root = {
  provider: providerOf(),
  module: { files: { source: "./bucket", name: "files", versions: "Suspended" } },
  resource: {
    aws_iam_role_policy: {
      P: { policy: '{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"${module.files.arn}/*"}}' },
    },
  },
  output: { arn: { value: "${module.files.arn}" } },
};

test("a module's resources have their addresses, and expressions lead into it and out of it", () => {
  const graph = readGraph(folderOf({ "main.tf.json": root, "bucket/main.tf.json": bucketModule }));
  const bucket = nodeOf(graph, "stack/module.files.aws_s3_bucket.b");
  const versioning = nodeOf(graph, "stack/module.files.aws_s3_bucket_versioning.b");
  expect([bucket.physicalName, bucket.arn, bucket.accountId]).toEqual(["files-end", "arn:aws:s3:::files-end", account]);
  expect(lines(graph.referencesFrom(versioning))).toEqual([
    "depends_on depends_on[0] → stack/module.files.aws_s3_bucket.b",
    "expression bucket → stack/module.files.aws_s3_bucket.b",
  ]);
  expect(graph.render("${local.module-files-var-versions}", versioning.stack)).toBe("Suspended");
  expect(lines(graph.referencesFrom(nodeOf(graph, "stack/aws_iam_role_policy.P")))).toEqual([
    "expression policy.Statement.Resource → stack/module.files.aws_s3_bucket.b",
    "arn-pattern policy.Statement.Resource → stack/module.files.aws_s3_bucket.b",
  ]);
  expect(nodeOf(graph, "stack/module.files.aws_s3_bucket.b-2").attributes.bucket_prefix).toBe(
    "${join(local.module-files-var-name, [local.module-files-var-name-end, module.files.aws_s3_bucket.b.id, module.files.data.aws_s3_bucket.b.id, each.value.aws_s3_bucket.b])}",
  );
  const [policy] = graph.policies;
  expect(policy?.statements[0]?.resources.map((text) => graph.render(text, bucket.stack))).toEqual([`${bucket.arn}/*`]);
  expect(graph.resolve(graph.stacks[0]?.outputs.arn, bucket.stack)).toBe(bucket);
  expect(nodeOf(graph, "stack/module.files.data.aws_region.here").region).toBe("us-east-1");
  expect(graph.unresolved).toEqual([]);
});

test("modules call modules, and hand on what they were given", () => {
  const outer = {
    variable: { prefix: {} },
    module: { inner: { source: "../bucket", name: "${var.prefix}-inner" } },
    resource: { aws_ssm_parameter: { P: { name: "/p", value: "${module.inner.text} ${module.inner.arn}" } } },
  };
  const call = { module: { outer: { source: "./outer", prefix: "${aws_sqs_queue.Q.name}" } } };
  const graph = readGraph(
    folderOf({
      "main.tf.json": { ...call, provider: providerOf(), resource: { aws_sqs_queue: { Q: { name: "q" } } } },
      "outer/main.tf.json": outer,
      "bucket/main.tf.json": bucketModule,
    }),
  );
  expect(nodeOf(graph, "stack/module.outer.module.inner.aws_s3_bucket.b").physicalName).toBe("q-inner-end");
  const parameter = nodeOf(graph, "stack/module.outer.aws_ssm_parameter.P");
  expect(graph.render(String(parameter.attributes.value), parameter.stack)).toBe(
    "in us-east-1 arn:aws:s3:::q-inner-end",
  );
});

test("a module is under the providers that its caller hands it", () => {
  const west = { alias: "west", region: "us-west-2", allowed_account_ids: ["222222222222"] };
  const call = { source: "./bucket", name: "w", providers: { aws: "aws.west" } };
  const graph = readGraph(
    folderOf({
      "main.tf.json": { provider: { aws: [...(providerOf().aws ?? []), west] }, module: { west: call } },
      "bucket/main.tf.json": bucketModule,
    }),
  );
  const { accountId, region } = nodeOf(graph, "stack/module.west.aws_s3_bucket.b");
  expect([accountId, region]).toEqual(["222222222222", "us-west-2"]);
});

test("of a module with several instances nobody knows which one is meant; its resources are judged once", () => {
  const json = {
    module: { each: { source: "./bucket", for_each: ["a"], name: "${each.value}" } },
    resource: { aws_x: { X: { to: '${module.each["a"].arn}', also: "${module.each.arn}" } } },
  };
  const graph = readGraph(folderOf({ "main.tf.json": json, "bucket/main.tf.json": bucketModule }));
  expect(graph.nodes.map(({ address }) => address)).toContain("module.each.aws_s3_bucket.b");
  expect(nodeOf(graph, "stack/aws_x.X").attributes).toEqual(json.resource.aws_x.X);
  expect(graph.referencesFrom(nodeOf(graph, "stack/aws_x.X"))).toEqual([]);
});

test("modules that aren't there, aren't JSON or call themselves are told", () => {
  const sources = readStackSources(
    folderOf({
      "main.tf.json": {
        module: {
          circle: { source: "./circle" },
          missing: { source: "./missing" },
          native: { source: "./native" },
          registry: { source: "terraform-aws-modules/vpc/aws" },
        },
      },
      "circle/main.tf.json": { module: { again: { source: "../circle" } } },
      "native/main.tf": "",
    }),
  );
  const { notes } = audit({ sources, settings: defaultSettings, acknowledgements: [], today: "2026-01-01" });
  expect(notes).toEqual([
    expect.stringMatching(
      /^Of stack, .* not judged, .*: module\.circle\.again \(\.\.\/circle\), missing \(\.\/missing\), native \(\.\/native\), registry \(terraform-aws-modules\/vpc\/aws\)\. A plan has it/,
    ),
  ]);
});

test("what cdktf wrote calls modules beside its own file", () => {
  const folder = folderOf({
    "manifest.json": { stacks: { s: { synthesizedStackPath: "stacks/s/cdk.tf.json" } } },
    "stacks/s/cdk.tf.json": { provider: providerOf(), module: { m: { source: "./assets/bucket", name: "n" } } },
    "stacks/s/assets/bucket/main.tf.json": bucketModule,
  });
  expect(nodeOf(readGraph(folder), "s/module.m.aws_s3_bucket.b").physicalName).toBe("n-end");
});

test("a stack without modules is as it was", () => {
  const [source] = readStackSources(folderOf({ "main.tf.json": { resource: root.resource } }));
  expect(Object.keys(source ?? {}).sort()).toEqual(["id", "json"]);
  expect(buildGraph([source].flatMap((each) => each ?? [])).nodes).toHaveLength(1);
});
