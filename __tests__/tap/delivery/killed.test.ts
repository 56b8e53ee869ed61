import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { FileLedger } from "../../../tap/delivery/file-ledger";
import { projectRoot, temporaryFolder } from "../../support/project";

const bundle = join(temporaryFolder(), "killed-delivery.cjs");
beforeAll(() => {
  buildSync({
    entryPoints: [join(projectRoot, "__tests__", "support", "killed-delivery.ts")],
    bundle: true,
    platform: "node",
    outfile: bundle,
  });
});

function promote(folder: string, release: string, killAt = 0, when = "before") {
  const args = [bundle, folder, release, String(killAt), when];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, signal, stdout, stderr };
}

async function leaseEnded(folder: string): Promise<void> {
  const { lease } = (await new FileLedger(folder, "dev").read()).record;
  if (lease.holder !== undefined) await new Promise((resolve) => setTimeout(resolve, lease.expiresAt - Date.now() + 5));
}

test.each(["before", "after"])(
  "PLAT-08 killed %s each write of its ledger, in a file: the next command completes it",
  async (when) => {
    const folder = temporaryFolder();
    let kills = 0;
    for (let killAt = 1; ; killAt += 1) {
      const release = `r${killAt}`;
      const first = promote(folder, release, killAt, when);
      if (first.signal !== "SIGKILL") {
        expect(first).toMatchObject({ status: 0, stdout: "good" });
        break;
      }
      kills += 1;
      await leaseEnded(folder);
      expect(promote(folder, release)).toMatchObject({ status: 0, stdout: "good" });
      for (const id of ["network", "data", "api"]) expect(readFileSync(join(folder, id), "utf8")).toBe(release);
      const { record } = await new FileLedger(folder, "dev").read();
      expect(record).toMatchObject({ good: { release }, lease: { expiresAt: 0 } });
      expect(record.run).toBeUndefined();
    }
    // The lease, the run, its process, two for each of eleven steps, its end, and giving all of it back.
    expect(kills).toBeGreaterThanOrEqual(25);
    const runs = await new FileLedger(folder, "dev").runs(100);
    expect(runs.every(({ events }) => events.some(({ type }) => type === "finished"))).toBe(true);
  },
  120_000,
);
