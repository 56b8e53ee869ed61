import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** The project's folder. */
export const projectRoot = resolve(__dirname, "..", "..");

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Variables that the tests' own caller may have set, and that would change what is synthesized; and what quiet-sdk.ts
 * sets, which the command has to do by itself.
 */
const selecting = /^(ENVIRONMENT|ENVIRONMENT_SUFFIX|AWS_REGION|AWS_DEFAULT_REGION|AWS_SDK_JS_\w+|CDKTF_\w+|TAP_\w+)$/;

export function cleanVariables(extra: Record<string, string> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name, value]) => value !== undefined && !selecting.test(name));
  return {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    CI: "true",
    CHECKPOINT_DISABLE: "1",
    ...extra,
  };
}

/** Runs the real command, in a process of its own. */
export function tap(
  args: readonly string[],
  options: { root?: string; cwd?: string; variables?: Record<string, string> } = {},
): CommandResult {
  const root = options.root ?? projectRoot;
  const result = spawnSync(process.execPath, [join(root, "bin", "tap.mjs"), ...args], {
    cwd: options.cwd ?? root,
    env: cleanVariables(options.variables),
    encoding: "utf8",
  });
  return { exitCode: result.status ?? 1, stdout: result.stdout, stderr: result.stderr };
}

/** A copy of the project's own files in a temporary folder, to be changed at will; dependencies are shared. */
export function copyProject(): {
  root: string;
  replace(file: string, from: string | RegExp, to: string): void;
  remove(): void;
} {
  const root = mkdtempSync(join(tmpdir(), "tap-project-"));
  const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: projectRoot, encoding: "utf8" });
  // A file that is deleted but not committed is still listed.
  for (const file of files
    .trim()
    .split("\n")
    .filter((name) => existsSync(join(projectRoot, name)))) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(join(projectRoot, file), join(root, file));
  }
  symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"));
  return {
    root,
    replace: (file, from, to) => replaceIn(join(root, file), from, to),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Replaces a text that must be there: a test of a change that didn't happen would prove nothing. */
function replaceIn(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(path, "utf8");
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${path} has no ${String(from)}`);
  writeFileSync(path, after);
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "tap-test-"));
}
