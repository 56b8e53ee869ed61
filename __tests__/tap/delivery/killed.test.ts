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

function promote(folder: string, release: string, { killAt = 0, when = "before", aheadMilliseconds = 0 } = {}) {
  const args = [bundle, folder, release, String(killAt), when, String(aheadMilliseconds)];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, signal, stdout, stderr };
}

/** How far a clock has to be ahead to be after the end of the lease that somebody may have left. */
async function untilLeaseEnds(folder: string): Promise<number> {
  const { lease } = (await new FileLedger(folder, "dev").read()).record;
  return lease.holder === undefined ? 0 : lease.expiresAt - Date.now() + 1;
}

test.each(["before", "after"])(
  "PLAT-08 killed %s each write of its ledger, in a file: the next command completes it",
  async (when) => {
    const folder = temporaryFolder();
    let kills = 0;
    for (let killAt = 1; ; killAt += 1) {
      const release = `r${killAt}`;
      const first = promote(folder, release, { killAt, when });
      if (first.signal !== "SIGKILL") {
        expect(first).toMatchObject({ status: 0, stdout: "good" });
        break;
      }
      kills += 1;
      const aheadMilliseconds = await untilLeaseEnds(folder);
      // Until then nobody else gets it. Once is enough: it takes a process.
      if (killAt === 2) expect(promote(folder, release)).toMatchObject({ status: 1, stdout: "" });
      expect(promote(folder, release, { aheadMilliseconds })).toMatchObject({ status: 0, stdout: "good" });
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
  600_000,
);
