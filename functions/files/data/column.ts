import { DistinctCounter } from "./distinct";
import type { Typed, ValueType } from "./value-type";

/** What all values of a column are. */
export type ColumnType = ValueType | "empty";

export interface ColumnStatistics {
  readonly name: string;
  readonly type: ColumnType;
  /** Values, nulls not among them. */
  readonly count: number;
  readonly nulls: number;
  /** Approximately (2.3 % standard error). */
  readonly distinct: number;
  /** Of numbers, where the column has no other values. */
  readonly minimum?: number | string;
  readonly maximum?: number | string;
  readonly mean?: number;
  /** Of the longest text, characters. */
  readonly longest?: number;
}

/** Of the shortest and the longest text by order, as much as is kept, characters. */
const keptCharacters = 64;

/** One column's statistics, value by value, in memory that doesn't grow. */
export class Column {
  private readonly counts: Record<ValueType, number> = {
    integer: 0,
    number: 0,
    boolean: 0,
    date: 0,
    string: 0,
    object: 0,
  };
  private readonly distinct = new DistinctCounter();
  private count = 0;
  private longest = 0;
  private mean = 0;
  private least = Number.POSITIVE_INFINITY;
  private greatest = Number.NEGATIVE_INFINITY;
  private first: string | undefined;
  private last: string | undefined;

  constructor(readonly name: string) {}

  /** @param text as it is written, by which values are told apart */
  add(text: string, { type, number }: Typed): void {
    this.count += 1;
    this.counts[type] += 1;
    this.distinct.add(text);
    if (text.length > this.longest) this.longest = text.length;
    if (number !== undefined) this.addNumber(number);
    else if (type === "string" || type === "date") this.addText(text);
  }

  /** Welford's mean: a sum of many numbers would lose the small ones. Divided first, nothing is beyond the range. */
  private addNumber(number: number): void {
    const numbers = this.counts.integer + this.counts.number;
    this.mean += number / numbers - this.mean / numbers;
    if (number < this.least) this.least = number;
    if (number > this.greatest) this.greatest = number;
  }

  /** By UTF-16, which is cheap, and for dates of one writing also right. */
  private addText(text: string): void {
    if (this.first === undefined || text < this.first) this.first = copyOf(text);
    if (this.last === undefined || text > this.last) this.last = copyOf(text);
  }

  /** @param rows of the table: those without a value are nulls */
  statistics(rows: number): ColumnStatistics {
    const type = this.type();
    const isNumeric = type === "integer" || type === "number";
    return {
      name: this.name,
      type,
      count: this.count,
      nulls: rows - this.count,
      distinct: Math.min(this.count, this.distinct.estimate()),
      ...(isNumeric && { minimum: this.least, maximum: this.greatest, mean: this.mean }),
      ...((type === "date" || type === "string") &&
        this.first !== undefined &&
        this.last !== undefined && { minimum: this.first, maximum: this.last }),
      ...(type !== "empty" && { longest: this.longest }),
    };
  }

  /** The one type that all values have: integers are numbers, and whatever is mixed is text. */
  private type(): ColumnType {
    if (this.count === 0) return "empty";
    const found = Object.entries(this.counts).flatMap(([type, count]) => (count > 0 ? [type as ValueType] : []));
    if (found.length === 1) return found[0] as ValueType;
    return found.every((type) => type === "integer" || type === "number") ? "number" : "string";
  }
}

/** A slice of a string keeps all of it in memory: the whole piece of the file that it was read from. */
function copyOf(text: string): string {
  return Buffer.from(text.slice(0, keptCharacters), "utf16le").toString("utf16le");
}
