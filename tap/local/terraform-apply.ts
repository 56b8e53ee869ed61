import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, type Context, UsageError } from "../context";
import { readCdktfFolder } from "../graph/read-cdktf";
import { withLock } from "../lock";
import { failure, terraform, terraformOrRefuse } from "../terraform";
import { localFolder } from "./state";

interface TerraformApplyOptions {
  readonly program: string;
  /** Suffix of the environment. */
  readonly name: string;
  readonly endpoint: string | undefined;
  synthesizeInto(outdir: string): Promise<void>;
}

/** Services whose endpoints the provider is given; all that the stacks make is one of theirs. */
const services = [
  "apigateway applicationautoscaling backup cloudtrail cloudwatch dynamodb ec2 events iam kinesis kms lambda",
  "logs s3 secretsmanager sns sqs ssm sts wafv2",
].flatMap((line) => line.split(" "));

/** The least that HashiCorp's provider for AWS has, bytes: it is of some 700 MB. */
const leastProviderBytes = 200_000_000;

/** Applies the stacks, one after the other, by Terraform itself, to an emulator that runs already. */
export async function applyByTerraform(context: Context, options: TerraformApplyOptions): Promise<void> {
  const { program, name, endpoint } = options;
  if (program !== "terraform") throw new UsageError(`--apply takes terraform (given ${JSON.stringify(program)})`);
  if (endpoint === undefined)
    throw new UsageError(
      "--apply terraform needs --endpoint: an emulator that runs, with nothing of these stacks in it",
    );
  const folder = localFolder(context.projectRoot, name);
  await withLock(folder, `tap local up --apply terraform --env ${name}`, async () => {
    const outdir = join(folder, "cdktf.out");
    await options.synthesizeInto(outdir);
    for (const { id, json } of readCdktfFolder(outdir)) {
      const target = join(folder, "terraform", id);
      prepare(join(outdir, "stacks", id), target, (json as { provider?: unknown }).provider, endpoint);
      const init = ["init", "-input=false", "-no-color"];
      const result = await terraform(context, target, init);
      if (result.exitCode !== 0)
        throw new CommandError(`${failure(init, result)}\nNothing was applied: no provider can be reached.`);
      refuseStandIn(target);
      context.remark(`${id}: terraform apply`);
      await terraformOrRefuse(context, target, ["apply", "-input=false", "-auto-approve", "-no-color"]);
    }
    context.print(`Applied to ${endpoint} by Terraform; states are in ${join(folder, "terraform")}.`);
  });
}

/** The stack, with a local state, and a provider that asks nobody but the emulator. */
function prepare(source: string, target: string, provider: unknown, endpoint: string): void {
  cpSync(source, target, { recursive: true });
  const [aws] = ((provider ?? {}) as { aws?: { region?: string; allowed_account_ids?: string[] }[] }).aws ?? [];
  const override = {
    terraform: { backend: { local: {} } },
    provider: {
      aws: [
        {
          region: aws?.region,
          access_key: aws?.allowed_account_ids?.[0],
          secret_key: "local",
          s3_use_path_style: true,
          skip_credentials_validation: true,
          skip_metadata_api_check: "true",
          assume_role: [],
          endpoints: [Object.fromEntries(services.map((service) => [service, endpoint]))],
        },
      ],
    },
  };
  writeFileSync(join(target, "local_override.tf.json"), JSON.stringify(override));
}

/** @throws CommandError where what Terraform found is no provider that calls AWS */
function refuseStandIn(folder: string): void {
  const providers = join(folder, ".terraform", "providers", "registry.terraform.io", "hashicorp", "aws");
  const found = existsSync(providers)
    ? readdirSync(providers, { recursive: true, encoding: "utf8" }).map((path) => join(providers, path))
    : [];
  const binary = found.find((path) => /terraform-provider-aws[^/\\]*$/.test(path) && statSync(path).isFile());
  if (binary !== undefined && statSync(binary).size >= leastProviderBytes) return;
  rmSync(folder, { recursive: true, force: true });
  throw new CommandError(
    "The provider that Terraform finds for hashicorp/aws isn't HashiCorp's: it would create nothing. Nothing was applied; without --apply terraform, tap local makes the resources itself.",
  );
}
