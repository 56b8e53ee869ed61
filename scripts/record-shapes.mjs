/*
 * Records two of the configurations in __tests__/tap/audit/shapes that aren't written by hand: what the installed
 * cdktf synthesizes of its stock TypeScript template, and of that template with the resources of cdktf's own tutorial;
 * and the plan that Terraform makes of the folder `modules`. The plan needs Terraform and the stand-in for the provider
 * (../shared/terraform); without them it stays as it is. Run it when cdktf, its bindings or Terraform change.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { findTerraform } from "../checkov/plans.mjs";

const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const shapes = join(projectRoot, "__tests__", "tap", "audit", "shapes");
const template = join(projectRoot, "node_modules", "@cdktf", "cli-core", "templates", "typescript", "main.ts");

/** What the tutorial of cdktf for AWS has in the place of the template's remark. */
const tutorial = `
    new AwsProvider(this, "AWS", { region: "us-west-1" });
    const ec2Instance = new Instance(this, "compute", {
      ami: "ami-01456a894f71116f2",
      instanceType: "t2.micro",
      tags: { Name: "TypeScript-Demo" },
    });
    new TerraformOutput(this, "public_ip", { value: ec2Instance.publicIp });
    new S3Bucket(this, "uploads", { bucketPrefix: "typescript-demo" });
`;
const imports = `
import { TerraformOutput } from "cdktf";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
`;

const folder = mkdtempSync(join(tmpdir(), "shapes-"));
try {
  const stock = readFileSync(template, "utf8").replace("{{ $base }}", "stock");
  await synthesize("stock", stock);
  const remark = "    // define resources here\n";
  if (!stock.includes(remark)) throw new Error(`${template} has no ${remark.trim()} any more`);
  await synthesize("tutorial", imports + stock.replace(remark, tutorial).replace('"stock"', '"tutorial"'));
  plan();
  format();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** As `cdktf synth` does: it runs the app, and names the folder. */
async function synthesize(name, source) {
  const app = join(folder, name);
  const outdir = join(shapes, name, "synthesized");
  mkdirSync(app);
  symlinkSync(join(projectRoot, "node_modules"), join(folder, name, "node_modules"));
  writeFileSync(join(app, "main.ts"), source);
  await build({
    absWorkingDir: app,
    entryPoints: ["main.ts"],
    bundle: true,
    platform: "node",
    outfile: join(app, "main.cjs"),
    logLevel: "error",
  });
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(dirname(outdir), { recursive: true });
  execFileSync(process.execPath, ["main.cjs"], { cwd: app, env: { PATH: process.env.PATH, CDKTF_OUTDIR: outdir } });
  // The state of a stock template is beside the app, wherever that is.
  const file = join(outdir, "stacks", name, "cdk.tf.json");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll(app, `/projects/${name}`));
  console.log(`Synthesized ${name}`);
}

function plan() {
  const terraform = findTerraform();
  if ("missing" in terraform) {
    console.log(`No plan was recorded: ${terraform.missing}`);
    return;
  }
  const target = join(folder, "planned");
  cpSync(join(shapes, "modules"), target, { recursive: true });
  // A state of its own; and what comes from the registry can't be had without it.
  const file = join(target, "main.tf.json");
  const configuration = JSON.parse(readFileSync(file, "utf8"));
  delete configuration.terraform.backend;
  delete configuration.module.network;
  configuration.resource.aws_security_group.worker.vpc_id = "vpc-0123456789abcdef0";
  writeFileSync(file, JSON.stringify(configuration));
  const run = (...args) =>
    execFileSync("terraform", args, {
      cwd: target,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
      env: { PATH: process.env.PATH, HOME: folder, TF_CLI_CONFIG_FILE: terraform.config, CHECKPOINT_DISABLE: "1" },
    });
  run("init", "-no-color");
  run("plan", "-no-color", "-out=plan");
  const { timestamp: _, ...planned } = JSON.parse(run("show", "-json", "plan"));
  mkdirSync(join(shapes, "plan"), { recursive: true });
  writeFileSync(join(shapes, "plan", "media.json"), JSON.stringify(planned, null, 2));
  console.log("Planned modules");
}

/** Laid out like all JSON here. */
function format() {
  execFileSync(join(projectRoot, "node_modules", ".bin", "biome"), ["format", "--write", shapes]);
}
