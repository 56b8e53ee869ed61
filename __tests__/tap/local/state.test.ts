import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { hashOf } from "../../../tap/hash";
import { end, freePort, isRunning } from "../../../tap/local/processes";
import { type LocalState, readState, writeState } from "../../../tap/local/state";
import { zip } from "../../../tap/local/zip";
import { temporaryFolder } from "../../support/project";

const folders: string[] = [];
const newFolder = () => {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe("the state", () => {
  const state: LocalState = {
    version: 1,
    environment: "dev",
    accountId: "111111111111",
    primaryRegion: "us-east-1",
    outdir: "/out",
    emulator: { endpoint: "http://127.0.0.1:1", processes: [], since: "2026-01-01T00:00:00.000Z" },
    resources: {},
  };

  test("is there whole or not at all, and that of another version isn't taken", () => {
    const folder = newFolder();
    expect(readState(folder)).toBeUndefined();
    writeState(folder, state);
    expect(readState(folder)).toEqual(state);
    expect(readdirSync(folder)).toEqual(["state.json"]);
    writeFileSync(join(folder, "state.json"), JSON.stringify({ ...state, version: 2 }));
    expect(readState(folder)).toBeUndefined();
  });

  test("a hash is that of the values, in whatever order their names stand", () => {
    expect(hashOf({ a: 1, b: [{ c: 2, d: null }] })).toBe(hashOf({ b: [{ d: null, c: 2 }], a: 1 }));
    const anything = fc.jsonValue();
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(hashOf(one) === hashOf(other)).toBe(isSame);
      }),
      { examples: [[{}, []]] },
    );
  });
});

/** An object stays apart from a list of the same. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value)
    .map(([name, each]) => [name, sorted(each)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { members };
}

describe("processes", () => {
  const sleeper = (seconds: number) => {
    const code = `require("node:child_process").spawn("sleep", ["${seconds}"]);setTimeout(() => {}, ${seconds}e3)`;
    const child = spawn(process.execPath, ["-e", code, "mark-of-this"], { detached: true, stdio: "ignore" });
    return { name: "emulator" as const, pid: child.pid ?? 0, mark: "mark-of-this" };
  };

  test("are ended with all that they have started, also when they have gone before", async () => {
    const whole = sleeper(60);
    expect(isRunning(whole)).toBe(true);
    await end(whole);
    expect(membersOf(whole.pid)).toEqual([]);
    const orphaned = sleeper(60);
    await until(() => membersOf(orphaned.pid).length === 2);
    process.kill(orphaned.pid, "SIGKILL");
    await until(() => membersOf(orphaned.pid).length === 1);
    await end(orphaned);
    expect(membersOf(orphaned.pid)).toEqual([]);
  });

  test("another that has got the id is left alone", async () => {
    const other = sleeper(60);
    expect(isRunning({ ...other, mark: "/somewhere/ministack" })).toBe(false);
    await end({ ...other, mark: "/somewhere/ministack" });
    expect(membersOf(other.pid)).not.toEqual([]);
    await end(other);
  });

  test("a port that is taken isn't given", async () => {
    const port = await freePort(0);
    expect(await freePort(port)).toBe(port);
    const code = `require("node:net").createServer().listen(${port}, "127.0.0.1", () => console.log("up"))`;
    const taker = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((resolve) => taker.stdout.once("data", resolve));
    expect(await freePort(port)).not.toBe(port);
    taker.kill();
  });
});

/** Processes of a group that run. */
function membersOf(group: number): string[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pgid=,stat=,pid="], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => {
    const [id, status = "Z"] = line.trim().split(/\s+/);
    return Number(id) === group && !status.startsWith("Z");
  });
}

async function until(isSo: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 2_400 && !isSo(); attempt += 1)
    await new Promise((resolve) => setTimeout(resolve, 25));
  expect(isSo()).toBe(true);
}

describe("a zip", () => {
  /** Names, contents and checksums, by the directory at its end. */
  function unzip(bytes: Buffer): Map<string, string> {
    const end = bytes.length - 22;
    const files = new Map<string, string>();
    let at = bytes.readUInt32LE(end + 16);
    for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
      const [packed, nameBytes, start] = [20, 28, 42].map((offset) =>
        offset === 28 ? bytes.readUInt16LE(at + offset) : bytes.readUInt32LE(at + offset),
      ) as [number, number, number];
      const name = bytes.toString("utf8", at + 46, at + 46 + nameBytes);
      const content = start + 30 + bytes.readUInt16LE(start + 26);
      const text = inflateRawSync(bytes.subarray(content, content + packed));
      expect(bytes.readUInt32LE(at + 16)).toBe(crc32(text));
      expect(bytes.readUInt32LE(at + 24)).toBe(text.length);
      files.set(name, text.toString());
      at += 46 + nameBytes;
    }
    return files;
  }

  test("holds what was put in, with the same bytes whatever the order", () => {
    const files = [
      ["b/ü.mjs", "x".repeat(10_000)],
      ["a.mjs", ""],
      ["c", "y"],
    ] as const;
    const of = (list: readonly (readonly [string, string])[]) =>
      zip(new Map(list.map(([name, text]) => [name, Buffer.from(text)])));
    expect(of(files)).toEqual(of([...files].reverse()));
    expect([...unzip(of(files))]).toEqual([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
  });

  test("is one that Python reads, which the emulator is written in", () => {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.zip"), zip(new Map([["dir/index.mjs", Buffer.from("export {}")]])));
    const code = "import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), z.namelist())";
    const { status, stdout } = spawnSync("python3", ["-c", code, join(folder, "a.zip")], { encoding: "utf8" });
    if (status === 0) expect(stdout.trim()).toBe("None ['dir/index.mjs']");
    expect(existsSync(join(folder, "a.zip"))).toBe(true);
  });
});
