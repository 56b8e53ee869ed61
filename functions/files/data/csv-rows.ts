import type { DataLimits } from "../limits";
import { Refusal } from "../refusal";
import type { Delimiter } from "./delimiter";

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Rows of a CSV (RFC 4180), out of its text piece by piece: no more than one row is ever held. Lines may end as on any
 * system; empty ones are none. A quote within a cell that isn't quoted is a character like others.
 */
export class CsvRows {
  private rest = "";
  /** Of the text that is looked at. */
  private position = 0;
  private readonly delimiterCode: number;

  constructor(
    delimiter: Delimiter,
    private readonly limits: Pick<DataLimits, "maximumColumns" | "maximumRowLength">,
    private readonly take: (row: readonly string[]) => void,
  ) {
    this.delimiterCode = delimiter.charCodeAt(0);
  }

  /** @throws Refusal where a row is longer or wider than it may be, or is none */
  push(piece: string): void {
    this.read(this.rest + piece, false);
  }

  /** @throws Refusal where the last row has no end */
  end(): void {
    this.read(this.rest, true);
    if (this.rest !== "") throw new Refusal("truncated");
  }

  private read(text: string, isEnd: boolean): void {
    let start = 0;
    while (start < text.length) {
      this.position = start;
      const row = this.readRow(text, isEnd);
      if (this.position - start > this.limits.maximumRowLength) throw new Refusal("too-long-a-line");
      if (row === undefined) break;
      start = this.position;
      if (row.length > 1 || row[0] !== "") this.take(row);
    }
    this.rest = text.slice(start);
  }

  /** Undefined: the row goes on behind the text. */
  private readRow(text: string, isEnd: boolean): string[] | undefined {
    const row: string[] = [];
    while (true) {
      const cell = text.charCodeAt(this.position) === quote ? this.readQuoted(text) : this.readPlain(text, isEnd);
      if (cell === undefined) return undefined;
      row.push(cell);
      if (row.length > this.limits.maximumColumns) throw new Refusal("too-many-columns");
      if (text.charCodeAt(this.position) !== this.delimiterCode) return this.skipLineEnd(text, isEnd) ? row : undefined;
      this.position += 1;
    }
  }

  private readPlain(text: string, isEnd: boolean): string | undefined {
    const { delimiterCode } = this;
    const start = this.position;
    let position = start;
    for (; position < text.length; position += 1) {
      const code = text.charCodeAt(position);
      if (code === delimiterCode || code === lineFeed || code === carriageReturn) break;
    }
    this.position = position;
    return position === text.length && !isEnd ? undefined : text.slice(start, position);
  }

  private readQuoted(text: string): string | undefined {
    const start = this.position + 1;
    let end = text.indexOf('"', start);
    let hasQuotes = false;
    while (end !== -1 && text.charCodeAt(end + 1) === quote) {
      hasQuotes = true;
      end = text.indexOf('"', end + 2);
    }
    if (end === -1) {
      this.position = text.length;
      return undefined;
    }
    this.position = end + 1;
    if (!this.isCellEnd(text)) throw new Refusal("corrupt");
    const cell = text.slice(start, end);
    return hasQuotes ? cell.replaceAll('""', '"') : cell;
  }

  private isCellEnd(text: string): boolean {
    const code = text.charCodeAt(this.position);
    return Number.isNaN(code) || code === this.delimiterCode || code === lineFeed || code === carriageReturn;
  }

  /** False: whether the row is at its end shows in the next piece. A line feed that comes with that is an empty line. */
  private skipLineEnd(text: string, isEnd: boolean): boolean {
    if (this.position === text.length) return isEnd;
    const isPair = text.charCodeAt(this.position) === carriageReturn && text.charCodeAt(this.position + 1) === lineFeed;
    this.position += isPair ? 2 : 1;
    return true;
  }
}
