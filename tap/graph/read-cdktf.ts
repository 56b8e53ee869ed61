import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import { isObject, type TerraformJson } from "./terraform-json";

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
  const path = join(folder, "manifest.json");
  const manifest = readJson(path);
  const stacks = isObject(manifest) ? manifest.stacks : undefined;
  if (!isObject(stacks)) throw new CommandError(`${path} lists no stacks: it is no manifest of cdktf`);
  return readAll(Object.entries(stacks), ([id, stack]) => {
    const file = isObject(stack) ? stack.synthesizedStackPath : undefined;
    if (typeof file !== "string") throw new CommandError(`${path} says of ${id} no synthesizedStackPath: where it is`);
    return { id, file, json: configurationIn(join(folder, file)) };
  });
}

/**
 * Reads each of several things.
 * @throws CommandError with what is wrong with all of them, one on a line
 */
export function readAll<From, To>(all: readonly From[], read: (each: From) => To): To[] {
  const wrong: string[] = [];
  const done = all.flatMap((each) => {
    try {
      return [read(each)];
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      wrong.push(error.message);
      return [];
    }
  });
  if (wrong.length > 0) throw new CommandError(wrong.join("\n"));
  return done;
}

function configurationIn(path: string): TerraformJson {
  return checkedConfiguration(readJson(path), path);
}

/** How many names lie above the blocks of each kind: `resource`, a type, a name. */
const levels = { resource: 2, data: 2, output: 1, variable: 1, module: 1, locals: 0, terraform: 0 } as const;

/**
 * A configuration in the shape in which cdktf writes it.
 * @throws CommandError with all that has another shape
 */
export function checkedConfiguration(json: unknown, label: string): TerraformJson {
  if (!isObject(json)) throw new CommandError(`${label} is no configuration: it holds no object`);
  const wrong = [
    ...Object.entries(levels).flatMap(([kind, depth]) => misshapen(json[kind], kind, depth)),
    ...Object.entries(isObject(json.provider) ? json.provider : {}).flatMap(([name, blocks]) =>
      Array.isArray(blocks) && blocks.every(isObject) ? [] : [`provider.${name} must be a list of objects`],
    ),
    ...(json.provider === undefined || isObject(json.provider) ? [] : ["provider must be an object"]),
  ];
  if (wrong.length > 0) throw new CommandError(`${label} is no configuration: ${wrong.slice(0, 5).join("; ")}`);
  return json as TerraformJson;
}

function misshapen(value: unknown, path: string, depth: number): string[] {
  if (value === undefined) return [];
  if (!isObject(value)) return [`${path} must be an object`];
  if (depth === 0) return [];
  return Object.entries(value).flatMap(([name, inner]) => misshapen(inner ?? null, `${path}.${name}`, depth - 1));
}

/** The JSON in a file, or a refusal that names the file. */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${path} is no JSON: ${(error as Error).message}`);
  }
}

/** A file's text, or a refusal in words. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(unreadable[code ?? ""]?.(path) ?? `${path} can't be read: ${message}`);
  }
}

const unreadable: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `${path} is not there`,
  ENOTDIR: (path) => `${path} is not there: what should be a folder above it is a file`,
  EISDIR: (path) => `${path} is a folder, where a file is expected`,
  EACCES: (path) => `${path} may not be read`,
};
