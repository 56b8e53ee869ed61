import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { AuditedStack } from "../result";

/** Where something stands in a file. */
export interface Location {
  /** Relative to the folder that was audited, with `/`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Finds where resources stand; every file is read and scanned once, when it is first asked for. */
export interface Locator {
  /** Of a resource; of the stack, where the resource can't be found or none is named. */
  locate(stack: string, address?: string): Location | undefined;
}

/**
 * A locator for the stacks in a folder that cdktf wrote, in one with `*.tf.json`, in a folder of such folders, or in a plan.
 *
 * @param folder What was audited: stacks' files are relative to it
 */
export function locatorOf(folder: string, stacks: readonly AuditedStack[]): Locator {
  const files = new Map(stacks.map((stack) => [stack.id, filesOf(folder, stack)]));
  const scanned = new Map<string, ReadonlyMap<string, number>>();
  const linesIn = (file: string) => {
    const lines = scanned.get(file) ?? blockLines(textOf(join(rootOf(folder), file)) ?? "");
    scanned.set(file, lines);
    return lines;
  };
  return {
    locate(stack, address) {
      const candidates = files.get(stack) ?? [];
      const block = address === undefined ? undefined : blockOf(address);
      for (const file of block === undefined ? [] : candidates) {
        const line = linesIn(file).get(block as string);
        if (line !== undefined) return { file, line };
      }
      return candidates[0] === undefined ? undefined : { file: candidates[0], line: 1 };
    },
  };
}

/** `data.aws_region.current` for `data.aws_region.current[0]`: of a module's resources, the call of the outermost module. */
function blockOf(address: string): string {
  const module = /^module\.[^.[]+/.exec(address);
  return module ? module[0] : address.replace(/\[.*\]$/s, "");
}

/** A plan is a file; what it names is beside it. */
export function rootOf(folder: string): string {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? folder : dirname(folder);
}

function filesOf(folder: string, { id, file }: AuditedStack): string[] {
  if (file !== undefined) return [file];
  const own = terraformFiles(folder);
  return own.length > 0 && basename(folder) === id
    ? own
    : terraformFiles(join(folder, id)).map((each) => `${id}/${each}`);
}

function terraformFiles(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".tf.json"))
    .sort();
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It was audited, and is gone since: findings keep their file.
    return undefined;
  }
}

/**
 * Lines of all resources, data sources and module calls of a configuration in JSON, by address. Reads the text once, from
 * front to back; text that is no JSON gives what was found before the fault.
 */
export function blockLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const { path, line } of objectKeys(text)) {
    const [section, type = "", name = ""] = path;
    if (section === "resource" && path.length === 3) lines.set(`${type}.${name}`, line);
    if (section === "data" && path.length === 3) lines.set(`data.${type}.${name}`, line);
    if (section === "module" && path.length === 2) lines.set(`module.${type}`, line);
  }
  return lines;
}

/** How deep blocks are: `resource`, type, name. */
const deepest = 3;

interface Key {
  readonly path: readonly string[];
  readonly line: number;
}

/** Keys of the outermost objects with their paths; lists around objects, which Terraform takes too, don't count. */
function* objectKeys(text: string): Generator<Key> {
  const isObject: boolean[] = [];
  const path: string[] = [];
  let objects = 0;
  let line = 1;
  let expectsKey = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case "\n":
        line += 1;
        break;
      case "{":
        isObject.push(true);
        objects += 1;
        expectsKey = true;
        break;
      case "[":
        isObject.push(false);
        expectsKey = false;
        break;
      case "}":
      case "]":
        if (isObject.pop()) objects -= 1;
        path.length = Math.min(path.length, objects);
        expectsKey = false;
        break;
      case ",":
        expectsKey = isObject.at(-1) === true;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (expectsKey && objects <= deepest) {
          path.length = objects - 1;
          path.push(stringOf(text.slice(at, end + 1)));
          yield { path: [...path], line };
        }
        expectsKey = false;
        at = end;
        break;
      }
    }
  }
}

/** Index of the closing quote, or of the text's end. A string in JSON has no line breaks. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function stringOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
