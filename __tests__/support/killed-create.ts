/*
 * A run that makes a release and is killed on the way: before the nth call that changes the file system, or in the
 * middle of it where it writes. killed.test.ts bundles it and starts it.
 */
import fs from "node:fs";
import { createRelease } from "../../tap/release/create";
import { FolderStore } from "../../tap/release/folder-store";
import { commit, packForTests } from "./release-fixture";

const changing = [
  "chmodSync",
  "closeSync",
  "fsyncSync",
  "mkdirSync",
  "openSync",
  "renameSync",
  "utimesSync",
  "writeFileSync",
] as const;

const [store = "", folder = "", given = ""] = process.argv.slice(2);
const killAt = Number(given);
let calls = 0;

function die(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("killed");
}

for (const name of changing) {
  const original = fs[name] as (...args: unknown[]) => unknown;
  (fs as Record<string, unknown>)[name] = (...args: unknown[]) => {
    calls += 1;
    if (calls === killAt) {
      const [file, content] = args;
      if (name === "writeFileSync") fs.writeSync(file as number, (content as Buffer).subarray(0, 7));
      die();
    }
    return original(...args);
  };
}

void createRelease({
  folder,
  store: new FolderStore(store),
  source: { commit, isClean: true },
  node: ">=20.20",
  pack: packForTests,
}).then(() => process.stdout.write(String(calls)));
