import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createStaging, publish, refuseForeignFolder } from "../../../tap/synth/output-folder";
import type { SynthesizedStack } from "../../../tap/synth/synthesize-stack";
import { temporaryFolder } from "../../support/project";

/** A staged stack with some files. */
function stage(outdir: string, id: string, files: Record<string, string>): SynthesizedStack {
  const folder = join(createStaging(outdir), id);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return {
    id,
    folder,
    manifest: { workingDirectory: `stacks/${id}`, synthesizedStackPath: `stacks/${id}/cdk.tf.json` },
  } as SynthesizedStack;
}

const newOutdir = () => join(temporaryFolder(), "cdktf.out");
const put = (outdir: string, stacks: [string, Record<string, string>][]) =>
  publish(
    outdir,
    stacks.map(([id, files]) => stage(outdir, id, files)),
    "0.21.0",
  );

test("a stack is put in its place, with the manifest that the cdktf command reads", () => {
  const outdir = newOutdir();
  expect(put(outdir, [["one", { "cdk.tf.json": "{}" }]]).changed).toEqual(["one"]);
  expect(readFileSync(join(outdir, "stacks/one/cdk.tf.json"), "utf8")).toBe("{}");
  expect(JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"))).toEqual({
    version: "0.21.0",
    stacks: { one: { workingDirectory: "stacks/one", synthesizedStackPath: "stacks/one/cdk.tf.json" } },
  });
});

test("what Terraform and people keep beside a stack stays; what an earlier synthesis left goes", () => {
  const outdir = newOutdir();
  put(outdir, [["one", { "cdk.tf.json": "{}", "assets/a/index.mjs": "1" }]]);
  const folder = join(outdir, "stacks/one");
  mkdirSync(join(folder, ".terraform"));
  for (const name of [".terraform.lock.hcl", "terraform.tfstate", "errored.tfstate", "plan", "local.tfvars"])
    writeFileSync(join(folder, name), "kept");
  expect(put(outdir, [["one", { "cdk.tf.json": "{1}", "assets/a/index.mjs": "2" }]]).changed).toEqual(["one"]);
  expect(readdirSync(folder).sort()).toEqual([
    ".terraform",
    ".terraform.lock.hcl",
    "assets",
    "cdk.tf.json",
    "errored.tfstate",
    "local.tfvars",
    "plan",
    "terraform.tfstate",
  ]);
  expect(readFileSync(join(folder, "assets/a/index.mjs"), "utf8")).toBe("2");
});

test("a stack that is the same is not touched", async () => {
  const outdir = newOutdir();
  put(outdir, [["one", { "cdk.tf.json": "{}" }]]);
  const { mtimeMs } = statSync(join(outdir, "stacks/one/cdk.tf.json"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(put(outdir, [["one", { "cdk.tf.json": "{}" }]])).toEqual({ changed: [], dropped: [], kept: [] });
  expect(statSync(join(outdir, "stacks/one/cdk.tf.json")).mtimeMs).toBe(mtimeMs);
});

test("stacks of an earlier run are dropped, unless something that no synthesis wrote would go with them", () => {
  const outdir = newOutdir();
  put(outdir, [
    ["one", { "cdk.tf.json": "{}" }],
    ["two", { "cdk.tf.json": "{}" }],
    ["three", { "cdk.tf.json": "{}" }],
  ]);
  mkdirSync(join(outdir, "stacks/two/.terraform"));
  writeFileSync(join(outdir, "stacks/three/errored.tfstate"), "{}");
  expect(put(outdir, [["one", { "cdk.tf.json": "{}" }]])).toEqual({
    changed: [],
    dropped: ["two"],
    kept: ["three"],
  });
  expect(readdirSync(join(outdir, "stacks")).sort()).toEqual(["one", "three"]);
  expect(readdirSync(join(outdir, "stacks/three"))).toEqual(["errored.tfstate"]);
});

test("what no synthesis wrote is nobody's to drop: a folder among the stacks", () => {
  const outdir = newOutdir();
  put(outdir, [["one", { "cdk.tf.json": "{}" }]]);
  mkdirSync(join(outdir, "stacks/mine"));
  expect(put(outdir, [["one", { "cdk.tf.json": "{}" }]]).dropped).toEqual([]);
  expect(existsSync(join(outdir, "stacks/mine"))).toBe(true);
});

test("a folder that synthesis must not call its own is refused: the project, what it is in, and what holds other things", () => {
  const project = temporaryFolder();
  const other = temporaryFolder();
  writeFileSync(join(other, "letter.txt"), "dear");
  for (const folder of [project, dirname(project), "/", other])
    expect(() => refuseForeignFolder(folder, project)).toThrow("is not a folder that an earlier synthesis wrote");
  const outdir = newOutdir();
  expect(() => refuseForeignFolder(outdir, project)).not.toThrow();
  expect(() => refuseForeignFolder(temporaryFolder(), project)).not.toThrow();
  put(outdir, [["one", { "cdk.tf.json": "{}" }]]);
  expect(() => refuseForeignFolder(outdir, project)).not.toThrow();
});

test("the staging folder of a process that is gone is removed; that of a living one is not", () => {
  const outdir = newOutdir();
  const gone = `${outdir}.staging-999999999-abcDEF`;
  const living = `${outdir}.staging-${process.pid}-abcDEF`;
  const notes = `${outdir}.staging-notes`;
  mkdirSync(dirname(outdir), { recursive: true });
  mkdirSync(gone);
  mkdirSync(living);
  mkdirSync(notes);
  const own = createStaging(outdir);
  expect(existsSync(gone)).toBe(false);
  expect(existsSync(living)).toBe(true);
  expect(existsSync(notes)).toBe(true);
  expect(basename(own).startsWith(`cdktf.out.staging-${process.pid}-`)).toBe(true);
});
