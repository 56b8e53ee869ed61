import type { DataLimits } from "../limits";
import { Refusal } from "../refusal";

export type JsonRow = Readonly<Record<string, unknown>>;

const space = /[\t\n\r ]*/y;
const braces = new Map([
  [0x5b, 1],
  [0x7b, 1],
  [0x5d, -1],
  [0x7d, -1],
]);
const quote = 0x22;
const backslash = 0x5c;

/**
 * Objects of a JSON array, or of objects one after the other (NDJSON), out of the text piece by piece: no more than
 * one object is ever held, and its depth and length are known before it is parsed.
 */
export class JsonRows {
  private rest = "";
  private form: "unknown" | "array" | "sequence" | "ended" = "unknown";
  /** What may follow: of an array. */
  private isAfterRow = false;
  private isAfterComma = false;
  private rows = 0;

  constructor(
    private readonly limits: Pick<DataLimits, "maximumDepth" | "maximumRowLength">,
    private readonly take: (row: JsonRow) => void,
  ) {}

  /** How the rows are put together; undefined where there are none. */
  get format(): "json" | "ndjson" {
    return this.form === "sequence" && this.rows > 1 ? "ndjson" : "json";
  }

  /** @throws Refusal where it isn't JSON, or no table, or a row is longer or deeper than it may be */
  push(piece: string): void {
    const text = this.rest + piece;
    let position = 0;
    while (true) {
      position = afterSpace(text, position);
      if (position === text.length) break;
      const next = this.readNext(text, position);
      if (next === undefined) break;
      position = next;
    }
    this.rest = text.slice(position);
    if (this.rest.length > this.limits.maximumRowLength) throw new Refusal("too-long-a-line");
  }

  /** @throws Refusal where the text ends too early */
  end(): void {
    if (this.form === "unknown") throw new Refusal("empty");
    if (this.rest !== "" || this.form === "array") throw new Refusal("truncated");
  }

  /** Where it goes on; undefined: in the next piece. */
  private readNext(text: string, position: number): number | undefined {
    const character = text[position];
    if (this.form === "unknown") {
      if (character !== "[" && character !== "{") throw new Refusal("not-a-table");
      this.form = character === "[" ? "array" : "sequence";
      if (character === "[") return position + 1;
    }
    if (this.form === "ended") throw new Refusal("corrupt");
    if (this.form === "array" && (character === "]" || character === ",")) return this.readBetween(character, position);
    if (this.form === "array" && this.isAfterRow) throw new Refusal("corrupt");
    return this.readRow(text, position);
  }

  private readBetween(character: "]" | ",", position: number): number {
    // [,  ,,  and  ,] are none of JSON's.
    if (character === "," ? !this.isAfterRow : this.isAfterComma) throw new Refusal("corrupt");
    if (character === "]") this.form = "ended";
    this.isAfterComma = character === ",";
    this.isAfterRow = false;
    return position + 1;
  }

  private readRow(text: string, position: number): number | undefined {
    if (text[position] !== "{") throw new Refusal(/["\d[tfn-]/.test(text[position] ?? "") ? "not-a-table" : "corrupt");
    const end = this.endOf(text, position);
    if (end === undefined) return undefined;
    if (end - position > this.limits.maximumRowLength) throw new Refusal("too-long-a-line");
    this.take(parse(text.slice(position, end)));
    this.rows += 1;
    this.isAfterRow = true;
    this.isAfterComma = false;
    return end;
  }

  /** Of the object that begins there. */
  private endOf(text: string, start: number): number | undefined {
    let depth = 0;
    for (let position = start; position < text.length; position += 1) {
      const code = text.charCodeAt(position);
      if (code === quote) {
        position = endOfString(text, position);
        continue;
      }
      // Letters and digits are most of it.
      if ((code & 0x59) !== 0x59) continue;
      depth += braces.get(code) ?? 0;
      if (depth > this.limits.maximumDepth) throw new Refusal("too-deep");
      if (depth === 0) return position + 1;
    }
    return undefined;
  }
}

/** The quote that ends it, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let position = start + 1; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code === backslash) position += 1;
    else if (code === quote) return position;
  }
  return text.length;
}

function afterSpace(text: string, position: number): number {
  space.lastIndex = position;
  space.test(text);
  return space.lastIndex;
}

function parse(json: string): JsonRow {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's own message quotes the text.
    throw new Refusal("corrupt");
  }
}
