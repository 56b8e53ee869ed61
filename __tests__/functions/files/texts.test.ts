import fc from "fast-check";
import { collect } from "../../../functions/files/collect";
import { textCounts } from "../../../functions/files/document/text-counts";
import { headed } from "../../../functions/files/head";
import { Refusal } from "../../../functions/files/refusal";
import { decoded, encodingOf, isBinary } from "../../../functions/files/text-encoding";

const bytesOf = (text: string, encoding: "utf-8" | "utf-16le" | "utf-16be") => {
  const bytes = Buffer.from(text, encoding === "utf-8" ? "utf8" : "utf16le");
  return encoding === "utf-16be" ? bytes.swap16() : bytes;
};

async function* pieces(bytes: Uint8Array, length: number) {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

test("FIL-03 text comes back as it was, in any Unicode encoding and any pieces, without its mark", async () => {
  const encoding = fc.constantFrom("utf-8", "utf-16le", "utf-16be");
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "grapheme" }),
      encoding,
      fc.integer({ min: 1, max: 9 }),
      async (text, encoding, length) => {
        fc.pre(!text.startsWith("\uFEFF"));
        const bytes = bytesOf(`\uFEFF${text}`, encoding as "utf-8");
        expect(encodingOf(bytes, true)).toBe(encoding);
        let read = "";
        for await (const part of decoded(pieces(bytes, length), encoding)) read += part;
        expect(read).toBe(text);
      },
    ),
    { numRuns: 300 },
  );
});

test("FIL-12 what is text, and what isn't", () => {
  expect(isBinary(Buffer.from("a\tb\r\n\f\x1b[0m"))).toBe(false);
  expect(isBinary(Buffer.from("a\0b"))).toBe(true);
  expect(isBinary(Buffer.from(`${"a".repeat(98)}\x01\x02`))).toBe(true);
  expect(isBinary(bytesOf("Latin", "utf-16le"))).toBe(false);
});

test("FIL-12 bytes that are no text in their encoding are refused, also those at the end", async () => {
  const read = async (bytes: Buffer, encoding: string) => {
    for await (const _ of decoded(pieces(bytes, 3), encoding));
  };
  await expect(read(Buffer.from([0x61, 0x62, 0xe4]), "utf-8")).rejects.toEqual(new Refusal("bad-encoding"));
  await expect(read(Buffer.from([0x61, 0x00, 0x62]), "utf-16le")).rejects.toEqual(new Refusal("bad-encoding"));
  expect(() => encodingOf(Buffer.from([0xff, 0xfe, 0, 0]), true)).toThrow(new Refusal("bad-encoding"));
});

test("FIL-03 a head that ends within a character is UTF-8 all the same", () => {
  const bytes = Buffer.from("Übermaß");
  expect(encodingOf(bytes.subarray(0, bytes.length - 1), false)).toBe("utf-8");
  expect(encodingOf(bytes.subarray(0, bytes.length - 1), true)).not.toBe("utf-8");
});

test("FIL-03 a head is looked at, and nothing of the file is lost by it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 50 }),
      async (bytes, length, headBytes) => {
        const { head, isWhole, all } = await headed(pieces(bytes, length), headBytes);
        expect(Buffer.from(head)).toEqual(Buffer.from(bytes.subarray(0, headBytes)));
        if (isWhole) expect(head.length).toBe(bytes.length);
        expect(Buffer.from(await collect(all))).toEqual(Buffer.from(bytes));
      },
    ),
  );
});

test.each([
  ["", 0, 0, 0],
  ["one", 1, 3, 1],
  ["one two\n", 2, 8, 1],
  ["a\r\nb\rc\n\n", 3, 8, 4],
  ["\u2003a\u2003b", 2, 4, 1],
  ["😀 x", 2, 3, 1],
])("FIL-03 words, characters and lines of %j", (text, words, characters, lines) => {
  expect(textCounts(text)).toEqual({ words, characters, lines });
});
