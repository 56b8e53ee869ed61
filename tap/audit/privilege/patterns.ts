import { matchesPattern, parseArn } from "../../graph/arn";
import { remembering } from "../../graph/remembering";

/*
 * What two patterns have in common. `*` is any text, `?` any character, and `|`, in formats of ARNs, any text without
 * a slash.
 */

const wild = /[*?|]/;

/** Any one character, where neither pattern says which. */
const any = "x";

/** A place in both patterns, and a text that leads there. */
interface Place {
  readonly i: number;
  readonly j: number;
  readonly text: string;
}

/** A text that both patterns match; undefined where there is none. */
export function commonText(a: string, b: string): string | undefined {
  if (a === b) return filled(a);
  const [literal, pattern] = wild.test(a) ? [b, a] : [a, b];
  const isMatch = wild.test(literal) ? undefined : matchesFormat(pattern, literal);
  if (isMatch !== undefined) return isMatch ? literal : undefined;
  return beginAlike(a, b) ? common(`${a}\n${b}`) : undefined;
}

/** Whether a pattern matches a text; undefined where that isn't soon told. */
function matchesFormat(pattern: string, text: string): boolean | undefined {
  if (pattern.includes("|")) return expressionOf(pattern)?.test(text);
  return matchesPattern(pattern, text);
}

/** Wildcards of a pattern up to which a regular expression doesn't try too many ways. */
const fewWildcards = 4;

/** A format of AWS's as a regular expression; undefined where it has many wildcards, which none of AWS's has. */
const expressionOf = remembering((pattern): RegExp | undefined => {
  if ((pattern.match(/[*|]/g) ?? []).length > fewWildcards) return undefined;
  const meanings: Readonly<Record<string, string>> = { "*": ".*", "?": ".", "|": "[^/]*" };
  return new RegExp(`^${pattern.replace(/[\\^$.*+?()[\]{}|/]/g, (sign) => meanings[sign] ?? `\\${sign}`)}$`, "s");
});

/** Of two patterns, with a line break between; the same two meet for many actions. */
const common = remembering((pair): string | undefined => {
  const [a = "", b = ""] = pair.split("\n");
  const visited = new Set<number>();
  let places: Place[] = [{ i: 0, j: 0, text: "" }];
  while (places.length > 0) {
    const end = places.find(({ i, j }) => i === a.length && j === b.length);
    if (end !== undefined) return end.text;
    places = places.flatMap((place) => steps(a, b, place)).filter(({ i, j }) => isNew(visited, i * (b.length + 1) + j));
  }
  return undefined;
});

function isNew(visited: Set<number>, place: number): boolean {
  return visited.size < visited.add(place).size;
}

/** Up to the first place where one of them leaves something open. */
function beginAlike(a: string, b: string): boolean {
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const [left, right] = [a[i] as string, b[i] as string];
    if (isWild(left) || isWild(right)) return true;
    if (left !== right) return false;
  }
  return true;
}

function steps(a: string, b: string, { i, j, text }: Place): Place[] {
  const [left, right] = [a[i], b[j]];
  const found: Place[] = [];
  if (isText(left)) found.push({ i: i + 1, j, text });
  if (isText(right)) found.push({ i, j: j + 1, text });
  if (left === undefined || right === undefined) return found;
  const character = characterOf(left, right);
  if (character !== undefined)
    found.push({ i: isText(left) ? i : i + 1, j: isText(right) ? j : j + 1, text: text + character });
  return found;
}

/** A character that both places match. */
function characterOf(left: string, right: string): string | undefined {
  const [pattern, other] = isWild(left) ? [left, right] : [right, left];
  if (!isWild(pattern)) return pattern === other ? pattern : undefined;
  if (isWild(other)) return any;
  return pattern === "|" && other === "/" ? undefined : other;
}

function isText(character: string | undefined): boolean {
  return character === "*" || character === "|";
}

function isWild(character: string): boolean {
  return isText(character) || character === "?";
}

/** An ARN that both patterns match, each of the six parts for itself. `*` alone is all that there is. */
export function commonArn(a: string, b: string): string | undefined {
  if (a === "*" || b === "*") return a === "*" ? exampleOf(b) : exampleOf(a);
  const [left, right] = [partsOf(a), partsOf(b)];
  // An ARN of fewer parts IAM refuses.
  if (left === undefined || right === undefined) return undefined;
  const parts: string[] = [];
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? "";
    const text = commonText(part, other);
    if (text === undefined) return undefined;
    // Two stars have nothing in common but a text of any length; in an ARN it has one.
    parts.push(text === "" && part !== "" && other !== "" ? any : text);
  }
  return ["arn", ...parts].join(":");
}

/** Whether something is matched by both patterns. */
export function haveCommon(a: string, b: string): boolean {
  return commonArn(a, b) !== undefined;
}

/** One of all that a pattern of ARNs matches. */
function exampleOf(pattern: string): string {
  return pattern === "*" ? "arn:aws:any:us-east-1:111122223333:any" : filled(pattern);
}

function filled(pattern: string): string {
  return pattern.replace(/[*?|]/g, any);
}

const partsOf = remembering((pattern: string): readonly string[] | undefined => {
  const arn = parseArn(pattern.replaceAll("|", "\u0001"));
  if (arn === undefined) return undefined;
  const { partition, service, region, accountId, resource } = arn;
  return [partition, service, region, accountId, resource].map((part) => part.replaceAll("\u0001", "|"));
});
