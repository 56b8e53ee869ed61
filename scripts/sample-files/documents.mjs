import { bomb, noise, repeated, utf16, zip } from "./bytes.mjs";
import { encryptedPdf, page, pdf, pdfOf, stream, textContent } from "./pdf.mjs";
import { blackPixels, header, png } from "./png.mjs";

const english =
  "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.";
const german =
  "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen. Große Übel müßten höflich gelöst werden.";
const russian =
  "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.";
const japanese =
  "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。";

const good = (name, extension, content, result = {}) => ({ name, extension, content, end: "processed", result });
const bad = (name, extension, end, content) => ({ name, extension, content, end });

const mebibyte = 1_048_576;
const eof = "\n%%EOF\n";

/** Bytes of an encoding that Node only reads: each character is looked up. */
function encoded(text, encoding, twoBytes = false) {
  const decoder = new TextDecoder(encoding);
  const codes = new Map();
  for (let high = 0; high < 256; high += 1) codes.set(decoder.decode(Buffer.from([high])), Buffer.from([high]));
  if (twoBytes)
    for (let high = 0x81; high < 0xfd; high += 1)
      for (let low = 0x40; low < 0xfd; low += 1) {
        const bytes = Buffer.from([high, low]);
        const character = decoder.decode(bytes);
        if ([...character].length === 1 && !codes.has(character)) codes.set(character, bytes);
      }
  return Buffer.concat([...text].map((character) => codes.get(character)));
}

const flate = "/Filter /FlateDecode";
const manyTimes = (content, count) => bomb(Buffer.from(repeated(content, mebibyte)), count);

export const documentSamples = [
  good("one-page", "pdf", () => pdf({ pages: [`${english}\n${english}`] }), {
    format: "pdf",
    pages: 1,
    language: "eng",
    lines: 2,
  }),
  good("compressed", "pdf", () => pdf({ pages: [english], isCompressed: true }), { language: "eng" }),
  good("fifty-pages", "pdf", () => pdf({ pages: Array.from({ length: 50 }, (_, n) => `Page ${n + 1}`) }), {
    pages: 50,
    words: 100,
  }),
  good("no-text", "pdf", () => pdf({ contents: [stream("0 0 100 100 re f")] }), { words: 0, language: "und" }),
  good("script", "pdf", () =>
    pdf({ pages: [english], catalog: "/OpenAction << /S /JavaScript /JS (while\\(true\\);) >>" }),
  ),
  good("zip-behind-it", "pdf", () => Buffer.concat([pdf({ pages: [english] }), zip()])),
  good("english", "txt", () => `${english}\n${english}\n`, {
    format: "text",
    encoding: "utf-8",
    language: "eng",
    lines: 2,
    words: 60,
  }),
  good("german", "txt", () => german, { language: "deu" }),
  good("short", "txt", () => "Hi", { language: "und", words: 1, characters: 2, lines: 1 }),
  good("utf-8-with-mark", "txt", () => `\uFEFF${german}`, { encoding: "utf-8", characters: [...german].length }),
  good("utf-16", "txt", () => utf16(german), { encoding: "utf-16le", language: "deu", characters: german.length }),
  good("utf-16-big-endian", "txt", () => utf16(german, { isBigEndian: true }), {
    encoding: "utf-16be",
    language: "deu",
  }),
  good("utf-16-without-mark", "txt", () => utf16(german, { hasMark: false }), {
    encoding: "utf-16le",
    language: "deu",
  }),
  good("windows-1252", "txt", () => encoded(german, "windows-1252"), { encoding: "windows-1252", language: "deu" }),
  good("windows-1251", "txt", () => encoded(russian, "windows-1251"), { encoding: "windows-1251", language: "rus" }),
  good("shift-jis", "txt", () => encoded(japanese, "shift_jis", true), { encoding: "shift_jis", language: "jpn" }),
  good("one-giant-line", "txt", () => repeated(`${english} `, 5_000_000), { lines: 1, characters: 5_000_000 }),
  good("carriage-returns", "txt", () => "one\rtwo\r\nthree\n", { lines: 3, words: 3 }),
  good("name-in-capitals", "TXT", () => english, { format: "text" }),
  good("a-page-is-a-text", "txt", () => `<!doctype html><title>${english}</title>`, { format: "text" }),

  bad("encrypted", "pdf", "encrypted", () => encryptedPdf(english, "secret")),
  bad("half", "pdf", "truncated", () => pdf({ pages: [english] }).subarray(0, 500)),
  bad("end-missing", "pdf", "truncated", () => pdf({ pages: [english] }).subarray(0, -10)),
  bad("noise", "pdf", "corrupt", () => Buffer.concat([Buffer.from("%PDF-1.7\n"), noise(50_000), Buffer.from(eof)])),
  bad("no-pages", "pdf", "corrupt", () => pdfOf(["<< /Type /Catalog >>"])),
  bad("pages-of-themselves", "pdf", "corrupt", () =>
    pdfOf(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 3 >>"]),
  ),
  bad("deep-arrays", "pdf", "corrupt", () =>
    pdfOf([
      "<< /Type /Catalog /Pages 2 0 R >>",
      `<< /Type /Pages /Kids [4 0 R] /Count 1 /Deep ${"[".repeat(500_000)}${"]".repeat(500_000)} >>`,
      "<< >>",
      page(5),
      stream(textContent(english)),
    ]),
  ),
  bad("many-pages", "pdf", "too-many-pages", () => {
    const kids = "3 0 R ".repeat(5_000);
    return pdfOf([
      "<< /Type /Catalog /Pages 2 0 R >>",
      `<< /Type /Pages /Kids [${kids}] /Count 5000 >>`,
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    ]);
  }),
  bad("bomb-of-spaces", "pdf", "out-of-memory", () => pdf({ contents: [stream(manyTimes(" ", 4_000), flate)] })),
  bad("bomb-of-text", "pdf", "too-much-text", () =>
    pdf({ contents: [stream(Buffer.concat([manyTimes(`BT /F1 9 Tf (${"a".repeat(99)}) Tj T* ET\n`, 30)]), flate)] }),
  ),
  bad("empty", "pdf", "empty", () => ""),
  bad("empty", "txt", "empty", () => ""),
  bad("a-text", "pdf", "type-mismatch", () => english),
  bad("a-zip", "pdf", "type-mismatch", () => zip()),
  bad("a-pdf", "txt", "type-mismatch", () => pdf({ pages: [english] })),
  bad("a-png", "txt", "type-mismatch", () =>
    png(header({ width: 1, height: 1 }), blackPixels({ width: 1, height: 1 })),
  ),
  bad("a-program", "txt", "type-mismatch", () => Buffer.concat([Buffer.from("MZ"), noise(5_000)])),
  bad("nul", "txt", "type-mismatch", () => `${english}\0${english}`),
  bad("noise", "txt", "type-mismatch", () => noise(5_000)),
  bad("utf-32", "txt", "bad-encoding", () => Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])),
  bad("utf-8-ends-later", "txt", "bad-encoding", () =>
    Buffer.concat([Buffer.from(repeated(`${english}\n`, 100_000)), Buffer.from([0xe4, 0x20, 0xfc])]),
  ),
  bad("half-a-character", "txt", "bad-encoding", () => Buffer.concat([utf16(english), Buffer.from([0x61])])),
  bad("too-much", "txt", "too-much-text", () => repeated(`${english}\n`, 10_000_001)),
  bad("too-large", "txt", "too-large", () => Buffer.alloc(65 * mebibyte, "a")),
];
