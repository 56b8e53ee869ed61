import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { Column } from "../../../functions/files/data/column";
import { CsvRows } from "../../../functions/files/data/csv-rows";
import { guessDelimiter } from "../../../functions/files/data/delimiter";
import { DistinctCounter } from "../../../functions/files/data/distinct";
import { JsonRows } from "../../../functions/files/data/json-rows";
import { Table } from "../../../functions/files/data/table";
import { typeOfJson, typeOfText } from "../../../functions/files/data/value-type";
import { dataLimits } from "../../../functions/files/limits";
import type { Refusal } from "../../../functions/files/refusal";

/** A text in pieces that are cut anywhere. */
function inPieces(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((place, index) => text.slice(index === 0 ? 0 : places[index - 1], place));
}

function csvRows(pieces: readonly string[], delimiter: "," | ";" | "\t" | "|" = ",", limits = dataLimits): string[][] {
  const rows: string[][] = [];
  const reader = new CsvRows(delimiter, limits, (row) => rows.push([...row]));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return rows;
}

function jsonRows(pieces: readonly string[], limits = dataLimits): unknown[] {
  const rows: unknown[] = [];
  const reader = new JsonRows(limits, (row) => rows.push(row));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return rows;
}

function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Refusal).reason;
  }
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const delimiter = fc.constantFrom(",", ";", "\t", "|");
const cell = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.stringMatching(/^[",;|\t\r\n a"]{0,6}$/),
  fc.constantFrom("", "1", "-0.5", "é", "李"),
);
const lineEnd = fc.constantFrom("\n", "\r\n", "\r");

/** Always in quotes, or only where it has to be. */
function written(text: string, delimiter: string, isQuoted: boolean): string {
  return isQuoted || text.includes('"') || text.includes(delimiter) || /[\r\n]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}

test("FIL-03 a CSV has the rows that csv-parse reads in it, however it is cut into pieces", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      delimiter,
      lineEnd,
      fc.boolean(),
      cuts,
      (cells, delimiter, end, isOpen, cuts) => {
        const lines = cells.map((row) =>
          row.map(([text, isQuoted]) => written(text, delimiter, isQuoted)).join(delimiter),
        );
        const text = lines.join(end) + (isOpen ? "" : end);
        const theirs = parse(text, { delimiter, relax_column_count: true, record_delimiter: end });
        expect(csvRows(inPieces(text, cuts), delimiter as ",")).toEqual(theirs);
        expect(theirs).toEqual(cells.map((row) => row.map(([text]) => text)));
      },
    ),
    { numRuns: 1_000 },
  );
});

test("FIL-03 JSON has the rows that JSON.parse reads in it, however it is written and cut into pieces", () => {
  const row = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 5 }),
      fc.constantFrom("array", "lines", "indented"),
      cuts,
      (rows, form, cuts) => {
        const array = JSON.stringify(rows, null, form === "indented" ? 2 : 0);
        const text = form === "lines" && rows.length > 0 ? rows.map((row) => JSON.stringify(row)).join("\n") : array;
        expect(jsonRows(inPieces(text, cuts))).toEqual(JSON.parse(array));
      },
    ),
    { numRuns: 1_000 },
  );
});

test("FIL-12 whatever a text is, JSON is read or refused as JSON.parse does it, and nothing else is thrown", () => {
  const part = fc.constantFrom("[", "]", "{", "}", ",", ":", '"', '"a"', "1", " ", "\\", '{"a":1}', "null", "\n");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), cuts, (parts, cuts) => {
      const text = `[${parts.join("")}]`;
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        parsed = undefined;
      }
      const isTable = Array.isArray(parsed) && parsed.every((row) => row?.constructor === Object);
      const reason = refusalOf(() => jsonRows(inPieces(text, cuts)));
      expect(reason === undefined).toBe(isTable);
    }),
    { numRuns: 2_000 },
  );
});

describe("limits", () => {
  const limits = { ...dataLimits, maximumRowLength: 20, maximumColumns: 3, maximumRows: 2, maximumDepth: 2 };

  test.each<[string, string[], string | undefined]>([
    ["a row as long as it may be, with its end", [`${"a".repeat(19)}\n`], undefined],
    ["a longer row", [`${"a".repeat(20)}\n`], "too-long-a-line"],
    ["a row that doesn't end", ["a".repeat(30)], "too-long-a-line"],
    ["a quoted cell that doesn't end", ['"', "a".repeat(30)], "too-long-a-line"],
    ["a quoted cell that ends with the text", ['"a'], "truncated"],
    ["a letter behind quotes", ['"a"b,c\n'], "corrupt"],
    ["as many columns as there may be", ["a,b,c\n"], undefined],
    ["one column more", ["a,b,c,d\n"], "too-many-columns"],
    ["one column more in a row that doesn't end", ["a,b,c,d"], "too-many-columns"],
  ])("FIL-12 CSV: %s", (_, pieces, reason) => {
    expect(refusalOf(() => csvRows(pieces, ",", limits as never))).toBe(reason);
  });

  test.each<[string, string[], string | undefined]>([
    ["an object as deep as it may be", ['[{"a":[]}]'], undefined],
    ["a deeper one", ['[{"a":[[]]}]'], "too-deep"],
    ["a deeper one that doesn't end", ['{"a":{"b":{'], "too-deep"],
    ["an object as long as it may be", [`{"a":"${"x".repeat(12)}"}`], undefined],
    ["a longer one", [`{"a":"${"x".repeat(13)}"}`], "too-long-a-line"],
    ["one that doesn't end", [`{"a":"${"x".repeat(30)}`], "too-long-a-line"],
  ])("FIL-12 JSON: %s", (_, pieces, reason) => {
    expect(refusalOf(() => jsonRows(pieces, limits as never))).toBe(reason);
  });

  test("FIL-12 a table has as many rows and columns as it may have", () => {
    const table = new Table(limits as never);
    table.addCells(["a", "b", "c"]);
    table.addCells(["1", "2", "3"]);
    table.addCells(["1", "2", "3"]);
    expect(refusalOf(() => table.addCells(["1", "2", "3"]))).toBe("too-many-rows");
    expect(refusalOf(() => new Table(limits as never).addObject({ a: 1, b: 1, c: 1, d: 1 }))).toBe("too-many-columns");
  });

  test.each([
    [1, 10, undefined],
    [2, 10, "too-ragged"],
  ])("FIL-12 of %d ragged rows in %d, the file is refused or not", (ragged, rows, reason) => {
    const table = new Table(dataLimits);
    table.addCells(["a", "b"]);
    for (let row = 0; row < rows; row += 1) table.addCells(row < ragged ? ["1"] : ["1", "2"]);
    expect(refusalOf(() => table.end())).toBe(reason);
  });
});

describe("columns", () => {
  function column(values: readonly string[], rows = values.length) {
    const column = new Column("name");
    for (const value of values) column.add(value, typeOfText(value));
    return column.statistics(rows);
  }

  test.each([
    ["1", "integer"],
    ["-1", "integer"],
    ["+1", "integer"],
    ["007", "string"],
    ["9007199254740993", "number"],
    ["1.50", "number"],
    ["1e3", "number"],
    ["1e999", "string"],
    ["1,5", "string"],
    ["0x10", "string"],
    ["NaN", "string"],
    ["true", "boolean"],
    ["FALSE", "boolean"],
    ["yes", "string"],
    ["2026-02-28", "date"],
    ["2026-02-29", "string"],
    ["2024-02-29T23:59:59.123Z", "date"],
    ["2024-02-29 23:59+01:00", "date"],
    ["2024-02-29T24:00Z", "string"],
    ["28.02.2026", "string"],
  ])("FIL-03 %s is of the type %s", (text, type) => {
    expect(typeOfText(text).type).toBe(type);
  });

  test.each([
    [1, "integer"],
    [1.5, "number"],
    [true, "boolean"],
    ["1", "string"],
    ["2026-01-01", "date"],
    [{}, "object"],
    [[], "object"],
  ])("FIL-03 %j of JSON is of the type %s", (value, type) => {
    expect(typeOfJson(value).type).toBe(type);
  });

  test.each([
    [["1", "2"], "integer"],
    [["1", "2.5"], "number"],
    [["1", "x"], "string"],
    [["true", "1"], "string"],
    [[], "empty"],
  ])("FIL-03 a column of %j is of the type %s", (values, type) => {
    expect(column(values).type).toBe(type);
  });

  test("FIL-03 a column counts what it has, and what it lacks", () => {
    expect(column(["2", "-1.5", "10"], 5)).toEqual({
      name: "name",
      type: "number",
      count: 3,
      nulls: 2,
      distinct: 3,
      minimum: -1.5,
      maximum: 10,
      mean: 3.5,
      longest: 4,
    });
    expect(column(["b", "a".repeat(100), "c"])).toMatchObject({ minimum: "a".repeat(64), maximum: "c", longest: 100 });
  });

  test("FIL-03 a mean is right also where a sum would lose the small, or be beyond all numbers", () => {
    const large = Array.from({ length: 30_000 }, (_, index) => `${1_000_000_000_000_000 + (index % 3)}`);
    expect(column(large).mean).toBe(1_000_000_000_000_001);
    expect(column(["1.7e308", "1.7e308", "1.7e308"]).mean).toBeCloseTo(1.7e308, -300);
    expect(column(["-1.7e308", "1.7e308"]).mean).toBe(0);
  });

  test("FIL-03 different values are counted within a few per cent, in memory that doesn't grow", () => {
    for (const expected of [0, 1, 100, 5_000, 200_000]) {
      const counter = new DistinctCounter();
      for (let index = 0; index < expected; index += 1) for (const _ of [1, 2]) counter.add(`value ${index}`);
      expect(Math.abs(counter.estimate() - expected)).toBeLessThanOrEqual(expected * 0.08);
    }
  });

  test("FIL-03 a first row of names is a header; one of values, or with a name twice, is a row", () => {
    const hasHeader = (...cells: string[]) => {
      const table = new Table(dataLimits);
      table.addCells(cells);
      return table.hasHeader;
    };
    expect(hasHeader("a", "b")).toBe(true);
    expect(hasHeader("a", "1")).toBe(false);
    expect(hasHeader("a", "")).toBe(false);
    expect(hasHeader("a", "a")).toBe(false);
  });
});

test("FIL-03 the delimiter is the one that the lines agree on", () => {
  fc.assert(
    fc.property(
      delimiter,
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 3, max: 9 }),
      (delimiter, columns, rows) => {
        const others = [",", ";", "\t", "|"].filter((other) => other !== delimiter);
        const line = (row: number) =>
          Array.from({ length: columns }, (_, index) => (index === 0 ? `"x${others.join("")}x"` : `v${row}`)).join(
            delimiter,
          );
        const text = `${Array.from({ length: rows }, (_, row) => line(row)).join("\n")}\n`;
        expect(guessDelimiter(text)).toBe(delimiter);
      },
    ),
  );
  expect(guessDelimiter("one\ntwo\n")).toBe(",");
});
