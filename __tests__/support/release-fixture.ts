import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zip } from "../../tap/local/zip";
import type { ArchiveSource } from "../../tap/release/archives";
import { type Created, type CreateOptions, createRelease } from "../../tap/release/create";
import { FolderStore } from "../../tap/release/folder-store";
import { hashOf, type ReleaseArchive } from "../../tap/release/manifest";
import type { ReleaseStore } from "../../tap/release/store";
import { temporaryFolder } from "./project";

export const commit = "0123456789abcdef0123456789abcdef01234567";

/** What synthesis writes, small: two environments, of which one has a function in two stacks, and a bootstrap stack. */
export function synthesizedFixture(change: { code?: string; folder?: string } = {}): string {
  const folder = change.folder ?? join(temporaryFolder(), "cdktf.out");
  const stacks = {
    "tap-bootstrap-dev-us-east-1": stack("tap-bootstrap-dev-us-east-1"),
    "tap-network-dev-us-east-1": stack("tap-network-dev-us-east-1"),
    "tap-records-dev-us-east-1": stack("tap-records-dev-us-east-1", "tap-records-write-dev-us-east-1"),
    "tap-records-staging-us-east-2": stack("tap-records-staging-us-east-2", "tap-records-write-staging-us-east-2"),
  };
  for (const [id, json] of Object.entries(stacks)) {
    write(join(folder, "stacks", id, "cdk.tf.json"), JSON.stringify(json, null, 2));
    if (!("data" in json)) continue;
    write(join(folder, "stacks", id, "assets", "Code", "1", "index.mjs"), change.code ?? "export const handler = 1;\n");
    write(join(folder, "stacks", id, "assets", "Code", "1", "index.mjs.map"), "{}");
  }
  const entries = Object.keys(stacks).map((id) => [id, { synthesizedStackPath: `stacks/${id}/cdk.tf.json` }]);
  write(join(folder, "manifest.json"), JSON.stringify({ stacks: Object.fromEntries(entries), version: "0.21.0" }));
  return folder;
}

function stack(id: string, functionName?: string) {
  const archive = { source: "hashicorp/archive", version: "2.7.1" };
  return {
    "//": { metadata: { stackName: id, version: "0.21.0" } },
    terraform: {
      required_version: ">= 1.10",
      required_providers: {
        aws: { source: "aws", version: "6.25.0" },
        ...(functionName === undefined ? {} : { archive }),
      },
    },
    ...(functionName !== undefined && {
      data: {
        archive_file: {
          Write: {
            type: "zip",
            source_dir: "assets/Code/1",
            output_path: "archives/write.zip",
            output_file_mode: "0644",
          },
        },
      },
    }),
    resource: {
      aws_sqs_queue: { queue: { name: id } },
      ...(functionName !== undefined && {
        aws_lambda_function: {
          write: { function_name: functionName, filename: "${data.archive_file.Write.output_path}" },
        },
      }),
    },
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Zips by our own code, where it doesn't matter that Terraform's are others. */
export async function packForTests(sources: readonly ArchiveSource[]): Promise<ReleaseArchive[]> {
  return sources.map((source) => {
    const sha256 = hashOf(zipOf(join(source.stackFolder, String(source.arguments.source_dir))));
    const { stackId, address, path, functionName } = source;
    const base64Sha256 = Buffer.from(sha256, "hex").toString("base64");
    return { stackId, address, path, functionName, sha256, base64Sha256 };
  });
}

/** The zip that `packForTests` has the hash of. */
export function zipOf(folder: string): Buffer {
  return zip(new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))])));
}

/** A release of the fixture; in a folder of its own, where no store is given. */
export async function releaseFixture(
  options: Partial<CreateOptions> & { store?: ReleaseStore } = {},
): Promise<Created & { store: ReleaseStore }> {
  const store = options.store ?? new FolderStore(join(temporaryFolder(), "store"));
  const created = await createRelease({
    folder: synthesizedFixture(),
    source: { commit, isClean: true },
    node: ">=20.20",
    pack: packForTests,
    ...options,
    store,
  });
  return { ...created, store };
}
