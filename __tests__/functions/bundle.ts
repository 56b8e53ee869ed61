import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/project";
import { recordsVariables } from "./lambda";

/** Where a function's code is, and what it is. */
export type Bundles = Record<string, { folder: string; hash: string }>;

interface NodeResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an ES module, given as text, in a Node of its own. */
export function runNode(
  script: string,
  args: readonly string[],
  options: { cwd?: string; variables?: Record<string, string>; flags?: readonly string[] } = {},
): Promise<NodeResult> {
  const { cwd = projectRoot, variables = {}, flags = [] } = options;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...flags, "--input-type=module", "--eval", script, ...args],
      { cwd, env: { PATH: process.env.PATH, ...variables } },
      (error, stdout, stderr) => resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const bundling = `
const { bundleFunctions } = await import(process.argv[1] + "/bin/functions.mjs");
try {
  console.log(JSON.stringify(await bundleFunctions(process.argv[1])));
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
}`;

/** Bundles a project's functions as the command does. */
export function bundle(root: string, options: { cwd?: string } = {}): Promise<NodeResult> {
  return runNode(bundling, [root], options);
}

export async function bundles(root: string, options: { cwd?: string } = {}): Promise<Bundles> {
  const { exitCode, stdout, stderr } = await bundle(root, options);
  if (exitCode !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Both files of each function, by its name. */
export function contentOf(all: Bundles): Record<string, { code: string; map: string }> {
  const read = (folder: string, file: string) => readFileSync(join(folder, file), "utf8");
  return Object.fromEntries(
    Object.entries(all).map(([name, { folder }]) => [
      name,
      { code: read(folder, "index.mjs"), map: read(folder, "index.mjs.map") },
    ]),
  );
}

const invoking = `
const { handler } = await import(process.argv[1] + "/index.mjs");
const context = { awsRequestId: "6b1d7a5e-0000-4000-8000-000000000004", functionName: "f", getRemainingTimeInMillis: () => 10_000 };
const answer = await handler(JSON.parse(process.argv[2]), context).catch(({ name, message, stack }) => ({ name, message, stack }));
console.log(JSON.stringify(answer));`;

/** Invokes a bundle in a Node of its own, with nothing of this process's environment. */
export async function invokeBundle(
  folder: string,
  event: unknown,
  variables: Record<string, string>,
): Promise<{ answer: Record<string, unknown>; lines: Record<string, unknown>[] }> {
  const { exitCode, stdout, stderr } = await runNode(invoking, [folder, JSON.stringify(event)], {
    variables: { ...recordsVariables, POWERTOOLS_TRACE_ENABLED: "false", ...variables },
  });
  if (exitCode !== 0) throw new Error(stderr);
  const lines = `${stderr}\n${stdout}`.split("\n").filter((line) => line.startsWith("{"));
  return { answer: JSON.parse(lines.pop() ?? ""), lines: lines.map((line) => JSON.parse(line)) };
}
