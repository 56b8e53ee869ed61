import { printable } from "../audit/report/lines";
import { looksSecret } from "../audit/sensitive-text";
import { remembering } from "../graph/remembering";
import { isObject } from "../graph/terraform-json";
import type { Sides } from "./differences";
import { asJson, hasMark, memberOf, unknownValue } from "./values";

/* What may be shown of a plan: nothing that Terraform marks as sensitive, nothing that looks like a secret. */

export const sensitiveText = "(sensitive)";
const secretText = "(hidden: looks like a secret)";
const unknownText = "(known after apply)";
/** Longest value that is shown whole. */
const longestValue = 200;

/** Invisible marks, halves of characters, private ones, and ends of lines that JSON leaves alone. */
const invisible = /[\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Cn}]/gu;

/** A text without anything that would steer a terminal or a page. */
export function cleanText(text: string, longest = 1_000): string {
  return cutText(printable(text), longest).replaceAll(invisible, "\ufffd");
}

/** What somebody else has written, an error for example: words that look like secrets are left out. */
export function cleanSentence(text: string, longest = 1_000): string {
  if (/PRIVATE KEY/.test(text)) return secretText;
  const words = text.slice(0, 10 * longest).split(/(\s+)/);
  return cleanText(
    words
      .map((word) => (isSecret(word, "word") ? secretText : word))
      .join("")
      .replaceAll(/\s+/g, " ")
      .trim(),
    longest,
  );
}

/** What isn't our own words stands between quotation marks, and in Markdown as code. */
export function quoted(text: string): string {
  return `“${cleanText(text, 200).replaceAll(/[“”]/g, "'")}”`;
}

/** An address: a key of for_each may be anything. */
export function cleanAddress(address: string): string {
  const shown = address.replaceAll(/\["((?:[^"\\]|\\.)*)"\]/g, (whole, key: string) =>
    looksSecret("key", key) ? `["${secretText}"]` : whole,
  );
  return cleanText(shown, 500);
}

/** A value as it is shown, under the name of its attribute. */
export function shownValue(value: unknown, name: string, isSensitive: boolean): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (isSensitive) return sensitiveText;
  if (value === unknownValue) return unknownText;
  if (typeof value === "string") return shownString(value, lastWord(name));
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (holdsSecret(value, lastWord(name))) return secretText;
  return cleanText(JSON.stringify(value), longestValue);
}

function shownString(value: string, name: string): string {
  if (isSecret(value, name)) return secretText;
  // Nobody knows what stands in a long text, and nobody reads it in a comment.
  if (value.length > longestValue || /[\n\r]/.test(value))
    return `(a text of ${value.length.toLocaleString("en-US")} characters)`;
  return JSON.stringify(cleanText(value));
}

/** `password=…` in the middle of a text that has another name. */
const assigned =
  /(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key)["']?\s{0,3}[=:]\s{0,3}["']?[^\s"']{4}/i;

function isSecret(value: string, name: string): boolean {
  return isSecretText(`${name.replaceAll("\n", " ")}\n${value}`);
}

/** Plans repeat names with their values; the name ends at the first end of a line. */
const isSecretText = remembering((text) => {
  const end = text.indexOf("\n");
  const [name, value] = [text.slice(0, end), text.slice(end + 1)];
  return looksSecret(name, value) || assigned.test(value);
});

function holdsSecret(value: unknown, name: string): boolean {
  if (typeof value === "string") return isSecret(value, name);
  if (Array.isArray(value)) return value.some((item) => holdsSecret(item, name));
  return isObject(value) && Object.entries(value).some(([key, item]) => holdsSecret(item, key));
}

function lastWord(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** Cut with the number of characters that are missing; never in the middle of one. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const end = /[\uD800-\uDBFF]/.test(text[longest - 1] ?? "") ? longest - 1 : longest;
  return `${text.slice(0, end)}… (${text.length - end} characters more)`;
}

/** A side of a change in which everything sensitive is `sensitiveText`: rules that quote it give nothing away. */
export function masked(value: unknown, marks: unknown): unknown {
  if (marks === true) return value === null || value === undefined ? value : maskedLeaf(value);
  if (typeof marks !== "object" || marks === null || typeof value !== "object" || value === null) return value;
  if (!hasMark(marks)) return value;
  if (Array.isArray(value)) return value.map((item, index) => masked(item, memberOf(marks, index)));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, memberOf(marks, key))]));
}

/** Switches stay: rules read them, and never quote them. */
function maskedLeaf(value: unknown): unknown {
  return typeof value === "boolean" ? value : sensitiveText;
}

/** Texts that Terraform marks on either side, also those within texts of JSON: they may turn up elsewhere, unmarked. */
export function sensitiveTexts(sides: Sides): readonly string[] {
  const found = new Set<string>();
  for (const [value, marks] of [
    [sides.before, sides.beforeSensitive],
    [sides.after, sides.afterSensitive],
  ])
    if (hasMark(marks)) collect(value, marks, found);
  // The longest first: one may be the beginning of another.
  return [...found].sort((one, other) => other.length - one.length);
}

/** Shorter ones are words that turn up anywhere. */
const shortestSecret = 5;

function collect(value: unknown, marks: unknown, found: Set<string>): void {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value))
      collect(item, marks === true || memberOf(marks, Array.isArray(value) ? Number(key) : key), found);
  } else if (marks === true && (typeof value === "string" || typeof value === "number")) {
    const text = String(value);
    // Within a text of JSON it is written otherwise.
    if (text.length >= shortestSecret) found.add(text).add(JSON.stringify(text).slice(1, -1));
    collect(asJson(value), true, found);
  }
}

/** The same within a value: before it is cut or written otherwise, so that no part of a secret is left over. */
export function withoutIn(value: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0) return value;
  if (typeof value === "string") return without(value, secrets);
  if (Array.isArray(value)) return value.map((item) => withoutIn(item, secrets));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [without(key, secrets), withoutIn(item, secrets)]),
  );
}

/** A text without any of some secrets. */
export function without(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) shown = shown.replaceAll(secret, sensitiveText);
  return shown;
}
