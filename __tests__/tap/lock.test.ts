import { spawnSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acquire, lockHolder, withLock } from "../../tap/lock";
import { temporaryFolder } from "../support/project";

const folders: string[] = [];
const newFolder = () => {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An id that no process has any more. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

describe("the lock", () => {
  test("is held by one, who is named to the other, and is given back", async () => {
    const folder = newFolder();
    await withLock(folder, "tap local up", async () => {
      expect(() => acquire(folder, "tap local down")).toThrow(/tap local up is at it since .* \(process \d+\)/);
      expect(lockHolder(folder)).toMatchObject({ pid: process.pid, command: "tap local up" });
    });
    expect(lockHolder(folder)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is given back by what fails", async () => {
    const folder = newFolder();
    const failing = withLock(folder, "tap local up", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    acquire(folder, "tap local up")();
  });

  test("of a process that is no more is taken over, as is what a takeover left", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "lock"), JSON.stringify({ pid: deadPid(), command: "tap local up", since: "then" }));
    expect(lockHolder(folder)).toBeUndefined();
    const release = acquire(folder, "tap local up");
    expect(lockHolder(folder)?.pid).toBe(process.pid);
    release();
    writeFileSync(join(folder, "lock"), "{ torn");
    acquire(folder, "tap local up")();
    expect(readdirSync(folder)).toEqual([]);
  });
});
