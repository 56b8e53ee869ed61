import { readFileSync } from "node:fs";
import type { Plan } from "./plan";

/*
 * A plan of 20,000 changes is more than a hundred megabytes of JSON, and many times that as objects. Of most of it a
 * review reads nothing: what is planned and what there was is in the changes once more. So the members of the file
 * are found by its bytes, and the long lists are parsed one element at a time, each time that somebody goes through them.
 */

/** Lists that may be long. */
const long: ReadonlySet<string> = new Set([
  "resource_changes",
  "resource_drift",
  "deferred_changes",
  "action_invocations",
]);
/** What a review doesn't read; whether it is there tells a plan from a state. */
const skipped: ReadonlySet<string> = new Set(["planned_values", "prior_state", "values", "proposed_unknown"]);

/** @throws SyntaxError where it isn't JSON */
export function readPlan(bytes: Buffer): Plan {
  const plan: Record<string, unknown> = {};
  const start = afterSpace(bytes, hasMark(bytes) ? 3 : 0);
  if (bytes[start] !== code("{")) return JSON.parse(bytes.toString("utf8", start)) as Plan;
  for (const { key, from, to, elements } of membersOf(bytes, start)) {
    // Asked for seldom, and as large as the rest.
    if (key === "configuration")
      Object.defineProperty(plan, key, { enumerable: true, get: () => JSON.parse(bytes.toString("utf8", from, to)) });
    else if (elements !== undefined) plan[key] = elements;
    else plan[key] = skipped.has(key) ? {} : JSON.parse(bytes.toString("utf8", from, to));
  }
  return plan as unknown as Plan;
}

export function readPlanFile(path: string): Plan {
  return readPlan(readFileSync(path));
}

class Elements implements Iterable<unknown> {
  /** Just behind the list. */
  readonly end: number;
  readonly #bytes: Buffer;
  /** Where each begins, and where it ends. */
  readonly #bounds: number[] = [];

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    let at = afterSpace(bytes, start + 1);
    while (bytes[at] !== code("]")) {
      if (this.#bounds.length > 0) {
        if (bytes[at] !== code(",")) throw broken(at);
        at = afterSpace(bytes, at + 1);
      }
      const end = valueEnd(bytes, at);
      this.#bounds.push(at, end);
      at = afterSpace(bytes, end);
    }
    this.end = at + 1;
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (let index = 0; index < this.#bounds.length; index += 2)
      yield JSON.parse(this.#bytes.toString("utf8", this.#bounds[index], this.#bounds[index + 1]));
  }
}

interface Member {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** Of a long list. */
  readonly elements: Elements | undefined;
}

function* membersOf(bytes: Buffer, start: number): Generator<Member> {
  let at = afterSpace(bytes, start + 1);
  if (bytes[at] === code("}")) return checkEnd(bytes, at + 1);
  for (;;) {
    if (bytes[at] !== code('"')) throw broken(at);
    const keyEnd = valueEnd(bytes, at);
    const key = JSON.parse(bytes.toString("utf8", at, keyEnd)) as string;
    at = afterSpace(bytes, keyEnd);
    if (bytes[at] !== code(":")) throw broken(at);
    const from = afterSpace(bytes, at + 1);
    const isLong = long.has(key) && bytes[from] === code("[");
    const elements = isLong ? new Elements(bytes, from) : undefined;
    const to = elements?.end ?? valueEnd(bytes, from);
    yield { key, from, to, elements };
    at = afterSpace(bytes, to);
    if (bytes[at] === code("}")) return checkEnd(bytes, at + 1);
    if (bytes[at] !== code(",")) throw broken(at);
    at = afterSpace(bytes, at + 1);
  }
}

function checkEnd(bytes: Buffer, at: number): void {
  const end = afterSpace(bytes, at);
  if (end < bytes.length) throw broken(end);
}

/** Just behind a value: its closing bracket or quotation mark, or what isn't part of a number or word any more. */
function valueEnd(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === code('"')) return stringEnd(bytes, start);
  if (first !== code("{") && first !== code("[")) return wordEnd(bytes, start);
  let depth = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === 0x22) {
      at = stringEnd(bytes, at);
      continue;
    }
    if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  throw broken(bytes.length);
}

/** In UTF-8 no part of another character looks like a quotation mark or a backslash. */
function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === 0x22) return at + 1;
    at += byte === 0x5c ? 2 : 1;
  }
  throw broken(bytes.length);
}

function wordEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && !/[\s,\]}]/.test(String.fromCharCode(bytes[at] ?? 0))) at += 1;
  if (at === start) throw broken(at);
  return at;
}

function afterSpace(bytes: Buffer, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at])
    at += 1;
  return at;
}

/** Windows writes a mark before the text. */
function hasMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

const code = (character: string) => character.charCodeAt(0);

function broken(at: number): SyntaxError {
  return new SyntaxError(`no JSON at byte ${at.toLocaleString("en-US")}`);
}
