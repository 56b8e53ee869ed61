import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../tap/context";
import type { StackFolder } from "../../tap/plan/folders";
import { projectRoot, temporaryFolder } from "./project";

export const networkId = "tap-network-dev-us-east-1";
export const jobsId = "tap-jobs-dev-us-east-1";
export const filesId = "tap-files-dev-us-east-1";

/** Parameters that the network stack writes. */
export const vpcParameter = "/tap/dev/network/vpc_id";

export interface ThreeStacks {
  /** A folder with a folder for each stack, as a release has them. */
  readonly root: string;
  readonly folders: readonly StackFolder[];
  /** Changes the configuration of one of them. */
  change(stackId: string, edit: (json: StackJson) => void): void;
}

// biome-ignore lint/suspicious/noExplicitAny: what tests change in it is theirs
export type StackJson = Record<string, any>;

/**
 * An app of three small stacks, as cdktf would write it: one writes a parameter, one reads it, one stands alone and
 * has a secret in it. States are files beside them.
 */
export function threeStacks(): ThreeStacks {
  const root = temporaryFolder();
  const folders = [networkId, jobsId, filesId].map((stackId) => ({ stackId, folder: join(root, "stacks", stackId) }));
  for (const { stackId, folder } of folders) {
    mkdirSync(folder, { recursive: true });
    write(folder, { ...common(root, stackId), ...contents[stackId] });
  }
  const folderOf = (stackId: string) => join(root, "stacks", stackId);
  return {
    root,
    folders,
    change: (stackId, edit) => {
      const json = JSON.parse(readFileSync(join(folderOf(stackId), "cdk.tf.json"), "utf8"));
      edit(json);
      write(folderOf(stackId), json);
    },
  };
}

function write(folder: string, json: StackJson): void {
  writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify(json, null, 2));
}

function common(root: string, stackId: string): StackJson {
  return {
    terraform: {
      required_version: ">= 1.10",
      required_providers: { aws: { source: "aws", version: "6.25.0" } },
      backend: { local: { path: join(root, "states", `${stackId}.tfstate`) } },
    },
    provider: { aws: [{ region: "us-east-1", assume_role: [{ role_arn: "${var.provider_role_arn}" }] }] },
    variable: {
      provider_role_arn: {
        type: "string",
        default: "arn:aws:iam::111111111111:role/tap-bootstrap-deploy-dev-us-east-1",
      },
    },
  };
}

const contents: Record<string, StackJson> = {
  [networkId]: {
    resource: {
      aws_vpc: { Vpc: { cidr_block: "10.0.0.0/16" } },
      aws_ssm_parameter: { output_vpc_id: { name: vpcParameter, type: "String", insecure_value: "${aws_vpc.Vpc.id}" } },
    },
  },
  [jobsId]: {
    data: { aws_ssm_parameter: { network_vpc_id: { name: vpcParameter } } },
    resource: {
      aws_sqs_queue: { Queue: { name: "tap-jobs-dev-us-east-1", visibility_timeout_seconds: 60 } },
      aws_security_group: {
        Group: { name: "tap-jobs-dev-us-east-1", vpc_id: "${data.aws_ssm_parameter.network_vpc_id.insecure_value}" },
      },
    },
  },
  [filesId]: {
    resource: {
      aws_dynamodb_table: {
        Table: {
          name: "tap-files-dev-us-east-1",
          billing_mode: "PAY_PER_REQUEST",
          hash_key: "id",
          attribute: [{ name: "id", type: "S" }],
        },
      },
      aws_ssm_parameter: {
        Secret: { name: "/tap/dev/files/config/secret", type: "SecureString", value: "hunter2-in-the-state" },
      },
    },
  },
};

export interface TestContext extends Context {
  readonly printed: string[];
  readonly remarks: string[];
}

/** What a command runs in, with a folder of its own in place of the project's. */
export function testContext(variables: Readonly<Record<string, string>> = {}, root = temporaryFolder()): TestContext {
  const printed: string[] = [];
  const remarks: string[] = [];
  return {
    projectRoot: root,
    bundlePath: join(projectRoot, "none"),
    backend: { error: "not read here" },
    bundleFunctions: () => Promise.reject(new Error("not bundled here")),
    variables: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", CHECKPOINT_DISABLE: "1", ...variables },
    cwd: root,
    print: (text) => printed.push(text),
    remark: (text) => remarks.push(text),
    interactive: false,
    printed,
    remarks,
  };
}

/** A JSON file, for the stand-in provider's variables. */
export function jsonFile(value: unknown): string {
  const path = join(temporaryFolder(), "value.json");
  writeFileSync(path, JSON.stringify(value));
  return path;
}
