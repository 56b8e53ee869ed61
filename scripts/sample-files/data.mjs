import { gzipSync } from "node:zlib";
import { repeated, utf16, zip } from "./bytes.mjs";
import { pdf } from "./pdf.mjs";

const good = (name, extension, content, result = {}) => ({ name, extension, content, end: "processed", result });
const bad = (name, extension, end, content) => ({ name, extension, content, end });

const people = [
  ["name", "age", "height", "born", "isMember"],
  ["Ada", "36", "1.7", "1815-12-10", "true"],
  ["Émile", "62", "1.65", "1840-04-02", "false"],
  ["李白", "61", "1.8", "0701-05-19", ""],
];
const csv = (delimiter, lineEnd = "\n") => people.map((row) => row.join(delimiter)).join(lineEnd) + lineEnd;
const peopleResult = { rows: 3, columnCount: 5, raggedRows: 0, hasHeader: true };
const objects = [
  { id: 1, name: "Ada" },
  { id: 2, name: null },
  { id: 2.5, tags: ["a"] },
];

const nested = (depth) => `[{"a":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}]`;
const rows = (count, row) => Array.from({ length: count }, (_, index) => row(index)).join("\n");

export const dataSamples = [
  good("commas", "csv", () => csv(","), { ...peopleResult, format: "csv", delimiter: ",", encoding: "utf-8" }),
  good("semicolons", "csv", () => csv(";"), { ...peopleResult, delimiter: ";" }),
  good("tabs", "csv", () => csv("\t"), { ...peopleResult, delimiter: "\t" }),
  good("bars", "csv", () => csv("|"), { ...peopleResult, delimiter: "|" }),
  good("line-ends-of-windows", "csv", () => csv(",", "\r\n"), peopleResult),
  good("line-ends-of-old-macs", "csv", () => csv(",", "\r"), peopleResult),
  good("last-line-open", "csv", () => csv(",").trimEnd(), peopleResult),
  good("utf-8-with-mark", "csv", () => `\uFEFF${csv(",")}`, { ...peopleResult, encoding: "utf-8" }),
  good("utf-16", "csv", () => utf16(csv(";")), { ...peopleResult, encoding: "utf-16le" }),
  good("utf-16-big-endian", "csv", () => utf16(csv(";"), { isBigEndian: true }), {
    ...peopleResult,
    encoding: "utf-16be",
  }),
  good(
    "windows-1252",
    "csv",
    () => Buffer.from(repeated("Straße;Größe;Höhe über Grund\nMüller;1,7;schön\n", 4_800), "latin1"),
    {
      encoding: "windows-1252",
      delimiter: ";",
    },
  ),
  good("quotes", "csv", () => 'text,number\n"one, ""two""\nthree",1\n"",2\n', { rows: 2, columnCount: 2 }),
  good("no-header", "csv", () => "1,2\n3,4\n", { rows: 2, hasHeader: false }),
  good("header-alone", "csv", () => "a,b\n", { rows: 0, columnCount: 2 }),
  good("one-column", "csv", () => "name\nAda\nBob\n", { rows: 2, columnCount: 1 }),
  good("slightly-ragged", "csv", () => `a,b\n${rows(40, (index) => (index % 20 === 0 ? "1" : "1,2"))}\n`, {
    rows: 40,
    raggedRows: 2,
  }),
  good("thousand-columns", "csv", () => `${Array.from({ length: 1_000 }, (_, index) => `c${index}`).join(",")}\n`, {
    columnCount: 1_000,
  }),
  good("formulas", "csv", () => 'name,value\n=HYPERLINK("http://example.com"),1\n', { rows: 1 }),
  good("name-in-capitals", "CSV", () => csv(","), peopleResult),
  good("array", "json", () => JSON.stringify(objects), { format: "json", rows: 3, columnCount: 3 }),
  good("array-in-lines", "json", () => JSON.stringify(objects, null, 2), { format: "json", rows: 3 }),
  good("lines", "json", () => objects.map((object) => JSON.stringify(object)).join("\n"), {
    format: "ndjson",
    rows: 3,
  }),
  good("one-object", "json", () => JSON.stringify(objects[0], null, 2), { format: "json", rows: 1 }),
  good("empty-array", "json", () => " [ ] ", { rows: 0, columnCount: 0 }),
  good("utf-8-with-mark", "json", () => `\uFEFF${JSON.stringify(objects)}`, { rows: 3 }),
  good("utf-16", "json", () => utf16(JSON.stringify(objects)), { rows: 3, encoding: "utf-16le" }),
  good("keys-of-prototypes", "json", () => '[{"__proto__":1,"constructor":2,"toString":3}]', {
    rows: 1,
    columnCount: 3,
  }),
  good("braces-in-texts", "json", () => '[{"a":"}]{[\\"\\\\"},{"a":"\\u007d"}]', { rows: 2, columnCount: 1 }),

  bad("ragged", "csv", "too-ragged", () => `a,b,c\n${rows(100, (index) => repeated("1,", (index % 7) * 2 + 2))}\n`),
  bad("quote-open", "csv", "truncated", () => 'a,b\n1,"two\nthree'),
  bad("text-behind-quotes", "csv", "corrupt", () => 'a,b\n"one"two,3\n'),
  bad("five-thousand-columns", "csv", "too-many-columns", () => `${repeated("a,", 10_000)}a\n`),
  bad("commas-alone", "csv", "too-many-columns", () => ",".repeat(5_000_000)),
  bad("one-giant-line", "csv", "too-long-a-line", () => `a,b\n${"x".repeat(3_000_000)},1\n`),
  bad("one-giant-cell", "csv", "too-long-a-line", () => `a,b\n"${"x\n".repeat(1_500_000)}",1\n`),
  bad("giant-name", "csv", "too-long-a-name", () => `${"x".repeat(300)},b\n1,2\n`),
  bad("empty", "csv", "empty", () => ""),
  bad("spaces", "csv", "empty", () => " \n\n \n"),
  bad("nul", "csv", "type-mismatch", () => "a,b\n1,\0\n"),
  bad("a-zip", "csv", "type-mismatch", () => zip()),
  bad("a-gzip", "csv", "type-mismatch", () => gzipSync(csv(","))),
  bad("a-pdf", "csv", "type-mismatch", () => pdf({ pages: ["No table"] })),
  bad("a-json", "csv", "type-mismatch", () => JSON.stringify(objects)),
  bad("utf-8-ends-later", "csv", "bad-encoding", () =>
    Buffer.concat([Buffer.from(`a,b\n${repeated("1,2\n", 100_000)}`), Buffer.from([0xe4, 0x2c, 0xfc, 0x0a])]),
  ),
  bad("deep", "json", "too-deep", () => nested(100)),
  bad("very-deep", "json", "too-deep", () => nested(1_000_000)),
  bad("deep-arrays", "json", "too-deep", () => `[{"a":${"[".repeat(2_000_000)}`),
  bad("arrays-of-arrays", "json", "not-a-table", () => "[".repeat(2_000_000)),
  bad("numbers", "json", "not-a-table", () => "[1, 2, 3]"),
  bad("a-text", "json", "not-a-table", () => '"hello"'),
  bad("half", "json", "truncated", () => JSON.stringify(objects).slice(0, 20)),
  bad("array-open", "json", "truncated", () => '[{"a":1},'),
  bad("comma-at-the-end", "json", "corrupt", () => '[{"a":1},]'),
  bad("comma-missing", "json", "corrupt", () => '[{"a":1} {"a":2}]'),
  bad("more-behind-it", "json", "corrupt", () => '[{"a":1}] {"a":2}'),
  bad("not-a-number", "json", "corrupt", () => '[{"a":NaN}]'),
  bad("wrong-brackets", "json", "corrupt", () => '[{"a":[1}]'),
  bad("long-text", "json", "too-long-a-line", () => `[{"a":"${"x".repeat(3_000_000)}"}]`),
  bad(
    "many-names",
    "json",
    "too-many-columns",
    () => `[${Array.from({ length: 2_000 }, (_, index) => `{"k${index}":1}`).join(",")}]`,
  ),
  bad("empty", "json", "empty", () => ""),
  bad("spaces", "json", "empty", () => "  \n "),
  bad("a-csv", "json", "type-mismatch", () => csv(",")),
  bad("a-page", "json", "type-mismatch", () => "<html></html>"),
];
