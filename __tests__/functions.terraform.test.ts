import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "./support/project";
import { describeWithTerraform, terraformFolder } from "./support/terraform";

jest.setTimeout(120_000);

const synthesized = (stack: string) => join(projectRoot, ".cache", "test-synth", "declared", "stacks", stack);

/** The archives that a plan makes of a stack's functions, where files and folders have these modes. */
function archivesWith(
  fileMode: number,
  folderMode: number,
  stack = "tap-records-dev-us-east-1",
): { hashes: Record<string, string>; path: string } {
  const folder = terraformFolder(synthesized(stack), temporaryFolder());
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

  test("FIL-03 that of the image processor carries sharp, for Linux on arm64, within what Lambda takes", () => {
    const { path } = archivesWith(0o644, 0o755, "tap-files-dev-us-east-1");
    const archive = join(path, "archives", "image.zip");
    const unpacked = temporaryFolder();
    execFileSync("python3", ["-m", "zipfile", "-e", archive, unpacked]);
    const files = readdirSync(unpacked, { recursive: true, encoding: "utf8" });
    const binaries = files.filter((file) => /\.(node|so[.\d]*)$/.test(file));
    expect(binaries.map((file) => file.replace(/.*\/(@img\/[\w-]+)\/.*/, "$1"))).toEqual(
      expect.arrayContaining(["@img/sharp-linux-arm64", "@img/sharp-libvips-linux-arm64"]),
    );
    for (const file of binaries) expect(machineOf(join(unpacked, file))).toBe("aarch64");
    expect(files).toEqual(expect.arrayContaining(["index.mjs", "node_modules/sharp/package.json"]));
    // Lambda quotas: 50 MB for an upload, 250 MB unpacked.
    const unpackedBytes = files.map((file) => statSync(join(unpacked, file)).size).reduce((sum, size) => sum + size, 0);
    expect([statSync(archive).size < 50_000_000, unpackedBytes < 250_000_000]).toEqual([true, true]);
  });
});

/** Of an ELF file: what it runs on (System V ABI, ELF header: e_machine). */
function machineOf(file: string): string {
  const header = readFileSync(file).subarray(0, 20);
  if (header.readUInt32BE(0) !== 0x7f454c46) return "no ELF file";
  return header.readUInt16LE(18) === 183 ? "aarch64" : `machine ${header.readUInt16LE(18)}`;
}
