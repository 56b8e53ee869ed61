import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./support/project";
import { describeWithTerraform, terraformFolder } from "./support/terraform";

jest.setTimeout(120_000);

const synthesized = join(projectRoot, ".cache", "test-synth", "declared", "stacks", "tap-records-dev-us-east-1");

/** The archives that a plan makes of a stack's functions, where files and folders have these modes. */
function archivesWith(fileMode: number, folderMode: number): { hashes: Record<string, string>; path: string } {
  const folder = terraformFolder(synthesized, temporaryFolder());
  for (const entry of readdirSync(join(folder.path, "assets"), { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? folderMode : fileMode);
  folder.run("init", "-no-color");
  folder.run("plan", "-no-color", "-out=plan");
  const plan = JSON.parse(folder.run("show", "-json", "plan"));
  const data = plan.prior_state.values.root_module.resources as { address: string; values: Record<string, string> }[];
  const archives = data.filter(({ address }) => address.startsWith("data.archive_file."));
  return {
    path: folder.path,
    hashes: Object.fromEntries(archives.map(({ address, values }) => [address, values.output_base64sha256 as string])),
  };
}

describeWithTerraform("archives of functions", () => {
  test("API-15 are the same bytes whatever the modes of the files", () => {
    const { hashes, path } = archivesWith(0o600, 0o700);
    expect(Object.keys(hashes)).toHaveLength(2);
    expect(archivesWith(0o755, 0o755).hashes).toEqual(hashes);
    const listing = execFileSync("python3", ["-m", "zipfile", "-l", join(path, "archives", "write.zip")], {
      encoding: "utf8",
    });
    expect(listing).toContain("index.mjs ");
    expect(listing).toContain("index.mjs.map");
  });
});
