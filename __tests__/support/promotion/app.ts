import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRelease } from "../../../tap/release/create";
import type { ReleaseStore } from "../../../tap/release/store";
import { temporaryFolder } from "../project";

/*
 * An app of three small stacks in each environment, as cdktf would write it: each reads a parameter of the one before,
 * one has a table with data. What a release changes, it changes in all three.
 */

export const environments = [
  { name: "dev", accountId: "111111111111", region: "us-east-1" },
  { name: "staging", accountId: "222222222222", region: "us-east-2" },
  { name: "prod", accountId: "333333333333", region: "us-east-1" },
] as const;
export type EnvironmentName = (typeof environments)[number]["name"];
type FixtureEnvironment = (typeof environments)[number];

/**
 * What the stacks are called: components that are structurally identical in all three environments by the real
 * configuration, so that parity is asked in earnest.
 */
export const components = ["observability", "api", "second"] as const;

export const stackId = (component: (typeof components)[number], { name, region }: FixtureEnvironment) =>
  component === "second" ? `tap-api-${name}-us-west-2` : `tap-${component}-${name}-${region}`;

export interface AppRelease {
  /** Is in every stack, so that a release is known by what there is. */
  readonly label: string;
  /** A table beside the one that is always there. */
  readonly extraTable?: boolean;
}

/** What synthesis would write of a release. */
export function synthesizedApp(release: AppRelease): string {
  const folder = join(temporaryFolder(), "cdktf.out");
  const ids: string[] = [];
  for (const environment of environments)
    for (const component of components) {
      const id = stackId(component, environment);
      ids.push(id);
      const json = { ...common(id, environment), ...contents[component](environment, release) };
      write(join(folder, "stacks", id, "cdk.tf.json"), JSON.stringify(json, null, 2));
    }
  const stacks = Object.fromEntries(ids.map((id) => [id, { synthesizedStackPath: `stacks/${id}/cdk.tf.json` }]));
  write(join(folder, "manifest.json"), JSON.stringify({ stacks, version: "0.21.0" }));
  return folder;
}

/** Makes a release of it; its id. */
export async function releaseApp(release: AppRelease, store: ReleaseStore): Promise<string> {
  const { manifest } = await createRelease({
    folder: synthesizedApp(release),
    store,
    source: { commit: "0123456789abcdef0123456789abcdef01234567", isClean: true },
    node: ">=20.20",
    pack: async () => [],
  });
  return manifest.id;
}

function common(id: string, { accountId, region, name }: FixtureEnvironment) {
  const account = environments.find((each) => each.name === name)?.region ?? region;
  return {
    "//": { metadata: { stackName: id, version: "0.21.0" } },
    terraform: {
      required_version: ">= 1.10",
      required_providers: { aws: { source: "aws", version: "6.25.0" } },
      backend: {
        s3: {
          bucket: `tap-state-${accountId}-${account}`,
          key: id,
          region: account,
          dynamodb_table: "tap-state-lock",
          encrypt: true,
          kms_key_id: "alias/tap-state",
          use_lockfile: true,
        },
      },
    },
    provider: {
      aws: [{ region, allowed_account_ids: [accountId], assume_role: [{ role_arn: "${var.provider_role_arn}" }] }],
    },
    variable: {
      provider_role_arn: {
        type: "string",
        nullable: false,
        default: `arn:aws:iam::${accountId}:role/tap-bootstrap-deploy-${name}-${region}`,
      },
    },
  };
}

const parameter = (name: string, component: string) => ({
  name: `/tap/${name}/${component}/name`,
  type: "String",
  insecure_value: `tap-${component}-${name}`,
});
const read = (name: string, component: string) => ({
  aws_ssm_parameter: { before: { name: `/tap/${name}/${component}/name` } },
});
const queue = (name: string, label: string) => ({ name, sqs_managed_sse_enabled: true, tags: { Release: label } });

const table = (name: string) => ({
  name,
  billing_mode: "PAY_PER_REQUEST",
  hash_key: "id",
  attribute: [{ name: "id", type: "S" }],
  point_in_time_recovery: { enabled: true },
  server_side_encryption: { enabled: true },
  deletion_protection_enabled: false,
});

const contents: Record<(typeof components)[number], (environment: FixtureEnvironment, release: AppRelease) => object> =
  {
    observability: ({ name, region }, { label }) => ({
      resource: {
        aws_ssm_parameter: { output_name: parameter(name, "observability") },
        aws_sqs_queue: { Queue: queue(`tap-observability-${name}-${region}`, label) },
      },
      output: { queue_name: { value: "${aws_sqs_queue.Queue.name}" } },
    }),
    api: ({ name, region }, { label, extraTable }) => ({
      data: read(name, "observability"),
      resource: {
        aws_dynamodb_table: {
          Table: { ...table(`tap-api-${name}-${region}`), tags: { Release: label } },
          ...(extraTable && { Extra: table(`tap-api-extra-${name}-${region}`) }),
        },
        aws_ssm_parameter: { output_name: parameter(name, "api") },
      },
      output: { table_name: { value: "${aws_dynamodb_table.Table.name}" } },
    }),
    second: ({ name, region }, { label }) => ({
      data: read(name, "api"),
      resource: { aws_sqs_queue: { Queue: queue(`tap-api-second-${name}-${region}`, label) } },
      output: { queue_name: { value: "${aws_sqs_queue.Queue.name}" } },
    }),
  };

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
