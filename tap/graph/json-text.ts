import { interpolationsOf } from "./expression";
import { remembering } from "./remembering";

/** A private character on both sides of a number stands for an interpolation while the text is read as JSON. */
const mark = "\uE000";
const marked = /\uE000(\d+)\uE000/g;

/**
 * The object or list that a text is in JSON; undefined for other texts. Interpolations within its strings are kept as
 * they are: Terraform puts their values in before anyone reads the JSON, so their quotes are not the JSON's.
 */
export function parseJsonText(text: string): object | undefined {
  // Most texts are none: a look at the first character tells.
  const first = text.charCodeAt(0);
  const isJson = first === 0x5b || first === 0x7b || (first <= 0x20 && /^\s*[[{]/.test(text));
  return isJson ? parsed(text) : undefined;
}

const parsed = remembering((text): object | undefined => {
  const kept: string[] = [];
  let masked = "";
  let position = 0;
  for (const { start, end } of interpolationsOf(text)) {
    masked += `${text.slice(position, start)}${mark}${kept.length}${mark}`;
    kept.push(text.slice(start, end));
    position = end;
  }
  try {
    return unmasked(JSON.parse(masked + text.slice(position)), kept) as object;
  } catch {
    return undefined;
  }
});

function unmasked(value: unknown, kept: readonly string[]): unknown {
  if (kept.length === 0) return value;
  if (typeof value === "string") return value.replace(marked, (_, index: string) => kept[Number(index)] ?? "");
  if (Array.isArray(value)) return value.map((item) => unmasked(item, kept));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [unmasked(key, kept) as string, unmasked(item, kept)]),
  );
}
