import type { ApartInput, Inside, Output } from "../apart-messages";
import { checkContent, headBytes } from "../content-type";
import { headed } from "../head";
import { type DataLimits, dataLimits } from "../limits";
import { Refusal } from "../refusal";
import { decoded, encodingOf } from "../text-encoding";
import type { ColumnStatistics } from "./column";
import { CsvRows } from "./csv-rows";
import { type Delimiter, guessDelimiter } from "./delimiter";
import { JsonRows } from "./json-rows";
import { Table } from "./table";

/** What there is to know about a table; all columns' statistics are stored beside it. */
export interface DataResult {
  readonly kind: "data";
  readonly format: "csv" | "json" | "ndjson";
  readonly encoding: string;
  readonly delimiter?: Delimiter;
  readonly hasHeader?: boolean;
  readonly rows: number;
  readonly raggedRows?: number;
  readonly columnCount: number;
  /** The first ones: as many as fit into an item of the table. */
  readonly columns: readonly ColumnStatistics[];
}

/** Of the statistics in the result, as JSON in UTF-8. */
const shownBytes = 48_000;

export const work: Inside = (input, chunks, put) => processDataWithin(dataLimits, input, chunks, put);

/** Reads a table once, from its beginning to its end, and keeps statistics alone. */
export async function processDataWithin(
  limits: DataLimits,
  { extension }: ApartInput,
  chunks: AsyncIterable<Uint8Array>,
  put: (output: Output) => void,
): Promise<DataResult> {
  const { head, isWhole, all } = await headed(chunks, headBytes);
  const content = await checkContent(extension, head);
  if (content !== "text" || extension === "txt") throw new Refusal("type-mismatch");
  const encoding = encodingOf(head, isWhole);
  const beginning = new TextDecoder(encoding).decode(head, { stream: true }).trimStart();
  const texts = decoded(all, encoding);
  const table = new Table(limits);
  const read = extension === "json" ? readJson : readCsv;
  const form = await read(texts, beginning, table, limits);
  const columns = table.end();
  put({
    name: "statistics.json",
    contentType: "application/json",
    bytes: new TextEncoder().encode(JSON.stringify({ rows: table.rows, columns })),
  });
  return { kind: "data", ...form, encoding, rows: table.rows, columnCount: columns.length, columns: shown(columns) };
}

async function readCsv(texts: AsyncIterable<string>, beginning: string, table: Table, limits: DataLimits) {
  if (beginning === "") throw new Refusal("empty");
  // No header and no number begins like that.
  if (/^[{[]\s*["{[\]}]/.test(beginning)) throw new Refusal("type-mismatch");
  const delimiter = guessDelimiter(beginning);
  const rows = new CsvRows(delimiter, limits, (cells) => table.addCells(cells));
  for await (const text of texts) rows.push(text);
  rows.end();
  const { hasHeader, raggedRows } = table;
  return { format: "csv" as const, delimiter, hasHeader, raggedRows };
}

async function readJson(texts: AsyncIterable<string>, beginning: string, table: Table, limits: DataLimits) {
  if (beginning === "") throw new Refusal("empty");
  // A text that isn't JSON from its first character on is something else.
  if (!/^(?:["\d{[-]|true\b|false\b|null\b)/.test(beginning)) throw new Refusal("type-mismatch");
  const rows = new JsonRows(limits, (row) => table.addObject(row));
  for await (const text of texts) rows.push(text);
  rows.end();
  return { format: rows.format };
}

function shown(columns: readonly ColumnStatistics[]): ColumnStatistics[] {
  let bytes = 0;
  return columns.filter((column) => {
    bytes += Buffer.byteLength(JSON.stringify(column)) + 1;
    return bytes <= shownBytes;
  });
}
