import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { objectKey } from "../../../tap/release/paths";
import { sourceOf } from "../../../tap/release/source";
import { cleanVariables, tap, temporaryFolder } from "../../support/project";
import { releaseFixture, synthesizedFixture } from "../../support/release-fixture";

/** A store with two releases. */
async function stored() {
  const { store, manifest: first } = await releaseFixture();
  const folder = synthesizedFixture({ code: "other" });
  const { manifest: second } = await releaseFixture({ store, folder });
  const { location } = store;
  return { location, first, second, release: (...args: string[]) => tap(["release", ...args, "--store", location]) };
}

test("releases are listed, shown and compared; an id's beginning will do", async () => {
  const { release, first, second } = await stored();
  const list = release("list");
  expect(list.exitCode).toBe(0);
  expect(list.stdout).toMatch(new RegExp(`^${first.id.slice(0, 12)} .* 0123456789ab +dev staging`, "m"));
  expect(JSON.parse(release("list", "--json").stdout)).toHaveLength(2);
  const show = release("show", first.id.slice(0, 8));
  expect(show.stdout).toContain("tap-records-staging-us-east-2");
  expect(show.stdout).toContain(first.archives[0]?.base64Sha256);
  expect(JSON.parse(release("show", first.id, "--json").stdout)).toEqual(first);
  const diff = release("diff", first.id, second.id);
  expect(diff.stdout).toContain("  assets/Code/1/index.mjs changed\n  code of tap-records-write-dev-us-east-1");
  expect(diff.stdout).toContain("2 stacks differ.");
});

test("PLAT-08 a broken release is told of with the object, and the exit code; a whole one too", async () => {
  const { release, location, first, second } = await stored();
  const all = release("verify");
  expect([all.exitCode, all.stdout.match(/is whole/g)]).toEqual([0, ["is whole", "is whole"]]);
  const { sha256 = "" } = first.stacks["tap-network-dev-us-east-1"]?.files[0] ?? {};
  const object = join(location, objectKey(sha256));
  chmodSync(object, 0o644);
  writeFileSync(object, "spoiled");
  const broken = release("verify", first.id.slice(0, 8));
  expect(broken.exitCode).toBe(1);
  expect(broken.stderr).toContain(object);
  expect(broken.stderr).toMatch(/To mend it: tap release copy [0-9a-f]{12} --from/);
  expect(broken.stderr).not.toMatch(/^\s+at /m);
  const { stdout } = release("verify", "--json");
  expect(JSON.parse(stdout).map(({ problems }: { problems: string[] }) => problems.length)).toEqual([1, 1]);
  // Both have that object; a copy from where it is whole mends both.
  const { store: other } = await releaseFixture();
  const copy = tap(["release", "copy", first.id, "--from", other.location, "--to", location]);
  expect([copy.exitCode, copy.stdout]).toEqual([
    0,
    expect.stringContaining(`Mended, because they weren't what they had been: objects/${sha256}`),
  ]);
  expect(release("verify", second.id).exitCode).toBe(0);
});

test("gc keeps the newest, says what would go, and removes it", async () => {
  const { release, first, second } = await stored();
  const dry = release("gc", "--keep", "1", "--keep-id", first.id.slice(0, 8), "--dry-run");
  expect(dry.stdout).toMatch(/Would go: (no release|[0-9a-f]{12});[\s\S]*Next: the same without --dry-run/);
  const { removed } = JSON.parse(release("gc", "--keep", "1", "--keep-id", second.id, "--json").stdout);
  expect([[], [first.id]]).toContainEqual(removed);
  expect(release("gc", "--keep", "0")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("whole number from 1"),
  });
});

test.each([
  [["release", "list", "--store", "/no/such/folder"], 1, "is no store of releases: it isn't there"],
  [["release", "list", "--store", "https://example.org"], 1, "wanted is a folder, s3://bucket or s3://bucket/prefix"],
  [["release", "list", "--env", "dev,prod"], 1, "each has a store of its own"],
  [["release", "copy", "3f2a"], 1, "--from: name one store"],
  [["release", "copy", "3f2a", "--from", "a", "--from-env", "dev", "--to", "b"], 1, "--from: name one store"],
  [["release", "show"], 2, "missing required argument"],
  [["release", "nonsense"], 2, "unknown command"],
])("tap %j says what is wrong", (args, exitCode, message) => {
  const result = tap(args as string[]);
  expect(result.stderr).toContain(message);
  expect(result.exitCode).toBe(exitCode);
});

test.each(["create", "verify", "list", "show", "diff", "copy", "gc"])(
  "tap release %s has help with examples",
  (verb) => {
    const { stdout, exitCode } = tap(["release", verb, "--help"]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`Examples:\n  tap release ${verb}`)]);
  },
);

describe("a release's source", () => {
  const repository = () => {
    const folder = temporaryFolder();
    const git = (...args: string[]) =>
      spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: folder, encoding: "utf8" });
    git("init", "--quiet");
    writeFileSync(join(folder, "file"), "1");
    writeFileSync(join(folder, ".gitignore"), "ignored\n");
    git("add", "-A");
    git("commit", "--quiet", "--message", "one");
    return { folder, commit: git("rev-parse", "HEAD").stdout.trim() };
  };

  test("PLAT-08 is clean at a commit; ignored files don't count", () => {
    const { folder, commit } = repository();
    writeFileSync(join(folder, "ignored"), "");
    expect(sourceOf(folder)).toEqual({ commit, isClean: true });
  });

  test.each([
    ["a changed file", (folder: string) => writeFileSync(join(folder, "file"), "2")],
    ["a new file", (folder: string) => writeFileSync(join(folder, "new"), "")],
    [
      "a new file in a new folder",
      (folder: string) => {
        mkdirSync(join(folder, "new"));
        writeFileSync(join(folder, "new", "file"), "");
      },
    ],
  ])("PLAT-08 isn't clean with %s", (_, change) => {
    const { folder, commit } = repository();
    change(folder);
    expect(sourceOf(folder)).toEqual({ commit, isClean: false });
  });

  test("PLAT-08 is clean with releases among it, and with nothing else", () => {
    const { folder, commit } = repository();
    mkdirSync(join(folder, "rel[e]ases"));
    writeFileSync(join(folder, "rel[e]ases", "manifest.json"), "");
    expect(sourceOf(folder)).toEqual({ commit, isClean: false });
    expect(sourceOf(folder, join(folder, "rel[e]ases"))).toEqual({ commit, isClean: true });
    expect(sourceOf(folder, temporaryFolder())).toEqual({ commit, isClean: false });
    writeFileSync(join(folder, "new"), "");
    expect(sourceOf(folder, join(folder, "rel[e]ases"))).toEqual({ commit, isClean: false });
  });

  test("PLAT-08 is of no commit outside a repository", () => {
    expect(sourceOf(temporaryFolder())).toEqual({ commit: null, isClean: false });
  });

  test("PLAT-08 what isn't committed goes into no bucket", () => {
    const { folder } = repository();
    writeFileSync(join(folder, "new"), "");
    const { stderr, exitCode } = tap(["release", "create", "--store", "s3://bucket"], {
      // Git finds another working tree there than that of a commit.
      variables: { GIT_DIR: join(folder, ".git"), GIT_WORK_TREE: folder },
    });
    expect(stderr).toMatch(/isn't that of a commit[\s\S]*--store releases\. Nothing was written/);
    expect(exitCode).toBe(1);
  });
});

test("the store is that of --env, else TAP_RELEASE_STORE", async () => {
  const { location } = await stored();
  const list = (args: string[], variables: Record<string, string>) =>
    spawnSync(process.execPath, ["bin/tap.mjs", "release", "list", ...args], {
      env: { ...cleanVariables(), AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_MAX_ATTEMPTS: "1", ...variables },
      encoding: "utf8",
    });
  expect(list([], { TAP_RELEASE_STORE: location }).stdout).toContain("dev staging");
  const key = { AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x" };
  for (const [args, variables] of [
    [["--env", "staging"], { TAP_RELEASE_STORE: location, ...key }],
    [[], { ENVIRONMENT: "staging", ...key }],
  ] as const)
    expect(list([...args], variables).stderr).toContain("s3://tap-delivery-releases-staging-us-east-2-222222222222");
});
