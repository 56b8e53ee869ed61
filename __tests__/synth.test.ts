import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cleanVariables, copyProject, projectRoot, tap, temporaryFolder } from "./support/project";

/** Hash of every file of a folder, but for what Terraform keeps. */
function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.startsWith(".terraform"),
  );
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}

const synthesized = (args: readonly string[], options: Parameters<typeof tap>[1] = {}) => {
  const outdir = join(temporaryFolder(), "out");
  const result = tap(["synth", ...args, "--outdir", outdir], options);
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return filesOf(outdir);
};

describe("the same source gives the same bytes", () => {
  const once = synthesized([]);

  test("twice", () => {
    expect(Object.keys(once).length).toBeGreaterThan(9);
    expect(synthesized([])).toEqual(once);
  });

  test("from another working directory", () => {
    expect(synthesized([], { cwd: temporaryFolder() })).toEqual(once);
  });

  test("from another folder on the machine, as another person, in another time zone and language", () => {
    const copy = copyProject();
    try {
      expect(
        synthesized([], {
          root: copy.root,
          variables: { USER: "someone", HOME: temporaryFolder(), TZ: "Asia/Tokyo", LANG: "tr_TR.UTF-8" },
        }),
      ).toEqual(once);
    } finally {
      copy.remove();
    }
  });

  test("in child processes, where there are many stacks", () => {
    const copy = copyProject();
    try {
      copy.replace("tap/synth/batch.ts", /stacksPerProcess = \d+/, "stacksPerProcess = 2");
      expect(synthesized([], { root: copy.root })).toEqual(once);
    } finally {
      copy.remove();
    }
  });

  test("by `cdktf synth`", () => {
    const copy = copyProject();
    try {
      const result = spawnSync(
        "node",
        [join(projectRoot, "node_modules", "cdktf-cli", "bundle", "bin", "cdktf"), "synth"],
        { cwd: copy.root, env: cleanVariables(), encoding: "utf8" },
      );
      expect(result.status).toBe(0);
      expect(filesOf(join(copy.root, "cdktf.out"))).toEqual(once);
    } finally {
      copy.remove();
    }
  });

  test("nothing in it is of this machine, or of a run: no path, no person, no stack trace", () => {
    const outdir = join(projectRoot, ".cache", "test-synth", "declared");
    for (const name of Object.keys(filesOf(outdir))) {
      const text = readFileSync(join(outdir, name), "utf8");
      expect(text).not.toContain(projectRoot);
      expect(text).not.toContain('"stackTrace"');
    }
  });
});

describe("the output folder", () => {
  test("a run that is narrower drops what it doesn't have, and a wider one brings it back", () => {
    const outdir = join(temporaryFolder(), "out");
    const stacks = () => readdirSync(join(outdir, "stacks")).sort();
    tap(["synth", "--outdir", outdir]);
    const all = stacks();
    tap(["synth", "--env", "dev", "--stack", "network", "--outdir", outdir]);
    expect(stacks()).toEqual(["tap-network-dev-us-east-1", "tap-network-dev-us-west-2"]);
    tap(["synth", "--outdir", outdir]);
    expect(stacks()).toEqual(all);
  });

  test("a child process that dies leaves what was there, and a message", () => {
    const copy = copyProject();
    try {
      const outdir = join(copy.root, "cdktf.out");
      expect(tap(["synth"], { root: copy.root }).exitCode).toBe(0);
      const before = filesOf(outdir);
      copy.replace("tap/synth/batch.ts", /stacksPerProcess = \d+/, "stacksPerProcess = 2");
      copy.replace(
        "tap/synth/batch.ts",
        "for (const stack of batch.stacks) send(",
        'if (batch.outdir.endsWith("1")) process.kill(process.pid, "SIGKILL");\n      for (const stack of batch.stacks) send(',
      );
      const { exitCode, stderr } = tap(["synth"], { root: copy.root });
      expect(exitCode).toBe(2);
      expect(stderr).toContain("ended with SIGKILL");
      expect(filesOf(outdir)).toEqual(before);
      expect(readdirSync(copy.root).filter((name) => name.includes("staging"))).toEqual([]);
    } finally {
      copy.remove();
    }
  });
});

describe("the command", () => {
  test("STR-08 shows for each environment the region, and what it came from", () => {
    const copy = copyProject();
    try {
      copy.replace("config/dev.ts", 'primaryRegion: "us-east-1",', "");
      const shown = (variables: Record<string, string>) =>
        tap(["synth", "--env", "dev"], { root: copy.root, variables }).stdout;
      expect(shown({ AWS_REGION: "us-west-2" })).toContain(
        "us-west-2 (primary, from AWS_REGION), us-east-1 (secondary)",
      );
      expect(shown({})).toContain("us-east-1 (primary, from default)");
      expect(tap(["synth", "--env", "prod"], { root: copy.root }).stdout).toContain(
        "us-east-1 (primary, from configuration)",
      );
    } finally {
      copy.remove();
    }
  });

  test("STR-08 --env, --environment, --environment-suffix and both variables select the same", () => {
    const dev = synthesized(["--env", "dev"]);
    expect(Object.keys(dev)).toContain(join("stacks", "tap-network-dev-us-east-1", "cdk.tf.json"));
    expect(Object.keys(dev).some((name) => name.includes("prod"))).toBe(false);
    expect(synthesized(["--environment", "dev"])).toEqual(dev);
    expect(synthesized(["--environment-suffix", "dev"])).toEqual(dev);
    expect(synthesized([], { variables: { ENVIRONMENT: "dev" } })).toEqual(dev);
    expect(synthesized([], { variables: { ENVIRONMENT_SUFFIX: "dev" } })).toEqual(dev);
  });

  test("API-15 finds the project from any folder, and writes where it is told from there", () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, "deep"));
    expect(tap(["synth", "--env", "dev", "--outdir", "deep/out"], { cwd }).exitCode).toBe(0);
    expect(existsSync(join(cwd, "deep", "out", "manifest.json"))).toBe(true);
  });

  test("prints a table of stacks, and what to do next", () => {
    const { stdout, exitCode } = tap(["synth", "--env", "dev", "--outdir", join(temporaryFolder(), "out")]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Stack +Resources +Functions +Size +Time$/m);
    expect(stdout).toMatch(/^tap-network-dev-us-east-1 +\d+ +\d+ +[\d.]+ kB +\d+ ms$/m);
    expect(stdout).toContain("Next:");
  });

  test("--json is one JSON document, and nothing else on standard output", () => {
    const { stdout } = tap(["synth", "--env", "dev", "--json", "--outdir", join(temporaryFolder(), "out")]);
    const { stacks, changed } = JSON.parse(stdout);
    expect(stacks.map(({ id, functions }: { id: string; functions: number }) => [id, functions])).toEqual([
      ["tap-bootstrap-dev-us-east-1", 0],
      ["tap-network-dev-us-east-1", 0],
      ["tap-network-dev-us-west-2", 0],
      ["tap-security-dev-us-east-1", 0],
      ["tap-security-dev-us-west-2", 0],
      ["tap-api-dev-us-east-1", 4],
      ["tap-api-dev-us-west-2", 4],
      ["tap-observability-dev-us-east-1", 0],
      ["tap-observability-dev-us-west-2", 0],
      ["tap-stream-dev-us-east-1", 5],
      ["tap-files-dev-us-east-1", 4],
      ["tap-records-dev-us-east-1", 2],
      ["tap-jobs-dev-us-east-1", 3],
      ["tap-delivery-dev-us-east-1", 0],
    ]);
    expect(changed).toHaveLength(14);
  });

  test.each([["frobnicate"], ["synth", "--colour"], ["synth", "--env"]])(
    "%j is called wrongly: exit code 2, and how to call it",
    (...args) => {
      const { exitCode, stderr, stdout } = tap(args);
      expect(exitCode).toBe(2);
      expect(stderr).toContain("--help");
      expect(stdout).toBe("");
    },
  );

  test.each([[], ["synth"], ["list"], ["outputs"], ["requirements"], ["bootstrap"]])(
    "%j --help has examples or commands",
    (...args) => {
      const { exitCode, stdout } = tap([...args, "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(args.length === 0 ? /Exit codes: 0 .* 1 .* 2 / : /Examples:/);
    },
  );

  test("list names every stack, where its state is, and agrees with synth", () => {
    const listed = JSON.parse(tap(["list", "--json"]).stdout) as {
      id: string;
      state: { bucket: string; key: string };
    }[];
    const manifest = JSON.parse(
      readFileSync(join(projectRoot, ".cache", "test-synth", "declared", "manifest.json"), "utf8"),
    );
    expect(listed.map(({ id }) => id).sort()).toEqual(Object.keys(manifest.stacks));
    for (const { id, state } of listed) {
      const { terraform } = JSON.parse(
        readFileSync(
          join(projectRoot, ".cache", "test-synth", "declared", manifest.stacks[id].synthesizedStackPath),
          "utf8",
        ),
      );
      expect(terraform.backend.s3).toMatchObject(state);
    }
  });

  test("a change of the source is bundled anew, and a broken one is said without a stack trace", () => {
    const copy = copyProject();
    try {
      const description = () =>
        JSON.stringify(readFileSync(join(copy.root, "cdktf.out/stacks/tap-network-dev-us-east-1/cdk.tf.json"), "utf8"));
      tap(["synth", "--env", "dev"], { root: copy.root });
      copy.replace("stacks/network.ts", "The isolated VPC", "The very isolated VPC");
      tap(["synth", "--env", "dev"], { root: copy.root });
      expect(description()).toContain("The very isolated VPC");
      copy.replace("stacks/network.ts", "super(scope", "super(((scope");
      const { exitCode, stderr } = tap(["synth"], { root: copy.root });
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/stacks\/network\.ts:\d+/);
      expect(stderr).not.toMatch(/^\s+at /m);
    } finally {
      copy.remove();
    }
  });
});

test("an abandoned lock, cache or staging folder doesn't stop the next run", () => {
  const copy = copyProject();
  try {
    tap(["synth", "--env", "dev"], { root: copy.root });
    mkdirSync(join(copy.root, "cdktf.out.staging-999999999-abcDEF"));
    writeFileSync(join(copy.root, ".cache", "tap", "bundle.json"), "{ broken");
    expect(tap(["synth", "--env", "dev"], { root: copy.root }).exitCode).toBe(0);
    expect(readdirSync(copy.root).filter((name) => name.includes("staging"))).toEqual([]);
    rmSync(join(copy.root, ".cache"), { recursive: true });
    expect(tap(["synth", "--env", "dev"], { root: copy.root }).exitCode).toBe(0);
  } finally {
    copy.remove();
  }
});
