import type { DataLimits } from "../limits";
import { Refusal } from "../refusal";
import { Column, type ColumnStatistics } from "./column";
import type { JsonRow } from "./json-rows";
import { typeOfJson, typeOfText } from "./value-type";

/** Longer names are no names, characters. */
const maximumNameLength = 256;

/** A table's columns, row by row: nothing of a row is kept. */
export class Table {
  rows = 0;
  /** Rows with another number of cells than the first. */
  raggedRows = 0;
  hasHeader = false;
  private readonly columns = new Map<string, Column>();
  private order: Column[] = [];

  constructor(private readonly limits: DataLimits) {}

  /** The first row names the columns, where it can; in another, missing cells are null, and surplus ones left out. */
  addCells(cells: readonly string[]): void {
    if (this.order.length === 0) {
      this.hasHeader = isHeader(cells);
      this.order = cells.map((cell, index) => this.newColumn(this.hasHeader ? cell.trim() : `column_${index + 1}`));
      if (this.hasHeader) return;
    }
    this.addRow();
    if (cells.length !== this.order.length) this.raggedRows += 1;
    const count = Math.min(cells.length, this.order.length);
    for (let index = 0; index < count; index += 1) {
      const cell = cells[index] as string;
      if (cell !== "") (this.order[index] as Column).add(cell, typeOfText(cell));
    }
  }

  addObject(row: JsonRow): void {
    this.addRow();
    for (const [name, value] of Object.entries(row)) {
      const column = this.columns.get(name) ?? this.newColumn(name);
      if (value === null) continue;
      column.add(typeof value === "object" ? JSON.stringify(value) : String(value), typeOfJson(value));
    }
  }

  /** @throws Refusal where too many rows were ragged: another delimiter, or no table at all */
  end(): ColumnStatistics[] {
    if (this.raggedRows > this.rows * this.limits.maximumRaggedShare) throw new Refusal("too-ragged");
    return [...this.columns.values()].map((column) => column.statistics(this.rows));
  }

  private addRow(): void {
    this.rows += 1;
    if (this.rows > this.limits.maximumRows) throw new Refusal("too-many-rows");
  }

  private newColumn(name: string): Column {
    if (name.length > maximumNameLength) throw new Refusal("too-long-a-name");
    if (this.columns.size >= this.limits.maximumColumns) throw new Refusal("too-many-columns");
    const column = new Column(name);
    this.columns.set(name, column);
    return column;
  }
}

/** Names are all there, all different, and none is a value of another type than text. */
function isHeader(cells: readonly string[]): boolean {
  const names = cells.map((cell) => cell.trim());
  return (
    new Set(names).size === names.length && names.every((name) => name !== "" && typeOfText(name).type === "string")
  );
}
