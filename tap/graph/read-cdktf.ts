import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import type { TerraformJson } from "./terraform-json";

/** A stack as cdktf wrote it. */
export interface CdktfStack {
  readonly id: string;
  readonly json: TerraformJson;
  /** Where the JSON is, relative to the folder. */
  readonly file: string;
}

/** Whether a folder is one that cdktf writes, `cdktf.out` by default. */
export function isCdktfFolder(folder: string): boolean {
  return existsSync(join(folder, "manifest.json"));
}

/** All stacks of a folder that cdktf wrote, as its manifest lists them. */
export function readCdktfFolder(folder: string): CdktfStack[] {
  const { stacks } = readJson(join(folder, "manifest.json")) as {
    stacks?: Record<string, { synthesizedStackPath: string }>;
  };
  if (stacks === undefined)
    throw new CommandError(`${join(folder, "manifest.json")} lists no stacks: it is no manifest of cdktf`);
  return Object.entries(stacks).map(([id, { synthesizedStackPath }]) => ({
    id,
    file: synthesizedStackPath,
    json: readJson(join(folder, synthesizedStackPath)) as TerraformJson,
  }));
}

/** The JSON in a file, or a refusal that names the file. */
export function readJson(path: string): unknown {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${path} is no JSON: ${(error as Error).message}`);
  }
}
