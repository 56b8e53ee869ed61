import { execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { FolderStore } from "../../../tap/release/folder-store";
import { listReleases } from "../../../tap/release/read";
import { verifyRelease } from "../../../tap/release/verify";
import { projectRoot, temporaryFolder } from "../../support/project";
import { releaseFixture, synthesizedFixture } from "../../support/release-fixture";

const folder = synthesizedFixture();
const script = join(temporaryFolder(), "killed-create.cjs");

beforeAll(() => {
  const options = {
    entryPoints: ["__tests__/support/killed-create.ts"],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["@aws-sdk/*"],
  };
  // In a process of its own: esbuild doesn't run where Jest has replaced what is global.
  const build = `import { build } from "esbuild"; await build(${JSON.stringify(options)});`;
  execFileSync(process.execPath, ["--input-type=module", "--eval", build], { cwd: projectRoot });
});

/** Runs a create, killed before its nth change of the file system; 0: never. */
function create(store: string, killAt: number): Promise<{ signal: NodeJS.Signals | null; calls: number }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, store, folder, String(killAt)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let calls = "";
    child.stdout.on("data", (chunk) => (calls += chunk));
    child.on("close", (_, signal) => resolve({ signal, calls: Number(calls) }));
  });
}

test("PLAT-08 a create that is killed leaves the whole release or none, and the next one makes it", async () => {
  const { manifest } = await releaseFixture({ folder });
  const { calls } = await create(join(temporaryFolder(), "store"), 0);
  expect(calls).toBeGreaterThan(40);
  // Each of the last calls, among which the manifest comes to be, and every third before.
  const points = Array.from({ length: calls }, (_, index) => index + 1).filter(
    (point) => point > calls - 14 || point % 3 === 1,
  );
  const seen = new Set<number>();
  const judge = async (point: number) => {
    const location = join(temporaryFolder(), "store");
    const { signal } = await create(location, point);
    expect([point, signal]).toEqual([point, "SIGKILL"]);
    const store = new FolderStore(location);
    const releases = await listReleases(store);
    seen.add(releases.length);
    for (const { id } of releases) expect((await verifyRelease(store, id)).problems).toEqual([]);
    const again = await releaseFixture({ store, folder });
    expect(again).toMatchObject({ manifest: { id: manifest.id }, mended: [] });
    expect((await verifyRelease(store, manifest.id)).problems).toEqual([]);
    expect(readdirSync(location).filter((name) => !["objects", "releases", "tmp"].includes(name))).toEqual([]);
  };
  const queue = [...points];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await judge(next);
  };
  await Promise.all([worker(), worker()]);
  expect(seen).toEqual(new Set([0, 1]));
});

test("PLAT-08 two that make the same release at once both have it, and it is whole", async () => {
  const location = join(temporaryFolder(), "store");
  const results = await Promise.all([create(location, 0), create(location, 0), create(location, 0)]);
  expect(results.map(({ signal }) => signal)).toEqual([null, null, null]);
  const store = new FolderStore(location);
  const [release, ...others] = await listReleases(store);
  expect(others).toEqual([]);
  expect((await verifyRelease(store, release?.id ?? "")).problems).toEqual([]);
});
