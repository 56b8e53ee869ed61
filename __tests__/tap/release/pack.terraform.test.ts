import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../../tap/context";
import { archiveProblems } from "../../../tap/release/archives";
import { type CreateOptions, createRelease } from "../../../tap/release/create";
import { FolderStore } from "../../../tap/release/folder-store";
import { openRelease } from "../../../tap/release/open";
import { packByTerraform } from "../../../tap/release/pack";
import { copyProject, projectRoot, temporaryFolder } from "../../support/project";
import { commit } from "../../support/release-fixture";
import { describeWithTerraform, terraformFolder, terraformVariables } from "../../support/terraform";

jest.setTimeout(240_000);

const declared = join(projectRoot, ".cache", "test-synth", "declared");
const records = "tap-records-dev-us-east-1";
const network = "tap-network-dev-us-east-1";
const contextWith = (variables: Record<string, string>) =>
  ({ variables: { ...terraformVariables(), ...variables } }) as unknown as Context;

/** Of some stacks of the project, as they were synthesized. */
function synthesizedStacks(...ids: string[]): string {
  const folder = temporaryFolder();
  const stacks = Object.fromEntries(ids.map((id) => [id, { synthesizedStackPath: `stacks/${id}/cdk.tf.json` }]));
  for (const id of ids) cpSync(join(declared, "stacks", id), join(folder, "stacks", id), { recursive: true });
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ stacks, version: "0.21.0" }));
  return folder;
}

async function release(options: Partial<CreateOptions> = {}) {
  const store = new FolderStore(join(temporaryFolder(), "store"));
  const { manifest } = await createRelease({
    folder: synthesizedStacks(records, network),
    store,
    source: { commit, isClean: true },
    node: ">=20.20",
    pack: packByTerraform(contextWith({})),
    ...options,
  });
  const opened = await openRelease(store, manifest.id, join(temporaryFolder(), "opened"));
  return { manifest, opened, store };
}

describeWithTerraform("releases with Terraform", () => {
  test("PLAT-08 the zips that a plan makes of a release are the release's; of anything else, they aren't", async () => {
    const { manifest, opened } = await release();
    const names = manifest.archives.map(({ functionName }) => functionName);
    expect(names).toEqual(["tap-records-read-dev-us-east-1", "tap-records-write-dev-us-east-1"]);
    const root = temporaryFolder();
    const plan = () => {
      const folder = terraformFolder(join(opened.folder, "stacks", records), join(root, "stacks", records));
      folder.run("init", "-no-color");
      folder.run("plan", "-no-color", "-out=plan");
      return JSON.parse(folder.run("show", "-json", "plan"));
    };
    const { planned_values: planned } = plan();
    expect(archiveProblems(root, manifest, [records])).toEqual([]);
    const resources = planned.root_module.resources as { type: string; values: Record<string, string> }[];
    const hashes = resources.flatMap(({ type, values }) =>
      type === "aws_lambda_function" ? [values.source_code_hash] : [],
    );
    expect(hashes.sort()).toEqual(manifest.archives.map(({ base64Sha256 }) => base64Sha256).sort());
    const [asset = ""] =
      manifest.stacks[records]?.files.map(({ path }) => path).filter((path) => /mjs$/.test(path)) ?? [];
    writeFileSync(join(opened.folder, "stacks", records, asset), "export const handler = 1;");
    plan();
    expect(archiveProblems(root, manifest, [records])).toEqual([
      expect.stringMatching(/what was planned isn't what was released/),
    ]);
  });

  test("PLAT-08 a release brings its lock file: each stack's plan takes exactly its providers", async () => {
    const folder = terraformFolder(join(declared, "stacks", records), temporaryFolder());
    folder.run("init", "-no-color");
    const lockFile = join(folder.path, ".terraform.lock.hcl");
    const pack = packByTerraform(contextWith({}), readFileSync(lockFile, "utf8"));
    const { manifest, opened } = await release({ lockFile, pack });
    expect(manifest.lockFile).not.toBeNull();
    for (const stack of opened.stacks)
      terraformFolder(stack.folder, temporaryFolder()).run("init", "-no-color", "-lockfile=readonly");
    const isOther = { version: "2.7.0", checksum: `h1:${"A".repeat(43)}=` };
    const text = readFileSync(lockFile, "utf8");
    const write = (changed: string) => {
      const path = join(temporaryFolder(), "lock.hcl");
      writeFileSync(path, changed);
      return path;
    };
    const older = write(text.replace('version     = "2.7.1"', `version     = "${isOther.version}"`));
    await expect(release({ lockFile: older })).rejects.toThrow(
      /has version 2\.7\.0 of .*archive, where stacks ask for 2\.7\.1/,
    );
    await expect(release({ lockFile: write("") })).rejects.toThrow(
      /has no provider .*aws.*\n.*has no provider .*archive/,
    );
    const foreign = text.replaceAll(/"(h1|zh):[^"]+"/g, `"${isOther.checksum}"`);
    await expect(
      release({ lockFile: write(foreign), pack: packByTerraform(contextWith({}), foreign) }),
    ).rejects.toThrow(/terraform init failed.*[\s\S]*without it there is none/);
  });

  test("PLAT-08 without Terraform, or without its archive provider, there is no release", async () => {
    const mirror = join(temporaryFolder(), "empty.tfrc");
    const path = join(temporaryFolder(), "mirror");
    mkdirSync(path);
    writeFileSync(mirror, `provider_installation {\n  filesystem_mirror {\n    path = "${path}"\n  }\n}\n`);
    for (const [variables, message] of [
      [
        { TF_CLI_CONFIG_FILE: mirror },
        /terraform init failed[\s\S]*without it there is none[\s\S]*Nothing was written/,
      ],
      [{ TERRAFORM_BINARY_NAME: "no-such-terraform" }, /"no-such-terraform" is not on PATH/],
    ] as const) {
      const store = new FolderStore(join(temporaryFolder(), "store"));
      await expect(release({ store, pack: packByTerraform(contextWith(variables)) })).rejects.toThrow(message);
      expect(existsSync(store.location)).toBe(false);
    }
  });

  test("PLAT-08 the same source has the same id: from another folder, as another person, with other times and modes of files", () => {
    const ids = [
      ["022", { TZ: "UTC", AWS_REGION: "eu-west-1" }],
      ["077", { TZ: "Asia/Tokyo", LANG: "tr_TR.UTF-8", ENVIRONMENT: "staging", TMPDIR: temporaryFolder() }],
    ].map(([umask, variables]) => {
      const copy = copyProject();
      for (const entry of readdirSync(join(copy.root, "functions"), { recursive: true, withFileTypes: true }))
        if (umask === "077") utimesSync(join(entry.parentPath, entry.name), 1_000_000_000, 1_000_000_000);
      const store = join(temporaryFolder(), "store");
      const command = `umask ${umask}; exec "$0" bin/tap.mjs release create --json --store "$1"`;
      const { stdout, stderr, status } = spawnSync("sh", ["-c", command, process.execPath, store], {
        cwd: copy.root,
        env: { ...terraformVariables(), HOME: temporaryFolder(), ...(variables as Record<string, string>) },
        encoding: "utf8",
      });
      copy.remove();
      expect([stderr, status]).toEqual([expect.any(String), 0]);
      return JSON.parse(stdout) as { id: string; environments: object };
    });
    expect(Object.keys(ids[0]?.environments ?? {})).toEqual(["dev", "prod", "staging"]);
    expect(ids[1]?.id).toBe(ids[0]?.id);
  });
});
