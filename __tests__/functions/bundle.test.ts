import { createSocket } from "node:dgram";
import { appendFileSync, chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type LocalDynamo, startDynamo } from "../support/dynalite";
import { copyProject, projectRoot } from "../support/project";
import { type Bundles, bundle, bundles, contentOf, invokeBundle, runNode } from "./bundle";
import { recordsVariables } from "./lambda";

type Project = ReturnType<typeof copyProject>;

let own: Bundles;
beforeAll(async () => {
  own = await bundles(projectRoot);
});

/** A function's name that is known to be there. */
const folderOf = (name: string) => (own[name] as { folder: string }).folder;

describe("bytes", () => {
  const project = copyProject();
  afterAll(() => project.remove());

  test("API-15 every function is found, from any working directory, and folders of shared code are none", async () => {
    expect(Object.keys(own)).toEqual(expect.arrayContaining(["records/read", "records/write"]));
    expect(await bundles(projectRoot, { cwd: tmpdir() })).toEqual(own);
    for (const name of Object.keys(own))
      expect(existsSync(join(projectRoot, "functions", name, "handler.ts"))).toBe(true);
  });

  test("API-15 the same source makes the same bytes, wherever the project lies and whatever its files' modes are", async () => {
    for (const file of readdirSync(join(project.root, "functions"), { recursive: true, encoding: "utf8" }))
      chmodSync(join(project.root, "functions", file), 0o700);
    const copied = await bundles(project.root, { cwd: tmpdir() });
    expect(contentOf(copied)).toEqual(contentOf(own));
    expect(Object.entries(copied).map(([name, { hash }]) => [name, hash])).toEqual(
      Object.entries(own).map(([name, { hash }]) => [name, hash]),
    );
  });

  test("API-15 a function's bytes don't depend on what other functions there are", async () => {
    const without = copyProject();
    try {
      rmSync(join(without.root, "functions/records/read"), { recursive: true });
      const alone = await bundles(without.root);
      expect(alone).not.toHaveProperty("records/read");
      expect(alone["records/write"]?.hash).toBe(own["records/write"]?.hash);
      // Made in a second step, beside one that is cached.
      cpSync(join(projectRoot, "functions/records/read"), join(without.root, "functions/records/read"), {
        recursive: true,
      });
      expect((await bundles(without.root))["records/read"]?.hash).toBe(own["records/read"]?.hash);
    } finally {
      without.remove();
    }
  });

  test("API-15 a bundle says nothing of the machine that it was made on", () => {
    for (const { code, map } of Object.values(contentOf(own))) {
      for (const place of [projectRoot, homedir(), "node_modules"]) expect(code + map).not.toContain(`${place}/`);
      const { sources } = JSON.parse(map) as { sources: string[] };
      expect(sources).toEqual(expect.arrayContaining(["functions/shared/powertools.ts"]));
      for (const source of sources) expect(source).toMatch(/^(functions|routes)\//);
    }
  });

  test("API-15 a change of one function's source changes its hash alone; what was bundled stays for those who use it", async () => {
    const before = await bundles(project.root);
    const changed: Bundles[] = [];
    for (const change of [1, 2, 3, 4, 5]) {
      appendFileSync(
        join(project.root, "functions/records/read/handler.ts"),
        `export const change${change} = ${change};\n`,
      );
      changed.push(await bundles(project.root));
    }
    const folders = changed.map((all) => all["records/read"]?.folder ?? "");
    expect(new Set([before["records/read"]?.folder, ...folders]).size).toBe(6);
    for (const all of changed) expect(all["records/write"]).toEqual(before["records/write"]);
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, false, true, true, true]);
    expect(await bundles(project.root)).toEqual(changed.at(-1));
  });

  test("API-15 what is wrong with a function's source is said by file and line", async () => {
    appendFileSync(join(project.root, "functions/records/record.ts"), "\nconst broken: = 1;\n");
    project.replace("functions/shared/deadline.ts", "./unavailable", "./nowhere");
    const { exitCode, stderr } = await bundle(project.root);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^ {2}functions\/records\/record\.ts:\d+: Unexpected "="$/m);
    expect(stderr).toMatch(/^ {2}functions\/shared\/deadline\.ts:1: Could not resolve "\.\/nowhere"$/m);
    expect(stderr).not.toContain("    at ");
    expect(stderr).not.toContain(project.root);
  });
});

describe("packages that a function carries", () => {
  const filesOf = (name: string) => readdirSync(folderOf(name), { recursive: true, encoding: "utf8" });
  const binary = "node_modules/@img/sharp-linux-arm64/package.json";

  test("FIL-03 sharp is there for Lambda's platform, whatever this one is, in the release that the tests run with", () => {
    const versionOf = (file: string) => JSON.parse(readFileSync(file, "utf8")).version;
    expect(filesOf("files/image")).toEqual(
      expect.arrayContaining([binary, "node_modules/@img/sharp-libvips-linux-arm64/package.json"]),
    );
    expect(filesOf("files/image").filter((file) => /@img\/sharp-.*-x64/.test(file))).toEqual([]);
    expect(versionOf(join(folderOf("files/image"), "node_modules/sharp/package.json"))).toBe(
      versionOf(join(projectRoot, "node_modules/sharp/package.json")),
    );
  });

  test("FIL-03 no other function carries any, nor what is only for building them", () => {
    for (const name of Object.keys(own).filter((each) => each !== "files/image"))
      expect(filesOf(name).sort()).toEqual(["index.mjs", "index.mjs.map"]);
    expect(filesOf("files/image").filter((file) => /\.(d\.[cm]?ts|md|cc|gyp)$/.test(file))).toEqual([]);
  });

  test.each([
    [
      "packages that aren't installed",
      (project: Project) =>
        appendFileSync(join(project.root, "functions/files/image/packages/package-lock.json"), "\n"),
      "Packages of the function files/image are not installed: npm run lambda-packages",
    ],
    [
      "code that asks for one that isn't named",
      (project: Project) => project.replace("functions/files/data/handler.ts", /^/, 'import "sharp";\n'),
      "The function files/data imports sharp, which functions/files/data/packages doesn't name",
    ],
  ])("FIL-03 %s is refused", async (_, change, message) => {
    const project = copyProject();
    try {
      change(project);
      const { exitCode, stderr } = await bundle(project.root);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(message)]);
    } finally {
      project.remove();
    }
  });
});

describe("size", () => {
  /** Bytes of the code, and of what gzip makes of it. */
  interface Size {
    readonly bytes: number;
    readonly gzipBytes: number;
  }

  /** Clients of four services with Powertools, at most. */
  const usual: Size = { bytes: 470_000, gzipBytes: 142_000 };

  /** What reads files has its parsers in it; none of these answers somebody who waits. */
  const withParsers: Readonly<Record<string, Size>> = {
    "files/data": { bytes: 600_000, gzipBytes: 190_000 },
    // pdf.js is 1.8 MB.
    "files/document": { bytes: 2_600_000, gzipBytes: 800_000 },
    "files/image": { bytes: 660_000, gzipBytes: 210_000 },
  };

  test("API-15 no function is larger than it has to be: Lambda loads all of it before the first answer", () => {
    const tooLarge = Object.entries(contentOf(own)).flatMap(([name, { code, map }]) => {
      const { bytes, gzipBytes } = withParsers[name] ?? usual;
      const size = { name, bytes: code.length, gzipBytes: gzipSync(code).length, mapBytes: map.length };
      return size.bytes > bytes || size.gzipBytes > gzipBytes || size.mapBytes > 55_000 ? [size] : [];
    });
    expect(tooLarge).toEqual([]);
  });
});

describe("in a Node of its own", () => {
  let dynamo: LocalDynamo;
  beforeAll(async () => {
    dynamo = await startDynamo("records");
  });
  afterAll(() => dynamo.stop());

  test("API-15 the bundles work: a record is written and read", async () => {
    const written = await invokeBundle(
      folderOf("records/write"),
      { id: "bundled", expectedVersion: 0, data: { a: [1] } },
      dynamo.variables,
    );
    expect(written.answer).toMatchObject({ status: 201, record: { id: "bundled", version: 1, data: { a: [1] } } });
    expect(written.lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ColdStart: 1 }),
        expect.objectContaining({ RecordWritten: 1 }),
        expect.objectContaining({ message: "Record written", cold_start: true }),
      ]),
    );
    const read = await invokeBundle(folderOf("records/read"), { id: "bundled" }, dynamo.variables);
    expect(read.answer).toEqual({ ...written.answer, status: 200 });
  });

  test("API-15 credentials come from the environment, as Lambda hands them over", async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...without } = dynamo.variables;
    const { answer, lines } = await invokeBundle(folderOf("records/read"), { id: "bundled" }, without);
    expect(JSON.parse(String(answer.message))).toMatchObject({ status: 500 });
    expect(lines).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ name: "CredentialsProviderError" }) }),
    );
  });

  test("API-15 an error's stack names the source, by the source map", async () => {
    const { POWERTOOLS_SERVICE_NAME, ...without } = recordsVariables;
    const { exitCode, stderr } = await runNode(
      "await import(process.argv[1])",
      [join(folderOf("records/read"), "index.mjs")],
      {
        variables: without,
        flags: ["--enable-source-maps"],
      },
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain("The function's environment lacks POWERTOOLS_SERVICE_NAME");
    const source = readFileSync(join(projectRoot, "functions/shared/variables.ts"), "utf8").split("\n");
    const line = source.findIndex((text) => text.includes("throw new Error(")) + 1;
    expect(stderr).toContain(`functions/shared/variables.ts:${line}:`);
  });

  test("SEC-04 the trace shows the calls of DynamoDB, and nothing of the data", async () => {
    const daemon = createSocket("udp4");
    const segments: string[] = [];
    daemon.on("message", (message) => segments.push(message.toString()));
    await new Promise<void>((resolve) => daemon.bind(0, "127.0.0.1", resolve));
    try {
      const { answer } = await invokeBundle(
        folderOf("records/write"),
        { id: "Erika", expectedVersion: 0, data: { name: "Erika" } },
        {
          ...dynamo.variables,
          POWERTOOLS_TRACE_ENABLED: "true",
          // What the SDK knows Lambda by.
          AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
          LAMBDA_TASK_ROOT: folderOf("records/write"),
          _X_AMZN_TRACE_ID: "Root=1-6b1d7a5e-000000000000000000000001;Parent=0000000000000001;Sampled=1",
          AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
        },
      );
      expect(answer).toMatchObject({ status: 201 });
      // Sent without waiting for anybody.
      while (!segments.join().includes("## index.handler")) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(segments.join()).toContain('"operation":"UpdateItem"');
      expect(segments.join()).not.toContain("Erika");
    } finally {
      daemon.close();
    }
  });
});
