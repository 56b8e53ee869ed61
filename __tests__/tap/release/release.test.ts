import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { archiveProblems } from "../../../tap/release/archives";
import { collectReleases } from "../../../tap/release/collect";
import { compareReleases } from "../../../tap/release/compare";
import { copyRelease } from "../../../tap/release/copy";
import { FolderStore } from "../../../tap/release/folder-store";
import {
  canonical,
  contentOf,
  hashOf,
  type Manifest,
  type ManifestContent,
  withId,
} from "../../../tap/release/manifest";
import { copyProblems, openRelease } from "../../../tap/release/open";
import { manifestKey, objectKey } from "../../../tap/release/paths";
import { listReleases, readManifest, resolveId } from "../../../tap/release/read";
import { openStore, type ReleaseStore } from "../../../tap/release/store";
import { verifyRelease } from "../../../tap/release/verify";
import { temporaryFolder } from "../../support/project";
import { commit, releaseFixture, synthesizedFixture, zipOf } from "../../support/release-fixture";

const records = "tap-records-dev-us-east-1";
const network = "tap-network-dev-us-east-1";

/** All files of a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** A store with one release, to be spoiled. */
async function stored() {
  const { manifest, store } = await releaseFixture();
  return { manifest, store, id: manifest.id, path: (key: string) => join(store.location, key) };
}

/** Writes what is read-only there. */
function overwrite(path: string, content: string | Uint8Array): void {
  chmodSync(path, 0o644);
  writeFileSync(path, content);
}

const fileOf = (manifest: Manifest, stackId: string, path = "cdk.tf.json") =>
  manifest.stacks[stackId]?.files.find((file) => file.path === path)?.sha256 ?? "";

describe("a release", () => {
  test("PLAT-08 has what was synthesized of every environment, but bootstrap's, and the hash of every zip", async () => {
    const { manifest } = await releaseFixture();
    expect(manifest.environments).toEqual({ dev: [network, records], staging: ["tap-records-staging-us-east-2"] });
    expect(manifest.stacks[records]).toEqual({
      environment: "dev",
      component: "records",
      region: "us-east-1",
      files: [
        { path: "assets/Code/1/index.mjs", sha256: hashOf("export const handler = 1;\n"), bytes: 26 },
        { path: "assets/Code/1/index.mjs.map", sha256: hashOf("{}"), bytes: 2 },
        { path: "cdk.tf.json", sha256: expect.any(String), bytes: expect.any(Number) },
      ],
    });
    expect(manifest.archives).toMatchObject([
      { stackId: records, address: "data.archive_file.Write", functionName: "tap-records-write-dev-us-east-1" },
      { stackId: "tap-records-staging-us-east-2" },
    ]);
    expect(manifest.source).toEqual({ commit, isClean: true });
    expect(manifest.tools).toEqual({
      node: ">=20.20",
      terraform: ">= 1.10",
      cdktf: "0.21.0",
      providers: {
        "registry.terraform.io/hashicorp/archive": "2.7.1",
        "registry.terraform.io/hashicorp/aws": "6.25.0",
      },
    });
  });

  test("PLAT-08 has the id of its content: the same from another folder, at another time, another for one other byte", async () => {
    const folder = synthesizedFixture();
    for (const file of filesIn(folder)) {
      utimesSync(file, 1, 1);
      chmodSync(file, 0o600);
    }
    const { manifest } = await releaseFixture();
    expect((await releaseFixture({ folder })).manifest.id).toBe(manifest.id);
    const other = synthesizedFixture({ code: "export const handler = 2;\n" });
    expect((await releaseFixture({ folder: other })).manifest.id).not.toBe(manifest.id);
    expect((await releaseFixture({ source: { commit, isClean: false } })).manifest.id).not.toBe(manifest.id);
    expect(canonical(contentOf(manifest))).not.toMatch(/\/tmp|2026|T\d\d:\d\d/);
  });

  test("PLAT-08 is the hash of its manifest, whatever the order of keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.array(fc.string(), { minLength: 1 })), (environments) => {
        const reversed = Object.fromEntries(Object.entries(environments).reverse());
        const content = (given: typeof environments) => ({ environments: given }) as unknown as ManifestContent;
        expect(withId(content(reversed)).id).toBe(withId(content(environments)).id);
      }),
    );
  });

  test("PLAT-08 is kept in files that nobody may write to", async () => {
    const { store } = await stored();
    expect(new Set(filesIn(store.location).map((file) => statSync(file).mode & 0o777))).toEqual(new Set([0o444]));
  });

  test("PLAT-08 has no links, nothing from outside its stacks, and no stack of another project", async () => {
    const linked = synthesizedFixture();
    symlinkSync("/etc/passwd", join(linked, "stacks", records, "assets", "Code", "1", "extra.mjs"));
    await expect(releaseFixture({ folder: linked })).rejects.toThrow(/extra\.mjs is no file.*no links/);
    const foreign = synthesizedFixture();
    const index = join(foreign, "manifest.json");
    writeFileSync(index, readFileSync(index, "utf8").replaceAll(network, "their-network"));
    renameSync(join(foreign, "stacks", network), join(foreign, "stacks", "their-network"));
    await expect(releaseFixture({ folder: foreign })).rejects.toThrow(/their-network: no stack of this project/);
    const outside = synthesizedFixture();
    const file = join(outside, "stacks", records, "cdk.tf.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("assets/Code/1", "../../../secrets"));
    await expect(releaseFixture({ folder: outside })).rejects.toThrow(/secrets.*doesn't stay in its stack's folder/);
  });

  test("PLAT-08 leaves out what Terraform and people leave in a stack's folder", async () => {
    const folder = synthesizedFixture();
    const stack = join(folder, "stacks", records);
    for (const path of [".terraform/providers/x", ".terraform.lock.hcl", "archives/write.zip", "terraform.tfstate"]) {
      mkdirSync(dirname(join(stack, path)), { recursive: true });
      writeFileSync(join(stack, path), "x");
    }
    expect((await releaseFixture({ folder })).manifest.id).toBe((await releaseFixture()).manifest.id);
  });
});

describe("verification", () => {
  test("PLAT-08 finds any byte that isn't as it was, in any file, and says where; nobody gets to open that", async () => {
    const { store, id } = await stored();
    const files = filesIn(store.location);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(files.length - 1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (at, where, mask) => {
          const file = files[at] as string;
          const before = readFileSync(file);
          const spoiled = Buffer.from(before);
          spoiled[where % before.length] = (before[where % before.length] as number) ^ mask;
          overwrite(file, spoiled);
          const into = join(temporaryFolder(), "opened");
          expect((await verifyRelease(store, id)).problems).toEqual([expect.stringContaining(file)]);
          await expect(openRelease(store, id, into)).rejects.toThrow(file);
          expect(readdirSync(dirname(into))).toEqual([]);
          overwrite(file, before);
        },
      ),
      { numRuns: 150 },
    );
    expect((await verifyRelease(store, id)).problems).toEqual([]);
  });

  test("PLAT-08 a link in an object's place is replaced, and what it leads to is left alone", async () => {
    const { store, id, manifest, path } = await stored();
    const object = path(objectKey(fileOf(manifest, records)));
    const elsewhere = join(temporaryFolder(), "object");
    writeFileSync(elsewhere, "theirs");
    rmSync(object);
    symlinkSync(elsewhere, object);
    expect((await releaseFixture({ store })).mended).toEqual([objectKey(fileOf(manifest, records))]);
    expect(readFileSync(elsewhere, "utf8")).toBe("theirs");
    expect((await verifyRelease(store, id)).problems).toEqual([]);
  });

  test("much that is wrong is cut, and counted", async () => {
    const { store, id, path } = await stored();
    for (let index = 0; index < 30; index += 1) writeFileSync(path(`releases/${id}/note-${index}`), "");
    expect((await verifyRelease(store, id)).problems).toHaveLength(30);
    await expect(openRelease(store, id, join(temporaryFolder(), "opened"))).rejects.toThrow(
      /note-26 [^\n]*\n {2}and 10 more, which tap release verify --json lists\nNothing goes on with it/,
    );
  });

  type Spoil = (given: Awaited<ReturnType<typeof stored>>) => string | RegExp;
  const spoiled: [string, Spoil][] = [
    [
      "an object that is gone",
      ({ manifest, path }) => {
        rmSync(path(objectKey(fileOf(manifest, records))));
        return /isn't there/;
      },
    ],
    [
      "an object that was cut",
      ({ manifest, path }) => {
        const object = path(objectKey(fileOf(manifest, records)));
        overwrite(object, readFileSync(object).subarray(0, 10));
        return /has 10 bytes, where it had \d+/;
      },
    ],
    [
      "an empty object",
      ({ manifest, path }) => {
        overwrite(path(objectKey(fileOf(manifest, records))), "");
        return /has 0 bytes/;
      },
    ],
    [
      "an object that was added to",
      ({ manifest, path }) => {
        const object = path(objectKey(fileOf(manifest, records)));
        overwrite(object, `${readFileSync(object, "utf8")} `);
        return /isn't what it was/;
      },
    ],
    [
      "two objects in each other's place",
      ({ manifest, path }) => {
        const [a, b] = [path(objectKey(fileOf(manifest, records))), path(objectKey(fileOf(manifest, network)))];
        const before = readFileSync(a);
        overwrite(a, readFileSync(b));
        overwrite(b, before);
        return /holds what belongs into .*\n.*holds what belongs into/;
      },
    ],
    [
      "a link in an object's place",
      ({ manifest, path }) => {
        const object = path(objectKey(fileOf(manifest, records)));
        const elsewhere = join(temporaryFolder(), "object");
        cpSync(object, elsewhere);
        rmSync(object);
        symlinkSync(elsewhere, object);
        return /is a symbolic link/;
      },
    ],
    [
      "a link in the place of all objects",
      ({ path }) => {
        const elsewhere = join(temporaryFolder(), "objects");
        cpSync(path("objects"), elsewhere, { recursive: true });
        rmSync(path("objects"), { recursive: true });
        symlinkSync(elsewhere, path("objects"));
        return /objects is a symbolic link/;
      },
    ],
    [
      "a folder in an object's place",
      ({ manifest, path }) => {
        rmSync(path(objectKey(fileOf(manifest, records))));
        mkdirSync(path(objectKey(fileOf(manifest, records))));
        return /is no file/;
      },
    ],
    [
      "a file beside the manifest",
      ({ id, path }) => {
        writeFileSync(path(`releases/${id}/note.txt`), "");
        return /note\.txt belongs to no release/;
      },
    ],
    [
      "another release's manifest in its place",
      ({ id, manifest, path }) => {
        overwrite(path(manifestKey(id)), canonical({ ...contentOf(manifest), source: { commit, isClean: false } }));
        return /isn't what its release is named by/;
      },
    ],
    [
      "no manifest",
      ({ id, path }) => {
        rmSync(path(manifestKey(id)));
        return /manifest\.json isn't there/;
      },
    ],
  ];

  test.each(spoiled)("PLAT-08 refuses %s", async (_, spoil) => {
    const given = await stored();
    const message = spoil(given);
    const { problems } = await verifyRelease(given.store, given.id);
    expect(problems.join("\n")).toMatch(message);
    await expect(openRelease(given.store, given.id, join(temporaryFolder(), "opened"))).rejects.toThrow(message);
  });

  test("PLAT-08 says what to do, and doing it mends", async () => {
    const { store, id, manifest, path } = await stored();
    overwrite(path(objectKey(fileOf(manifest, records))), "spoiled");
    rmSync(path(objectKey(fileOf(manifest, network))));
    const into = join(temporaryFolder(), "opened");
    await expect(openRelease(store, id, into)).rejects.toThrow(/tap release create .* at commit 0123456789ab/);
    const { mended, stored: added } = await releaseFixture({ store });
    expect([mended, added]).toEqual([[objectKey(fileOf(manifest, records))], 1]);
    expect((await openRelease(store, id, into)).folder).toBe(into);
  });

  const tampered: [string, (content: ManifestContent) => unknown, RegExp][] = [
    [
      "a path that leads out of its stack",
      (content) => withPath(content, "../../outside"),
      /doesn't stay in its stack/,
    ],
    ["a path in the middle of which it goes up", (content) => withPath(content, "a/../../b"), /doesn't stay in/],
    ["an absolute path", (content) => withPath(content, "/etc/cron.d/x"), /which is absolute/],
    ["a path with a backslash", (content) => withPath(content, "..\\outside"), /no file's name/],
    ["a path with a control character", (content) => withPath(content, "a\u0000b"), /no file's name/],
    ["an empty path", (content) => withPath(content, ""), /which is empty/],
    ["two paths that are one on some machines", (content) => withPath(content, "CDK.tf.json"), /which are one/],
    [
      "a stack whose id leads elsewhere",
      (content) => ({
        ...content,
        environments: { dev: ["../x"] },
        stacks: { "../x": { ...content.stacks[records] } },
        archives: [],
      }),
      /whose id doesn't say/,
    ],
    [
      "a stack that is another environment's",
      (content) => ({ ...content, environments: { ...content.environments, prod: [records] } }),
      /environments\.prod names .* which is no stack of it/,
    ],
    ["a stack of no environment", (content) => ({ ...content, environments: {} }), /named 0 times in environments/],
    [
      "the same mistake a hundred times",
      (content) => ({ ...content, archives: Array.from({ length: 100 }, () => ({})) }),
      /and \d{3} more of the kind$/m,
    ],
    ["a field that nobody knows", (content) => ({ ...content, note: "x" }), /note/],
    [
      "another format",
      (content) => ({ ...content, format: 2 }),
      /has the format 2; this version of tap reads 1: use that of a newer commit/,
    ],
    ["a hash that is none", (content) => ({ ...content, lockFile: { sha256: "../x", bytes: 1 } }), /must be a SHA-256/],
  ];

  test.each(tampered)("PLAT-08 refuses a manifest with %s, though its id is right", async (_, change, message) => {
    const { manifest, path, store } = await stored();
    const text = canonical(change(contentOf(manifest)) as ManifestContent);
    const id = hashOf(text);
    mkdirSync(path(`releases/${id}`));
    writeFileSync(path(manifestKey(id)), text);
    await expect(readManifest(store, id)).rejects.toThrow(message);
    await expect(openRelease(store, id, join(temporaryFolder(), "opened"))).rejects.toThrow(message);
  });

  test("PLAT-08 refuses a manifest in another spelling, and one that is no JSON", async () => {
    const { manifest, path, store } = await stored();
    for (const [text, message] of [
      [JSON.stringify(contentOf(manifest)), /isn't written as/],
      ["{", /manifest/],
    ] as const) {
      const id = hashOf(text);
      mkdirSync(path(`releases/${id}`));
      writeFileSync(path(manifestKey(id)), text);
      await expect(readManifest(store, id)).rejects.toThrow(message);
    }
  });
});

function withPath(content: ManifestContent, path: string): unknown {
  const stack = content.stacks[records] as ManifestContent["stacks"][string];
  const files = [...stack.files, { ...stack.files[0], path }];
  return { ...content, stacks: { ...content.stacks, [records]: { ...stack, files } } };
}

describe("an opened release", () => {
  test("PLAT-08 is a writable copy of some environments' stacks, as they were synthesized", async () => {
    const folder = synthesizedFixture();
    const { manifest, store } = await releaseFixture({ folder });
    const into = join(temporaryFolder(), "opened");
    const { stacks } = await openRelease(store, manifest.id, into, { environments: ["dev"] });
    expect(stacks).toEqual([network, records].map((stackId) => ({ stackId, folder: join(into, "stacks", stackId) })));
    expect(readdirSync(join(into, "stacks"))).toEqual([network, records]);
    for (const { stackId } of stacks)
      for (const file of filesIn(join(folder, "stacks", stackId))) {
        const copy = file.replace(folder, into);
        expect(readFileSync(copy)).toEqual(readFileSync(file));
        writeFileSync(copy, "written");
      }
    expect((await verifyRelease(store, manifest.id)).problems).toEqual([]);
    expect(Object.keys(JSON.parse(readFileSync(join(into, "manifest.json"), "utf8")).stacks)).toEqual([
      network,
      records,
    ]);
  });

  test("PLAT-08 a part is opened although another part is broken; the whole isn't", async () => {
    const { store, id, manifest, path } = await stored();
    rmSync(path(objectKey(fileOf(manifest, "tap-records-staging-us-east-2"))));
    await openRelease(store, id, join(temporaryFolder(), "opened"), { environments: ["dev"] });
    await expect(openRelease(store, id, join(temporaryFolder(), "opened"))).rejects.toThrow(/isn't there/);
  });

  test("what a killed one has left beside it goes", async () => {
    const { store, id } = await stored();
    const folder = temporaryFolder();
    const gone = spawnSync(process.execPath, ["--version"]).pid;
    for (const name of [`opened.opening-${gone}`, `opened.opening-${process.ppid}`, "opened.opening-notes"])
      mkdirSync(join(folder, name));
    await openRelease(store, id, join(folder, "opened"));
    expect(readdirSync(folder)).toEqual(["opened", `opened.opening-${process.ppid}`, "opened.opening-notes"]);
  });

  test("is never mixed with what is there, and of no environment that it lacks", async () => {
    const { store, id } = await stored();
    await expect(openRelease(store, id, store.location)).rejects.toThrow(/isn't empty/);
    await expect(openRelease(store, id, join(temporaryFolder(), "x"), { environments: ["prod"] })).rejects.toThrow(
      /"prod" is no environment of release .*, which has dev, staging/,
    );
  });

  test("PLAT-08 is looked at again before it is used: what was changed, added or taken away there is told", async () => {
    const { store, id, manifest } = await stored();
    const into = join(temporaryFolder(), "opened");
    await openRelease(store, id, into);
    const stack = join(into, "stacks", records);
    mkdirSync(join(stack, ".terraform"));
    writeFileSync(join(stack, ".terraform", "x.tf"), "");
    expect(copyProblems(into, manifest, [records, network])).toEqual([]);
    writeFileSync(join(stack, "cdk.tf.json"), "{}");
    writeFileSync(join(stack, "extra_override.tf.json"), "{}");
    writeFileSync(join(stack, "terraform.tfvars"), "");
    writeFileSync(join(stack, "assets", "Code", "1", "more.mjs"), "");
    rmSync(join(stack, "assets", "Code", "1", "index.mjs"));
    expect(copyProblems(into, manifest, [records, network]).map((each) => each.replace(/ since.*/, ""))).toEqual([
      `${records}: assets/Code/1/index.mjs isn't there`,
      `${records}: cdk.tf.json was changed`,
      `${records}: assets/Code/1/more.mjs was added`,
      `${records}: extra_override.tf.json was added`,
      `${records}: terraform.tfvars was added`,
    ]);
  });

  test("PLAT-08 zips of a plan are the release's, or are told: other bytes, none, and one too many", async () => {
    const { store, id, manifest } = await stored();
    const into = join(temporaryFolder(), "opened");
    await openRelease(store, id, into);
    const stack = join(into, "stacks", records);
    expect(archiveProblems(into, manifest, [records])).toEqual([expect.stringMatching(/write\.zip .* isn't there/)]);
    mkdirSync(join(stack, "archives"));
    writeFileSync(join(stack, "archives", "write.zip"), zipOf(join(stack, "assets", "Code", "1")));
    expect(archiveProblems(into, manifest, [records, network])).toEqual([]);
    writeFileSync(join(stack, "archives", "other.zip"), "");
    writeFileSync(join(stack, "archives", "write.zip"), "other");
    expect(archiveProblems(into, manifest, [records])).toEqual([
      expect.stringMatching(/tap-records-write-dev-us-east-1.*what was planned isn't what was released/),
      expect.stringMatching(/other\.zip is no archive of the release/),
    ]);
  });
});

describe("stores", () => {
  const folderStore = () => new FolderStore(join(temporaryFolder(), "store"));

  test("PLAT-08 a copy is whole, or nothing of it is seen; what the other store has wrong is put right", async () => {
    const { store, id, manifest, path } = await stored();
    const to = folderStore();
    expect(await copyRelease(store, to, id)).toMatchObject({ mended: [], objects: 5, stored: 5 });
    expect((await verifyRelease(to, id)).problems).toEqual([]);
    overwrite(join(to.location, objectKey(fileOf(manifest, records))), "spoiled");
    expect(await copyRelease(store, to, id)).toMatchObject({
      mended: [objectKey(fileOf(manifest, records))],
      stored: 0,
    });
    rmSync(path(objectKey(fileOf(manifest, records))));
    const third = folderStore();
    await expect(copyRelease(store, third, id)).rejects.toThrow(/isn't whole/);
    expect(await listReleases(third)).toEqual([]);
  });

  test("PLAT-08 a copy that arrives otherwise than it left is refused", async () => {
    const { store, id } = await stored();
    const to = folderStore();
    const forgetful: ReleaseStore = {
      location: to.location,
      locate: (key) => to.locate(key),
      read: (key) => to.read(key),
      list: (prefix) => to.list(prefix),
      remove: (key) => to.remove(key),
      tidy: () => to.tidy(),
      put: (key, content) => to.put(key, key.startsWith("objects/") ? content.subarray(1) : content),
    };
    await expect(copyRelease(store, forgetful, id)).rejects.toThrow(/isn't whole/);
  });

  test("an id's beginning names a release, where it is one's alone", async () => {
    const { store, id } = await stored();
    expect(await resolveId(store, id.slice(0, 4))).toBe(id);
    await expect(resolveId(store, "abc")).rejects.toThrow(/4 to 64 hex digits/);
    await expect(resolveId(store, id.startsWith("0000") ? "1111" : "0000")).rejects.toThrow(/is no release of/);
    mkdirSync(join(store.location, "releases", `${id.slice(0, 63)}${id.endsWith("0") ? "1" : "0"}`));
    writeFileSync(join(store.location, manifestKey(`${id.slice(0, 63)}${id.endsWith("0") ? "1" : "0"}`)), "");
    await expect(resolveId(store, id.slice(0, 8))).rejects.toThrow(/the beginning of several releases/);
  });

  test.each([
    ["s3://", /is no store of releases/],
    ["s3://UPPER", /is no store of releases/],
    ["s3://bucket/../x?", /is no store of releases/],
    ["https://example.org", /is no store of releases/],
  ])("%s is refused", async (location, message) => {
    await expect(openStore({ cwd: "/", variables: {} }, location)).rejects.toThrow(message);
  });

  test("two releases are compared by stack, file, function and version", async () => {
    const { manifest: before } = await releaseFixture();
    const { manifest: after } = await releaseFixture({
      folder: synthesizedFixture({ code: "other" }),
      source: { commit: null, isClean: false },
    });
    expect(compareReleases(before, before)).toEqual({ isSame: true, settings: [], stacks: [] });
    const { settings, stacks } = compareReleases(before, after);
    expect(settings).toEqual([
      { name: "commit", before: commit, after: "none" },
      { name: "working tree", before: "clean", after: "changed" },
    ]);
    expect(stacks[0]).toEqual({
      stackId: records,
      change: "changed",
      files: [{ path: "assets/Code/1/index.mjs", change: "changed" }],
      functionNames: ["tap-records-write-dev-us-east-1"],
    });
  });
});

describe("collection", () => {
  const old = new Date(Date.now() - 48 * 3_600_000);
  /** Three releases, the first the oldest. */
  async function three() {
    const store = new FolderStore(join(temporaryFolder(), "store"));
    const ids: string[] = [];
    for (const code of ["1", "2", "3"])
      ids.push((await releaseFixture({ store, folder: synthesizedFixture({ code }) })).manifest.id);
    for (const file of filesIn(store.location)) utimesSync(file, old, old);
    for (const [index, id] of ids.entries()) {
      const at = new Date(old.getTime() + index * 1_000);
      utimesSync(join(store.location, manifestKey(id)), at, at);
    }
    return { store, ids: ids as [string, string, string] };
  }

  test("PLAT-08 the newest and those that are named stay whole; the others go with what is theirs alone", async () => {
    const { store, ids } = await three();
    const dry = await collectReleases(store, { keep: 1, keepIds: [ids[0]], dryRun: true });
    expect([dry.removed, dry.objects]).toEqual([[ids[1]], 1]);
    const collected = await collectReleases(store, { keep: 1, keepIds: [ids[0]] });
    expect(collected).toMatchObject({ removed: [ids[1]], held: [], objects: 1 });
    expect(new Set(collected.kept)).toEqual(new Set([ids[0], ids[2]]));
    for (const id of collected.kept) expect((await verifyRelease(store, id)).problems).toEqual([]);
    expect(existsSync(join(store.location, objectKey(hashOf("2"))))).toBe(false);
  });

  test("PLAT-08 what a run that isn't over has put stays, although no release needs it yet", async () => {
    const { store } = await three();
    const young = Buffer.from("of a run that isn't over");
    await store.put(objectKey(hashOf(young)), young);
    expect((await collectReleases(store, { keep: 3 })).objects).toBe(0);
    expect(existsSync(join(store.location, objectKey(hashOf(young))))).toBe(true);
  });

  test("PLAT-08 a release that is made while this runs keeps what it is made of", async () => {
    const { store, ids } = await three();
    let made = "";
    const meanwhile: ReleaseStore = {
      location: store.location,
      locate: (key) => store.locate(key),
      read: (key) => store.read(key),
      list: (prefix) => store.list(prefix),
      put: (key, content) => store.put(key, content),
      tidy: () => store.tidy(),
      remove: async (key) => {
        const options = { store, folder: synthesizedFixture({ code: "1" }), source: { commit: null, isClean: false } };
        made ||= (await releaseFixture(options)).manifest.id;
        return store.remove(key);
      },
    };
    const { removed } = await collectReleases(meanwhile, { keep: 1 });
    expect(new Set(removed)).toEqual(new Set([ids[0], ids[1]]));
    expect((await verifyRelease(store, made)).problems).toEqual([]);
  });

  test("PLAT-08 where a manifest can't be read, nothing goes: it may need anything", async () => {
    const { store, ids } = await three();
    overwrite(join(store.location, manifestKey(ids[2])), "{}");
    await expect(collectReleases(store, { keep: 1 })).rejects.toThrow(/nothing was removed/);
    expect((await listReleases(store)).length).toBe(3);
  });
});
